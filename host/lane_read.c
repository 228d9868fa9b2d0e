/* SPDX-License-Identifier: MIT
 *
 * The verb read: where a lane takes records from its source. See lane.h.
 *
 * Positions enter the ledger when a batch is read (read) and when it is written (written); a
 * batch that is never written leaves no trace but a seek.
 */
#include "lane_private.h"

#include <lrhost/error.h>
#include <math.h>
#include <string.h>

#define MS INT64_C(1000000)
#define LAG_EVERY_NS (1000 * MS)

/* ---- read ------------------------------------------------------------------------------- */

/* Puts the positions of a fresh batch into the ledger; refuses what breaks the contract. */
static lr_status account(struct lrh_lane *lane, struct work *work)
{
    struct lr_batch *batch = &work->batch;
    struct lr_error err = LR_ERROR_INIT;
    uint64_t records = 0;

    for (uint32_t i = 0; i < batch->n_spans; i++) {
        const struct lr_span *span = &batch->spans[i];
        struct lrh_stream *s = lrh_ledger_stream(&lane->ledger, span->stream);

        if (!s)
            return lrh__lane_fail(
                lane,
                lr_fail(&err, LR_EINTERNAL,
                        "source: it handed over records of stream %u, which is not assigned",
                        span->stream),
                &err);
        records += span->count;
        if (span->count) {
            s->last_read = work->serial;
        } else if (s->read == s->written) { /* nothing unwritten: the mark counts at once */
            uint64_t segment;

            if (lrh_ledger_append(&lane->ledger, span->stream, span->next, 0, &segment, &err))
                return lrh__lane_fail(lane, LR_ENOMEM, &err);
        }
        if (span->next < s->read && lane->plan)
            s->until = span->next; /* the stream begins anew: not part of this plan */
        s->read = span->next;
        work->epochs[i] = s->read_epoch;
    }
    if (records != batch->count)
        return lrh__lane_fail(lane,
                              lr_fail(&err, LR_EINTERNAL,
                                      "source: its spans count %llu records, its batch %u",
                                      (unsigned long long)records, batch->count),
                              &err);
    return LR_OK;
}

static int is_poison(const struct lrh_lane *lane, const struct lr_record *record)
{
    for (uint32_t i = 0; i < lane->n_poisons; i++)
        if (lane->poisons[i].stream == record->stream && lane->poisons[i].offset == record->offset)
            return 1;
    return 0;
}

/* Null values and records that the sink refused before, by policy. */
static void sort_out(struct lrh_lane *lane, struct work *work)
{
    struct lr_batch *batch = &work->batch;
    int64_t nulls = 0;

    for (uint32_t i = 0; i < batch->count; i++) {
        struct lr_record *record = lr_batch_record(batch, i);

        if (record->flags & LR_RECORD_NULL) {
            nulls++;
            if (batch->n_features)
                memset(batch->x + (size_t)i * batch->x_stride, 0,
                       batch->n_features * sizeof *batch->x);
            if (lane->config.on_null == LRH_NULL_BAD)
                lrh__lane_set_aside(lane, work, i, "null", "read", "the record has no value");
            else if (lane->config.on_null == LRH_NULL_SKIP) {
                record->flags |= LR_RECORD_BAD; /* no row in work->bad: finished as it stands */
                ADD(lane, skipped, 1);
            }
        }
        if (lane->n_poisons && is_poison(lane, record))
            lrh__lane_set_aside(lane, work, i, "rejected", "write",
                                "the sink refused the record for good");
    }
    if (nulls)
        ADD(lane, nulls, nulls);
}

/* The breaker: a pipeline that reads the wrong topic ends before it has made dead letters of all of
 * it. Windows do not overlap. */
static lr_status judge_window(struct lrh_lane *lane, const struct work *work)
{
    int64_t n = lane->window_records += work->batch.count, bad = lane->window_bad;
    const struct bad_row *last = work->n_bad ? &work->bad[work->n_bad - 1] : NULL;
    struct lr_error err = LR_ERROR_INIT;

    if (lane->config.bad_window == 0 || n < lane->config.bad_window)
        return LR_OK;
    lane->window_records = lane->window_bad = 0;
    if ((double)bad <= lane->config.max_bad_ratio * (double)n)
        return LR_OK;
    (void)lr_fail(&err, LR_EDATA,
                  "%lld of the last %lld records were bad (%s), more than max_bad_ratio = %g "
                  "allows; is this the right input, and does [codec] describe it?",
                  (long long)bad, (long long)n, last ? last->message : "the log says why",
                  lane->config.max_bad_ratio);
    return lrh__lane_fail(lane, LR_EDATA, &err);
}

