/* SPDX-License-Identifier: MIT
 *
 * The Kafka source through the public ABI: what was written is read in order and once, plans end
 * where they should, seeks, commits and rebalances move positions as promised.
 * Against the embedded broker, or against a real one when KAFKA names it (tests/kafka/plugin.sh).
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "unit.h"

#include "kafka_rig.h"
#include "plugins/kafka/kafka.h"

static struct rig_batch batch;

/* ---- round trip ------------------------------------------------------------------------- */

static void test_round_trip(void)
{
    static uint8_t seen[5000];
    const char *topic = rig_name("round"), *group = rig_name("group");
    int64_t nexts[RIG_STREAMS] = {0};
    struct lr_position positions[RIG_PARTITIONS];
    struct rig source;

    memset(seen, 0, sizeof seen);
    CU_ASSERT_FATAL(rig_write_numbers(topic, "", 5000, 0) == 0);
    CU_ASSERT_FATAL(rig_open_source(&source, topic, group, "") == 0);
    CU_ASSERT_FATAL(rig_join(&source, RIG_PARTITIONS, RIG_JOIN_MS) == 0);
    CU_ASSERT(rig_metric(&source, "kafka_assigned_partitions") == RIG_PARTITIONS);
    CU_ASSERT(strstr(source.host.log, "5000 records behind") != NULL);
    CU_ASSERT(rig_read_numbers(&source, 5000, seen, 0, nexts, 10000) == 5000);
    CU_ASSERT(rig_count(seen, 5000, 1) == 5000);

    /* Stored positions are what was stored, not what was read. */
    for (uint32_t i = 0; i < RIG_PARTITIONS; i++)
        positions[i] = (struct lr_position){i, 0, nexts[i] / 2};
    CU_ASSERT(rig_source(&source)->commit(source.self, positions, RIG_PARTITIONS, 1, &source.err) ==
              LR_OK);
    for (uint32_t i = 0; i < RIG_PARTITIONS; i++)
        positions[i].next = -7;
    CU_ASSERT(rig_source(&source)->committed(source.self, positions, RIG_PARTITIONS, &source.err) ==
              LR_OK);
    for (uint32_t i = 0; i < RIG_PARTITIONS; i++)
        CU_ASSERT(positions[i].next == nexts[i] / 2);
    rig_close(&source);

    /* The next member begins there. */
    {
        uint32_t left = 0, again = 0;

        for (uint32_t i = 0; i < RIG_PARTITIONS; i++)
            left += (uint32_t)(nexts[i] - nexts[i] / 2);
        CU_ASSERT_FATAL(rig_open_source(&source, topic, group, "") == 0);
        CU_ASSERT_FATAL(rig_join(&source, RIG_PARTITIONS, RIG_JOIN_MS) == 0);
        again = rig_read_numbers(&source, left + 1, NULL, 0, NULL, 1500);
        CU_ASSERT(again == left);
        rig_close(&source);
    }
}

