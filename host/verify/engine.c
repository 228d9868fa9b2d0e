/* SPDX-License-Identifier: MIT
 *
 * Tests of engines on the fake lane: sources that end, that trickle and that are silent, slow and
 * failing verbs, a stop at any moment. Its clock moves only when a verb costs or waits for time, so
 * an hour passes in a blink.
 */
#include <stdlib.h>

#include "verify.h"

static struct lrh_subject a;
static struct lr_fake_lane lane;

static void on_breach(void *ctx, const char *rule, const char *message)
{
    lrh_finding(ctx, rule, "%s", message);
}

static void lay_out(struct lrh_kit *kit)
{
    lr_fake_lane_init(&lane);
    lane.on_breach = on_breach;
    lane.breach_ctx = kit;
    for (int verb = 0; verb < LR_FAKE_VERBS; verb++)
        lane.cost_ns[verb] = 1000;
    lane.stop_ns = 3600000 * LR_FAKE_MS;
}

static lr_status run(struct lrh_kit *kit, const char *rule, const char *what)
{
    const struct lr_engine *engine = kit->plugin->ops;
    lr_status status;

    lrh_subject_open(kit, &a);
    lrh_doing(kit, rule, "run %s", what);
    a.fake.err.text[0] = '\0';
    status = engine->run(a.fake.self, &lane.lane, &a.fake.err);
    lrh_subject_close(kit, &a);
    return status;
}

static void must_be_good(struct lrh_kit *kit, lr_status status, const char *what)
{
    if (status != LR_OK && !kit->verdict->n_findings)
        lrh_finding(kit, "engine.error", "%s, run returned %d: %s", what, status, a.fake.err.text);
}

/* A source that ends: all of it was written. */
static void run_to_the_end(struct lrh_kit *kit, uint64_t there, double rate, const char *what)
{
    lay_out(kit);
    lane.there = there;
    lane.rate = rate;
    lane.total = 5000;
    lane.ends = 1;
    must_be_good(kit, run(kit, "engine.all", what), what);
    if (lane.written != lane.total && !kit->verdict->n_findings)
        lrh_finding(kit, "engine.all",
                    "%s, the source ended after %llu records and %llu were written", what,
                    (unsigned long long)lane.total, (unsigned long long)lane.written);
}

void lrh_test_engine_flow(struct lrh_kit *kit)
{
    run_to_the_end(kit, 5000, 0, "over records that are there");
    run_to_the_end(kit, 0, 1000, "over records that come one by one");
    run_to_the_end(kit, 1, 1e7, "over records that come fast");
    lay_out(kit); /* slow neighbours */
    lane.there = lane.total = 5000;
    lane.ends = 1;
    lane.cost_ns[LR_FAKE_WRITE] = lane.cost_ns[LR_FAKE_COMMIT] = 500 * LR_FAKE_MS;
    lane.settle_ns = 2000 * LR_FAKE_MS;
    must_be_good(kit, run(kit, "engine.all", "with a slow sink"), "with a slow sink");
    lay_out(kit); /* silence */
    lane.stop_ns = 10000 * LR_FAKE_MS;
    must_be_good(kit, run(kit, "engine.idle", "over a silent source"), "over a silent source");
    if (lane.n_calls > 5000)
        lrh_finding(kit, "engine.idle",
                    "in 10 s without a record it called the lane %s%u times; read and wait sleep",
                    lane.n_calls >= LR_FAKE_CALLS - 1 ? "more than " : "", lane.n_calls);
}

/* ---- verbs that say something else ---------------------------------------------------------- */

static const char *const verbs[] = {"plan",    "read",  "score",  "write",
                                    "discard", "drain", "commit", "wait"};

static int may_return(int32_t verb, lr_status status)
{
    if (verb == LR_FAKE_DISCARD)
        return 0;
    if (status == LR_AGAIN)
        return verb == LR_FAKE_READ || verb == LR_FAKE_DRAIN;
    return status != LR_FULL || verb == LR_FAKE_READ;
}

static void scripted(struct lrh_kit *kit, int32_t verb, uint32_t call, lr_status status)
{
    char what[96];
    lr_status got;

    (void)snprintf(what, sizeof what, "where call %u of %s returns %d", call, verbs[verb], status);
    lay_out(kit);
    lane.there = 2000;
    lane.rate = 1000;
    lane.total = 4000;
    lane.ends = 1;
    lane.settle_ns = 30 * LR_FAKE_MS;
    lane.script.verb = verb;
    lane.script.call = call;
    lane.script.status = status;
    got = run(kit, status == LR_RESET ? "engine.void" : "engine.error", what);
    if (lane.counts[verb] < call)
        return; /* it does not call it so often */
    if (status < 0) {
        if (got != status)
            lrh_finding(kit, "engine.error", "%s, run returned %d", what, got);
        return;
    }
    must_be_good(kit, got, what);
    if (lane.written != lane.total && !kit->verdict->n_findings)
        lrh_finding(kit, "engine.all", "%s, %llu of %llu records were written", what,
                    (unsigned long long)lane.written, (unsigned long long)lane.total);
}

void lrh_test_engine_verbs(struct lrh_kit *kit)
{
    static const lr_status statuses[] = {LR_RESET, LR_AGAIN, LR_FULL, LR_EUNAVAILABLE};

    for (int32_t verb = 0; verb < LR_FAKE_VERBS; verb++)
        for (size_t k = 0; k < sizeof statuses / sizeof *statuses; k++)
            for (uint32_t call = 1; may_return(verb, statuses[k]) && call <= 4; call++)
                scripted(kit, verb, call, statuses[k]);
}

void lrh_test_engine_stop(struct lrh_kit *kit)
{
    static const int64_t stops_ns[] = {0, 1, 1000, 50000, 1000000, 99999999, 100000001, 1000000000};

    for (size_t k = 0; k < sizeof stops_ns / sizeof *stops_ns; k++)
        for (int busy = 0; busy < 2; busy++) {
            const char *what = busy ? "until a stop, with an endless backlog" : "until a stop";

            lay_out(kit);
            lane.there = busy ? 1u << 30 : 3;
            lane.rate = 10;
            lane.stop_ns = stops_ns[k];
            must_be_good(kit, run(kit, "engine.stop", what), what);
            if (lane.now_ns > lane.stop_ns + 10000 * LR_FAKE_MS)
                lrh_finding(kit, "engine.stop", "run returned %.1f s after a stop was requested",
                            (double)(lane.now_ns - lane.stop_ns) / 1e9);
        }
}
