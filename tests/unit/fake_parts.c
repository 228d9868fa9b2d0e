/* SPDX-License-Identifier: MIT
 *
 * See fake_parts.h.
 */
#include "fake_parts.h"

#include <lrhost/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOLD 100

struct hold {
    char values[HOLD][112];
};

__attribute__((format(printf, 2, 3))) static void breach(struct fake_parts *parts,
                                                         const char *format, ...)
{
    va_list args;

    if (parts->breaches++)
        return;
    va_start(args, format);
    (void)vsnprintf(parts->breach, sizeof parts->breach, format, args);
    va_end(args);
    (void)fprintf(stderr, "breach: %s\n", parts->breach);
}

/* ---- system ----------------------------------------------------------------------------- */

static int64_t now(void *ctx)
{
    return ((struct fake_parts *)ctx)->now_ns;
}

static void sleep_on(void *ctx, struct pollfd *fds, nfds_t n, int64_t timeout_ns)
{
    struct fake_parts *parts = ctx;

    for (nfds_t i = 0; i < n; i++)
        fds[i].revents = 0;
    parts->now_ns += timeout_ns > 0 ? timeout_ns : 0;
    parts->slept_ns += timeout_ns > 0 ? timeout_ns : 0;
}

/* ---- source ----------------------------------------------------------------------------- */

static int32_t what_is(const struct fake_parts *parts, uint32_t stream, int64_t offset)
{
    for (uint32_t i = 0; i < parts->n_special; i++)
        if (parts->special[i].stream == stream && parts->special[i].offset == offset)
            return parts->special[i].what;
    return 0;
}

static void add(struct fake_parts *parts, struct lr_batch *batch, struct hold *hold, uint32_t s)
{
    struct lr_record *record = lr_batch_record(batch, batch->count);
    char *value = hold->values[batch->count];
    int32_t what = what_is(parts, s, parts->at[s]);
    int n = snprintf(value, sizeof hold->values[0], "%u:%lld%s", s, (long long)parts->at[s],
                     what == PARTS_BROKEN ? "?" : "");

    if (what == PARTS_LARGE) {
        memset(value + n, '.', (size_t)(100 - n));
        n = 100;
    }
    *record = (struct lr_record){.value = what == PARTS_EMPTY ? NULL : value,
                                 .offset = parts->at[s]++,
                                 .timestamp_ns = 5 * PARTS_MS,
                                 .value_len = what == PARTS_EMPTY ? 0 : (uint32_t)n,
                                 .stream = s,
                                 .flags = what == PARTS_EMPTY ? LR_RECORD_NULL : 0};
    batch->t0[batch->count] = -1;
    batch->count++;
}

static lr_status source_poll(void *self, struct lr_batch *batch, uint32_t max, const int64_t *until,
                             uint32_t n_until, int64_t timeout_ns,
                             const struct lr_event **ret_event, struct lr_error *err)
{
    struct fake_parts *parts = self;
    struct hold *hold;
    int more = 1;

    (void)err;
    parts->polls++;
    parts->idle_polls += max == 0;
    if (!parts->announced || parts->gone) {
        *ret_event = &parts->event;
        return LR_REBALANCE;
    }
    if (max == 0)
        return LR_AGAIN;
    hold = malloc(sizeof *hold);
    batch->count = batch->n_spans = 0;
    while (hold && more) {
        more = 0;
        for (uint32_t s = 0; s < 2; s++) {
            int64_t end =
                until && s < n_until && until[s] < parts->there[s] ? until[s] : parts->there[s];
            uint32_t first = batch->count;

            while (parts->mine[s] && parts->at[s] < end && batch->count < max &&
                   batch->n_spans < batch->span_capacity && !(parts->split && batch->count > first))
                add(parts, batch, hold, s);
            if (batch->count == first)
                continue;
            batch->spans[batch->n_spans++] =
                (struct lr_span){s, batch->count - first, parts->at[s]};
            more = parts->split;
        }
    }
    if (!hold || batch->count == 0) {
        free(hold);
        if (parts->ends_at && parts->at[0] == parts->there[0] && parts->at[1] == parts->there[1])
            return LR_END;
        parts->now_ns += timeout_ns;
        return LR_AGAIN;
    }
    batch->hold = hold;
    parts->held++;
    return LR_OK;
}

