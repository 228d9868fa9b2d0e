/* SPDX-License-Identifier: MIT
 *
 * Rebalances: librdkafka's callback only notes; the host hears of it from poll, finishes what it
 * has, and answers; only then is librdkafka told.
 *
 * librdkafka waits for that answer (and keeps the membership alive) for max.poll.interval.ms, and
 * sends no second rebalance before it. Both protocols of assignors work: the eager one replaces
 * the whole assignment, the cooperative one adds and removes.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "source.h"

#define DEAD_MEMBER_NS (30 * SECOND) /* until a broker gives up a dead member's transaction */
#define PATIENCE_NS (3 * SECOND)
#define LEAD_NS (20 * MS) /* for streams_lead, after a fetcher was stopped */
#define LISTED 8          /* partitions that the first log line names one by one */

static int is_cooperative(const struct source *s)
{
    return strcmp(rd_kafka_rebalance_protocol(s->rk), "COOPERATIVE") == 0;
}

/* Tells librdkafka; `list` NULL: gives everything up. */
static lr_status tell(struct source *s, int assign, const rd_kafka_topic_partition_list_t *list,
                      struct lr_error *err)
{
    rd_kafka_error_t *error = NULL;
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    char text[256];

    if (list && is_cooperative(s))
        error = assign ? rd_kafka_incremental_assign(s->rk, list)
                       : rd_kafka_incremental_unassign(s->rk, list);
    else
        code = rd_kafka_assign(s->rk, assign ? list : NULL);
    if (s->fatal || (!error && !code)) { /* a client that goes may say what it likes */
        if (error)
            rd_kafka_error_destroy(error);
        return LR_OK;
    }
    (void)snprintf(text, sizeof text, "%s",
                   error ? rd_kafka_error_string(error) : rd_kafka_err2str(code));
    if (error) {
        code = rd_kafka_error_code(error);
        rd_kafka_error_destroy(error);
    }
    return lr_fail(err, wire_class(code), "the assignment was not taken over: %s", text);
}

lr_status rebalance_restart(struct source *s, struct stream *st, int64_t offset,
                            struct lr_error *err)
{
    int only = is_cooperative(s); /* this one; else all are assigned anew, where they stand */
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)s->n_owned + 1);
    lr_status status = LR_OK;

    st->position = st->info.next = offset;
    for (uint32_t i = 0; i < s->n_owned; i++) {
        struct stream *one = s->owned[i];

        if (only && one != st)
            continue;
        stream_forget_kept(one);
        one->eof = NO_OFFSET;
        one->settled = 0;
        one->voided = s->takes;
        rd_kafka_topic_partition_list_add(list, one->topic, one->info.partition)->offset =
            one->position;
    }
    if (only)
        status = tell(s, 0, list, err);
    if (status == LR_OK)
        status = tell(s, 1, list, err);
    rd_kafka_topic_partition_list_destroy(list);
    s->serve_due_ns = wire_now(&s->wire) + LEAD_NS;
    return status;
}

void rebalance_note(rd_kafka_t *rk, rd_kafka_resp_err_t code,
                    rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
    struct source *s = opaque;
    int assign = code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;

    if (s->closing || s->fatal || (!assign && code != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)) {
        (void)tell(s, 0, assign ? NULL : partitions, NULL); /* all is committed, or hopeless */
        return;
    }
    s->noted = assign                         ? LR_EVENT_ASSIGN
               : rd_kafka_assignment_lost(rk) ? LR_EVENT_LOST
                                              : LR_EVENT_REVOKE;
    s->partitions = rd_kafka_topic_partition_list_copy(partitions);
    s->resolved = 0;
    s->noted_ns = wire_now(&s->wire);
    s->waited = 0;
}

void rebalance_lose(struct source *s)
{
    s->partitions = rd_kafka_topic_partition_list_new((int)s->n_owned + 1);
    for (uint32_t i = 0; i < s->n_owned; i++)
        rd_kafka_topic_partition_list_add(s->partitions, s->owned[i]->topic,
                                          s->owned[i]->info.partition);
    s->noted = LR_EVENT_LOST;
    s->resolved = 0;
}

static void forget(struct source *s)
{
    if (s->partitions)
        rd_kafka_topic_partition_list_destroy(s->partitions);
    s->partitions = NULL;
    free(s->event_streams);
    s->event_streams = NULL;
    s->noted = 0;
    s->resolved = 0;
}

void rebalance_finish(struct source *s)
{
    if (s->noted && s->rk)
        (void)tell(s, 0, s->noted == LR_EVENT_ASSIGN ? NULL : s->partitions, NULL);
    forget(s);
}

/* ---- the event -------------------------------------------------------------------------- */

