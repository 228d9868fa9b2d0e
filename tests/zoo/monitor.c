/* SPDX-License-Identifier: MIT
 *
 * A monitor of the zoo: adds up the lengths of what it is shown.
 */
#include "life.h"

struct zoo {
    struct life life;
    size_t sum;
    const struct lr_snapshot *last;
};

static size_t zoo_size(void)
{
    return sizeof(struct zoo);
}

static void *zoo_of(struct life *life)
{
    return life;
}

static void snapshot(void *self, const struct lr_snapshot *snapshot)
{
    struct zoo *zoo = self;

    used(&zoo->life);
#if WRONG_borrow
    if (zoo->last)
        zoo->sum += zoo->last->lanes;
    zoo->last = snapshot;
#endif
    zoo->sum += strlen(snapshot->pipeline);
    for (uint32_t i = 0; i < snapshot->n_metrics; i++) {
#if WRONG_steps
        const struct lr_metric *metric = &snapshot->metrics[i];
#else
        const struct lr_metric *metric =
            (const void *)((const char *)snapshot->metrics + (size_t)i * snapshot->metric_size);
#endif
        zoo->sum += strlen(metric->name);
    }
}

static int64_t interval_ns(void *self)
{
    (void)self;
#if WRONG_interval
    return -1;
#endif
    return 500000000;
}

static const struct lr_monitor ops = {
    .size = sizeof ops, .snapshot = snapshot, .interval_ns = interval_ns};

ZOO_MODULE(LR_MONITOR, ops)
