/* SPDX-License-Identifier: MIT
 *
 * Inside a lane. A *work* is a batch in the engine's hands: the columns live from read until
 * write. A *flight* is what outlives the write: the encoded bytes and the count of what is not
 * settled. There are few works and many flights, each list last-in first-out, so that a fast
 * sink keeps both in the cache.
 *
 * A token is serial (31 bits) | flight (12 bits) | record (20 bits); bit 63 is 0.
 */
#ifndef LRHOST_LANE_PRIVATE_H
#define LRHOST_LANE_PRIVATE_H

#include "lane.h"
#include "ledger.h"

#define WORKS 8u
#define FLIGHTS_MAX 4096u
#define SPANS_MAX 1024u /* per batch */
#define RECORD_BITS 20
#define FLIGHT_BITS 12
#define BAD_REASONS 16u
#define BAD_TEXT 240u
#define SLICE_NS INT64_C(100000000) /* longest sleep between two looks at a part without fd */
#define COMMIT_AGAIN_NS INT64_C(100000000) /* between two tries of a commit we owe */
#define AGAIN_NS INT64_C(10000000)         /* between two calls of a commit or abort */
#define ABORTS_MAX 20                      /* transactions in a row; then the lane gives up */
#define ABORT_PAUSE_NS INT64_C(5000000)    /* after the first repetition, doubled with each more */
#define SLICE_SETTLE_NS INT64_C(10000000)  /* the same while settles are due (see sink.fd) */

/* A record set aside. */
struct bad_row {
    uint32_t index;
    uint32_t skip; /* not 0: leaves no dead letter */
    char reason[32];
    char stage[8];
    char message[BAD_TEXT];
};

struct work {
    struct lr_batch batch; /* first: a batch pointer is a work pointer */
    int32_t held;          /* by the engine */
    int32_t single;        /* read in single mode */
    uint64_t serial;       /* order of reading */
    uint32_t *epochs;      /* [spans] read_epoch of the span's stream at read */
    struct bad_row *bad;   /* [n_bad], grows on the bad path only */
    uint32_t n_bad, bad_room;
    uint32_t preset; /* rows whose t0, y and out say "unknown", or what was read */
    void *memory;    /* all columns */
};

struct flight_span {
    uint32_t stream;
    uint32_t epoch; /* write_epoch; unequal: void */
    uint32_t end;   /* records of the batch before it and in it */
    uint32_t live;
    uint64_t segment;
};

struct flight {
    uint32_t serial;
    uint32_t n_spans;
    uint32_t hint;   /* span of the last settle: reports mostly come in order */
    uint32_t count;  /* records of the batch */
    int32_t writing; /* write has not returned yet */
    int32_t alone;   /* one record, and nothing else is on its way */
    int64_t open;    /* handed over, not settled; dead letters too */
    int64_t bytes;
    struct lr_position first; /* stream and offset of record 0: names it in single mode */
    struct flight_span *spans;
    char *arena;
    size_t arena_size;
    void *dead_memory; /* dead letters of this batch; NULL: none */
};

/* A record that the sink refused alone: it is set aside when it is read again. */
struct poison {
    uint32_t stream;
    uint32_t reserved;
    int64_t offset;
};

struct lrh_lane {
    struct lrh_lane_config config;
    struct lr_lane verbs;
    struct lrh_ledger ledger;
    struct lr_position *positions; /* scratch, room for every stream */
    int64_t *until;                /* the same */
    uint32_t stream_room;

    struct work works[WORKS];
    uint32_t free_works[WORKS], n_free_works;
    uint64_t serial;

    struct flight *flights[FLIGHTS_MAX]; /* made when first needed, then kept */
    uint32_t n_flights;
    uint16_t free_flights[FLIGHTS_MAX];
    uint32_t n_free_flights;

    struct lr_batch idle; /* has no room: to serve the source without taking records */
    struct poison *poisons;
    uint32_t n_poisons, poison_room;

    int32_t plan;                       /* a plan is active */
    int64_t plan_left;                  /* records, where the source knows no ends; -1: no limit */
    int32_t reset;                      /* the next verb says LR_RESET */
    int32_t recover;                    /* rewind at the next verb */
    int32_t single;                     /* records are written one by one for a while */
    int32_t transaction;                /* open */
    uint32_t aborts;                    /* transactions aborted since one was committed */
    int32_t busy;                       /* inside a rebalance or rewind: the source is not polled */
    int32_t at_end;                     /* the source said END, and was not sought since */
    int32_t ended;                      /* atomic; and all of it is through */
    int32_t stop;                       /* atomic */
    int64_t deadline_ns;                /* atomic; 0: none */
    const struct lr_event *event;       /* not answered yet */
    const struct lrh_model_part *model; /* atomic */

    lr_status status; /* first error */
    struct lr_error error;
    struct work *decoding; /* where bad_record writes to */
    int wake_fd;
    int source_fd, sink_fd, dead_fd;
    int32_t fds_known;
    int64_t commit_due_ns; /* the host owes a commit; 0: none. at_least_once only */
    int64_t lag_due_ns;    /* when the lag is looked at again */
    int64_t bytes_in_flight;
    int64_t window_records, window_bad; /* since the breaker last looked */

    /* The sink's last sign of life, and what was said about its silence. */
    uint64_t settles, settles_seen;
    int64_t silent_since_ns, say_silent_ns;

