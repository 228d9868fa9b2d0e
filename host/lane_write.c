/* SPDX-License-Identifier: MIT
 *
 * The verb write: wait for room, encode, put the batch into the ledger, hand over its live rows
 * and its dead letters. See lane.h.
 *
 * While a write waits, the source is served but its events are kept until the batch is over:
 * half a batch is never left behind by a clean revoke. Rows of a stream that is lost meanwhile
 * still go out: they come twice under at_least_once, and are aborted under exactly_once.
 */
#include "lane_private.h"

#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000000)

/* ---- encode ----------------------------------------------------------------------------- */

static lr_status arena_reserve(struct lrh_lane *lane, struct flight *flight, size_t size)
{
    struct lr_error err = LR_ERROR_INIT;

    if (size <= flight->arena_size)
        return LR_OK;
    size += size / 4; /* so that it settles after a few batches */
    free(flight->arena);
    flight->arena_size = 0;
    flight->arena = malloc(size);
    if (!flight->arena) {
        (void)lr_fail(&err, LR_ENOMEM, "out of memory for %zu encoded bytes", size);
        (void)lrh__lane_fail(lane, LR_ENOMEM, &err);
        return LR_ENOMEM;
    }
    flight->arena_size = size;
    return LR_OK;
}

/* Without a codec the value goes through; it is copied, because the source's memory ends with
 * the write and the sink's need of it does not. */
static void pass_through(struct lr_batch *batch, char *p)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct lr_record *record = lr_batch_record(batch, i);

        batch->encoded[i] = (struct lr_bytes){record->value ? p : NULL, record->value_len, 0};
        if (record->value && record->value_len)
            memcpy(p, record->value, record->value_len);
        p += record->value_len;
    }
}

static lr_status encode(struct lrh_lane *lane, struct work *work, struct flight *flight)
{
    const struct lrh_codec_part *codec = &lane->config.codec;
    struct lr_batch *batch = &work->batch;
    struct lr_error err = LR_ERROR_INIT;
    size_t size = 0;
    lr_status status;

    if (lane->config.encode)
        size = codec->ops->encode_bound(codec->self, batch);
    else
        for (uint32_t i = 0; i < batch->count; i++)
            size += lr_batch_record(batch, i)->value_len;
    status = arena_reserve(lane, flight, size ? size : 1);
    if (status != LR_OK)
        return status;
    flight->bytes = (int64_t)size;
    lane->bytes_in_flight += flight->bytes;
    if (!lane->config.encode) {
        pass_through(batch, flight->arena);
        return LR_OK;
    }
    for (uint32_t i = 0; i < batch->count; i++)
        if (lr_batch_record(batch, i)->flags & LR_RECORD_NULL)
            batch->encoded[i] = (struct lr_bytes){NULL, 0, 0};
    status = codec->ops->encode(codec->self, batch, flight->arena, size, &err);
    if (status < 0) {
        lr_context(&err, "codec");
        return lrh__lane_fail(lane, status, &err);
    }
    return LR_OK;
}

/* What the sink could never take must not reach it: a refusal may hit innocent neighbours. */
static void divert_large(struct lrh_lane *lane, struct work *work)
{
    const struct lrh_sink_part *sink = &lane->config.sink;
    struct lr_batch *batch = &work->batch;
    uint64_t limit = sink->ops->max_record_bytes ? sink->ops->max_record_bytes(sink->self) : 0;

    for (uint32_t i = 0; limit && i < batch->count; i++) {
        const struct lr_record *record = lr_batch_record(batch, i);
        uint64_t bytes;
        char text[BAD_TEXT];

        if (record->flags & LR_RECORD_BAD) /* encoded[] was not set */
            continue;
        bytes = (uint64_t)batch->encoded[i].len + record->key_len;
        if (bytes <= limit)
            continue;
        (void)snprintf(text, sizeof text,
                       "the result has %llu bytes with its key; the sink takes at most %llu",
                       (unsigned long long)bytes, (unsigned long long)limit);
        lrh__lane_set_aside(lane, work, i, "size", "write", text);
    }
}

/* ---- ledger ----------------------------------------------------------------------------- */

int lrh__span_live(const struct lrh_lane *lane, const struct work *work, uint32_t span)
{
    const struct lrh_stream *s = lrh_ledger_stream(&lane->ledger, work->batch.spans[span].stream);

    return s && work->epochs[span] == s->read_epoch;
}

/* Rows of the span that will be handed over: all but those that are skipped. */
static uint32_t rows_due(const struct work *work, uint32_t first, uint32_t end)
{
    uint32_t n = 0, letters = 0;

    for (uint32_t i = first; i < end; i++)
        n += !(lr_batch_record(&work->batch, i)->flags & LR_RECORD_BAD);
    for (uint32_t i = 0; i < work->n_bad; i++)
        letters += !work->bad[i].skip && work->bad[i].index >= first && work->bad[i].index < end;
    return n + letters;
}

