/* SPDX-License-Identifier: MIT
 *
 * The fake host (lrhost/testing.h) as an author of a plugin meets it: a model, a codec and a sink
 * of this tree run on it, its clock, its guards and its accounts do what they say.
 */
#include "unit.h"

#include <lrhost/testing.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct lr_fake fake;

static const char *built(const char *name)
{
    static char path[512];
    const char *build = getenv("BUILD");

    (void)snprintf(path, sizeof path, "%s/plugins/%s.so", build ? build : "build", name);
    return path;
}

static void open_plugin(const char *module, uint32_t kind, const char *settings)
{
    lr_fake_init(&fake);
    CU_ASSERT_EQUAL_FATAL(lr_fake_load(&fake, built(module), kind, NULL), LR_OK);
    CU_ASSERT_EQUAL_FATAL(lr_fake_create(&fake, settings), LR_OK);
}

static void close_plugin(void)
{
    lr_fake_stop(&fake);
    lr_fake_destroy(&fake);
    lr_fake_destroy(&fake);
    CU_ASSERT_EQUAL(fake.n_breaches, 0);
}

static void test_model(void)
{
    const struct lr_fake_shape shape = {.count = 5, .n_features = 3, .n_outputs = 1, .x_gap = 2};
    struct lr_schema schema = {.size = sizeof schema};
    struct lr_fake_batch *batch = NULL;
    const struct lr_model *model;

    open_plugin("linreg", LR_MODEL, "features = 3\ntrain_records = 1_000\n");
    model = fake.plugin->ops;
    CU_ASSERT_EQUAL(model->describe(fake.self, &schema, &fake.err), LR_OK);
    CU_ASSERT_EQUAL(schema.n_features, 3);
    CU_ASSERT_EQUAL_FATAL(lr_fake_start(&fake), LR_OK);
    CU_ASSERT_EQUAL_FATAL(lr_fake_batch_create(&shape, 1, &batch), LR_OK);
    CU_ASSERT(lr_fake_is_unset(*lr_fake_out(batch, 4)));
    CU_ASSERT_EQUAL(model->predict(fake.self, &batch->batch, &fake.err), LR_OK);
    CU_ASSERT(!lr_fake_is_unset(*lr_fake_out(batch, 4)));
    CU_ASSERT_PTR_NULL(lr_fake_batch_judge(batch, 1));
    lr_fake_x(batch, 1)[3] = 0; /* the gap */
    CU_ASSERT_PTR_NOT_NULL(lr_fake_batch_judge(batch, 1));
    lr_fake_batch_destroy(batch);
    close_plugin();
}

static void test_codec(void)
{
    const struct lr_fake_shape shape = {.count = 3, .n_features = 2, .n_outputs = 1};
    struct lr_schema schema = {.size = sizeof schema, .n_features = 2, .n_outputs = 1};
    struct lr_fake_batch *batch = NULL;
    const struct lr_codec *codec;
    const struct lr_record *cut;
    uint32_t given = 0;

    open_plugin("text", LR_CODEC, "");
    codec = fake.plugin->ops;
    CU_ASSERT_EQUAL(codec->bind(fake.self, &schema, LR_COLUMN_FEATURES, 1, &given, &fake.err),
                    LR_OK);
    CU_ASSERT_EQUAL_FATAL(lr_fake_batch_create(&shape, 1, &batch), LR_OK);
    CU_ASSERT_EQUAL(lr_fake_batch_value(batch, 0, "1,2;3", 5), LR_OK);
    CU_ASSERT_EQUAL(lr_fake_batch_value(batch, 1, "1,x;3", 5), LR_OK);
    CU_ASSERT_EQUAL(lr_fake_batch_value(batch, 2, "4,5;6", 5), LR_OK);
    cut = lr_batch_record(&batch->batch, 2);
    CU_ASSERT_EQUAL(lr_fake_batch_value(batch, 2, cut->value, 3), LR_OK);
    CU_ASSERT_EQUAL(lr_fake_decode(&fake, &batch->batch), LR_OK);
    CU_ASSERT_EQUAL_FATAL(fake.n_bad, 1);
    CU_ASSERT_EQUAL(fake.bad[0].index, 1);
    CU_ASSERT_EQUAL(lr_batch_record(&batch->batch, 1)->flags, LR_RECORD_BAD);
    CU_ASSERT_EQUAL(lr_fake_x(batch, 2)[1], 5.0);
    lr_fake_batch_destroy(batch);
    close_plugin();
}

