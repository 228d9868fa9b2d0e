/* SPDX-License-Identifier: MIT
 *
 * The ledger: directed cases, and hundreds of thousands of random operations against a model that
 * remembers every segment ever written and adds up from the beginning each time.
 */
#include "unit.h"

#include "host/ledger.h"

#include <lrhost/error.h>

#define STREAMS 4

static struct lr_error err = LR_ERROR_INIT;

static void assign(struct lrh_ledger *ledger, uint32_t stream, int64_t next)
{
    struct lr_stream info = {sizeof info, stream, "t", 0, 0, next, -1};

    CU_ASSERT_EQUAL_FATAL(lrh_ledger_assign(ledger, &info, &err), LR_OK);
}

static uint64_t append(struct lrh_ledger *ledger, uint32_t stream, int64_t next, uint32_t open)
{
    uint64_t segment = 0;

    ledger->streams[stream].read =
        next > ledger->streams[stream].read ? next : ledger->streams[stream].read;
    CU_ASSERT_EQUAL_FATAL(lrh_ledger_append(ledger, stream, next, open, &segment, &err), LR_OK);
    return segment;
}

/* ---- directed cases --------------------------------------------------------------------- */

static void test_prefix_stops_at_a_hole(void)
{
    struct lrh_ledger ledger = {0};
    struct lr_position at[STREAMS];
    uint64_t first, second;

    assign(&ledger, 0, 10);
    first = append(&ledger, 0, 13, 3);
    second = append(&ledger, 0, 17, 4); /* 13 .. 16 */
    CU_ASSERT_EQUAL(lrh_ledger_prefix(&ledger, at), 0);
    lrh_ledger_settle(&ledger, 0, ledger.streams[0].write_epoch, second, 4);
    CU_ASSERT_EQUAL(lrh_ledger_prefix(&ledger, at), 0);
    CU_ASSERT_FALSE(lrh_ledger_settled(&ledger));
    lrh_ledger_settle(&ledger, 0, ledger.streams[0].write_epoch, first, 2);
    CU_ASSERT_EQUAL(lrh_ledger_prefix(&ledger, at), 0);
    lrh_ledger_settle(&ledger, 0, ledger.streams[0].write_epoch, first, 1);
    CU_ASSERT_EQUAL_FATAL(lrh_ledger_prefix(&ledger, at), 1);
    CU_ASSERT_EQUAL(at[0].stream, 0);
    CU_ASSERT_EQUAL(at[0].next, 17);
    CU_ASSERT_TRUE(lrh_ledger_settled(&ledger));
    CU_ASSERT_EQUAL(lrh_ledger_prefix(&ledger, at), 1); /* until it is said to be stored */
    lrh_ledger_committed(&ledger, at, 1);
    CU_ASSERT_EQUAL(lrh_ledger_prefix(&ledger, at), 0);
    lrh_ledger_finish(&ledger);
}

static void test_empty_segment_moves_the_position(void)
{
    struct lrh_ledger ledger = {0};
    struct lr_position at[STREAMS];

    assign(&ledger, 2, 5);
    (void)append(&ledger, 2, 9, 0);
    CU_ASSERT_EQUAL_FATAL(lrh_ledger_prefix(&ledger, at), 1);
    CU_ASSERT_EQUAL(at[0].stream, 2);
    CU_ASSERT_EQUAL(at[0].next, 9);
    CU_ASSERT_PTR_NULL(lrh_ledger_stream(&ledger, 0));
    CU_ASSERT_PTR_NULL(lrh_ledger_stream(&ledger, 3));
    CU_ASSERT_PTR_NOT_NULL(lrh_ledger_stream(&ledger, 2));
    lrh_ledger_finish(&ledger);
}

