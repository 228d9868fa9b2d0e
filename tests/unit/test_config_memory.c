/* SPDX-License-Identifier: MIT
 *
 * Reading a configuration and making settings of it while the n-th allocation fails, for every n:
 * no crash, no leak (under the address sanitizer), nothing half made handed out, and the failure is
 * never taken for success. The linker sends the host's allocations here (--wrap).
 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "host/config.h"
#include "host/options.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

static long left = -1; /* allocations that still succeed; below 0: all */
static int failed;

static int allow(void)
{
    if (left < 0)
        return 1;
    failed |= left == 0;
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

void *__wrap_realloc(void *old, size_t size)
{
    return allow() ? __real_realloc(old, size) : NULL;
}

struct values {
    int64_t count;
    const char *text, *path, *secret;
    const char *const *list;
    const struct lr_pair *prefix;
};

#define AT(member) offsetof(struct values, member)

static const struct lr_option options[] = {
    {"count", "d", "7", NULL, NULL, LR_OPT_INT, 0, AT(count), 0},
    {"text", "d", "t", NULL, NULL, LR_OPT_STRING, 0, AT(text), 0},
    {"path", "d", "p", NULL, NULL, LR_OPT_PATH, 0, AT(path), 0},
    {"secret", "d", NULL, NULL, NULL, LR_OPT_SECRET, 0, AT(secret), 0},
    {"list", "d", "a, b", NULL, NULL, LR_OPT_LIST, 0, AT(list), 0},
    {"k.", "d", NULL, NULL, NULL, LR_OPT_PREFIX, 0, AT(prefix), 0},
};
static const struct lrh_options table = {options, sizeof *options, sizeof options / sizeof *options,
                                         sizeof(struct values)};

static const char good[] = "[s]\ncount = 3\ntext = ${LRH_NONE:-x}\npath = q\nsecret = env:PATH\n"
                           "list = c, d\nk.a = 1\nk.b = 2\n[t]\n";
static const char bad[] = "[s]\ncount = x\nword\nk = ${LRH_NONE}\n[s]\ncount = 4\nlist = a,,b\n";

/* One attempt; LR_ENOMEM, or what the text deserves. */
static lr_status attempt(const char *text)
{
    struct lrh_override overrides[] = {{"s.text=y"}, {"u.v=w"}};
    struct lrh_problems problems = {0};
    struct lrh_settings *settings = NULL;
    struct lrh_config *config;
    struct lrh_layer layer = {NULL, NULL, NULL, NULL};
    lr_status status, second = LR_OK;

    status = lrh_config_parse("t.ini", text, strlen(text), "/", overrides, 2, &problems, &config);
    CU_ASSERT_EQUAL(config != NULL, status != LR_ENOMEM);
    if (config) {
        layer.section = lrh_config_section(config, "s");
        second = lrh_settings_create(&table, "s", &layer, 1, "/", "t.ini", 1, &problems, &settings);
        CU_ASSERT_EQUAL(settings != NULL, second != LR_ENOMEM);
    }
    CU_ASSERT_EQUAL(problems.n_errors > 0, status != LR_OK || second != LR_OK);
    lrh_settings_destroy(settings);
    lrh_config_destroy(config);
    lrh_problems_finish(&problems);
    return second == LR_ENOMEM || status == LR_OK ? second : status;
}

static long try_all(const char *text, lr_status wanted)
{
    long n = -1;
    lr_status status;

    do {
        left = ++n;
        failed = 0;
        status = attempt(text);
        left = -1;
        /* Problems themselves do without memory: then the right status comes all the same. */
        CU_ASSERT(status == LR_ENOMEM || status == wanted);
        CU_ASSERT(failed || status == wanted);
        CU_ASSERT(!failed || wanted != LR_OK || status == LR_ENOMEM);
    } while (failed && n < 1000);
    return n;
}

static void test_good(void)
{
    long n = try_all(good, LR_OK);

    CU_ASSERT(n > 30 && n < 1000);
}

static void test_bad(void)
{
    long n = try_all(bad, LR_ECONFIG);

    CU_ASSERT(n > 30 && n < 1000);
}

static CU_TestInfo tests[] = {
    {"a good text", test_good},
    {"a bad text", test_bad},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"config memory", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

int main(int argc, char **argv)
{
    (void)unsetenv("LRH_NONE");
    return unit_main(suites, argc, argv);
}
