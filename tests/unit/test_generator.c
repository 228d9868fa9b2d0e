/* SPDX-License-Identifier: MIT
 *
 * The generator through the public ABI, under a clock that the test holds: the text of records,
 * the same records for any number of lanes, and the open loop: what is late keeps its due time.
 */
#include "unit.h"

#include <math.h>
#include <poll.h>
#include <stdlib.h>

#include "host/options.h"
#include "plug.h"

#define ROWS 64
#define MS INT64_C(1000000)
#define BEGIN INT64_C(1000000000) /* of both clocks, see plug.c */

struct rig { /* a batch */
    struct lr_batch batch;
    struct lr_record records[ROWS];
    struct lr_span spans[1];
    int64_t t0[ROWS];
};

static struct plug plug;
static char all[1 << 16], other[1 << 16];

static struct lr_batch *reset(struct rig *rig, uint32_t capacity)
{
    rig->batch = (struct lr_batch){.size = sizeof rig->batch,
                                   .record_size = sizeof rig->records[0],
                                   .capacity = capacity,
                                   .records = rig->records,
                                   .spans = rig->spans,
                                   .span_capacity = 1,
                                   .t0 = rig->t0};
    return &rig->batch;
}

static const struct lr_source *source(void)
{
    return plug.plugin->ops;
}

static lr_status take_until(struct rig *rig, uint32_t max, const int64_t *until, uint32_t n_until)
{
    const struct lr_event *event = NULL;

    reset(rig, ROWS);
    return source()->poll(plug.self, &rig->batch, max, until, n_until, 0, &event, &plug.err);
}

static lr_status take(struct rig *rig, uint32_t max)
{
    return take_until(rig, max, NULL, 0);
}

static void give(struct rig *rig)
{
    source()->release(plug.self, &rig->batch);
}

/* Created, started, its stream announced. */
static void begin(const char *settings, uint32_t lane, uint32_t lanes)
{
    const struct lr_event *event = NULL;
    struct rig rig;

    CU_ASSERT_EQUAL_FATAL(plug_create(&plug, "generator", LR_SOURCE, settings, lane, lanes), LR_OK);
    CU_ASSERT_EQUAL(plug.n_problems, 0);
    CU_ASSERT_EQUAL_FATAL(plug_start(&plug), LR_OK);
    for (int i = 0; i < 2; i++) { /* the same event until it is answered */
        reset(&rig, ROWS);
        CU_ASSERT_EQUAL_FATAL(
            source()->poll(plug.self, &rig.batch, 0, NULL, 0, 0, &event, &plug.err), LR_REBALANCE);
        CU_ASSERT(event->kind == LR_EVENT_ASSIGN && event->n_streams == 1);
        CU_ASSERT_EQUAL(event->streams[0]->id, lane);
        CU_ASSERT_EQUAL(event->streams[0]->partition, (int32_t)lane);
        CU_ASSERT_STRING_EQUAL(event->streams[0]->topic, "generator");
        CU_ASSERT_EQUAL(event->streams[0]->next, 0);
    }
    CU_ASSERT_EQUAL(source()->rebalanced(plug.self, &plug.err), LR_OK);
}

static void finish(void)
{
    plug_stop(&plug);
    plug_destroy(&plug);
}

/* What is there now, one line each, from offset *next on; the last status. */
static lr_status drain(char *text, uint32_t max, int64_t *next)
{
    struct rig rig;
    lr_status status;

    while ((status = take(&rig, max)) == LR_OK) {
        CU_ASSERT(rig.batch.count > 0 && rig.batch.count <= max);
        CU_ASSERT(rig.batch.n_spans == 1 && rig.spans[0].count == rig.batch.count);
        for (uint32_t i = 0; i < rig.batch.count; i++) {
            const struct lr_record *record = &rig.records[i];

            CU_ASSERT_EQUAL(record->offset, (*next)++);
            CU_ASSERT(!record->key && !record->headers && record->flags == 0);
            CU_ASSERT_EQUAL(record->stream, rig.spans[0].stream);
            CU_ASSERT_EQUAL(record->timestamp_ns, rig.t0[i]);
            text += sprintf(text, "%.*s\n", (int)record->value_len, (const char *)record->value);
        }
        CU_ASSERT_EQUAL(rig.spans[0].next, *next);
        give(&rig);
    }
    *text = '\0';
    return status;
}

static void run(const char *settings, uint32_t lane, uint32_t lanes, uint32_t max, char *text)
{
    int64_t next = 0;

    begin(settings, lane, lanes);
    CU_ASSERT_EQUAL(drain(text, max, &next), LR_END);
    finish();
}

/* ---- text ------------------------------------------------------------------------------- */

