/* SPDX-License-Identifier: MIT
 *
 * The Kafka module through the public ABI, against the embedded broker, or against a real one
 * when KAFKA names it (tests/kafka/plugin_real.sh does that): what is written is read again, in
 * order and once; plans end where they should; seeks, commits and rebalances move positions as
 * promised; the settings' mistakes have their sentences.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "unit.h"

#include "kafka_rig.h"
#include "plugins/kafka/kafka.h"

#define PARTITIONS 10u
#define JOIN_MS 15000

static struct rig_batch batch, other;

/* ---- helpers ---------------------------------------------------------------------------- */

/* On a real broker the topic is made by the hook of `lrhost topics create`; twice does no harm. */
static int start_with_topic(struct rig *rig)
{
    if (!rig_is_embedded() &&
        rig->plugin->topics(&rig->host.host, rig->settings, LR_TOPICS_CREATE, &rig->err) != LR_OK) {
        (void)printf("    topics: %s\n", rig->err.text);
        return -1;
    }
    return rig_start(rig);
}

static int open_source(struct rig *rig, const char *topic, const char *group, const char *more)
{
    char text[512];

    (void)snprintf(text, sizeof text, "topic=%s&kafka.group.id=%s&partitions=10%s", topic, group,
                   more);
    return rig_open(rig, &kafka_source_plugin, "source", 0, 1, text) || start_with_topic(rig);
}

static int open_sink(struct rig *rig, const char *topic, const char *more)
{
    char text[512];

    (void)snprintf(text, sizeof text, "topic=%s&partitions=10%s", topic, more);
    return rig_open(rig, &kafka_sink_plugin, "sink", 0, 1, text) || start_with_topic(rig);
}

/* Fills the batch with `count` records "first", "first+1", ...; key and headers are the caller's.
 */
static void fill(struct rig_batch *rb, char (*texts)[32], uint32_t count, uint64_t first)
{
    static const struct lr_stream from = {.size = sizeof from, .topic = "in", .partition = 3};
    static const struct lr_stream *const streams[] = {&from};

    rig_batch_init(rb);
    for (uint32_t i = 0; i < count; i++) {
        (void)snprintf(texts[i], 32, "%llu", (unsigned long long)(first + i));
        rb->records[i] = (struct lr_record){.value = texts[i], .timestamp_ns = -1};
        rb->records[i].value_len = (uint32_t)strlen(texts[i]);
        rb->encoded[i] = (struct lr_bytes){texts[i], (uint32_t)strlen(texts[i]), 0};
        rb->t0[i] = -1;
    }
    rb->batch.token = first;
    rb->batch.streams = streams;
}

static int write_numbers(const char *topic, const char *more, uint32_t count, uint64_t first)
{
    static char texts[RIG_ROOM][32];
    struct rig sink;
    int bad = open_sink(&sink, topic, more);

    for (uint32_t done = 0; !bad && done < count;) {
        uint32_t n = count - done < 1000 ? count - done : 1000;

        fill(&batch, texts, n, first + done);
        bad = rig_write_all(&sink, &batch, n, 10000);
        done += n;
    }
    if (!bad && sink.host.settled[LR_DELIVERED] != count)
        bad = -1;
    rig_close(&sink);
    return bad;
}

static uint64_t value_of(const struct lr_record *record)
{
    char text[32] = "";

    if (record->value_len < sizeof text)
        memcpy(text, record->value, record->value_len);
    return strtoull(text, NULL, 10);
}

/* Reads until `count` records came or time is over; marks seen[value - first]; checks offsets. */
static uint32_t read_numbers(struct rig *rig, uint32_t count, uint8_t *seen, uint64_t first,
                             int64_t *nexts, int timeout_ms)
{
    int64_t deadline = rig_now() + timeout_ms * MS;
    const struct lr_event *event = NULL;
    uint32_t got = 0;

    while (got < count && rig_now() < deadline) {
        lr_status status = rig_poll(rig, &batch, 500, NULL, 0, 200, &event);
        uint32_t at = 0;

        if (status == LR_REBALANCE)
            status = rig_source(rig)->rebalanced(rig->self, &rig->err);
        CU_ASSERT_FATAL(status >= 0);
        for (uint32_t s = 0; status == LR_OK && s < batch.batch.n_spans; s++) {
            const struct lr_span *span = &batch.spans[s];
            int64_t last = nexts ? nexts[span->stream] : -1;

            for (uint32_t i = 0; i < span->count; i++, at++) {
                const struct lr_record *record = &batch.records[at];
                uint64_t value = value_of(record) - first;

                CU_ASSERT(record->stream == span->stream);
                CU_ASSERT(record->offset >= last);
                last = record->offset + 1;
                if (seen && value < count)
                    seen[value]++;
                got++;
            }
            CU_ASSERT(span->next >= last);
            if (nexts)
                nexts[span->stream] = span->next;
        }
        if (status == LR_OK)
            CU_ASSERT(at == batch.batch.count);
        rig_source(rig)->release(rig->self, &batch.batch);
    }
    return got;
}

static uint32_t count_of(const uint8_t *seen, uint32_t n, uint8_t times)
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < n; i++)
        found += seen[i] == times;
    return found;
}

/* ---- round trip ------------------------------------------------------------------------- */

