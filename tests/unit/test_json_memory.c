/* SPDX-License-Identifier: MIT
 *
 * The JSON codec while the n-th allocation fails, for every n: no crash, no leak (under the address
 * sanitizer), and the failure is never taken for success. And none at all for a record. The linker
 * sends the codec's allocations here (--wrap), the loader simdjson's, which are operator new.
 */
#include "codec_rig.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *_ZnwmRKSt9nothrow_t(size_t size, const void *tag);
void *_ZnamRKSt9nothrow_t(size_t size, const void *tag);
void _ZdlPv(void *memory);
void _ZdlPvm(void *memory, size_t size);
void _ZdaPv(void *memory);

static long left = -1; /* allocations that still succeed; below 0: all */
static unsigned taken, failed;

static int allow(void)
{
    taken++;
    if (left < 0)
        return 1;
    failed += left == 0;
    return left > 0 && left--;
}

void *__wrap_malloc(size_t size)
{
    return allow() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t n, size_t size)
{
    return allow() ? __real_calloc(n, size) : NULL;
}

void *_ZnwmRKSt9nothrow_t(size_t size, const void *tag)
{
    (void)tag;
    return __wrap_malloc(size);
}

void *_ZnamRKSt9nothrow_t(size_t size, const void *tag)
{
    (void)tag;
    return __wrap_malloc(size);
}

void _ZdlPv(void *memory)
{
    free(memory);
}

void _ZdlPvm(void *memory, size_t size)
{
    (void)size;
    free(memory);
}

void _ZdaPv(void *memory)
{
    free(memory);
}

/* Each allocation of create and bind fails once. */
static void test_no_memory(void)
{
    unsigned failures = 0;

    for (long n = 0;; n++) {
        lr_status status;

        finish();
        left = n;
        failed = 0;
        status = start("features=a.b,a.c,/d/0&on_missing=1,2,3", FEATURES, 1, LR_COLUMN_LABEL);
        left = -1;
        if (failed == 0)
            break;
        failures++;
        /* A mistake in the settings is what create knows; it may be that there is no memory. */
        CU_ASSERT(status == LR_ENOMEM || status == LR_OK ||
                  (status == LR_ECONFIG && strstr(f.err.text, "no memory")));
        if (status == LR_OK) {
            add("{\"a\":{\"b\":5}}");
            decode();
            CU_ASSERT_EQUAL(f.n_bad, 0);
            CU_ASSERT_EQUAL(f.x[0], 5);
        }
    }
    CU_ASSERT(failures > 10);
}

/* Decoding and encoding take no memory. */
static void test_no_allocation(void)
{
    char *memory = __real_malloc(10000);

    taken = 0;
    CU_ASSERT_EQUAL(start("features=a.b,a.c,/d/0&existing=replace", FEATURES, 1, LR_COLUMN_LABEL),
                    LR_OK);
    add("{\"a\":{\"b\":5,\"c\":1e300},\"d\":[1.5],\"e\":\"\\u1234\",\"t1\":5}");
    add("{\"a\":{\"b\":\"5\",\"c\":1e300},\"d\":[1.5]}");
    CU_ASSERT(taken > 10); /* the control: start was counted */
    taken = 0;
    for (int i = 0; i < 3; i++) {
        decode();
        CU_ASSERT_EQUAL(f.n_bad, 1);
        f.records[1].flags = LR_RECORD_BAD;
        CU_ASSERT_EQUAL(codec->encode(f.self, &f.batch, memory, 10000, &f.err), LR_OK);
        f.records[1].flags = 0;
    }
    CU_ASSERT_EQUAL(taken, 0);
    free(memory);
}

int main(int argc, char **argv)
{
    CU_TestInfo memory[] = {
        {"none", test_no_memory}, {"none needed", test_no_allocation}, CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"memory", NULL, NULL, NULL, NULL, memory}, CU_SUITE_INFO_NULL};

    return codec_main(suites, argc, argv);
}