static lr_status source_rebalanced(void *self, struct lr_error *err)
{
    struct fake_parts *parts = self;

    (void)err;
    if (parts->announced && !parts->gone)
        breach(parts, "rebalanced without an event");
    for (uint32_t s = 0; s < 2; s++) {
        parts->mine[s] = !parts->announced;
        parts->at[s] = parts->stored[s];
    }
    parts->announced = 1;
    parts->gone = 0;
    return LR_OK;
}

static void source_release(void *self, struct lr_batch *batch)
{
    struct fake_parts *parts = self;

    memset(batch->hold, 'x', sizeof(struct hold));
    free(batch->hold);
    batch->hold = NULL;
    parts->held--;
}

static lr_status source_commit(void *self, const struct lr_position *positions, uint32_t n,
                               int32_t wait, struct lr_error *err)
{
    struct fake_parts *parts = self;

    (void)wait;
    parts->commits++;
    if (parts->commit_status < 0)
        return lr_fail(err, parts->commit_status, "the store is closed");
    for (uint32_t i = 0; i < n && parts->commit_status == LR_OK; i++)
        parts->stored[positions[i].stream] = positions[i].next;
    return parts->commit_status;
}

static lr_status source_committed(void *self, struct lr_position *positions, uint32_t n,
                                  struct lr_error *err)
{
    struct fake_parts *parts = self;

    (void)err;
    for (uint32_t i = 0; i < n; i++)
        positions[i].next = parts->stored[positions[i].stream];
    return LR_OK;
}

static lr_status source_seek(void *self, const struct lr_position *positions, uint32_t n,
                             struct lr_error *err)
{
    struct fake_parts *parts = self;

    (void)err;
    parts->seeks++;
    for (uint32_t i = 0; i < n; i++)
        parts->at[positions[i].stream] = positions[i].next;
    return LR_OK;
}

static lr_status source_ends(void *self, struct lr_position *positions, uint32_t n,
                             struct lr_error *err)
{
    struct fake_parts *parts = self;

    (void)err;
    for (uint32_t i = 0; i < n; i++)
        positions[i].next = parts->there[positions[i].stream];
    return parts->ends_status;
}

/* ---- sink ------------------------------------------------------------------------------- */

void parts_settle(struct fake_parts *parts, uint32_t i, int32_t outcome)
{
    struct parts_written *w = &parts->log[i];

    w->settled++;
    if (w->letter)
        lrh_lane_settle_dead(parts->lane, w->token, 1, outcome);
    else
        lrh_lane_settle(parts->lane, w->token, 1, outcome);
}

void parts_settle_all(struct fake_parts *parts, int32_t outcome)
{
    for (uint32_t i = 0; i < parts->n_log; i++)
        if (!parts->log[i].settled)
            parts_settle(parts, i, outcome);
}

static lr_status take(struct fake_parts *parts, const struct lr_batch *batch, uint32_t first,
                      uint32_t count, uint32_t *ret_taken, int32_t letter)
{
    uint32_t n = parts->at_most && parts->at_most < count ? parts->at_most : count;

    if (count == 0)
        breach(parts, "a write of nothing");
    if (parts->config.guarantee == LR_EXACTLY_ONCE && !parts->open)
        breach(parts, "a write outside of a transaction");
    n = n < parts->room ? n : parts->room;
    for (uint32_t i = first; i < first + n; i++) {
        const struct lr_record *record = lr_batch_record(batch, i);
        struct parts_written *w = &parts->log[parts->n_log++];

        if (record->flags & LR_RECORD_BAD)
            breach(parts, "a bad record is written");
        *w = (struct parts_written){.token = batch->token + i,
                                    .offset = record->offset,
                                    .stream = record->stream,
                                    .letter = letter};
        (void)snprintf(w->value, sizeof w->value, "%.*s", (int)batch->encoded[i].len,
                       batch->encoded[i].data ? (const char *)batch->encoded[i].data : "");
        if (letter && batch->n_added)
            (void)snprintf(w->reason, sizeof w->reason, "%.31s",
                           (const char *)batch->added[0].value);
        if (parts->room != UINT32_MAX)
            parts->room--;
        if (!parts->hold)
            parts_settle(parts, parts->n_log - 1, parts->outcome);
    }
    *ret_taken = parts->greedy ? n + 1 : n;
    return n ? LR_OK : LR_AGAIN;
}

