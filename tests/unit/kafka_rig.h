/* SPDX-License-Identifier: MIT
 *
 * A rig around the Kafka module's source and sink: a fake host that counts settles, settings made
 * from the option tables, batches with room, and the loops that a lane would run. Against the
 * embedded broker, or against a real one where the environment variable KAFKA names it.
 */
#ifndef TESTS_KAFKA_RIG_H
#define TESTS_KAFKA_RIG_H

#include <lrhost/error.h>
#include <lrhost/lrhost.h>

#define RIG_ROOM 4352u /* more than the sink gathers */
#define RIG_STREAMS 256u

struct rig_host {
    struct lr_host host;
    int64_t cells[16];
    const char *cell_names[16];
    uint32_t n_cells;
    int32_t stopping;
    int32_t quiet; /* keeps log lines out of the output */
    char log[16384];
    uint64_t settled[8]; /* by outcome */
    uint64_t last_token;
    uint8_t *fates; /* by token, outcome + 1; NULL: not kept */
    uint64_t n_fates;
    uint64_t twice; /* settled again */
};

struct rig { /* an instance of a plugin */
    const struct lr_plugin *plugin;
    struct rig_host host;
    unsigned char settings[512];
    struct lr_pair pairs[32];
    char text[4096];
    const char *lists[16];
    void *self;
    struct lr_error err;
};

struct rig_batch {
    struct lr_batch batch;
    struct lr_record records[RIG_ROOM];
    struct lr_span spans[64];
    struct lr_bytes encoded[RIG_ROOM];
    int64_t t0[RIG_ROOM];
    int64_t t1[RIG_ROOM];
};

/* The servers that tests use: $KAFKA or "embedded". */
const char *rig_servers(void);
int rig_is_embedded(void);
/* A name that no other test has, with `stem` in it; static memory, eight at a time. */
const char *rig_name(const char *stem);

/* What the next instances are told: LR_EXACTLY_ONCE ...; which process they are. */
extern int32_t rig_guarantee;
extern const char *rig_instance;
/* `text`: "option=value" joined by '&'. Servers are added. 0 on success, else the error is printed.
 */
int rig_open(struct rig *rig, const struct lr_plugin *plugin, const char *section, uint32_t lane,
             uint32_t lanes, const char *text);
/* The settings alone, for check. */
void rig_settings(struct rig *rig, const struct lr_plugin *plugin, const char *text);
int rig_start(struct rig *rig);
void rig_close(struct rig *rig);
void rig_batch_init(struct rig_batch *rb);
int64_t rig_now(void);

const struct lr_source *rig_source(const struct rig *rig);
const struct lr_sink *rig_sink(const struct rig *rig);

/* Polls until something but LR_AGAIN comes; LR_AGAIN after timeout_ms. Rebalances are returned. */
lr_status rig_poll(struct rig *rig, struct rig_batch *rb, uint32_t max, const int64_t *until,
                   uint32_t n_until, int timeout_ms, const struct lr_event **ret_event);
/* Polls until `partitions` are assigned, answering every event. 0 on success. */
int rig_join(struct rig *rig, uint32_t partitions, int timeout_ms);
/* Writes the batch's records, then waits until all are settled. 0 on success. */
int rig_write_all(struct rig *rig, struct rig_batch *rb, uint32_t count, int timeout_ms);
/* Polls the sink until so many have this outcome. 0 on success. */
int rig_settled(struct rig *rig, int32_t outcome, uint64_t count, int timeout_ms);
int64_t rig_metric(const struct rig *rig, const char *name);

/* ---- numbers as records (kafka_numbers.c) --------------------------------------------------- */

#define RIG_PARTITIONS 10u
#define RIG_JOIN_MS 15000

/* On a real broker the topic is made by the hook of `lrhost topics create`. */
int rig_start_with_topic(struct rig *rig);
/* `more`: "&option=value". */
int rig_open_source(struct rig *rig, const char *topic, const char *group, const char *more);
int rig_open_sink(struct rig *rig, const char *topic, const char *more);
/* Fills the batch with `count` records "first", "first+1", ..., from partition 3 of a topic. */
void rig_fill(struct rig_batch *rb, char (*texts)[32], uint32_t count, uint64_t first);
/* 0 when all were delivered. */
int rig_write_numbers(const char *topic, const char *more, uint32_t count, uint64_t first);
uint64_t rig_value(const struct lr_record *record);
/* Reads until `count` records came or time is over; counts seen[value - first], follows nexts[] by
 * stream; checks that spans and offsets fit together. */
uint32_t rig_read_numbers(struct rig *rig, uint32_t count, uint8_t *seen, uint64_t first,
                          int64_t *nexts, int timeout_ms);
/* How many of seen[] are `times`. */
uint32_t rig_count(const uint8_t *seen, uint32_t n, uint8_t times);

#endif
