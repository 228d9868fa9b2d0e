/* SPDX-License-Identifier: MIT
 *
 * Where the time of a record goes: reading records, printing predictions, predicting, the ledger,
 * and the text codec as a lane calls it (decode, predict, encode; batches of 512) over records that
 * are in memory already. Each beside the plain way to do it, since a ratio says more than
 * nanoseconds of a machine that others use, too; and in each way that this processor has. The
 * best of some rounds is taken, in CPU time of this thread.
 */
#include <lrhost/lrhost.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/ledger.h"
#include "plugins/common/number.h"
#include "plugins/common/row.h"
#include "plugins/linreg/predict.h"
#include "tests/unit/fake_settings.h"

#define ROUNDS 7
#define RECORDS 65536
#define FEATURES 12
#define BATCH 512

static double sink; /* keeps results alive */

static double now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Text of RECORDS records; record i is at[i] .. at[i + 1], each followed by a NUL. */
struct data {
    char *text;
    size_t *at;
    double *values; /* FEATURES + 1 a record */
};

static double uniform(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(*state >> 11) * 0x1p-53 * 10;
}

/* `decimals` -1: the shortest exact text, 15 to 17 digits. */
static int make_data(struct data *data, int decimals)
{
    uint64_t state = 42;
    size_t n = 0;

    data->text = malloc(RECORDS * (FEATURES + 1) * 32 + 64);
    data->at = malloc((RECORDS + 1) * sizeof *data->at);
    data->values = malloc(RECORDS * (FEATURES + 1) * sizeof *data->values);
    if (!data->text || !data->at || !data->values)
        return 0;
    for (size_t i = 0; i < RECORDS; i++) {
        data->at[i] = n;
        for (int j = 0; j <= FEATURES; j++) {
            double value = uniform(&state);

            data->values[i * (FEATURES + 1) + (size_t)j] = value;
            n += decimals < 0 ? number_print(value, data->text + n)
                              : (size_t)sprintf(data->text + n, "%.*f", decimals, value);
            data->text[n++] = j == FEATURES ? '\0' : j == FEATURES - 1 ? ';' : ',';
        }
    }
    data->at[RECORDS] = n;
    return 1;
}

static void free_data(struct data *data)
{
    free(data->text);
    free(data->at);
    free(data->values);
}

/* ---- the contestants: each goes once over the data -------------------------------------- */

static struct row_way way; /* that is being measured */

static void read_ours(const struct data *data)
{
    const struct row_format format = {FEATURES, ',', ';'};
    double row[FEATURES], label;

    for (size_t i = 0; i < RECORDS; i++)
        if (way.read(&format, data->text + data->at[i], data->text + data->at[i + 1] - 1, row,
                     &label))
            sink += row[0] + label;
}

static void read_strtod(const struct data *data)
{
    for (size_t i = 0; i < RECORDS; i++) {
        char *p = data->text + data->at[i];

        for (int j = 0; j <= FEATURES; j++) {
            sink += strtod(p, &p);
            p++;
        }
    }
}

/* A loop over digits, inexact: what people write who find strtod too slow. */
static void read_naive(const struct data *data)
{
    for (size_t i = 0; i < RECORDS; i++) {
        const char *p = data->text + data->at[i];

        for (int j = 0; j <= FEATURES; j++) {
            double value = 0, scale = 1;

            for (; *p >= '0' && *p <= '9'; p++)
                value = value * 10 + (*p - '0');
            if (*p == '.')
                for (p++; *p >= '0' && *p <= '9'; p++)
                    value += (*p - '0') * (scale *= 0.1);
            sink += value;
            p++;
        }
    }
}

static void print_ours(const struct data *data)
{
    char text[NUMBER_ROOM];

    for (size_t i = 0; i < RECORDS * (FEATURES + 1); i++)
        sink += (double)number_print(data->values[i], text);
}

static void print_some(const struct data *data)
{
    struct row_text texts[ROW_PRINT_MOST];

    for (size_t i = 0; i < RECORDS * (FEATURES + 1); i += ROW_PRINT_MOST) {
        way.print(data->values + i, 1, ROW_PRINT_MOST, texts);
        sink += texts[0].len;
    }
}

static void print_17g(const struct data *data)
{
    char text[40];

    for (size_t i = 0; i < RECORDS * (FEATURES + 1); i++)
        sink += snprintf(text, sizeof text, "%.17g", data->values[i]);
}

/* ---- predictions, and the ledger ----------------------------------------------------------- */

#define MATRIX (1u << 18) /* numbers: in the second-level cache */

static struct {
    double x[MATRIX], w[1000], out[MATRIX / 3];
    uint32_t n;
} matrix;

