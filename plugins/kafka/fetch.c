/* SPDX-License-Identifier: MIT
 *
 * From partition queues to records and spans.
 *
 * A queue is asked for at most what lies in it (asking for more waits, even with a timeout of
 * 0) and for no more records than offsets are left until the plan's end. Compaction and
 * transactions leave gaps, so the last records may still lie beyond the end: those are kept
 * for later. What lies before the position is stale and dropped.
 *
 * librdkafka swallows the marks that end a transaction. So that a plan whose last offset is such
 * a mark is reached, the position follows librdkafka's own (when it handed out less than the
 * queue held) and the end-of-partition event.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "source.h"

#define GAP_TRIES 3 /* questions for the ends of a partition, a second each */

/* ---- holds ------------------------------------------------------------------------------ */

struct hold *hold_get(struct source *s, uint32_t room)
{
    struct hold **at = &s->free_holds, *hold;

    while (*at && (*at)->room < room)
        at = &(*at)->next;
    hold = *at;
    if (hold) {
        *at = hold->next;
    } else {
        hold = malloc(sizeof *hold + room * sizeof(rd_kafka_message_t *));
        if (!hold)
            return NULL;
        hold->room = room;
    }
    hold->n = 0;
    hold->next = s->used_holds;
    s->used_holds = hold;
    return hold;
}

void hold_put(struct source *s, struct hold *hold)
{
    struct hold **at = &s->used_holds;

    while (*at && *at != hold)
        at = &(*at)->next;
    if (!*at)
        return; /* given back already, when the source stopped */
    for (uint32_t i = 0; i < hold->n; i++)
        rd_kafka_message_destroy(hold->messages[i]);
    hold->n = 0;
    *at = hold->next;
    hold->next = s->free_holds;
    s->free_holds = hold;
}

/* Messages are librdkafka's and must be gone before it is. */
void holds_finish(struct source *s)
{
    while (s->used_holds)
        hold_put(s, s->used_holds);
    while (s->free_holds) {
        struct hold *next = s->free_holds->next;

        free(s->free_holds);
        s->free_holds = next;
    }
}

/* ---- what comes instead of a record ------------------------------------------------------ */

/* Why the records at the position are gone, and how many (-1: nobody knows). */
static int64_t describe_gap(const struct stream *st, int64_t offset, int64_t low, int64_t high,
                            char *text, size_t size)
{
    if (low >= 0 && offset < low) {
        (void)snprintf(text, size,
                       "%s[%d]: %" PRId64
                       " records are missing: the group stands at offset %" PRId64
                       ", but the topic now begins at %" PRId64 " (retention passed the group)",
                       st->topic, st->info.partition, low - offset, offset, low);
        return low - offset;
    }
    if (high >= 0 && offset > high)
        (void)snprintf(text, size,
                       "%s[%d]: the group stands at offset %" PRId64
                       ", but the topic ends at %" PRId64
                       " (it was made anew, or its broker lost data)",
                       st->topic, st->info.partition, offset, high);
    else
        (void)snprintf(text, size, "%s[%d]: offset %" PRId64 " is out of range", st->topic,
                       st->info.partition, offset);
    return -1;
}

/* The records at `offset` are gone: an error, or we go on elsewhere, as on_lost_offsets says. */
static lr_status cross_gap(struct source *s, struct stream *st, int64_t offset,
                           struct lr_error *err)
{
    int64_t low = -1, high = -1, missing, to;
    char text[512];

    for (int i = 0; i < GAP_TRIES && high < 0; i++)
        (void)rd_kafka_query_watermark_offsets(s->rk, st->topic, st->info.partition, &low, &high,
                                               1000);
    missing = describe_gap(st, offset, low, high, text, sizeof text);
    if (s->settings->lost == LOST_FAIL)
        return lr_fail(err, LR_EDATA,
                       "%s; to go on with what is left, set [%s] on_lost_offsets = earliest, or "
                       "run once with --rewind=earliest",
                       text, s->host->section);
    if (high < 0)
        return lr_fail(err, LR_EUNAVAILABLE, "%s, and no broker says what is left", text);
    to = s->settings->lost == LOST_EARLIEST ? low : high;
    if (missing > 0)
        lr_metric_add(s->missing, missing);
    wire_log(&s->wire, LR_LOG_WARNING, "%s; going on at %" PRId64 " (on_lost_offsets)", text, to);
    return rebalance_restart(s, st, to, err);
}

/* What comes instead of a record. */
static lr_status special(struct source *s, struct stream *st, const rd_kafka_message_t *m,
                         struct lr_error *err)
{
    switch (m->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        if (m->offset > st->position)
            st->position = m->offset;
        st->eof = m->offset;
        return LR_OK;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
        return cross_gap(s, st, m->offset >= 0 ? m->offset : st->position, err);
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        return lr_fail(err, LR_EUNAVAILABLE,
                       "the broker at %s does not let this user read topic '%s'", s->wire.servers,
                       st->topic);
    default: /* librdkafka goes on by itself after a pause */
        wire_log(&s->wire, LR_LOG_WARNING, "%s[%d]: %s", st->topic, st->info.partition,
                 rd_kafka_message_errstr(m));
        return LR_OK;
    }
}

/* ---- one stream ------------------------------------------------------------------------- */

/* Moves up to `want` messages of a stream to `into`. */
static size_t take(struct stream *st, rd_kafka_message_t **into, size_t want)
{
    size_t n = 0;
    ssize_t got;

    while (n < want && st->at_kept < st->n_kept)
        into[n++] = st->kept[st->at_kept++];
    if (n == want)
        return n;
    got = rd_kafka_consume_batch_queue(st->queue, 0, into + n, want - n);
    return got > 0 ? n + (size_t)got : n;
}

