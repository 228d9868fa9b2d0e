/* SPDX-License-Identifier: MIT
 *
 * A reader of results who looks at the clock: when did records of a partition become visible?
 *
 *   watch BROKERS TOPIC     until SIGTERM; prints "MILLISECONDS PARTITION COUNT" lines
 *
 * Sees what is committed, as a downstream consumer would. Silences of partitions and the time
 * from a fault to the next result are computed from its lines.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "client.h"

#define AT_ONCE 2000
#define LOOK_MS 20
#define PARTITIONS_MAX 256

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static void begin(rd_kafka_t *rk, const char *topic)
{
    int32_t n = client_partitions(rk, topic);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(n);

    if (n > PARTITIONS_MAX)
        die("more than %d partitions", PARTITIONS_MAX);
    for (int32_t p = 0; p < n; p++)
        rd_kafka_topic_partition_list_add(list, topic, p)->offset = RD_KAFKA_OFFSET_BEGINNING;
    if (rd_kafka_assign(rk, list))
        die("topic '%s' cannot be assigned", topic);
    rd_kafka_topic_partition_list_destroy(list);
}

int main(int argc, char **argv)
{
    static rd_kafka_message_t *messages[AT_ONCE];
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;

    if (argc != 3)
        die("BROKERS TOPIC");
    (void)signal(SIGTERM, stop);
    rk = client_consumer(argv[1], NULL, 1);
    begin(rk, argv[2]);
    queue = rd_kafka_queue_get_consumer(rk);
    while (!stopped) {
        uint32_t counts[PARTITIONS_MAX] = {0};
        ssize_t got = rd_kafka_consume_batch_queue(queue, LOOK_MS, messages, AT_ONCE);
        int64_t now = now_ms();

        for (ssize_t i = 0; i < got; i++) {
            if (!messages[i]->err)
                counts[messages[i]->partition]++;
            rd_kafka_message_destroy(messages[i]);
        }
        for (int p = 0; p < PARTITIONS_MAX; p++)
            if (counts[p])
                (void)printf("%" PRId64 " %d %u\n", now, p, counts[p]);
        (void)fflush(stdout);
    }
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(rk);
    return 0;
}
