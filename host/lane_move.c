/* SPDX-License-Identifier: MIT
 *
 * What moves a lane to other positions: rewind, rebalance, and the end. See lane.h.
 *
 * A rewind settles what is in flight, voids what was read, seeks and makes the next verb say
 * RESET; rewriting one record in its place would break the order. Under exactly_once its target
 * is what the store says, never what this process remembers: after a commit in doubt only the
 * store knows.
 */
#include "lane_private.h"

#include <lrhost/error.h>
#include <stdlib.h>

#define MS INT64_C(1000000)

/* ---- rewind ----------------------------------------------------------------------------- */

static lr_status seek(struct lrh_lane *lane, uint32_t n)
{
    const struct lrh_source_part *source = &lane->config.source;
    struct lr_error err = LR_ERROR_INIT;
    lr_status status;

    if (n == 0)
        return LR_OK;
    if (!source->ops->seek)
        return lrh__lane_fail(lane,
                              lr_fail(&err, LR_EUNAVAILABLE,
                                      "the sink did not take everything, and the source cannot "
                                      "be read again"),
                              &err);
    lane->at_end = 0;
    status = source->ops->seek(source->self, lane->positions, n, &err);
    if (status < 0) {
        lr_context(&err, "source");
        return lrh__lane_fail(lane, status, &err);
    }
    return LR_OK;
}

/* Asks the store (source's, or the sink's own) where each stream of ours stands. */
static lr_status ask_store(struct lrh_lane *lane, uint32_t n)
{
    const struct lrh_source_part *source = &lane->config.source;
    const struct lrh_sink_part *sink = &lane->config.sink;
    struct lr_error err = LR_ERROR_INIT;
    lr_status status;

    if (n == 0)
        return LR_OK;
    do { /* without its answer there is no going on */
        status = source->ops->committed(source->self, lane->positions, n, &err);
        if (status == LR_AGAIN && lrh__lane_serve(lane, 10 * MS) != LR_OK)
            return lane->status;
    } while (status == LR_AGAIN && !lrh__lane_late(lane));
    if (status == LR_OK && lane_sink_stores(lane))
        status = sink->ops->recover(sink->self, lane->ledger.infos, lane->positions, n, &err);
    if (status < 0)
        return lrh__lane_fail(lane, status, &err);
    return status;
}

/* LR_AGAIN: time was over before the sink said that it is done. */
static lr_status abort_transaction(struct lrh_lane *lane)
{
    const struct lrh_sink_part *sink = &lane->config.sink;
    struct lr_error err = LR_ERROR_INIT;
    lr_status status;

    if (!lane->transaction)
        return LR_OK;
    do {
        status = sink->ops->abort(sink->self, &err);
        if (status == LR_AGAIN && lrh__lane_serve(lane, AGAIN_NS) != LR_OK)
            return lane->status;
    } while (status == LR_AGAIN && !lrh__lane_late(lane));
    lane->transaction = status == LR_AGAIN;
    if (status < 0) {
        lr_context(&err, "sink");
        return lrh__lane_fail(lane, status, &err);
    }
    return status;
}

/* What aborts again and again is not mended by another try at once, nor by a hundred. */
static lr_status pause_after_abort(struct lrh_lane *lane)
{
    struct lr_error err = LR_ERROR_INIT;
    int64_t until;

    if (lane->aborts++ == 0)
        return LR_OK;
    if (lane->aborts > ABORTS_MAX)
        return lrh__lane_fail(lane,
                              lr_fail(&err, LR_EFENCED,
                                      "sink: %u transactions in a row were aborted; given up for "
                                      "now (the log says why each of them was)",
                                      lane->aborts - 1),
                              &err);
    until = lane_after(lane, ABORT_PAUSE_NS << (lane->aborts < 10 ? lane->aborts : 10));
    while (lane_mono(lane) < until && !lrh_lane_stopping(lane))
        if (lrh__lane_serve(lane, until - lane_mono(lane)) != LR_OK)
            return lane->status;
    return LR_OK;
}