static lr_status keep(struct stream *st, rd_kafka_message_t **from, size_t n, struct lr_error *err)
{
    size_t left = st->n_kept - st->at_kept;
    rd_kafka_message_t **grown = malloc((n + left) * sizeof(rd_kafka_message_t *));

    if (!grown) {
        for (size_t i = 0; i < n; i++)
            rd_kafka_message_destroy(from[i]);
        return lr_fail(err, LR_ENOMEM, "no memory for %zu messages", n + left);
    }
    memcpy(grown, from, n * sizeof *grown);
    if (left)
        memcpy(grown + n, st->kept + st->at_kept, left * sizeof *grown);
    free(st->kept);
    st->kept = grown;
    st->n_kept = n + left;
    st->at_kept = 0;
    return LR_OK;
}

/* Past marks that librdkafka swallowed. Its position counts only after a record came, because a
 * seek resets it later than it returns. */
static void follow(struct source *s, struct stream *st)
{
    rd_kafka_topic_partition_list_t *list;

    if (!st->settled || st->at_kept < st->n_kept)
        return;
    list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, st->topic, st->info.partition);
    if (rd_kafka_position(s->rk, list) == RD_KAFKA_RESP_ERR_NO_ERROR &&
        list->elems[0].offset > st->position)
        st->position = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
}

/* At most `room` of what lies in the queue now. *ret_got: how many messages that were. */
static lr_status fetch_some(struct source *s, struct stream *st, struct lr_batch *batch,
                            size_t room, int64_t limit, size_t *ret_got, struct lr_error *err)
{
    struct hold *hold = batch->hold;
    rd_kafka_message_t **at = hold->messages + hold->n;
    size_t want = rd_kafka_queue_length(st->queue) + (st->n_kept - st->at_kept), got, i;
    lr_status status = LR_OK;

    if (want > room)
        want = room;
    if ((int64_t)want > limit - st->position)
        want = (size_t)(limit - st->position);
    *ret_got = got = want ? take(st, at, want) : 0;
    for (i = 0; i < got && status == LR_OK; i++) {
        rd_kafka_message_t *m = at[i];

        if (m->err) {
            status = special(s, st, m, err);
        } else if (m->offset >= limit) {
            st->position = m->offset; /* nothing lies between */
            return keep(st, at + i, got - i, err);
        } else if (m->offset >= st->position) {
            record_fill(s, batch, batch->count++, st, m);
            st->position = m->offset + 1;
            st->settled = 1;
            hold->messages[hold->n++] = m;
            continue;
        } else {
            lr_metric_add(s->dropped, 1);
        }
        rd_kafka_message_destroy(m);
    }
    for (; i < got; i++) /* after an error */
        rd_kafka_message_destroy(at[i]);
    if (status == LR_OK && got < want)
        follow(s, st);
    return status;
}

/* Until the queue is empty (not: until what was in it at first is taken, for the bell rings only
 * when an empty queue gets something), the plan's end is reached or the batch is full. */
static lr_status fetch_stream(struct source *s, struct stream *st, struct lr_batch *batch,
                              uint32_t max, int64_t limit, struct lr_error *err)
{
    int64_t before = st->position;
    uint32_t first = batch->count;
    lr_status status = LR_OK;
    size_t got = 1;

    while (status == LR_OK && got > 0 && batch->count < max && st->position < limit)
        status = fetch_some(s, st, batch, max - batch->count, limit, &got, err);
    if (st->position != before) {
        batch->spans[batch->n_spans++] =
            (struct lr_span){st->info.id, batch->count - first, st->position};
        st->info.next = st->position;
    }
    return status;
}

/* Beyond the plan's end nothing is taken, but an error may lie there: a topic that was made anew
 * ends before the position, and so before every plan's end. */
static lr_status look_beyond(struct source *s, struct stream *st, struct lr_batch *batch,
                             struct lr_error *err)
{
    int64_t before = st->position;
    rd_kafka_message_t *m;
    lr_status status = LR_OK;

    if (st->at_kept < st->n_kept || rd_kafka_queue_length(st->queue) == 0 ||
        batch->n_spans >= batch->span_capacity || take(st, &m, 1) == 0)
        return LR_OK;
    if (!m->err && m->offset >= st->position)
        return keep(st, &m, 1, err);
    if (m->err)
        status = special(s, st, m, err);
    rd_kafka_message_destroy(m);
    if (status == LR_OK && st->position != before) {
        batch->spans[batch->n_spans++] = (struct lr_span){st->info.id, 0, st->position};
        st->info.next = st->position;
    }
    return status;
}

lr_status fetch(struct source *s, struct lr_batch *batch, uint32_t max, const int64_t *until,
                uint32_t n_until, int *ret_more, struct lr_error *err)
{
    uint32_t turn = s->turn;
    lr_status status = LR_OK;

    *ret_more = 0;
    if (max > batch->capacity)
        max = batch->capacity;
    for (uint32_t i = 0; i < s->n_owned && status == LR_OK; i++) {
        struct stream *st = s->owned[(turn + i) % s->n_owned];
        int64_t limit = until && st->info.id < n_until ? until[st->info.id] : INT64_MAX;

        if (st->position >= limit) {
            status = look_beyond(s, st, batch, err);
            continue;
        }
        if (batch->count >= max || batch->n_spans >= batch->span_capacity) {
            *ret_more = 1;
            break;
        }
        status = fetch_stream(s, st, batch, max, limit, err);
        if (batch->count > 0)
            s->turn = (turn + i + 1) % s->n_owned;
        if (st->position < limit &&
            (st->at_kept < st->n_kept || (batch->count >= max && rd_kafka_queue_length(st->queue))))
            *ret_more = 1;
    }
    return status;
}