static void test_round_trip(void)
{
    static uint8_t seen[5000];
    const char *topic = rig_name("round"), *group = rig_name("group");
    int64_t nexts[RIG_STREAMS] = {0};
    struct lr_position positions[PARTITIONS];
    struct rig source;

    memset(seen, 0, sizeof seen);
    CU_ASSERT_FATAL(write_numbers(topic, "", 5000, 0) == 0);
    CU_ASSERT_FATAL(open_source(&source, topic, group, "") == 0);
    CU_ASSERT_FATAL(rig_join(&source, PARTITIONS, JOIN_MS) == 0);
    CU_ASSERT(rig_metric(&source, "kafka_assigned_partitions") == PARTITIONS);
    CU_ASSERT(strstr(source.host.log, "5000 records behind") != NULL);
    CU_ASSERT(read_numbers(&source, 5000, seen, 0, nexts, 10000) == 5000);
    CU_ASSERT(count_of(seen, 5000, 1) == 5000);

    /* Stored positions are what was stored, not what was read. */
    for (uint32_t i = 0; i < PARTITIONS; i++)
        positions[i] = (struct lr_position){i, 0, nexts[i] / 2};
    CU_ASSERT(rig_source(&source)->commit(source.self, positions, PARTITIONS, 1, &source.err) ==
              LR_OK);
    for (uint32_t i = 0; i < PARTITIONS; i++)
        positions[i].next = -7;
    CU_ASSERT(rig_source(&source)->committed(source.self, positions, PARTITIONS, &source.err) ==
              LR_OK);
    for (uint32_t i = 0; i < PARTITIONS; i++)
        CU_ASSERT(positions[i].next == nexts[i] / 2);
    rig_close(&source);

    /* The next member begins there. */
    {
        uint32_t left = 0, again = 0;

        for (uint32_t i = 0; i < PARTITIONS; i++)
            left += (uint32_t)(nexts[i] - nexts[i] / 2);
        CU_ASSERT_FATAL(open_source(&source, topic, group, "") == 0);
        CU_ASSERT_FATAL(rig_join(&source, PARTITIONS, JOIN_MS) == 0);
        again = read_numbers(&source, left + 1, NULL, 0, NULL, 1500);
        CU_ASSERT(again == left);
        rig_close(&source);
    }
}

/* Ends, a plan that stops there, and a seek that repeats a part. */
static void test_plan_and_seek(void)
{
    const char *topic = rig_name("plan");
    int64_t until[PARTITIONS] = {0}, at[PARTITIONS] = {0};
    struct lr_position positions[PARTITIONS];
    const struct lr_event *event = NULL;
    uint32_t got = 0, total = 0;
    struct rig source;
    lr_status status;

    CU_ASSERT_FATAL(write_numbers(topic, "&partition=sticky", 3000, 0) == 0);
    CU_ASSERT_FATAL(open_source(&source, topic, rig_name("group"), "") == 0);
    CU_ASSERT_FATAL(rig_join(&source, PARTITIONS, JOIN_MS) == 0);
    for (uint32_t i = 0; i < PARTITIONS; i++)
        positions[i] = (struct lr_position){i, 0, -1};
    do
        status = rig_source(&source)->ends(source.self, positions, PARTITIONS, &source.err);
    while (status == LR_AGAIN);
    CU_ASSERT_FATAL(status == LR_OK);
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        CU_ASSERT(positions[i].next >= 0);
        until[i] = positions[i].next - positions[i].next / 3;
        total += (uint32_t)until[i];
        got += (uint32_t)positions[i].next;
    }
    CU_ASSERT(got == 3000);
    for (got = 0; got < total; rig_source(&source)->release(source.self, &batch.batch)) {
        status = rig_poll(&source, &batch, 70, until, PARTITIONS, 3000, &event);
        CU_ASSERT_FATAL(status == LR_OK);
        got += batch.batch.count;
        CU_ASSERT(batch.batch.count <= 70);
        for (uint32_t s = 0; s < batch.batch.n_spans; s++)
            at[batch.spans[s].stream] = batch.spans[s].next;
    }
    CU_ASSERT(rig_poll(&source, &batch, 70, until, PARTITIONS, 300, &event) == LR_AGAIN);
    for (uint32_t i = 0; i < PARTITIONS; i++)
        CU_ASSERT(at[i] == until[i]);

    /* Back by a few records on every partition, while more are already fetched. */
    for (uint32_t round = 0; round < 20; round++) {
        uint32_t back = 0;

        for (uint32_t i = 0; i < PARTITIONS; i++) {
            positions[i].next = until[i] > round ? until[i] - 1 - round % 5 : 0;
            positions[i].next = positions[i].next < 0 ? 0 : positions[i].next;
            back += (uint32_t)(until[i] - positions[i].next);
        }
        CU_ASSERT_FATAL(
            rig_source(&source)->seek(source.self, positions, PARTITIONS, &source.err) == LR_OK);
        for (uint32_t i = 0; i < PARTITIONS; i++)
            at[i] = positions[i].next;
        for (got = 0; got < back; rig_source(&source)->release(source.self, &batch.batch)) {
            status = rig_poll(&source, &batch, 3, until, PARTITIONS, 3000, &event);
            CU_ASSERT_FATAL(status == LR_OK);
            for (uint32_t i = 0; i < batch.batch.count; i++) {
                CU_ASSERT(batch.records[i].offset == at[batch.records[i].stream]);
                at[batch.records[i].stream] = batch.records[i].offset + 1;
            }
            got += batch.batch.count;
        }
        CU_ASSERT(got == back);
    }
    rig_close(&source);
}