/* "d.dddddd" twelve times and a label that is their mean but for the noise. */
static void test_format(void)
{
    char *line, *save = NULL;
    unsigned lines = 0;

    run("count=100", 0, 1, ROWS, all);
    for (line = strtok_r(all, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        double sum = 0.0, label;
        char *p = line;

        lines++;
        CU_ASSERT(strspn(line, "0123456789.,;-") == strlen(line));
        for (int j = 0; j < 12; j++) {
            char *point = strchr(p, '.');
            double x = strtod(p, &p);

            CU_ASSERT(x >= 0.0 && x < 10.0);
            CU_ASSERT_EQUAL(p - point, 7);
            CU_ASSERT_EQUAL(*p, j < 11 ? ',' : ';');
            p++;
            sum += x;
        }
        label = strtod(p, &p);
        CU_ASSERT_EQUAL(*p, '\0');
        CU_ASSERT(fabs(label - sum / 12) <= 0.01 + 0.5e-6 + 1e-12);
    }
    CU_ASSERT_EQUAL(lines, 100);
}

static void test_format_options(void)
{
    double x, y, label;
    int used = 0;

    run("count=1\nfeatures=2\ndecimals=2\nlabel=no", 0, 1, 1, all);
    CU_ASSERT_EQUAL(sscanf(all, "%lf,%lf%n", &x, &y, &used), 2);
    CU_ASSERT_EQUAL(strcmp(all + used, "\n"), 0);
    CU_ASSERT_EQUAL(strlen(all), 10);
    run("count=1\nfeatures=2\nweights=2,-3\nbias=100\nnoise=0\ndistribution=gaussian", 0, 1, 1,
        all);
    CU_ASSERT_EQUAL(sscanf(all, "%lf,%lf;%lf%n", &x, &y, &label, &used), 3);
    CU_ASSERT_DOUBLE_EQUAL(label, 100 + 2 * x - 3 * y, 0.5e-6 + 1e-9);
    run("count=0", 0, 1, 1, all);
    CU_ASSERT_STRING_EQUAL(all, "");
}

static void test_deterministic(void)
{
    run("count=100\nfeatures=3", 0, 1, ROWS, all);
    run("count=100\nfeatures=3", 0, 1, 7, other); /* however it is cut */
    CU_ASSERT_STRING_EQUAL(all, other);
    run("count=100\nfeatures=3\nseed=43", 0, 1, ROWS, other);
    CU_ASSERT_NOT_EQUAL(strcmp(all, other), 0);
    run("count=100\nfeatures=3\ndistribution=gaussian", 0, 1, ROWS, all);
    run("count=100\nfeatures=3\ndistribution=gaussian", 0, 1, 7, other);
    CU_ASSERT_STRING_EQUAL(all, other);
}

/* Record i of one lane is record i / n of lane i % n. */
static void test_lanes(void)
{
    static char lanes[3][1 << 14], joined[1 << 16];
    char *at[3], *end = joined;

    run("count=100\nfeatures=3", 0, 1, ROWS, all);
    for (uint32_t lane = 0; lane < 3; lane++) {
        run("count=100\nfeatures=3", lane, 3, 5, lanes[lane]);
        at[lane] = lanes[lane];
    }
    for (int i = 0; i < 100; i++) {
        char *line = at[i % 3], *feed = strchr(line, '\n');

        CU_ASSERT_PTR_NOT_NULL_FATAL(feed);
        end = mempcpy(end, line, (size_t)(feed + 1 - line));
        at[i % 3] = feed + 1;
    }
    *end = '\0';
    CU_ASSERT_STRING_EQUAL(joined, all);
    for (int lane = 0; lane < 3; lane++)
        CU_ASSERT_EQUAL(*at[lane], '\0');
    run("count=2\nfeatures=3", 2, 3, 5, all); /* more lanes than records */
    CU_ASSERT_STRING_EQUAL(all, "");
}

/* ---- the ABI ---------------------------------------------------------------------------- */

static void test_limits(void)
{
    int64_t until[3] = {0, 0, 5};
    struct rig rig;

    begin("features=1", 2, 3);
    CU_ASSERT_EQUAL(take(&rig, 0), LR_AGAIN);
    CU_ASSERT_EQUAL(take_until(&rig, 100, until, 3), LR_OK);
    CU_ASSERT_EQUAL(rig.batch.count, 5);
    give(&rig);
    CU_ASSERT_EQUAL(take_until(&rig, 100, until, 3), LR_AGAIN);
    CU_ASSERT_EQUAL(take_until(&rig, 100, until, 2), LR_OK); /* says nothing about stream 2 */
    CU_ASSERT_EQUAL(rig.batch.count, ROWS);
    CU_ASSERT_EQUAL(rig.spans[0].next, 5 + ROWS);
    give(&rig);
    finish();
}

/* Values stay as they are until their own batch is released, in any order. */
static size_t text_of(const struct rig *rig, const char **ret_text)
{
    const struct lr_record *last = &rig->records[rig->batch.count - 1];

    *ret_text = rig->records[0].value;
    return (size_t)((const char *)last->value + last->value_len - *ret_text);
}

static void test_outstanding(void)
{
    static struct rig rigs[10];
    static char kept[10][ROWS * 40];
    const char *text;

    begin("features=2", 0, 1);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 10; i++) {
            size_t len;

            CU_ASSERT_EQUAL_FATAL(take(&rigs[i], ROWS), LR_OK);
            len = text_of(&rigs[i], &text);
            CU_ASSERT_FATAL(len <= sizeof kept[i]);
            memcpy(kept[i], text, len);
        }
        for (int i = 0; i < 10; i++) {
            int which = (i * 7 + round) % 10;
            size_t len = text_of(&rigs[which], &text);

            CU_ASSERT_EQUAL(memcmp(kept[which], text, len), 0);
            give(&rigs[which]);
        }
    }
    CU_ASSERT_EQUAL(take(&rigs[0], 1), LR_OK);
    give(&rigs[0]);
    finish();
}

