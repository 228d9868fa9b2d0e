/* SPDX-License-Identifier: MIT
 *
 * A host for tests: runs one plugin without lrhost, without Kafka and without waiting. Link with
 * liblrhost-testing.a (pkg-config lrhost-testing). `lrhost verify` is built on it, too.
 *
 *     struct lr_fake fake;
 *     struct lr_fake_batch *batch;
 *
 *     lr_fake_init(&fake);
 *     if (lr_fake_load(&fake, "./mymean.so", LR_MODEL, NULL) != LR_OK ||
 *         lr_fake_create(&fake, "features = 3") != LR_OK || lr_fake_start(&fake) != LR_OK)
 *         return fail(fake.err.text);
 *     ... call the functions of the kind, look at what the fake noted ...
 *     lr_fake_stop(&fake);
 *     lr_fake_destroy(&fake);
 *     return fake.n_breaches;
 *
 * Its clock moves only when the test moves it, or is the real one. It notes settles, log lines,
 * metrics and bad records, fails allocations when told to, and counts breaches of the headers'
 * rules: each by the id that stands in brackets in the header, such as [sink.settle-once].
 *
 * Not part of the ABI: header and library are of one version, and structs may change. Everything
 * runs on the test's own thread; what the plugin calls may come from any.
 */
#ifndef LRHOST_TESTING_H
#define LRHOST_TESTING_H

#include <pthread.h>

#include "lrhost.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- guarded memory ------------------------------------------------------------------------
 * Bytes that end right before a page which nobody may touch, so that a step too far is a SIGSEGV
 * at once. */
struct lr_fake_pages {
    void *at;    /* `size` bytes, zeroed */
    size_t size; /* as asked for */
    void *map;
    size_t map_size;
};

/* `align` is a power of two; what it costs lies between the bytes and the guard. LR_ENOMEM. */
lr_status lr_fake_pages_init(struct lr_fake_pages *pages, size_t size, size_t align);
#define LR_FAKE_NO_ACCESS 0
#define LR_FAKE_READ_ONLY 1
#define LR_FAKE_READ_WRITE 2
void lr_fake_pages_protect(struct lr_fake_pages *pages, int access);
void lr_fake_pages_finish(struct lr_fake_pages *pages); /* harmless twice */

/* ---- batches ------------------------------------------------------------------------------- */

/* What a batch looks like; zero members get the plainest form. */
struct lr_fake_shape {
    uint32_t count;      /* records in use */
    uint32_t capacity;   /* at least count */
    uint32_t n_features; /* 0: no x */
    uint32_t n_outputs;  /* 0: no out */
    uint32_t x_gap;      /* unused doubles behind each row of x */
    uint32_t out_gap;    /* the same of out */
    uint32_t record_gap; /* unused bytes behind each record; a multiple of 8 */
    uint32_t odd;        /* not 0: columns are aligned to 8 bytes and not to 16 */
    uint32_t value_gap;  /* not 0: values may be written, and have so many zeros behind them */
    uint64_t token;      /* of the first record */
};

struct lr_fake_batch {
    struct lr_batch batch; /* what the plugin gets */
    struct lr_fake_shape shape;
    struct lr_stream stream;
    const struct lr_stream *streams[1];
    struct lr_fake_pages records, spans, x, out, y, t0, t1, encoded;
    struct lr_fake_pages *values; /* [count] or NULL */
};

/* Rows of x hold small numbers that are drawn from `seed`; y holds NaN, out a pattern that no
 * model gives (see lr_fake_is_unset), records offsets 0, 1, ... of one stream. LR_ENOMEM. */
lr_status lr_fake_batch_create(const struct lr_fake_shape *shape, uint64_t seed,
                               struct lr_fake_batch **ret_batch);
void lr_fake_batch_destroy(struct lr_fake_batch *batch); /* NULL is harmless */

/* Record `i` gets a copy of these bytes (a part of its own value, too), read-only and with a guard
 * right behind them, unless the shape says value_gap. */
lr_status lr_fake_batch_value(struct lr_fake_batch *batch, uint32_t i, const void *data,
                              uint32_t len);
double *lr_fake_x(struct lr_fake_batch *batch, uint32_t row);
double *lr_fake_out(struct lr_fake_batch *batch, uint32_t row);
/* The pattern: a NaN that no arithmetic gives. */
double lr_fake_unset(void);
/* Nobody wrote to it since the batch was made. */
int lr_fake_is_unset(double value);
/* A sentence about what was written where nothing is to be written: gaps between rows, rows
 * behind the last record; with `inputs` also x. NULL: nothing. Static memory. */
const char *lr_fake_batch_judge(const struct lr_fake_batch *batch, int inputs);
/* What is borrowed until a call returns is taken away, or given back: all but `encoded` and the
 * struct itself. */
void lr_fake_batch_protect(struct lr_fake_batch *batch, int access);

