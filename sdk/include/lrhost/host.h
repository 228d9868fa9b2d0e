/* SPDX-License-Identifier: MIT
 *
 * What the host offers to an instance. One table per instance, so that settles and log
 * lines of two instances are told apart. Call every function with host->ctx.
 */
#ifndef LRHOST_HOST_H
#define LRHOST_HOST_H

#include "abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Log levels, as syslog counts [log.level]. A message is one line of UTF-8 without a final newline
 * [log.line]. */
#define LR_LOG_ERROR 3
#define LR_LOG_WARNING 4
#define LR_LOG_NOTICE 5
#define LR_LOG_INFO 6
#define LR_LOG_DEBUG 7

/* The sink's word on records [sink.outcome]. */
#define LR_DELIVERED 0
#define LR_RETRY 1 /* not delivered, not the record's fault: the lane rewinds */
#define LR_RETRY_SINGLY                                                                            \
    2                  /* a group was refused and it is not known for whose fault: the             \
                          lane rewinds and writes that stretch record by record */
#define LR_REJECTED 3  /* refused for good, and this record alone is the reason */
#define LR_ABANDONED 4 /* given up with its transaction or client: free the memory only */

#define LR_COUNTER 1 /* only grows; the name ends in _total */
#define LR_GAUGE 2

struct lr_host {
    uint32_t size;
    uint32_t abi; /* the host's LRHOST_ABI */
    void *ctx;
    const char *pipeline; /* its name; stable across restarts */
    const char *instance; /* this process among those that run the pipeline */
    const char *section;  /* "source", "sink", "dead_letter", ... */
    uint32_t lane;        /* 0 .. lanes-1; 0 for models and monitors */
    uint32_t lanes;

    /* [any] Not for the data path: one line per event, never one per record. */
    void (*log)(void *ctx, int32_t level, const char *message);
    /* [any] Wall clock and monotonic clock, ns. A test may hold both. */
    int64_t (*wall_ns)(void *ctx);
    int64_t (*monotonic_ns)(void *ctx);
    /* [any] Not 0: the pipeline is stopping; return soon. */
    int32_t (*stopping)(void *ctx);
    /* [any] realloc: ptr NULL allocates, size 0 frees and returns NULL. NULL: no memory.
     * Optional to use; what is taken here is counted per instance. */
    void *(*memory)(void *ctx, void *ptr, size_t size);
    /* In create or start [metric.when]: a metric of this instance, shown by every monitor as
     * lrhost_<name>. The name is of a-z, 0-9 and _, a counter's ends in _total [metric.name].
     * `kind`: LR_COUNTER or LR_GAUGE. The cell lives as long as the instance; write it with
     * lr_metric_add or lr_metric_set from one thread. Never NULL. */
    int64_t *(*metric)(void *ctx, int32_t kind, const char *name, const char *help);

    /* Sinks only, [lane] [sink.settle-thread], inside a call of sink.write, poll, flush, commit or
     * abort, or of stop, when nobody waits for it any more
     * [sink.settle-inside]: the fate of `count` records,
     * from `token` on (batch->token + index). Each record that write took [sink.settle-taken] is
     * settled exactly once [sink.settle-once] [sink.settle-missing]. `outcome`: LR_DELIVERED ... */
    void (*settle)(void *ctx, uint64_t token, uint32_t count, int32_t outcome);
    /* Codecs only, [lane], inside decode [codec.bad-inside]: record `index` cannot be read, said
     * once [codec.bad-index]. `reason` is one word of a small fixed set ("parse", "features",
     * "not_finite", "size"), `message` a sentence that names the column [codec.bad-reason]. Both
     * are copied. */
    void (*bad_record)(void *ctx, uint32_t index, const char *reason, const char *message);

    int32_t guarantee; /* what the pipeline promises: LR_AT_MOST_ONCE ... */
    int32_t reserved;
    /* Bytes of memory that this instance should keep to for what it reads ahead, its part of
     * [pipeline] memory; 0: not said. For sources that read ahead. */
    int64_t budget;
};

/* The guarantee; 0: a host of the first form, which does not say. */
static inline int32_t lr_guarantee(const struct lr_host *host)
{
    return host->size >= offsetof(struct lr_host, reserved) ? host->guarantee : 0;
}

static inline void lr_metric_add(int64_t *cell, int64_t n)
{
    __atomic_store_n(cell, __atomic_load_n(cell, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

static inline void lr_metric_set(int64_t *cell, int64_t value)
{
    __atomic_store_n(cell, value, __ATOMIC_RELAXED);
}

#ifdef __cplusplus
}
#endif
#endif
