/* SPDX-License-Identifier: MIT
 *
 * A lane's reading side and its life: plans, ends, order, discard, the model, stop and deadline.
 * Writing and what follows from it: test_lane_write.c; histories of faults: tests/sim.
 */
#include "unit.h"

#include "fake_parts.h"

static struct fake_parts parts;

static lr_status write_batch(struct lr_batch **batch)
{
    return parts.verbs->write(parts.verbs->ctx, batch);
}

static lr_status plan(uint64_t max)
{
    return parts.verbs->plan(parts.verbs->ctx, max);
}

static lr_status read_status(int64_t timeout_ns)
{
    struct lr_batch *batch = NULL;
    lr_status status = parts.verbs->read(parts.verbs->ctx, 0, timeout_ns, &batch);

    if (batch)
        parts.verbs->discard(parts.verbs->ctx, &batch);
    return status;
}

static void over(void)
{
    parts_destroy(&parts);
    CU_ASSERT_EQUAL(parts.breaches, 0);
}

static void close_lane(void)
{
    struct lr_error err = LR_ERROR_INIT;

    CU_ASSERT_EQUAL(lrh_lane_close(parts.lane, parts.now_ns + 1000 * PARTS_MS, &err), LR_OK);
    CU_ASSERT_EQUAL(lrh_lane_totals(parts.lane)->in_flight, 0);
    over();
}

/* ---- order ------------------------------------------------------------------------------ */

static void test_order_is_kept(void)
{
    struct lr_batch *first, *second, *gone;

    parts_init(&parts);
    parts_start(&parts);
    first = parts_read(&parts, 3);
    second = parts_read(&parts, 3);
    CU_ASSERT_PTR_NOT_NULL_FATAL(first);
    CU_ASSERT_PTR_NOT_NULL_FATAL(second);
    gone = second;
    CU_ASSERT_EQUAL(write_batch(&second), LR_ECONFIG);
    CU_ASSERT_PTR_EQUAL(second, gone); /* stays ours */
    CU_ASSERT_EQUAL(write_batch(&first), LR_OK);
    CU_ASSERT_PTR_NULL(first);
    CU_ASSERT_EQUAL(write_batch(&second), LR_OK);
    CU_ASSERT_EQUAL(write_batch(&gone), LR_ECONFIG); /* not ours any more */
    CU_ASSERT_EQUAL(write_batch(&first), LR_ECONFIG);
    CU_ASSERT_EQUAL(parts.n_log, 6);
    for (uint32_t i = 0; i < 6; i++)
        CU_ASSERT_EQUAL(parts.log[i].offset, i);
    close_lane();
}

static void test_full_when_all_is_held(void)
{
    struct lr_batch *held[64];
    uint32_t n = 0, polls;

    parts_init(&parts);
    parts_start(&parts);
    while ((held[n] = parts_read(&parts, 1)) != NULL)
        n++;
    CU_ASSERT_EQUAL(n, 8);
    CU_ASSERT_EQUAL(read_status(0), LR_FULL);
    polls = parts.idle_polls; /* the source is served all the same */
    CU_ASSERT_EQUAL(parts.verbs->wait(parts.verbs->ctx, parts.now_ns + 300 * PARTS_MS), LR_OK);
    CU_ASSERT_TRUE(parts.idle_polls > polls);
    for (uint32_t i = 0; i < n; i++)
        CU_ASSERT_EQUAL(write_batch(&held[i]), LR_OK);
    CU_ASSERT_EQUAL(read_status(0), LR_OK);
    close_lane();
}

static void test_discard_is_read_again(void)
{
    struct lr_batch *first, *second;

    parts_init(&parts);
    parts_start(&parts);
    first = parts_read(&parts, 3);
    second = parts_read(&parts, 3);
    parts.verbs->discard(parts.verbs->ctx, &first);
    CU_ASSERT_PTR_NULL(first);
    CU_ASSERT_EQUAL(write_batch(&second), LR_RESET); /* it was behind the hole: void */
    CU_ASSERT_PTR_NULL(second);
    CU_ASSERT_EQUAL(parts.n_log, 0);
    CU_ASSERT_EQUAL(parts.seeks, 1);
    CU_ASSERT_EQUAL(parts_pump(&parts), 16);
    CU_ASSERT_EQUAL(parts.n_log, 16);
    close_lane();
    CU_ASSERT_EQUAL(parts.stored[0], 8);
    CU_ASSERT_EQUAL(parts.stored[1], 8);
}

