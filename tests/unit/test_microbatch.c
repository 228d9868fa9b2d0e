/* SPDX-License-Identifier: MIT
 *
 * The micro-batch engine on a fake lane: its three triggers, what makes a batch one, what it
 * reports, and what it does with every status that a verb can return.
 */
#include "unit.h"

#include <math.h>

#include <lrhost/testing.h>

#include "plug.h"

#define SECOND_NS (1000 * LR_FAKE_MS)

static struct lr_fake_lane fake;
static struct plug plug;
static int64_t overruns;

/* The wall clock stands 30 ms after a multiple of 100 ms when run begins. */
static lr_status run(const char *settings)
{
    const struct lr_engine *engine;
    lr_status status = plug_create(&plug, "microbatch", LR_ENGINE, settings, 0, 1);

    CU_ASSERT_EQUAL_FATAL(status, LR_OK);
    plug.wall_ns = 1700000000 * SECOND_NS + 30 * LR_FAKE_MS;
    engine = plug.plugin->ops;
    status = engine->run(plug.self, &fake.lane, &plug.err);
    overruns = plug.cells[0];
    plug_destroy(&plug);
    CU_ASSERT_EQUAL(fake.breaches, 0);
    CU_ASSERT_EQUAL(fake.held, 0);
    return status;
}

static int64_t plan_at_ms(uint32_t i)
{
    const struct lr_fake_call *call = lr_fake_called(&fake, LR_FAKE_PLAN, i);

    return call ? call->began_ns / LR_FAKE_MS : -1;
}

static void test_alignment(void)
{
    lr_fake_lane_init(&fake);
    fake.rate = 1000;
    fake.stop_ns = SECOND_NS;
    CU_ASSERT_EQUAL(run(""), LR_OK);
    CU_ASSERT_EQUAL(plan_at_ms(0), 0); /* the first one at once */
    for (uint32_t i = 1; i <= 10; i++)
        CU_ASSERT_EQUAL(plan_at_ms(i), 70 + 100 * (i - 1));
    CU_ASSERT_EQUAL(plan_at_ms(11), -1);
    CU_ASSERT_EQUAL(overruns, 0);
    CU_ASSERT_EQUAL(fake.committed, 970); /* nothing that came after the last trigger */
}

/* The first batch takes 250 ms: the next one follows at once, the triggers that were missed do
 * not, and then the beat is as before. */
static void test_overrun(void)
{
    lr_fake_lane_init(&fake);
    fake.there = fake.total = 1;
    fake.cost_ns[LR_FAKE_DRAIN] = 250 * LR_FAKE_MS;
    fake.stop_ns = 700 * LR_FAKE_MS;
    CU_ASSERT_EQUAL(run(""), LR_OK);
    CU_ASSERT_EQUAL(plan_at_ms(0), 0);
    CU_ASSERT_EQUAL(plan_at_ms(1), 250); /* missed 70 and 170 */
    CU_ASSERT_EQUAL(plan_at_ms(2), 270);
    CU_ASSERT_EQUAL(plan_at_ms(3), 370);
    CU_ASSERT_EQUAL(overruns, 1);
}

static void test_limit_and_chunks(void)
{
    lr_fake_lane_init(&fake);
    fake.there = fake.total = 1000;
    fake.stop_ns = SECOND_NS;
    CU_ASSERT_EQUAL(run("max_records_per_trigger=300\nmax_batch=128"), LR_OK);
    CU_ASSERT_EQUAL(lr_fake_called(&fake, LR_FAKE_PLAN, 0)->n, 300);
    CU_ASSERT_EQUAL(lr_fake_called(&fake, LR_FAKE_WRITE, 0)->n, 128);
    CU_ASSERT_EQUAL(lr_fake_called(&fake, LR_FAKE_WRITE, 1)->n, 128);
    CU_ASSERT_EQUAL(lr_fake_called(&fake, LR_FAKE_WRITE, 2)->n, 44);
    CU_ASSERT_EQUAL(lr_fake_called(&fake, LR_FAKE_COMMIT, 0)->n, 300);
    CU_ASSERT_EQUAL(lr_fake_called(&fake, LR_FAKE_COMMIT, 0)->began_ns, 0);
    CU_ASSERT_EQUAL(lr_fake_called(&fake, LR_FAKE_COMMIT, 3)->n, 100);
    CU_ASSERT_EQUAL(lr_fake_called(&fake, LR_FAKE_COMMIT, 3)->began_ns, 270 * LR_FAKE_MS);
    CU_ASSERT_PTR_NULL(lr_fake_called(&fake, LR_FAKE_COMMIT, 4));
}

