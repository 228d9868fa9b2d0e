/* SPDX-License-Identifier: MIT
 *
 * Inside the Kafka sink. A *producer* is one librdkafka client; the sink of results owns it, and
 * the sink of dead letters may be attached to it, so that both are in one transaction.
 *
 *   sink.c         create, attach, start, stop, descriptor
 *   producer.c     the client: life, limits, replacement
 *   transaction.c  begin, commit, abort
 *   offer.c        the group's positions into the transaction
 *   produce.c      write: records -> messages
 *   gather.c       messages -> librdkafka, at once or in waves
 *   headers.c      headers of a record to send
 *   report.c       delivery reports -> settles
 *   partitioner.c  by key, or sticky
 */
#ifndef KAFKA_SINK_H
#define KAFKA_SINK_H

#include "bell.h"
#include "kafka.h"
#include "offer.h"

/* A message's opaque is its token; the host leaves bit 63 to us: a dead letter's. */
#define DEAD_BIT (UINT64_C(1) << 63)

struct sink;

/* Where a transaction stands. */
#define TXN_NONE 0
#define TXN_OPEN 1
#define TXN_OFFSETS 2  /* the positions are in it */
#define TXN_ENDING 3   /* commit_transaction was called, and has to be until it says how it ended */
#define TXN_ABORTING 4 /* the same of abort_transaction */

struct producer {
    struct wire wire; /* first: librdkafka's opaque */
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue; /* delivery reports and errors */
    struct bell bell;
    uint32_t refs;   /* sinks that know it */
    uint32_t users;  /* of them started */
    int32_t latency; /* LATENCY_* */
    int32_t gathers; /* records that spread go in waves: gather.c */
    int64_t linger_ms;

    /* librdkafka refuses what exceeds its queue, and a refusal in the middle of a batch is a
     * hole; so its own arithmetic is done before. 0: no limit. */
    int64_t max_messages, max_bytes;
    int64_t messages, bytes; /* taken and not settled */
    int64_t gathered;        /* of the messages, those that librdkafka does not have yet */
    int64_t wave, wave_ns;   /* messages it had after it got some the last time; when */

    struct sink *sinks[2]; /* results, dead letters */
    uint64_t alone;        /* opaque of a record that has the client for itself; NOBODY: none */
    lr_status failed;      /* no client will mend it */
    struct lr_error failure;

    /* Fatal for this client, or a request of it may still arrive: it takes nothing more, and is
     * replaced by one of the same name, whose start fences whatever is left of it. */
    int32_t broken;
    int32_t purging;         /* what is purged was given up by us */
    int32_t initialized;     /* of a client with transactions: init_transactions went through */
    int32_t transaction;     /* TXN_* */
    int64_t txn_deadline_ns; /* until when a commit is tried again */
    int64_t txn_begun_ns;    /* 0: its abort has begun */
    uint64_t transactions;   /* begun */
    uint32_t too_long;       /* transactions in a row that outlived the timeout */
    int64_t timeout_ns;      /* transaction.timeout.ms */
    struct offer offer;
    struct replaced replaced;
    char id[256];          /* transactional.id; "": no transactions */
    int64_t txn_commit_ns; /* when its commit was first called; 0: not yet */
    int32_t acks_all;      /* so a report without an offset is not believed: report.c */
    int64_t *aborts, *replacements;
    int64_t *commits, *commit_us, *commit_us_max;
};

#define NOBODY UINT64_MAX
#define SCRATCH 4096 /* messages handed over at once */

#define KEYS_ROOM 65536

/* What was written and not handed over yet. */
struct gather {
    uint32_t n;
    uint32_t kept;  /* the first ones, whose keys are copies of ours */
    int32_t spread; /* at least one may go to any partition */
    size_t keys_used;
    rd_kafka_message_t messages[SCRATCH];
    rd_kafka_headers_t *headers[SCRATCH]; /* ours; NULL: none */
    char keys[KEYS_ROOM];
};

struct sink {
    const struct lr_host *host;
    const struct sink_settings *settings;
    struct producer *producer;
    uint64_t mark; /* 0 or DEAD_BIT */
    int32_t started;
    rd_kafka_topic_t *topic;
    int32_t known;        /* the client knows the topic's partitions */
    int32_t n_partitions; /* at the start; for partition = input */
    uint32_t turn;        /* atomic: of the sticky partition */
    int32_t chosen;       /* atomic: the partition whose turn it is; -1: none yet */
    int64_t turn_due_ns;
    uint64_t turn_of;      /* the transaction of this turn */
    uint32_t turn_records; /* written in it */
    struct gather gather;
};