static void test_held_batches_survive_nothing(void)
{
    parts_init(&parts);
    parts_start(&parts);
    CU_ASSERT_PTR_NOT_NULL(parts_read(&parts, 3));
    CU_ASSERT_PTR_NOT_NULL(parts_read(&parts, 3));
    close_lane(); /* over() sees that they were released */
    CU_ASSERT_EQUAL(parts.stored[0], 0);
}

/* ---- plans ------------------------------------------------------------------------------ */

static void test_plan_with_ends(void)
{
    struct lr_batch *batch;
    uint32_t n = 0;

    parts_init(&parts);
    parts_start(&parts);
    CU_ASSERT_EQUAL(plan(0), LR_OK);
    parts.there[0] = 12; /* comes too late for it */
    while ((batch = parts_read(&parts, 0)) != NULL) {
        n += batch->count;
        CU_ASSERT_EQUAL(write_batch(&batch), LR_OK);
    }
    CU_ASSERT_EQUAL(n, 16);
    CU_ASSERT_EQUAL(plan(0), LR_OK);
    batch = parts_read(&parts, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(batch);
    CU_ASSERT_EQUAL(batch->count, 4);
    CU_ASSERT_EQUAL(write_batch(&batch), LR_OK);
    CU_ASSERT_EQUAL(read_status(0), LR_END);
    CU_ASSERT_EQUAL(read_status(0), LR_AGAIN); /* the plan is over */
    close_lane();
}

static void test_plan_is_dealt_out(void)
{
    struct lr_batch *batch;
    int64_t read[2] = {0, 0};

    parts_init(&parts);
    parts.there[0] = 300;
    parts.there[1] = 100;
    parts.config.max_batch = 64;
    parts_start(&parts);
    CU_ASSERT_EQUAL(plan(40), LR_OK);
    while ((batch = parts_read(&parts, 0)) != NULL) {
        for (uint32_t i = 0; i < batch->n_spans; i++)
            read[batch->spans[i].stream] += batch->spans[i].count;
        CU_ASSERT_EQUAL(write_batch(&batch), LR_OK);
    }
    CU_ASSERT_EQUAL(read[0], 30); /* in proportion to what each has */
    CU_ASSERT_EQUAL(read[1], 10);
    close_lane();
}

static void test_plan_without_ends(void)
{
    struct lr_batch *batch;
    uint32_t n = 0;

    parts_init(&parts);
    parts.source.ends = NULL;
    parts_start(&parts);
    CU_ASSERT_EQUAL(plan(5), LR_OK);
    while ((batch = parts_read(&parts, 3)) != NULL) {
        n += batch->count;
        CU_ASSERT_EQUAL(write_batch(&batch), LR_OK);
    }
    CU_ASSERT_EQUAL(n, 5);
    CU_ASSERT_EQUAL(plan(0), LR_OK); /* up to where there is nothing at the moment */
    while ((batch = parts_read(&parts, 0)) != NULL) {
        n += batch->count;
        CU_ASSERT_EQUAL(write_batch(&batch), LR_OK);
    }
    CU_ASSERT_EQUAL(n, 16);
    close_lane();
}

static void test_empty_plan_serves_the_source(void)
{
    uint32_t polls;

    parts_init(&parts);
    parts.there[0] = parts.there[1] = 0;
    parts_start(&parts);
    polls = parts.polls;
    for (int i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(plan(0), LR_OK);
        CU_ASSERT_EQUAL(read_status(0), LR_END);
    }
    CU_ASSERT_TRUE(parts.polls >= polls + 5);
    close_lane();
}

static void test_plan_waits_for_the_ends(void)
{
    parts_init(&parts);
    parts_start(&parts);
    parts.ends_status = LR_AGAIN;
    lrh_lane_stop(parts.lane);
    CU_ASSERT_EQUAL(plan(0), LR_OK); /* a stopping lane does not wait */
    CU_ASSERT_EQUAL(read_status(0), LR_AGAIN);
    close_lane();
}

/* ---- ends ------------------------------------------------------------------------------- */

static void test_end_is_told_when_all_is_through(void)
{
    parts_init(&parts);
    parts.ends_at = 1;
    parts_start(&parts);
    CU_ASSERT_EQUAL(parts_pump(&parts), 16);
    CU_ASSERT_TRUE(lrh_lane_ended(parts.lane));
    CU_ASSERT_TRUE(parts.verbs->stop_requested(parts.verbs->ctx));
    CU_ASSERT_EQUAL(parts.stored[0], 8); /* committed before END was said */
    CU_ASSERT_EQUAL(parts.stored[1], 8);
    CU_ASSERT_EQUAL(read_status(0), LR_END);
    close_lane();
}

static void test_retry_after_the_end(void)
{
    parts_init(&parts);
    parts.ends_at = 1;
    parts.hold = 1;
    parts_start(&parts);
    CU_ASSERT_EQUAL(plan(0), LR_OK);
    for (struct lr_batch *batch; (batch = parts_read(&parts, 0)) != NULL;)
        CU_ASSERT_EQUAL(write_batch(&batch), LR_OK);
    CU_ASSERT_FALSE(lrh_lane_ended(parts.lane));
    parts_settle(&parts, 3, LR_RETRY);
    parts_settle_all(&parts, LR_DELIVERED);
    parts.hold = 0;
    CU_ASSERT_EQUAL(read_status(0), LR_RESET);
    CU_ASSERT_EQUAL(parts_pump(&parts), 8); /* stream 1 was in the other batch */
    CU_ASSERT_TRUE(lrh_lane_ended(parts.lane));
    CU_ASSERT_EQUAL(parts.stored[0] + parts.stored[1], 16);
    close_lane();
}

/* ---- stop ------------------------------------------------------------------------------- */

static void test_stop_ends_reading(void)
{
    int64_t begun;

    parts_init(&parts);
    parts_start(&parts);
    CU_ASSERT_FALSE(parts.verbs->stop_requested(parts.verbs->ctx));
    lrh_lane_stop(parts.lane);
    CU_ASSERT_TRUE(parts.verbs->stop_requested(parts.verbs->ctx));
    begun = parts.now_ns;
    CU_ASSERT_EQUAL(read_status(1000 * PARTS_MS), LR_AGAIN);
    CU_ASSERT_EQUAL(parts.verbs->wait(parts.verbs->ctx, begun + 1000 * PARTS_MS), LR_OK);
    CU_ASSERT_EQUAL(parts.now_ns, begun);
    close_lane();
}

static void test_deadline_bounds_a_close(void)
{
    struct lr_error err = LR_ERROR_INIT;
    struct lr_batch *batch;
    int64_t begun;

    parts_init(&parts);
    parts.hold = 1;
    parts_start(&parts);
    batch = parts_read(&parts, 4);
    CU_ASSERT_EQUAL(write_batch(&batch), LR_OK);
    parts_settle(&parts, 0, LR_DELIVERED);
    begun = parts.now_ns;
    lrh_lane_set_deadline(parts.lane, begun + 50 * PARTS_MS);
    CU_ASSERT_EQUAL(lrh_lane_close(parts.lane, begun + 5000 * PARTS_MS, &err), LR_OK);
    CU_ASSERT_TRUE(parts.now_ns < begun + 1000 * PARTS_MS); /* the sooner one counts */
    CU_ASSERT_EQUAL(lrh_lane_totals(parts.lane)->in_flight, 3);
    CU_ASSERT_EQUAL(parts.stored[0], 0); /* one batch is one segment */
    over();
}

static void test_close_waits_for_settles(void)
{
    struct lr_batch *batch;
    struct lr_error err = LR_ERROR_INIT;

    parts_init(&parts);
    parts.hold = 1;
    parts_start(&parts);
    batch = parts_read(&parts, 4);
    CU_ASSERT_EQUAL(write_batch(&batch), LR_OK);
    parts_settle_all(&parts, LR_DELIVERED);
    CU_ASSERT_EQUAL(lrh_lane_close(parts.lane, parts.now_ns + PARTS_MS, &err), LR_OK);
    CU_ASSERT_EQUAL(parts.stored[0], 4);
    over();
}

static void test_long_timeouts_do_not_overflow(void)
{
    parts_init(&parts);
    parts_start(&parts);
    CU_ASSERT_EQUAL(parts_pump(&parts), 16);
    CU_ASSERT_EQUAL(parts.verbs->drain(parts.verbs->ctx, INT64_MAX), LR_OK);
    parts.there[0]++;
    CU_ASSERT_EQUAL(read_status(INT64_MAX), LR_OK);
    close_lane();
}

/* ---- model ------------------------------------------------------------------------------ */

static void test_model_changes_between_batches(void)
{
    static const double two = 2, three = 3;
    struct lrh_model_part old = {&parts.model, (void *)(uintptr_t)&two};
    struct lrh_model_part new = {&parts.model, (void *)(uintptr_t)&three};
    const struct lrh_model_part *present = &old;
    struct lr_batch *batch;

    parts_init(&parts);
    parts.config.model = &present;
    parts_start(&parts);
    batch = parts_read(&parts, 3);
    CU_ASSERT_PTR_NOT_NULL_FATAL(batch);
    present = &new;
    CU_ASSERT_EQUAL(parts.verbs->score(parts.verbs->ctx, batch), LR_OK);
    CU_ASSERT_EQUAL(batch->out[2], 4.0); /* 2 * 2: the one the batch was read under */
    CU_ASSERT_TRUE(batch->t2_ns > 0);
    CU_ASSERT_PTR_EQUAL(lrh_lane_model(parts.lane), &old);
    CU_ASSERT_EQUAL(write_batch(&batch), LR_OK);
    batch = parts_read(&parts, 3);
    CU_ASSERT_PTR_NOT_NULL_FATAL(batch);
    CU_ASSERT_PTR_EQUAL(lrh_lane_model(parts.lane), &new);
    CU_ASSERT_EQUAL(parts.verbs->score(parts.verbs->ctx, batch), LR_OK);
    CU_ASSERT_EQUAL(batch->out[0], 9.0);
    CU_ASSERT_EQUAL(write_batch(&batch), LR_OK);
    CU_ASSERT_EQUAL(parts.verbs->score(parts.verbs->ctx, NULL), LR_ECONFIG);
    close_lane();
}

static void test_model_is_kept_within_a_plan(void)
{
    static const double two = 2, three = 3;
    struct lrh_model_part old = {&parts.model, (void *)(uintptr_t)&two};
    struct lrh_model_part new = {&parts.model, (void *)(uintptr_t)&three};
    const struct lrh_model_part *present = &old;
    struct lr_batch *batch;

    parts_init(&parts);
    parts.config.model = &present;
    parts_start(&parts);
    CU_ASSERT_EQUAL(plan(0), LR_OK);
    present = &new;
    while ((batch = parts_read(&parts, 0)) != NULL) {
        CU_ASSERT_PTR_EQUAL(lrh_lane_model(parts.lane), &old);
        CU_ASSERT_EQUAL(write_batch(&batch), LR_OK);
    }
    CU_ASSERT_EQUAL(plan(0), LR_OK);
    CU_ASSERT_PTR_EQUAL(lrh_lane_model(parts.lane), &new);
    close_lane();
}

/* ---- table ------------------------------------------------------------------------------ */

static CU_TestInfo order[] = {
    {"written in the order of reading", test_order_is_kept},
    {"FULL when all is held", test_full_when_all_is_held},
    {"what is discarded is read again", test_discard_is_read_again},
    {"a close gives back what is held", test_held_batches_survive_nothing},
    CU_TEST_INFO_NULL,
};
static CU_TestInfo plans[] = {
    {"a plan ends where the source ended", test_plan_with_ends},
    {"a bounded plan is dealt out", test_plan_is_dealt_out},
    {"a source without ends", test_plan_without_ends},
    {"an empty plan serves the source", test_empty_plan_serves_the_source},
    {"a stop does not wait for ends", test_plan_waits_for_the_ends},
    CU_TEST_INFO_NULL,
};
static CU_TestInfo ends[] = {
    {"END when all is through", test_end_is_told_when_all_is_through},
    {"a retry after the end", test_retry_after_the_end},
    {"a stop ends reading", test_stop_ends_reading},
    {"a deadline bounds a close", test_deadline_bounds_a_close},
    {"a close waits for settles", test_close_waits_for_settles},
    {"timeouts do not overflow", test_long_timeouts_do_not_overflow},
    CU_TEST_INFO_NULL,
};
static CU_TestInfo models[] = {
    {"the model changes between batches", test_model_changes_between_batches},
    {"the model is kept within a plan", test_model_is_kept_within_a_plan},
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"order", NULL, NULL, NULL, NULL, order},
    {"plans", NULL, NULL, NULL, NULL, plans},
    {"ends", NULL, NULL, NULL, NULL, ends},
    {"models", NULL, NULL, NULL, NULL, models},
    CU_SUITE_INFO_NULL,
};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
