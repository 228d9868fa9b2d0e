/* SPDX-License-Identifier: MIT
 *
 * The verb plan: fixes where each assigned stream ends for now. Until the plan is done, read stops
 * there. See lane.h.
 */
#include "lane_private.h"

#include <lrhost/error.h>

#define MS INT64_C(1000000)

/* Deals `max` records out to the streams in proportion to what each has, as Structured
 * Streaming does with maxOffsetsPerTrigger; a stream with anything gets at least one. */
static void deal(struct lrh_lane *lane, uint32_t n, uint64_t max)
{
    double total = 0;

    for (uint32_t i = 0; i < n; i++) {
        const struct lrh_stream *s = &lane->ledger.streams[lane->positions[i].stream];

        if (lane->positions[i].next > s->read)
            total += (double)(lane->positions[i].next - s->read);
    }
    for (uint32_t i = 0; i < n; i++) {
        struct lrh_stream *s = &lane->ledger.streams[lane->positions[i].stream];
        int64_t has = lane->positions[i].next - s->read, share = has;

        s->end = lane->positions[i].next;
        if (max && has > 0 && total > (double)max) {
            share = (int64_t)((double)max * (double)has / total);
            share = share < 1 ? 1 : share;
        }
        s->until = has > 0 ? s->read + share : s->read;
    }
}

lr_status lrh__lane_plan(void *ctx, uint64_t max_records)
{
    struct lrh_lane *lane = ctx;
    const struct lrh_source_part *source = &lane->config.source;
    struct lr_error err = LR_ERROR_INIT;
    int64_t begun = lane_mono(lane);
    lr_status status = lrh__lane_enter(lane);

    while (status == LR_OK) {
        uint32_t n = 0;

        for (uint32_t i = 0; i < lane->ledger.n_streams; i++)
            if (lane->ledger.streams[i].ours)
                lane->positions[n++] = (struct lr_position){i, 0, -1};
        status = LR_OK;
        if (source->ops->ends && n)
            status = source->ops->ends(source->self, lane->positions, n, &err);
        if (status < 0) {
            lr_context(&err, "source");
            return lrh__lane_fail(lane, status, &err);
        }
        if (status == LR_OK && lane->totals.rebalances == 0 && !lane->at_end)
            status = LR_AGAIN; /* what is ours is not known yet */
        if (status == LR_OK) {
            if (source->ops->ends)
                deal(lane, n, max_records);
            for (uint32_t i = 0; i < n && !source->ops->ends; i++)
                lane->ledger.streams[lane->positions[i].stream].until = INT64_MAX;
            if (lane->config.model)
                __atomic_store_n(&lane->model,
                                 __atomic_load_n(lane->config.model, __ATOMIC_ACQUIRE),
                                 __ATOMIC_RELEASE);
            lane->plan = 1;
            lane->plan_left = !source->ops->ends && max_records ? (int64_t)max_records : -1;
            break;
        }
        if (lrh_lane_stopping(lane)) { /* nothing will be read: an empty plan is true */
            deal(lane, 0, 0);
            status = LR_OK;
            break;
        }
        if (lrh__lane_serve(lane, 5 * MS) != LR_OK)
            return lane->status;
        status = lrh__lane_enter(lane);
    }
    ADD(lane, verb_ns[LRH_VERB_PLAN], lane_mono(lane) - begun);
    return status;
}
