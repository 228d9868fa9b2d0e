/* SPDX-License-Identifier: MIT
 *
 * The report sink: its histogram against sorted data, its error figures against the textbook's
 * formulas, its JSON and its log as a reader finds them, and several lanes as one report.
 */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "plug.h"
#include "plugins/report/histogram.h"

#define MS 1000000LL
#define SECOND_NS (1000 * MS)
#define VALUES 100000
#define ROWS 64

/* ---- histogram ---------------------------------------------------------------------------- */

static uint64_t random_state;

static uint64_t random_bits(void) /* xorshift64*, Vigna 2016 */
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 2685821657736338717u;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Values whose logarithm is evenly spread up to 2^`bits`. */
static void quantile_case(uint64_t seed, int bits)
{
    static const double shares[] = {0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999, 1};
    static int64_t values[VALUES];
    static struct histogram histogram;

    random_state = seed;
    histogram_reset(&histogram);
    for (int i = 0; i < VALUES; i++) {
        int length = 1 + (int)(random_bits() % (unsigned)bits);

        values[i] = (int64_t)(random_bits() >> (64 - length));
        histogram_record(&histogram, values[i]);
    }
    qsort(values, VALUES, sizeof values[0], compare);
    CU_ASSERT_EQUAL(histogram.min, values[0]);
    CU_ASSERT_EQUAL(histogram.max, values[VALUES - 1]);
    for (size_t s = 0; s < sizeof shares / sizeof shares[0]; s++) {
        double rank = ceil(shares[s] * VALUES);
        double exact = (double)values[rank < 1 ? 0 : (size_t)rank - 1];

        CU_ASSERT(fabs(histogram_quantile(&histogram, shares[s]) - exact) <= exact * 0.004);
    }
}

static void test_quantiles(void)
{
    for (uint64_t seed = 1; seed <= 5; seed++) {
        quantile_case(seed, 8); /* exact down here */
        quantile_case(seed, 30);
        quantile_case(seed, 62);
    }
}

static void test_small_values_are_exact(void)
{
    static struct histogram histogram;

    for (int64_t v = 0; v < 256; v++) {
        histogram_reset(&histogram);
        histogram_record(&histogram, v);
        histogram_record(&histogram, INT64_MAX);
        CU_ASSERT_EQUAL(histogram_quantile(&histogram, 0.5), (double)v);
    }
    CU_ASSERT(histogram_bucket(INT64_MAX) < HISTOGRAM_BUCKETS);
}

static void test_histogram_edges(void)
{
    static struct histogram one, two;

    histogram_reset(&one);
    CU_ASSERT(isnan(histogram_quantile(&one, 0.5)));
    histogram_record(&one, -5);
    CU_ASSERT_EQUAL(one.negative, 1);
    CU_ASSERT_EQUAL(one.min, -5);
    histogram_reset(&two);
    for (int64_t v = 1; v <= 99; v++)
        histogram_record(&two, v);
    histogram_add(&two, &one);
    CU_ASSERT_EQUAL(two.count, 100);
    CU_ASSERT_EQUAL(two.min, -5);
    CU_ASSERT_EQUAL(two.max, 99);
    CU_ASSERT_EQUAL(histogram_quantile(&two, 0.5), 49);
    CU_ASSERT_EQUAL(two.sum, 99 * 100 / 2 - 5);
}

/* ---- the sink ------------------------------------------------------------------------------- */

static struct lr_record records[ROWS];
static double out[ROWS * 2], y[ROWS];
static int64_t t0[ROWS], t1[ROWS];
static struct lr_batch batch;
static char path[300];

static void clear_batch(int64_t read_ns, uint32_t count)
{
    batch = (struct lr_batch){.size = sizeof batch,
                              .record_size = sizeof records[0],
                              .count = count,
                              .capacity = ROWS,
                              .records = records,
                              .token = 1000,
                              .out = out,
                              .n_outputs = 1,
                              .out_stride = 2,
                              .y = y,
                              .t0 = t0,
                              .t1 = t1,
                              .read_ns = read_ns};
    for (uint32_t i = 0; i < ROWS; i++) {
        records[i] = (struct lr_record){.value = "", .timestamp_ns = -1};
        out[2 * i] = y[i] = NAN;
        t0[i] = -1;
        t1[i] = read_ns;
    }
}

