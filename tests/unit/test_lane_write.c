/* SPDX-License-Identifier: MIT
 *
 * A lane's writing side: policies for bad and null records, diversion, back-pressure, settles of
 * every outcome, single mode, rebalances, transactions. Histories of faults: tests/sim.
 */
#include "unit.h"

#include "fake_parts.h"

static struct fake_parts parts;

static const struct lrh_totals *totals(void)
{
    return lrh_lane_totals(parts.lane);
}

static lr_status write_next(uint32_t max)
{
    struct lr_batch *batch = parts_read(&parts, max);

    CU_ASSERT_PTR_NOT_NULL_FATAL(batch);
    return parts.verbs->write(parts.verbs->ctx, &batch);
}

static lr_status commit(void)
{
    return parts.verbs->commit(parts.verbs->ctx);
}

static lr_status close_with(lr_status expected)
{
    struct lr_error err = LR_ERROR_INIT;
    lr_status status = lrh_lane_close(parts.lane, parts.now_ns + 1000 * PARTS_MS, &err);

    CU_ASSERT_EQUAL(status, expected);
    parts.err = err;
    parts_destroy(&parts);
    CU_ASSERT_EQUAL(parts.breaches, 0);
    return status;
}

/* Reason of the dead letter for a record; "" if there is none. */
static const char *letter_of(uint32_t stream, int64_t offset)
{
    for (uint32_t i = 0; i < parts.n_log; i++)
        if (parts.log[i].letter && parts.log[i].stream == stream && parts.log[i].offset == offset)
            return parts.log[i].reason;
    return "";
}

/* ---- bad records and nulls -------------------------------------------------------------- */

static void test_bad_becomes_a_dead_letter(void)
{
    int64_t count = 0;

    parts_init(&parts);
    parts_special(&parts, 0, 2, PARTS_BROKEN);
    parts_special(&parts, 1, 7, PARTS_BROKEN);
    parts_start(&parts);
    CU_ASSERT_EQUAL(parts_pump(&parts), 16);
    CU_ASSERT_EQUAL(parts_count(&parts, 0), 14);
    CU_ASSERT_EQUAL(parts_count(&parts, 1), 2);
    CU_ASSERT_STRING_EQUAL(letter_of(0, 2), "parse");
    CU_ASSERT_STRING_EQUAL(letter_of(1, 7), "parse");
    CU_ASSERT_EQUAL(totals()->bad, 2);
    CU_ASSERT_EQUAL(totals()->dead_letters, 2);
    CU_ASSERT_EQUAL(totals()->delivered, 14);
    CU_ASSERT_STRING_EQUAL(lrh_lane_bad_reason(parts.lane, 0, &count), "parse");
    CU_ASSERT_EQUAL(count, 2);
    CU_ASSERT_PTR_NULL(lrh_lane_bad_reason(parts.lane, 1, &count));
    (void)close_with(LR_OK);
    CU_ASSERT_EQUAL(parts.stored[0] + parts.stored[1], 16);
}

static void test_bad_is_skipped(void)
{
    parts_init(&parts);
    parts.config.on_bad = LRH_BAD_SKIP;
    parts.config.dead.ops = NULL;
    for (int64_t i = 0; i < 8; i++)
        parts_special(&parts, 0, i, PARTS_BROKEN); /* a whole batch of them */
    parts_start(&parts);
    CU_ASSERT_EQUAL(parts_pump(&parts), 16);
    CU_ASSERT_EQUAL(parts.n_log, 8);
    CU_ASSERT_EQUAL(totals()->bad, 8);
    (void)close_with(LR_OK);
    CU_ASSERT_EQUAL(parts.stored[0], 8); /* and is through all the same */
}

static void test_bad_fails(void)
{
    struct lr_batch *batch = NULL;

    parts_init(&parts);
    parts.config.on_bad = LRH_BAD_FAIL;
    parts_special(&parts, 1, 3, PARTS_BROKEN);
    parts_start(&parts);
    CU_ASSERT_EQUAL(write_next(0), LR_OK);
    CU_ASSERT_EQUAL(parts.verbs->read(parts.verbs->ctx, 0, 0, &batch), LR_EDATA);
    CU_ASSERT_EQUAL(parts.verbs->read(parts.verbs->ctx, 0, 0, &batch), LR_EDATA);
    CU_ASSERT_EQUAL(commit(), LR_EDATA);
    CU_ASSERT_TRUE(parts.verbs->stop_requested(parts.verbs->ctx));
    (void)close_with(LR_EDATA);
    CU_ASSERT_STRING_EQUAL(parts.err.text, "bad record at topic[1] offset 3 (parse): not a number");
    CU_ASSERT_EQUAL(parts.stored[0], 8); /* what was settled is committed */
    CU_ASSERT_EQUAL(parts.stored[1], 0);
}

