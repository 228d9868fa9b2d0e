/* SPDX-License-Identifier: MIT
 *
 * The Kafka sink through the public ABI: keys, headers and null values arrive as they were given,
 * every record is settled once and rightly, dead letters share the client.
 * Against the embedded broker, or against a real one when KAFKA names it (tests/kafka/plugin.sh).
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#include "kafka_rig.h"
#include "plugins/kafka/kafka.h"
#include "plugins/kafka/sink.h"

#include <librdkafka/rdkafka_mock.h> /* after rdkafka.h */

static struct rig_batch batch, other;

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

    CU_ASSERT_FATAL(rig_open_sink(&sink, topic, "") == 0);
    rig_fill(&batch, texts, N_GOLDEN, 0);
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

    CU_ASSERT_FATAL(rig_open_source(&source, topic, rig_name("group"), "") == 0);
    CU_ASSERT_FATAL(rig_join(&source, RIG_PARTITIONS, RIG_JOIN_MS) == 0);
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
    static const struct lr_stream *streams[RIG_PARTITIONS];
    static struct lr_stream infos[RIG_PARTITIONS];
    struct rig sink, source, last;
    int32_t partition = -1;

    CU_ASSERT_FATAL(rig_open_sink(&sink, first, "&partition=input") == 0);
    rig_fill(&batch, texts, 1, 0);
    batch.batch.added = added;
    batch.batch.n_added = 1;
    CU_ASSERT(rig_write_all(&sink, &batch, 1, 10000) == 0);
    rig_close(&sink);
    CU_ASSERT_FATAL(rig_open_source(&last, second, rig_name("group"), "") == 0);
    CU_ASSERT_FATAL(rig_open_source(&source, first, rig_name("group"), "") == 0);
    CU_ASSERT_FATAL(rig_join(&source, RIG_PARTITIONS, RIG_JOIN_MS) == 0);
    rig_batch_init(&other);
    CU_ASSERT_FATAL(rig_poll(&source, &other, 1, NULL, 0, 3000, &event) == LR_OK);
    partition = (int32_t)other.records[0].stream;
    CU_ASSERT(partition == 3);
    for (uint32_t i = 0; i < RIG_PARTITIONS; i++) {
        infos[i] = (struct lr_stream){.size = sizeof infos[i], .partition = (int32_t)i};
        streams[i] = &infos[i];
    }
    other.encoded[0] = (struct lr_bytes){"scored", 6, 0};
    other.batch.streams = streams;
    CU_ASSERT_FATAL(rig_open_sink(&sink, second, "&partition=input") == 0);
    CU_ASSERT(rig_write_all(&sink, &other, 1, 10000) == 0);
    rig_source(&source)->release(source.self, &other.batch);
    rig_close(&sink);
    rig_close(&source);
    CU_ASSERT_FATAL(rig_join(&last, RIG_PARTITIONS, RIG_JOIN_MS) == 0);
    rig_batch_init(&batch);
    if (rig_poll(&last, &batch, 1, NULL, 0, 3000, &event) == LR_OK) {
        struct lr_header header = {0};

        CU_ASSERT((int32_t)batch.records[0].stream == partition);
        CU_ASSERT(batch.records[0].value_len == 6);
        CU_ASSERT(batch.batch.header(batch.records[0].headers, 0, &header) == LR_OK);
        CU_ASSERT(header.len == 3 && memcmp(header.value, "abc", 3) == 0);
        CU_ASSERT(batch.batch.header(batch.records[0].headers, 1, &header) == LR_END);
        rig_source(&last)->release(last.self, &batch.batch);
    } else {
        CU_FAIL("nothing came through");
    }
    rig_close(&last);
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
    CU_ASSERT_FATAL(rig_start_with_topic(&sink) == 0);
    CU_ASSERT_FATAL(rig_start_with_topic(&dead) == 0);
    sink.host.fates = fates[0];
    dead.host.fates = fates[1];
    sink.host.n_fates = dead.host.n_fates = sizeof fates[0];
    rig_fill(&batch, texts, 10, 5);
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
    rig_fill(&batch, texts, 1, 15);
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

    CU_ASSERT_FATAL(rig_open_sink(&sink, topic, "&kafka.message.max.bytes=10000") == 0);
    CU_ASSERT(rig_sink(&sink)->max_record_bytes(sink.self) < 10000);
    rig_fill(&batch, texts, 3, 0);
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

    CU_ASSERT_FATAL(rig_open_sink(&sink, topic, "&kafka.queue.buffering.max.messages=50") == 0);
    rig_fill(&batch, texts, 2000, 0);
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
    rig_fill(&batch, texts, 2000, 2000);
    CU_ASSERT(rig_write_all(&sink, &batch, 2000, 20000) == 0);
    CU_ASSERT(sink.host.settled[LR_DELIVERED] == 2050);
    CU_ASSERT(sink.host.twice == 0);
    rig_close(&sink);
}

