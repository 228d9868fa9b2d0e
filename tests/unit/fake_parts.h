/* SPDX-License-Identifier: MIT
 *
 * A source and a sink for a lane under test, with a clock that moves only when someone sleeps.
 *
 * The source has two streams of `there[]` records each; what is special about a record is noted
 * in `special[]`. The sink settles at once, or holds what it took until the test settles it. Both
 * note what the lane did, and count breaches of their contract.
 */
#ifndef TESTS_FAKE_PARTS_H
#define TESTS_FAKE_PARTS_H

#include <lrhost/lrhost.h>

#include "host/lane.h"

#define PARTS_MS INT64_C(1000000)
#define PARTS_LOG 4096
#define PARTS_SPECIALS 8

/* What a record is. */
#define PARTS_EMPTY 1  /* no value */
#define PARTS_BROKEN 2 /* the codec cannot read it */
#define PARTS_LARGE 3  /* 100 bytes */

struct parts_written { /* one record that the sink took */
    uint64_t token;
    int64_t offset;
    uint32_t stream;
    int32_t letter, settled;
    char value[112];
    char reason[32]; /* of a dead letter: lrhost.error.class */
};

struct fake_parts {
    struct lrh_lane_config config; /* as lane_init made it; change it before parts_create */
    struct lrh_system system;
    struct lrh_lane *lane;
    const struct lr_lane *verbs;
    struct lr_error err;
    int64_t now_ns;
    int64_t slept_ns;
    int32_t breaches;
    char breach[160]; /* the first one */

    /* source */
    struct lr_source source;
    struct lr_stream streams[2];
    const struct lr_stream *listed[2];
    struct lr_event event;
    int32_t announced, gone, mine[2];
    int64_t at[2], there[2], stored[2];
    int32_t ends_at; /* not 0: LR_END when all of it was read */
    int32_t split;   /* hands over spans of one record each, in turn */
    int32_t commit_status, ends_status;
    uint32_t polls, idle_polls, held, commits, seeks;
    struct {
        uint32_t stream;
        int64_t offset;
        int32_t what;
    } special[PARTS_SPECIALS];
    uint32_t n_special;

    /* sink */
    struct lr_sink sink, dead;
    struct lr_codec codec;
    int32_t greedy;   /* claims one record more than it was given */
    int32_t hold;     /* settles come from the test */
    uint32_t room;    /* records it takes; UINT32_MAX: any number */
    uint32_t at_most; /* of them in one call; 0: all */
    int32_t outcome;  /* of what is settled at once */
    int32_t open, begins, aborts, transactions;
    int32_t sink_commit;
    struct parts_written log[PARTS_LOG];
    uint32_t n_log;

    struct lr_model model; /* its self is a factor: const double * */
};

/* Defaults: at_least_once, batches of 8, dead letters on, 8 records in each stream. */
void parts_init(struct fake_parts *parts);
void parts_special(struct fake_parts *parts, uint32_t stream, int64_t offset, int32_t what);
lr_status parts_create(struct fake_parts *parts);
/* Creates the lane and lets it take its streams. */
void parts_start(struct fake_parts *parts);
void parts_destroy(struct fake_parts *parts);

/* Reads one batch without waiting; NULL when the status is not LR_OK. */
struct lr_batch *parts_read(struct fake_parts *parts, uint32_t max);
/* Reads and writes until nothing is left; how many records went through. */
uint32_t parts_pump(struct fake_parts *parts);
/* Settles record `i` of the log. */
void parts_settle(struct fake_parts *parts, uint32_t i, int32_t outcome);
void parts_settle_all(struct fake_parts *parts, int32_t outcome);
/* The streams go; `kind` LR_EVENT_REVOKE or LR_EVENT_LOST. */
void parts_take_away(struct fake_parts *parts, int32_t kind);
/* Records of the log that are dead letters (1) or results (0). */
uint32_t parts_count(const struct fake_parts *parts, int32_t letter);

#endif
