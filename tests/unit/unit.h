/* SPDX-License-Identifier: MIT
 *
 * A test program is a table of suites and one call: int main(...) { return unit_main(suites, ...);
 * } `program [SUITE [TEST]]` runs a part. Every tests/unit/test_NAME.c is one program.
 */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <CUnit/Basic.h>
#include <stdio.h>

static inline int unit_main(CU_SuiteInfo *suites, int argc, char **argv)
{
    CU_ErrorCode code;
    unsigned bad;

    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS) {
        (void)fprintf(stderr, "%s: cannot register suites: %s\n", argv[0], CU_get_error_msg());
        return 70;
    }
    CU_basic_set_mode(CU_BRM_NORMAL);
    if (argc > 1) {
        CU_pSuite suite = CU_get_suite(argv[1]);
        CU_pTest test = suite && argc > 2 ? CU_get_test(suite, argv[2]) : NULL;

        if (!suite || (argc > 2 && !test)) {
            (void)fprintf(stderr, "%s: no such suite or test\n", argv[0]);
            return 64;
        }
        CU_basic_set_mode(CU_BRM_VERBOSE);
        code = test ? CU_basic_run_test(suite, test) : CU_basic_run_suite(suite);
    } else {
        code = CU_basic_run_tests();
    }
    bad = CU_get_number_of_failures() + CU_get_number_of_suites_failed() +
          CU_get_number_of_tests_failed();
    if (CU_get_number_of_tests_run() == 0)
        bad++;
    CU_cleanup_registry();
    return bad != 0 || code != CUE_SUCCESS;
}

#endif