/* ---- keys, headers, null values --------------------------------------------------------- */

/* Partitions of ten that Utils.murmur2 and Utils.toPositive of kafka-clients 4.1.0 (Java) give. */
static const struct {
    const char *key;
    int32_t partition;
} golden[] = {{"", 1},
              {"a", 4},
              {"ab", 4},
              {"abc", 7},
              {"abcd", 0},
              {"key-0", 1},
              {"key-1", 0},
              {"customer-42", 3},
              {"\u00fc\u00f1\u00ee", 8},
              {"0123456789abcdef0", 8}};
#define N_GOLDEN (sizeof golden / sizeof golden[0])

static void test_keys_headers_nulls(void)
{
    static char texts[RIG_ROOM][32];
    static const struct lr_header added[N_GOLDEN] = {{"why", "x", 1, 0}, {"why", "", 0, 0}};
    const char *topic = rig_name("keys");
    const struct lr_event *event = NULL;
    struct rig sink, source;
    uint32_t got = 0, nulls = 0, headers = 0;

    CU_ASSERT_FATAL(open_sink(&sink, topic, "") == 0);
    fill(&batch, texts, N_GOLDEN, 0);
    for (uint32_t i = 0; i < N_GOLDEN; i++) {
        batch.records[i].key = golden[i].key;
        batch.records[i].key_len = (uint32_t)strlen(golden[i].key);
        if (i % 2)
            batch.t0[i] = 1700000000123456789 + i; /* not Kafka's: travels in the header */
    }
    batch.encoded[2] = (struct lr_bytes){NULL, 0, 0};
    batch.records[2].flags = LR_RECORD_NULL;
    batch.encoded[3] = (struct lr_bytes){"", 0, 0};
    CU_ASSERT(rig_write_all(&sink, &batch, N_GOLDEN, 10000) == 0);
    batch.batch.added = added; /* two records with a header more */
    batch.batch.n_added = 1;
    batch.batch.token = 100;
    CU_ASSERT(rig_write_all(&sink, &batch, 2, 10000) == 0);
    CU_ASSERT(sink.host.settled[LR_DELIVERED] == N_GOLDEN + 2);
    rig_close(&sink);

    CU_ASSERT_FATAL(open_source(&source, topic, rig_name("group"), "") == 0);
    CU_ASSERT_FATAL(rig_join(&source, PARTITIONS, JOIN_MS) == 0);
    while (got < N_GOLDEN + 2 && rig_poll(&source, &batch, 100, NULL, 0, 3000, &event) == LR_OK) {
        for (uint32_t i = 0; i < batch.batch.count; i++, got++) {
            const struct lr_record *record = &batch.records[i];
            struct lr_header header;
            uint32_t k = 0;

            CU_ASSERT_FATAL(record->key != NULL);
            while (k < N_GOLDEN && (strlen(golden[k].key) != record->key_len ||
                                    memcmp(golden[k].key, record->key, record->key_len) != 0))
                k++;
            CU_ASSERT_FATAL(k < N_GOLDEN);
            CU_ASSERT(golden[k].partition == (int32_t)record->stream); /* one topic: id by order */
            nulls += (record->flags & LR_RECORD_NULL) != 0;
            CU_ASSERT((k == 2) == (record->value == NULL));
            CU_ASSERT(k != 3 || (record->value != NULL && record->value_len == 0));
            if (k % 2)
                CU_ASSERT(batch.t0[i] == 1700000000123456789 + k);
            if (k % 2 == 0)
                CU_ASSERT(batch.t0[i] == record->timestamp_ns);
            for (uint32_t h = 0;
                 record->headers && batch.batch.header(record->headers, h, &header) == LR_OK; h++)
                headers += strcmp(header.name, "why") == 0;
        }
        rig_source(&source)->release(source.self, &batch.batch);
    }
    CU_ASSERT(got == N_GOLDEN + 2);
    CU_ASSERT(nulls == 1);
    CU_ASSERT(headers == 2);
    rig_close(&source);
}

