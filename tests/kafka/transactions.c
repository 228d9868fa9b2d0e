/* SPDX-License-Identifier: MIT
 *
 * Transactions of the Kafka sink and the names of both clients, through the public ABI, on a real
 * broker (tests/kafka/plugin.sh): what is committed is there with its positions, what is aborted is
 * not, every record is settled once, and a client whose name was taken is replaced, but not for
 * ever.
 */
#include <string.h>

#include "unit.h"

#include "kafka_rig.h"
#include "plugins/kafka/kafka.h"

#define N 100u
#define COMMIT_MS 10000
#define TAKEN_AWAY_MAX 20 /* the plugin gives up long before */

static struct rig_batch batch;
static char texts[RIG_ROOM][32];

static int open_sink(struct rig *sink, const char *topic)
{
    int bad;

    rig_guarantee = LR_EXACTLY_ONCE;
    bad = rig_open_sink(sink, topic, "");
    rig_guarantee = 0;
    return bad;
}

static lr_status commit(struct rig *sink, const struct lr_position *positions, uint32_t n,
                        struct rig *source)
{
    int64_t deadline = rig_now() + COMMIT_MS * MS;
    struct lr_group_token token = {sizeof token, 0, NULL};
    lr_status status;

    do {
        if (source && rig_source(source)->group_token(source->self, &token, &source->err) != LR_OK)
            return LR_EINTERNAL;
        status =
            rig_sink(sink)->commit(sink->self, positions, n, source ? &token : NULL, &sink->err);
    } while (status == LR_AGAIN && rig_now() < deadline);
    return status;
}

static lr_status abort_it(struct rig *sink)
{
    int64_t deadline = rig_now() + COMMIT_MS * MS;
    lr_status status;

    do
        status = rig_sink(sink)->abort(sink->self, &sink->err);
    while (status == LR_AGAIN && rig_now() < deadline);
    return status;
}

static void begin_and_write(struct rig *sink, uint64_t first)
{
    CU_ASSERT_FATAL(rig_sink(sink)->begin(sink->self, &sink->err) == LR_OK);
    rig_fill(&batch, texts, N, first);
    CU_ASSERT_FATAL(rig_write_all(sink, &batch, N, COMMIT_MS) == 0);
}

/* How many of the numbers below `below` a reader of committed records sees once. */
static uint32_t visible(const char *topic, uint32_t below)
{
    static uint8_t seen[10 * N];
    struct rig source;

    memset(seen, 0, sizeof seen);
    CU_ASSERT_FATAL(rig_open_source(&source, topic, rig_name("reader"), "") == 0);
    CU_ASSERT_FATAL(rig_join(&source, RIG_PARTITIONS, RIG_JOIN_MS) == 0);
    (void)rig_read_numbers(&source, below + 1, seen, 0, NULL, 1500);
    rig_close(&source);
    return rig_count(seen, below, 1);
}

static void test_committed_with_positions(void)
{
    const char *in = rig_name("in"), *out = rig_name("out"), *group = rig_name("group");
    int64_t nexts[RIG_STREAMS] = {0};
    struct lr_position positions[RIG_PARTITIONS];
    struct rig source, sink;
    uint32_t some = 0;

    CU_ASSERT_FATAL(rig_write_numbers(in, "", N, 0) == 0);
    CU_ASSERT_FATAL(rig_open_source(&source, in, group, "") == 0);
    CU_ASSERT_FATAL(rig_join(&source, RIG_PARTITIONS, RIG_JOIN_MS) == 0);
    CU_ASSERT(rig_read_numbers(&source, N, NULL, 0, nexts, COMMIT_MS) == N);
    CU_ASSERT_FATAL(open_sink(&sink, out) == 0);
    begin_and_write(&sink, 0);
    for (uint32_t i = 0; i < RIG_PARTITIONS; i++)
        positions[i] = (struct lr_position){i, 0, nexts[i]};
    CU_ASSERT(commit(&sink, positions, RIG_PARTITIONS, &source) == LR_OK);
    for (uint32_t i = 0; i < RIG_PARTITIONS; i++)
        positions[i].next = -1;
    CU_ASSERT(rig_source(&source)->committed(source.self, positions, RIG_PARTITIONS, &source.err) ==
              LR_OK);
    for (uint32_t i = 0; i < RIG_PARTITIONS; i++)
        CU_ASSERT(positions[i].next == nexts[i]);
    CU_ASSERT(sink.host.settled[LR_DELIVERED] == N);

    /* Positions alone are a transaction, too. */
    CU_ASSERT(rig_sink(&sink)->begin(sink.self, &sink.err) == LR_OK);
    while (nexts[some] == 0)
        some++;
    positions[some].next = nexts[some] - 1;
    CU_ASSERT(commit(&sink, &positions[some], 1, &source) == LR_OK);
    positions[some].next = -1;
    CU_ASSERT(rig_source(&source)->committed(source.self, &positions[some], 1, &source.err) ==
              LR_OK);
    CU_ASSERT(positions[some].next == nexts[some] - 1);
    rig_close(&sink);
    rig_close(&source);
    CU_ASSERT(visible(out, N) == N);
}

