/* SPDX-License-Identifier: MIT
 *
 * Natural batching toward the broker: what is written is handed to librdkafka at once while little
 * is under way, and gathers here while much is.
 *
 * librdkafka puts one partition into a produce request. Records that spread over partitions, by key
 * or by the input's partition, become a request each when they are few at a time, and beyond some
 * thousand a second the broker is busy with requests only. Records that all go to one partition
 * (sticky) would wait inside librdkafka for the request before them, and 2.0.2 spins meanwhile (see
 * partitioner.c). So records go in waves: the next one leaves when at most half of what was under
 * way after the last one is still unanswered, and holds everything that came meanwhile. An idle
 * pipeline thus sends each record at once, a busy one few and larger requests, and there is no time
 * to configure. Half, and not all, so that the broker is not idle between two waves, and a slow
 * broker among several does not set the pace of all. Measured: docs/benchmarks.md, "Latency".
 *
 * A wave does not wait for more than WAVE_MAX_NS, nor for more than SCRATCH records: at full load
 * batches are large anyway, and nothing is held. While records are held their values are the host's
 * (until they are settled) and their keys are copied.
 */
#include "sink.h"

#define WAVE_MAX_NS (20 * MS)

void gather_refused(struct sink *sink, uint64_t opaque, size_t len, rd_kafka_resp_err_t code)
{
    struct producer *p = sink->producer;
    int32_t outcome = report_outcome(p, code, opaque, sink->settings->topic);

    p->messages--;
    p->bytes -= (int64_t)len;
    sink->host->settle(sink->host->ctx, opaque & ~DEAD_BIT, 1, outcome);
}

/* ---- to librdkafka ------------------------------------------------------------------------ */

/* Naming one partition for all spares the call of the partitioner and the look-up for each. */
static void send_plain(struct sink *sink, rd_kafka_message_t *messages, uint32_t n, int32_t spread)
{
    int32_t partition = spread ? RD_KAFKA_PARTITION_UA : partitioner_chosen(sink);
    int taken;

    if (!spread && partition == RD_KAFKA_PARTITION_UA && n > 1) { /* the first one of a turn */
        send_plain(sink, messages++, 1, 0);
        partition = partitioner_chosen(sink);
        n--;
    }
    if (!spread)
        taken = rd_kafka_produce_batch(sink->topic, partition, 0, messages, (int)n);
    else
        taken = rd_kafka_produce_batch(sink->topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_PARTITION,
                                       messages, (int)n);
    for (uint32_t i = 0; taken != (int)n && i < n; i++)
        if (messages[i].err)
            gather_refused(sink, (uint64_t)(uintptr_t)messages[i]._private, messages[i].len,
                           messages[i].err);
}

static void send_with_headers(struct sink *sink, const rd_kafka_message_t *m,
                              rd_kafka_headers_t *headers)
{
    rd_kafka_vu_t parts[6] = {{.vtype = RD_KAFKA_VTYPE_RKT}};
    rd_kafka_error_t *error;

    parts[0].u.rkt = sink->topic;
    parts[1].vtype = RD_KAFKA_VTYPE_PARTITION;
    parts[1].u.i32 = m->partition;
    parts[2].vtype = RD_KAFKA_VTYPE_VALUE;
    parts[2].u.mem.ptr = m->payload;
    parts[2].u.mem.size = m->len;
    parts[3].vtype = RD_KAFKA_VTYPE_KEY;
    parts[3].u.mem.ptr = m->key;
    parts[3].u.mem.size = m->key_len;
    parts[4].vtype = RD_KAFKA_VTYPE_OPAQUE;
    parts[4].u.ptr = m->_private;
    parts[5].vtype = RD_KAFKA_VTYPE_HEADERS;
    parts[5].u.headers = headers;
    error = rd_kafka_produceva(sink->producer->rk, parts, sizeof parts / sizeof parts[0]);
    if (error) {
        rd_kafka_headers_destroy(headers);
        gather_refused(sink, (uint64_t)(uintptr_t)m->_private, m->len, rd_kafka_error_code(error));
        rd_kafka_error_destroy(error);
    }
}

void gather_send(struct sink *sink)
{
    struct gather *g = &sink->gather;
    struct producer *p = sink->producer;
    uint32_t n = g->n;
    int32_t spread = g->spread;

    if (n == 0)
        return;
    p->gathered -= n;
    p->wave = p->messages - p->gathered;
    partitioner_turn(sink, n, p->wave - n);
    p->wave_ns = wire_now(&p->wire);
    g->n = g->kept = 0;
    g->spread = 0;
    g->keys_used = 0;
    for (uint32_t i = 0; i < n;) {
        uint32_t first = i;

        while (i < n && !g->headers[i])
            i++;
        if (i > first)
            send_plain(sink, g->messages + first, i - first, spread);
        if (i < n) {
            send_with_headers(sink, &g->messages[i], g->headers[i]);
            i++;
        }
    }
}

/* ---- gathering ---------------------------------------------------------------------------- */

static int may_leave(const struct producer *p)
{
    return !p->gathers || (p->messages - p->gathered) * 2 <= p->wave ||
           wire_now(&p->wire) >= p->wave_ns + WAVE_MAX_NS;
}

/* Keys that were added since the last time, before the caller's memory goes. 0: no room. */
static int keep_keys(struct gather *g)
{
    for (; g->kept < g->n; g->kept++) {
        rd_kafka_message_t *m = &g->messages[g->kept];

        if (!m->key)
            continue;
        if (m->key_len > sizeof g->keys - g->keys_used)
            return 0;
        memcpy(g->keys + g->keys_used, m->key, m->key_len);
        m->key = g->keys + g->keys_used;
        g->keys_used += m->key_len;
    }
    return 1;
}

void gather_end(struct sink *sink)
{
    struct gather *g = &sink->gather;

    if (g->n && (may_leave(sink->producer) || !keep_keys(g)))
        gather_send(sink);
}

void gather_poll(struct producer *p)
{
    for (int i = 0; i < 2 && p->gathered > 0; i++)
        if (p->sinks[i] && p->sinks[i]->gather.n && may_leave(p))
            gather_send(p->sinks[i]);
}

void gather_flush(struct producer *p)
{
    for (int i = 0; i < 2 && p->gathered > 0; i++)
        if (p->sinks[i])
            gather_send(p->sinks[i]);
}

void gather_drop(struct sink *sink, int32_t outcome)
{
    struct gather *g = &sink->gather;
    struct producer *p = sink->producer;

    for (uint32_t i = 0; i < g->n; i++) {
        const rd_kafka_message_t *m = &g->messages[i];

        if (g->headers[i])
            rd_kafka_headers_destroy(g->headers[i]);
        p->messages--;
        p->bytes -= (int64_t)m->len;
        sink->host->settle(sink->host->ctx, (uint64_t)(uintptr_t)m->_private & ~DEAD_BIT, 1,
                           outcome);
    }
    p->gathered -= g->n;
    g->n = g->kept = 0;
    g->spread = 0;
    g->keys_used = 0;
}
