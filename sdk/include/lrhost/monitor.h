/* SPDX-License-Identifier: MIT
 *
 * A monitor shows what a pipeline does. One instance per pipeline; all functions on [main],
 * off the data path: a slow monitor delays the next snapshot and nothing else.
 */
#ifndef LRHOST_MONITOR_H
#define LRHOST_MONITOR_H

#include "engine.h"

#ifdef __cplusplus
extern "C" {
#endif

#define LR_STATE_STARTING 1
#define LR_STATE_RUNNING 2
#define LR_STATE_STOPPING 3
#define LR_STATE_STOPPED 4
#define LR_STATE_FAILED 5

/* One value, of the host or of a plugin (host->metric). Names follow Prometheus:
 * lrhost_ prefix, base units, _total for counters. */
struct lr_metric {
    uint32_t size;
    int32_t kind; /* LR_COUNTER, LR_GAUGE */
    const char *name;
    const char *help;
    const char *section; /* whose it is: "pipeline", "source", "sink", ... */
    int32_t lane;        /* -1: of the whole pipeline */
    uint32_t reserved;
    double value;
};

struct lr_snapshot {
    uint32_t size;
    int32_t state; /* LR_STATE_* */
    const char *pipeline;
    const char *instance;
    int64_t wall_ns;
    int64_t elapsed_ns; /* since the first record was read; 0: none yet */
    uint32_t lanes;
    uint32_t streams; /* assigned at the moment, over all lanes */
    /* Totals over all lanes since the start. */
    uint64_t records_read;
    uint64_t records_scored;
    uint64_t records_written;   /* handed to the sink */
    uint64_t records_delivered; /* settled as DELIVERED, dead letters not counted */
    uint64_t records_bad;
    uint64_t dead_letters; /* settled as DELIVERED */
    uint64_t bytes_read;
    uint64_t batches;
    uint64_t commits;
    uint64_t rewinds;
    uint64_t rebalances;
    uint64_t in_flight; /* written, not settled */
    int64_t lag;        /* records not read yet, as far as the ends are known; -1: unknown */
    const struct lr_metric *metrics;
    uint32_t metric_size;
    uint32_t n_metrics;
};

/* A progress record of a lane's engine. */
struct lr_progress {
    uint32_t size;
    uint32_t lane;
    int64_t wall_ns;
    const struct lr_figure *figures;
    uint32_t figure_size;
    uint32_t n_figures;
};

struct lr_monitor {
    uint32_t size;
    uint32_t reserved;

    /* [required] Called about every interval_ns(), at each change of state, and a last time
     * with LR_STATE_STOPPED or LR_STATE_FAILED. Elements of arrays lie metric_size and figure_size
     * apart [monitor.snapshot]; nothing lives longer than the call [monitor.borrow]. */
    void (*snapshot)(void *self, const struct lr_snapshot *snapshot);

    /* [optional: not interested] */
    void (*progress)(void *self, const struct lr_progress *progress);

    /* [optional: one second] How often it wants a snapshot, 0 or more
     * [monitor.interval]. */
    int64_t (*interval_ns)(void *self);
};

#ifdef __cplusplus
}
#endif
#endif