static lr_status enter_ledger(struct lrh_lane *lane, struct work *work, struct flight *flight)
{
    const struct lr_batch *batch = &work->batch;
    struct lr_error err = LR_ERROR_INIT;
    uint32_t first = 0;

    flight->n_spans = batch->n_spans;
    flight->count = batch->count;
    flight->hint = 0;
    for (uint32_t i = 0; i < batch->n_spans; i++) {
        const struct lr_span *span = &batch->spans[i];
        struct flight_span *fs = &flight->spans[i];
        const struct lrh_stream *s = &lane->ledger.streams[span->stream];

        *fs = (struct flight_span){span->stream, 0, first + span->count, 0, 0};
        if (span->count && lrh__span_live(lane, work, i)) {
            fs->live = 1;
            fs->epoch = s->write_epoch;
            if (lrh_ledger_append(&lane->ledger, span->stream, span->next,
                                  rows_due(work, first, fs->end), &fs->segment, &err) != LR_OK)
                return lrh__lane_fail(lane, LR_ENOMEM, &err);
        }
        first = fs->end;
    }
    for (uint32_t i = 0; i < batch->n_spans; i++) {
        const struct lrh_stream *s = &lane->ledger.streams[batch->spans[i].stream];
        uint64_t mark;

        /* The stream moved on without records after this batch, its last one: see account. */
        if (s->last_read == work->serial && s->written != s->read &&
            lrh__span_live(lane, work, i) &&
            lrh_ledger_append(&lane->ledger, batch->spans[i].stream, s->read, 0, &mark, &err))
            return lrh__lane_fail(lane, LR_ENOMEM, &err);
    }
    flight->first = (struct lr_position){lr_batch_record(batch, 0)->stream, 0,
                                         lr_batch_record(batch, 0)->offset};
    return LR_OK;
}

/* ---- hand over -------------------------------------------------------------------------- */

/* A flight's span still counts: neither rewound nor lost since it was put into the ledger. */
static int span_valid(const struct lrh_lane *lane, const struct flight_span *fs)
{
    const struct lrh_stream *s = &lane->ledger.streams[fs->stream];

    return fs->live && s->ours && fs->epoch == s->write_epoch;
}

lr_status lrh__lane_hand_over(struct lrh_lane *lane, const struct lrh_sink_part *sink,
                              const struct lr_batch *batch, struct flight *flight,
                              const struct flight_span *fs, uint32_t first, uint32_t end)
{
    struct lr_error err = LR_ERROR_INIT;
    lr_status status;

    while (first < end && !lane->recover && span_valid(lane, fs)) {
        uint32_t n = end - first, taken = 0;

        if (lane->totals.in_flight == 0)
            lane->silent_since_ns = lane->say_silent_ns = 0; /* its silence begins now */
        flight->open += n; /* before the call: settles may arrive inside it */
        ADD(lane, in_flight, n);
        status = sink->ops->write(sink->self, batch, first, n, &taken, &err);
        if (taken > n) {
            status = lr_fail(&err, LR_EINTERNAL, "it says it took %u of %u records", taken, n);
            taken = 0;
        }
        flight->open -= n - taken;
        ADD(lane, in_flight, -(int64_t)(n - taken));
        if (status < 0) {
            lr_context(&err, sink == &lane->config.dead ? "dead_letter" : "sink");
            return lrh__lane_fail(lane, status, &err);
        }
        first += taken;
        if (sink == &lane->config.sink)
            ADD(lane, written, taken);
        if (taken == 0 && lrh__lane_late(lane))
            return LR_AGAIN;
        if (taken == 0 && lrh__lane_serve(lane, 10 * MS) != LR_OK)
            return lane->status;
    }
    return lane->status;
}

static lr_status hand_over_results(struct lrh_lane *lane, struct work *work, struct flight *flight)
{
    const struct lr_batch *batch = &work->batch;
    uint32_t i = 0;

    for (uint32_t s = 0; s < flight->n_spans; s++) {
        const struct flight_span *fs = &flight->spans[s];

        while (i < fs->end) {
            uint32_t first = i;
            lr_status status;

            while (i < fs->end && !(lr_batch_record(batch, i)->flags & LR_RECORD_BAD))
                i++;
            status = lrh__lane_hand_over(lane, &lane->config.sink, batch, flight, fs, first, i);
            if (status != LR_OK)
                return status;
            while (i < fs->end && (lr_batch_record(batch, i)->flags & LR_RECORD_BAD))
                i++;
        }
    }
    return LR_OK;
}

