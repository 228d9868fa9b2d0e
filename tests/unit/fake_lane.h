/* SPDX-License-Identifier: MIT
 *
 * A lane for engines under test: the verbs of struct lr_lane over a counted run of records with
 * a clock that moves only when a verb costs or waits for time. Any call of any verb can be
 * scripted to return something else. It notes every call and counts what an engine must not do.
 *
 * Records are numbers 0, 1, 2 ...; `there` of them are there at the start, more come at `rate`.
 * A RESET voids what is held and puts reading back to what is finished.
 */
#ifndef TESTS_FAKE_LANE_H
#define TESTS_FAKE_LANE_H

#include <lrhost/lrhost.h>

#define FAKE_MS 1000000LL
#define FAKE_CALLS 20000
#define FAKE_PROGRESS 512
#define FAKE_FIGURES 16
#define FAKE_MAX_BATCH 4096

enum fake_verb {
    FAKE_PLAN,
    FAKE_READ,
    FAKE_SCORE,
    FAKE_WRITE,
    FAKE_DISCARD,
    FAKE_DRAIN,
    FAKE_COMMIT,
    FAKE_WAIT,
    FAKE_VERBS
};

struct fake_call {
    enum fake_verb verb;
    lr_status status;
    int64_t began_ns;
    uint64_t n; /* plan, read: asked for; score, write: records; commit: newly committed */
    int64_t timeout_ns;
};

struct fake_progress {
    int64_t at_ns;
    uint32_t n;
    struct {
        char name[40];
        double value;
    } figures[FAKE_FIGURES];
};

struct fake_lane {
    struct lr_lane lane;
    /* set by the test, after fake_lane_init */
    uint64_t there;              /* records at time 0 */
    uint64_t total;              /* as many come in all; UINT64_MAX: no end */
    double rate;                 /* per second */
    int64_t stop_ns;             /* when a stop is requested */
    int64_t cost_ns[FAKE_VERBS]; /* of each call; score's is per record */
    int64_t settle_ns;           /* from write until settled */
    int32_t ends;                /* the source ends after `total` records */
    struct {
        enum fake_verb verb;
        uint32_t call; /* 1: the first one */
        lr_status status;
    } script;
    /* state */
    int64_t now_ns;
    uint64_t position, written, finished, committed;
    uint64_t plan_end;
    int32_t planned, void_held;
    int64_t settled_at_ns; /* when the last write is settled */
    struct lr_batch batch;
    int32_t held;
    uint64_t held_first;
    uint32_t counts[FAKE_VERBS];
    /* notes */
    struct fake_call calls[FAKE_CALLS];
    uint32_t n_calls;
    struct fake_progress progress[FAKE_PROGRESS];
    uint32_t n_progress;
    uint32_t breaches; /* of the contract, by the engine */
};

void fake_lane_init(struct fake_lane *fake);
/* A figure of a progress record; NaN when it has none of that name. */
double fake_figure(const struct fake_progress *progress, const char *name);
/* The i-th call of a verb, or NULL. */
const struct fake_call *fake_call(const struct fake_lane *fake, enum fake_verb verb, uint32_t i);

#endif