static void test_aborted(void)
{
    static uint8_t fates[RIG_ROOM];
    const char *out = rig_name("aborted");
    uint32_t taken = 0;
    struct rig sink;

    CU_ASSERT_FATAL(open_sink(&sink, out) == 0);
    begin_and_write(&sink, 0); /* all delivered */
    CU_ASSERT(abort_it(&sink) == LR_OK);
    begin_and_write(&sink, N);
    CU_ASSERT(commit(&sink, NULL, 0, NULL) == LR_OK);

    /* Under way: each is settled once, some this way and some that. */
    sink.host.fates = fates;
    sink.host.n_fates = RIG_ROOM;
    CU_ASSERT(rig_sink(&sink)->begin(sink.self, &sink.err) == LR_OK);
    rig_fill(&batch, texts, 2000, 2 * N);
    batch.batch.count = 2000;
    for (uint32_t i = 0; i < 2000; i++) { /* with keys, so that the last ones gather in the sink */
        batch.records[i].key = texts[i];
        batch.records[i].key_len = batch.records[i].value_len;
    }
    CU_ASSERT(rig_sink(&sink)->write(sink.self, &batch.batch, 0, 2000, &taken, &sink.err) == LR_OK);
    CU_ASSERT(taken == 2000);
    CU_ASSERT(abort_it(&sink) == LR_OK);
    for (uint32_t i = 0; i < taken; i++)
        CU_ASSERT(fates[2 * N + i] == LR_DELIVERED + 1 || fates[2 * N + i] == LR_ABANDONED + 1);
    CU_ASSERT(sink.host.twice == 0);
    CU_ASSERT(rig_metric(&sink, "kafka_transactions_aborted_total") == 2);
    CU_ASSERT(rig_metric(&sink, "kafka_transactions_committed_total") == 1);
    CU_ASSERT(rig_metric(&sink, "kafka_transaction_commit_microseconds_max") > 0);
    CU_ASSERT(rig_metric(&sink, "kafka_transaction_commit_microseconds_max") ==
              rig_metric(&sink, "kafka_transaction_commit_microseconds_total"));

    begin_and_write(&sink, 2 * N);
    CU_ASSERT(commit(&sink, NULL, 0, NULL) == LR_OK);
    begin_and_write(&sink, 3 * N); /* left open: the end of the client must not commit it */
    rig_close(&sink);
    CU_ASSERT_FATAL(open_sink(&sink, out) == 0); /* fences it, so that the reader can go on */
    rig_close(&sink);
    CU_ASSERT(visible(out, 4 * N) == 2 * N);
}

static void test_producer_replaced(void)
{
    const char *out = rig_name("fenced");
    struct rig sink, thief;
    lr_status status = LR_OK;
    int times = 0;

    CU_ASSERT_FATAL(open_sink(&sink, out) == 0);
    begin_and_write(&sink, 0);
    CU_ASSERT_FATAL(open_sink(&thief, out) == 0); /* the same name: fences */
    CU_ASSERT(commit(&sink, NULL, 0, NULL) == LR_ABORT);
    CU_ASSERT(abort_it(&sink) == LR_OK);
    CU_ASSERT(rig_metric(&sink, "kafka_clients_replaced_total") == 1);
    begin_and_write(&sink, 0);
    CU_ASSERT(commit(&sink, NULL, 0, NULL) == LR_OK);
    rig_close(&thief);
    CU_ASSERT(visible(out, N) == N);

    /* Somebody who takes the name again and again is another process. */
    while (status == LR_OK && times++ < TAKEN_AWAY_MAX) {
        begin_and_write(&sink, N);
        CU_ASSERT_FATAL(open_sink(&thief, out) == 0);
        rig_close(&thief);
        CU_ASSERT(commit(&sink, NULL, 0, NULL) == LR_ABORT);
        status = abort_it(&sink);
    }
    CU_ASSERT(status == LR_EFENCED);
    CU_ASSERT(strstr(sink.err.text, "another process uses the same names") != NULL);
    rig_close(&sink);
}

static void test_consumer_replaced(void)
{
    const char *in = rig_name("member"), *group = rig_name("group");
    static uint8_t seen[N];
    const struct lr_event *event = NULL;
    struct rig first, thief;

    memset(seen, 0, sizeof seen);
    CU_ASSERT_FATAL(rig_write_numbers(in, "", N, 0) == 0);
    CU_ASSERT_FATAL(rig_open_source(&first, in, group, "") == 0);
    CU_ASSERT_FATAL(rig_join(&first, RIG_PARTITIONS, RIG_JOIN_MS) == 0);
    CU_ASSERT_FATAL(rig_open_source(&thief, in, group, "") == 0);
    CU_ASSERT_FATAL(rig_join(&thief, RIG_PARTITIONS, RIG_JOIN_MS) == 0);
    CU_ASSERT(rig_poll(&first, &batch, 0, NULL, 0, RIG_JOIN_MS, &event) == LR_REBALANCE);
    CU_ASSERT_FATAL(event != NULL && event->kind == LR_EVENT_LOST);
    CU_ASSERT(event->n_streams == RIG_PARTITIONS);
    CU_ASSERT(rig_source(&first)->rebalanced(first.self, &first.err) == LR_OK);
    rig_close(&thief);
    CU_ASSERT(rig_join(&first, RIG_PARTITIONS, RIG_JOIN_MS) == 0);
    CU_ASSERT(rig_metric(&first, "kafka_consumers_replaced_total") == 1);
    CU_ASSERT(rig_read_numbers(&first, N, seen, 0, NULL, COMMIT_MS) == N);
    CU_ASSERT(rig_count(seen, N, 1) == N);
    rig_close(&first);
}

static void set_up(void)
{
    rig_batch_init(&batch);
}

static CU_TestInfo tests[] = {
    {"committed with positions", test_committed_with_positions},
    {"aborted", test_aborted},
    {"producer replaced", test_producer_replaced},
    {"consumer replaced", test_consumer_replaced},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"transactions", NULL, NULL, set_up, NULL, tests},
    CU_SUITE_INFO_NULL,
};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
