/* SPDX-License-Identifier: MIT
 *
 * What lives from a start to a crash or a stop: the clients of source and sink, the codec, the
 * engine, and the lane under test. The fakes implement the public ABI; the tables are copied, so
 * that a mutant can replace single functions of them.
 *
 * The sink has two stages: a record that write took is queued, then sent (its fate is decided and
 * the output log gets it), then settled, late and in any order. A crash forgets what is queued.
 */
#ifndef SIM_LIFE_H
#define SIM_LIFE_H

#include "world.h"

#define QUEUE_MAX 16
#define HOLDS_MAX 32
#define VALUE_MAX 40

/* ---- source ---- */
struct hold { /* the values of one batch */
    struct hold *next;
    char values[BATCH][VALUE_MAX];
    int64_t offsets[BATCH];
};

struct sim_source {
    struct world *world;
    struct lr_stream streams[STREAMS];
    int32_t mine[STREAMS];
    int64_t at[STREAMS];
    int32_t generation; /* as this member knows it */
    int32_t event;      /* LR_EVENT_*; 0: none */
    int32_t stale;      /* the group moved on: an event is due */
    int32_t asked;      /* for the ends */
    struct lr_event report;
    const struct lr_stream *listed[STREAMS];
    struct hold *holds;
    uint32_t n_holds;
};

/* ---- sink ---- */
struct pending {
    uint64_t token;
    const char *data; /* encoded; must be the same when it is settled */
    struct life *life;
    int64_t offset;
    int32_t stream, letter, claim;
    int32_t sent, outcome;
    int32_t told; /* a mutant has settled it already */
};

struct sim_sink {
    struct world *world;
    struct life *life;
    int32_t letters;       /* takes dead letters */
    struct sim_sink *main; /* whose queue and transactions it uses; itself if not attached */
    uint32_t room;
    struct pending queue[QUEUE_MAX];
    uint32_t n;
    int32_t open, spoiled, restart; /* transaction; restart: nothing else is allowed */
    int32_t again;                  /* commit has said LR_AGAIN */
    int32_t aborting;               /* abort has */
    int32_t transaction;
};

struct life {
    struct life *next;
    struct world *world;
    struct sim_source source;
    struct sim_sink sink, dead;
    struct lr_source source_base, source_ops; /* as they should be; as the lane sees them */
    struct lr_sink sink_base, sink_ops, dead_base, dead_ops;
    struct lr_codec codec_ops;
    struct lrh_system system;
    struct lrh_lane *lane;
    const struct lr_plugin *engine; /* NULL: one of the simulation's own */
    void *engine_self;
    int64_t settings[16];
    struct lr_host host;
    int64_t cell;
    int64_t known[STREAMS]; /* for mutants: what the host could remember, */
    int32_t early;          /* an event was answered too early, */
    int32_t in_place;       /* the sink retries single records */
};

void sim_source_init(struct sim_source *source, struct world *world, struct lr_source *ret_ops);
void sim_source_stop(struct sim_source *source);
void sim_source_finish(struct sim_source *source);

void sim_sink_init(struct sim_sink *sink, struct life *life, struct sim_sink *main, int letters,
                   struct lr_sink *ret_ops);
void sim_sink_start(struct sim_sink *sink);
/* Drops what is queued, as the end of a client does. */
void sim_sink_stop(struct sim_sink *sink);
void sim_sink_settle(struct sim_sink *sink, uint32_t index, uint32_t count, int32_t outcome);
void sim_sink_send(struct sim_sink *sink);

void sim_codec_init(struct lr_codec *ret_ops);

/* One start of everything, up to an orderly stop. */
void life_run(struct world *world);
void life_free_all(struct world *world);

#endif
