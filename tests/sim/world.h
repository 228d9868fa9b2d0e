/* SPDX-License-Identifier: MIT
 *
 * The simulated world of one history: three streams of records in a store, a consumer group of us
 * and one perfect peer, the output log with its transactions, a clock that moves only when
 * someone sleeps, and one seeded source of chance for everything. It survives crashes; what a
 * crash takes (lane, engine, clients) lives in struct life (life.h).
 *
 * A broken promise is reported with world_fail, which leaves the history with longjmp; so does a
 * crash, from the middle of any call of a plugin.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <lrhost/lrhost.h>
#include <setjmp.h>

#include "host/lane.h"

#define STREAMS 3
#define RECORDS 20
#define BATCH 6
#define OUTPUTS_MAX 8000
#define CALLS_MAX 60000   /* calls of plugins in one history; more is a hang */
#define LOOKS_MAX 4000000 /* looks at the clock; the same for a lane that calls nobody */

#define MS INT64_C(1000000)

/* What a record is. */
#define PLAIN 0
#define CONTROL 1 /* a gap: takes an offset, is never handed over */
#define BROKEN 2  /* the codec cannot read it */
#define REFUSED 3 /* the sink refuses it for good, and its neighbours with it */
#define LARGE 4   /* over the sink's max_record_bytes */
#define EMPTY 5   /* no value */

/* What must come out of it. */
#define NOTHING 0
#define RESULT 1
#define LETTER 2

#define US 0
#define PEER 1
#define NOBODY 2

#define OPEN 0 /* in a transaction that is not decided */
#define VISIBLE 1
#define ABORTED 2

#define CRASHED 1 /* values of setjmp(world->leave) */
#define FAILED 2

struct setup {
    int32_t guarantee; /* LRH_* */
    int32_t engine;    /* index into engines[] of engines.h */
    int32_t positions; /* the sink stores positions itself */
    int32_t mutant;    /* index into mutants[] of mutants.h; 0: none */
};

struct output {
    int32_t stream, kind, state, who; /* who: US, PEER; NOBODY: ours, after a loss */
    int64_t offset;
    int32_t transaction;
};

struct figures {
    uint64_t crashes, rebalances, losses, aborts, rewinds, doubts, stops, ends;
};

struct world {
    struct setup setup;
    uint64_t seed, chance;
    int trace;

    /* How this history is. */
    int32_t on_bad, on_null;
    int32_t slow;       /* the sink hardly moves */
    int32_t gives_back; /* the peer returns streams by itself */
    int32_t finite;     /* the source ends; there is no peer */
    int32_t vague;      /* the sink never says REJECTED */
    int32_t attached, source_fd, sink_fd, encodes;
    int32_t faults; /* left */
    int32_t dirty;  /* something happened after which a record may come twice */

    int64_t monotonic_ns;
    uint32_t calls, looks;

    int32_t kind[STREAMS][RECORDS];
    int64_t ends[STREAMS];      /* what the store holds by now */
    int64_t committed[STREAMS]; /* what the store knows */
    int64_t peer_at[STREAMS];
    int32_t owner[STREAMS];
    int32_t claim[STREAMS]; /* counts changes of owner */
    int32_t generation;
    int32_t transactions;

    struct output outputs[OUTPUTS_MAX];
    uint32_t n_outputs;
    uint32_t seen[STREAMS][RECORDS]; /* visible outputs of a record */

    struct life *life;     /* the newest; older ones behind it */
    struct lrh_lane *lane; /* that runs; NULL: none */
    int32_t stopped;       /* the lane was asked to stop */
    int64_t deadline_ns;   /* of that stop */
    int32_t quiet;         /* no crash at the moment */

    struct figures figures;
    char why[256];
    jmp_buf leave;
};

void world_init(struct world *world, const struct setup *setup, uint64_t seed);

/* 0 .. n-1 */
uint32_t world_draw(struct world *world, uint32_t n);
/* A fault, as long as the history has some left. */
int world_fault(struct world *world, uint32_t per_mille);
__attribute__((format(printf, 2, 3), noreturn)) void world_fail(struct world *world,
                                                                const char *format, ...);
__attribute__((format(printf, 2, 3))) void world_trace(struct world *world, const char *format,
                                                       ...);

/* What every call of a plugin begins with: the world moves on, and may crash us. */
void world_call(struct world *world);
void world_after_crash(struct world *world);

int world_expects(const struct world *world, uint32_t stream, int64_t offset);
void world_put(struct world *world, const struct output *output);
void world_decide(struct world *world, int32_t transaction, int32_t state);
/* What is open in any transaction of ours is aborted: a new client fences the old. */
void world_fence(struct world *world);
void world_store(struct world *world, const struct lr_position *positions, uint32_t n);
void world_own(struct world *world, uint32_t stream, int32_t owner);

/* Every record is through and every position stored. */
int world_done(const struct world *world);
/* The promises that can only be judged at the end. */
void world_judge(struct world *world);

const struct lrh_system *world_system(struct world *world, struct lrh_system *ret_system);

#endif
