/* SPDX-License-Identifier: MIT
 *
 * See reader.h.
 */
#include "reader.h"

#include <time.h>

/* FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
uint64_t lrh_reader_hash(const struct lr_record *r)
{
    const unsigned char *at = r->value;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (uint32_t i = 0; at && i < r->value_len; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

const struct lr_source *lrh_reader_ops(const struct lrh_reader *r)
{
    return lrh_source_of(&r->subject);
}

struct lr_fake_batch *lrh_reader_batch(struct lrh_kit *kit, const struct lrh_reader *r)
{
    return lrh_batch(kit, &r->subject, (struct lr_fake_shape){.capacity = CAPACITY}, 1);
}

static void forget(struct lrh_reader *r)
{
    memset(r->assigned, 0, sizeof r->assigned);
    r->n_notes = 0;
    r->ended = 0;
    for (uint32_t i = 0; i < STREAMS; i++)
        r->position[i] = -1;
}

void lrh_reader_open(struct lrh_kit *kit, struct lrh_reader *r, uint32_t lane, uint32_t lanes)
{
    lrh_subject_init(kit, &r->subject, lane, lanes);
    lrh_subject_create(kit, &r->subject);
    lrh_subject_start(kit, &r->subject);
    forget(r);
    r->until = NULL;
    r->batch = lrh_reader_batch(kit, r);
}

/* ---- one poll ------------------------------------------------------------------------------- */

static void take_event(struct lrh_kit *kit, struct lrh_reader *r, const struct lr_event *event)
{
    const struct lr_event *again = NULL;
    struct lr_fake *fake = &r->subject.fake;
    lr_status status;

    if (!event || r->batch->batch.count || r->batch->batch.n_spans) {
        lrh_finding(kit, "source.event",
                    event ? "LR_REBALANCE came with records in the batch"
                          : "LR_REBALANCE came without an event");
        lrh_done(kit);
    }
    lrh_doing(kit, "source.event", "poll again before rebalanced()");
    status = lrh_reader_ops(r)->poll(fake->self, &r->batch->batch, CAPACITY, NULL, 0, 0, &again,
                                     &fake->err);
    if (status != LR_REBALANCE || again != event) {
        lrh_finding(kit, "source.event",
                    "before rebalanced() a second poll returned %d instead of the same event",
                    status);
        lrh_done(kit);
    }
    for (uint32_t i = 0; i < event->n_streams; i++) {
        const struct lr_stream *stream = event->streams[i];

        if (stream->id >= STREAMS)
            lrh_skip(kit, "this test knows up to %u streams", STREAMS);
        r->assigned[stream->id] = event->kind == LR_EVENT_ASSIGN;
        r->streams[stream->id] = stream;
        r->position[stream->id] = stream->next;
    }
    lrh_doing(kit, "source.event", "rebalanced()");
    status = lrh_reader_ops(r)->rebalanced(fake->self, &fake->err);
    if (status < 0)
        lrh_subject_failed(kit, &r->subject, status, "rebalanced", "source.event");
}

static void take_record(struct lrh_kit *kit, struct lrh_reader *r, const struct lr_span *span,
                        const struct lr_record *record)
{
    uint32_t id = span->stream;

    if (record->stream != id)
        lrh_finding(kit, "source.spans", "a record of stream %u lies in a span of stream %u",
                    record->stream, id);
    if (record->offset < r->position[id])
        lrh_finding(kit, "source.order", "offset %lld of stream %u came when it stood at %lld",
                    (long long)record->offset, id, (long long)r->position[id]);
    if (kit->verdict->n_findings)
        lrh_done(kit);
    if (record->offset >= span->next)
        lrh_finding(kit, "source.spans", "a span that holds offset %lld says that %lld comes next",
                    (long long)record->offset, (long long)span->next);
    if (r->until && record->offset >= r->until[id])
        lrh_finding(kit, "source.until", "offset %lld came though until is %lld",
                    (long long)record->offset, (long long)r->until[id]);
    r->position[id] = record->offset + 1;
    if (r->n_notes < NOTES)
        r->notes[r->n_notes++] =
            (struct lrh_read){lrh_reader_hash(record), record->offset, record->offset + 1, id};
}