/* Headers and keys of a record that came from Kafka go on as they are; input partition kept. */
static void test_pass_through(void)
{
    static char texts[RIG_ROOM][32];
    static const struct lr_header added[1] = {{"trace", "abc", 3, 0}};
    const char *first = rig_name("pass-a"), *second = rig_name("pass-b");
    const struct lr_event *event = NULL;
    static const struct lr_stream *streams[PARTITIONS];
    static struct lr_stream infos[PARTITIONS];
    struct rig sink, source;
    int32_t partition = -1;

    CU_ASSERT_FATAL(open_sink(&sink, first, "&partition=input") == 0);
    fill(&batch, texts, 1, 0);
    batch.batch.added = added;
    batch.batch.n_added = 1;
    CU_ASSERT(rig_write_all(&sink, &batch, 1, 10000) == 0);
    rig_close(&sink);
    CU_ASSERT_FATAL(open_source(&source, first, rig_name("group"), "") == 0);
    CU_ASSERT_FATAL(rig_join(&source, PARTITIONS, JOIN_MS) == 0);
    rig_batch_init(&other);
    CU_ASSERT_FATAL(rig_poll(&source, &other, 1, NULL, 0, 3000, &event) == LR_OK);
    partition = (int32_t)other.records[0].stream;
    CU_ASSERT(partition == 3);
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        infos[i] = (struct lr_stream){.size = sizeof infos[i], .partition = (int32_t)i};
        streams[i] = &infos[i];
    }
    other.encoded[0] = (struct lr_bytes){"scored", 6, 0};
    other.batch.streams = streams;
    CU_ASSERT_FATAL(open_sink(&sink, second, "&partition=input") == 0);
    CU_ASSERT(rig_write_all(&sink, &other, 1, 10000) == 0);
    rig_source(&source)->release(source.self, &other.batch);
    rig_close(&sink);
    rig_close(&source);
    CU_ASSERT_FATAL(open_source(&source, second, rig_name("group"), "") == 0);
    CU_ASSERT_FATAL(rig_join(&source, PARTITIONS, JOIN_MS) == 0);
    if (rig_poll(&source, &batch, 1, NULL, 0, 3000, &event) == LR_OK) {
        struct lr_header header = {0};

        CU_ASSERT((int32_t)batch.records[0].stream == partition);
        CU_ASSERT(batch.records[0].value_len == 6);
        CU_ASSERT(batch.batch.header(batch.records[0].headers, 0, &header) == LR_OK);
        CU_ASSERT(header.len == 3 && memcmp(header.value, "abc", 3) == 0);
        CU_ASSERT(batch.batch.header(batch.records[0].headers, 1, &header) == LR_END);
        rig_source(&source)->release(source.self, &batch.batch);
    } else {
        CU_FAIL("nothing came through");
    }
    rig_close(&source);
}

/* ---- rebalances ------------------------------------------------------------------------- */

/* Two members: the second one's coming takes partitions from the first, which hears of it before
 * and stores its positions; together they read everything, nothing twice. */
static void test_two_members(void)
{
    enum { N = 4000 };
    static uint8_t seen[N];
    const char *topic = rig_name("two"), *group = rig_name("group");
    struct rig member[2];
    int64_t nexts[2][RIG_STREAMS] = {{0}}, deadline;
    uint32_t have[2] = {0}, got = 0, opened = 1;
    int stored_all = 1;

    memset(seen, 0, sizeof seen);
    CU_ASSERT_FATAL(write_numbers(topic, "&partition=sticky", N / 2, 0) == 0);
    CU_ASSERT_FATAL(open_source(&member[0], topic, group, "") == 0);
    CU_ASSERT_FATAL(rig_join(&member[0], PARTITIONS, JOIN_MS) == 0);
    have[0] = PARTITIONS;
    deadline = rig_now() + 40000 * MS;
    while (rig_now() < deadline && (count_of(seen, N, 0) > 0 || have[1] == 0)) {
        if (opened == 1 && got >= N / 4) {
            CU_ASSERT_FATAL(open_source(&member[1], topic, group, "") == 0);
            opened = 2;
        }
        if (opened == 2 && have[0] == 5 && have[1] == 5) {
            CU_ASSERT_FATAL(write_numbers(topic, "&partition=sticky", N / 2, N / 2) == 0);
            opened = 3;
        }
        for (uint32_t m = 0; m < (opened > 1 ? 2 : 1); m++) {
            const struct lr_event *event = NULL;
            lr_status status = rig_poll(&member[m], &batch, 97, NULL, 0, 20, &event);

            CU_ASSERT_FATAL(status >= 0);
            for (uint32_t i = 0; status == LR_OK && i < batch.batch.count; i++, got++)
                seen[value_of(&batch.records[i])]++;
            for (uint32_t s = 0; status == LR_OK && s < batch.batch.n_spans; s++)
                nexts[m][batch.spans[s].stream] = batch.spans[s].next;
            rig_source(&member[m])->release(member[m].self, &batch.batch);
            if (status != LR_REBALANCE)
                continue;
            if (event->kind == LR_EVENT_REVOKE) {
                struct lr_position stored[PARTITIONS];
                uint32_t n = 0;

                for (uint32_t i = 0; i < event->n_streams; i++)
                    stored[n++] = (struct lr_position){event->streams[i]->id, 0,
                                                       nexts[m][event->streams[i]->id]};
                stored_all &=
                    rig_source(&member[m])->commit(member[m].self, stored, n, 1, &member[m].err) ==
                    LR_OK;
                have[m] -= event->n_streams;
            } else if (event->kind == LR_EVENT_ASSIGN) {
                have[m] += event->n_streams;
                for (uint32_t i = 0; i < event->n_streams; i++)
                    nexts[m][event->streams[i]->id] = event->streams[i]->next;
            }
            CU_ASSERT(rig_source(&member[m])->rebalanced(member[m].self, &member[m].err) == LR_OK);
        }
    }
    CU_ASSERT(opened == 3);
    CU_ASSERT(have[0] == 5 && have[1] == 5);
    CU_ASSERT(count_of(seen, N, 0) == 0);
    /* The embedded broker takes no positions while its group rebalances, so some come again. */
    CU_ASSERT(stored_all || rig_is_embedded());
    if (stored_all) {
        CU_ASSERT(got == N);
        CU_ASSERT(count_of(seen, N, 1) == N);
    }
    rig_close(&member[1]);
    rig_close(&member[0]);
}