static void test_life(void)
{
    CU_ASSERT_EQUAL_FATAL(plug_create(&plug, "generator", LR_SOURCE, "", 0, 1), LR_OK);
    CU_ASSERT_EQUAL(source()->caps, LR_SOURCE_SPLIT | LR_SOURCE_ENDS);
    CU_ASSERT_PTR_NULL(source()->seek);
    plug.plugin->destroy(NULL);
    plug_destroy(&plug); /* never started */
    CU_ASSERT_EQUAL_FATAL(plug_create(&plug, "generator", LR_SOURCE, "rate=5", 0, 1), LR_OK);
    CU_ASSERT_EQUAL(plug_start(&plug), LR_OK);
    finish(); /* never polled */
    CU_ASSERT_EQUAL(plug.n_logs, 0);
    CU_ASSERT_EQUAL(plug_create(&plug, "generator", LR_SOURCE, "features=2\nweights=1", 0, 1),
                    LR_ECONFIG);
    CU_ASSERT_PTR_NULL(plug.self);
    CU_ASSERT_PTR_NOT_NULL(strstr(plug.err.text, "1 weights are given for 2 features"));
    plug_destroy(&plug);
}

static char told[512];

static void note(void *ctx, const char *option, const char *message)
{
    (void)ctx;
    (void)snprintf(told + strlen(told), sizeof told - strlen(told), "%s: %s|", option, message);
}

static const char *judged(const char *settings)
{
    const struct lr_report report = {.size = sizeof report, .problem = note, .warning = note};

    told[0] = '\0';
    (void)plug_create(&plug, "generator", LR_SOURCE, settings, 0, 1);
    plug.plugin->check(lrh_settings_values(plug.settings), 1, &report);
    plug_destroy(&plug);
    return told;
}

static void test_check(void)
{
    CU_ASSERT_STRING_EQUAL(judged("rate=10\narrival=burst\nweights=1,2\nfeatures=2\nbias=1"), "");
    CU_ASSERT_STRING_EQUAL(judged("arrival=poisson"), "arrival: an arrival pattern needs a rate; "
                                                      "set rate = RECORDS_PER_SECOND|");
    CU_ASSERT_STRING_EQUAL(judged("bias=1"), "bias: bias is given without weights; the two "
                                             "together are the true model|");
    CU_ASSERT_STRING_EQUAL(judged("features=2\nweights=1,x"),
                           "weights: weight 1, 'x', is not a finite decimal number|");
    CU_ASSERT_PTR_NOT_NULL(strstr(judged("features=1\nweights=1e12"), "weights: labels could"));
    CU_ASSERT_PTR_NOT_NULL(strstr(judged("noise=1e4\ndecimals=12"), "decimals: labels could"));
}

/* ---- the open loop ---------------------------------------------------------------------- */

