/* SPDX-License-Identifier: MIT
 *
 * Delivery reports -> settles, and what an error means for a record.
 *
 * A produce request is refused as a whole for one bad record in it, so an error of a record is
 * REJECTED only for a record that had the client for itself; else the host is asked to write
 * that stretch one by one. Everything that may pass is RETRY. What no retry and no other
 * client mends stops the pipeline: the records are settled as RETRY, and poll and write fail.
 *
 * Not every report of success is believed. Of two requests to a partition that is new, a broker may
 * refuse the first (it does not lead it yet) and take the second, whose sequence number it cannot
 * judge (KAFKA-15591, mended in brokers of late 2026). To librdkafka the success of the second
 * means that the first has arrived, too (its "implicit ack"), and it reports records as delivered
 * that no broker has. They have no offset, by which they are known, and are written again.
 */
#include "sink.h"

#define AT_ONCE 256 /* reports taken from an event in one go */

struct run { /* neighbours of one fate */
    uint64_t token;
    uint32_t count;
    int32_t outcome;
    uint64_t mark;
};

static void flush_run(struct producer *p, struct run *run)
{
    const struct sink *sink = p->sinks[run->mark != 0];

    if (run->count && sink)
        sink->host->settle(sink->host->ctx, run->token, run->count, run->outcome);
    run->count = 0;
}

int32_t report_outcome(struct producer *p, rd_kafka_resp_err_t code, uint64_t opaque,
                       const char *topic)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        return LR_DELIVERED;
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE: /* by us, or by a client that cannot go on */
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
    case RD_KAFKA_RESP_ERR__DESTROY:
        return p->purging ? LR_ABANDONED : LR_RETRY;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
        return p->alone == opaque ? LR_REJECTED : LR_RETRY_SINGLY;
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT:
        producer_fail(p, code, topic);
        return LR_RETRY;
    default:
        return LR_RETRY;
    }
}

/* librdkafka counts up from its value for "no offset", so some of a large request look placed. */
int report_is_placed(struct placed *last, const void *topic, int32_t partition, int64_t offset)
{
    int in_doubt = offset < 0 || (last->in_doubt && last->topic == topic &&
                                  last->partition == partition && offset == last->offset + 1);

    *last = (struct placed){topic, offset, partition, in_doubt};
    return !in_doubt;
}

static int32_t outcome_of(struct producer *p, const rd_kafka_message_t *m, struct placed *last)
{
    if (m->err)
        return report_outcome(p, m->err, (uint64_t)(uintptr_t)m->_private,
                              rd_kafka_topic_name(m->rkt));
    if (!p->acks_all || report_is_placed(last, m->rkt, m->partition, m->offset))
        return LR_DELIVERED;
    if (p->id[0])
        producer_break(p, "a record was confirmed without an offset");
    return LR_RETRY;
}

static void settle_reports(struct producer *p, rd_kafka_event_t *event)
{
    const rd_kafka_message_t *reports[AT_ONCE];
    struct placed last = {0};
    struct run run = {0};
    size_t n;

    while ((n = rd_kafka_event_message_array(event, reports, AT_ONCE)) > 0) {
        for (size_t i = 0; i < n; i++) {
            const rd_kafka_message_t *m = reports[i];
            uint64_t opaque = (uint64_t)(uintptr_t)m->_private;
            uint64_t token = opaque & ~DEAD_BIT, mark = opaque & DEAD_BIT;
            int32_t outcome = outcome_of(p, m, &last);

            p->messages--;
            p->bytes -= m->payload ? (int64_t)m->len : 0;
            if (m->err && p->id[0] &&
                rd_kafka_message_status(m) == RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED)
                producer_break(p, "a record may still reach the broker after its time");
            if (run.count && token == run.token + run.count && outcome == run.outcome &&
                mark == run.mark) {
                run.count++;
                continue;
            }
            flush_run(p, &run);
            run = (struct run){token, 1, outcome, mark};
        }
    }
    flush_run(p, &run);
}

static void note_error(struct producer *p, rd_kafka_event_t *event)
{
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);

    if (rd_kafka_event_error_is_fatal(event))
        producer_fail(p, RD_KAFKA_RESP_ERR__FATAL, NULL);
    else
        wire_note_error(&p->wire, code, rd_kafka_event_error_string(event));
}

lr_status report_serve(struct producer *p, struct lr_error *err)
{
    bell_hush(&p->bell);
    while (p->rk && rd_kafka_queue_length(p->queue) > 0) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(p->queue, 0);

        if (!event)
            break;
        if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR)
            settle_reports(p, event);
        else if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR)
            note_error(p, event);
        rd_kafka_event_destroy(event);
    }
    if (p->gathered > 0 && (p->purging || p->broken)) {
        for (int i = 0; i < 2; i++)
            if (p->sinks[i])
                gather_drop(p->sinks[i], p->purging ? LR_ABANDONED : LR_RETRY);
    } else if (p->gathered > 0) {
        gather_poll(p);
    }
    /* A client that is fatal keeps what it means to retry, and never sends it again. */
    if (p->rk && p->broken && p->messages > 0)
        (void)rd_kafka_purge(p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_NON_BLOCKING);
    if (p->rk && p->wire.down_ns && p->sinks[0] && p->sinks[0]->started)
        wire_watch(&p->wire, p->rk);
    if (p->failed != LR_OK)
        return lr_fail(err, p->failed, "%s", p->failure.text);
    return LR_OK;
}
