/* SPDX-License-Identifier: MIT
 *
 * write: records become messages that borrow the encoded bytes, which nobody copies or frees. Runs
 * of plain ones go to librdkafka as arrays; one with headers goes alone, because only that door
 * takes headers.
 *
 * Nothing here waits. Room is counted before, so that librdkafka refuses nothing for lack of it;
 * what it refuses for another reason is settled at once.
 */
#include "sink.h"

struct row {
    const void *value, *key;
    size_t len, key_len;
    int32_t partition, spreads;
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
    row->spreads = partitioner_spreads(sink, row->key);
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

/* One row to the gatherer. */
static lr_status add(struct sink *sink, const struct lr_batch *batch, uint32_t index,
                     const struct row *row, struct lr_error *err)
{
    rd_kafka_message_t message = {.partition = row->partition,
                                  .payload = (void *)(uintptr_t)row->value,
                                  .len = row->len,
                                  .key = (void *)(uintptr_t)row->key,
                                  .key_len = row->key_len,
                                  ._private = (void *)(uintptr_t)row->opaque};
    rd_kafka_headers_t *headers = NULL;

    if (headers_needed(sink, batch, index)) {
        headers = headers_build(sink, batch, index);
        if (!headers)
            return lr_fail(err, LR_ENOMEM, "no memory for headers");
    }
    account(sink->producer, row);
    gather_add(sink, &message, headers, row->spreads && sink->n_partitions > 1);
    return LR_OK;
}

lr_status produce_write(void *self, const struct lr_batch *batch, uint32_t first, uint32_t count,
                        uint32_t *ret_taken, struct lr_error *err)
{
    struct sink *sink = self;
    struct producer *p = sink->producer;
    lr_status status = LR_OK;
    uint32_t taken = 0;

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
    p->alone = count == 1 && p->messages == 0 ? (batch->token + first) | sink->mark : NOBODY;
    for (; taken < count; taken++) {
        struct row row;

        status = read_row(sink, batch, first + taken, &row, err);
        if (status != LR_OK)
            break;
        status = add(sink, batch, first + taken, &row, err);
        if (status != LR_OK)
            break;
    }
    gather_end(sink);
    *ret_taken = taken;
    if (status < 0)
        return status;
    return taken ? LR_OK : LR_AGAIN;
}
