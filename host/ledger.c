/* SPDX-License-Identifier: MIT
 *
 * See ledger.h. Segments live in one ring per stream that grows when many small batches are in
 * flight; nothing is allocated in the steady state.
 */
#include "ledger.h"

#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>

#define RING_INITIAL 64u

void lrh_ledger_finish(struct lrh_ledger *ledger)
{
    for (uint32_t i = 0; i < ledger->n_streams; i++)
        free(ledger->streams[i].ring);
    free(ledger->streams);
    free(ledger->infos);
    memset(ledger, 0, sizeof *ledger);
}

struct lrh_stream *lrh_ledger_stream(const struct lrh_ledger *ledger, uint32_t stream)
{
    if (stream >= ledger->n_streams || !ledger->streams[stream].ours)
        return NULL;
    return &ledger->streams[stream];
}

/* Room for stream ids below n. The infos point into streams, so both move together. */
static lr_status grow(struct lrh_ledger *ledger, uint32_t n, struct lr_error *err)
{
    struct lrh_stream *streams;
    const struct lr_stream **infos;

    if (n <= ledger->n_streams)
        return LR_OK;
    streams = realloc(ledger->streams, n * sizeof *streams);
    if (!streams)
        return lr_fail(err, LR_ENOMEM, "out of memory for %u streams", n);
    ledger->streams = streams;
    infos = realloc(ledger->infos, n * sizeof *infos);
    if (!infos)
        return lr_fail(err, LR_ENOMEM, "out of memory for %u streams", n);
    ledger->infos = infos;
    memset(streams + ledger->n_streams, 0, (n - ledger->n_streams) * sizeof *streams);
    ledger->n_streams = n;
    for (uint32_t i = 0; i < n; i++)
        infos[i] = &streams[i].info;
    return LR_OK;
}

lr_status lrh_ledger_assign(struct lrh_ledger *ledger, const struct lr_stream *info,
                            struct lr_error *err)
{
    struct lrh_stream *s;
    lr_status status;
    size_t size = info->size < sizeof s->info ? info->size : sizeof s->info;

    if (info->id >= LRH_STREAMS_MAX)
        return lr_fail(err, LR_EINTERNAL, "the source named stream %u; ids end at %u", info->id,
                       LRH_STREAMS_MAX - 1);
    status = grow(ledger, info->id + 1, err);
    if (status != LR_OK)
        return status;
    s = &ledger->streams[info->id];
    if (!s->ring) {
        s->ring = calloc(RING_INITIAL, sizeof *s->ring);
        if (!s->ring)
            return lr_fail(err, LR_ENOMEM, "out of memory for a stream");
        s->ring_size = RING_INITIAL;
    }
    memset(&s->info, 0, sizeof s->info);
    memcpy(&s->info, info, size);
    s->info.size = sizeof s->info;
    s->ours = 1;
    s->end = info->end;
    s->until = INT64_MAX;
    s->single_until = INT64_MIN;
    s->committed = info->next;
    lrh_ledger_rewind(ledger, info->id, info->next);
    return LR_OK;
}

void lrh_ledger_revoke(struct lrh_ledger *ledger, uint32_t stream)
{
    struct lrh_stream *s = lrh_ledger_stream(ledger, stream);

    if (!s)
        return;
    lrh_ledger_rewind(ledger, stream, s->finished);
    s->ours = 0;
}

void lrh_ledger_rewind(struct lrh_ledger *ledger, uint32_t stream, int64_t next)
{
    struct lrh_stream *s = lrh_ledger_stream(ledger, stream);

    if (!s)
        return;
    s->read_epoch++;
    s->write_epoch++;
    s->head = s->tail;
    s->last_read = 0;
    s->read = s->written = s->finished = next;
}

int lrh_ledger_unread(struct lrh_ledger *ledger, uint32_t stream)
{
    struct lrh_stream *s = lrh_ledger_stream(ledger, stream);

    if (!s || s->read == s->written)
        return 0;
    s->read_epoch++;
    s->last_read = 0;
    s->read = s->written;
    return 1;
}

static struct lrh_segment *segment_at(const struct lrh_stream *s, uint64_t number)
{
    return &s->ring[number & (s->ring_size - 1)];
}

static void advance(struct lrh_stream *s)
{
    while (s->head < s->tail && segment_at(s, s->head)->open == 0)
        s->finished = segment_at(s, s->head++)->next;
}

static lr_status grow_ring(struct lrh_stream *s, struct lr_error *err)
{
    uint32_t size = s->ring_size * 2;
    struct lrh_segment *ring = calloc(size, sizeof *ring);

    if (!ring)
        return lr_fail(err, LR_ENOMEM, "out of memory for %u batches in flight", size);
    for (uint64_t i = s->head; i < s->tail; i++)
        ring[i & (size - 1)] = *segment_at(s, i);
    free(s->ring);
    s->ring = ring;
    s->ring_size = size;
    return LR_OK;
}

lr_status lrh_ledger_append(struct lrh_ledger *ledger, uint32_t stream, int64_t next, uint32_t open,
                            uint64_t *ret_segment, struct lr_error *err)
{
    struct lrh_stream *s = &ledger->streams[stream];
    lr_status status;

    if (s->tail - s->head == s->ring_size)
        advance(s);
    if (s->tail - s->head == s->ring_size) {
        status = grow_ring(s, err);
        if (status != LR_OK)
            return status;
    }
    *segment_at(s, s->tail) = (struct lrh_segment){next, open};
    *ret_segment = s->tail++;
    s->written = next;
    return LR_OK;
}

void lrh_ledger_settle(struct lrh_ledger *ledger, uint32_t stream, uint32_t epoch, uint64_t segment,
                       uint32_t n)
{
    struct lrh_stream *s = &ledger->streams[stream];
    struct lrh_segment *g;

    if (epoch != s->write_epoch || segment < s->head || segment >= s->tail)
        return;
    g = segment_at(s, segment);
    g->open -= n < g->open ? n : g->open;
}

uint32_t lrh_ledger_prefix(struct lrh_ledger *ledger, struct lr_position *positions)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < ledger->n_streams; i++) {
        struct lrh_stream *s = &ledger->streams[i];

        if (!s->ours)
            continue;
        advance(s);
        if (s->finished != s->committed)
            positions[n++] = (struct lr_position){i, 0, s->finished};
    }
    return n;
}

int lrh_ledger_settled(const struct lrh_ledger *ledger)
{
    for (uint32_t i = 0; i < ledger->n_streams; i++)
        if (ledger->streams[i].ours && ledger->streams[i].head < ledger->streams[i].tail)
            return 0;
    return 1;
}

void lrh_ledger_committed(struct lrh_ledger *ledger, const struct lr_position *positions,
                          uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct lrh_stream *s = lrh_ledger_stream(ledger, positions[i].stream);

        if (s)
            s->committed = positions[i].next;
    }
}
