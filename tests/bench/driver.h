/* SPDX-License-Identifier: MIT
 *
 * What the files of the latency benchmark's driver share. See driver.c.
 *
 *   driver.c         the schedule, the records, the report, main
 *   driver_keys.c    which record has which key
 *   driver_read.c    the reader of the other topic, percentiles
 *   driver_client.c  topics and clients
 */
#ifndef TESTS_BENCH_DRIVER_H
#define TESTS_BENCH_DRIVER_H

#include <librdkafka/rdkafka.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define MS INT64_C(1000000)
#define FEATURES 12
#define SEQUENCE_MAX 10000000 /* what the seven digits of a feature hold */
#define PARTITIONS_MAX 1024
#define KEY_ROOM 16

struct plan {
    const char *servers, *to, *from, *label, *isolation, *each;
    double rate, seconds, warmup;
    uint32_t burst, keys, spread;
    int32_t partitions;
    int32_t prepare, scatter;
    uint64_t count, warm; /* records; the first of them that only warm up */
    int64_t ready_ns, grace_ns;
};

struct reader {
    const struct plan *plan;
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    int64_t *arrival_ns; /* [count]; monotonic; 0: not seen */
    uint64_t seen, duplicates;
    int64_t start_ns;   /* atomic: of the schedule; 0: not known yet */
    int64_t give_up_ns; /* atomic: 0: not yet known */
    int32_t probed;     /* atomic: a probe has arrived */
};

/* Of record `seq`, from the schedule's start on. */
static inline int64_t due_ns(const struct plan *plan, uint64_t seq)
{
    return (int64_t)((double)(seq - seq % plan->burst) * 1e9 / plan->rate);
}

static inline int64_t now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* driver_client.c */
__attribute__((format(printf, 1, 2), noreturn)) void die(const char *format, ...);
rd_kafka_conf_t *client_conf(const char *servers, const char *const (*properties)[2]);
rd_kafka_t *client_open(rd_kafka_type_t type, rd_kafka_conf_t *conf);
/* Makes missing topics, and sets plan->partitions to what the input topic has. */
void topics_prepare(struct plan *plan);
int32_t topic_partitions(rd_kafka_t *rk, const char *topic);

/* driver_keys.c */
struct keys {
    uint32_t n, *first, *next, *numbers; /* of partition p: numbers[first[p]...] */
    int32_t scatter;
};
void keys_deal(struct keys *keys, const struct plan *plan);
/* Its length; `key` has KEY_ROOM. */
size_t keys_take(struct keys *keys, int32_t partition, uint64_t seq, char *key);

/* driver_read.c */
void reader_open(struct reader *reader);
void *reader_run(void *reader);
/* "PREFIXp50_ms": ..., ..., "PREFIXmax_ms": ...; sorts. */
void print_percentiles(const char *prefix, int64_t *values, uint64_t n);

#endif