static void set_up(void)
{
    rig_batch_init(&batch);
}

/* ---- suite ------------------------------------------------------------------------------ */

/* What librdkafka says of a request that was refused, and of which it believes that it arrived. */
static void test_placed(void)
{
    struct placed last = {0};
    int a = 0, b = 0; /* topics */

    CU_ASSERT(report_is_placed(&last, &a, 2, 0));
    CU_ASSERT(report_is_placed(&last, &a, 2, 1));
    for (int64_t offset = -1001; offset < 500; offset++)
        CU_ASSERT(!report_is_placed(&last, &a, 2, offset));
    CU_ASSERT(report_is_placed(&last, &a, 2, 2)); /* another request's */
    CU_ASSERT(!report_is_placed(&last, &a, 2, -1));
    CU_ASSERT(report_is_placed(&last, &b, 2, 0));
    CU_ASSERT(!report_is_placed(&last, &a, 2, -1));
    CU_ASSERT(report_is_placed(&last, &a, 3, 0));
}

/* The first of two requests to a partition is refused and the second one taken: what librdkafka
 * then says of the first is not believed. */
static void test_implicit_ack(void)
{
    static char texts[RIG_ROOM][32];
    char given[200], text[200];
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, rd_kafka_conf_new(), text, sizeof text);
    rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(rk, 1);
    const char *topic = rig_name("implicit"), *servers = getenv("KAFKA");
    int64_t deadline;
    uint32_t taken = 0;
    struct rig sink;

    (void)snprintf(given, sizeof given, "%s", servers ? servers : "");
    CU_ASSERT_FATAL(cluster != NULL && rd_kafka_mock_topic_create(cluster, topic, 1, 1) == 0);
    (void)setenv("KAFKA", rd_kafka_mock_cluster_bootstraps(cluster), 1);
    (void)snprintf(text, sizeof text, "topic=%s&latency=low&kafka.retry.backoff.ms=3000", topic);
    CU_ASSERT_FATAL(rig_open(&sink, &kafka_sink_plugin, "sink", 0, 1, text) == 0);
    CU_ASSERT_FATAL(rig_start(&sink) == LR_OK);
    rig_fill(&batch, texts, 100, 0);
    CU_ASSERT(rig_write_all(&sink, &batch, 1, 10000) == 0); /* a login, a producer id */
    (void)rd_kafka_mock_broker_set_rtt(cluster, 1, 300);
    rd_kafka_mock_push_request_errors(cluster, 0 /* Produce */, 1,
                                      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    batch.batch.count = 100;
    CU_ASSERT(rig_sink(&sink)->write(sink.self, &batch.batch, 1, 1, &taken, &sink.err) == LR_OK);
    (void)usleep(100000); /* it has left, and is not answered */
    CU_ASSERT(rig_sink(&sink)->write(sink.self, &batch.batch, 2, 98, &taken, &sink.err) == LR_OK);
    for (deadline = rig_now() + 10000 * INT64_C(1000000);
         rig_now() < deadline &&
         sink.host.settled[LR_DELIVERED] + sink.host.settled[LR_RETRY] < 100;
         (void)usleep(1000))
        CU_ASSERT(rig_sink(&sink)->poll(sink.self, 0, &sink.err) >= 0);
    CU_ASSERT(sink.host.settled[LR_DELIVERED] == 99);
    CU_ASSERT(sink.host.settled[LR_RETRY] == 1);
    rig_close(&sink);
    (void)setenv("KAFKA", given, 1);
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(rk);
}

static CU_TestInfo tests[] = {
    {"an implicit ack", test_implicit_ack},
    {"without a place", test_placed},
    {"keys, headers, null values", test_keys_headers_nulls},
    {"pass through", test_pass_through},
    {"attached dead letters", test_attached},
    {"too large", test_too_large},
    {"back-pressure", test_back_pressure},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"sink", NULL, NULL, set_up, NULL, tests},
    CU_SUITE_INFO_NULL,
};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
