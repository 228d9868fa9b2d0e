/* SPDX-License-Identifier: MIT
 *
 * write: runs of plain records go to librdkafka as arrays that borrow the encoded bytes; a record
 * with headers goes alone, because only that door takes headers.
 *
 * Nothing here waits. Room is counted before, so that librdkafka refuses nothing for lack of it;
 * what it refuses for another reason is settled at once.
 */
#include "sink.h"

struct row {
    const void *value, *key;
    size_t len, key_len;
    int32_t partition;
    uint64_t opaque;
};

/* LR_AGAIN: no room for it. */
static lr_status read_row(struct sink *sink, const struct lr_batch *batch, uint32_t index,
                          struct row *row, struct lr_error *err)
{
    const struct lr_record *record = lr_batch_record(batch, index);
    const struct lr_bytes *encoded = &batch->encoded[index];
    struct producer *p = sink->producer;

    row->value = encoded->data;
    row->len = encoded->data ? encoded->len : 0;
    row->key = record->key;
    row->key_len = record->key ? record->key_len : 0;
    row->opaque = (batch->token + index) | sink->mark;
    row->partition = RD_KAFKA_PARTITION_UA;
    if (p->messages > 0 && ((p->max_messages && p->messages + 1 > p->max_messages) ||
                            p->bytes + (int64_t)row->len > p->max_bytes))
        return LR_AGAIN;
    if (sink->settings->partition == PARTITION_INPUT) {
        int32_t partition = batch->streams ? batch->streams[record->stream]->partition : -1;

        if (partition < 0)
            return lr_fail(err, LR_ECONFIG,
                           "partition = input, but the source's streams are no partitions; say "
                           "auto, key or sticky");
        row->partition = partition % sink->n_partitions;
    } else if (sink->settings->partition == PARTITION_KEY && !row->key) {
        return lr_fail(err, LR_EDATA,
                       "partition = key, but the record at offset %lld has no key; partition = "
                       "auto spreads such records",
                       (long long)record->offset);
    }
    return LR_OK;
}

static void account(struct producer *p, const struct row *row)
{
    p->messages++;
    p->bytes += (int64_t)row->len;
}

static void refused(struct sink *sink, uint64_t opaque, size_t len, rd_kafka_resp_err_t code)
{
    struct producer *p = sink->producer;
    int32_t outcome = report_outcome(p, code, opaque, sink->settings->topic);

    p->messages--;
    p->bytes -= (int64_t)len;
    sink->host->settle(sink->host->ctx, opaque & ~DEAD_BIT, 1, outcome);
}

/* The first n messages of the scratch. */
static void send_plain(struct sink *sink, uint32_t n)
{
    int flags = sink->settings->partition == PARTITION_INPUT ? RD_KAFKA_MSG_F_PARTITION : 0;

    if (n == 0 || rd_kafka_produce_batch(sink->topic, RD_KAFKA_PARTITION_UA, flags, sink->scratch,
                                         (int)n) == (int)n)
        return;
    for (uint32_t i = 0; i < n; i++)
        if (sink->scratch[i].err)
            refused(sink, (uint64_t)(uintptr_t)sink->scratch[i]._private, sink->scratch[i].len,
                    sink->scratch[i].err);
}

static lr_status send_with_headers(struct sink *sink, const struct lr_batch *batch, uint32_t index,
                                   const struct row *row, struct lr_error *err)
{
    rd_kafka_headers_t *headers = headers_build(sink, batch, index);
    rd_kafka_vu_t parts[6] = {{.vtype = RD_KAFKA_VTYPE_RKT}};
    rd_kafka_error_t *error;

    if (!headers)
        return lr_fail(err, LR_ENOMEM, "no memory for headers");
    parts[0].u.rkt = sink->topic;
    parts[1].vtype = RD_KAFKA_VTYPE_PARTITION;
    parts[1].u.i32 = row->partition;
    parts[2].vtype = RD_KAFKA_VTYPE_VALUE;
    parts[2].u.mem.ptr = (void *)(uintptr_t)row->value;
    parts[2].u.mem.size = row->len;
    parts[3].vtype = RD_KAFKA_VTYPE_KEY;
    parts[3].u.mem.ptr = (void *)(uintptr_t)row->key;
    parts[3].u.mem.size = row->key_len;
    parts[4].vtype = RD_KAFKA_VTYPE_OPAQUE;
    parts[4].u.ptr = (void *)(uintptr_t)row->opaque;
    parts[5].vtype = RD_KAFKA_VTYPE_HEADERS;
    parts[5].u.headers = headers;
    error = rd_kafka_produceva(sink->producer->rk, parts, sizeof parts / sizeof parts[0]);
    if (error) {
        rd_kafka_headers_destroy(headers);
        refused(sink, row->opaque, row->len, rd_kafka_error_code(error));
        rd_kafka_error_destroy(error);
    }
    return LR_OK;
}

lr_status produce_write(void *self, const struct lr_batch *batch, uint32_t first, uint32_t count,
                        uint32_t *ret_taken, struct lr_error *err)
{
    struct sink *sink = self;
    struct producer *p = sink->producer;
    lr_status status = LR_OK;
    uint32_t taken = 0, n = 0;

    *ret_taken = 0;
    if (p->failed != LR_OK)
        return lr_fail(err, p->failed, "%s", p->failure.text);
    if (p->broken && !p->id[0] && p->messages == 0)
        status = producer_replace(p, err);
    if (status < 0)
        return status;
    if (p->broken || (p->id[0] && !p->initialized)) { /* the host comes back with all of them */
        *ret_taken = count;
        sink->host->settle(sink->host->ctx, batch->token + first, count, LR_RETRY);
        return LR_OK;
    }
    partitioner_turn(sink);
    p->alone = count == 1 && p->messages == 0 ? (batch->token + first) | sink->mark : NOBODY;
    for (; taken < count; taken++) {
        struct row row;

        status = read_row(sink, batch, first + taken, &row, err);
        if (status != LR_OK)
            break;
        account(p, &row);
        if (headers_needed(sink, batch, first + taken)) {
            send_plain(sink, n); /* order */
            n = 0;
            status = send_with_headers(sink, batch, first + taken, &row, err);
            if (status != LR_OK)
                break;
            continue;
        }
        sink->scratch[n++] = (rd_kafka_message_t){.partition = row.partition,
                                                  .payload = (void *)(uintptr_t)row.value,
                                                  .len = row.len,
                                                  .key = (void *)(uintptr_t)row.key,
                                                  .key_len = row.key_len,
                                                  ._private = (void *)(uintptr_t)row.opaque};
        if (n == SCRATCH) {
            send_plain(sink, n);
            n = 0;
        }
    }
    send_plain(sink, n);
    *ret_taken = taken;
    if (status < 0)
        return status;
    return taken ? LR_OK : LR_AGAIN;
}