/* ---- host ---------------------------------------------------------------------------------- */

struct lr_fake_settle {
    uint64_t token;
    uint32_t count;
    int32_t outcome;
};

struct lr_fake_metric {
    char name[96];
    int32_t kind;
    uint32_t reserved;
    int64_t value;
};

struct lr_fake_bad {
    uint32_t index;
    char reason[32];
    char message[220];
};

#define LR_FAKE_NOTES 256
#define LR_FAKE_METRICS 64

/* Which function of the plugin is running: settles and bad records belong into some. */
#define LR_FAKE_OUTSIDE 0
#define LR_FAKE_IN_LIFE 1  /* create, start */
#define LR_FAKE_IN_SINK 2  /* write, poll, flush, commit, abort */
#define LR_FAKE_IN_CODEC 3 /* decode */
#define LR_FAKE_IN_STOP 4

struct lr_fake {
    /* The plugin; for calls of its kind's functions: ((const struct lr_model *)plugin->ops). */
    const struct lr_plugin *plugin;
    void *self;
    struct lr_error err;
    struct lr_host host;           /* change it before create */
    const struct lr_host *host_at; /* what create gets instead of &host; NULL: &host */

    /* What the host answers; change it at any time. */
    int64_t wall_ns, monotonic_ns; /* the fake clock; begins at 1 s */
    int32_t real_clock;            /* not 0: the system's clocks instead */
    int32_t stopping;
    int64_t fail_memory; /* n: the n-th host->memory call from now on fails; 0: none */

    /* What the plugin did. */
    struct lr_fake_settle settles[LR_FAKE_NOTES]; /* the first ones */
    uint32_t n_settles;
    uint64_t n_settled; /* records */
    uint64_t outcomes[5];
    char logs[LR_FAKE_NOTES][256]; /* the first ones */
    uint32_t n_logs;
    struct lr_fake_metric metrics[LR_FAKE_METRICS];
    uint32_t n_metrics;
    struct lr_fake_bad bad[LR_FAKE_NOTES]; /* of the present decode */
    uint32_t n_bad;
    int64_t memory;      /* bytes taken by host->memory and not given back */
    uint32_t n_problems; /* that check() found; the first one: */
    char problem[512];
    uint32_t n_breaches; /* of the headers' rules; the first one: */
    char rule[48];
    char breach[256];
    /* Instead of noting a breach; NULL: note it. */
    void (*on_breach)(void *ctx, const char *rule, const char *message);
    void *breach_ctx;

    /* private */
    pthread_mutex_t mutex;
    pthread_t caller;
    int32_t inside;
    uint32_t batch_count;
    void *settings;
    unsigned char *tokens; /* fate of each record that was written, from first_token on */
    uint64_t first_token, n_tokens, room;
    int64_t nowhere;
};

void lr_fake_init(struct lr_fake *fake);

/* Finds the plugin of a kind in a module: the one called `name`, or (NULL) the first one. A
 * descriptor that the test is linked with can be put into fake->plugin instead. */
lr_status lr_fake_load(struct lr_fake *fake, const char *path, uint32_t kind, const char *name);
/* Settings from "key = value" lines and the option table's defaults, as lrhost makes them; NULL:
 * defaults only. Then check, then create. Relative paths begin at the working directory.
 * LR_ECONFIG: the lines or what check() said. */
lr_status lr_fake_create(struct lr_fake *fake, const char *settings);
lr_status lr_fake_start(struct lr_fake *fake);
void lr_fake_stop(struct lr_fake *fake); /* deadline: 10 s from now */
void lr_fake_stop_by(struct lr_fake *fake, int64_t deadline_ns);
/* Destroys the instance and forgets its settings; harmless twice. What was noted stays. */
void lr_fake_destroy(struct lr_fake *fake);

/* The steps of lr_fake_create one by one: settings (the values, NULL on failure), then create. */
const void *lr_fake_settings(struct lr_fake *fake, const char *settings, const char *folder);
void lr_fake_check(struct lr_fake *fake);
lr_status lr_fake_create_only(struct lr_fake *fake);

/* Moves the fake clock. */
void lr_fake_sleep(struct lr_fake *fake, int64_t ns);
/* Around a call that the functions below do not make: LR_FAKE_IN_..., then LR_FAKE_OUTSIDE. */
void lr_fake_enter(struct lr_fake *fake, int32_t inside);
/* Notes a breach, as the fake itself does. */
__attribute__((format(printf, 3, 4))) void lr_fake_breach(struct lr_fake *fake, const char *rule,
                                                          const char *format, ...);
/* A log line that contains `text`, or NULL. */
const char *lr_fake_logged(const struct lr_fake *fake, const char *text);
/* A metric's value; 0 when there is none of that name. */
int64_t lr_fake_metric_value(const struct lr_fake *fake, const char *name);