static void test_rewind_voids_settles(void)
{
    struct lrh_ledger ledger = {0};
    struct lr_position at[STREAMS];
    uint32_t epoch, read_epoch;
    uint64_t old, new;

    assign(&ledger, 0, 0);
    old = append(&ledger, 0, 4, 4);
    epoch = ledger.streams[0].write_epoch;
    read_epoch = ledger.streams[0].read_epoch;
    lrh_ledger_rewind(&ledger, 0, 0);
    CU_ASSERT_NOT_EQUAL(ledger.streams[0].read_epoch, read_epoch);
    new = append(&ledger, 0, 4, 4);
    lrh_ledger_settle(&ledger, 0, epoch, old, 4);
    lrh_ledger_settle(&ledger, 0, epoch, new, 4);
    CU_ASSERT_EQUAL(lrh_ledger_prefix(&ledger, at), 0);
    lrh_ledger_settle(&ledger, 0, ledger.streams[0].write_epoch, new, 4);
    CU_ASSERT_EQUAL(lrh_ledger_prefix(&ledger, at), 1);
    lrh_ledger_finish(&ledger);
}

static void test_unread_keeps_what_is_written(void)
{
    struct lrh_ledger ledger = {0};
    struct lr_position at[STREAMS];
    uint64_t segment;
    uint32_t epoch;

    assign(&ledger, 0, 0);
    segment = append(&ledger, 0, 4, 1);
    CU_ASSERT_EQUAL(lrh_ledger_unread(&ledger, 0), 0); /* nothing unwritten */
    epoch = ledger.streams[0].write_epoch;
    ledger.streams[0].read = 9;
    CU_ASSERT_EQUAL(lrh_ledger_unread(&ledger, 0), 1);
    CU_ASSERT_EQUAL(ledger.streams[0].read, 4);
    CU_ASSERT_EQUAL(lrh_ledger_unread(&ledger, 7), 0);
    lrh_ledger_settle(&ledger, 0, epoch, segment, 1);
    CU_ASSERT_EQUAL(lrh_ledger_prefix(&ledger, at), 1);
    lrh_ledger_finish(&ledger);
}

static void test_too_many_settles_do_no_harm(void)
{
    struct lrh_ledger ledger = {0};
    struct lr_position at[STREAMS];
    uint64_t segment;

    assign(&ledger, 0, 0);
    segment = append(&ledger, 0, 2, 2);
    lrh_ledger_settle(&ledger, 0, ledger.streams[0].write_epoch, segment, 200);
    lrh_ledger_settle(&ledger, 0, ledger.streams[0].write_epoch, segment + 1, 2);
    CU_ASSERT_EQUAL(lrh_ledger_prefix(&ledger, at), 1);
    lrh_ledger_settle(&ledger, 0, ledger.streams[0].write_epoch, segment, 1); /* gone by now */
    CU_ASSERT_EQUAL(lrh_ledger_prefix(&ledger, at), 1);
    lrh_ledger_finish(&ledger);
}

static void test_ring_grows_only_for_what_is_open(void)
{
    struct lrh_ledger ledger = {0};
    struct lr_position at[STREAMS];
    uint32_t size;

    assign(&ledger, 0, 0);
    size = ledger.streams[0].ring_size;
    for (uint32_t i = 0; i < 100 * size; i++) { /* nobody asks for the prefix: at most once */
        uint64_t segment = append(&ledger, 0, i + 1, 1);

        lrh_ledger_settle(&ledger, 0, ledger.streams[0].write_epoch, segment, 1);
    }
    CU_ASSERT_EQUAL(ledger.streams[0].ring_size, size);
    CU_ASSERT_EQUAL(lrh_ledger_prefix(&ledger, at), 1);
    CU_ASSERT_EQUAL(at[0].next, (int64_t)(100 * size));
    for (uint32_t i = 0; i < 5 * size; i++)
        (void)append(&ledger, 0, 100 * size + i + 1, 1);
    CU_ASSERT_EQUAL(ledger.streams[0].ring_size, 8 * size);
    CU_ASSERT_EQUAL(ledger.streams[0].tail - ledger.streams[0].head, 5 * size);
    lrh_ledger_finish(&ledger);
}

