/* SPDX-License-Identifier: MIT
 *
 * A librdkafka client for looking at topics from outside. Nothing of lrhost is used here, so that
 * what judges does not share a mistake with what is judged.
 */
#ifndef CHAOS_CLIENT_H
#define CHAOS_CLIENT_H

#include <librdkafka/rdkafka.h>
#include <stdint.h>

#define CLIENT_PATIENCE_MS 20000 /* a broker that was just restarted needs a while */

/* Prints "PROGRAM: ..." and ends the program: a judge that cannot look has no verdict. */
__attribute__((format(printf, 1, 2), noreturn)) void die(const char *format, ...);

int64_t now_ms(void); /* since 1970, the clock of the log files */

/* A consumer that sees what is committed, or all. It is in no group unless one is named. */
rd_kafka_t *client_consumer(const char *brokers, const char *group, int committed);
rd_kafka_t *client_producer(const char *brokers);

/* Waits until the topic is there and each partition has a leader. */
int32_t client_partitions(rd_kafka_t *rk, const char *topic);
/* Where a partition begins and ends for this client (committed: the last stable offset). */
void client_ends(rd_kafka_t *rk, const char *topic, int32_t partition, int64_t *ret_low,
                 int64_t *ret_high);

/* Every record of a topic, each partition in order, up to the end as of the call. Returns how many
 * offsets lie between the last stable one and the end: records of transactions that nobody
 * ended. */
int64_t client_read(const char *brokers, const char *topic, int committed,
                    void (*visit)(void *ctx, const rd_kafka_message_t *m), void *ctx);

#endif