/* start = latest begins where the topic ends, and stays there for a restart without a commit. */
static void test_start_latest(void)
{
    const char *topic = rig_name("latest"), *group = rig_name("group");
    uint8_t seen[100] = {0};
    struct rig source;

    CU_ASSERT_FATAL(write_numbers(topic, "", 500, 0) == 0);
    CU_ASSERT_FATAL(open_source(&source, topic, group, "&start=latest") == 0);
    CU_ASSERT_FATAL(rig_join(&source, PARTITIONS, JOIN_MS) == 0);
    CU_ASSERT(read_numbers(&source, 1, NULL, 0, NULL, 700) == 0);
    rig_close(&source); /* nothing was committed by us */
    CU_ASSERT_FATAL(write_numbers(topic, "", 100, 1000) == 0);
    CU_ASSERT_FATAL(open_source(&source, topic, group, "&start=latest") == 0);
    CU_ASSERT_FATAL(rig_join(&source, PARTITIONS, JOIN_MS) == 0);
    CU_ASSERT(read_numbers(&source, 100, seen, 1000, NULL, 5000) == 100);
    CU_ASSERT(count_of(seen, 100, 1) == 100);
    rig_close(&source);

    /* A rewind beats what is stored, once. */
    CU_ASSERT_FATAL(open_source(&source, topic, group, "&rewind=earliest") == 0);
    CU_ASSERT_FATAL(rig_join(&source, PARTITIONS, JOIN_MS) == 0);
    CU_ASSERT(read_numbers(&source, 601, NULL, 0, NULL, 1500) == 600);
    rig_close(&source);
}

/* ---- transactions in the input ---------------------------------------------------------- */

static rd_kafka_t *transactional(const char *id)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char text[256];
    rd_kafka_t *rk;

    (void)rd_kafka_conf_set(conf, "bootstrap.servers", rig_servers(), text, sizeof text);
    (void)rd_kafka_conf_set(conf, "transactional.id", id, text, sizeof text);
    rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    if (rk && rd_kafka_init_transactions(rk, 20000) != NULL)
        return NULL;
    return rk;
}

/* `count` records to partition 0, in one transaction that ends as `how` says. */
static int transaction(rd_kafka_t *rk, const char *topic, uint32_t count, uint32_t first, char how)
{
    int bad = rd_kafka_begin_transaction(rk) != NULL;

    for (uint32_t i = 0; i < count && !bad; i++) {
        char text[16];

        (void)snprintf(text, sizeof text, "%u", first + i);
        bad = rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0),
                                RD_KAFKA_V_VALUE(text, strlen(text)),
                                RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END) != 0;
    }
    bad |= rd_kafka_flush(rk, 10000) != 0;
    if (!bad && how == 'c')
        bad = rd_kafka_commit_transaction(rk, 10000) != NULL;
    if (!bad && how == 'a')
        bad = rd_kafka_abort_transaction(rk, 10000) != NULL;
    return bad;
}

/* Plans partition 0 as a lane does, and reads until the plan is done; returns the records. */
static uint32_t run_plan(struct rig *source, uint8_t *seen, int64_t *at, int64_t *ret_end)
{
    struct lr_position end = {0, 0, -1};
    const struct lr_event *event = NULL;
    int64_t deadline = rig_now() + 5000 * MS;
    uint32_t got = 0;
    lr_status status;

    do
        status = rig_source(source)->ends(source->self, &end, 1, &source->err);
    while (status == LR_AGAIN);
    CU_ASSERT(status == LR_OK);
    while (*at < end.next && rig_now() < deadline) {
        status = rig_poll(source, &batch, 100, &end.next, 1, 50, &event);
        CU_ASSERT(status == LR_OK || status == LR_AGAIN);
        for (uint32_t i = 0; status == LR_OK && i < batch.batch.count; i++, got++)
            seen[value_of(&batch.records[i])]++;
        for (uint32_t i = 0; status == LR_OK && i < batch.batch.n_spans; i++)
            if (batch.spans[i].stream == 0)
                *at = batch.spans[i].next;
        rig_source(source)->release(source->self, &batch.batch);
    }
    CU_ASSERT(*at >= end.next);
    *ret_end = end.next;
    return got;
}

/* Records of aborted transactions do not come; marks at the end do not keep a plan from its end;
 * a plan ends before a transaction that is still open. */