/* Ends, a plan that stops there, and a seek that repeats a part. */
static void test_plan_and_seek(void)
{
    const char *topic = rig_name("plan");
    int64_t until[RIG_PARTITIONS] = {0}, at[RIG_PARTITIONS] = {0};
    struct lr_position positions[RIG_PARTITIONS];
    const struct lr_event *event = NULL;
    uint32_t got = 0, total = 0;
    struct rig source;
    lr_status status;

    CU_ASSERT_FATAL(rig_write_numbers(topic, "&partition=sticky", 3000, 0) == 0);
    CU_ASSERT_FATAL(rig_open_source(&source, topic, rig_name("group"), "") == 0);
    CU_ASSERT_FATAL(rig_join(&source, RIG_PARTITIONS, RIG_JOIN_MS) == 0);
    for (uint32_t i = 0; i < RIG_PARTITIONS; i++)
        positions[i] = (struct lr_position){i, 0, -1};
    do
        status = rig_source(&source)->ends(source.self, positions, RIG_PARTITIONS, &source.err);
    while (status == LR_AGAIN);
    CU_ASSERT_FATAL(status == LR_OK);
    for (uint32_t i = 0; i < RIG_PARTITIONS; i++) {
        CU_ASSERT(positions[i].next >= 0);
        until[i] = positions[i].next - positions[i].next / 3;
        total += (uint32_t)until[i];
        got += (uint32_t)positions[i].next;
    }
    CU_ASSERT(got == 3000);
    for (got = 0; got < total; rig_source(&source)->release(source.self, &batch.batch)) {
        status = rig_poll(&source, &batch, 70, until, RIG_PARTITIONS, 3000, &event);
        CU_ASSERT_FATAL(status == LR_OK);
        got += batch.batch.count;
        CU_ASSERT(batch.batch.count <= 70);
        for (uint32_t s = 0; s < batch.batch.n_spans; s++)
            at[batch.spans[s].stream] = batch.spans[s].next;
    }
    CU_ASSERT(rig_poll(&source, &batch, 70, until, RIG_PARTITIONS, 300, &event) == LR_AGAIN);
    for (uint32_t i = 0; i < RIG_PARTITIONS; i++)
        CU_ASSERT(at[i] == until[i]);

    /* Back by a few records on every partition, while more are already fetched. */
    for (uint32_t round = 0; round < 20; round++) {
        uint32_t back = 0;

        for (uint32_t i = 0; i < RIG_PARTITIONS; i++) {
            positions[i].next = until[i] > round ? until[i] - 1 - round % 5 : 0;
            positions[i].next = positions[i].next < 0 ? 0 : positions[i].next;
            back += (uint32_t)(until[i] - positions[i].next);
        }
        CU_ASSERT_FATAL(rig_source(&source)->seek(source.self, positions, RIG_PARTITIONS,
                                                  &source.err) == LR_OK);
        for (uint32_t i = 0; i < RIG_PARTITIONS; i++)
            at[i] = positions[i].next;
        for (got = 0; got < back; rig_source(&source)->release(source.self, &batch.batch)) {
            status = rig_poll(&source, &batch, 3, until, RIG_PARTITIONS, 3000, &event);
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

/* An end mark that lies in the queue before a record must not stand for it: nothing would ring
 * again, and the record would wait for somebody's timeout. */
static void test_behind_end_mark(void)
{
    const char *topic = rig_name("mark");
    int64_t until[RIG_PARTITIONS];
    struct lr_position positions[RIG_PARTITIONS];
    const struct lr_event *event = NULL;
    struct rig source;
    lr_status status;

    CU_ASSERT_FATAL(rig_open_source(&source, topic, rig_name("group"), "") == 0);
    CU_ASSERT_FATAL(rig_join(&source, RIG_PARTITIONS, RIG_JOIN_MS) == 0);
    CU_ASSERT(rig_poll(&source, &batch, 0, NULL, 0, 500, &event) == LR_AGAIN); /* marks arrive */
    CU_ASSERT_FATAL(rig_write_numbers(topic, "", 1, 0) == 0);
    CU_ASSERT(rig_poll(&source, &batch, 0, NULL, 0, 500, &event) == LR_AGAIN); /* it, too */
    for (uint32_t i = 0; i < RIG_PARTITIONS; i++)
        positions[i] = (struct lr_position){i, 0, -1};
    do
        status = rig_source(&source)->ends(source.self, positions, RIG_PARTITIONS, &source.err);
    while (status == LR_AGAIN);
    for (uint32_t i = 0; i < RIG_PARTITIONS; i++)
        until[i] = positions[i].next;
    CU_ASSERT(rig_poll(&source, &batch, 100, until, RIG_PARTITIONS, 0, &event) == LR_OK);
    CU_ASSERT(batch.batch.count == 1);
    rig_source(&source)->release(source.self, &batch.batch);
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
    /* The embedded broker waits almost a session's length for members to come back. */
    const char *quick =
        rig_is_embedded() ? "&kafka.session.timeout.ms=3500&kafka.heartbeat.interval.ms=200" : "";
    struct rig member[2];
    int64_t nexts[2][RIG_STREAMS] = {{0}}, deadline;
    uint32_t have[2] = {0}, got = 0, opened = 1;
    int stored_all = 1;

    memset(seen, 0, sizeof seen);
    CU_ASSERT_FATAL(rig_write_numbers(topic, "&partition=sticky", N / 2, 0) == 0);
    CU_ASSERT_FATAL(rig_open_source(&member[0], topic, group, quick) == 0);
    CU_ASSERT_FATAL(rig_join(&member[0], RIG_PARTITIONS, RIG_JOIN_MS) == 0);
    have[0] = RIG_PARTITIONS;
    deadline = rig_now() + 40000 * MS;
    while (rig_now() < deadline && (rig_count(seen, N, 0) > 0 || have[1] == 0)) {
        if (opened == 1 && got >= N / 4) {
            rig_instance = "there";
            CU_ASSERT_FATAL(rig_open_source(&member[1], topic, group, quick) == 0);
            rig_instance = "here";
            opened = 2;
        }
        if (opened == 2 && have[0] == 5 && have[1] == 5) {
            CU_ASSERT_FATAL(rig_write_numbers(topic, "&partition=sticky", N / 2, N / 2) == 0);
            opened = 3;
        }
        for (uint32_t m = 0; m < (opened > 1 ? 2 : 1); m++) {
            const struct lr_event *event = NULL;
            lr_status status = rig_poll(&member[m], &batch, 97, NULL, 0, 20, &event);

            CU_ASSERT_FATAL(status >= 0);
            for (uint32_t i = 0; status == LR_OK && i < batch.batch.count; i++, got++)
                seen[rig_value(&batch.records[i])]++;
            for (uint32_t s = 0; status == LR_OK && s < batch.batch.n_spans; s++)
                nexts[m][batch.spans[s].stream] = batch.spans[s].next;
            rig_source(&member[m])->release(member[m].self, &batch.batch);
            if (status != LR_REBALANCE)
                continue;
            if (event->kind == LR_EVENT_REVOKE) {
                struct lr_position stored[RIG_PARTITIONS];
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
    CU_ASSERT(rig_count(seen, N, 0) == 0);
    /* The embedded broker takes no positions while its group rebalances, so some come again. */
    CU_ASSERT(stored_all || rig_is_embedded());
    if (stored_all) {
        CU_ASSERT(got == N);
        CU_ASSERT(rig_count(seen, N, 1) == N);
    }
    rig_close(&member[1]);
    rig_close(&member[0]);
}

/* start = latest begins where the topic ends, and stays there for a restart without a commit; a
 * rewind beats it. */
static void test_start_latest(void)
{
    const char *topic = rig_name("latest"), *group = rig_name("group");
    uint8_t seen[100] = {0};
    struct rig source, rewound;

    CU_ASSERT_FATAL(rig_write_numbers(topic, "", 500, 0) == 0);
    CU_ASSERT_FATAL(rig_open_source(&source, topic, group, "&start=latest") == 0);
    CU_ASSERT_FATAL(rig_join(&source, RIG_PARTITIONS, RIG_JOIN_MS) == 0);
    CU_ASSERT(rig_read_numbers(&source, 1, NULL, 0, NULL, 700) == 0);
    rig_close(&source); /* nothing was committed by us */
    CU_ASSERT_FATAL(rig_write_numbers(topic, "", 100, 1000) == 0);
    CU_ASSERT_FATAL(rig_open_source(&source, topic, group, "&start=latest") == 0);
    CU_ASSERT_FATAL(
        rig_open_source(&rewound, topic, rig_name("group"), "&start=latest&rewind=earliest") == 0);
    CU_ASSERT_FATAL(rig_join(&source, RIG_PARTITIONS, RIG_JOIN_MS) == 0);
    CU_ASSERT(rig_read_numbers(&source, 100, seen, 1000, NULL, 5000) == 100);
    CU_ASSERT(rig_count(seen, 100, 1) == 100);
    rig_close(&source);
    CU_ASSERT_FATAL(rig_join(&rewound, RIG_PARTITIONS, RIG_JOIN_MS) == 0);
    CU_ASSERT(rig_read_numbers(&rewound, 601, NULL, 0, NULL, 1500) == 600);
    rig_close(&rewound);
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
        rd_kafka_vu_t parts[4] = {{.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = topic},
                                  {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = 0},
                                  {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {text, 0}},
                                  {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY}};
        rd_kafka_error_t *error;

        (void)snprintf(text, sizeof text, "%u", first + i);
        parts[2].u.mem.size = strlen(text);
        error = rd_kafka_produceva(rk, parts, 4);
        bad = error != NULL;
        rd_kafka_error_destroy(error);
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
            seen[rig_value(&batch.records[i])]++;
        for (uint32_t i = 0; status == LR_OK && i < batch.batch.n_spans; i++)
            if (batch.spans[i].stream == 0)
                *at = batch.spans[i].next;
        rig_source(source)->release(source->self, &batch.batch);
    }
    CU_ASSERT(*at >= end.next);
    *ret_end = end.next;
    return got;
}

/* Plans until a plan ends at `end` or later: a broker writes the marks of a transaction a moment
 * after it was told to end it. Returns the records of all plans. */
static uint32_t plan_until(struct rig *source, uint8_t *seen, int64_t *at, int64_t end)
{
    int64_t deadline = rig_now() + 10000 * MS, reached = -1;
    uint32_t got = 0;

    while (reached < end && rig_now() < deadline)
        got += run_plan(source, seen, at, &reached);
    CU_ASSERT(reached == end);
    return got;
}

/* Records of aborted transactions do not come; marks at the end do not keep a plan from its end;
 * a plan ends before a transaction that is still open. */
static void test_transactional_input(void)
{
    static uint8_t seen[256];
    const char *topic = rig_name("transactions");
    int64_t at = 0;
    struct rig source;
    rd_kafka_t *rk;

    if (rig_is_embedded())
        return; /* its transactions do nothing */
    memset(seen, 0, sizeof seen);
    rig_batch_init(&batch);
    CU_ASSERT_FATAL(rig_open_source(&source, topic, rig_name("group"), "") == 0);
    CU_ASSERT_FATAL(rig_join(&source, RIG_PARTITIONS, RIG_JOIN_MS) == 0);
    rk = transactional(topic);
    CU_ASSERT_FATAL(rk != NULL);
    CU_ASSERT_FATAL(transaction(rk, topic, 10, 0, 'c') == 0);
    CU_ASSERT_FATAL(transaction(rk, topic, 10, 10, 'a') == 0);
    CU_ASSERT(plan_until(&source, seen, &at, 22) == 10); /* 20 records and 2 marks */
    CU_ASSERT_FATAL(transaction(rk, topic, 10, 20, 'a') == 0);
    CU_ASSERT(plan_until(&source, seen, &at, 33) == 0);
    for (uint32_t round = 0; round < 20; round++) { /* seeks back over marks */
        struct lr_position back = {0, 0, round};
        uint32_t left = round < 10 ? 10 - round : 0;

        at = round;
        CU_ASSERT_FATAL(rig_source(&source)->seek(source.self, &back, 1, &source.err) == LR_OK);
        CU_ASSERT(plan_until(&source, seen, &at, 33) == left);
    }
    CU_ASSERT_FATAL(transaction(rk, topic, 10, 30, 'c') == 0);
    CU_ASSERT_FATAL(transaction(rk, topic, 10, 40, 'o') == 0); /* stays open */
    CU_ASSERT(plan_until(&source, seen, &at, 44) == 10);
    CU_ASSERT(plan_until(&source, seen, &at, 44) == 0);
    CU_ASSERT(rd_kafka_commit_transaction(rk, 10000) == NULL);
    CU_ASSERT(plan_until(&source, seen, &at, 55) == 10);
    for (uint32_t i = 0; i < 50; i++)
        CU_ASSERT(i < 10 ? seen[i] >= 1 : i < 30 ? seen[i] == 0 : seen[i] == 1);
    rd_kafka_destroy(rk);
    rig_close(&source);
}

static void set_up(void)
{
    rig_batch_init(&batch);
}

/* ---- suite ------------------------------------------------------------------------------ */

static CU_TestInfo tests[] = {
    {"round trip", test_round_trip},
    {"plan and seek", test_plan_and_seek},
    {"behind an end mark", test_behind_end_mark},
    {"two members", test_two_members},
    {"start and rewind", test_start_latest},
    {"transactional input", test_transactional_input},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"source", NULL, NULL, set_up, NULL, tests},
    CU_SUITE_INFO_NULL,
};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