static void test_constant(void)
{
    struct rig rig;

    begin("rate=1000\nfeatures=1", 0, 1);
    plug.monotonic_ns += 777 * MS; /* start-up: the schedule begins at the first poll */
    plug.wall_ns += 3777 * MS;
    CU_ASSERT_EQUAL(take(&rig, ROWS), LR_OK);
    CU_ASSERT_EQUAL(rig.batch.count, 1);
    CU_ASSERT_EQUAL(rig.t0[0], BEGIN + 3777 * MS);
    give(&rig);
    plug.monotonic_ns += MS - 1;
    CU_ASSERT_EQUAL(take(&rig, ROWS), LR_AGAIN);
    plug.monotonic_ns += 1;
    CU_ASSERT_EQUAL(take(&rig, ROWS), LR_OK);
    CU_ASSERT_EQUAL(rig.batch.count, 1);
    give(&rig);
    /* A stall of 10.5 ms, and a wall clock that jumped: the ten records keep their due times. */
    plug.monotonic_ns += 10 * MS + MS / 2;
    plug.wall_ns += 86400000 * MS;
    CU_ASSERT_EQUAL(take(&rig, ROWS), LR_OK);
    CU_ASSERT_EQUAL(rig.batch.count, 10);
    for (int i = 0; i < 10; i++) {
        CU_ASSERT_EQUAL(rig.t0[i], BEGIN + 3777 * MS + (i + 2) * MS);
        CU_ASSERT_EQUAL(rig.records[i].timestamp_ns, rig.t0[i]);
    }
    give(&rig);
    CU_ASSERT_EQUAL(plug.cells[0], 9 * MS + MS / 2);
    CU_ASSERT_EQUAL(plug.cells[1], (9 + 8 + 7 + 6 + 5 + 4 + 3 + 2 + 1) * MS + 10 * MS / 2);
    plug_stop(&plug);
    CU_ASSERT_PTR_NOT_NULL(plug_logged(&plug, "sent 12 records at 1000/s"));
    CU_ASSERT_PTR_NOT_NULL(plug_logged(&plug, "mean 4166.7 us, max 9500.0 us"));
    plug_destroy(&plug);
}

static void test_lane_schedule(void)
{
    struct rig rig;

    begin("rate=1000\nfeatures=1", 2, 4);
    CU_ASSERT_EQUAL(take(&rig, ROWS), LR_AGAIN); /* its first record is number 2 */
    plug.monotonic_ns += 10 * MS;
    CU_ASSERT_EQUAL(take(&rig, ROWS), LR_OK);
    CU_ASSERT_EQUAL(rig.batch.count, 3); /* 2, 6, 10 */
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(rig.t0[i], BEGIN + (2 + 4 * i) * MS);
    give(&rig);
    finish();
}

static void test_burst(void)
{
    struct rig rig;

    begin("rate=1000\narrival=burst\nburst=20\nfeatures=1", 0, 1);
    for (int burst = 0; burst < 3; burst++) {
        CU_ASSERT_EQUAL(take(&rig, ROWS), LR_OK);
        CU_ASSERT_EQUAL(rig.batch.count, 20);
        CU_ASSERT_EQUAL(rig.t0[0], BEGIN + burst * 20 * MS);
        CU_ASSERT_EQUAL(rig.t0[19], rig.t0[0]);
        give(&rig);
        CU_ASSERT_EQUAL(take(&rig, ROWS), LR_AGAIN);
        plug.monotonic_ns += 20 * MS;
    }
    finish();
}

static int readable(int timeout_ms)
{
    struct pollfd fd = {source()->fd(plug.self), POLLIN, 0};

    CU_ASSERT(fd.fd >= 0);
    return poll(&fd, 1, timeout_ms) == 1;
}

static void test_descriptor(void)
{
    struct rig rig;

    begin("rate=1000\nfeatures=1", 0, 1);
    CU_ASSERT(take(&rig, ROWS) == LR_OK);
    give(&rig);
    CU_ASSERT_EQUAL(take(&rig, ROWS), LR_AGAIN); /* due in 1 ms of the test's clock */
    CU_ASSERT(readable(2000));
    CU_ASSERT_EQUAL(take(&rig, 0), LR_AGAIN); /* nobody wants records: let the lane sleep */
    CU_ASSERT(!readable(5));
    CU_ASSERT_EQUAL(take(&rig, ROWS), LR_AGAIN); /* somebody does */
    CU_ASSERT(readable(2000));
    plug.monotonic_ns += MS;
    CU_ASSERT_EQUAL(take(&rig, ROWS), LR_OK);
    give(&rig);
    finish();
    begin("features=1", 0, 1); /* as fast as possible: something to say at once */
    CU_ASSERT(readable(2000));
    finish();
}

int main(int argc, char **argv)
{
    CU_TestInfo text[] = {

        {"format", test_format},
        {"options", test_format_options},
        {"deterministic", test_deterministic},
        {"lanes", test_lanes},
        CU_TEST_INFO_NULL};
    CU_TestInfo abi[] = {{"limits", test_limits},
                         {"outstanding", test_outstanding},
                         {"life", test_life},
                         {"check", test_check},
                         CU_TEST_INFO_NULL};
    CU_TestInfo loop[] = {{"constant", test_constant},
                          {"lanes", test_lane_schedule},
                          {"burst", test_burst},
                          {"descriptor", test_descriptor},
                          CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"text", NULL, NULL, NULL, NULL, text},
                             {"abi", NULL, NULL, NULL, NULL, abi},
                             {"open loop", NULL, NULL, NULL, NULL, loop},
                             CU_SUITE_INFO_NULL};

    return unit_main(suites, argc, argv);
}