static void test_transactional_input(void)
{
    static uint8_t seen[256];
    const char *topic = rig_name("transactions");
    int64_t at = 0, end = 0, before;
    struct rig source;
    rd_kafka_t *rk;

    if (rig_is_embedded())
        return; /* its transactions do nothing */
    memset(seen, 0, sizeof seen);
    rig_batch_init(&batch);
    CU_ASSERT_FATAL(open_source(&source, topic, rig_name("group"), "") == 0);
    CU_ASSERT_FATAL(rig_join(&source, PARTITIONS, JOIN_MS) == 0);
    rk = transactional(topic);
    CU_ASSERT_FATAL(rk != NULL);
    CU_ASSERT_FATAL(transaction(rk, topic, 10, 0, 'c') == 0);
    CU_ASSERT_FATAL(transaction(rk, topic, 10, 10, 'a') == 0);
    CU_ASSERT(run_plan(&source, seen, &at, &end) == 10);
    CU_ASSERT(end == 22); /* 20 records and 2 marks */
    before = rig_now();
    CU_ASSERT_FATAL(transaction(rk, topic, 10, 20, 'a') == 0);
    CU_ASSERT(run_plan(&source, seen, &at, &end) == 0);
    CU_ASSERT(rig_now() - before < 3000 * MS);
    for (uint32_t round = 0; round < 20; round++) { /* seeks back over marks */
        struct lr_position back = {0, 0, round};
        uint32_t left = round < 10 ? 10 - round : 0;

        at = round;
        CU_ASSERT_FATAL(rig_source(&source)->seek(source.self, &back, 1, &source.err) == LR_OK);
        CU_ASSERT(run_plan(&source, seen, &at, &end) == left);
    }
    CU_ASSERT_FATAL(transaction(rk, topic, 10, 30, 'c') == 0);
    CU_ASSERT_FATAL(transaction(rk, topic, 10, 40, 'o') == 0); /* stays open */
    CU_ASSERT(run_plan(&source, seen, &at, &end) == 10);
    CU_ASSERT(end == 44);
    CU_ASSERT(run_plan(&source, seen, &at, &end) == 0);
    CU_ASSERT(rd_kafka_commit_transaction(rk, 10000) == NULL);
    (void)nanosleep(&(struct timespec){0, 300 * MS}, NULL);
    CU_ASSERT(run_plan(&source, seen, &at, &end) == 10);
    for (uint32_t i = 0; i < 50; i++)
        CU_ASSERT(i < 10 ? seen[i] >= 1 : i < 30 ? seen[i] == 0 : seen[i] == 1);
    rd_kafka_destroy(rk);
    rig_close(&source);
}

/* ---- dead letters ----------------------------------------------------------------------- */

static void test_attached(void)
{
    static char texts[RIG_ROOM][32];
    const char *topic = rig_name("main"), *dead_topic = rig_name("dead");
    char text[256];
    static uint8_t fates[2][20];
    struct rig sink, dead;
    uint32_t taken = 0;

    (void)snprintf(text, sizeof text, "topic=%s", topic);
    CU_ASSERT_FATAL(rig_open(&sink, &kafka_sink_plugin, "sink", 0, 1, text) == 0);
    (void)snprintf(text, sizeof text, "topic=%s", dead_topic);
    CU_ASSERT_FATAL(rig_open(&dead, &kafka_sink_plugin, "dead_letter", 0, 1, text) == 0);
    CU_ASSERT_FATAL(rig_sink(&dead)->attach(dead.self, sink.self, &dead.err) == LR_OK);
    CU_ASSERT_FATAL(start_with_topic(&sink) == 0);
    CU_ASSERT_FATAL(start_with_topic(&dead) == 0);
    sink.host.fates = fates[0];
    dead.host.fates = fates[1];
    sink.host.n_fates = dead.host.n_fates = sizeof fates[0];
    fill(&batch, texts, 10, 5);
    batch.batch.count = 10;
    CU_ASSERT(rig_sink(&sink)->write(sink.self, &batch.batch, 0, 7, &taken, &sink.err) == LR_OK);
    CU_ASSERT(taken == 7);
    CU_ASSERT(rig_sink(&dead)->write(dead.self, &batch.batch, 7, 3, &taken, &dead.err) == LR_OK);
    CU_ASSERT(taken == 3);
    CU_ASSERT(rig_settled(&sink, LR_DELIVERED, 7, 10000) == 0);
    CU_ASSERT(rig_settled(&dead, LR_DELIVERED, 3, 10000) == 0);
    for (uint32_t i = 0; i < 20; i++) {
        CU_ASSERT(fates[0][i] == (i >= 5 && i < 12 ? LR_DELIVERED + 1 : 0));
        CU_ASSERT(fates[1][i] == (i >= 12 && i < 15 ? LR_DELIVERED + 1 : 0));
    }
    rig_close(&sink); /* the client lives on for the other one */
    fill(&batch, texts, 1, 15);
    CU_ASSERT(rig_write_all(&dead, &batch, 1, 10000) == 0);
    CU_ASSERT(dead.host.settled[LR_DELIVERED] == 4);
    rig_close(&dead);
}

/* Too large for the client: refused alone, its neighbours go. */
static void test_too_large(void)
{
    static char texts[RIG_ROOM][32];
    static char large[20000];
    const char *topic = rig_name("large");
    struct rig sink;

    CU_ASSERT_FATAL(open_sink(&sink, topic, "&kafka.message.max.bytes=10000") == 0);
    CU_ASSERT(rig_sink(&sink)->max_record_bytes(sink.self) < 10000);
    fill(&batch, texts, 3, 0);
    memset(large, 'x', sizeof large);
    batch.encoded[1] = (struct lr_bytes){large, sizeof large, 0};
    CU_ASSERT(rig_write_all(&sink, &batch, 3, 10000) == 0);
    CU_ASSERT(sink.host.settled[LR_DELIVERED] == 2);
    CU_ASSERT(sink.host.settled[LR_RETRY_SINGLY] == 1);
    batch.encoded[0] = batch.encoded[1];
    CU_ASSERT(rig_write_all(&sink, &batch, 1, 10000) == 0);
    CU_ASSERT(sink.host.settled[LR_REJECTED] == 1);
    rig_close(&sink);
}

