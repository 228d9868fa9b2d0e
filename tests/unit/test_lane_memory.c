/* SPDX-License-Identifier: MIT
 *
 * A lane that reads, writes, sets records aside and commits while the n-th allocation fails, for
 * every n: no crash, no leak (under the address sanitizer), no record lost, and an error that says
 * so. The linker sends the host's allocations here (--wrap).
 */
#include "unit.h"

#include <stdlib.h>

#include "fake_parts.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

static struct fake_parts parts;
static long left = -1; /* allocations of the host that still succeed; below 0: all */
static int failed;

static int allow(size_t size)
{
    if (left < 0 || size == sizeof(char[100][112])) /* the fake source's own */
        return 1;
    failed |= left == 0;
    return left > 0 && left--;
}

void *__wrap_malloc(size_t size)
{
    return allow(size) ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t n, size_t size)
{
    return allow(n * size) ? __real_calloc(n, size) : NULL;
}

void *__wrap_realloc(void *old, size_t size)
{
    return allow(size) ? __real_realloc(old, size) : NULL;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return allow(size) ? __real_aligned_alloc(alignment, size) : NULL;
}

/* Everything that is stored was delivered, as a result or as a dead letter. */
static int stored_is_delivered(void)
{
    for (uint32_t s = 0; s < 2; s++)
        for (int64_t at = 0; at < parts.stored[s]; at++) {
            int found = 0;

            for (uint32_t i = 0; i < parts.n_log; i++)
                found |= parts.log[i].stream == s && parts.log[i].offset == at;
            if (!found)
                return 0;
        }
    return 1;
}

static lr_status run(int32_t guarantee, long n)
{
    struct lr_error err = LR_ERROR_INIT;
    lr_status status;

    parts_init(&parts);
    parts.config.guarantee = guarantee;
    parts.config.encode = 1;
    for (int64_t i = 0; i < 4; i++)
        parts_special(&parts, 0, i * 2, PARTS_BROKEN);
    parts_special(&parts, 1, 1, PARTS_LARGE);
    failed = 0;
    left = n;
    status = parts_create(&parts);
    if (status == LR_OK) {
        (void)parts_pump(&parts);
        status = lrh_lane_close(parts.lane, parts.now_ns + 1000 * PARTS_MS, &err);
    } else {
        err = parts.err;
    }
    left = -1;
    CU_ASSERT_TRUE(status == LR_OK || err.text[0] != '\0');
    parts_destroy(&parts);
    CU_ASSERT_EQUAL(parts.breaches, 0);
    CU_ASSERT_TRUE(guarantee == LR_AT_MOST_ONCE || stored_is_delivered());
    return status;
}

static void every_allocation(int32_t guarantee)
{
    lr_status status;
    long n = 0;

    do {
        status = run(guarantee, n++);
        CU_ASSERT_EQUAL(status, failed ? LR_ENOMEM : LR_OK);
    } while (failed && n < 1000);
    CU_ASSERT_EQUAL(status, LR_OK);
    CU_ASSERT_TRUE(n > 15); /* it did count */
    CU_ASSERT_EQUAL(parts.stored[0] + parts.stored[1], 16);
}

static void test_at_least_once(void)
{
    every_allocation(LR_AT_LEAST_ONCE);
}

static void test_exactly_once(void)
{
    every_allocation(LR_EXACTLY_ONCE);
}

static void test_at_most_once(void)
{
    every_allocation(LR_AT_MOST_ONCE);
}

static CU_TestInfo cases[] = {
    {"at least once", test_at_least_once},
    {"exactly once", test_exactly_once},
    {"at most once", test_at_most_once},
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"the n-th allocation fails", NULL, NULL, NULL, NULL, cases},
    CU_SUITE_INFO_NULL,
};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
