/* SPDX-License-Identifier: MIT
 *
 * Inside the Kafka source: one member of a consumer group, on one thread.
 *
 * The queues of the assigned partitions lead into one of ours, so that what is read ahead has one
 * bound. The consumer's own queue carries events alone: rebalances, errors, results of commits.
 * Both ring one bell.
 *
 *   source.c     poll and the descriptor; serves events
 *   member.c     start and stop: in and out of the group
 *   fetch.c      that queue -> records and spans
 *   ahead.c      how much is read ahead
 *   gap.c        what comes instead of a record
 *   record.c     a message -> a record
 *   streams.c    the table of streams this instance has ever had
 *   rebalance.c  a noted rebalance -> an event of the host, and its answer
 *   positions.c  commit, committed, seek, ends
 *   begin.c      where a partition begins: stored, start, rewind
 *   cover.c      partitions that belong to nobody
 */
#ifndef KAFKA_SOURCE_H
#define KAFKA_SOURCE_H

#include "bell.h"
#include "kafka.h"

#define NO_OFFSET INT64_C(-1)

struct stream {
    struct lr_stream info; /* as the host sees it; id is the index in the table */
    char *topic;
    rd_kafka_queue_t *queue; /* NULL: not ours */
    rd_kafka_topic_t *rkt;   /* of its messages, for comparison; NULL: not seen yet */
    int32_t apart;           /* the queue is not led into the common one for now */
    uint32_t voided;         /* what was taken together with this take is void */
    int64_t position;        /* what is handed out next; what lies before it was, or is no record */
    int64_t begin;           /* where it began without a stored position; NO_OFFSET: nowhere yet */
    int64_t eof;             /* end of the partition as of the last end event; NO_OFFSET: unknown */
    int32_t settled; /* a record came since the last seek, so librdkafka's position counts */
    /* With start = latest: partitions that the topic had when the group began; what comes behind
     * them was added later. 0: not known. Travels with every commit, as its metadata. */
    int32_t founded;
    /* Taken from the queue, but at or beyond the plan's end. */
    rd_kafka_message_t **kept;
    size_t n_kept, at_kept, kept_room;
};

struct hold { /* the messages behind one batch */
    struct hold *next;
    uint32_t n, room;
    rd_kafka_message_t *messages[];
};

struct ahead { /* what may be read ahead, and what was taken since the fetcher was woken */
    int64_t max_bytes, max_records;
    int64_t bytes, records;
    int32_t wakes; /* it must be woken */
};

struct source {
    struct wire wire; /* first: librdkafka's opaque */
    const struct lr_host *host;
    const struct source_settings *settings;
    rd_kafka_t *rk;
    rd_kafka_queue_t *events;
    rd_kafka_queue_t *records; /* messages of all partitions */
    rd_kafka_queue_t *replies; /* of commits that are waited for */
    uintptr_t stores;          /* such commits so far */
    struct bell bell;

    struct stream **streams; /* by id; never shrinks */
    uint32_t n_streams, stream_room;
    struct stream **owned; /* assigned now */
    uint32_t n_owned, owned_room;
    uint32_t last;  /* whose message came last, by its place in owned */
    uint32_t takes; /* from the queue of messages so far */
    struct ahead ahead;

    struct hold *free_holds, *used_holds;
    int32_t look;    /* records without headers are known by their bytes (record.c) */
    uint32_t looked; /* such records so far */

    int32_t noted;                               /* LR_EVENT_*, 0: none */
    rd_kafka_topic_partition_list_t *partitions; /* of the noted event */
    int32_t resolved;                            /* the event is ready */
    int64_t noted_ns;
    int32_t waited; /* for its positions, which was said */
    struct lr_event event;
    const struct lr_stream **event_streams;
    int32_t announced; /* the first assignment was logged */
    int32_t closing;

    rd_kafka_queue_t *cover; /* the answer to a look at the group; NULL: none is asked for */
    int64_t cover_due_ns;    /* 0: no look is due */
    uint32_t cover_looks;

    /* Fatal for this client (fenced, say): all is lost, and another client joins instead. */
    int32_t fatal;
    int32_t reopen; /* the host knows of the loss */
    struct replaced replaced;

    rd_kafka_t *query;        /* asks for ends beside a waiting fetch; made when first needed */
    struct group_proof proof; /* of the last group_token */
    lr_status failed;         /* found while serving events */
    struct lr_error failure;
    int64_t serve_due_ns, gauge_due_ns;
    int64_t *lag, *assigned, *commit_failures, *dropped, *missing, *replacements;
};

/* source.c: librdkafka's events; `ctx` is the source. */
void source_serve(void *ctx);

/* member.c */
lr_status member_start(void *self, struct lr_error *err);
void member_stop(void *self, int64_t deadline_ns);
lr_status member_subscribe(struct source *s, struct lr_error *err);
/* The client can do no more. */
void member_break(struct source *s, const char *why);
/* Joins again with another client. LR_AGAIN: not yet. */
lr_status member_replace(struct source *s, struct lr_error *err);