/* LR_AGAIN: time was over before it was known where to go on. */
static lr_status rewind_all(struct lrh_lane *lane)
{
    uint32_t n = 0;
    lr_status status;

    if (lane->config.guarantee != LR_EXACTLY_ONCE) {
        status = lrh__lane_drain(lane, INT64_MAX);
    } else {
        int32_t open = lane->transaction;

        status = abort_transaction(lane);
        if (status == LR_OK && open)
            status = pause_after_abort(lane);
    }
    if (status != LR_OK)
        return status;
    if (lane->stream_room)
        (void)lrh_ledger_prefix(&lane->ledger, lane->positions);
    for (uint32_t i = 0; i < lane->ledger.n_streams; i++)
        if (lane->ledger.streams[i].ours)
            lane->positions[n++] = (struct lr_position){i, 0, lane->ledger.streams[i].finished};
    if (lane->config.guarantee == LR_EXACTLY_ONCE)
        status = ask_store(lane, n);
    for (uint32_t i = 0; i < n && status == LR_OK; i++) {
        struct lrh_stream *s = &lane->ledger.streams[lane->positions[i].stream];

        lrh_ledger_rewind(&lane->ledger, lane->positions[i].stream, lane->positions[i].next);
        if (lane->config.guarantee == LR_EXACTLY_ONCE)
            s->committed = lane->positions[i].next;
    }
    if (status == LR_OK)
        status = seek(lane, n);
    lane->reset = 1;
    ADD(lane, rewinds, 1);
    return status;
}

lr_status lrh__lane_recover(struct lrh_lane *lane)
{
    int32_t busy = lane->busy;
    lr_status status;

    lane->busy = 1;
    SET(lane, recovering, 1);
    status = rewind_all(lane);
    lane->busy = busy;
    lane->recover = status == LR_AGAIN; /* until then nothing is written or committed */
    SET(lane, last_rebalance_ns, lane_mono(lane));
    SET(lane, recovering, lane->recover);
    return status;
}

lr_status lrh__lane_unread(struct lrh_lane *lane)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < lane->ledger.n_streams; i++)
        if (lrh_ledger_unread(&lane->ledger, i))
            lane->positions[n++] = (struct lr_position){i, 0, lane->ledger.streams[i].written};
    if (n && lrh__lane_holds(lane))
        lane->reset = 1;
    if (n && !lane->config.source.ops->seek) {
        lrh__lane_log(lane, LR_LOG_WARNING,
                      "records were read and not written, and this source cannot be read again");
        return LR_OK;
    }
    return seek(lane, n);
}

/* ---- rebalance -------------------------------------------------------------------------- */

static lr_status make_room(struct lrh_lane *lane, struct lr_error *err)
{
    uint32_t n = lane->ledger.n_streams;
    void *positions, *until;

    if (n <= lane->stream_room)
        return LR_OK;
    positions = realloc(lane->positions, n * sizeof *lane->positions);
    if (positions)
        lane->positions = positions;
    until = realloc(lane->until, n * sizeof *lane->until);
    if (until)
        lane->until = until;
    if (!positions || !until)
        return lr_fail(err, LR_ENOMEM, "out of memory for %u streams", n);
    lane->stream_room = n;
    return LR_OK;
}

static lr_status answer(struct lrh_lane *lane)
{
    const struct lrh_source_part *source = &lane->config.source;
    struct lr_error err = LR_ERROR_INIT;
    lr_status status = LR_OK;

    lane->event = NULL;
    status = source->ops->rebalanced(source->self, &err);
    if (status < 0) {
        lr_context(&err, "source");
        return lrh__lane_fail(lane, status, &err);
    }
    return LR_OK;
}

static lr_status assign(struct lrh_lane *lane, const struct lr_event *event)
{
    const struct lrh_sink_part *sink = &lane->config.sink;
    struct lr_error err = LR_ERROR_INIT;
    lr_status status = LR_OK;
    uint32_t n = 0;

    for (uint32_t i = 0; i < event->n_streams && status == LR_OK; i++) {
        status = lrh_ledger_assign(&lane->ledger, event->streams[i], &err);
        if (status == LR_OK)
            status = make_room(lane, &err);
        if (status == LR_OK) {
            struct lrh_stream *s = &lane->ledger.streams[event->streams[i]->id];

            /* Not part of a running plan, unless plans end where the source has no more. */
            s->until = lane->plan && lane->config.source.ops->ends ? s->read : INT64_MAX;
            lane->positions[n++] = (struct lr_position){s->info.id, 0, s->read};
        }
    }
    if (status == LR_OK && lane_sink_stores(lane))
        status = sink->ops->recover(sink->self, lane->ledger.infos, lane->positions, n, &err);
    if (status != LR_OK)
        return lrh__lane_fail(lane, status, &err);
    status = answer(lane);
    if (status != LR_OK || !lane_sink_stores(lane))
        return status;
    for (uint32_t i = 0; i < n; i++) {
        struct lrh_stream *s = &lane->ledger.streams[lane->positions[i].stream];

        lrh_ledger_rewind(&lane->ledger, s->info.id, lane->positions[i].next);
        s->committed = lane->positions[i].next;
    }
    return seek(lane, n);
}

