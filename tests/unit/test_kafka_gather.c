/* SPDX-License-Identifier: MIT
 *
 * The Kafka sink's waves (plugins/kafka/gather.c): what is written gathers while others are under
 * way, leaves when it should, and is settled once whatever happens. Reports are
 * served by poll alone and the clock is ours, so "under way" is what the test says. Against the
 * embedded broker, or against a real one when KAFKA names it (tests/kafka/plugin.sh).
 */
#include <string.h>

#include "unit.h"

#include "kafka_rig.h"
#include "plugins/kafka/sink.h"

#define WAVE_MAX (20 * MS)
#define PATIENCE_MS 10000

static struct rig_batch batch;
static char texts[RIG_ROOM][32];
static int64_t clock_ns;

static int64_t fake_clock(void *ctx)
{
    (void)ctx;
    return clock_ns;
}

static const struct producer *producer_of(const struct rig *rig)
{
    return ((const struct sink *)rig->self)->producer;
}

static int open_sink(struct rig *rig, const char *topic, const char *more)
{
    int bad = rig_open_sink(rig, topic, more);

    clock_ns = rig_now();
    rig->host.host.monotonic_ns = fake_clock;
    return bad;
}

/* Rows first ... first+count-1 of `batch`, each in a write of its own. The keys, which are the
 * values' texts, are gone when a write returns. */
static void write_rows(struct rig *rig, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        char key[32];
        uint32_t taken = 0;

        memcpy(key, texts[i], sizeof key);
        batch.records[i].key = key;
        batch.records[i].key_len = batch.records[i].value_len;
        CU_ASSERT(rig_sink(rig)->write(rig->self, &batch.batch, i, 1, &taken, &rig->err) == LR_OK);
        CU_ASSERT(taken == 1);
        memset(key, '#', sizeof key);
    }
}

static void fill(uint32_t count)
{
    rig_fill(&batch, texts, count, 0);
    batch.batch.count = count;
}

/* Every record of the topic has its own number as key. */
static void check_keys(const char *topic, uint32_t count)
{
    const struct lr_event *event = NULL;
    struct rig source;
    uint32_t got = 0;

    CU_ASSERT_FATAL(rig_open_source(&source, topic, rig_name("group"), "") == 0);
    CU_ASSERT_FATAL(rig_join(&source, RIG_PARTITIONS, RIG_JOIN_MS) == 0);
    while (got < count && rig_poll(&source, &batch, 1000, NULL, 0, 3000, &event) == LR_OK) {
        for (uint32_t i = 0; i < batch.batch.count; i++, got++) {
            const struct lr_record *record = &batch.records[i];

            CU_ASSERT(record->key_len == record->value_len && record->key &&
                      memcmp(record->key, record->value, record->key_len) == 0);
        }
        rig_source(&source)->release(source.self, &batch.batch);
    }
    CU_ASSERT(got == count);
    rig_close(&source);
}

static void gathers(const char *more)
{
    static uint8_t fates[64];
    const char *topic = rig_name("waves");
    struct rig sink;

    CU_ASSERT_FATAL(open_sink(&sink, topic, more) == 0);
    memset(fates, 0, sizeof fates);
    sink.host.fates = fates;
    sink.host.n_fates = sizeof fates;
    fill(20);
    write_rows(&sink, 0, 1); /* nothing is under way */
    CU_ASSERT(producer_of(&sink)->messages == 1 && producer_of(&sink)->gathered == 0);
    write_rows(&sink, 1, 9);
    CU_ASSERT(producer_of(&sink)->messages == 10 && producer_of(&sink)->gathered == 9);
    CU_ASSERT(rig_settled(&sink, LR_DELIVERED, 10, PATIENCE_MS) == 0); /* the report lets them go */
    CU_ASSERT(producer_of(&sink)->messages == 0 && producer_of(&sink)->gathered == 0);
    write_rows(&sink, 10, 10);
    CU_ASSERT(rig_settled(&sink, LR_DELIVERED, 20, PATIENCE_MS) == 0);
    CU_ASSERT(sink.host.twice == 0);
    rig_close(&sink);
    check_keys(topic, 20);
}

static void test_gathers(void)
{
    gathers("");
    gathers("&partition=sticky");
}