/* sink.c */
/* The sink's handle of its topic, of the producer's present client. */
lr_status sink_open_topic(struct sink *sink, struct lr_error *err);
void sink_close_topic(struct sink *sink);

/* producer.c */
lr_status producer_create(struct sink *sink, const struct kafka_settings *settings,
                          struct producer **ret_producer, struct lr_error *err);
struct producer *producer_ref(struct producer *producer);
void producer_unref(struct producer *producer);
/* A sink goes; what the other one needs is no longer asked of it. */
void producer_forget(struct producer *producer, const struct sink *sink);
lr_status producer_start(struct producer *producer, struct lr_error *err);
void producer_stop(struct producer *producer, int64_t deadline_ns);
/* Keeps the first failure. */
void producer_fail(struct producer *producer, rd_kafka_resp_err_t code, const char *topic);
/* This client can do no more; the next one may. */
void producer_break(struct producer *producer, const char *why);
/* Ends a broken client and starts another one of the same name. LR_AGAIN: not done yet (a broker
 * has to answer first); call again. LR_EFENCED: it happened too often in a short time. */
lr_status producer_replace(struct producer *producer, struct lr_error *err);

/* transaction.c */
/* Fences and aborts what an earlier client of this name left. LR_AGAIN: no answer yet. */
lr_status transaction_init(struct producer *producer, struct lr_error *err);
lr_status transaction_begin(void *self, struct lr_error *err);
lr_status transaction_commit(void *self, const struct lr_position *positions, uint32_t n,
                             const struct lr_group_token *token, struct lr_error *err);
lr_status transaction_abort(void *self, struct lr_error *err);

/* report.c */
/* Serves events; the failure that was found, if any. */
lr_status report_serve(struct producer *producer, struct lr_error *err);
/* What became of a message that librdkafka did not take. */
int32_t report_outcome(struct producer *producer, rd_kafka_resp_err_t code, uint64_t opaque,
                       const char *topic);
/* Of the reports of one event, in order: does the broker say where this record is? `last` begins
 * zeroed. */
struct placed {
    const void *topic;
    int64_t offset;
    int32_t partition, in_doubt;
};
int report_is_placed(struct placed *last, const void *topic, int32_t partition, int64_t offset);

/* produce.c */
lr_status produce_write(void *self, const struct lr_batch *batch, uint32_t first, uint32_t count,
                        uint32_t *ret_taken, struct lr_error *err);

/* gather.c */
/* The end of a write: keys are the caller's no longer. */
void gather_end(struct sink *sink);
void gather_send(struct sink *sink);
/* Takes a message, and its headers. `spreads`: its partition may differ from its neighbour's. */
static inline void gather_add(struct sink *sink, const rd_kafka_message_t *message,
                              rd_kafka_headers_t *headers, int32_t spreads)
{
    struct gather *g = &sink->gather;

    g->messages[g->n] = *message;
    g->headers[g->n] = headers;
    g->spread |= spreads;
    sink->producer->gathered++;
    if (++g->n == SCRATCH)
        gather_send(sink);
}
/* Whatever may leave, after reports were served; whatever there is. */
void gather_poll(struct producer *producer);
void gather_flush(struct producer *producer);
/* Settles what was gathered, without sending it. */
void gather_drop(struct sink *sink, int32_t outcome);
/* librdkafka did not take it. */
void gather_refused(struct sink *sink, uint64_t opaque, size_t len, rd_kafka_resp_err_t code);

/* headers.c */
int headers_needed(const struct sink *sink, const struct lr_batch *batch, uint32_t index);
/* NULL: no memory. */
rd_kafka_headers_t *headers_build(const struct sink *sink, const struct lr_batch *batch,
                                  uint32_t index);

/* partitioner.c */
int32_t partitioner_partition(const rd_kafka_topic_t *topic, const void *key, size_t key_len,
                              int32_t n_partitions, void *opaque, void *message_opaque);
/* Whether a record's partition is its own affair, and not that of the moment. */
static inline int32_t partitioner_spreads(const struct sink *sink, const void *key)
{
    return sink->settings->partition == PARTITION_INPUT ||
           (key && sink->settings->partition != PARTITION_STICKY);
}
/* The partition whose turn it is; RD_KAFKA_PARTITION_UA: not known yet. */
static inline int32_t partitioner_chosen(const struct sink *sink)
{
    int32_t chosen = __atomic_load_n(&sink->chosen, __ATOMIC_RELAXED);

    return chosen >= 0 ? chosen : RD_KAFKA_PARTITION_UA;
}
/* Another partition's turn, when it is time; `count` records are about to be sent while
 * `under_way` others are unanswered. */
void partitioner_turn(struct sink *sink, uint32_t count, int64_t under_way);

#endif