    struct lrh_totals totals;
    char bad_reason[BAD_REASONS][32];
    int64_t bad_count[BAD_REASONS]; /* atomic; a reason is published by its count */
};

#define ADD(lane, member, n) lr_metric_add(&(lane)->totals.member, (n))
#define SET(lane, member, n) lr_metric_set(&(lane)->totals.member, (n))

/* The sink stores the positions, in its own transaction. */
static inline int lane_sink_stores(const struct lrh_lane *lane)
{
    return lane->config.guarantee == LR_EXACTLY_ONCE &&
           (lane->config.sink.ops->caps & LR_SINK_POSITIONS);
}

static inline int64_t lane_mono(const struct lrh_lane *lane)
{
    return lane->config.system->monotonic_ns(lane->config.system->ctx);
}

/* `timeout_ns` from now; never is INT64_MAX. */
static inline int64_t lane_after(const struct lrh_lane *lane, int64_t timeout_ns)
{
    int64_t now = lane_mono(lane);

    return timeout_ns < INT64_MAX - now ? now + timeout_ns : INT64_MAX;
}

static inline int64_t lane_wall(const struct lrh_lane *lane)
{
    return lane->config.system->wall_ns(lane->config.system->ctx);
}

/* ---- lane.c ---- */
/* Keeps the first error and returns it from then on. `err` may be &lane->error. */
lr_status lrh__lane_fail(struct lrh_lane *lane, lr_status status, const struct lr_error *err);
/* ---- lane_serve.c ---- */
/* Delivers the settles that are due. */
lr_status lrh__lane_poll_sinks(struct lrh_lane *lane);
/* Serves sink and source without taking records, sleeping up to timeout_ns when there is
 * nothing to do. */
lr_status lrh__lane_serve(struct lrh_lane *lane, int64_t timeout_ns);
/* What each verb does first: errors, recovery, events, a pending RESET. */
lr_status lrh__lane_enter(struct lrh_lane *lane);
/* Keeps the source alive without taking records; notes an event. */
lr_status lrh__lane_poll_source(struct lrh_lane *lane);
/* One poll(2) over the host's wake-up, the sinks and, if `reading`, the source. */
void lrh__lane_doze(struct lrh_lane *lane, int64_t timeout_ns, int reading);
int lrh__lane_source_fd(struct lrh_lane *lane); /* -1: none */
/* A stopping lane whose time is over. */
int lrh__lane_late(const struct lrh_lane *lane);
__attribute__((format(printf, 3, 4))) void lrh__lane_log(struct lrh_lane *lane, int32_t level,
                                                         const char *format, ...);

/* ---- lane_work.c ---- */
lr_status lrh__work_init(struct lrh_lane *lane, struct work *work);
void lrh__work_finish(struct work *work);
void lrh__work_release(struct lrh_lane *lane, struct work *work);
struct work *lrh__work_of(struct lrh_lane *lane, const struct lr_batch *batch);
/* The engine holds batches. */
int lrh__lane_holds(const struct lrh_lane *lane);
void lrh__lane_set_aside(struct lrh_lane *lane, struct work *work, uint32_t index,
                         const char *reason, const char *stage, const char *message);

/* ---- lane_plan.c ---- */
lr_status lrh__lane_plan(void *ctx, uint64_t max_records);

/* ---- lane_read.c ---- */
lr_status lrh__lane_read(void *ctx, uint32_t max_records, int64_t timeout_ns,
                         struct lr_batch **ret_batch);

/* ---- lane_flight.c ---- */
/* Back-pressure. Afterwards there is room, or a reason not to write. */
lr_status lrh__lane_wait_for_room(struct lrh_lane *lane, uint32_t count);
void lrh__flight_release(struct lrh_lane *lane, uint32_t number);

/* ---- lane_write.c ---- */
lr_status lrh__lane_write(void *ctx, struct lr_batch **batch);
/* The span's rows may still be written. */
int lrh__span_live(const struct lrh_lane *lane, const struct work *work, uint32_t span);

/* Gives rows first..end-1 to a sink, waiting as long as it has no room. */
lr_status lrh__lane_hand_over(struct lrh_lane *lane, const struct lrh_sink_part *sink,
                              const struct lr_batch *batch, struct flight *flight,
                              const struct flight_span *fs, uint32_t first, uint32_t end);

/* ---- lane_letter.c ---- */
lr_status lrh__lane_write_letters(struct lrh_lane *lane, struct work *work, struct flight *flight,
                                  uint64_t token);

/* ---- lane_commit.c ---- */
/* Asks the sinks to send on what they hold. */
lr_status lrh__lane_flush(struct lrh_lane *lane);
lr_status lrh__lane_drain(struct lrh_lane *lane, int64_t deadline_ns);
lr_status lrh__lane_begin(struct lrh_lane *lane);
lr_status lrh__lane_commit(struct lrh_lane *lane, int32_t wait);
/* A commit that the source could not take, or that no engine will ask for. */
lr_status lrh__lane_commit_due(struct lrh_lane *lane);

/* ---- lane_move.c ---- */
/* Back to what is finished (exactly_once: to what is stored); then RESET. */
lr_status lrh__lane_recover(struct lrh_lane *lane);
/* Voids what was read and not written, so that it is read again; then RESET. */
lr_status lrh__lane_unread(struct lrh_lane *lane);
/* Deals with lane->event, if there is one. */
lr_status lrh__lane_rebalance(struct lrh_lane *lane);

#endif