static lr_status decode(struct lrh_lane *lane, struct work *work)
{
    const struct lrh_codec_part *codec = &lane->config.codec;
    struct lr_batch *batch = &work->batch;
    struct lr_error err = LR_ERROR_INIT;
    lr_status status = LR_OK;
    int64_t bytes = 0;

    for (uint32_t i = 0; i < batch->count; i++) {
        batch->t1[i] = batch->read_ns;
        bytes += lr_batch_record(batch, i)->value_len;
    }
    ADD(lane, read_bytes, bytes);
    if (lane->config.decode) {
        lane->decoding = work;
        status = codec->ops->decode(codec->self, batch, &err);
        lane->decoding = NULL;
        if (status < 0) {
            lr_context(&err, "codec");
            return lrh__lane_fail(lane, status, &err);
        }
    }
    sort_out(lane, work);
    return lane->status != LR_OK ? lane->status : judge_window(lane, work);
}

static void update_lag(struct lrh_lane *lane, int64_t now)
{
    const struct lrh_source_part *source = &lane->config.source;
    struct lr_error err = LR_ERROR_INIT;
    uint32_t n = 0;
    int64_t lag = 0;

    if (!source->ops->ends || now < lane->lag_due_ns)
        return;
    lane->lag_due_ns = now + LAG_EVERY_NS;
    for (uint32_t i = 0; i < lane->ledger.n_streams; i++)
        if (lane->ledger.streams[i].ours)
            lane->positions[n++] = (struct lr_position){i, 0, -1};
    if (n && source->ops->ends(source->self, lane->positions, n, &err) != LR_OK)
        return;
    for (uint32_t i = 0; i < n; i++) {
        struct lrh_stream *s = &lane->ledger.streams[lane->positions[i].stream];

        s->end = lane->positions[i].next;
        if (s->end > s->read)
            lag += s->end - s->read;
    }
    SET(lane, lag, lag);
}

static int plan_done(const struct lrh_lane *lane)
{
    if (lane->plan_left == 0)
        return 1;
    if (!lane->config.source.ops->ends)
        return 0;
    for (uint32_t i = 0; i < lane->ledger.n_streams; i++)
        if (lane->ledger.streams[i].ours &&
            lane->ledger.streams[i].read < lane->ledger.streams[i].until)
            return 0;
    return 1;
}

static int single_done(const struct lrh_lane *lane)
{
    for (uint32_t i = 0; i < lane->ledger.n_streams; i++)
        if (lane->ledger.streams[i].ours &&
            lane->ledger.streams[i].read < lane->ledger.streams[i].single_until)
            return 0;
    return 1;
}

/* Columns that nobody fills say so; a row is preset when it is first used, not before. */
static void preset(struct work *work, uint32_t rows)
{
    struct lr_batch *batch = &work->batch;

    for (; work->preset < rows; work->preset++) {
        batch->t0[work->preset] = -1;
        batch->y[work->preset] = NAN;
        for (uint32_t j = 0; j < batch->out_stride; j++)
            batch->out[(size_t)work->preset * batch->out_stride + j] = NAN;
    }
}

/* One look at the source. LR_OK: the work holds records and is the engine's. */
static lr_status take(struct lrh_lane *lane, struct work *work, uint32_t max, int64_t timeout_ns)
{
    const struct lrh_source_part *source = &lane->config.source;
    struct lr_batch *batch = &work->batch;
    struct lr_error err = LR_ERROR_INIT;
    int64_t begun;
    lr_status status;

    for (uint32_t i = 0; lane->plan && i < lane->ledger.n_streams; i++)
        lane->until[i] = lane->ledger.streams[i].until;
    work->single = lane->single;
    if (lane->single)
        max = 1;
    if (lane->plan && lane->plan_left > 0 && max > lane->plan_left)
        max = (uint32_t)lane->plan_left;
    preset(work, max);
    batch->count = batch->n_spans = 0;
    batch->streams = lane->ledger.infos;
    status = source->ops->poll(source->self, batch, max, lane->plan ? lane->until : NULL,
                               lane->ledger.n_streams, timeout_ns, &lane->event, &err);
    if (status == LR_REBALANCE)
        return status;
    lane->event = NULL;
    if (status < 0) {
        lr_context(&err, "source");
        return lrh__lane_fail(lane, status, &err);
    }
    if (status != LR_OK)
        return status;
    begun = lane_mono(lane);
    batch->read_ns = lane_wall(lane);
    batch->t2_ns = 0;
    work->serial = ++lane->serial;
    status = account(lane, work);
    if (status != LR_OK || batch->count == 0) {
        if (source->ops->release)
            source->ops->release(source->self, batch);
        return status != LR_OK ? status : LR_AGAIN;
    }
    if (lane->plan_left > 0)
        lane->plan_left -= batch->count;
    status = decode(lane, work);
    if (!lane->totals.first_read_ns)
        SET(lane, first_read_ns, begun);
    SET(lane, last_read_ns, begun);
    ADD(lane, read, batch->count);
    ADD(lane, batches, 1);
    ADD(lane, verb_ns[LRH_VERB_READ], lane_mono(lane) - begun);
    if (status != LR_OK && source->ops->release)
        source->ops->release(source->self, batch);
    return status;
}