static void test_stream_ids_are_small(void)
{
    struct lrh_ledger ledger = {0};
    struct lr_stream info = {sizeof info, LRH_STREAMS_MAX, "t", 0, 0, 0, -1};

    CU_ASSERT_EQUAL(lrh_ledger_assign(&ledger, &info, &err), LR_EINTERNAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "65536"));
    info.id = LRH_STREAMS_MAX - 1;
    CU_ASSERT_EQUAL(lrh_ledger_assign(&ledger, &info, &err), LR_OK);
    CU_ASSERT_EQUAL(ledger.infos[info.id]->id, info.id);
    lrh_ledger_finish(&ledger);
    lrh_ledger_finish(&ledger); /* zeroed: harmless */
}

static void test_lost_stream_comes_back(void)
{
    struct lrh_ledger ledger = {0};
    struct lr_position at[STREAMS];
    uint64_t segment;
    uint32_t epoch;

    assign(&ledger, 1, 0);
    segment = append(&ledger, 1, 3, 3);
    epoch = ledger.streams[1].write_epoch;
    lrh_ledger_revoke(&ledger, 1);
    lrh_ledger_revoke(&ledger, 1);
    CU_ASSERT_PTR_NULL(lrh_ledger_stream(&ledger, 1));
    CU_ASSERT_EQUAL(lrh_ledger_prefix(&ledger, at), 0);
    assign(&ledger, 1, 7);
    lrh_ledger_settle(&ledger, 1, epoch, segment, 3);
    CU_ASSERT_EQUAL(lrh_ledger_prefix(&ledger, at), 0);
    CU_ASSERT_EQUAL(ledger.streams[1].finished, 7);
    lrh_ledger_finish(&ledger);
}

/* ---- the model -------------------------------------------------------------------------- */

#define LETTERS 4000 /* segments of one run */
#define OPERATIONS 40000
#define RUNS 10

struct letter {
    uint32_t stream, epoch, left;
    uint64_t segment;
    int64_t next;
    int valid;
};

struct model {
    struct letter letters[LETTERS];
    uint32_t n;
    int ours[STREAMS];
    int64_t begin[STREAMS], read[STREAMS], written[STREAMS], committed[STREAMS];
    uint64_t chance;
};

static uint32_t draw(struct model *model, uint32_t n)
{
    model->chance = model->chance * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)((model->chance >> 33) % n);
}

static int64_t finished(const struct model *model, uint32_t stream)
{
    int64_t at = model->begin[stream];

    for (uint32_t i = 0; i < model->n; i++) {
        const struct letter *letter = &model->letters[i];

        if (letter->stream != stream || !letter->valid)
            continue;
        if (letter->left > 0)
            break;
        at = letter->next;
    }
    return at;
}

static void start_over(struct model *model, uint32_t stream, int64_t at)
{
    for (uint32_t i = 0; i < model->n; i++)
        if (model->letters[i].stream == stream)
            model->letters[i].valid = 0;
    model->begin[stream] = model->read[stream] = model->written[stream] = at;
}

/* Letters whose time is over are forgotten, so that the model stays small. */
static void tidy(struct model *model)
{
    uint32_t n = 0;

    for (uint32_t s = 0; s < STREAMS; s++) {
        int64_t at = finished(model, s);

        for (uint32_t i = 0; i < model->n; i++)
            if (model->letters[i].stream == s && model->letters[i].next <= at)
                model->letters[i].valid = 0;
        model->begin[s] = at;
    }
    for (uint32_t i = 0; i < model->n; i++)
        if (model->letters[i].valid || i + 200 > model->n)
            model->letters[n++] = model->letters[i];
    model->n = n;
}

static void write_one(struct model *model, struct lrh_ledger *ledger, uint32_t s)
{
    struct letter *letter;

    if (model->n == LETTERS)
        tidy(model);
    if (!model->ours[s] || model->n == LETTERS)
        return;
    letter = &model->letters[model->n++];
    *letter = (struct letter){.stream = s,
                              .epoch = ledger->streams[s].write_epoch,
                              .left = draw(model, 5),
                              .next = model->written[s] + 1 + draw(model, 9),
                              .valid = 1};
    model->written[s] = letter->next;
    if (model->read[s] < letter->next)
        model->read[s] = letter->next;
    letter->segment = append(ledger, s, letter->next, letter->left);
}

