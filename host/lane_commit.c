/* SPDX-License-Identifier: MIT
 *
 * From settles to committed positions: what the sink says, drain, commit. See lane.h.
 *
 * Settles only note; whatever follows from them happens at the next verb, never inside a
 * plugin's call. Under exactly_once the positions of a commit are exactly what was written.
 */
#include "lane_private.h"

#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000000)

/* ---- settles ---------------------------------------------------------------------------- */

static void remember_poison(struct lrh_lane *lane, const struct lr_position *at)
{
    if (lane->n_poisons == lane->poison_room) {
        uint32_t room = lane->poison_room ? lane->poison_room * 2 : 16;
        struct poison *grown = realloc(lane->poisons, room * sizeof *grown);
        struct lr_error err = LR_ERROR_INIT;

        if (!grown) {
            (void)lrh__lane_fail(
                lane, lr_fail(&err, LR_ENOMEM, "out of memory for refused records"), &err);
            return;
        }
        lane->poisons = grown;
        lane->poison_room = room;
    }
    lane->poisons[lane->n_poisons++] = (struct poison){at->stream, 0, at->next};
    lane->aborts = 0; /* that was worth one */
}

/* Those whose dead letter is committed are not read again. */
static void forget_poisons(struct lrh_lane *lane)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < lane->n_poisons; i++) {
        const struct lrh_stream *s = lrh_ledger_stream(&lane->ledger, lane->poisons[i].stream);

        if (s && s->committed <= lane->poisons[i].offset)
            lane->poisons[n++] = lane->poisons[i];
    }
    lane->n_poisons = n;
}

/* From here to what was written, records go out one by one. */
static void go_single(struct lrh_lane *lane)
{
    lane->single = 1;
    lane->recover = 1;
    for (uint32_t i = 0; i < lane->ledger.n_streams; i++) {
        struct lrh_stream *s = &lane->ledger.streams[i];

        if (s->ours && s->written > s->single_until)
            s->single_until = s->written;
    }
}

static void note_outcome(struct lrh_lane *lane, const struct flight *flight, int dead, uint32_t n,
                         int32_t outcome)
{
    struct lr_error err = LR_ERROR_INIT;
    int refused = outcome == LR_REJECTED || (outcome == LR_RETRY_SINGLY && flight->alone);

    if (outcome == LR_ABANDONED)
        return;
    if (dead && refused) {
        (void)lrh__lane_fail(lane,
                             lr_fail(&err, LR_EDATA,
                                     "dead_letter: its sink refused a record for good, so the "
                                     "record cannot be set aside"),
                             &err);
        return;
    }
    if (outcome == LR_RETRY) {
        ADD(lane, retried, n);
        lane->recover = 1;
    } else if (refused && flight->count == 1) {
        ADD(lane, rejected, 1);
        remember_poison(lane, &flight->first);
        lane->recover = 1;
    } else { /* a group was refused, or one of many: find it record by record */
        ADD(lane, retried, n);
        go_single(lane);
    }
}

/* The part of a settle that lies in one span. */
static void settle_part(struct lrh_lane *lane, struct flight *flight, int dead, uint32_t span,
                        uint32_t n, int32_t outcome)
{
    const struct flight_span *fs = &flight->spans[span];
    const struct lrh_stream *s = &lane->ledger.streams[fs->stream];

    if (!fs->live || fs->epoch != s->write_epoch)
        return;
    if (outcome == LR_DELIVERED) {
        if (dead)
            ADD(lane, dead_letters, n);
        else
            ADD(lane, delivered, n);
    } else if (lane->config.guarantee == LR_AT_MOST_ONCE) {
        ADD(lane, lost, n); /* its position is stored already: it cannot come again */
    } else {
        note_outcome(lane, flight, dead, n, outcome);
        return;
    }
    lrh_ledger_settle(&lane->ledger, fs->stream, fs->epoch, fs->segment, n);
}