/* What is on its way may still bring the lane back (a retry, an aborted transaction), and after
 * the end no engine would be there to read it again. So the end is told when all is through. */
static lr_status source_ends(struct lrh_lane *lane)
{
    lr_status status;

    if (lrh__lane_holds(lane))
        return LR_END;
    status = lrh__lane_drain(lane, INT64_MAX);
    if (status == LR_OK)
        status = lrh__lane_commit(lane, 1);
    if (status == LR_OK)
        status = lrh__lane_enter(lane);
    if (status != LR_OK || !lane->at_end)
        return status != LR_OK ? status : LR_AGAIN;
    __atomic_store_n(&lane->ended, 1, __ATOMIC_RELEASE);
    return LR_END;
}

static lr_status plan_ends(struct lrh_lane *lane)
{
    lr_status status;

    /* A plan with nothing left still has to serve the source, or a member that never has
     * anything to read would fall out of its group. */
    if (lrh__lane_poll_source(lane) != LR_OK)
        return lane->status;
    status = lrh__lane_enter(lane);
    if (status != LR_OK)
        return status;
    lane->plan = 0;
    return lane->at_end ? source_ends(lane) : LR_END;
}

/* Between two looks at the source: rest, then see to sink and source. LR_AGAIN: give up. */
static lr_status rest(struct lrh_lane *lane, lr_status last, int64_t deadline)
{
    int64_t left;

    if (last == LR_REBALANCE)
        return lrh__lane_enter(lane);
    if (last == LR_AGAIN && lane->plan && !lane->config.source.ops->ends) {
        lane->plan = 0;
        return LR_END;
    }
    left = deadline - lane_mono(lane);
    if (left <= 0)
        return LR_AGAIN;
    if (lrh__lane_source_fd(lane) >= 0)
        lrh__lane_doze(lane, left, 1);
    return lrh__lane_enter(lane);
}

lr_status lrh__lane_read(void *ctx, uint32_t max_records, int64_t timeout_ns,
                         struct lr_batch **ret_batch)
{
    struct lrh_lane *lane = ctx;
    int64_t now = lane_mono(lane), deadline = lane_after(lane, timeout_ns);
    lr_status status = lrh__lane_enter(lane);
    uint32_t max = lane->config.max_batch;
    struct work *work;

    update_lag(lane, now);
    while (status == LR_OK) {
        int64_t slice = deadline - now;

        if (lane->at_end)
            return source_ends(lane);
        if (lrh_lane_stopping(lane))
            return LR_AGAIN;
        if (lane->plan && plan_done(lane))
            return plan_ends(lane);
        if (lane->n_free_works == 0)
            return LR_FULL;
        if (!lane->plan && lane->config.model)
            __atomic_store_n(&lane->model, __atomic_load_n(lane->config.model, __ATOMIC_ACQUIRE),
                             __ATOMIC_RELEASE);
        if (lane->single && single_done(lane))
            lane->single = 0;
        if (max_records && max_records < max)
            max = max_records;
        work = &lane->works[lane->free_works[lane->n_free_works - 1]];
        if (lrh__lane_source_fd(lane) >= 0 || slice < 0)
            slice = 0;
        else if (slice > (lane->totals.in_flight ? SLICE_SETTLE_NS : SLICE_NS))
            slice = lane->totals.in_flight ? SLICE_SETTLE_NS : SLICE_NS;
        status = take(lane, work, max, slice);
        if (status == LR_OK) {
            lane->n_free_works--;
            work->held = 1;
            *ret_batch = &work->batch;
            return LR_OK;
        }
        if (status < 0)
            return status;
        if (status == LR_END) {
            lane->at_end = 1;
            status = LR_OK;
            continue;
        }
        status = rest(lane, status, deadline);
        now = lane_mono(lane);
    }
    return status;
}
