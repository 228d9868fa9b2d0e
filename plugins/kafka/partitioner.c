/* SPDX-License-Identifier: MIT
 *
 * The partitioner: by key as the Java client does it (murmur2), and without one sticky: everything
 * goes to one partition for a while, then to the next.
 *
 * librdkafka puts one partition into a request, so a batch that is spread over ten of them costs
 * ten requests; one partition at a time gives large batches and low latency. librdkafka has a
 * sticky partitioner of its own, which reads the clock and takes a lock for each record;
 * here the turn is decided once for each wave (gather.c). librdkafka asks for the first record of a
 * turn, and the others are given the answer: it says within the call only whether a partition has a
 * leader.
 *
 * While a partition has five records under way and more of them wait, librdkafka 2.0.2
 * (rd_kafka_toppar_producer_serve) sends nothing more to it, and yet asks poll(2) without a pause
 * whether it may: a core spins for as long as the broker takes. So a turn ends when a wave leaves
 * before the one before is answered, and by the clock. In a transaction each further partition
 * costs a request, a mark at its end and a millisecond of spinning in librdkafka's main thread (a
 * timer of 1 ms, rounded down), so there the turn ends with the transaction, or after as many
 * records as are worth a request of their own.
 */
#include "sink.h"

#define TURN_NS (10 * MS)
#define TURN_TRANSACTION_NS SECOND /* the same in a transaction that stays open */
#define TURN_RECORDS 1024          /* of a transaction: about a request's worth at load */

static int32_t choose(struct sink *sink, const rd_kafka_topic_t *topic, uint32_t n)
{
    uint32_t turn = __atomic_load_n(&sink->turn, __ATOMIC_RELAXED);
    int32_t chosen = (int32_t)(turn % n);

    for (uint32_t i = 0; i < n; i++) {
        int32_t partition = (int32_t)((turn + i) % n);

        if (rd_kafka_topic_partition_available(topic, partition)) {
            chosen = partition;
            break;
        }
    }
    __atomic_store_n(&sink->chosen, chosen, __ATOMIC_RELAXED);
    return chosen;
}

/* On the lane's thread, or on librdkafka's for records that were written before the topic's
 * partitions were known. */
int32_t partitioner_partition(const rd_kafka_topic_t *topic, const void *key, size_t key_len,
                              int32_t n_partitions, void *opaque, void *message_opaque)
{
    struct sink *sink = opaque;
    int32_t chosen;

    if (key && sink->settings->partition != PARTITION_STICKY)
        return rd_kafka_msg_partitioner_murmur2(topic, key, key_len, n_partitions, opaque,
                                                message_opaque);
    chosen = __atomic_load_n(&sink->chosen, __ATOMIC_RELAXED);
    return chosen >= 0 && chosen < n_partitions ? chosen
                                                : choose(sink, topic, (uint32_t)n_partitions);
}

void partitioner_turn(struct sink *sink, uint32_t count, int64_t under_way)
{
    const struct producer *p = sink->producer;
    int64_t now = wire_now(&p->wire);

    sink->turn_records += count;
    if (now < sink->turn_due_ns && sink->turn_of == p->transactions &&
        (p->id[0] ? sink->turn_records <= TURN_RECORDS : under_way == 0))
        return;
    sink->turn_records = count;
    sink->turn_of = p->transactions;
    sink->turn_due_ns = now + (p->id[0] ? TURN_TRANSACTION_NS : TURN_NS);
    __atomic_store_n(&sink->turn, sink->turn + 1, __ATOMIC_RELAXED);
    __atomic_store_n(&sink->chosen, -1, __ATOMIC_RELAXED);
}