/* streams.c */
struct stream *stream_get(struct source *s, const char *topic,
                          int32_t partition); /* NULL: memory */
struct stream *stream_find(struct source *s, const char *topic, int32_t partition);
lr_status stream_take(struct source *s, struct stream *st, int64_t position, struct lr_error *err);
void stream_drop(struct source *s, struct stream *st);
/* All queues lead into the common one, whatever happened to them. Call it now and then. */
void streams_lead(struct source *s);
void stream_forget_kept(struct stream *st);
/* The metadata of a stored position: "partitions=10", see struct stream. */
#define FOUNDED "partitions="
void stream_put(rd_kafka_topic_partition_list_t *list, const struct stream *st, int64_t offset);
void streams_finish(struct source *s);

/* fetch.c */
struct hold *hold_get(struct source *s, uint32_t room);
void hold_put(struct source *s, struct hold *hold);
void holds_finish(struct source *s);
/* Fills the batch; LR_OK also with nothing in it. *ret_more: something was left behind. */
lr_status fetch(struct source *s, struct lr_batch *batch, uint32_t max, const int64_t *until,
                uint32_t n_until, int *ret_more, struct lr_error *err);

/* ahead.c */
lr_status ahead_configure(struct source *s, rd_kafka_conf_t *conf, struct lr_error *err);
/* After a fetch: lets the fetcher go on that may have found the queue full. */
void ahead_wake(struct source *s);

/* gap.c: a message that is no record. */
lr_status gap_special(struct source *s, struct stream *st, const rd_kafka_message_t *m,
                      struct lr_error *err);

/* record.c */
void record_fill(struct source *s, struct lr_batch *batch, uint32_t index, const struct stream *st,
                 const rd_kafka_message_t *m);
lr_status record_header(const void *headers, uint32_t index, struct lr_header *ret_header);
/* The bytes around a value say that it lies in a record that has no headers; 0: who knows. */
int record_is_bare(const void *value, size_t len);
int record_can_look(void); /* this librdkafka is known to leave values where they lie */

/* rebalance.c */
void rebalance_note(rd_kafka_t *rk, rd_kafka_resp_err_t code,
                    rd_kafka_topic_partition_list_t *partitions, void *opaque);
/* Makes a stream go on at `offset` whose fetcher gave up, which no seek moves any more. */
lr_status rebalance_restart(struct source *s, struct stream *st, int64_t offset,
                            struct lr_error *err);
/* Every partition is lost together with the client. */
void rebalance_lose(struct source *s);
/* Makes the noted event ready. LR_REBALANCE, LR_AGAIN, or an error. */
lr_status rebalance_event(struct source *s, const struct lr_event **ret_event,
                          struct lr_error *err);
lr_status rebalance_answer(void *self, struct lr_error *err);
void rebalance_finish(struct source *s);

/* cover.c */
void cover_schedule(struct source *s);
void cover_look(struct source *s); /* now and then */
void cover_finish(struct source *s);

/* begin.c */
/* Sets every offset of the list: stored, else where the source begins. LR_AGAIN: not now. */
lr_status begin_positions(struct source *s, rd_kafka_topic_partition_list_t *list,
                          struct lr_error *err);
/* As the broker says now; 0: it does not. */
int32_t begin_count_partitions(struct source *s, const char *topic);
/* Applies `rewind`, once for each partition in this process. */
lr_status begin_rewind(struct source *s, rd_kafka_topic_partition_list_t *list,
                       struct lr_error *err);
/* "earliest", "latest", RFC 3339 or milliseconds since the epoch; as ListOffsets asks. */
lr_status begin_parse(const char *text, int64_t *ret_timestamp, struct lr_error *err);
/* Offsets at a timestamp (RD_KAFKA_OFFSET_BEGINNING and _END, too). LR_AGAIN: no answer. */
lr_status begin_offsets_at(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list, int64_t timestamp,
                           int timeout_ms, struct lr_error *err);

/* positions.c */
lr_status positions_commit(void *self, const struct lr_position *positions, uint32_t n,
                           int32_t wait, struct lr_error *err);
lr_status positions_store(struct source *s, rd_kafka_topic_partition_list_t *list,
                          int64_t deadline_ns, struct lr_error *err);
lr_status positions_committed(void *self, struct lr_position *positions, uint32_t n,
                              struct lr_error *err);
lr_status positions_seek(void *self, const struct lr_position *positions, uint32_t n,
                         struct lr_error *err);
lr_status positions_ends(void *self, struct lr_position *positions, uint32_t n,
                         struct lr_error *err);
void positions_on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t code,
                         rd_kafka_topic_partition_list_t *offsets, void *opaque);

#endif
