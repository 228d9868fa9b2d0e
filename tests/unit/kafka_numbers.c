/* SPDX-License-Identifier: MIT
 *
 * Writing and reading numbers as records; see kafka_rig.h. Counting happens by value, so that
 * what is missing and what came twice can be told.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "kafka_rig.h"
#include "plugins/kafka/kafka.h"

static struct rig_batch batch;

/* On a real broker the topic is made by the hook of `lrhost topics create`; twice does no harm. */
int rig_start_with_topic(struct rig *rig)
{
    if (!rig_is_embedded() &&
        rig->plugin->topics(&rig->host.host, rig->settings, LR_TOPICS_CREATE, &rig->err) != LR_OK) {
        (void)printf("    topics: %s\n", rig->err.text);
        return -1;
    }
    return rig_start(rig);
}

int rig_open_source(struct rig *rig, const char *topic, const char *group, const char *more)
{
    char text[512];

    (void)snprintf(text, sizeof text, "topic=%s&kafka.group.id=%s&partitions=10%s", topic, group,
                   more);
    return rig_open(rig, &kafka_source_plugin, "source", 0, 1, text) || rig_start_with_topic(rig);
}

int rig_open_sink(struct rig *rig, const char *topic, const char *more)
{
    char text[512];

    (void)snprintf(text, sizeof text, "topic=%s&partitions=10%s", topic, more);
    return rig_open(rig, &kafka_sink_plugin, "sink", 0, 1, text) || rig_start_with_topic(rig);
}

/* Fills the batch with `count` records "first", "first+1", ...; key and headers are the caller's.
 */
void rig_fill(struct rig_batch *rb, char (*texts)[32], uint32_t count, uint64_t first)
{
    static const struct lr_stream from = {.size = sizeof from, .topic = "in", .partition = 3};
    static const struct lr_stream *const streams[] = {&from};

    rig_batch_init(rb);
    for (uint32_t i = 0; i < count; i++) {
        (void)snprintf(texts[i], 32, "%llu", (unsigned long long)(first + i));
        rb->records[i] = (struct lr_record){.value = texts[i], .timestamp_ns = -1};
        rb->records[i].value_len = (uint32_t)strlen(texts[i]);
        rb->encoded[i] = (struct lr_bytes){texts[i], (uint32_t)strlen(texts[i]), 0};
        rb->t0[i] = -1;
    }
    rb->batch.token = first;
    rb->batch.streams = streams;
}

int rig_write_numbers(const char *topic, const char *more, uint32_t count, uint64_t first)
{
    static char texts[RIG_ROOM][32];
    struct rig sink;
    int bad = rig_open_sink(&sink, topic, more);

    for (uint32_t done = 0; !bad && done < count;) {
        uint32_t n = count - done < 1000 ? count - done : 1000;

        rig_fill(&batch, texts, n, first + done);
        bad = rig_write_all(&sink, &batch, n, 10000);
        done += n;
    }
    if (!bad && sink.host.settled[LR_DELIVERED] != count)
        bad = -1;
    rig_close(&sink);
    return bad;
}

uint64_t rig_value(const struct lr_record *record)
{
    char text[32] = "";

    if (record->value_len < sizeof text)
        memcpy(text, record->value, record->value_len);
    return strtoull(text, NULL, 10);
}

/* Reads until `count` records came or time is over; marks seen[value - first]; checks offsets. */
uint32_t rig_read_numbers(struct rig *rig, uint32_t count, uint8_t *seen, uint64_t first,
                          int64_t *nexts, int timeout_ms)
{
    int64_t deadline = rig_now() + timeout_ms * MS;
    const struct lr_event *event = NULL;
    uint32_t got = 0;

    while (got < count && rig_now() < deadline) {
        lr_status status = rig_poll(rig, &batch, 500, NULL, 0, 200, &event);
        uint32_t at = 0;

        if (status == LR_REBALANCE)
            status = rig_source(rig)->rebalanced(rig->self, &rig->err);
        CU_ASSERT_FATAL(status >= 0);
        for (uint32_t s = 0; status == LR_OK && s < batch.batch.n_spans; s++) {
            const struct lr_span *span = &batch.spans[s];
            int64_t last = nexts ? nexts[span->stream] : -1;

            for (uint32_t i = 0; i < span->count; i++, at++) {
                const struct lr_record *record = &batch.records[at];
                uint64_t value = rig_value(record) - first;

                CU_ASSERT(record->stream == span->stream);
                CU_ASSERT(record->offset >= last);
                last = record->offset + 1;
                if (seen && value < count)
                    seen[value]++;
                got++;
            }
            CU_ASSERT(span->next >= last);
            if (nexts)
                nexts[span->stream] = span->next;
        }
        if (status == LR_OK)
            CU_ASSERT(at == batch.batch.count);
        rig_source(rig)->release(rig->self, &batch.batch);
    }
    return got;
}

uint32_t rig_count(const uint8_t *seen, uint32_t n, uint8_t times)
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < n; i++)
        found += seen[i] == times;
    return found;
}
