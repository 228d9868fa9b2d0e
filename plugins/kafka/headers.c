/* SPDX-License-Identifier: MIT
 *
 * The headers of a record to send: its own, the host's (of a dead letter), and t0.
 *
 * A record with headers goes through librdkafka's slower door, so none are made that say nothing
 * new: t0 of a record that came from Kafka is its timestamp or already a header.
 */
#include "sink.h"

#define DIGITS 20

static int has_t0(const struct lr_batch *batch, const struct lr_record *record)
{
    struct lr_header header;
    const void *value;
    size_t len;

    if (!record->headers)
        return 0;
    if (batch->header_domain == kafka_domain)
        return rd_kafka_header_get_last(record->headers, T0_HEADER, &value, &len) ==
               RD_KAFKA_RESP_ERR_NO_ERROR;
    for (uint32_t i = 0; batch->header && batch->header(record->headers, i, &header) == LR_OK; i++)
        if (strcmp(header.name, T0_HEADER) == 0)
            return 1;
    return 0;
}

static int needs_t0(const struct sink *sink, const struct lr_batch *batch, uint32_t index)
{
    const struct lr_record *record = lr_batch_record(batch, index);

    if (sink->settings->t0_header == T0_NO || !batch->t0 || batch->t0[index] < 0)
        return 0;
    if (sink->settings->t0_header == T0_AUTO && batch->header_domain == kafka_domain &&
        batch->t0[index] == record->timestamp_ns)
        return 0;
    return !has_t0(batch, record);
}

int headers_needed(const struct sink *sink, const struct lr_batch *batch, uint32_t index)
{
    return lr_batch_record(batch, index)->headers || batch->n_added || needs_t0(sink, batch, index);
}

static void add_t0(rd_kafka_headers_t *headers, int64_t t0)
{
    char digits[DIGITS];
    size_t at = DIGITS;

    do {
        digits[--at] = (char)('0' + t0 % 10);
        t0 /= 10;
    } while (t0 > 0);
    (void)rd_kafka_header_add(headers, T0_HEADER, sizeof T0_HEADER - 1, digits + at,
                              (ssize_t)(DIGITS - at));
}

static rd_kafka_headers_t *copy_own(const struct lr_batch *batch, const struct lr_record *record)
{
    rd_kafka_headers_t *headers;
    struct lr_header header;

    if (record->headers && batch->header_domain == kafka_domain)
        return rd_kafka_headers_copy(record->headers);
    headers = rd_kafka_headers_new(batch->n_added + 4);
    for (uint32_t i = 0;
         record->headers && batch->header && batch->header(record->headers, i, &header) == LR_OK;
         i++)
        (void)rd_kafka_header_add(headers, header.name, -1, header.value, header.len);
    return headers;
}

rd_kafka_headers_t *headers_build(const struct sink *sink, const struct lr_batch *batch,
                                  uint32_t index)
{
    const struct lr_header *added = batch->added + (size_t)index * batch->n_added;
    rd_kafka_headers_t *headers = copy_own(batch, lr_batch_record(batch, index));

    for (uint32_t i = 0; headers && i < batch->n_added; i++)
        (void)rd_kafka_header_add(headers, added[i].name, -1, added[i].value, added[i].len);
    if (headers && needs_t0(sink, batch, index))
        add_t0(headers, batch->t0[index]);
    return headers;
}