static void nulls(int32_t policy, uint32_t results, uint32_t letters)
{
    parts_init(&parts);
    parts.config.on_null = policy;
    parts_special(&parts, 0, 0, PARTS_EMPTY);
    parts_special(&parts, 0, 5, PARTS_EMPTY);
    parts_start(&parts);
    CU_ASSERT_EQUAL(parts_pump(&parts), 16);
    CU_ASSERT_EQUAL(parts_count(&parts, 0), results);
    CU_ASSERT_EQUAL(parts_count(&parts, 1), letters);
    CU_ASSERT_EQUAL(totals()->nulls, 2);
    CU_ASSERT_EQUAL(totals()->skipped, policy == LRH_NULL_SKIP ? 2 : 0);
    (void)close_with(LR_OK);
    CU_ASSERT_EQUAL(parts.stored[0], 8);
}

static void test_null_policies(void)
{
    nulls(LRH_NULL_PASS, 16, 0);
    CU_ASSERT_STRING_EQUAL(parts.log[0].value, "");
    nulls(LRH_NULL_SKIP, 14, 0);
    nulls(LRH_NULL_BAD, 14, 2);
    CU_ASSERT_STRING_EQUAL(letter_of(0, 5), "null");
}

static void test_large_is_diverted(void)
{
    parts_init(&parts);
    parts_special(&parts, 0, 4, PARTS_LARGE);
    parts_special(&parts, 0, 6, PARTS_BROKEN); /* set aside earlier, comes later */
    parts_start(&parts);
    CU_ASSERT_EQUAL(parts_pump(&parts), 16);
    CU_ASSERT_STRING_EQUAL(letter_of(0, 4), "size");
    CU_ASSERT_STRING_EQUAL(letter_of(0, 6), "parse");
    CU_ASSERT_EQUAL(parts_count(&parts, 0), 14);
    (void)close_with(LR_OK);
    CU_ASSERT_EQUAL(parts.stored[0], 8);
}

static void test_encoded_by_the_codec(void)
{
    parts_init(&parts);
    parts.config.encode = 1;
    parts_special(&parts, 0, 1, PARTS_EMPTY);
    parts_start(&parts);
    CU_ASSERT_EQUAL(parts_pump(&parts), 16);
    CU_ASSERT_STRING_EQUAL(parts.log[0].value, "0:0;0");
    CU_ASSERT_STRING_EQUAL(parts.log[1].value, "");
    CU_ASSERT_STRING_EQUAL(parts.log[2].value, "0:2;2");
    (void)close_with(LR_OK);
}

/* ---- back-pressure ---------------------------------------------------------------------- */

static void test_back_pressure_waits(void)
{
    struct lr_batch *batch;
    int64_t begun;

    for (int by_bytes = 0; by_bytes < 2; by_bytes++) {
        parts_init(&parts);
        parts.hold = 1;
        parts.config.max_in_flight = by_bytes ? 1000 : 6;
        parts.config.max_in_flight_bytes = by_bytes ? 18 : 1 << 20;
        parts_start(&parts);
        CU_ASSERT_EQUAL(write_next(4), LR_OK);
        CU_ASSERT_EQUAL(write_next(2), LR_OK);
        batch = parts_read(&parts, 2);
        CU_ASSERT_PTR_NOT_NULL_FATAL(batch);
        begun = parts.now_ns;
        lrh_lane_set_deadline(parts.lane, begun + 70 * PARTS_MS);
        (void)parts.verbs->write(parts.verbs->ctx, &batch);
        CU_ASSERT_PTR_NULL(batch);
        CU_ASSERT_TRUE(parts.now_ns >= begun + 70 * PARTS_MS); /* it waited for settles */
        CU_ASSERT_EQUAL(parts.n_log, 6);                       /* and then gave up */
        parts_settle_all(&parts, LR_DELIVERED);
        (void)close_with(LR_OK);
        CU_ASSERT_EQUAL(parts.stored[0], 6);
    }
}

