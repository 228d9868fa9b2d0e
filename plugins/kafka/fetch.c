/* SPDX-License-Identifier: MIT
 *
 * From librdkafka's queue to records and spans.
 *
 * The queues of all partitions lead into one, so that what is read ahead has one bound for all of
 * them together, and so that a fetch that waits for partitions that have nothing new never keeps
 * one waiting that has. What is taken from it is a row of runs, each of one partition: a run is
 * a span. The queue is asked for at most what lies in it (asking for more waits, even with a
 * timeout of 0).
 *
 * What lies at or beyond the plan's end of its partition is kept for later, in order; from the
 * first such message on the partition is set apart: its own queue fills up and is full by itself,
 * so that what is kept cannot grow while other partitions are far from their ends. It is led back
 * when the plan goes on. What lies before the position is stale and dropped.
 *
 * librdkafka swallows the marks that end a transaction. So that a plan whose last offset is such
 * a mark is reached, the position follows librdkafka's own (when it handed out less than the
 * queue held) and the end-of-partition event.
 */
#include <stdlib.h>

#include "source.h"

/* One call of fetch. */
struct pass {
    struct source *s;
    struct lr_batch *batch;
    uint32_t max;
    const int64_t *until;
    uint32_t n_until;
    struct stream *run; /* whose messages come now; NULL: not known */
    int64_t limit;      /* of it */
};

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

/* ---- spans ------------------------------------------------------------------------------ */

static int64_t limit_of(const struct pass *pass, const struct stream *st)
{
    return pass->until && st->info.id < pass->n_until ? pass->until[st->info.id] : INT64_MAX;
}

static int has_kept(const struct stream *st)
{
    return st->at_kept < st->n_kept;
}

/* Moves a stream's position, with so many records before it. The caller knows of room. */
static void advance(struct lr_batch *batch, struct stream *st, int64_t position, uint32_t records)
{
    struct lr_span *span = batch->n_spans ? &batch->spans[batch->n_spans - 1] : NULL;

    if (!span || span->stream != st->info.id) {
        span = &batch->spans[batch->n_spans++];
        *span = (struct lr_span){.stream = st->info.id};
    }
    span->count += records;
    span->next = st->position = st->info.next = position;
}

/* The next message of a stream is handed out, or what it says is done. */
static lr_status use(struct pass *pass, struct stream *st, rd_kafka_message_t *m,
                     struct lr_error *err)
{
    struct lr_batch *batch = pass->batch;
    struct hold *hold = batch->hold;
    int64_t before = st->position, to;
    lr_status status = LR_OK;

    if (!m->err && m->offset >= st->position) {
        record_fill(pass->s, batch, batch->count++, st, m);
        advance(batch, st, m->offset + 1, 1);
        st->settled = 1;
        hold->messages[hold->n++] = m;
        return LR_OK;
    }
    pass->run = NULL; /* a special message may void what came with it */
    if (m->err)
        status = gap_special(pass->s, st, m, err);
    else
        lr_metric_add(pass->s->dropped, 1);
    rd_kafka_message_destroy(m);
    to = st->position;
    if (status == LR_OK && to != before)
        advance(batch, st, to, 0);
    return status;
}

/* Must wait for a later plan. Nothing lies between the position and its offset. */
static int is_beyond(struct pass *pass, struct stream *st, const rd_kafka_message_t *m)
{
    if (m->err || m->offset < st->position || m->offset < limit_of(pass, st))
        return 0;
    if (m->offset > st->position)
        advance(pass->batch, st, m->offset, 0);
    return 1;
}

/* ---- kept messages ---------------------------------------------------------------------- */

static lr_status keep(struct stream *st, rd_kafka_message_t *m, struct lr_error *err)
{
    if (st->n_kept == st->kept_room) {
        size_t room = st->kept_room ? 2 * st->kept_room : 64;
        rd_kafka_message_t **grown = realloc(st->kept, room * sizeof(rd_kafka_message_t *));

        if (!grown) {
            rd_kafka_message_destroy(m);
            return lr_fail(err, LR_ENOMEM, "no memory for %zu messages", room);
        }
        st->kept = grown;
        st->kept_room = room;
    }
    st->kept[st->n_kept++] = m;
    return LR_OK;
}