static void settle_one(struct model *model, struct lrh_ledger *ledger)
{
    struct letter *letter;
    uint32_t n;

    if (model->n == 0)
        return;
    letter = &model->letters[model->n - 1 - draw(model, model->n < 300 ? model->n : 300)];
    n = letter->left ? 1 + draw(model, letter->left) : 0;
    lrh_ledger_settle(ledger, letter->stream, letter->epoch, letter->segment, n);
    letter->left -= n;
}

static int compare(struct model *model, struct lrh_ledger *ledger, int store)
{
    struct lr_position at[STREAMS];
    uint32_t n = lrh_ledger_prefix(ledger, at), expected = 0;
    int same = 1;

    for (uint32_t s = 0; s < ledger->n_streams; s++) {
        int64_t done = finished(model, s);

        if (!model->ours[s])
            continue;
        same &= ledger->streams[s].finished == done && ledger->streams[s].read == model->read[s] &&
                ledger->streams[s].written == model->written[s];
        if (done == model->committed[s])
            continue;
        same &= expected < n && at[expected].stream == s && at[expected].next == done;
        expected++;
        if (store)
            model->committed[s] = done;
    }
    if (store)
        lrh_ledger_committed(ledger, at, n);
    return same && n == expected;
}

static int random_run(uint64_t seed)
{
    static struct model model;
    struct lrh_ledger ledger = {0};
    int same = 1;

    memset(&model, 0, sizeof model);
    model.chance = seed;
    for (uint32_t i = 0; i < OPERATIONS && same; i++) {
        uint32_t s = draw(&model, STREAMS), what = draw(&model, 100);

        if (what < 40) {
            write_one(&model, &ledger, s);
        } else if (what < 88) {
            settle_one(&model, &ledger);
        } else if (what < 96) {
            same = compare(&model, &ledger, draw(&model, 2) == 0);
        } else if (!model.ours[s]) {
            int64_t at = draw(&model, 1000);

            assign(&ledger, s, at);
            start_over(&model, s, at);
            model.ours[s] = 1;
            model.committed[s] = at;
        } else if (what == 96 && draw(&model, 4) == 0) {
            lrh_ledger_revoke(&ledger, s);
            start_over(&model, s, 0);
            model.ours[s] = 0;
        } else if (what == 97 && draw(&model, 4) == 0) {
            int64_t at = finished(&model, s);

            (void)compare(&model, &ledger, 0);
            lrh_ledger_rewind(&ledger, s, at);
            start_over(&model, s, at);
        } else if (what == 98) {
            ledger.streams[s].read = model.read[s] += draw(&model, 4);
        } else if (what == 99) {
            same = lrh_ledger_unread(&ledger, s) == (model.read[s] != model.written[s]);
            model.read[s] = model.written[s];
        }
    }
    lrh_ledger_finish(&ledger);
    return same;
}

static void test_random_operations(void)
{
    for (uint64_t seed = 1; seed <= RUNS; seed++)
        if (!random_run(seed)) {
            (void)printf("\nledger and model differ with seed %llu\n", (unsigned long long)seed);
            CU_FAIL("the ledger is not its model");
        }
}

/* ---- table ------------------------------------------------------------------------------ */

static CU_TestInfo cases[] = {
    {"prefix stops at a hole", test_prefix_stops_at_a_hole},
    {"an empty segment moves the position", test_empty_segment_moves_the_position},
    {"a rewind voids settles", test_rewind_voids_settles},
    {"unread keeps what is written", test_unread_keeps_what_is_written},
    {"too many settles do no harm", test_too_many_settles_do_no_harm},
    {"the ring grows only for what is open", test_ring_grows_only_for_what_is_open},
    {"stream ids are small", test_stream_ids_are_small},
    {"a lost stream comes back", test_lost_stream_comes_back},
    CU_TEST_INFO_NULL,
};
static CU_TestInfo random_cases[] = {
    {"400,000 operations against a model", test_random_operations},
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"ledger", NULL, NULL, NULL, NULL, cases},
    {"random", NULL, NULL, NULL, NULL, random_cases},
    CU_SUITE_INFO_NULL,
};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