/* ---- write ------------------------------------------------------------------------------ */

/* At most once: what is about to be written is stored as done first. */
static lr_status commit_before(struct lrh_lane *lane, const struct work *work)
{
    const struct lrh_source_part *source = &lane->config.source;
    struct lr_error err = LR_ERROR_INIT;
    uint32_t n = 0;
    lr_status status;

    if (!source->ops->commit)
        return LR_OK;
    for (uint32_t i = 0; i < work->batch.n_spans; i++) {
        const struct lr_span *span = &work->batch.spans[i];
        uint32_t at = 0;

        if (!span->count || !lrh__span_live(lane, work, i))
            continue;
        while (at < n && lane->positions[at].stream != span->stream)
            at++; /* a stream may have several spans */
        lane->positions[at] = (struct lr_position){span->stream, 0, span->next};
        n = at == n ? n + 1 : n;
    }
    do {
        status = n ? source->ops->commit(source->self, lane->positions, n, 1, &err) : LR_OK;
        if (status < 0) {
            lr_context(&err, "source");
            return lrh__lane_fail(lane, status, &err);
        }
        if (status == LR_AGAIN && (lane->event || lrh__lane_late(lane)))
            return LR_AGAIN; /* not ours to commit any more: it is not written either */
        if (status == LR_AGAIN && lrh__lane_serve(lane, 10 * MS) != LR_OK)
            return lane->status;
    } while (status == LR_AGAIN);
    lrh_ledger_committed(&lane->ledger, lane->positions, n);
    return LR_OK;
}

static lr_status write_work(struct lrh_lane *lane, struct work *work)
{
    struct flight *flight;
    uint32_t number;
    uint64_t token;
    lr_status status = work->single ? lrh__lane_drain(lane, INT64_MAX) : LR_OK;

    if (status == LR_OK)
        status = lrh__lane_wait_for_room(lane, work->batch.count);
    if (status != LR_OK)
        return status;
    if (lane->config.guarantee == LR_AT_MOST_ONCE && (status = commit_before(lane, work)) != LR_OK)
        return status;
    number = lane->free_flights[--lane->n_free_flights];
    flight = lane->flights[number];
    flight->writing = 1;
    flight->alone = work->single && work->batch.count == 1;
    token = (uint64_t)flight->serial << (FLIGHT_BITS + RECORD_BITS) | (uint64_t)number
                                                                          << RECORD_BITS;
    work->batch.token = token;
    work->batch.streams = lane->ledger.infos;
    if (lane->config.sink.ops->caps & LR_SINK_BYTES)
        status = encode(lane, work, flight);
    if (status == LR_OK && (lane->config.sink.ops->caps & LR_SINK_BYTES))
        divert_large(lane, work);
    if (status == LR_OK && lane->status == LR_OK)
        status = lrh__lane_begin(lane);
    if (status == LR_OK && lane->status == LR_OK)
        status = enter_ledger(lane, work, flight);
    if (status == LR_OK)
        status = hand_over_results(lane, work, flight);
    if (status == LR_OK)
        status = lrh__lane_write_letters(lane, work, flight, token);
    flight->writing = 0;
    if (flight->open == 0)
        lrh__flight_release(lane, number);
    if (status == LR_OK && work->single && !lane->recover)
        status = lrh__lane_drain(lane, INT64_MAX);
    return lane->status != LR_OK ? lane->status : status;
}

lr_status lrh__lane_write(void *ctx, struct lr_batch **batch)
{
    struct lrh_lane *lane = ctx;
    struct work *work = lrh__work_of(lane, *batch);
    int64_t begun = lane_mono(lane);
    lr_status status;
    int gave_up;

    if (!work)
        return LR_ECONFIG;
    status = lrh__lane_enter(lane);
    for (uint32_t i = 0; i < WORKS && status == LR_OK; i++) {
        const struct work *other = &lane->works[i];

        if (other->held && other->serial < work->serial)
            for (uint32_t s = 0; s < other->batch.n_spans; s++)
                if (other->batch.spans[s].count && lrh__span_live(lane, other, s))
                    return LR_ECONFIG;
    }
    if (status == LR_OK)
        status = write_work(lane, work);
    lrh__work_release(lane, work);
    *batch = NULL;
    ADD(lane, verb_ns[LRH_VERB_WRITE], lane_mono(lane) - begun);
    if (status < 0 || status == LR_RESET)
        return status;
    gave_up = status == LR_AGAIN;
    status = lrh__lane_enter(lane);
    if (gave_up && status >= 0) {
        /* Time is over, or a rewind or rebalance came first: what was not written is void. */
        lr_status unread = lrh__lane_unread(lane);

        status = unread < 0 ? unread : status;
    }
    return status;
}