/* A full queue takes what fits and says so; nothing is lost or settled twice. */
static void test_back_pressure(void)
{
    static char texts[RIG_ROOM][32];
    static uint8_t fates[RIG_ROOM];
    const char *topic = rig_name("full");
    struct rig sink;
    uint32_t taken = 0;

    CU_ASSERT_FATAL(open_sink(&sink, topic, "&kafka.queue.buffering.max.messages=50") == 0);
    fill(&batch, texts, 2000, 0);
    batch.batch.count = 2000;
    sink.host.fates = fates;
    sink.host.n_fates = RIG_ROOM;
    CU_ASSERT(rig_sink(&sink)->write(sink.self, &batch.batch, 0, 2000, &taken, &sink.err) == LR_OK);
    CU_ASSERT(taken == 50);
    CU_ASSERT(rig_sink(&sink)->write(sink.self, &batch.batch, 50, 1950, &taken, &sink.err) ==
              LR_AGAIN);
    CU_ASSERT(taken == 0);
    CU_ASSERT(rig_settled(&sink, LR_DELIVERED, 50, 10000) == 0);
    for (uint32_t i = 0; i < 50; i++)
        CU_ASSERT(fates[i] == LR_DELIVERED + 1);
    fill(&batch, texts, 2000, 2000);
    CU_ASSERT(rig_write_all(&sink, &batch, 2000, 20000) == 0);
    CU_ASSERT(sink.host.settled[LR_DELIVERED] == 2050);
    CU_ASSERT(sink.host.twice == 0);
    rig_close(&sink);
}

/* ---- settings and errors ---------------------------------------------------------------- */

static char report_text[4096];

static void on_problem(void *ctx, const char *option, const char *message)
{
    size_t n = strlen(report_text);

    (void)snprintf(report_text + n, sizeof report_text - n, "%s %s: %s\n", (const char *)ctx,
                   option, message);
}

static void on_warning(void *ctx, const char *option, const char *message)
{
    (void)ctx;
    on_problem("warning", option, message);
}

static void on_touches(void *ctx, int32_t direction, const char *resource, uint32_t flags)
{
    size_t n = strlen(report_text);

    (void)ctx;
    (void)snprintf(report_text + n, sizeof report_text - n, "touches %d %s %u\n", direction,
                   resource, flags);
}

static const char *check(const struct lr_plugin *plugin, const char *text)
{
    static struct rig rig;
    static char problem[] = "problem";
    struct lr_report report = {.size = sizeof report,
                               .ctx = problem,
                               .problem = on_problem,
                               .warning = on_warning,
                               .touches = on_touches};

    report_text[0] = '\0';
    memset(&rig, 0, sizeof rig);
    rig_settings(&rig, plugin, text);
    plugin->check(rig.settings, 1, &report);
    return report_text;
}

#define GOOD "topic=t&kafka.group.id=g&kafka.bootstrap.servers=b:9092"