/* The one commit comes when the last record of the batch is settled. */
static void test_drains_first(void)
{
    lr_fake_lane_init(&fake);
    fake.there = fake.total = 200;
    fake.settle_ns = 3 * SECOND_NS; /* longer than one drain waits */
    fake.stop_ns = 10 * SECOND_NS;
    CU_ASSERT_EQUAL(run("max_batch=50"), LR_OK);
    CU_ASSERT_EQUAL(lr_fake_called(&fake, LR_FAKE_COMMIT, 0)->n, 200);
    CU_ASSERT_EQUAL(lr_fake_called(&fake, LR_FAKE_COMMIT, 0)->began_ns, 3 * SECOND_NS);
    CU_ASSERT_PTR_NULL(lr_fake_called(&fake, LR_FAKE_COMMIT, 1));
}

static void test_idle(void)
{
    lr_fake_lane_init(&fake);
    fake.stop_ns = 35 * SECOND_NS;
    CU_ASSERT_EQUAL(run(""), LR_OK);
    CU_ASSERT_PTR_NULL(lr_fake_called(&fake, LR_FAKE_COMMIT, 0));
    CU_ASSERT_PTR_NULL(lr_fake_called(&fake, LR_FAKE_DRAIN, 0));
    CU_ASSERT_EQUAL_FATAL(fake.n_progress, 3);
    CU_ASSERT(fabs((double)(fake.progress[1].at_ns - fake.progress[0].at_ns) - 10e9) <= 100e6);
    CU_ASSERT_EQUAL(lr_fake_figure(&fake.progress[2], "numInputRows"), 0);
    CU_ASSERT_EQUAL(lr_fake_figure(&fake.progress[2], "batchId"), 0);
}

