/* SPDX-License-Identifier: MIT
 *
 * Works: the batches in the engine's hands, and the records of them that are set aside. See
 * lane_private.h. All columns of a work are one allocation, each on a cache line of its own.
 */
#include "lane_private.h"

#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>

lr_status lrh__work_init(struct lrh_lane *lane, struct work *work)
{
    const struct lrh_lane_config *c = &lane->config;
    size_t n = c->max_batch;
    size_t spans = n < SPANS_MAX ? n : SPANS_MAX;
    size_t stride = c->n_features ? c->n_features : 1, outputs = c->n_outputs ? c->n_outputs : 1;
    size_t sizes[9] = {n * sizeof(struct lr_record), spans * sizeof(struct lr_span),
                       n * stride * sizeof(double),  n * outputs * sizeof(double),
                       n * sizeof(double),           n * sizeof(int64_t),
                       n * sizeof(int64_t),          n * sizeof(struct lr_bytes),
                       spans * sizeof(uint32_t)};
    char *at[9], *p;
    size_t total = 0;

    for (int i = 0; i < 9; i++)
        total += (sizes[i] + 63) & ~(size_t)63;
    p = work->memory = aligned_alloc(64, total);
    if (!p)
        return LR_ENOMEM;
    for (int i = 0; i < 9; i++) {
        at[i] = p;
        p += (sizes[i] + 63) & ~(size_t)63;
    }
    work->batch = (struct lr_batch){.size = sizeof work->batch,
                                    .record_size = sizeof(struct lr_record),
                                    .capacity = c->max_batch,
                                    .records = (void *)at[0],
                                    .spans = (void *)at[1],
                                    .span_capacity = (uint32_t)spans,
                                    .x = (void *)at[2],
                                    .n_features = c->n_features,
                                    .x_stride = (uint32_t)stride,
                                    .out = (void *)at[3],
                                    .n_outputs = c->n_outputs,
                                    .out_stride = (uint32_t)outputs,
                                    .y = (void *)at[4],
                                    .t0 = (void *)at[5],
                                    .t1 = (void *)at[6],
                                    .encoded = (void *)at[7],
                                    .lane = c->index};
    work->epochs = (void *)at[8];
    return LR_OK;
}

void lrh__work_finish(struct work *work)
{
    free(work->memory);
    free(work->bad);
}

struct work *lrh__work_of(struct lrh_lane *lane, const struct lr_batch *batch)
{
    for (uint32_t i = 0; i < WORKS; i++)
        if (&lane->works[i].batch == batch && lane->works[i].held)
            return &lane->works[i];
    return NULL;
}

int lrh__lane_holds(const struct lrh_lane *lane)
{
    return lane->n_free_works < WORKS;
}

void lrh__work_release(struct lrh_lane *lane, struct work *work)
{
    const struct lrh_source_part *source = &lane->config.source;

    if (source->ops->release)
        source->ops->release(source->self, &work->batch);
    for (uint32_t i = 0; i < work->batch.count; i++)
        work->batch.t0[i] = -1;
    work->held = 0;
    work->n_bad = 0;
    lane->free_works[lane->n_free_works++] = (uint32_t)(work - lane->works);
}

static void count_bad(struct lrh_lane *lane, const char *reason)
{
    uint32_t i = 0;

    ADD(lane, bad, 1);
    lane->window_bad++;
    while (i < BAD_REASONS - 1 && lane->bad_reason[i][0] && strcmp(lane->bad_reason[i], reason))
        i++;
    if (!lane->bad_reason[i][0])
        (void)snprintf(lane->bad_reason[i], sizeof lane->bad_reason[i], "%.31s",
                       i < BAD_REASONS - 1 ? reason : "other");
    __atomic_store_n(&lane->bad_count[i], lane->bad_count[i] + 1, __ATOMIC_RELEASE);
}

const char *lrh_lane_bad_reason(const struct lrh_lane *lane, uint32_t i, int64_t *ret_count)
{
    if (i >= BAD_REASONS)
        return NULL;
    *ret_count = __atomic_load_n(&lane->bad_count[i], __ATOMIC_ACQUIRE);
    return *ret_count ? lane->bad_reason[i] : NULL;
}

void lrh__lane_set_aside(struct lrh_lane *lane, struct work *work, uint32_t index,
                         const char *reason, const char *stage, const char *message)
{
    struct lr_record *record;
    struct bad_row *row;

    if (index >= work->batch.count)
        return;
    record = lr_batch_record(&work->batch, index);
    if (record->flags & LR_RECORD_BAD)
        return;
    record->flags |= LR_RECORD_BAD;
    if (work->n_bad == work->bad_room) {
        uint32_t room = work->bad_room ? work->bad_room * 2 : 16;
        struct bad_row *rows = realloc(work->bad, room * sizeof *rows);

        if (!rows) {
            struct lr_error err = LR_ERROR_INIT;

            (void)lrh__lane_fail(lane, lr_fail(&err, LR_ENOMEM, "out of memory for bad records"),
                                 &err);
            return;
        }
        work->bad = rows;
        work->bad_room = room;
    }
    row = &work->bad[work->n_bad++];
    row->index = index;
    row->skip = lane->config.on_bad == LRH_BAD_SKIP;
    (void)snprintf(row->reason, sizeof row->reason, "%s", reason);
    (void)snprintf(row->stage, sizeof row->stage, "%s", stage);
    (void)snprintf(row->message, sizeof row->message, "%s", message);
    count_bad(lane, reason);
    if (lane->config.on_bad == LRH_BAD_FAIL) {
        struct lr_error err = LR_ERROR_INIT;
        const struct lr_stream *s = lane->ledger.infos[record->stream];

        (void)lr_fail(&err, LR_EDATA, "bad record at %s[%d] offset %lld (%s): %s", s->topic,
                      s->partition, (long long)record->offset, reason, message);
        (void)lrh__lane_fail(lane, LR_EDATA, &err);
    }
}

void lrh_lane_bad_record(struct lrh_lane *lane, uint32_t index, const char *reason,
                         const char *message)
{
    if (lane->decoding)
        lrh__lane_set_aside(lane, lane->decoding, index, reason, "decode", message);
}