static void test_one_batch_always_fits(void)
{
    parts_init(&parts);
    parts.config.max_in_flight = 1;
    parts.config.max_in_flight_bytes = 1;
    parts_start(&parts);
    CU_ASSERT_EQUAL(parts_pump(&parts), 16);
    CU_ASSERT_EQUAL(parts.n_log, 16);
    (void)close_with(LR_OK);
}

static void test_partial_acceptance(void)
{
    parts_init(&parts);
    parts.at_most = 3;
    parts_special(&parts, 0, 2, PARTS_BROKEN);
    parts_start(&parts);
    CU_ASSERT_EQUAL(parts_pump(&parts), 16);
    CU_ASSERT_EQUAL(parts.n_log, 16);
    (void)close_with(LR_OK);
    CU_ASSERT_EQUAL(parts.stored[0] + parts.stored[1], 16);
}

static void test_given_up_halfway_is_no_prefix(void)
{
    struct lr_batch *batch;

    parts_init(&parts);
    parts.config.guarantee = LR_EXACTLY_ONCE;
    parts.room = 5; /* and then AGAIN for good */
    parts_start(&parts);
    batch = parts_read(&parts, 8);
    lrh_lane_set_deadline(parts.lane, parts.now_ns + 50 * PARTS_MS);
    (void)parts.verbs->write(parts.verbs->ctx, &batch);
    CU_ASSERT_EQUAL(parts.n_log, 5);
    (void)close_with(LR_OK);
    CU_ASSERT_EQUAL(parts.transactions, 0); /* five without their positions: never */
    CU_ASSERT_EQUAL(parts.aborts, 1);
    CU_ASSERT_EQUAL(parts.stored[0], 0);
}

/* ---- settles ---------------------------------------------------------------------------- */

static void test_settles_in_any_order(void)
{
    parts_init(&parts);
    parts.hold = 1;
    parts_start(&parts);
    CU_ASSERT_EQUAL(write_next(3), LR_OK);
    CU_ASSERT_EQUAL(write_next(3), LR_OK);
    for (uint32_t i = 6; i-- > 1;)
        parts_settle(&parts, i, LR_DELIVERED);
    CU_ASSERT_EQUAL(parts.verbs->drain(parts.verbs->ctx, 0), LR_AGAIN);
    CU_ASSERT_EQUAL(commit(), LR_OK);
    CU_ASSERT_EQUAL(parts.stored[0], 0);
    parts_settle(&parts, 0, LR_DELIVERED);
    CU_ASSERT_EQUAL(parts.verbs->drain(parts.verbs->ctx, 0), LR_OK);
    CU_ASSERT_EQUAL(commit(), LR_OK);
    CU_ASSERT_EQUAL(parts.stored[0], 6);
    (void)close_with(LR_OK);
}

static void test_late_and_wild_settles(void)
{
    parts_init(&parts);
    parts_start(&parts);
    CU_ASSERT_EQUAL(write_next(3), LR_OK);
    parts_settle(&parts, 0, LR_RETRY); /* settled before: its batch is over */
    parts_settle(&parts, 2, LR_REJECTED);
    lrh_lane_settle(parts.lane, UINT64_MAX, 1, LR_DELIVERED);
    lrh_lane_settle(parts.lane, 0x7fffffff00000000u, 1, LR_RETRY);
    CU_ASSERT_EQUAL(totals()->late_settles, 4);
    CU_ASSERT_EQUAL(totals()->in_flight, 0);
    parts.hold = 1;
    CU_ASSERT_EQUAL(write_next(3), LR_OK);
    lrh_lane_settle(parts.lane, parts.log[3].token, 4, LR_DELIVERED); /* more than there are */
    CU_ASSERT_EQUAL(totals()->in_flight, 3);
    lrh_lane_settle(parts.lane, parts.log[3].token, 3, LR_DELIVERED);
    lrh_lane_settle(parts.lane, parts.log[3].token, 3, LR_DELIVERED); /* twice */
    CU_ASSERT_EQUAL(totals()->in_flight, 0);
    CU_ASSERT_EQUAL(totals()->delivered, 6);
    CU_ASSERT_EQUAL(totals()->rewinds, 0);
    (void)close_with(LR_OK);
    CU_ASSERT_EQUAL(parts.stored[0], 6);
}