static lr_status sink_write(void *self, const struct lr_batch *batch, uint32_t first,
                            uint32_t count, uint32_t *ret_taken, struct lr_error *err)
{
    (void)err;
    return take(self, batch, first, count, ret_taken, 0);
}

static lr_status dead_write(void *self, const struct lr_batch *batch, uint32_t first,
                            uint32_t count, uint32_t *ret_taken, struct lr_error *err)
{
    (void)err;
    return take(self, batch, first, count, ret_taken, 1);
}

static lr_status sink_begin(void *self, struct lr_error *err)
{
    struct fake_parts *parts = self;

    (void)err;
    if (parts->open)
        breach(parts, "begin inside of a transaction");
    parts->open = 1;
    parts->begins++;
    return LR_OK;
}

static lr_status sink_commit(void *self, const struct lr_position *positions, uint32_t n,
                             const struct lr_group_token *token, struct lr_error *err)
{
    struct fake_parts *parts = self;

    (void)token;
    (void)err;
    if (parts->sink_commit != LR_OK)
        return parts->sink_commit;
    for (uint32_t i = 0; i < n; i++)
        parts->stored[positions[i].stream] = positions[i].next;
    parts->open = 0;
    parts->transactions++;
    return LR_OK;
}

static lr_status sink_abort(void *self, struct lr_error *err)
{
    struct fake_parts *parts = self;

    (void)err;
    if (!parts->open)
        breach(parts, "abort outside of a transaction");
    parts->open = 0;
    parts->aborts++;
    parts_settle_all(parts, LR_ABANDONED);
    return LR_OK;
}

static lr_status group_token(void *self, struct lr_group_token *ret_token, struct lr_error *err)
{
    (void)self;
    (void)ret_token;
    (void)err;
    return LR_OK;
}

static uint64_t limit(void *self)
{
    (void)self;
    return 64;
}

/* ---- codec, model ----------------------------------------------------------------------- */

static lr_status decode(void *self, struct lr_batch *batch, struct lr_error *err)
{
    struct fake_parts *parts = self;

    (void)err;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct lr_record *record = lr_batch_record(batch, i);

        if (record->flags & LR_RECORD_NULL)
            continue;
        batch->x[(size_t)i * batch->x_stride] = (double)record->offset;
        if (what_is(parts, record->stream, record->offset) == PARTS_BROKEN)
            lrh_lane_bad_record(parts->lane, i, "parse", "not a number");
    }
    return LR_OK;
}

static size_t encode_bound(void *self, const struct lr_batch *batch)
{
    (void)self;
    return batch->count * (size_t)160;
}

static lr_status encode(void *self, struct lr_batch *batch, void *memory, size_t size,
                        struct lr_error *err)
{
    char *p = memory, *end = p + size;

    (void)self;
    (void)err;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct lr_record *record = lr_batch_record(batch, i);
        int n;

        if (record->flags & (LR_RECORD_NULL | LR_RECORD_BAD))
            continue;
        n = snprintf(p, (size_t)(end - p), "%.*s;%g", (int)record->value_len,
                     (const char *)record->value, batch->x[(size_t)i * batch->x_stride]);
        batch->encoded[i] = (struct lr_bytes){p, (uint32_t)n, 0};
        p += n;
    }
    return LR_OK;
}

static lr_status predict(const void *self, struct lr_batch *batch, struct lr_error *err)
{
    const double *factor = self;

    (void)err;
    for (uint32_t i = 0; i < batch->count; i++)
        batch->out[(size_t)i * batch->out_stride] = batch->x[(size_t)i * batch->x_stride] * *factor;
    return LR_OK;
}

/* ---- life ------------------------------------------------------------------------------- */