static void settle(struct lrh_lane *lane, uint64_t token, uint32_t count, int32_t outcome, int dead)
{
    uint32_t number = (uint32_t)(token >> RECORD_BITS) & ((1u << FLIGHT_BITS) - 1);
    uint32_t index = (uint32_t)token & ((1u << RECORD_BITS) - 1);
    struct flight *flight = number < lane->n_flights ? lane->flights[number] : NULL;

    if (!flight || flight->serial != (uint32_t)(token >> (RECORD_BITS + FLIGHT_BITS)) ||
        (uint64_t)index + count > flight->count || count > flight->open) {
        ADD(lane, late_settles, count);
        return;
    }
    flight->open -= count;
    lane->settles++;
    ADD(lane, in_flight, -(int64_t)count);
    if (flight->hint > 0 && index < flight->spans[flight->hint - 1].end)
        flight->hint = 0;
    while (count > 0) {
        uint32_t n;

        while (flight->spans[flight->hint].end <= index)
            flight->hint++;
        n = flight->spans[flight->hint].end - index;
        n = n < count ? n : count;
        settle_part(lane, flight, dead, flight->hint, n, outcome);
        index += n;
        count -= n;
    }
    if (flight->open == 0 && !flight->writing)
        lrh__flight_release(lane, number);
}

void lrh_lane_settle(struct lrh_lane *lane, uint64_t token, uint32_t count, int32_t outcome)
{
    settle(lane, token, count, outcome, 0);
}

void lrh_lane_settle_dead(struct lrh_lane *lane, uint64_t token, uint32_t count, int32_t outcome)
{
    settle(lane, token, count, outcome, 1);
}

/* ---- drain ------------------------------------------------------------------------------ */

lr_status lrh__lane_flush(struct lrh_lane *lane)
{
    const struct lrh_sink_part *sinks[2] = {&lane->config.sink, &lane->config.dead};

    for (int i = 0; i < 2; i++) {
        struct lr_error err = LR_ERROR_INIT;
        lr_status status;

        if (!sinks[i]->ops || !sinks[i]->ops->flush)
            continue;
        status = sinks[i]->ops->flush(sinks[i]->self, &err);
        if (status < 0) {
            lr_context(&err, i ? "dead_letter" : "sink");
            return lrh__lane_fail(lane, status, &err);
        }
    }
    return lane->status;
}

lr_status lrh__lane_drain(struct lrh_lane *lane, int64_t deadline_ns)
{
    while (lane->totals.in_flight > 0) {
        int64_t left;

        if (lrh__lane_flush(lane) != LR_OK || lrh__lane_serve(lane, 0) != LR_OK)
            return lane->status;
        if (lane->totals.in_flight == 0)
            break;
        left = deadline_ns == INT64_MAX ? 100 * MS : deadline_ns - lane_mono(lane);
        if (left <= 0 || lrh__lane_late(lane))
            return LR_AGAIN;
        if (lrh__lane_serve(lane, left) != LR_OK)
            return lane->status;
    }
    return lane->status;
}

/* ---- commit ----------------------------------------------------------------------------- */

lr_status lrh__lane_begin(struct lrh_lane *lane)
{
    const struct lrh_sink_part *sink = &lane->config.sink;
    struct lr_error err = LR_ERROR_INIT;
    lr_status status;

    if (lane->config.guarantee != LR_EXACTLY_ONCE || lane->transaction)
        return LR_OK;
    status = sink->ops->begin(sink->self, &err);
    if (status < 0) {
        lr_context(&err, "sink");
        return lrh__lane_fail(lane, status, &err);
    }
    lane->transaction = 1;
    return LR_OK;
}

