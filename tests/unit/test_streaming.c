/* SPDX-License-Identifier: MIT
 *
 * The streaming engine on a fake lane: what it takes, when it commits, what it does with every
 * status that a verb can return.
 */
#include "unit.h"

#include <lrhost/testing.h>

#include "plug.h"

#define SECOND_NS (1000 * LR_FAKE_MS)

static struct lr_fake_lane fake;
static struct plug plug;

static lr_status run(const char *settings)
{
    const struct lr_engine *engine;
    lr_status status = plug_create(&plug, "streaming", LR_ENGINE, settings, 0, 1);

    CU_ASSERT_EQUAL_FATAL(status, LR_OK);
    engine = plug.plugin->ops;
    status = engine->run(plug.self, &fake.lane, &plug.err);
    plug_destroy(&plug);
    CU_ASSERT_EQUAL(fake.breaches, 0);
    CU_ASSERT_EQUAL(fake.held, 0);
    return status;
}

static void test_takes_what_is_there(void)
{
    lr_fake_lane_init(&fake);
    fake.there = 5;
    fake.rate = 10;
    fake.stop_ns = SECOND_NS - LR_FAKE_MS;
    CU_ASSERT_EQUAL(run(""), LR_OK);
    CU_ASSERT_EQUAL(lr_fake_called(&fake, LR_FAKE_WRITE, 0)->n, 5);
    CU_ASSERT_EQUAL(lr_fake_called(&fake, LR_FAKE_WRITE, 0)->began_ns,
                    0); /* did not wait for more */
    for (uint32_t i = 1; i <= 9; i++) {
        CU_ASSERT_EQUAL_FATAL(lr_fake_called(&fake, LR_FAKE_WRITE, i)->n, 1);
        CU_ASSERT_EQUAL(lr_fake_called(&fake, LR_FAKE_WRITE, i)->began_ns, i * 100 * LR_FAKE_MS);
    }
    CU_ASSERT_EQUAL(fake.written, 14);
}

static void bound_case(const char *settings, uint64_t asked, uint64_t first)
{
    lr_fake_lane_init(&fake);
    fake.there = fake.total = 10000;
    fake.stop_ns = SECOND_NS;
    CU_ASSERT_EQUAL(run(settings), LR_OK);
    CU_ASSERT_EQUAL(lr_fake_called(&fake, LR_FAKE_READ, 0)->n, asked);
    CU_ASSERT_EQUAL(lr_fake_called(&fake, LR_FAKE_WRITE, 0)->n, first);
    CU_ASSERT_EQUAL(fake.written, 10000);
}

static void test_max_batch(void)
{
    bound_case("", 1024, 1024);
    bound_case("max_batch=100", 100, 100);
    bound_case("max_batch=0", 0, LR_FAKE_MAX_BATCH);
}

static void test_commit_cadence(void)
{
    int64_t last_ns = -100 * LR_FAKE_MS;
    uint32_t n = 0;

    lr_fake_lane_init(&fake);
    fake.rate = 1000;
    fake.total = 1000;
    fake.stop_ns = 5 * SECOND_NS;
    CU_ASSERT_EQUAL(run(""), LR_OK);
    for (const struct lr_fake_call *c; (c = lr_fake_called(&fake, LR_FAKE_COMMIT, n)) != NULL;
         n++) {
        CU_ASSERT(c->began_ns - last_ns >= 100 * LR_FAKE_MS);
        last_ns = c->began_ns;
    }
    CU_ASSERT(n >= 9 && n <= 11);
    CU_ASSERT(last_ns <= SECOND_NS + 101 * LR_FAKE_MS);
    CU_ASSERT_EQUAL(fake.committed, 1000);
}

/* Under exactly_once the interval is counted from the last commit's beginning: the first record
 * is committed at once, and so is one that comes after a pause. */