static void test_check(void)
{
    static const struct {
        const char *settings;
        const char *expect; /* in the report; NULL: nothing but touches */
    } rows[] = {
        {GOOD, NULL},
        {"topic=t&kafka.group.id=g", "problem kafka.bootstrap.servers: is missing"},
        {"topic=t&kafka.bootstrap.servers=b:1", "problem kafka.group.id: is missing"},
        {GOOD "&kafka.lingr.ms=5", "does not know 'lingr.ms'; did you mean 'kafka.linger.ms'?"},
        {GOOD "&kafka.lingr.ms=5", "problem kafka.lingr.ms: librdkafka "},
        {GOOD "&kafka.linger.ms=5", NULL}, /* the producer's; silently */
        {GOOD "&kafka.linger.ms=soon", "problem kafka.linger.ms: "},
        {GOOD "&kafka.zzzzzzzzzzzz=5", "does not know 'zzzzzzzzzzzz'\n"},
        {GOOD "&kafka.enable.auto.commit=true", "problem kafka.enable.auto.commit: must not be"},
        {GOOD "&kafka.auto.offset.reset=earliest", "say start = earliest"},
        {GOOD "&kafka.plugin.library.paths=x", "it loads code that lrhost has not checked"},
        {GOOD "&kafka.isolation.level=read_uncommitted", "warning kafka.isolation.level: "},
        {GOOD "&kafka.acks=1", "warning kafka.acks: "},
        {GOOD "&kafka.sasl.password=hunter2", "warning kafka.sasl.password: "},
        {GOOD "&kafka.sasl.password=file:/does/not/exist", "problem kafka.sasl.password: "},
        {GOOD "&kafka.sasl.password=env:LRHOST_NO_SUCH", "no variable 'LRHOST_NO_SUCH'"},
        {GOOD "&kafka.sasl.password=env:PATH", NULL},
        {GOOD "&rewind=yesterday", "problem rewind: 'yesterday' is no place to begin"},
        {GOOD "&rewind=2025-13-01T00:00:00Z", "problem rewind: "},
        {GOOD "&rewind=2025-01-31T08:00:00.5+02:00", NULL},
        {GOOD "&rewind=1700000000000", NULL},
        {GOOD "&topic=a b", "touches 1 topic:a 0\ntouches 1 topic:b 0"},
        {GOOD "&topic=a/b", "problem topic: 'a/b' cannot be a topic's name"},
        {GOOD "&topic=^a(", "problem topic: '^a(' is not a regular expression"},
        {GOOD "&topic=^a.*", ""},
        {"topic=t&kafka.group.id=g&kafka.bootstrap.servers=embedded",
         "touches 1 topic:embedded/t 1\n"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *report = check(&kafka_source_plugin, rows[i].settings);
        int good = rows[i].expect
                       ? strstr(report, rows[i].expect) != NULL
                       : strncmp(report, "touches", 7) == 0 && strchr(report, '\n')[1] == '\0';

        CU_ASSERT(good);
        if (!good)
            (void)printf("\n    %s\n    gave: %s\n", rows[i].settings, report);
        CU_ASSERT(strstr(report, "hunter2") == NULL);
    }
    CU_ASSERT(strcmp(check(&kafka_sink_plugin, "topic=t&kafka.bootstrap.servers=b:1"),
                     "touches 2 topic:t 0\n") == 0);
}

static void test_service_manager(void)
{
    struct rig sink;

    (void)setenv("INVOCATION_ID", "1", 1);
    CU_ASSERT(rig_open(&sink, &kafka_sink_plugin, "sink", 0, 1,
                       "topic=service&kafka.bootstrap.servers=embedded") == 0);
    CU_ASSERT(rig_start(&sink) == LR_ECONFIG);
    CU_ASSERT(strstr(sink.err.text, "service manager") != NULL);
    rig_close(&sink);
    (void)setenv("LRHOST_ALLOW_EMBEDDED", "1", 1);
    CU_ASSERT(rig_open(&sink, &kafka_sink_plugin, "sink", 0, 1,
                       "topic=service&kafka.bootstrap.servers=embedded") == 0);
    CU_ASSERT(rig_start(&sink) == LR_OK);
    rig_close(&sink);
    (void)unsetenv("LRHOST_ALLOW_EMBEDDED");
    (void)unsetenv("INVOCATION_ID");
}

static void test_unreachable(void)
{
    struct rig rig;
    int64_t begun = rig_now();

    CU_ASSERT(rig_open(&rig, &kafka_sink_plugin, "sink", 0, 1,
                       "topic=t&connect_timeout=500ms&kafka.bootstrap.servers=127.0.0.1:1") == 0);
    CU_ASSERT(rig_start(&rig) == LR_EUNAVAILABLE);
    CU_ASSERT(strstr(rig.err.text, "no broker of '127.0.0.1:1' answered within 0.5 s") != NULL);
    rig_close(&rig);
    CU_ASSERT(rig_open(&rig, &kafka_source_plugin, "source", 0, 1,
                       "topic=t&connect_timeout=500ms&kafka.group.id=g&"
                       "kafka.bootstrap.servers=127.0.0.1:1") == 0);
    CU_ASSERT(rig_start(&rig) == LR_EUNAVAILABLE);
    rig_close(&rig);
    CU_ASSERT(rig_now() - begun < 8000 * MS);
}

static void test_missing_topic(void)
{
    struct rig rig;
    char text[128];

    if (rig_is_embedded())
        return; /* there topics are made */
    (void)snprintf(text, sizeof text, "topic=%s&connect_timeout=1s&kafka.group.id=g",
                   rig_name("no-such"));
    CU_ASSERT(rig_open(&rig, &kafka_source_plugin, "source", 0, 1, text) == 0);
    CU_ASSERT(rig_start(&rig) == LR_EUNAVAILABLE);
    CU_ASSERT(strstr(rig.err.text, "does not exist") != NULL);
    CU_ASSERT(strstr(rig.err.text, "lrhost topics create FILE") != NULL);
    rig_close(&rig);
}

static void test_stopping_start(void)
{
    struct rig rig;
    int64_t begun = rig_now();

    CU_ASSERT(rig_open(&rig, &kafka_source_plugin, "source", 0, 1,
                       "topic=t&kafka.group.id=g&kafka.bootstrap.servers=127.0.0.1:1") == 0);
    rig.host.stopping = 1;
    CU_ASSERT(rig_start(&rig) == LR_OK);
    rig_close(&rig);
    CU_ASSERT(rig_now() - begun < 6000 * MS);
}

/* ---- suites ----------------------------------------------------------------------------- */

static CU_TestInfo settings_tests[] = {
    {"check", test_check},
    {"service manager", test_service_manager},
    {"unreachable broker", test_unreachable},
    {"missing topic", test_missing_topic},
    {"stop during start", test_stopping_start},
    CU_TEST_INFO_NULL,
};

static CU_TestInfo broker_tests[] = {
    {"round trip", test_round_trip},
    {"plan and seek", test_plan_and_seek},
    {"keys, headers, null values", test_keys_headers_nulls},
    {"pass through", test_pass_through},
    {"two members", test_two_members},
    {"start and rewind", test_start_latest},
    {"transactional input", test_transactional_input},
    {"attached dead letters", test_attached},
    {"too large", test_too_large},
    {"back-pressure", test_back_pressure},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"settings", NULL, NULL, NULL, NULL, settings_tests},
    {"broker", NULL, NULL, NULL, NULL, broker_tests},
    CU_SUITE_INFO_NULL,
};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