static lr_status commit_stored(struct lrh_lane *lane, int32_t wait)
{
    const struct lrh_source_part *source = &lane->config.source;
    struct lr_error err = LR_ERROR_INIT;
    uint32_t n = lane->stream_room ? lrh_ledger_prefix(&lane->ledger, lane->positions) : 0;
    lr_status status;

    lane->commit_due_ns = 0;
    if (n == 0 || !source->ops->commit)
        return LR_OK;
    status = source->ops->commit(source->self, lane->positions, n, wait, &err);
    if (status < 0) {
        lr_context(&err, "source");
        return lrh__lane_fail(lane, status, &err);
    }
    if (status == LR_OK) {
        lrh_ledger_committed(&lane->ledger, lane->positions, n);
        ADD(lane, commits, 1);
    }
    lane->commit_due_ns = status == LR_OK ? 0 : lane_after(lane, COMMIT_AGAIN_NS);
    return LR_OK;
}

lr_status lrh__lane_commit_due(struct lrh_lane *lane)
{
    lr_status status = commit_stored(lane, 0);

    if (lane->commit_due_ns || !lrh_ledger_settled(&lane->ledger))
        lane->commit_due_ns = lane_after(lane, COMMIT_AGAIN_NS);
    return status;
}

/* The sink starts anew (and so fences what it left behind), then the store is asked. */
static lr_status resolve_doubt(struct lrh_lane *lane)
{
    struct lr_error err = LR_ERROR_INIT;
    lr_status status;

    lrh__lane_log(lane, LR_LOG_WARNING, "a commit is in doubt; asking the store what happened");
    status = lane->config.restart_sink
                 ? lane->config.restart_sink(lane->config.ctx, &err)
                 : lr_fail(&err, LR_EINTERNAL, "sink: a commit in doubt, and it cannot restart");
    if (status < 0)
        return lrh__lane_fail(lane, status, &err);
    lane->fds_known = 0;
    lane->transaction = 0; /* the new client aborted it, or it had been committed */
    return lrh__lane_recover(lane);
}

/* Everything written is in the transaction and settled; its positions go with it. */
static lr_status commit_transaction(struct lrh_lane *lane)
{
    const struct lrh_source_part *source = &lane->config.source;
    const struct lrh_sink_part *sink = &lane->config.sink;
    struct lr_error err = LR_ERROR_INIT;
    lr_status status = lrh__lane_drain(lane, INT64_MAX);
    uint32_t n;

    if (status != LR_OK)
        return status;
    n = lane->stream_room ? lrh_ledger_prefix(&lane->ledger, lane->positions) : 0;
    if (lane->recover || !lrh_ledger_settled(&lane->ledger))
        return lrh__lane_recover(lane); /* a batch that was given up halfway is a hole */
    if (!lane->transaction && n == 0)
        return LR_OK;
    status = lrh__lane_begin(lane);
    if (status != LR_OK)
        return status;
    do {
        struct lr_group_token token = {sizeof token, 0, NULL};
        int wanted = source->ops->group_token && !lane_sink_stores(lane);

        status = wanted ? source->ops->group_token(source->self, &token, &err) : LR_OK;
        if (status >= 0)
            status =
                sink->ops->commit(sink->self, lane->positions, n, wanted ? &token : NULL, &err);
        if (status == LR_AGAIN && lrh__lane_serve(lane, AGAIN_NS) != LR_OK)
            return lane->status;
    } while (status == LR_AGAIN && !lrh__lane_late(lane));
    if (status == LR_IN_DOUBT || status == LR_AGAIN) /* AGAIN: it may still go through */
        return resolve_doubt(lane);
    if (status == LR_ABORT)
        return lrh__lane_recover(lane);
    if (status < 0) {
        lr_context(&err, "sink");
        return lrh__lane_fail(lane, status, &err);
    }
    lane->transaction = 0;
    lane->aborts = 0;
    lrh_ledger_committed(&lane->ledger, lane->positions, n);
    ADD(lane, commits, 1);
    return LR_OK;
}

lr_status lrh__lane_commit(struct lrh_lane *lane, int32_t wait)
{
    lr_status status = LR_OK;

    if (lane->config.guarantee == LR_EXACTLY_ONCE)
        status = commit_transaction(lane);
    else if (lane->config.guarantee == LR_AT_LEAST_ONCE)
        status = commit_stored(lane, wait);
    if (lane->n_poisons)
        forget_poisons(lane);
    return status;
}