static void test_spans_of_one_stream_are_apart(void)
{
    parts_init(&parts);
    parts.hold = 1;
    parts.split = 1; /* 0:0 1:0 0:1 1:1 ... */
    parts_start(&parts);
    CU_ASSERT_EQUAL(write_next(8), LR_OK);
    parts_settle(&parts, 0, LR_DELIVERED); /* 0:0, and not 0:1 */
    CU_ASSERT_EQUAL(commit(), LR_OK);
    CU_ASSERT_EQUAL(parts.stored[0], 1);
    CU_ASSERT_EQUAL(parts.stored[1], 0);
    parts_settle_all(&parts, LR_DELIVERED);
    CU_ASSERT_EQUAL(commit(), LR_OK);
    CU_ASSERT_EQUAL(parts.stored[0], 4);
    CU_ASSERT_EQUAL(parts.stored[1], 4);
    (void)close_with(LR_OK);
}

static void test_retry_rewinds(void)
{
    parts_init(&parts);
    parts.hold = 1;
    parts_start(&parts);
    CU_ASSERT_EQUAL(write_next(3), LR_OK);
    CU_ASSERT_EQUAL(write_next(3), LR_OK);
    parts_settle(&parts, 4, LR_RETRY);
    parts_settle_all(&parts, LR_DELIVERED);
    parts.hold = 0;
    CU_ASSERT_EQUAL(commit(), LR_RESET);
    CU_ASSERT_EQUAL(totals()->rewinds, 1);
    CU_ASSERT_EQUAL(totals()->retried, 1);
    CU_ASSERT_EQUAL(write_next(3), LR_OK);
    CU_ASSERT_EQUAL(parts.log[6].offset, 3); /* its whole batch again, in order */
    CU_ASSERT_EQUAL(parts_pump(&parts), 2 + 8);
    (void)close_with(LR_OK);
    CU_ASSERT_EQUAL(parts.stored[0], 8);
}

/* Delivers all but 0:2 until it stands alone; then refuses it. */
static uint32_t refuse_until_alone(int32_t alone)
{
    uint32_t batches = 0;

    parts.hold = 1;
    while (batches < 100) {
        struct lr_batch *batch = NULL;
        lr_status status = parts.verbs->read(parts.verbs->ctx, 0, 0, &batch);
        uint32_t first = parts.n_log;
        int32_t outcome = LR_DELIVERED;

        if (status == LR_AGAIN)
            break;
        if (status != LR_OK)
            continue;
        batches++;
        for (uint32_t i = 0; i < batch->count; i++)
            if (batch->records[i].stream == 0 && batch->records[i].offset == 2 &&
                !(batch->records[i].flags & LR_RECORD_BAD))
                outcome = batch->count == 1 ? alone : LR_RETRY_SINGLY;
        parts.outcome = outcome;
        parts.hold = 0;
        (void)parts.verbs->write(parts.verbs->ctx, &batch);
        CU_ASSERT_TRUE(parts.n_log > first || outcome != LR_DELIVERED);
    }
    parts.outcome = LR_DELIVERED;
    return batches;
}

static void test_refused_group_is_taken_apart(void)
{
    const int32_t alone[2] = {LR_REJECTED, LR_RETRY_SINGLY}; /* a sink may not know it is alone */

    for (int i = 0; i < 2; i++) {
        parts_init(&parts);
        parts_start(&parts);
        /* A group of 8; 0:0, 0:1, 0:2 alone; 0:2 again as a letter and 0:3 .. 0:7 alone; 1:*. */
        CU_ASSERT_EQUAL(refuse_until_alone(alone[i]), 1 + 3 + 6 + 1);
        CU_ASSERT_STRING_EQUAL(letter_of(0, 2), "rejected");
        CU_ASSERT_EQUAL(parts_count(&parts, 1), 1);
        CU_ASSERT_EQUAL(totals()->rejected, 1);
        CU_ASSERT_EQUAL(totals()->rewinds, 2);
        (void)close_with(LR_OK);
        CU_ASSERT_EQUAL(parts.stored[0] + parts.stored[1], 16);
    }
}

