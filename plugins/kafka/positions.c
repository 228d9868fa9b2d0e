/* SPDX-License-Identifier: MIT
 *
 * The source's positions: commit, committed, seek, ends.
 *
 * The group is the store and is asked each time. A commit that cannot happen now (the group
 * rebalances, the coordinator moves) is no error: nothing is lost by storing late.
 */
#include <stdlib.h>
#include <time.h>

#include "source.h"

#define STORE_NS (5 * SECOND) /* longest wait for one stored position */
#define SEEK_NS (10 * SECOND)
#define SEEK_TRIES 40
#define ENDS_MS 100

/* ---- commit ----------------------------------------------------------------------------- */

/* What a refused commit means: LR_AGAIN or an error. */
static lr_status judge(struct source *s, rd_kafka_resp_err_t code, struct lr_error *err)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
    case RD_KAFKA_RESP_ERR__NO_OFFSET: /* nothing newer than what is stored */
        return LR_OK;
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
        member_break(s, rd_kafka_err2str(code));
        return LR_AGAIN;
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_COMMIT_OFFSET_SIZE:
        return lr_fail(err, LR_EUNAVAILABLE, "group '%s' cannot store its positions: %s",
                       property_value(s->wire.settings, "group.id"), rd_kafka_err2str(code));
    default:
        (void)lr_fail(err, LR_AGAIN, "%s", rd_kafka_err2str(code));
        return LR_AGAIN;
    }
}

static rd_kafka_resp_err_t first_error(rd_kafka_resp_err_t code,
                                       const rd_kafka_topic_partition_list_t *offsets)
{
    for (int i = 0; offsets && i < offsets->cnt && !code; i++)
        code = offsets->elems[i].err;
    return code;
}

void positions_on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t code,
                         rd_kafka_topic_partition_list_t *offsets, void *opaque)
{
    struct source *s = opaque;

    (void)rk;
    code = first_error(code, offsets);
    if (!code || code == RD_KAFKA_RESP_ERR__NO_OFFSET)
        return;
    lr_metric_add(s->commit_failures, 1);
    wire_log(&s->wire, LR_LOG_WARNING, "positions were not stored this time: %s",
             rd_kafka_err2str(code));
}

lr_status positions_store(struct source *s, rd_kafka_topic_partition_list_t *list,
                          int64_t deadline_ns, struct lr_error *err)
{
    void *mine = (void *)++s->stores; /* tells the answer from a late one */
    rd_kafka_resp_err_t code = rd_kafka_commit_queue(s->rk, list, s->replies, NULL, mine);

    while (!code) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(s->replies, 50);

        if (event && rd_kafka_event_type(event) == RD_KAFKA_EVENT_OFFSET_COMMIT &&
            rd_kafka_event_opaque(event) == mine) {
            code = first_error(rd_kafka_event_error(event),
                               rd_kafka_event_topic_partition_list(event));
            rd_kafka_event_destroy(event);
            return judge(s, code, err);
        }
        if (event) /* the late answer of one that was given up */
            rd_kafka_event_destroy(event);
        else if (wire_now(&s->wire) >= deadline_ns)
            code = RD_KAFKA_RESP_ERR__TIMED_OUT;
    }
    return judge(s, code, err);
}

lr_status positions_commit(void *self, const struct lr_position *positions, uint32_t n,
                           int32_t wait, struct lr_error *err)
{
    struct source *s = self;
    rd_kafka_topic_partition_list_t *list;
    lr_status status;

    if (n == 0)
        return LR_OK;
    status = stream_list(s, positions, n, &list, err);
    if (status != LR_OK)
        return status;
    if (wait)
        status = positions_store(s, list, wire_now(&s->wire) + STORE_NS, err);
    else
        status = judge(s, rd_kafka_commit(s->rk, list, 1), err);
    rd_kafka_topic_partition_list_destroy(list);
    return status;
}

/* ---- committed -------------------------------------------------------------------------- */

lr_status positions_committed(void *self, struct lr_position *positions, uint32_t n,
                              struct lr_error *err)
{
    struct source *s = self;
    rd_kafka_topic_partition_list_t *list;
    char text[256];
    lr_status status;

    if (n == 0 || s->fatal) /* all of them are lost, which is about to be said */
        return LR_OK;
    status = stream_list(s, positions, n, &list, err);
    if (status != LR_OK)
        return status;
    status = begin_positions(s, list, err);
    if (status == LR_AGAIN && rd_kafka_fatal_error(s->rk, text, sizeof text)) {
        member_break(s, text);
        status = LR_OK;
    }
    for (uint32_t i = 0; s->fatal && i < n; i++)
        rd_kafka_topic_partition_list_find(list, s->streams[positions[i].stream]->topic,
                                           s->streams[positions[i].stream]->info.partition)
            ->offset = positions[i].next;
    for (uint32_t i = 0; i < n && status == LR_OK; i++) {
        const struct stream *st = s->streams[positions[i].stream];

        positions[i].next =
            rd_kafka_topic_partition_list_find(list, st->topic, st->info.partition)->offset;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return status;
}

/* ---- seek ------------------------------------------------------------------------------- */

static void rest(int64_t ns)
{
    const struct timespec pause = {0, (long)ns};

    (void)nanosleep(&pause, NULL);
}

/* Removes from the list what was done. */
static rd_kafka_resp_err_t seek_once(struct source *s, rd_kafka_topic_partition_list_t *list)
{
    /* Before 2.1.0 librdkafka waits a thousandth of the time it is given. */
    int timeout_ms = rd_kafka_version() < 0x020100ff ? 2000 * 1000 : 2000;
    rd_kafka_error_t *error = rd_kafka_seek_partitions(s->rk, list, timeout_ms);
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;

    if (error) {
        code = rd_kafka_error_code(error);
        rd_kafka_error_destroy(error);
        return code;
    }
    for (int i = list->cnt - 1; i >= 0; i--) {
        if (!list->elems[i].err)
            (void)rd_kafka_topic_partition_list_del_by_idx(list, i);
        else
            code = list->elems[i].err;
    }
    return code;
}

/* Empties the list. */
static lr_status restart_all(struct source *s, rd_kafka_topic_partition_list_t *list,
                             struct lr_error *err)
{
    lr_status status = LR_OK;