static void test_leaves_in_time(void)
{
    struct rig sink;

    CU_ASSERT_FATAL(open_sink(&sink, rig_name("late"), "") == 0);
    fill(10);
    write_rows(&sink, 0, 4);
    CU_ASSERT(producer_of(&sink)->gathered == 3);
    clock_ns += WAVE_MAX - 1;
    write_rows(&sink, 4, 1);
    CU_ASSERT(producer_of(&sink)->gathered == 4);
    clock_ns += 1;
    write_rows(&sink, 5, 1);
    CU_ASSERT(producer_of(&sink)->gathered == 0);
    write_rows(&sink, 6, 2);
    CU_ASSERT(producer_of(&sink)->gathered == 2);
    CU_ASSERT(rig_sink(&sink)->flush(sink.self, &sink.err) == LR_OK);
    CU_ASSERT(producer_of(&sink)->gathered == 0);
    CU_ASSERT(rig_settled(&sink, LR_DELIVERED, 8, PATIENCE_MS) == 0);
    rig_close(&sink);
}

/* A full wave leaves, keys that have no room make one leave, and large batches hold nothing. */
static void test_leaves_when_full(void)
{
    static char key[KEYS_ROOM];
    struct rig sink;
    uint32_t taken = 0;

    CU_ASSERT_FATAL(open_sink(&sink, rig_name("full"), "") == 0);
    fill(SCRATCH + 10);
    write_rows(&sink, 0, SCRATCH);
    CU_ASSERT(producer_of(&sink)->gathered == SCRATCH - 1);
    write_rows(&sink, SCRATCH, 1);
    CU_ASSERT(producer_of(&sink)->gathered == 0);
    write_rows(&sink, SCRATCH + 1, 1);
    CU_ASSERT(producer_of(&sink)->gathered == 1);
    memset(key, 'k', sizeof key);
    batch.records[SCRATCH + 2].key = key;
    batch.records[SCRATCH + 2].key_len = sizeof key;
    CU_ASSERT(rig_sink(&sink)->write(sink.self, &batch.batch, SCRATCH + 2, 1, &taken, &sink.err) ==
              LR_OK);
    CU_ASSERT(producer_of(&sink)->gathered == 0);
    CU_ASSERT(rig_settled(&sink, LR_DELIVERED, SCRATCH + 3, PATIENCE_MS) == 0);
    CU_ASSERT(sink.host.twice == 0);
    rig_close(&sink);
}

/* Headers go through the same waves, in order. */
static void test_headers(void)
{
    static const struct lr_header added[4] = {[2] = {"why", "x", 1, 0}, [3] = {"why", "y", 1, 0}};
    const char *topic = rig_name("headers");
    struct rig sink;

    CU_ASSERT_FATAL(open_sink(&sink, topic, "") == 0);
    fill(4);
    write_rows(&sink, 0, 2);
    batch.batch.added = added;
    batch.batch.n_added = 1;
    write_rows(&sink, 2, 2);
    CU_ASSERT(producer_of(&sink)->gathered == 3);
    CU_ASSERT(rig_settled(&sink, LR_DELIVERED, 4, PATIENCE_MS) == 0);
    rig_close(&sink);
    check_keys(topic, 4);
}

static void test_never(const char *more)
{
    struct rig sink;

    CU_ASSERT_FATAL(open_sink(&sink, rig_name("never"), more) == 0);
    fill(10);
    write_rows(&sink, 0, 10);
    CU_ASSERT(producer_of(&sink)->gathered == 0);
    CU_ASSERT(rig_settled(&sink, LR_DELIVERED, 10, PATIENCE_MS) == 0);
    rig_close(&sink);
}

static void test_not_wanted(void)
{
    test_never("&latency=low");
    test_never("&latency=throughput");
    test_never("&kafka.linger.ms=1");
}

/* Every record is settled once when the sink ends, delivered or given up. */
static void test_stopped(void)
{
    struct rig sink;

    CU_ASSERT_FATAL(open_sink(&sink, rig_name("stopped"), "") == 0);
    fill(10);
    write_rows(&sink, 0, 10);
    CU_ASSERT(producer_of(&sink)->gathered == 9);
    rig_close(&sink);
    CU_ASSERT(sink.host.settled[LR_DELIVERED] + sink.host.settled[LR_ABANDONED] == 10);
    CU_ASSERT(sink.host.settled[LR_DELIVERED] == 10);
}

static void set_up(void)
{
    rig_batch_init(&batch);
}

static CU_TestInfo tests[] = {
    {"gathers while others are under way", test_gathers},
    {"leaves in time", test_leaves_in_time},
    {"leaves when full", test_leaves_when_full},
    {"headers", test_headers},
    {"not wanted", test_not_wanted},
    {"stopped", test_stopped},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"waves", NULL, NULL, set_up, NULL, tests},
    CU_SUITE_INFO_NULL,
};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