static void make_tables(struct fake_parts *parts)
{
    parts->source = (struct lr_source){.size = sizeof parts->source,
                                       .caps = LR_SOURCE_REPLAY | LR_SOURCE_SPLIT,
                                       .poll = source_poll,
                                       .rebalanced = source_rebalanced,
                                       .release = source_release,
                                       .commit = source_commit,
                                       .committed = source_committed,
                                       .seek = source_seek,
                                       .ends = source_ends,
                                       .group_token = group_token};
    parts->sink = (struct lr_sink){.size = sizeof parts->sink,
                                   .caps = LR_SINK_BYTES | LR_SINK_TRANSACTIONS,
                                   .max_record_bytes = limit,
                                   .write = sink_write,
                                   .begin = sink_begin,
                                   .commit = sink_commit,
                                   .abort = sink_abort};
    parts->dead =
        (struct lr_sink){.size = sizeof parts->dead, .caps = LR_SINK_BYTES, .write = dead_write};
    parts->codec = (struct lr_codec){.size = sizeof parts->codec,
                                     .decode = decode,
                                     .encode_bound = encode_bound,
                                     .encode = encode};
    parts->model = (struct lr_model){.size = sizeof parts->model, .predict = predict};
}

void parts_init(struct fake_parts *parts)
{
    memset(parts, 0, sizeof *parts);
    make_tables(parts);
    parts->err.size = sizeof parts->err;
    parts->now_ns = PARTS_MS;
    parts->system = (struct lrh_system){parts, now, now, sleep_on};
    parts->there[0] = parts->there[1] = 8;
    parts->room = UINT32_MAX;
    for (uint32_t s = 0; s < 2; s++) {
        parts->streams[s] =
            (struct lr_stream){sizeof parts->streams[s], s, "topic", (int32_t)s, 0, 0, -1};
        parts->listed[s] = &parts->streams[s];
    }
    parts->event = (struct lr_event){sizeof parts->event, LR_EVENT_ASSIGN, 2, 0, parts->listed};
    parts->config = (struct lrh_lane_config){.lanes = 1,
                                             .pipeline = "test",
                                             .guarantee = LR_AT_LEAST_ONCE,
                                             .on_bad = LRH_BAD_DEAD_LETTER,
                                             .on_null = LRH_NULL_PASS,
                                             .max_batch = 8,
                                             .n_features = 1,
                                             .n_outputs = 1,
                                             .decode = 1,
                                             .max_in_flight = 1000,
                                             .max_in_flight_bytes = 1 << 20,
                                             .source = {&parts->source, parts},
                                             .codec = {&parts->codec, parts},
                                             .sink = {&parts->sink, parts},
                                             .dead = {&parts->dead, parts},
                                             .system = &parts->system};
}

void parts_special(struct fake_parts *parts, uint32_t stream, int64_t offset, int32_t what)
{
    parts->special[parts->n_special].stream = stream;
    parts->special[parts->n_special].offset = offset;
    parts->special[parts->n_special++].what = what;
}

lr_status parts_create(struct fake_parts *parts)
{
    lr_status status = lrh_lane_create(&parts->config, &parts->lane, &parts->err);

    if (status == LR_OK)
        parts->verbs = lrh_lane_verbs(parts->lane);
    return status;
}

void parts_start(struct fake_parts *parts)
{
    if (parts_create(parts) != LR_OK)
        breach(parts, "no lane: %s", parts->err.text);
    else if (parts->verbs->wait(parts->verbs->ctx, parts->now_ns + 1) != LR_OK)
        breach(parts, "the streams were not taken");
}

void parts_destroy(struct fake_parts *parts)
{
    lrh_lane_destroy(parts->lane);
    parts->lane = NULL;
    if (parts->held)
        breach(parts, "%u batches were not released", parts->held);
}

struct lr_batch *parts_read(struct fake_parts *parts, uint32_t max)
{
    struct lr_batch *batch = NULL;

    return parts->verbs->read(parts->verbs->ctx, max, 0, &batch) == LR_OK ? batch : NULL;
}

uint32_t parts_pump(struct fake_parts *parts)
{
    struct lr_batch *batch = NULL;
    uint32_t n = 0, resets = 0;
    lr_status status;

    do {
        status = parts->verbs->read(parts->verbs->ctx, 0, 0, &batch);
        if (status == LR_OK) {
            n += batch->count;
            status = parts->verbs->write(parts->verbs->ctx, &batch);
        }
    } while (status == LR_OK || (status == LR_RESET && ++resets < 1000));
    return n;
}

void parts_take_away(struct fake_parts *parts, int32_t kind)
{
    parts->event.kind = kind;
    parts->gone = 1;
}

uint32_t parts_count(const struct fake_parts *parts, int32_t letter)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < parts->n_log; i++)
        n += parts->log[i].letter == letter;
    return n;
}
