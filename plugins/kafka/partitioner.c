/* SPDX-License-Identifier: MIT
 *
 * The sticky partitioner: everything goes to one partition for a while, then to the next.
 *
 * librdkafka puts one partition into a request, so a batch that is spread over ten of them costs
 * ten requests; one partition at a time gives large batches and low latency. librdkafka
 * does the same for records without a key; this one is for `partition = sticky`, which ignores
 * keys. Partitioning by key is librdkafka's murmur2_random, which is the Java client's.
 */
#include "sink.h"

#define SLOT_NS (10 * MS)

/* On the lane's thread, or on librdkafka's for records that were written before the topic's
 * partitions were known. */
int32_t partitioner_sticky(const rd_kafka_topic_t *topic, const void *key, size_t key_len,
                           int32_t n_partitions, void *opaque, void *message_opaque)
{
    const struct sink *sink = opaque;
    uint32_t n = (uint32_t)n_partitions;
    uint32_t slot = __atomic_load_n(&sink->slot, __ATOMIC_RELAXED) % n;

    (void)key;
    (void)key_len;
    (void)message_opaque;
    for (uint32_t i = 0; i < n; i++) {
        int32_t partition = (int32_t)((slot + i) % n);

        if (rd_kafka_topic_partition_available(topic, partition))
            return partition;
    }
    return (int32_t)slot;
}

void partitioner_turn(struct sink *sink)
{
    int64_t now;

    if (sink->settings->partition != PARTITION_STICKY)
        return;
    now = wire_now(&sink->producer->wire);
    if (now < sink->slot_due_ns)
        return;
    sink->slot_due_ns = now + SLOT_NS;
    __atomic_store_n(&sink->slot, sink->slot + 1, __ATOMIC_RELAXED);
}