static void test_available_now(void)
{
    static const uint64_t sizes[] = {300, 300, 300, 100};

    lr_fake_lane_init(&fake);
    fake.there = 1000;
    fake.rate = 1000; /* what comes later stays where it is */
    fake.cost_ns[LR_FAKE_READ] = 10 * LR_FAKE_MS;
    CU_ASSERT_EQUAL(run("trigger=available_now\nmax_records_per_trigger=300"), LR_OK);
    for (uint32_t i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(lr_fake_called(&fake, LR_FAKE_COMMIT, i)->n, sizes[i]);
    CU_ASSERT_PTR_NULL(lr_fake_called(&fake, LR_FAKE_COMMIT, 4));
    CU_ASSERT_PTR_NULL(lr_fake_called(&fake, LR_FAKE_PLAN, 1));
    CU_ASSERT_EQUAL(fake.committed, 1000);
    CU_ASSERT_EQUAL_FATAL(fake.n_progress, 4);
    CU_ASSERT_EQUAL(lr_fake_figure(&fake.progress[3], "batchId"), 3);
    /* The number of records is a multiple of the limit: no empty batch at the end. */
    lr_fake_lane_init(&fake);
    fake.there = 600;
    CU_ASSERT_EQUAL(run("trigger=available_now\nmax_records_per_trigger=300"), LR_OK);
    CU_ASSERT_EQUAL(fake.n_progress, 2);
    CU_ASSERT_EQUAL(fake.committed, 600);
    lr_fake_lane_init(&fake);
    CU_ASSERT_EQUAL(run("trigger=available_now"), LR_OK); /* nothing at all */
    CU_ASSERT_PTR_NULL(lr_fake_called(&fake, LR_FAKE_COMMIT, 0));
}

static void test_once(void)
{
    lr_fake_lane_init(&fake);
    fake.there = 100000;
    fake.rate = 1000;
    CU_ASSERT_EQUAL(run("trigger=once\nmax_records_per_trigger=300"), LR_OK);
    CU_ASSERT_EQUAL(lr_fake_called(&fake, LR_FAKE_COMMIT, 0)->n, 100000);
    CU_ASSERT_PTR_NULL(lr_fake_called(&fake, LR_FAKE_COMMIT, 1));
    CU_ASSERT_EQUAL(fake.n_progress, 1);
}

static const char *const triggers[] = {"max_records_per_trigger=300\nmax_batch=100",
                                       ("trigger=available_now\nmax_records_per_trigger=300\n"
                                        "max_batch=100"),
                                       "trigger=once\nmax_batch=100"};
static const int32_t verbs[] = {LR_FAKE_PLAN,  LR_FAKE_READ,   LR_FAKE_SCORE, LR_FAKE_WRITE,
                                LR_FAKE_DRAIN, LR_FAKE_COMMIT, LR_FAKE_WAIT};
#define N_VERBS (sizeof verbs / sizeof verbs[0])

static void script(int32_t verb, uint32_t call, lr_status status)
{
    lr_fake_lane_init(&fake);
    fake.there = fake.total = 1000;
    fake.settle_ns = 7 * LR_FAKE_MS;
    fake.stop_ns = 2 * SECOND_NS;
    fake.script.verb = verb;
    fake.script.call = call;
    fake.script.status = status;
}

static void test_reset_anywhere(void)
{
    for (size_t t = 0; t < 3; t++) {
        for (size_t v = 0; v < N_VERBS; v++) {
            for (uint32_t call = 1; call <= 3; call++) {
                double next = 0;

                script(verbs[v], call, LR_RESET);
                CU_ASSERT_EQUAL(run(triggers[t]), LR_OK);
                CU_ASSERT_EQUAL(fake.committed, 1000);
                for (uint32_t i = 0; i < fake.n_progress; i++)
                    CU_ASSERT_EQUAL(lr_fake_figure(&fake.progress[i], "batchId"), next++);
            }
        }
    }
}

static void test_errors_end_it(void)
{
    for (size_t t = 0; t < 3; t++) {
        for (size_t v = 0; v < N_VERBS; v++) {
            if (t > 0 && verbs[v] == LR_FAKE_WAIT)
                continue; /* these triggers do not wait */
            script(verbs[v], 1, LR_EUNAVAILABLE);
            CU_ASSERT_EQUAL(run(triggers[t]), LR_EUNAVAILABLE);
            CU_ASSERT_EQUAL(fake.calls[fake.n_calls - 1].verb, verbs[v]);
        }
    }
}

static void test_full_and_again(void)
{
    for (size_t t = 0; t < 3; t++) {
        script(LR_FAKE_READ, 2, LR_FULL);
        CU_ASSERT_EQUAL(run(triggers[t]), LR_OK);
        CU_ASSERT_EQUAL(fake.committed, 1000);
        script(LR_FAKE_READ, 2, LR_AGAIN);
        CU_ASSERT_EQUAL(run(triggers[t]), LR_OK);
        CU_ASSERT_EQUAL(fake.committed, 1000);
    }
}

/* A commit that is not possible now is covered by the next one, or by the host's at the end. */
static void test_commit_again(void)
{
    for (size_t t = 0; t < 2; t++) {
        script(LR_FAKE_COMMIT, 2, LR_AGAIN);
        CU_ASSERT_EQUAL(run(triggers[t]), LR_OK);
        CU_ASSERT_EQUAL(fake.committed, 1000);
        CU_ASSERT_EQUAL(fake.n_progress, 4);
    }
}

static void test_end(void)
{
    lr_fake_lane_init(&fake);
    fake.there = fake.total = 250;
    fake.ends = 1;
    CU_ASSERT_EQUAL(run("max_batch=100"), LR_OK);
    CU_ASSERT_EQUAL(fake.committed, 250); /* the last batch is completed */
    CU_ASSERT_EQUAL(fake.n_progress, 1);
}

static void test_stop_in_a_batch(void)
{
    lr_fake_lane_init(&fake);
    fake.there = 1000;
    fake.cost_ns[LR_FAKE_READ] = 10 * LR_FAKE_MS;
    fake.stop_ns = 35 * LR_FAKE_MS;
    CU_ASSERT_EQUAL(run("max_batch=100"), LR_OK);
    CU_ASSERT(fake.written == 400 && fake.committed == 0); /* the host settles the rest */
    CU_ASSERT_EQUAL(fake.n_progress, 0);
}

static void test_progress(void)
{
    const struct lr_fake_progress *second = &fake.progress[1];

    lr_fake_lane_init(&fake);
    fake.there = 500;
    fake.rate = 1000;
    fake.cost_ns[LR_FAKE_PLAN] = 5 * LR_FAKE_MS;
    fake.cost_ns[LR_FAKE_WRITE] = 11 * LR_FAKE_MS;
    fake.cost_ns[LR_FAKE_COMMIT] = 4 * LR_FAKE_MS;
    fake.settle_ns = 9 * LR_FAKE_MS;
    fake.stop_ns = 100 * LR_FAKE_MS;
    CU_ASSERT_EQUAL(run(""), LR_OK);
    CU_ASSERT_EQUAL_FATAL(fake.n_progress, 2);
    CU_ASSERT_EQUAL(lr_fake_figure(&fake.progress[0], "numInputRows"), 500);
    CU_ASSERT(isnan(lr_fake_figure(&fake.progress[0], "inputRowsPerSecond")));
    CU_ASSERT_DOUBLE_EQUAL(lr_fake_figure(&fake.progress[0], "processedRowsPerSecond"), 500 / 0.029,
                           1e-6);
    CU_ASSERT_EQUAL(lr_fake_figure(second, "batchId"), 1);
    CU_ASSERT_EQUAL(lr_fake_figure(second, "numInputRows"), 70); /* planned at 70 ms */
    CU_ASSERT_DOUBLE_EQUAL(lr_fake_figure(second, "inputRowsPerSecond"), 70 / 0.070, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(lr_fake_figure(second, "processedRowsPerSecond"), 70 / 0.029, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(lr_fake_figure(second, "durationMs.latestOffset"), 5, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(lr_fake_figure(second, "durationMs.addBatch"), 20, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(lr_fake_figure(second, "durationMs.commitOffsets"), 4, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(lr_fake_figure(second, "durationMs.triggerExecution"), 29, 1e-9);
    CU_ASSERT_EQUAL(lr_fake_figure(second, "durationMs.getBatch"), 0);
    CU_ASSERT_EQUAL(lr_fake_figure(second, "durationMs.queryPlanning"), 0);
    CU_ASSERT_EQUAL(lr_fake_figure(second, "durationMs.walCommit"), 0);
}

/* Without an interval, batches follow each other, but an empty one is followed by a pause. */
static void test_no_interval(void)
{
    lr_fake_lane_init(&fake);
    fake.there = fake.total = 1000;
    fake.stop_ns = 100 * LR_FAKE_MS;
    CU_ASSERT_EQUAL(run("processing_time=0\nmax_records_per_trigger=100"), LR_OK);
    CU_ASSERT_EQUAL(lr_fake_called(&fake, LR_FAKE_COMMIT, 9)->began_ns, 0);
    CU_ASSERT_EQUAL(plan_at_ms(11), 10);
    CU_ASSERT_EQUAL(plan_at_ms(12), 20);
}

static CU_TestInfo tests[] = {{"triggers lie on multiples", test_alignment},
                              {"an overrun", test_overrun},
                              {"limit and chunks", test_limit_and_chunks},
                              {"drains before the commit", test_drains_first},
                              {"idles quietly", test_idle},
                              {"available_now", test_available_now},
                              {"once", test_once},
                              {"RESET from every verb", test_reset_anywhere},
                              {"an error from every verb", test_errors_end_it},
                              {"FULL and AGAIN", test_full_and_again},
                              {"a commit that is not possible", test_commit_again},
                              {"the source ends", test_end},
                              {"a stop in a batch", test_stop_in_a_batch},
                              {"progress figures", test_progress},
                              {"no interval", test_no_interval},
                              CU_TEST_INFO_NULL};

static CU_SuiteInfo suites[] = {{"microbatch", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