static void put(struct plug *plug, uint32_t first, uint32_t count)
{
    const struct lr_sink *sink = plug->plugin->ops;
    uint64_t before = plug->delivered;
    uint32_t taken = 0;

    CU_ASSERT_EQUAL(sink->write(plug->self, &batch, first, count, &taken, &plug->err), LR_OK);
    CU_ASSERT_EQUAL(taken, count);
    CU_ASSERT_EQUAL(plug->delivered, before + count);
    CU_ASSERT_EQUAL(plug->settles[plug->n_settles - 1].token, 1000 + first);
}

static double number(const char *key)
{
    const char *text = plug_json(path, key);

    return strcmp(text, "null") == 0 ? NAN : strtod(text, NULL);
}

static void create(struct plug *plug, const char *more, uint32_t lane, uint32_t lanes)
{
    char settings[600];

    (void)snprintf(settings, sizeof settings, "output=%s\n%s", path, more);
    CU_ASSERT_EQUAL_FATAL(plug_create(plug, "report", LR_SINK, settings, lane, lanes), LR_OK);
    CU_ASSERT_EQUAL(plug_start(plug), LR_OK);
}

static void finish(struct plug *plug)
{
    plug_stop(plug);
    plug_destroy(plug);
}

static void test_latency(void)
{
    static struct plug plug;
    int64_t start = 1700000000 * SECOND_NS;

    create(&plug, "", 0, 1);
    CU_ASSERT_STRING_EQUAL(plug_json(path, "final"), "false");
    CU_ASSERT(isnan(number("latency_t0_mean_ms")));
    for (uint32_t b = 0; b < 10; b++) { /* latencies 1..10 ms from t0, twice as fast from t1 */
        clear_batch(start + b * 100 * MS + 7, 10);
        for (uint32_t i = 0; i < 10; i++) {
            t0[i] = batch.read_ns - (i + 1) * MS;
            t1[i] = batch.read_ns - (i + 1) * MS / 2;
        }
        put(&plug, 0, 4); /* the host leaves out bad rows, so a batch may come in parts */
        put(&plug, 4, 6);
    }
    finish(&plug);
    CU_ASSERT_STRING_EQUAL(plug_json(path, "final"), "true");
    CU_ASSERT_STRING_EQUAL(plug_json(path, "schema"), "lrhost-report/1");
    CU_ASSERT_EQUAL(number("records"), 100);
    CU_ASSERT_DOUBLE_EQUAL(number("duration_seconds"), 0.9, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(number("records_per_second"), 100 / 0.9, 1e-6);
    CU_ASSERT_EQUAL(number("latency_t0_count"), 100);
    CU_ASSERT_DOUBLE_EQUAL(number("latency_t0_mean_ms"), 5.5, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(number("latency_t0_p50_ms"), 5, 5 * 0.004);
    CU_ASSERT_DOUBLE_EQUAL(number("latency_t0_p99_ms"), 10, 10 * 0.004);
    CU_ASSERT_DOUBLE_EQUAL(number("latency_t0_min_ms"), 1, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(number("latency_t0_max_ms"), 10, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(number("latency_t1_mean_ms"), 2.75, 1e-9);
    CU_ASSERT_STRING_EQUAL(plug_json(path, "t0_source"), "carried");
    CU_ASSERT_EQUAL(number("latency_t0_clock_ns"), 1);
    CU_ASSERT(isnan(number("mse")) && isnan(number("r2")));
}

static void test_log(void)
{
    static struct plug plug;

    create(&plug, "", 0, 1);
    clear_batch(1700000000 * SECOND_NS, 2);
    t0[0] = t0[1] = records[0].timestamp_ns = records[1].timestamp_ns = batch.read_ns - 3 * MS;
    put(&plug, 0, 1);
    batch.read_ns += 2 * SECOND_NS;
    t1[1] = batch.read_ns;
    put(&plug, 1, 1);
    plug_stop(&plug);
    CU_ASSERT_PTR_NOT_NULL(
        plug_logged(&plug, "total 2 messages, duration 2.000 s, 1.0 messages/s"));
    CU_ASSERT_PTR_NOT_NULL(plug_logged(&plug, "t0 is the record's timestamp, clock in ms"));
    CU_ASSERT_PTR_NOT_NULL(plug_logged(&plug, "min 3.000"));
    CU_ASSERT_PTR_NULL(plug_logged(&plug, "t3-t1")); /* its t1 is the host's own: no news */
    plug_destroy(&plug);
    CU_ASSERT_STRING_EQUAL(plug_json(path, "t0_source"), "timestamp");
    CU_ASSERT_EQUAL(number("latency_t0_clock_ns"), 1000000);
    CU_ASSERT_EQUAL(number("latency_t1_count"), 0);
}

/* Against the definitions, over labels that are far from zero and two passes. */
static void test_fit(void)
{
    static struct plug plug;
    static double labels[1000], predictions[1000];
    double mean = 0, error = 0, variation = 0;
    uint32_t n = 1000;

    random_state = 7;
    for (uint32_t i = 0; i < n; i++) {
        labels[i] = 1e6 + (double)(random_bits() % 1000) / 100;
        predictions[i] = labels[i] + (double)(random_bits() % 1000) / 1000 - 0.5;
        mean += labels[i] / n;
    }
    for (uint32_t i = 0; i < n; i++) {
        error += (predictions[i] - labels[i]) * (predictions[i] - labels[i]);
        variation += (labels[i] - mean) * (labels[i] - mean);
    }
    create(&plug, "", 0, 1);
    for (uint32_t i = 0; i < n; i += 50) {
        clear_batch(1700000000 * SECOND_NS + i, 53);
        for (uint32_t k = 0; k < 50; k++) {
            y[k] = labels[i + k];
            out[2 * k] = predictions[i + k];
            out[2 * k + 1] = 1e9; /* another output */
        }
        out[100] = 5; /* no label */
        y[51] = 5;    /* no prediction */
        y[52] = out[104] = 1e300;
        records[52].flags = LR_RECORD_NULL;
        put(&plug, 0, 53);
    }
    finish(&plug);
    CU_ASSERT_EQUAL(number("records"), 20 * 52);
    CU_ASSERT_EQUAL(number("null_records"), 20);
    CU_ASSERT_EQUAL(number("fit_records"), n);
    CU_ASSERT_DOUBLE_EQUAL(number("mse"), error / n, 1e-9 * error / n);
    CU_ASSERT_DOUBLE_EQUAL(number("r2"), 1 - error / variation, 1e-9);
}

static void test_sequence(void)
{
    static const char *const values[] = {"a,3;1", "a,4.0;1", "a,4",  "a,7\r", "a,9;",
                                         "a,x",   "b",       "a,-2", "a,5.5", "a,1000"};
    static struct plug plug;

    create(&plug, "sequence_field=1\nsequence_limit=1000", 0, 1);
    clear_batch(1700000000 * SECOND_NS, 10);
    for (uint32_t i = 0; i < 10; i++) {
        records[i].value = values[i];
        records[i].value_len = (uint32_t)strlen(values[i]);
    }
    put(&plug, 0, 10);
    finish(&plug);
    CU_ASSERT_EQUAL(number("sequence_distinct"), 4);   /* 3 4 7 9 */
    CU_ASSERT_EQUAL(number("sequence_duplicates"), 1); /* 4 */
    CU_ASSERT_EQUAL(number("sequence_missing"), 3);    /* 5 6 8 */
    CU_ASSERT_EQUAL(number("sequence_unnumbered"), 5);
    CU_ASSERT_EQUAL(number("sequence_lowest"), 3);
    CU_ASSERT_EQUAL(number("sequence_highest"), 9);
}

/* Three lanes make one report, also when two of them stopped before the third began to write. */
static void test_lanes(void)
{
    static struct plug lanes[3];

    for (uint32_t l = 0; l < 3; l++)
        create(&lanes[l], "sequence_field=0", l, 3);
    for (uint32_t l = 0; l < 3; l++) {
        clear_batch((1700000000 + l) * SECOND_NS, 1 + l);
        for (uint32_t i = 0; i <= l; i++) {
            t0[i] = batch.read_ns - (l + 1) * MS;
            y[i] = l;
            out[2 * i] = l + 0.5;
            records[i].value = "5";
            records[i].value_len = 1;
        }
        put(&lanes[l], 0, 1 + l);
        CU_ASSERT_STRING_EQUAL(plug_json(path, "final"), "false");
        plug_stop(&lanes[l]);
    }
    CU_ASSERT_STRING_EQUAL(plug_json(path, "final"), "true");
    CU_ASSERT_EQUAL(number("records"), 6);
    CU_ASSERT_DOUBLE_EQUAL(number("duration_seconds"), 2, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(number("latency_t0_max_ms"), 3, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(number("latency_t0_mean_ms"), (1 + 2 * 2 + 3 * 3) / 6.0, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(number("mse"), 0.25, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(number("r2"), 1 - 6 * 0.25 / (10.0 / 3), 1e-9);
    CU_ASSERT_EQUAL(number("sequence_duplicates"), 5); /* seen across lanes */
    for (uint32_t l = 0; l < 3; l++)
        plug_destroy(&lanes[l]);
    /* The next run of the same pipeline begins at zero. */
    create(&lanes[0], "", 0, 1);
    finish(&lanes[0]);
    CU_ASSERT_EQUAL(number("records"), 0);
}

static void test_every(void)
{
    static struct plug plug;

    create(&plug, "every=1s", 0, 1);
    clear_batch(plug.wall_ns + 500 * MS, 1);
    put(&plug, 0, 1);
    CU_ASSERT_EQUAL(number("records"), 0);
    batch.read_ns = plug.wall_ns + 1500 * MS;
    put(&plug, 0, 1);
    CU_ASSERT_EQUAL(number("records"), 2);
    CU_ASSERT_STRING_EQUAL(plug_json(path, "final"), "false");
    finish(&plug);
    CU_ASSERT_EQUAL(number("records"), 2);
}

static void test_bad_output(void)
{
    static struct plug plug;

    CU_ASSERT_EQUAL_FATAL(plug_create(&plug, "report", LR_SINK, "output=/nonexistent/x.json", 0, 1),
                          LR_OK);
    CU_ASSERT_EQUAL(plug_start(&plug), LR_EUNAVAILABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(plug.err.text, "/nonexistent/x.json"));
    finish(&plug);
}

static int make_folder(void)
{
    (void)snprintf(path, sizeof path, "%s/report.json", plug_folder());
    return 0;
}

static int remove_folder(void)
{
    (void)unlink(path);
    *strrchr(path, '/') = '\0';
    return rmdir(path);
}

static CU_TestInfo histogram_tests[] = {{"quantiles are off by 0.4 % at most", test_quantiles},
                                        {"small values are exact", test_small_values_are_exact},
                                        {"edges", test_histogram_edges},
                                        CU_TEST_INFO_NULL};

static CU_TestInfo sink_tests[] = {{"latency", test_latency},
                                   {"the log", test_log},
                                   {"MSE and R2", test_fit},
                                   {"sequence", test_sequence},
                                   {"lanes", test_lanes},
                                   {"every", test_every},
                                   {"an output that cannot be", test_bad_output},
                                   CU_TEST_INFO_NULL};

static CU_SuiteInfo suites[] = {{"histogram", NULL, NULL, NULL, NULL, histogram_tests},
                                {"report", make_folder, remove_folder, NULL, NULL, sink_tests},
                                CU_SUITE_INFO_NULL};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