static void test_refused_dead_letter_fails(void)
{
    parts_init(&parts);
    parts.hold = 1;
    parts_special(&parts, 0, 1, PARTS_BROKEN);
    parts_start(&parts);
    CU_ASSERT_EQUAL(write_next(2), LR_OK);
    parts_settle(&parts, 0, LR_DELIVERED);
    parts_settle(&parts, 1, LR_REJECTED);
    CU_ASSERT_EQUAL(commit(), LR_EDATA);
    (void)close_with(LR_EDATA);
    CU_ASSERT_PTR_NOT_NULL(strstr(parts.err.text, "dead_letter"));
    CU_ASSERT_EQUAL(parts.stored[0], 0);
}

static void test_greedy_sink_is_refused(void)
{
    parts_init(&parts);
    parts.hold = parts.greedy = 1;
    parts_start(&parts);
    CU_ASSERT_EQUAL(write_next(3), LR_EINTERNAL);
    (void)close_with(LR_EINTERNAL);
    CU_ASSERT_STRING_EQUAL(parts.err.text, "sink: it says it took 4 of 3 records");
}

static void test_store_that_fails(void)
{
    parts_init(&parts);
    parts.commit_status = LR_EUNAVAILABLE;
    parts_start(&parts);
    CU_ASSERT_EQUAL(write_next(3), LR_OK);
    CU_ASSERT_EQUAL(commit(), LR_EUNAVAILABLE);
    (void)close_with(LR_EUNAVAILABLE);
    CU_ASSERT_STRING_EQUAL(parts.err.text, "source: the store is closed");
}

/* ---- at most once ----------------------------------------------------------------------- */

static void test_at_most_once_stores_first(void)
{
    parts_init(&parts);
    parts.config.guarantee = LR_AT_MOST_ONCE;
    parts.split = 1;
    parts.hold = 1;
    parts_start(&parts);
    CU_ASSERT_EQUAL(write_next(8), LR_OK);
    CU_ASSERT_EQUAL(parts.stored[0], 4);
    CU_ASSERT_EQUAL(parts.stored[1], 4);
    parts_settle_all(&parts, LR_RETRY);
    CU_ASSERT_EQUAL(totals()->lost, 8);
    CU_ASSERT_EQUAL(commit(), LR_OK);
    CU_ASSERT_EQUAL(totals()->rewinds, 0);
    parts.hold = 0;
    CU_ASSERT_EQUAL(parts_pump(&parts), 8);
    (void)close_with(LR_OK);
    CU_ASSERT_EQUAL(parts.n_log, 16);
}

/* ---- rebalances ------------------------------------------------------------------------- */

static void test_revoke_finishes_first(void)
{
    struct lr_batch *batch, *unwritten;

    parts_init(&parts);
    parts_start(&parts);
    batch = parts_read(&parts, 4);
    CU_ASSERT_EQUAL(parts.verbs->write(parts.verbs->ctx, &batch), LR_OK);
    unwritten = parts_read(&parts, 2);
    parts_take_away(&parts, LR_EVENT_REVOKE);
    CU_ASSERT_EQUAL(parts.verbs->wait(parts.verbs->ctx, parts.now_ns + PARTS_MS), LR_RESET);
    CU_ASSERT_EQUAL(parts.stored[0], 4);
    CU_ASSERT_EQUAL(totals()->streams, 0);
    CU_ASSERT_EQUAL(parts.verbs->write(parts.verbs->ctx, &unwritten), LR_OK); /* void */
    CU_ASSERT_EQUAL(parts.n_log, 4);
    (void)close_with(LR_OK);
}

static void test_lost_is_dropped(void)
{
    parts_init(&parts);
    parts.hold = 1;
    parts_start(&parts);
    CU_ASSERT_EQUAL(write_next(4), LR_OK);
    parts_settle_all(&parts, LR_DELIVERED);
    parts_take_away(&parts, LR_EVENT_LOST);
    CU_ASSERT_EQUAL(parts.verbs->wait(parts.verbs->ctx, parts.now_ns + PARTS_MS), LR_RESET);
    CU_ASSERT_EQUAL(commit(), LR_OK);
    CU_ASSERT_EQUAL(parts.commits, 0);
    CU_ASSERT_EQUAL(parts.stored[0], 0);
    (void)close_with(LR_OK);
    CU_ASSERT_EQUAL(parts.commits, 0);
}