static void predict_ours(const struct data *data)
{
    const struct linear model = {.n = matrix.n, .bias = 0.001, .weights = matrix.w};

    (void)data;
    predict_rows(&model, matrix.x, matrix.n, matrix.out, 1, MATRIX / matrix.n);
    sink += matrix.out[1];
}

static void predict_naive(const struct data *data)
{
    (void)data;
    for (uint32_t i = 0; i < MATRIX / matrix.n; i++) {
        double p = 0.001;

        for (uint32_t j = 0; j < matrix.n; j++)
            p += matrix.w[j] * matrix.x[i * matrix.n + j];
        matrix.out[i] = p;
    }
    sink += matrix.out[1];
}

static struct lrh_ledger ledger;
static int64_t naive_position;

/* Batches of BATCH records, settled in two halves, and the finished positions asked for. */
static void ledger_ours(const struct data *data)
{
    struct lr_error err = LR_ERROR_INIT;
    struct lr_position position;
    uint64_t segment = 0;

    (void)data;
    for (uint32_t i = 0; i < RECORDS / BATCH; i++) {
        (void)lrh_ledger_append(&ledger, 0, (int64_t)(i + 1) * BATCH, BATCH, &segment, &err);
        for (uint32_t half = 0; half < 2; half++)
            lrh_ledger_settle(&ledger, 0, ledger.streams[0].write_epoch, segment, BATCH / 2);
        sink += lrh_ledger_prefix(&ledger, &position);
        lrh_ledger_committed(&ledger, &position, 1);
    }
}

/* A counter for each record: what a host without segments would do. */
static void ledger_naive(const struct data *data)
{
    static uint8_t settled[RECORDS];

    (void)data;
    memset(settled, 0, sizeof settled);
    for (uint32_t i = 0; i < RECORDS; i++) {
        settled[i] = 1;
        while (naive_position < RECORDS && settled[naive_position])
            naive_position++;
    }
    sink += (double)naive_position;
    naive_position = 0;
}

/* ---- the codec ----------------------------------------------------------------------------- */

extern const struct lr_module *lrhost_module_v1(uint32_t host_abi);

static void bad_record(void *ctx, uint32_t index, const char *reason, const char *message)
{
    (void)ctx;
    (void)printf("bad record %u: %s: %s\n", index, reason, message);
}

static struct {
    struct lr_host host;
    struct fake_settings settings;
    const struct lr_codec *codec;
    void *self;
    struct lr_batch batch;
    struct lr_record records[BATCH];
    struct lr_bytes encoded[BATCH];
    double x[BATCH * FEATURES], out[BATCH], y[BATCH];
    int64_t t0[BATCH], t1[BATCH];
    char memory[BATCH * 512];
} lane;

static int open_codec(const char *name)
{
    const struct lr_plugin *plugin = lrhost_module_v1(LRHOST_ABI)->plugins[0];
    struct lr_schema schema = {.size = sizeof schema, .n_features = FEATURES, .n_outputs = 1};
    struct lr_error err = LR_ERROR_INIT;
    uint32_t given;

    lane.codec = plugin->ops;
    lane.host = (struct lr_host){.size = sizeof lane.host, .abi = 1, .bad_record = bad_record};
    fake_settings(&lane.settings, plugin, "");
    lane.batch = (struct lr_batch){.size = sizeof lane.batch,
                                   .record_size = sizeof *lane.records,
                                   .capacity = BATCH,
                                   .records = lane.records,
                                   .x = lane.x,
                                   .n_features = FEATURES,
                                   .x_stride = FEATURES,
                                   .out = lane.out,
                                   .n_outputs = 1,
                                   .out_stride = 1,
                                   .y = lane.y,
                                   .t0 = lane.t0,
                                   .t1 = lane.t1,
                                   .encoded = lane.encoded};
    return setenv(ROW_WAY_VARIABLE, name, 1) == 0 &&
           plugin->create(&lane.host, lane.settings.values, &lane.self, &err) == LR_OK &&
           lane.codec->bind(lane.self, &schema, LR_COLUMN_FEATURES, 1, &given, &err) == LR_OK;
}