static int is_full(const struct pass *pass)
{
    return pass->batch->count >= pass->max || pass->batch->n_spans >= pass->batch->span_capacity;
}

static lr_status use_kept(struct pass *pass, struct stream *st, struct lr_error *err)
{
    lr_status status = LR_OK;

    while (status == LR_OK && has_kept(st) && !is_full(pass)) {
        rd_kafka_message_t *m = st->kept[st->at_kept];

        if (is_beyond(pass, st, m))
            break;
        st->at_kept++;
        status = use(pass, st, m, err);
    }
    if (!has_kept(st))
        st->n_kept = st->at_kept = 0;
    return status;
}

/* ---- the queue -------------------------------------------------------------------------- */

static struct stream *owner_of(struct source *s, const rd_kafka_message_t *m)
{
    for (uint32_t i = 0, at = s->last; i < s->n_owned; i++, at++) {
        struct stream *st;

        if (at >= s->n_owned)
            at = 0;
        st = s->owned[at];
        if (st->info.partition == m->partition &&
            (st->rkt == m->rkt || strcmp(st->topic, rd_kafka_topic_name(m->rkt)) == 0)) {
            st->rkt = m->rkt; /* cheaper to compare than a name */
            s->last = at;     /* messages come in runs */
            return st;
        }
    }
    return NULL;
}

static lr_status take_one(struct pass *pass, rd_kafka_message_t *m, struct lr_error *err)
{
    struct stream *st = m->rkt ? owner_of(pass->s, m) : NULL;

    if (!st || st->voided == pass->s->takes) { /* not ours any more, or it comes again */
        rd_kafka_message_destroy(m);
        return LR_OK;
    }
    if (!has_kept(st) && !is_beyond(pass, st, m)) {
        pass->run = st;
        pass->limit = limit_of(pass, st);
        return use(pass, st, m, err);
    }
    pass->run = NULL;
    if (!st->apart) {
        rd_kafka_queue_forward(st->queue, NULL);
        st->apart = 1;
    }
    return keep(st, m, err);
}

/* Most messages are another record of the same partition: as many of these as there are. */
static size_t take_run(struct pass *pass, rd_kafka_message_t **from, size_t n)
{
    struct lr_batch *batch = pass->batch;
    struct hold *hold = batch->hold;
    struct stream *st = pass->run;
    int64_t position, bytes = 0;
    size_t i;

    if (!st)
        return 0;
    position = st->position;
    for (i = 0; i < n; i++) {
        rd_kafka_message_t *m = from[i];

        if (m->rkt != st->rkt || m->partition != st->info.partition || m->err ||
            m->offset < position || m->offset >= pass->limit)
            break;
        record_fill(pass->s, batch, batch->count + (uint32_t)i, st, m);
        hold->messages[hold->n + i] = m; /* at or before where it was read */
        position = m->offset + 1;
        bytes += (int64_t)m->len;
    }
    if (i > 0) {
        batch->count += (uint32_t)i;
        hold->n += (uint32_t)i;
        pass->s->ahead.bytes += bytes;
        advance(batch, st, position, (uint32_t)i);
    }
    return i;
}

/* Past marks that librdkafka swallowed. Its position counts only after a record came, because a
 * seek resets it later than it returns. */
static void follow(struct pass *pass)
{
    struct source *s = pass->s;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)s->n_owned + 1);
    int at = 0;

    for (uint32_t i = 0; i < s->n_owned; i++)
        if (s->owned[i]->settled && !has_kept(s->owned[i]))
            rd_kafka_topic_partition_list_add(list, s->owned[i]->topic,
                                              s->owned[i]->info.partition);
    if (list->cnt > 0 && rd_kafka_position(s->rk, list) == RD_KAFKA_RESP_ERR_NO_ERROR)
        for (uint32_t i = 0; i < s->n_owned; i++) {
            struct stream *st = s->owned[i];

            if (!st->settled || has_kept(st))
                continue;
            if (list->elems[at].offset > st->position &&
                pass->batch->n_spans < pass->batch->span_capacity)
                advance(pass->batch, st, list->elems[at].offset, 0);
            at++;
        }
    rd_kafka_topic_partition_list_destroy(list);
}