static void test_refused_commit_comes_again(void)
{
    parts_init(&parts);
    parts_start(&parts);
    CU_ASSERT_EQUAL(write_next(4), LR_OK);
    parts.commit_status = LR_AGAIN; /* not a member at the moment */
    CU_ASSERT_EQUAL(commit(), LR_OK);
    CU_ASSERT_EQUAL(parts.stored[0], 0);
    parts.commit_status = LR_OK;
    CU_ASSERT_EQUAL(parts.verbs->wait(parts.verbs->ctx, parts.now_ns + 500 * PARTS_MS), LR_OK);
    CU_ASSERT_EQUAL(parts.stored[0], 4); /* without anyone asking for it */
    (void)close_with(LR_OK);
}

/* ---- transactions ----------------------------------------------------------------------- */

static void test_transaction(void)
{
    parts_init(&parts);
    parts.config.guarantee = LR_EXACTLY_ONCE;
    parts_special(&parts, 0, 1, PARTS_BROKEN);
    parts_start(&parts);
    CU_ASSERT_EQUAL(commit(), LR_OK); /* nothing to commit: no transaction */
    CU_ASSERT_EQUAL(parts.begins, 0);
    CU_ASSERT_EQUAL(write_next(4), LR_OK);
    CU_ASSERT_EQUAL(parts.stored[0], 0);
    CU_ASSERT_EQUAL(commit(), LR_OK);
    CU_ASSERT_EQUAL(parts.stored[0], 4);
    CU_ASSERT_EQUAL(parts.commits, 0); /* never through the source */
    CU_ASSERT_EQUAL(write_next(4), LR_OK);
    parts.sink_commit = LR_ABORT;
    CU_ASSERT_EQUAL(commit(), LR_RESET);
    CU_ASSERT_EQUAL(parts.aborts, 1);
    parts.sink_commit = LR_OK;
    CU_ASSERT_EQUAL(parts_pump(&parts), 4 + 8);
    (void)close_with(LR_OK);
    CU_ASSERT_EQUAL(parts.stored[0] + parts.stored[1], 16);
    CU_ASSERT_EQUAL(parts.transactions, 2);
}

/* ---- table ------------------------------------------------------------------------------ */

static CU_TestInfo policies[] = {
    {"bad: dead letter", test_bad_becomes_a_dead_letter},
    {"bad: skip", test_bad_is_skipped},
    {"bad: fail", test_bad_fails},
    {"null: pass, skip, bad", test_null_policies},
    {"too large for the sink", test_large_is_diverted},
    {"the codec's bytes", test_encoded_by_the_codec},
    CU_TEST_INFO_NULL,
};
static CU_TestInfo pressure[] = {
    {"a write waits for settles", test_back_pressure_waits},
    {"one batch always fits", test_one_batch_always_fits},
    {"partial acceptance", test_partial_acceptance},
    {"given up halfway", test_given_up_halfway_is_no_prefix},
    CU_TEST_INFO_NULL,
};
static CU_TestInfo settles[] = {
    {"in any order", test_settles_in_any_order},
    {"late, wild, twice", test_late_and_wild_settles},
    {"several spans of a stream", test_spans_of_one_stream_are_apart},
    {"RETRY rewinds", test_retry_rewinds},
    {"a refused group is taken apart", test_refused_group_is_taken_apart},
    {"a refused dead letter fails", test_refused_dead_letter_fails},
    {"a sink that takes too much", test_greedy_sink_is_refused},
    {"a store that fails", test_store_that_fails},
    {"at most once stores first", test_at_most_once_stores_first},
    CU_TEST_INFO_NULL,
};
static CU_TestInfo moves[] = {
    {"a revoke finishes first", test_revoke_finishes_first},
    {"lost streams are dropped", test_lost_is_dropped},
    {"a refused commit comes again", test_refused_commit_comes_again},
    {"a transaction", test_transaction},
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"policies", NULL, NULL, NULL, NULL, policies},
    {"pressure", NULL, NULL, NULL, NULL, pressure},
    {"settles", NULL, NULL, NULL, NULL, settles},
    {"moves", NULL, NULL, NULL, NULL, moves},
    CU_SUITE_INFO_NULL,
};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