static void score_text(const struct data *data)
{
    static double weights[FEATURES] = {0.08, 0.09, 0.07, 0.1,  0.06, 0.085,
                                       0.08, 0.09, 0.07, 0.11, 0.06, 0.095};
    struct linear model = {.bias = 0.001, .weights = weights, .n = FEATURES};
    struct lr_error err = LR_ERROR_INIT;

    for (size_t i = 0; i < RECORDS; i += BATCH) {
        lane.batch.count = BATCH;
        for (uint32_t j = 0; j < BATCH; j++) {
            lane.records[j].value = data->text + data->at[i + j];
            lane.records[j].value_len = (uint32_t)(data->at[i + j + 1] - data->at[i + j] - 1);
            lane.t1[j] = INT64_C(1700000000123456789) + (int64_t)i * 1000000;
        }
        (void)lane.codec->decode(lane.self, &lane.batch, &err);
        predict_rows(&model, lane.x, FEATURES, lane.out, 1, BATCH);
        if (lane.codec->encode_bound(lane.self, &lane.batch) > sizeof lane.memory)
            return;
        (void)lane.codec->encode(lane.self, &lane.batch, lane.memory, sizeof lane.memory, &err);
        sink += lane.encoded[BATCH - 1].len;
    }
}

/* The same with strtod and printf. */
static void score_libc(const struct data *data)
{
    char out[512];

    for (size_t i = 0; i < RECORDS; i++) {
        char *p = data->text + data->at[i];
        double prediction = 0.001;

        for (int j = 0; j <= FEATURES; j++) {
            prediction += 0.08 * strtod(p, &p);
            p++;
        }
        sink += snprintf(out, sizeof out, "%s;%.17g;%lld", data->text + data->at[i], prediction,
                         1700000000123LL);
    }
}

/* ---- */

static double best_ns(void (*run)(const struct data *), const struct data *data)
{
    double best = 1e18;

    for (int r = 0; r < ROUNDS; r++) {
        double began = now_ns(), took;

        run(data);
        took = now_ns() - began;
        best = took < best ? took : best;
    }
    return best;
}

static void compare(const char *what, double n, void (*ours)(const struct data *),
                    const char *plain_name, void (*plain)(const struct data *),
                    const struct data *data)
{
    double a = best_ns(ours, data) / n, b = best_ns(plain, data) / n;

    printf("  %-28s %7.1f ns   %-12s %7.1f ns   %5.1f times as fast\n", what, a, plain_name, b,
           b / a);
}

static void compare_ways(const struct data *data, int exact)
{
    const double numbers = RECORDS * (FEATURES + 1);
    double best;

    for (uint32_t w = 0; w < ROW_WAYS; w++) {
        way = row_way(w);
        if (!way.read) {
            printf(" %s: not here\n", way.name);
            continue;
        }
        printf(" %s\n", way.name);
        compare("read a record", RECORDS, read_ours, "strtod", read_strtod, data);
        if (w == 0)
            compare("read a record", RECORDS, read_ours, "naive loop", read_naive, data);
        if (exact && (w == 0 || way.print))
            compare("print a double", numbers, way.print ? print_some : print_ours, "%.17g",
                    print_17g, data);
        if (!open_codec(way.name))
            exit(70);
        compare("decode, predict, encode", RECORDS, score_text, "libc", score_libc, data);
        best = best_ns(score_text, data);
        printf("  %.2f million records a second on one core\n", 1e3 * RECORDS / best);
    }
}

static void compare_predictions(void)
{
    static const uint32_t features[] = {3, 12, 100, 1000};
    uint64_t state = 7;

    for (size_t i = 0; i < MATRIX; i++)
        matrix.x[i] = uniform(&state);
    for (size_t j = 0; j < 1000; j++)
        matrix.w[j] = uniform(&state);
    for (size_t k = 0; k < sizeof features / sizeof *features; k++) {
        char what[40];

        matrix.n = features[k];
        (void)snprintf(what, sizeof what, "predict, %u features", matrix.n);
        compare(what, MATRIX / matrix.n, predict_ours, "naive loop", predict_naive, NULL);
    }
}

static int compare_ledgers(void)
{
    const struct lr_stream stream = {.size = sizeof stream, .topic = "micro", .end = -1};
    struct lr_error err = LR_ERROR_INIT;

    if (lrh_ledger_assign(&ledger, &stream, &err) != LR_OK)
        return 0;
    compare("ledger, a record", RECORDS, ledger_ours, "a flag each", ledger_naive, NULL);
    lrh_ledger_finish(&ledger);
    return 1;
}

int main(void)
{
    static const int decimals[] = {6, -1};

    for (size_t d = 0; d < 2; d++) {
        struct data data;

        if (!make_data(&data, decimals[d]))
            return 70;
        printf("%d features and a label, %s, %.0f bytes a record\n", FEATURES,
               decimals[d] < 0 ? "exact (up to 17 digits)" : "6 decimals",
               (double)data.at[RECORDS] / RECORDS);
        compare_ways(&data, decimals[d] < 0);
        free_data(&data);
    }
    printf("the rest of a record\n");
    compare_predictions();
    return compare_ledgers() && sink > 0 ? 0 : 70;
}