static lr_status give_up(struct lrh_lane *lane, const struct lr_event *event)
{
    lr_status status = LR_OK;

    if (event->kind == LR_EVENT_REVOKE) { /* finish first, then answer */
        lane->busy = 1;
        status = lrh__lane_drain(lane, INT64_MAX);
        if (status >= 0)
            status = lrh__lane_commit(lane, 1);
        lane->busy = 0;
        if (status < 0)
            return status;
    }
    for (uint32_t i = 0; i < event->n_streams; i++)
        lrh_ledger_revoke(&lane->ledger, event->streams[i]->id);
    if (lane->transaction) /* lost, or not committed in time: none of it may become visible */
        status = lrh__lane_recover(lane);
    if (status < 0)
        return status;
    status = answer(lane);
    if (status == LR_OK)
        status = lrh__lane_unread(lane);
    /* After RESET an engine owes no commit for what it wrote before. */
    if (lane->config.guarantee == LR_AT_LEAST_ONCE)
        lane->commit_due_ns = lane_after(lane, COMMIT_AGAIN_NS);
    lane->reset = 1;
    return status;
}

lr_status lrh__lane_rebalance(struct lrh_lane *lane)
{
    const struct lr_event *event = lane->event;
    int64_t streams = 0;
    lr_status status;

    if (!event)
        return LR_OK;
    ADD(lane, rebalances, 1);
    status = event->kind == LR_EVENT_ASSIGN ? assign(lane, event) : give_up(lane, event);
    for (uint32_t i = 0; i < lane->ledger.n_streams; i++)
        streams += lane->ledger.streams[i].ours;
    SET(lane, streams, streams);
    SET(lane, last_rebalance_ns, lane_mono(lane));
    return status;
}

/* ---- the end ---------------------------------------------------------------------------- */

/* Settles and commits until `lane->deadline_ns`; answers the source meanwhile, so that a stop in
 * the middle of a rebalance does not leave finished records uncommitted. */
static void bring_home(struct lrh_lane *lane, int patient)
{
    lr_status status;

    do {
        status = lrh__lane_rebalance(lane);
        if (status >= 0)
            status = lrh__lane_drain(lane, INT64_MAX);
        if (status >= 0)
            status = lrh__lane_commit(lane, 1);
    } while (patient && status == LR_OK && (lane->event || lane->commit_due_ns) &&
             !lrh__lane_late(lane) && lrh__lane_serve(lane, 10 * MS) == LR_OK);
}

lr_status lrh_lane_close(struct lrh_lane *lane, int64_t deadline_ns, struct lr_error *err)
{
    lr_status failed = lane->status;
    struct lr_error why = lane->error;
    int64_t sooner = __atomic_load_n(&lane->deadline_ns, __ATOMIC_ACQUIRE);

    for (uint32_t i = 0; i < WORKS; i++)
        if (lane->works[i].held)
            lrh__work_release(lane, &lane->works[i]);
    lrh_lane_set_deadline(lane, sooner && sooner < deadline_ns ? sooner : deadline_ns);
    lane->status = LR_OK; /* what is settled is committed all the same */
    if (failed == LR_OK || lane->config.guarantee != LR_EXACTLY_ONCE)
        bring_home(lane, failed == LR_OK);
    (void)abort_transaction(lane);
    if (lane->commit_due_ns && failed == LR_OK)
        lrh__lane_log(lane, LR_LOG_WARNING,
                      "the source did not store the last positions in time; what was done since "
                      "the ones before is done again at the next start");
    if (lane->totals.in_flight > 0)
        lrh__lane_log(
            lane, LR_LOG_WARNING,
            "%lld records were not settled in time; they are read again at the next start",
            (long long)lane->totals.in_flight);
    if (failed != LR_OK) {
        lane->status = failed;
        lane->error = why;
    }
    if (lane->status != LR_OK && err)
        (void)lr_fail(err, lane->status, "%s", lane->error.text);
    return lane->status;
}
