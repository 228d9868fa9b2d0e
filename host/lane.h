/* SPDX-License-Identifier: MIT
 *
 * A lane: one independent copy of source + codec + engine + sink on its own thread. This file is
 * what the pipeline sees; the verbs that an engine is given are built here:
 *
 *   lane.c         life, score, discard, wait, progress
 *   lane_serve.c   where a lane sleeps, and who is served meanwhile
 *   lane_work.c    batches in the engine's hands, and records set aside
 *   lane_plan.c    plan: where streams end for now
 *   lane_read.c    read: what comes from the source
 *   lane_flight.c  what outlives a write, and back-pressure
 *   lane_write.c   write: encode, hand over
 *   lane_letter.c  dead letters
 *   lane_commit.c  settles, drain, commit
 *   lane_move.c    rewind, rebalance, and the end
 *
 * The engine decides when; everything that could lose or double a record is decided here.
 * Guarantees are explained in docs/architecture.md, "The lane".
 */
#ifndef LRHOST_LANE_H
#define LRHOST_LANE_H

#include <lrhost/lrhost.h>

#include "system.h"

#define LRH_BAD_DEAD_LETTER 1 /* on_bad_record */
#define LRH_BAD_SKIP 2
#define LRH_BAD_FAIL 3

#define LRH_NULL_PASS 1 /* on_null */
#define LRH_NULL_SKIP 2
#define LRH_NULL_BAD 3

/* A plugin instance: its functions and its self. */
struct lrh_source_part {
    const struct lr_source *ops;
    void *self;
};
struct lrh_codec_part {
    const struct lr_codec *ops;
    void *self;
};
struct lrh_sink_part {
    const struct lr_sink *ops;
    void *self;
};
struct lrh_model_part {
    const struct lr_model *ops;
    void *self;
};

struct lrh_lane_config {
    uint32_t index, lanes;
    const char *pipeline;
    int32_t guarantee; /* LR_AT_MOST_ONCE ... */
    int32_t on_bad, on_null;
    uint32_t max_batch;             /* records per batch, 1 .. LRH_BATCH_MAX */
    uint32_t n_features, n_outputs; /* width of the columns */
    int32_t decode, encode;         /* not 0: the codec has work to do in that direction */
    int32_t learn;
    double max_bad_ratio; /* of bad_window records; more stops the lane. 0 of 0: no limit */
    int64_t bad_window;
    int64_t max_in_flight; /* records */
    int64_t max_in_flight_bytes;
    struct lrh_source_part source;
    struct lrh_codec_part codec; /* ops NULL: bytes pass through */
    struct lrh_sink_part sink;
    struct lrh_sink_part dead;                 /* ops NULL: no dead letters */
    const struct lrh_model_part *const *model; /* where the present model stands; read with
                                                  acquire at batch boundaries; NULL: none */
    const struct lrh_system *system;
    /* Progress records and events, for monitors and log. [lane] */
    void *ctx;
    void (*progress)(void *ctx, const struct lr_progress *progress);
    void (*log)(void *ctx, int32_t level, const char *message);
    /* Stops and starts the sink after a commit in doubt; NULL without transactions. */
    lr_status (*restart_sink)(void *ctx, struct lr_error *err);
};

#define LRH_BATCH_MAX (1u << 20)

/* Totals, written by the lane alone and read by anyone (relaxed). */
struct lrh_totals {
    int64_t read, read_bytes, batches, scored, written, delivered, dead_letters, bad, skipped;
    int64_t nulls, retried, rejected, lost, commits, rewinds, rebalances, in_flight, streams;
    int64_t late_settles, lag;           /* lag -1: unknown */
    int64_t first_read_ns, last_read_ns; /* monotonic; 0: nothing read yet */
    int64_t last_rebalance_ns;           /* or when streams were set back to be read again */
    int64_t recovering;                  /* 1: on the way back to what is committed */
    int64_t turns;      /* of the lane's loop; one that stands still is stuck or asleep */
    int64_t verb_ns[6]; /* time spent, by LRH_VERB_* */
};
#define LRH_VERB_PLAN 0
#define LRH_VERB_READ 1 /* without waiting for records */
#define LRH_VERB_SCORE 2
#define LRH_VERB_WRITE 3
#define LRH_VERB_DRAIN 4
#define LRH_VERB_COMMIT 5

struct lrh_lane;

lr_status lrh_lane_create(const struct lrh_lane_config *config, struct lrh_lane **ret_lane,
                          struct lr_error *err);
void lrh_lane_destroy(struct lrh_lane *lane);

/* The verbs, for the engine. */
const struct lr_lane *lrh_lane_verbs(struct lrh_lane *lane);

/* After run: gives back what the engine still holds, waits for settles until `deadline_ns`
 * (monotonic), commits. Returns the lane's first error, if it had one. */
lr_status lrh_lane_close(struct lrh_lane *lane, int64_t deadline_ns, struct lr_error *err);

/* [any] Asks the lane to stop, and wakes it. */
void lrh_lane_stop(struct lrh_lane *lane);
/* [any] How long a stopping lane may still wait for the sink; 0: as long as it takes. */
void lrh_lane_set_deadline(struct lrh_lane *lane, int64_t deadline_ns);
/* [any] Makes it look again: a new model, say. */
void lrh_lane_wake(struct lrh_lane *lane);
int lrh_lane_stopping(const struct lrh_lane *lane);
/* [any] The source ended by itself. */
int lrh_lane_ended(const struct lrh_lane *lane);

/* [any] The model the lane uses at the moment; a replaced one may be destroyed when no lane
 * uses it. */
const struct lrh_model_part *lrh_lane_model(const struct lrh_lane *lane);

/* The lane's ends of two host services, see struct lr_host. [lane] */
void lrh_lane_settle(struct lrh_lane *lane, uint64_t token, uint32_t count, int32_t outcome);
void lrh_lane_settle_dead(struct lrh_lane *lane, uint64_t token, uint32_t count, int32_t outcome);
void lrh_lane_bad_record(struct lrh_lane *lane, uint32_t index, const char *reason,
                         const char *message);

/* [any] */
const struct lrh_totals *lrh_lane_totals(const struct lrh_lane *lane);

/* Bad records by reason, for metrics. [any] NULL past the last one. */
const char *lrh_lane_bad_reason(const struct lrh_lane *lane, uint32_t i, int64_t *ret_count);

#endif
