/* SPDX-License-Identifier: MIT
 *
 * Inside the Kafka sink. A *producer* is one librdkafka client; the sink of results owns it, and
 * the sink of dead letters may be attached to it, so that both are in one transaction one day.
 *
 *   sink.c         create, attach, start, stop, descriptor
 *   producer.c     the client: life, limits, events
 *   produce.c      write: records -> librdkafka
 *   headers.c      headers of a record to send
 *   report.c       delivery reports -> settles
 *   partitioner.c  by key, or sticky
 */
#ifndef KAFKA_SINK_H
#define KAFKA_SINK_H

#include "bell.h"
#include "kafka.h"

/* A message's opaque is its token; the host leaves bit 63 to us: a dead letter's. */
#define DEAD_BIT (UINT64_C(1) << 63)

struct producer {
    struct wire wire; /* first: librdkafka's opaque */
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue; /* delivery reports and errors */
    struct bell bell;
    uint32_t refs;   /* sinks that know it */
    uint32_t users;  /* of them started */
    int32_t spreads; /* over partitions, record by record */
    int64_t linger_ms;

    /* librdkafka refuses what exceeds its queue, and a refusal in the middle of a batch is a
     * hole; so its own arithmetic is done before. 0: no limit. */
    int64_t max_messages, max_bytes;
    int64_t messages, bytes; /* taken and not settled */

    const struct lr_host *hosts[2]; /* results, dead letters */
    uint64_t alone; /* opaque of a record that has the client for itself; NOBODY: none */
    lr_status failed;
    struct lr_error failure;
};

#define NOBODY UINT64_MAX
#define SCRATCH 1024 /* messages handed over at once */

struct sink {
    const struct lr_host *host;
    const struct sink_settings *settings;
    struct producer *producer;
    uint64_t mark; /* 0 or DEAD_BIT */
    int32_t started;
    rd_kafka_topic_t *topic;
    int32_t n_partitions; /* at the start; for partition = input */
    uint32_t turn;        /* atomic: of the sticky partition */
    int32_t chosen;       /* atomic: the partition whose turn it is; -1: none yet */
    int64_t turn_due_ns;
    rd_kafka_message_t scratch[SCRATCH];
};

/* producer.c */
lr_status producer_create(const struct lr_host *host, const struct kafka_settings *settings,
                          struct producer **ret_producer, struct lr_error *err);
struct producer *producer_ref(struct producer *producer);
void producer_unref(struct producer *producer);
/* A sink goes; what the other one needs is no longer asked of it. */
void producer_forget(struct producer *producer, const struct lr_host *host);
lr_status producer_start(struct producer *producer, struct lr_error *err);
void producer_stop(struct producer *producer, int64_t deadline_ns);
/* Keeps the first failure. */
void producer_fail(struct producer *producer, rd_kafka_resp_err_t code, const char *topic);

/* report.c */
/* Serves events; the failure that was found, if any. */
lr_status report_serve(struct producer *producer, struct lr_error *err);
/* What became of a message that librdkafka did not take. */
int32_t report_outcome(struct producer *producer, rd_kafka_resp_err_t code, uint64_t opaque,
                       const char *topic);

/* produce.c */
lr_status produce_write(void *self, const struct lr_batch *batch, uint32_t first, uint32_t count,
                        uint32_t *ret_taken, struct lr_error *err);

/* headers.c */
int headers_needed(const struct sink *sink, const struct lr_batch *batch, uint32_t index);
/* NULL: no memory. */
rd_kafka_headers_t *headers_build(const struct sink *sink, const struct lr_batch *batch,
                                  uint32_t index);

/* partitioner.c */
int32_t partitioner_partition(const rd_kafka_topic_t *topic, const void *key, size_t key_len,
                              int32_t n_partitions, void *opaque, void *message_opaque);
/* Another partition's turn, when it is time. */
void partitioner_turn(struct sink *sink);

#endif
