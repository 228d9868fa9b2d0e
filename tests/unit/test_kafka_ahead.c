/* SPDX-License-Identifier: MIT
 *
 * Reading ahead within bounds: a full queue does not put the fetcher to sleep for long, and plans
 * that are far apart from partition to partition neither lose nor change the order of anything,
 * however many messages must wait for a later plan.
 * Against the embedded broker, or against a real one when KAFKA names it (tests/kafka/plugin.sh).
 */
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "kafka_rig.h"
#include "plugins/kafka/kafka.h"
#include "plugins/kafka/source.h"

#define RECORDS 20000u
/* Full after a few records, and small answers. */
#define NARROW "&kafka.queued.max.messages.kbytes=1&kafka.max.partition.fetch.bytes=2048"

static struct rig_batch batch;
static uint8_t seen[RECORDS];

static void open_filled(struct rig *source)
{
    const char *topic = rig_name("ahead");

    memset(seen, 0, sizeof seen);
    CU_ASSERT_FATAL(
        rig_write_numbers(topic, "&kafka.batch.num.messages=100&partition=auto", RECORDS, 0) == 0);
    CU_ASSERT_FATAL(rig_open_source(source, topic, rig_name("group"), NARROW) == 0);
    CU_ASSERT_FATAL(rig_join(source, RIG_PARTITIONS, RIG_JOIN_MS) == 0);
}

/* A second of sleep each time that the queue was full would take far longer. */
static void test_full_queue(void)
{
    int64_t nexts[RIG_STREAMS] = {0}, began;
    struct rig source;

    open_filled(&source);
    began = rig_now();
    CU_ASSERT(rig_read_numbers(&source, RECORDS, seen, 0, nexts, 15000) == RECORDS);
    CU_ASSERT(rig_now() - began < 6 * SECOND);
    CU_ASSERT(rig_count(seen, RECORDS, 1) == RECORDS);
    rig_close(&source);
}

/* Reads to the plan's ends; offsets follow each other. Returns the records. */
static uint32_t read_plan(struct rig *source, const int64_t *until, int64_t *at)
{
    int64_t give_up = rig_now() + 10 * SECOND;
    const struct lr_event *event;
    uint32_t got = 0, left = 1, wrong = 0;

    while (left > 0 && rig_now() < give_up) {
        lr_status status = rig_poll(source, &batch, 300, until, RIG_PARTITIONS, 50, &event);

        for (uint32_t i = 0; status == LR_OK && i < batch.batch.count; i++, got++) {
            const struct lr_record *record = &batch.records[i];

            wrong += record->offset != at[record->stream]++;
            seen[rig_value(record)]++;
        }
        if (status == LR_OK)
            rig_source(source)->release(source->self, &batch.batch);
        left = 0;
        for (uint32_t i = 0; i < RIG_PARTITIONS; i++)
            left += at[i] < until[i];
    }
    CU_ASSERT(left == 0);
    CU_ASSERT(wrong == 0);
    for (uint32_t i = 0; i < RIG_PARTITIONS; i++)
        CU_ASSERT(at[i] == until[i]);
    return got;
}

/* In each plan one partition, another each time, is read far, the others by a record or not. */
static void test_uneven_plans(void)
{
    struct lr_position ends[RIG_PARTITIONS];
    int64_t until[RIG_PARTITIONS] = {0}, at[RIG_PARTITIONS] = {0};
    uint32_t got = 0;
    struct rig source;
    lr_status status;

    open_filled(&source);
    for (uint32_t i = 0; i < RIG_PARTITIONS; i++)
        ends[i] = (struct lr_position){i, 0, -1};
    do
        status = rig_source(&source)->ends(source.self, ends, RIG_PARTITIONS, &source.err);
    while (status == LR_AGAIN);
    CU_ASSERT_FATAL(status == LR_OK);
    for (uint32_t plan = 0; got < RECORDS && plan < 500; plan++) {
        for (uint32_t i = 0; i < RIG_PARTITIONS; i++) {
            until[i] += i == plan * 7 % RIG_PARTITIONS ? 700 : (plan + i) % 2;
            if (until[i] > ends[i].next)
                until[i] = ends[i].next;
        }
        got += read_plan(&source, until, at);
    }
    CU_ASSERT(got == RECORDS);
    CU_ASSERT(rig_count(seen, RECORDS, 1) == RECORDS);
    rig_close(&source);
}

static int64_t places[RIG_PARTITIONS];

static uint32_t read_on(struct rig *rig, uint32_t *ret_wrong)
{
    const struct lr_event *event;
    uint32_t n;

    if (rig_poll(rig, &batch, 300, NULL, 0, 20, &event) != LR_OK)
        return 0;
    n = batch.batch.count;
    for (uint32_t i = 0; i < n; i++) {
        *ret_wrong += batch.records[i].offset != places[batch.records[i].stream]++;
        seen[rig_value(&batch.records[i])]++;
    }
    rig_source(rig)->release(rig->self, &batch.batch);
    return n;
}

/* What was fetched before is void, and the queue of a fetcher that was stopped leads nowhere. */
static void test_restarts(void)
{
    int64_t give_up = rig_now() + 30 * SECOND;
    uint32_t got = 0, wrong = 0;
    struct source *source;
    struct rig rig;

    open_filled(&rig);
    memset(places, 0, sizeof places);
    source = rig.self;
    for (uint32_t round = 0; got < RECORDS && rig_now() < give_up; round++) {
        struct stream *st = source->owned[round % source->n_owned];

        CU_ASSERT_FATAL(rebalance_restart(source, st, st->position, &rig.err) == LR_OK);
        for (int i = 0; i < 10; i++)
            got += read_on(&rig, &wrong);
    }
    CU_ASSERT(wrong == 0);
    CU_ASSERT(rig_count(seen, RECORDS, 1) == RECORDS);
    rig_close(&rig);
}

static void set_up(void)
{
    rig_batch_init(&batch);
}

/* ---- suite ------------------------------------------------------------------------------ */

static CU_TestInfo tests[] = {
    {"a full queue", test_full_queue},
    {"uneven plans", test_uneven_plans},
    {"fetchers that are started again", test_restarts},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"ahead", NULL, NULL, set_up, NULL, tests},
    CU_SUITE_INFO_NULL,
};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