static void test_sink(void)
{
    const struct lr_fake_shape shape = {.count = 4, .token = 100};
    struct lr_fake_batch *batch = NULL;
    uint32_t taken = 0;

    open_plugin("null", LR_SINK, NULL);
    CU_ASSERT_EQUAL(lr_fake_start(&fake), LR_OK);
    CU_ASSERT_EQUAL_FATAL(lr_fake_batch_create(&shape, 1, &batch), LR_OK);
    CU_ASSERT_EQUAL(lr_fake_write(&fake, &batch->batch, 0, 4, &taken), LR_OK);
    CU_ASSERT_EQUAL(taken, 4);
    CU_ASSERT_EQUAL(lr_fake_unsettled(&fake), 0);
    CU_ASSERT_EQUAL(fake.settles[0].token, 100);
    CU_ASSERT_EQUAL(fake.outcomes[LR_DELIVERED], 4);
    CU_ASSERT_EQUAL(lr_fake_drain(&fake, 1000000), LR_OK);
    lr_fake_batch_destroy(batch);
    close_plugin();
    /* Settles that must not be: a second one, one of a stranger, one from outside. */
    lr_fake_init(&fake);
    fake.host.settle(&fake, 7, 1, LR_DELIVERED);
    CU_ASSERT_EQUAL(fake.n_breaches, 2);
    CU_ASSERT_STRING_EQUAL(fake.rule, "sink.settle-inside");
    lr_fake_enter(&fake, LR_FAKE_IN_SINK);
    fake.host.settle(&fake, 7, 1, 77);
    CU_ASSERT_EQUAL(fake.n_breaches, 3);
}

static void test_host(void)
{
    lr_fake_init(&fake);
    CU_ASSERT_EQUAL(fake.host.wall_ns(&fake), 1000000000);
    lr_fake_sleep(&fake, 5);
    CU_ASSERT_EQUAL(fake.host.monotonic_ns(&fake), 1000000005);
    fake.real_clock = 1;
    CU_ASSERT(fake.host.wall_ns(&fake) > 1000000005);
    fake.host.log(&fake, LR_LOG_INFO, "fine");
    CU_ASSERT_PTR_NOT_NULL(lr_fake_logged(&fake, "fin"));
    CU_ASSERT_PTR_NULL(lr_fake_logged(&fake, "bad"));
    CU_ASSERT_EQUAL(fake.n_breaches, 0);
    fake.host.log(&fake, LR_LOG_INFO, "two\nlines");
    fake.host.log(&fake, 9, "level");
    fake.host.log(&fake, LR_LOG_INFO, "\xff");
    CU_ASSERT_EQUAL(fake.n_breaches, 3);
    CU_ASSERT_STRING_EQUAL(fake.rule, "log.line");
    lr_fake_enter(&fake, LR_FAKE_IN_LIFE);
    *fake.host.metric(&fake, LR_COUNTER, "seen_total", "Seen") = 3;
    CU_ASSERT_EQUAL(lr_fake_metric_value(&fake, "seen_total"), 3);
    CU_ASSERT_EQUAL(fake.n_breaches, 3);
    (void)fake.host.metric(&fake, LR_COUNTER, "seen", "Seen");
    CU_ASSERT_EQUAL(fake.n_breaches, 4);
}

static void test_memory(void)
{
    void *a, *b;

    lr_fake_init(&fake);
    fake.fail_memory = 2;
    a = fake.host.memory(&fake, NULL, 10);
    b = fake.host.memory(&fake, NULL, 10);
    CU_ASSERT(a && !b);
    CU_ASSERT(fake.memory >= 10);
    a = fake.host.memory(&fake, a, 1000);
    CU_ASSERT(fake.memory >= 1000);
    CU_ASSERT_PTR_NULL(fake.host.memory(&fake, a, 0));
    CU_ASSERT_EQUAL(fake.memory, 0);
}

/* One byte behind the end is a signal, in a child. */
static void test_guard(void)
{
    static const size_t sizes[] = {1, 8, 4096, 4104, 100000};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct lr_fake_pages pages = {0};
        int status = 0;
        pid_t child;

        CU_ASSERT_EQUAL_FATAL(lr_fake_pages_init(&pages, sizes[i], 1), LR_OK);
        memset(pages.at, 1, sizes[i]);
        child = fork();
        if (child == 0) {
            ((volatile char *)pages.at)[sizes[i]] = 1;
            _exit(0);
        }
        CU_ASSERT(waitpid(child, &status, 0) == child &&
                  !(WIFEXITED(status) && !WEXITSTATUS(status)));
        lr_fake_pages_finish(&pages);
        lr_fake_pages_finish(&pages);
    }
}

static void test_settings(void)
{
    lr_fake_init(&fake);
    CU_ASSERT_EQUAL_FATAL(lr_fake_load(&fake, built("linreg"), LR_MODEL, "linreg"), LR_OK);
    CU_ASSERT_EQUAL(lr_fake_create(&fake, "feature = 3"), LR_ECONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(fake.err.text, "did you mean 'features'?"));
    CU_ASSERT_EQUAL(lr_fake_create(&fake, "features"), LR_ECONFIG);
    CU_ASSERT_EQUAL(lr_fake_create(&fake, "features = 0"), LR_ECONFIG);
    CU_ASSERT_EQUAL(lr_fake_load(&fake, built("linreg"), LR_SINK, NULL), LR_ECONFIG);
    CU_ASSERT_EQUAL(lr_fake_load(&fake, built("nothing"), LR_SINK, NULL), LR_ECONFIG);
    lr_fake_destroy(&fake);
    CU_ASSERT_EQUAL(fake.n_breaches, 0);
}

int main(int argc, char **argv)
{
    static CU_TestInfo tests[] = {{"a model", test_model},     {"a codec", test_codec},
                                  {"a sink", test_sink},       {"the host table", test_host},
                                  {"memory", test_memory},     {"guards", test_guard},
                                  {"settings", test_settings}, CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"testing", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};

    return unit_main(suites, argc, argv);
}