/* ---- codecs and sinks: calls that keep account --------------------------------------------- */

/* Decodes; bad records are in fake->bad and get LR_RECORD_BAD. */
lr_status lr_fake_decode(struct lr_fake *fake, struct lr_batch *batch);
/* The sink's functions. Each record that write took is settled exactly once, inside one of
 * these calls and on its thread: anything else is a breach. */
lr_status lr_fake_write(struct lr_fake *fake, const struct lr_batch *batch, uint32_t first,
                        uint32_t count, uint32_t *ret_taken);
lr_status lr_fake_poll(struct lr_fake *fake, int64_t timeout_ns);
lr_status lr_fake_flush(struct lr_fake *fake);
lr_status lr_fake_begin(struct lr_fake *fake);
lr_status lr_fake_commit(struct lr_fake *fake, const struct lr_position *positions, uint32_t n);
lr_status lr_fake_abort(struct lr_fake *fake);
/* Records that were written and are not settled. */
uint64_t lr_fake_unsettled(const struct lr_fake *fake);
/* Flushes and polls until all is settled; LR_AGAIN: not within timeout_ns of real time. */
lr_status lr_fake_drain(struct lr_fake *fake, int64_t timeout_ns);

/* ---- engines: a lane ----------------------------------------------------------------------
 * The verbs of struct lr_lane over a counted run of records, with a clock that moves only when a
 * verb costs or waits for time. Any call of any verb can be told to return something else. It
 * notes every call and counts what an engine must not do. Records are numbers 0, 1, 2 ...; `there`
 * of them are there at the start, more come at `rate`. A RESET voids what is held and puts
 * reading back to what is finished. */
#define LR_FAKE_MS 1000000LL
#define LR_FAKE_CALLS 20000
#define LR_FAKE_PROGRESS 512
#define LR_FAKE_FIGURES 16
#define LR_FAKE_MAX_BATCH 4096
#define LR_FAKE_BATCHES 4 /* of the lane */

#define LR_FAKE_PLAN 0
#define LR_FAKE_READ 1
#define LR_FAKE_SCORE 2
#define LR_FAKE_WRITE 3
#define LR_FAKE_DISCARD 4
#define LR_FAKE_DRAIN 5
#define LR_FAKE_COMMIT 6
#define LR_FAKE_WAIT 7
#define LR_FAKE_VERBS 8

struct lr_fake_call {
    int32_t verb;
    lr_status status;
    int64_t began_ns;
    uint64_t n; /* plan, read: asked for; score, write: records; commit: newly committed */
    int64_t timeout_ns;
};

struct lr_fake_progress {
    int64_t at_ns;
    uint32_t n;
    struct {
        char name[40];
        double value;
    } figures[LR_FAKE_FIGURES];
};

struct lr_fake_held {
    struct lr_batch batch;
    int32_t held, is_void;
    uint64_t first; /* number of its first record */
};

struct lr_fake_lane {
    struct lr_lane lane; /* for engine->run */
    /* set by the test, after lr_fake_lane_init */
    uint64_t there;                 /* records at time 0 */
    uint64_t total;                 /* as many come in all; UINT64_MAX: no end */
    double rate;                    /* per second */
    int64_t stop_ns;                /* when a stop is requested */
    int64_t cost_ns[LR_FAKE_VERBS]; /* of each call; score's is per record */
    int64_t settle_ns;              /* from write until settled */
    int32_t ends;                   /* the source ends after `total` records */
    struct {
        int32_t verb;
        uint32_t call; /* 1: the first one */
        lr_status status;
    } script;
    void (*on_breach)(void *ctx, const char *rule, const char *message);
    void *breach_ctx;
    /* state */
    int64_t now_ns;
    uint64_t position, written, finished, committed;
    uint64_t plan_end;
    int32_t planned;
    uint32_t late;         /* calls after a stop was requested */
    int64_t settled_at_ns; /* when the last write is settled */
    struct lr_fake_held batches[LR_FAKE_BATCHES];
    uint32_t held; /* batches in the engine's hands */
    uint32_t counts[LR_FAKE_VERBS];
    /* notes */
    struct lr_fake_call calls[LR_FAKE_CALLS];
    uint32_t n_calls;
    struct lr_fake_progress progress[LR_FAKE_PROGRESS];
    uint32_t n_progress;
    uint32_t breaches; /* of the headers' rules, by the engine */
};

void lr_fake_lane_init(struct lr_fake_lane *fake);
/* A figure of a progress record; NaN when it has none of that name. */
double lr_fake_figure(const struct lr_fake_progress *progress, const char *name);
/* The i-th call of a verb, or NULL. */
const struct lr_fake_call *lr_fake_called(const struct lr_fake_lane *fake, int32_t verb,
                                          uint32_t i);

#ifdef __cplusplus
}
#endif
#endif