/* How many partitions have not reached the plan's end. */
static uint32_t wanting(const struct pass *pass)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < pass->s->n_owned; i++)
        n += pass->s->owned[i]->position < limit_of(pass, pass->s->owned[i]);
    return n;
}

/* At most `most` of what lies in the queue now. *ret_got: how many messages came. */
static lr_status take_some(struct pass *pass, size_t most, size_t *ret_got, struct lr_error *err)
{
    struct source *s = pass->s;
    struct hold *hold = pass->batch->hold;
    rd_kafka_message_t **at = hold->messages + hold->n; /* `use` writes behind its reading */
    size_t want = rd_kafka_queue_length(s->records), i = 0;
    lr_status status = LR_OK;
    ssize_t got;

    *ret_got = 0;
    if (want > most)
        want = most;
    if (want > pass->max - pass->batch->count)
        want = pass->max - pass->batch->count;
    if (want > pass->batch->span_capacity - pass->batch->n_spans)
        want = pass->batch->span_capacity - pass->batch->n_spans;
    if (want == 0)
        return LR_OK;
    s->takes++;
    got = rd_kafka_consume_batch_queue(s->records, 0, at, want);
    if (got < 0)
        got = 0;
    *ret_got = (size_t)got;
    while (i < (size_t)got && status == LR_OK) {
        s->ahead.bytes += (int64_t)at[i]->len;
        status = take_one(pass, at[i++], err);
        i += status == LR_OK ? take_run(pass, at + i, (size_t)got - i) : 0;
    }
    s->ahead.records += got;
    for (; i < (size_t)got; i++) /* after an error */
        rd_kafka_message_destroy(at[i]);
    if (status == LR_OK && (size_t)got < want)
        follow(pass);
    return status;
}

/* Until the queue is empty (not: until what was in it at first is taken, for the bell rings only
 * when an empty queue gets something), all plans' ends are reached or the batch is full. Beyond
 * the ends one message is taken and kept, for it may be an error: a topic that was made anew ends
 * before the position, and so before every plan's end. */
static lr_status take(struct pass *pass, int kept, struct lr_error *err)
{
    uint32_t left = wanting(pass);
    lr_status status = LR_OK;
    size_t got = 1;

    if (left == 0 && !kept && !is_full(pass))
        return take_some(pass, 1, &got, err);
    while (status == LR_OK && got > 0 && left > 0 && !is_full(pass)) {
        status = take_some(pass, SIZE_MAX, &got, err);
        if (pass->until)
            left = wanting(pass);
    }
    return status;
}

lr_status fetch(struct source *s, struct lr_batch *batch, uint32_t max, const int64_t *until,
                uint32_t n_until, int *ret_more, struct lr_error *err)
{
    struct pass pass = {s,    batch, max < batch->capacity ? max : batch->capacity, until, n_until,
                        NULL, 0};
    lr_status status = LR_OK;
    int kept = 0, more = 0;

    for (uint32_t i = 0; i < s->n_owned && status == LR_OK; i++) {
        struct stream *st = s->owned[i];

        if (has_kept(st))
            status = use_kept(&pass, st, err);
        if (!has_kept(st) && st->apart && st->position < limit_of(&pass, st)) {
            rd_kafka_queue_forward(st->queue, s->records);
            st->apart = 0;
        }
        kept |= has_kept(st);
        more |= has_kept(st) && st->position < limit_of(&pass, st);
    }
    if (status == LR_OK && !is_full(&pass))
        status = take(&pass, kept, err);
    *ret_more =
        more || (is_full(&pass) && wanting(&pass) > 0 && rd_kafka_queue_length(s->records) > 0);
    ahead_wake(s);
    return status;
}