/* "group 'g' reads topic1[0] from 12 (3 behind), ...; 70 behind in all" */
static void announce(struct source *s)
{
    rd_kafka_topic_partition_list_t *ends = rd_kafka_topic_partition_list_copy(s->partitions);
    char text[800];
    size_t at = 0;
    int64_t behind = 0;
    int known = begin_offsets_at(s->rk, ends, RD_KAFKA_OFFSET_END, 1000, NULL) == LR_OK;

    text[0] = '\0';
    for (int i = 0; i < s->partitions->cnt; i++) {
        const rd_kafka_topic_partition_t *p = &s->partitions->elems[i];
        const rd_kafka_topic_partition_t *end =
            rd_kafka_topic_partition_list_find(ends, p->topic, p->partition);
        int64_t more = known && end && end->offset > p->offset ? end->offset - p->offset : 0;

        behind += more;
        if (i < LISTED && at < sizeof text)
            at += (size_t)snprintf(text + at, sizeof text - at, "%s%s[%d] from %" PRId64,
                                   i ? ", " : "", p->topic, p->partition, p->offset);
    }
    if (s->partitions->cnt > LISTED && at < sizeof text)
        (void)snprintf(text + at, sizeof text - at, " and %d more", s->partitions->cnt - LISTED);
    if (s->partitions->cnt == 0)
        (void)snprintf(text, sizeof text, "nothing at the moment (more members than partitions)");
    if (known || s->partitions->cnt == 0)
        wire_log(&s->wire, LR_LOG_NOTICE, "group '%s' reads %s; %" PRId64 " records behind",
                 property_value(s->wire.settings, "group.id"), text, behind);
    else
        wire_log(&s->wire, LR_LOG_NOTICE, "group '%s' reads %s",
                 property_value(s->wire.settings, "group.id"), text);
    rd_kafka_topic_partition_list_destroy(ends);
}

static lr_status build(struct source *s, struct lr_error *err)
{
    uint32_t n = 0;

    s->event_streams = calloc((size_t)s->partitions->cnt + 1, sizeof *s->event_streams);
    if (!s->event_streams)
        return lr_fail(err, LR_ENOMEM, "no memory for %d partitions", s->partitions->cnt);
    for (int i = 0; i < s->partitions->cnt; i++) {
        const rd_kafka_topic_partition_t *p = &s->partitions->elems[i];
        struct stream *st = s->noted == LR_EVENT_ASSIGN ? stream_get(s, p->topic, p->partition)
                                                        : stream_find(s, p->topic, p->partition);

        if (!st && s->noted == LR_EVENT_ASSIGN)
            return lr_fail(err, LR_ENOMEM, "no memory for %d partitions", s->partitions->cnt);
        if (!st || (s->noted != LR_EVENT_ASSIGN && !st->queue))
            continue; /* never handed over */
        if (s->noted == LR_EVENT_ASSIGN)
            st->info.next = p->offset;
        s->event_streams[n++] = &st->info;
    }
    s->event = (struct lr_event){
        .size = sizeof s->event, .kind = s->noted, .n_streams = n, .streams = s->event_streams};
    s->resolved = 1;
    return LR_OK;
}

/* A coordinator that moves, or the open transaction of a member that died: the broker ends that
 * after its timeout. Only a start gives up; later it is an outage like any other. */
static lr_status wait_for_positions(struct source *s, struct lr_error *err)
{
    int64_t waited_ns = wire_now(&s->wire) - s->noted_ns;

    if (!s->announced && waited_ns >= s->settings->common.connect_timeout_ns + DEAD_MEMBER_NS) {
        lr_context(err, "the group's positions cannot be read");
        return LR_EUNAVAILABLE;
    }
    if (!s->waited && waited_ns >= PATIENCE_NS) {
        s->waited = 1;
        wire_log(&s->wire, LR_LOG_NOTICE, "waiting for the positions of group '%s': %s",
                 property_value(s->wire.settings, "group.id"), err ? err->text : "");
    }
    return LR_AGAIN;
}

static lr_status resolve(struct source *s, struct lr_error *err)
{
    lr_status status = LR_OK;

    if (s->noted == LR_EVENT_ASSIGN && s->partitions->cnt > 0) {
        status = begin_positions(s, s->partitions, err);
        if (status == LR_OK)
            status = begin_rewind(s, s->partitions, err);
    }
    if (status == LR_AGAIN)
        return wait_for_positions(s, err);
    if (status != LR_OK)
        return status;
    status = build(s, err);
    if (status == LR_OK && s->noted == LR_EVENT_ASSIGN && !s->announced) {
        announce(s);
        s->announced = 1;
    }
    return status;
}

lr_status rebalance_event(struct source *s, const struct lr_event **ret_event, struct lr_error *err)
{
    if (!s->resolved) {
        lr_status status = resolve(s, err);

        if (status != LR_OK)
            return status;
    }
    *ret_event = &s->event;
    return LR_REBALANCE;
}

lr_status rebalance_answer(void *self, struct lr_error *err)
{
    struct source *s = self;
    lr_status status = LR_OK;

    if (!s->noted)
        return LR_OK;
    for (int i = 0; i < s->partitions->cnt && status == LR_OK; i++) {
        const rd_kafka_topic_partition_t *p = &s->partitions->elems[i];
        struct stream *st = stream_find(s, p->topic, p->partition);

        if (st && s->noted == LR_EVENT_ASSIGN)
            status = stream_take(s, st, p->offset, err);
        else if (st)
            stream_drop(s, st);
    }
    if (status == LR_OK)
        status = tell(s, s->noted == LR_EVENT_ASSIGN, s->partitions, err);
    s->reopen = s->fatal && s->noted == LR_EVENT_LOST;
    if (s->noted == LR_EVENT_ASSIGN)
        cover_schedule(s);
    forget(s);
    lr_metric_set(s->assigned, s->n_owned);
    return status;
}