    for (int i = 0; i < list->cnt && status == LR_OK; i++) {
        const rd_kafka_topic_partition_t *p = &list->elems[i];

        status = rebalance_restart(s, stream_find(s, p->topic, p->partition), p->offset, err);
    }
    while (list->cnt > 0)
        (void)rd_kafka_topic_partition_list_del_by_idx(list, list->cnt - 1);
    return status;
}

lr_status positions_seek(void *self, const struct lr_position *positions, uint32_t n,
                         struct lr_error *err)
{
    struct source *s = self;
    int64_t give_up = wire_now(&s->wire) + SEEK_NS;
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    lr_status status = stream_list(s, positions, n, &list, err);
    char text[256];
    int tries = 0;

    if (status != LR_OK)
        return status;
    for (uint32_t i = 0; i < n; i++) {
        struct stream *st = s->streams[positions[i].stream];

        stream_forget_kept(st);
        st->eof = NO_OFFSET;
        st->settled = 0;
        st->position = st->info.next = positions[i].next;
        if (!st->queue)
            (void)rd_kafka_topic_partition_list_del(list, st->topic, st->info.partition);
    }
    while (list->cnt > 0 && !s->fatal) {
        code = seek_once(s, list);
        if (code && rd_kafka_fatal_error(s->rk, text, sizeof text))
            member_break(s, text);
        if (!code || wire_now(&s->wire) >= give_up)
            break;
        rest(5 * MS); /* an assignment that is not carried out yet */
        if (++tries == SEEK_TRIES && code == RD_KAFKA_RESP_ERR__STATE && !s->fatal) {
            status = restart_all(s, list, err); /* fetchers that gave up: records are gone */
            break;
        }
    }
    if (status == LR_OK && list->cnt > 0 && !s->fatal)
        status = lr_fail(err, LR_EUNAVAILABLE, "%s[%d] cannot be read again from %lld: %s",
                         list->elems[0].topic, list->elems[0].partition,
                         (long long)list->elems[0].offset, rd_kafka_err2str(code));
    rd_kafka_topic_partition_list_destroy(list);
    bell_ring(&s->bell);
    return status;
}

/* ---- ends ------------------------------------------------------------------------------- */

/* A client of its own: a broker answers one connection in order, and on the consumer's a fetch
 * may be waiting for records. */
static lr_status query_client(struct source *s, struct lr_error *err)
{
    rd_kafka_conf_t *conf;
    char text[64];
    lr_status status;

    if (s->query)
        return LR_OK;
    status = conf_create(&s->wire, ROLE_CONSUMER, &conf, err);
    if (status != LR_OK)
        return status;
    (void)rd_kafka_conf_set(conf, "group.id", "", text, sizeof text);
    return wire_client(&s->wire, RD_KAFKA_CONSUMER, conf, &s->query, err);
}

/* Nothing more is known to be there: then the position is the end, and no one need be asked. */
static int is_caught_up(const struct source *s, const struct stream *st)
{
    int64_t low, high;

    if (!st->queue || st->at_kept < st->n_kept || rd_kafka_queue_length(st->queue) > 0)
        return 0;
    if (st->eof == st->position)
        return 1;
    return rd_kafka_get_watermark_offsets(s->rk, st->topic, st->info.partition, &low, &high) ==
               RD_KAFKA_RESP_ERR_NO_ERROR &&
           high == st->position;
}

lr_status positions_ends(void *self, struct lr_position *positions, uint32_t n,
                         struct lr_error *err)
{
    struct source *s = self;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n + 1);
    lr_status status = LR_OK;

    for (uint32_t i = 0; i < n && status == LR_OK; i++) {
        struct stream *st =
            positions[i].stream < s->n_streams ? s->streams[positions[i].stream] : NULL;

        if (!st)
            status =
                lr_fail(err, LR_EINTERNAL, "stream %u was never handed over", positions[i].stream);
        else if (is_caught_up(s, st))
            positions[i].next = st->info.end = st->position;
        else
            rd_kafka_topic_partition_list_add(list, st->topic, st->info.partition);
    }
    if (status == LR_OK && list->cnt > 0) {
        status = query_client(s, err);
        if (status == LR_OK) {
            rd_kafka_poll(s->query, 0);
            status = begin_offsets_at(s->query, list, RD_KAFKA_OFFSET_END, ENDS_MS, err);
        }
    }
    for (uint32_t i = 0; i < n && status == LR_OK && list->cnt > 0; i++) {
        struct stream *st = s->streams[positions[i].stream];
        const rd_kafka_topic_partition_t *p =
            rd_kafka_topic_partition_list_find(list, st->topic, st->info.partition);

        if (p)
            positions[i].next = st->info.end = p->offset > st->position ? p->offset : st->position;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return status;
}
