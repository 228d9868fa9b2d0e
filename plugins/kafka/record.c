/* SPDX-License-Identifier: MIT
 *
 * From a message of librdkafka to a record.
 *
 * Most topics have no headers, and asking librdkafka for them costs more than all the rest of
 * reading a record: it makes a buffer object just to find that their number is 0. So one look at
 * the bytes comes first. Up to the version named below librdkafka hands out values where they lie,
 * in the fetch response or in what was decompressed from it, and in a record of format 2 a value
 * stands between its length (a zigzag varint) and the number of headers (another one):
 *
 *     ... [length of value] [value] [number of headers] [headers] [next record]
 *
 * A value that is preceded by its length in that form lies in such a record: in the older formats,
 * which have no headers, its length is a big-endian int32, and no length that is not 0 looks the
 * same both ways (see tests/unit/test_kafka_record.c). Then the byte behind it may be read, and
 * says whether there are headers (a broker refuses records that end without that number).
 * Whatever does not look so is asked: values that are null or empty (librdkafka hands out a
 * constant for these), older formats, newer versions of librdkafka. Now and then both ways are
 * tried; if they ever differ the short one is off for good.
 */
#include "source.h"

#define READ_FROM 0x02000000 /* librdkafka 2.0.0 to 2.14: their sources do as said above */
#define READ_UNTIL 0x020f0000
#define CHECK_FIRST 64u  /* records that are asked both ways, */
#define CHECK_EACH 4096u /* and then one of these */

int record_is_bare(const void *value, size_t len)
{
    const unsigned char *bytes = value, *length = bytes;
    uint64_t zigzag = (uint64_t)len << 1, rest = zigzag;

    if (!value || len == 0)
        return 0;
    do
        length--;
    while (rest >>= 7);
    for (; zigzag > 0x7f; zigzag >>= 7)
        if (*length++ != ((zigzag & 0x7f) | 0x80))
            return 0;
    return *length == zigzag && bytes[len] == 0;
}

int record_can_look(void)
{
    int version = rd_kafka_version();

    return version >= READ_FROM && version < READ_UNTIL;
}

lr_status record_header(const void *headers, uint32_t index, struct lr_header *ret_header)
{
    const rd_kafka_headers_t *list = headers;
    const char *name;
    const void *value;
    size_t len;

    if (!list || rd_kafka_header_get_all(list, index, &name, &value, &len))
        return LR_END;
    *ret_header = (struct lr_header){name, value, (uint32_t)len, 0};
    return LR_OK;
}

static int64_t t0_of(const rd_kafka_headers_t *headers, int64_t otherwise)
{
    const void *value;
    const char *digits;
    size_t len;
    int64_t t0 = 0;

    if (rd_kafka_header_get_last(headers, T0_HEADER, &value, &len) || len == 0 || len > 18 + 1)
        return otherwise;
    digits = value;
    for (size_t i = 0; i < len; i++) {
        if (digits[i] < '0' || digits[i] > '9' || t0 > (INT64_MAX - 9) / 10)
            return otherwise;
        t0 = t0 * 10 + (digits[i] - '0');
    }
    return t0;
}

static rd_kafka_headers_t *headers_of(struct source *s, const rd_kafka_message_t *m)
{
    rd_kafka_headers_t *headers = NULL;
    int bare = s->look && record_is_bare(m->payload, m->len);

    if (bare && s->looked++ >= CHECK_FIRST && s->looked % CHECK_EACH)
        return NULL;
    if (rd_kafka_message_headers(m, &headers))
        headers = NULL;
    if (bare && headers) {
        s->look = 0;
        wire_log(&s->wire, LR_LOG_ERROR,
                 "librdkafka %s lays records out in an unknown way: some that were read may have "
                 "lost their headers; please report this",
                 rd_kafka_version_str());
    }
    return headers;
}

void record_fill(struct source *s, struct lr_batch *batch, uint32_t index, const struct stream *st,
                 const rd_kafka_message_t *m)
{
    rd_kafka_timestamp_type_t type;
    int64_t timestamp = rd_kafka_message_timestamp(m, &type);
    rd_kafka_headers_t *headers = headers_of(s, m);
    struct lr_record *record = lr_batch_record(batch, index);

    *record = (struct lr_record){
        .value = m->payload,
        .key = m->key,
        .headers = headers,
        .offset = m->offset,
        .timestamp_ns =
            type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || timestamp < 0 ? -1 : timestamp * MS,
        .value_len = (uint32_t)m->len,
        .key_len = (uint32_t)m->key_len,
        .stream = st->info.id,
        .flags = m->payload ? 0 : LR_RECORD_NULL,
    };
    if (batch->t0)
        batch->t0[index] = headers ? t0_of(headers, record->timestamp_ns) : record->timestamp_ns;
}