static void take_batch(struct lrh_kit *kit, struct lrh_reader *r, uint32_t max)
{
    const struct lr_batch *batch = &r->batch->batch;
    uint32_t i = 0;

    if (batch->count > max || batch->count > CAPACITY)
        lrh_finding(kit, "source.max", "asked for %u records, poll gave %u", max, batch->count);
    for (uint32_t k = 0; k < batch->n_spans; k++) {
        const struct lr_span *span = &batch->spans[k];

        if (span->stream >= STREAMS || !r->assigned[span->stream]) {
            lrh_finding(kit, "source.assign", "stream %u gave records before it was assigned",
                        span->stream);
            lrh_done(kit);
        }
        for (uint32_t j = 0; j < span->count && i < batch->count; j++)
            take_record(kit, r, span, lr_batch_record(batch, i++));
        if (span->next < r->position[span->stream])
            lrh_finding(kit, "source.spans", "stream %u stood at %lld and goes back to %lld",
                        span->stream, (long long)r->position[span->stream], (long long)span->next);
        r->position[span->stream] = span->next;
    }
    if (i != batch->count || (batch->count == 0 && batch->n_spans == 0))
        lrh_finding(kit, "source.spans", "%u records came, and spans for %u", batch->count, i);
    if (kit->verdict->n_findings)
        lrh_done(kit);
}

/* One poll; what it gave is noted and, unless `keep`, released. Not for LR_REBALANCE. */
lr_status lrh_reader_poll(struct lrh_kit *kit, struct lrh_reader *r, uint32_t max, int keep)
{
    struct lr_fake *fake = &r->subject.fake;
    const struct lr_event *event = NULL;
    const int64_t timeout = lrh_reader_ops(r)->fd ? 0 : 20 * MS, began = lrh_real_ns();
    lr_status status;

    r->batch->batch.count = r->batch->batch.n_spans = 0;
    lrh_doing(kit, "source.poll", "poll for %u records", max);
    fake->err.text[0] = '\0';
    status = lrh_reader_ops(r)->poll(fake->self, &r->batch->batch, max, r->until,
                                     r->until ? STREAMS : 0, timeout, &event, &fake->err);
    if (lrh_real_ns() - began > timeout + SLOW_NS)
        lrh_finding(kit, "source.time", "a poll with a timeout of %lld ms took %lld ms",
                    (long long)(timeout / MS), (long long)((lrh_real_ns() - began) / MS));
    if (status < 0)
        lrh_subject_failed(kit, &r->subject, status, "poll", "source.poll");
    if (status == LR_REBALANCE)
        take_event(kit, r, event);
    else if (status == LR_OK)
        take_batch(kit, r, max);
    else if (status == LR_END)
        r->ended = 1;
    else
        (void)nanosleep(&(struct timespec){0, MS}, NULL);
    if (status == LR_OK && !keep && lrh_reader_ops(r)->release) {
        lrh_doing(kit, "source.release", "release");
        lrh_reader_ops(r)->release(fake->self, &r->batch->batch);
    }
    return status;
}

/* Reads until there are `n` notes, the end, or nothing for a while. */
void lrh_reader_read(struct lrh_kit *kit, struct lrh_reader *r, uint32_t n, uint32_t max)
{
    int64_t end = lrh_real_ns() + (kit->args->quick ? PATIENCE_NS / 3 : PATIENCE_NS);

    while (r->n_notes < n && !r->ended && lrh_real_ns() < end)
        if (lrh_reader_poll(kit, r, max, 0) == LR_OK)
            end = lrh_real_ns() + PATIENCE_NS / 6;
    if (r->n_notes == 0)
        lrh_skip(kit, "it gave no record; let it have something to read ({sample} is a file of "
                      "1,000 lines, and so is standard input)");
}
