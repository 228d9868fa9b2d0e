/* SPDX-License-Identifier: MIT
 *
 * The generator's parts: fixed-point printing against printf, and the poisson schedule against
 * the exponential distribution.
 */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/common/random.h"
#include "plugins/generator/print.h"
#include "plugins/generator/schedule.h"

static void test_print_units(void)
{
    static struct printer printer;
    char text[PRINT_ROOM], wanted[64];
    uint64_t state = 3;

    for (uint32_t decimals = 0; decimals <= 12; decimals++) {
        printer_init(&printer, decimals);
        for (int i = 0; i < 2000; i++) {
            int64_t units = (int64_t)(random_next(&state) >> (i % 63 + 1)), scale = 1;
            unsigned long long rest;

            if (i < 20)
                units = i / 2;
            if (i & 1)
                units = -units;
            for (uint32_t d = 0; d < decimals; d++)
                scale *= 10;
            rest = (unsigned long long)llabs(units) % (unsigned long long)scale;
            (void)snprintf(wanted, sizeof wanted, "%s%lld.%0*llu", units < 0 ? "-" : "",
                           llabs(units) / (long long)scale, (int)decimals, rest);
            if (decimals == 0)
                *strchr(wanted, '.') = '\0';
            *print_units(&printer, text, units) = '\0';
            CU_ASSERT_STRING_EQUAL(text, wanted);
        }
    }
}

/* Both ways of printing give the same text. */
static void test_print_record(void)
{
    static struct printer printer;
    static const int64_t edges[] = {0,       1,       999,      1000,     999999, 1000000,
                                    1000001, 9999999, 10000000, 12345678, -1,     -9999999};
    char text[16 * PRINT_ROOM], *end, wanted[16 * PRINT_ROOM], *at = wanted;

    printer_init(&printer, 6);
    for (int i = 0; i < 12; i++) {
        at = print_units(&printer, at, edges[i]);
        *at++ = i < 11 ? ',' : ';';
    }
    *print_units(&printer, at, edges[7]) = '\0';
    end = print_record(&printer, text, edges, 12, &edges[7]);
    *end = '\0';
    CU_ASSERT_STRING_EQUAL(text, wanted);
    *print_record(&printer, text, edges, 2, NULL) = '\0';
    CU_ASSERT_STRING_EQUAL(text, "0.000000,0.000001");
}

/* Gaps: mean and deviation 1 / rate, a share of e^-1 longer than that; the same for any lane. */
static void test_poisson(void)
{
    enum { N = 100000 };
    struct schedule one, third;
    double sum = 0.0, square = 0.0;
    int64_t before = 0, due;
    unsigned longer = 0;

    schedule_init(&one, ARRIVAL_POISSON, 1000.0, 1, 42);
    schedule_init(&third, ARRIVAL_POISSON, 1000.0, 1, 42);
    for (uint64_t i = 0; i < N; i++, before = due) {
        double gap;

        due = schedule_due_ns(&one, i);
        gap = (double)(due - before) / 1e6;
        CU_ASSERT(gap >= 0.0);
        sum += gap / N;
        square += gap * gap / N;
        longer += gap > 1.0;
        if (i % 3 == 1)
            CU_ASSERT_EQUAL(schedule_due_ns(&third, i), due);
    }
    CU_ASSERT_DOUBLE_EQUAL(sum, 1.0, 4 / sqrt(N));
    CU_ASSERT_DOUBLE_EQUAL(square, 2.0, 4 * sqrt(20.0 / N));
    CU_ASSERT_DOUBLE_EQUAL((double)longer / N, exp(-1.0), 4 * sqrt(0.24 / N));
}

int main(int argc, char **argv)
{
    CU_TestInfo parts[] = {{"numbers", test_print_units},
                           {"records", test_print_record},
                           {"poisson", test_poisson},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"parts", NULL, NULL, NULL, NULL, parts}, CU_SUITE_INFO_NULL};

    return unit_main(suites, argc, argv);
}