static void test_commit_exactly_once(void)
{
    int32_t before = plug_guarantee;

    plug_guarantee = LR_EXACTLY_ONCE;
    lr_fake_lane_init(&fake);
    fake.rate = 1000;
    fake.total = 1000;
    fake.stop_ns = 5 * SECOND_NS;
    CU_ASSERT_EQUAL(run(""), LR_OK);
    CU_ASSERT(lr_fake_called(&fake, LR_FAKE_COMMIT, 0)->began_ns < 10 * LR_FAKE_MS);
    for (uint32_t i = 1; i <= 9; i++) {
        const struct lr_fake_call *c = lr_fake_called(&fake, LR_FAKE_COMMIT, i);

        CU_ASSERT_PTR_NOT_NULL_FATAL(c);
        CU_ASSERT_EQUAL(c->began_ns / (10 * LR_FAKE_MS), i * 10);
    }
    CU_ASSERT_EQUAL(fake.committed, 1000);

    lr_fake_lane_init(&fake);
    fake.rate = 4;
    fake.total = 4;
    fake.stop_ns = 2 * SECOND_NS;
    CU_ASSERT_EQUAL(run(""), LR_OK);
    for (uint32_t i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(lr_fake_called(&fake, LR_FAKE_COMMIT, i)->began_ns,
                        lr_fake_called(&fake, LR_FAKE_WRITE, i)->began_ns);
    plug_guarantee = before;
}

static void test_commit_each_batch(void)
{
    lr_fake_lane_init(&fake);
    fake.rate = 10;
    fake.total = 5;
    fake.stop_ns = SECOND_NS;
    CU_ASSERT_EQUAL(run("commit_interval=0"), LR_OK);
    CU_ASSERT_PTR_NOT_NULL(lr_fake_called(&fake, LR_FAKE_COMMIT, 4));
    CU_ASSERT_PTR_NULL(lr_fake_called(&fake, LR_FAKE_COMMIT, 5));
}

/* With nothing to do it wakes up once a second and commits nothing. */
static void test_idle(void)
{
    lr_fake_lane_init(&fake);
    fake.there = fake.total = 1;
    fake.stop_ns = 60 * SECOND_NS;
    CU_ASSERT_EQUAL(run(""), LR_OK);
    CU_ASSERT_PTR_NULL(lr_fake_called(&fake, LR_FAKE_READ, 65));
    CU_ASSERT_PTR_NOT_NULL(lr_fake_called(&fake, LR_FAKE_COMMIT, 0));
    CU_ASSERT_PTR_NULL(lr_fake_called(&fake, LR_FAKE_COMMIT, 1));
}

/* A commit does not wait for the sink, and what it could not cover is committed later. */
static void test_slow_sink(void)
{
    uint32_t i = 0;

    lr_fake_lane_init(&fake);
    fake.there = fake.total = 3;
    fake.settle_ns = 250 * LR_FAKE_MS;
    fake.stop_ns = SECOND_NS;
    CU_ASSERT_EQUAL(run(""), LR_OK);
    CU_ASSERT_EQUAL(fake.committed, 3);
    CU_ASSERT_EQUAL(lr_fake_called(&fake, LR_FAKE_COMMIT, 0)->n, 0);
    CU_ASSERT_EQUAL(lr_fake_called(&fake, LR_FAKE_COMMIT, 2)->n, 3);
    CU_ASSERT_PTR_NULL(lr_fake_called(&fake, LR_FAKE_COMMIT, 3));
    for (const struct lr_fake_call *c; (c = lr_fake_called(&fake, LR_FAKE_DRAIN, i)) != NULL; i++)
        CU_ASSERT_EQUAL(c->timeout_ns, 0);
}

static void script(int32_t verb, uint32_t call, lr_status status)
{
    lr_fake_lane_init(&fake);
    fake.rate = 1000;
    fake.total = 500;
    fake.stop_ns = 2 * SECOND_NS;
    fake.script.verb = verb;
    fake.script.call = call;
    fake.script.status = status;
}

static const int32_t verbs[] = {LR_FAKE_READ, LR_FAKE_SCORE, LR_FAKE_WRITE, LR_FAKE_DRAIN,
                                LR_FAKE_COMMIT};
#define N_VERBS (sizeof verbs / sizeof verbs[0])

static void test_reset_anywhere(void)
{
    for (size_t v = 0; v < N_VERBS; v++) {
        for (uint32_t call = 1; call <= 3; call++) {
            script(verbs[v], call, LR_RESET);
            fake.settle_ns = 30 * LR_FAKE_MS;
            CU_ASSERT_EQUAL(run(""), LR_OK);
            CU_ASSERT_EQUAL(fake.written, 500);
            CU_ASSERT_EQUAL(fake.committed, 500);
        }
    }
}

static void test_errors_end_it(void)
{
    for (size_t v = 0; v < N_VERBS; v++) {
        script(verbs[v], 2, LR_EUNAVAILABLE);
        CU_ASSERT_EQUAL(run(""), LR_EUNAVAILABLE);
        CU_ASSERT_EQUAL(fake.calls[fake.n_calls - 1].verb, verbs[v]); /* called nothing more */
    }
}

static void test_full_and_again(void)
{
    script(LR_FAKE_READ, 3, LR_FULL);
    CU_ASSERT_EQUAL(run(""), LR_OK);
    CU_ASSERT_EQUAL(fake.committed, 500);
    script(LR_FAKE_READ, 3, LR_AGAIN);
    CU_ASSERT_EQUAL(run(""), LR_OK);
    CU_ASSERT_EQUAL(fake.committed, 500);
}

static void test_end(void)
{
    lr_fake_lane_init(&fake);
    fake.there = fake.total = 10;
    fake.ends = 1;
    CU_ASSERT_EQUAL(run(""), LR_OK); /* and not a hang: the clock would stand still */
    CU_ASSERT_EQUAL(fake.written, 10);
}

static void test_stop(void)
{
    lr_fake_lane_init(&fake);
    fake.stop_ns = 345 * LR_FAKE_MS;
    CU_ASSERT_EQUAL(run(""), LR_OK);
    CU_ASSERT_EQUAL(fake.now_ns, 345 * LR_FAKE_MS);
}

static CU_TestInfo tests[] = {{"takes what is there", test_takes_what_is_there},
                              {"max_batch bounds a read", test_max_batch},
                              {"commits by the clock", test_commit_cadence},
                              {"under exactly_once a pause is no delay", test_commit_exactly_once},
                              {"commits each batch", test_commit_each_batch},
                              {"idles quietly", test_idle},
                              {"does not wait for a slow sink", test_slow_sink},
                              {"RESET from every verb", test_reset_anywhere},
                              {"an error from every verb", test_errors_end_it},
                              {"FULL and AGAIN", test_full_and_again},
                              {"the source ends", test_end},
                              {"a stop", test_stop},
                              CU_TEST_INFO_NULL};

static CU_SuiteInfo suites[] = {{"streaming", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
