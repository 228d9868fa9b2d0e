/* SPDX-License-Identifier: MIT
 *
 * What comes out of a partition's queue instead of a record: its end, errors, and records that are
 * gone.
 */
#include <inttypes.h>

#include "source.h"

#define GAP_TRIES 3 /* questions for the ends of a partition, a second each */

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

lr_status gap_special(struct source *s, struct stream *st, const rd_kafka_message_t *m,
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
