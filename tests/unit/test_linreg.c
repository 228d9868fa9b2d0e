/* SPDX-License-Identifier: MIT
 *
 * The model through the public ABI: what training finds, predictions bit for bit against a
 * plain loop for many shapes of batches, files that come back as they were written, and a
 * sentence for every file that cannot be used.
 */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/options.h"
#include "plug.h"

static struct plug plug;
static char folder[256], path[300], settings[700];

static int make_folder(void)
{
    (void)snprintf(folder, sizeof folder, "%s", plug_folder());
    (void)snprintf(path, sizeof path, "%s/model.json", folder);
    return 0;
}

static int drop_folder(void)
{
    (void)unlink(path);
    return rmdir(folder); /* fails when something was left behind */
}

static const struct lr_model *model(void)
{
    return plug.plugin->ops;
}

static lr_status describe(struct lr_schema *schema)
{
    *schema = (struct lr_schema){.size = sizeof *schema};
    return model()->describe(plug.self, schema, &plug.err);
}

/* create, describe, start; the first status that is not OK. */
static lr_status begin(const char *text)
{
    struct lr_schema schema;
    lr_status status = plug_create(&plug, "linreg", LR_MODEL, text, 0, 1);

    if (status == LR_OK)
        status = describe(&schema);
    return status == LR_OK ? plug_start(&plug) : status;
}

static lr_status begin_with(const char *more)
{
    (void)snprintf(settings, sizeof settings, "%s=%s\n%s", strstr(more, "train") ? "save" : "load",
                   path, more);
    return begin(settings);
}

static void finish(void)
{
    plug_stop(&plug);
    plug_destroy(&plug);
}

static double predict_one(const double *x, uint32_t n)
{
    struct lr_batch batch = {.size = sizeof batch, .count = 1, .capacity = 1};
    double copy[16], out = NAN;

    memcpy(copy, x, n * sizeof *x);
    batch.x = copy;
    batch.n_features = batch.x_stride = n;
    batch.out = &out;
    batch.n_outputs = batch.out_stride = 1;
    CU_ASSERT_EQUAL(model()->predict(plug.self, &batch, &plug.err), LR_OK);
    return out;
}

/* ---- training --------------------------------------------------------------------------- */

static void test_mean(void)
{
    double x[12], sum = 0.0;

    CU_ASSERT_EQUAL_FATAL(begin(""), LR_OK);
    for (int j = 0; j < 12; j++)
        sum += x[j] = j * 0.7;
    CU_ASSERT_DOUBLE_EQUAL(predict_one(x, 12), sum / 12, 1e-3);
    /* R2 is 1 - noise^2 / 3 over the variance of a mean of 12 uniform numbers. */
    CU_ASSERT_PTR_NOT_NULL(plug_logged(&plug, "trained on 100000 records of 12 features in 0 ms: "
                                              "R2 0.99995"));
    CU_ASSERT_PTR_NOT_NULL(plug_logged(&plug, "MSE 3.3"));
    finish();
}

static void test_given_model(void)
{
    static const char *const ways[] = {"", "distribution=gaussian\n", "ridge=1e-6\n"};
    static const double zero[3] = {0, 0, 0}, ones[3] = {1, 1, 1}, third[3] = {0, 0, 1};

    for (int i = 0; i < 3; i++) {
        (void)snprintf(settings, sizeof settings,
                       "%sfeatures=3\nweights=0.5,-2,3.25\nbias=-7\nnoise=0\ntrain_records=1000",
                       ways[i]);
        CU_ASSERT_EQUAL_FATAL(begin(settings), LR_OK);
        CU_ASSERT_DOUBLE_EQUAL(predict_one(zero, 3), -7.0, 1e-6);
        CU_ASSERT_DOUBLE_EQUAL(predict_one(ones, 3), -7.0 + 1.75, 1e-6);
        CU_ASSERT_DOUBLE_EQUAL(predict_one(third, 3), -7.0 + 3.25, 1e-6);
        finish();
    }
}

/* One seed, one model, to the last bit, on every machine. */
static void test_pinned(void)
{
    static const double zero[3] = {0, 0, 0}, ones[3] = {1, 1, 1};

    CU_ASSERT_EQUAL_FATAL(begin("features=3\ntrain_records=1000"), LR_OK);
    CU_ASSERT_EQUAL(predict_one(zero, 3), -0x1.8529c88ee326fp-11);
    CU_ASSERT_EQUAL(predict_one(ones, 3), 0x1.ffaf71c63e9a6p-1);
    finish();
    CU_ASSERT_EQUAL_FATAL(begin("features=3\ntrain_records=1000\ndistribution=gaussian"), LR_OK);
    CU_ASSERT_EQUAL(predict_one(ones, 3), 0x1.ff0a9552f383ep-1);
    finish();
    CU_ASSERT_EQUAL_FATAL(begin("features=3\ntrain_records=1000\nseed=43"), LR_OK);
    CU_ASSERT_NOT_EQUAL(predict_one(zero, 3), -0x1.8529c88ee326fp-11);
    finish();
}

static void test_refused(void)
{
    CU_ASSERT_EQUAL(begin("features=3\ntrain_records=3"), LR_EDATA);
    CU_ASSERT_PTR_NOT_NULL(strstr(plug.err.text, "3 training records do not determine 3 weights"));
    finish();
    CU_ASSERT_EQUAL(begin("features=3\ntrain_records=3\nridge=0.1"), LR_OK);
    finish();
    CU_ASSERT_EQUAL(begin("features=3\nmax_condition=1"), LR_EDATA);
    CU_ASSERT_PTR_NOT_NULL(strstr(plug.err.text, "limit 1)"));
    finish();
    CU_ASSERT_EQUAL(begin("features=3\nweights=1,2"), LR_ECONFIG);
    finish();
    CU_ASSERT_EQUAL_FATAL(plug_create(&plug, "linreg", LR_MODEL, "", 0, 1), LR_OK);
    plug.stopping = 1;
    CU_ASSERT_EQUAL(plug_start(&plug), LR_EUNAVAILABLE);
    CU_ASSERT_STRING_EQUAL(plug.err.text, "stopped while training, after 0 of 100000 records");
    finish();
    plug_find("linreg", LR_MODEL)->destroy(NULL);
}

/* ---- predictions ------------------------------------------------------------------------ */

static uint64_t state = 1;

/* Of many magnitudes, so that another order or a fused step would show. */
static double number(void)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ldexp((double)(int64_t)(state >> 11) * 0x1p-52 - 1.0, (int)(state >> 40 & 15) - 8);
}

static double plain_loop(double bias, const double *w, const double *x, uint32_t n)
{
    volatile double p = bias, product; /* rounded at every step */

    for (uint32_t j = 0; j < n; j++) {
        product = w[j] * x[j];
        p = p + product;
    }
    return p;
}

static void write_model(double bias, const double *w, uint32_t n)
{
    FILE *file = fopen(path, "we");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    (void)fprintf(file, "{\"note\": \"by hand\", \"bias\": %.17g, \"weights\": [", bias);
    for (uint32_t j = 0; j < n; j++)
        (void)fprintf(file, "%s%.17g", j ? "," : "", w[j]);
    (void)fprintf(file, "], \"extra\": {\"unknown\": [null]}}");
    CU_ASSERT_EQUAL(fclose(file), 0);
}

static void test_predict_bits(void)
{
    static const uint32_t widths[] = {1, 3, 12, 100, 1000}, counts[] = {1, 7, 8, 9, 31, 64};

    for (size_t k = 0; k < 5; k++) {
        uint32_t n = widths[k];
        double *w = calloc(n, sizeof *w), bias = number();

        for (uint32_t j = 0; j < n; j++)
            w[j] = number();
        write_model(bias, w, n);
        CU_ASSERT_EQUAL_FATAL(begin_with(""), LR_OK);
        for (size_t c = 0; c < 18; c++) {
            uint32_t stride = n + (uint32_t)(c % 3) * 5, out_stride = 1 + (uint32_t)(c % 3);
            uint32_t count = counts[c / 3];
            double *x = calloc((size_t)count * stride, sizeof *x);
            double *out = calloc((size_t)count * out_stride, sizeof *out);
            struct lr_batch batch = {.size = sizeof batch,
                                     .count = count,
                                     .capacity = count,
                                     .x = x,
                                     .n_features = n,
                                     .x_stride = stride,
                                     .out = out,
                                     .n_outputs = 1,
                                     .out_stride = out_stride};

            for (size_t i = 0; i < (size_t)count * stride; i++)
                x[i] = number();
            CU_ASSERT_EQUAL(model()->predict(plug.self, &batch, &plug.err), LR_OK);
            for (uint32_t i = 0; i < count; i++) {
                double wanted = plain_loop(bias, w, x + (size_t)i * stride, n);

                CU_ASSERT_EQUAL(out[(size_t)i * out_stride], wanted);
                for (uint32_t gap = 1; gap < out_stride; gap++)
                    CU_ASSERT_EQUAL(out[(size_t)i * out_stride + gap], 0.0);
            }
            free(out);
            free(x);
        }
        finish();
        free(w);
    }
}

static void test_schema(void)
{
    static const double w[4] = {1, 2, 3, 4};
    struct lr_batch batch = {.size = sizeof batch, .n_features = 3};
    struct lr_schema schema;

    CU_ASSERT_EQUAL_FATAL(plug_create(&plug, "linreg", LR_MODEL, "", 0, 1), LR_OK);
    CU_ASSERT_EQUAL(model()->caps, LR_MODEL_EXACT);
    CU_ASSERT_EQUAL(describe(&schema), LR_OK);
    CU_ASSERT(schema.n_features == 12 && schema.n_outputs == 1);
    CU_ASSERT_STRING_EQUAL(schema.output_names[0], "prediction");
    CU_ASSERT_STRING_EQUAL(schema.feature_names[11], "f11");
    finish();
    write_model(0, w, 4);
    (void)snprintf(settings, sizeof settings, "load=%s", path);
    CU_ASSERT_EQUAL_FATAL(plug_create(&plug, "linreg", LR_MODEL, settings, 0, 1), LR_OK);
    CU_ASSERT_EQUAL(describe(&schema), LR_OK); /* known before start */
    CU_ASSERT_EQUAL(schema.n_features, 4);
    CU_ASSERT_STRING_EQUAL(schema.feature_names[3], "f3");
    CU_ASSERT_EQUAL(plug_start(&plug), LR_OK);
    CU_ASSERT_EQUAL(model()->predict(plug.self, &batch, &plug.err), LR_EINTERNAL);
    finish();
    CU_ASSERT_EQUAL(begin_with("features=4"), LR_OK);
    finish();
    CU_ASSERT_EQUAL(begin_with("features=5"), LR_ECONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(plug.err.text, "has 4 weights, but features = 5;"));
    finish();
}

/* ---- files ------------------------------------------------------------------------------ */

/* What was trained predicts the same bits as what is loaded again. */
static void test_round_trip(void)
{
    double x[50][3], before[50];

    CU_ASSERT_EQUAL_FATAL(begin_with("features=3\ntrain_records=100\nseed=7\nnoise=0.5"), LR_OK);
    for (int i = 0; i < 50; i++) {
        for (int j = 0; j < 3; j++)
            x[i][j] = number();
        before[i] = predict_one(x[i], 3);
    }
    finish();
    CU_ASSERT_STRING_EQUAL(plug_json(path, "features"), "3");
    CU_ASSERT_STRING_EQUAL(plug_json(path, "seed"), "7");
    CU_ASSERT_STRING_EQUAL(plug_json(path, "noise"), "0.5");
    CU_ASSERT_PTR_NOT_NULL(strstr(plug_json(path, "note"), "100 uniform random vectors"));
    CU_ASSERT_EQUAL_FATAL(begin_with("features=3\nseed=99"), LR_OK);
    CU_ASSERT_PTR_NOT_NULL(plug_logged(&plug, "loaded 3 weights from"));
    CU_ASSERT_PTR_NULL(plug_logged(&plug, "trained"));
    for (int i = 0; i < 50; i++)
        CU_ASSERT_EQUAL(predict_one(x[i], 3), before[i]);
    finish();
}

static void test_save_fails(void)
{
    (void)snprintf(settings, sizeof settings, "train_records=100\nsave=%s/none/m.json", folder);
    CU_ASSERT_EQUAL(begin(settings), LR_EUNAVAILABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(plug.err.text, "cannot be created: No such file"));
    finish();
    /* A folder is in its place: nothing is left beside it, or drop_folder fails. */
    (void)unlink(path);
    CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
    CU_ASSERT_EQUAL(begin_with("train_records=100"), LR_EUNAVAILABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(plug.err.text, "cannot be written: Is a directory"));
    finish();
    CU_ASSERT_EQUAL(rmdir(path), 0);
}

static const struct {
    const char *text, *sentence;
} bad_files[] = {
    {"", "not valid JSON"},
    {"{", "not valid JSON"},
    {"{\"bias\": 1, \"weights\": [1]} x", "not valid JSON: end of file expected"},
    {"{\"bias\": NaN, \"weights\": [1]}", "line 1, column 12: not valid JSON"},
    {"{\"bias\": 1e999, \"weights\": [1]}", "real number overflow"},
    {"{\"bias\": 1, \"weights\": [1, Infinity]}", "JSON has no number of that name"},
    {"{\"bias\": 1, \"bias\": 2, \"weights\": [1]}", "duplicate object key"},
    {"[1, 2]", "the file holds an array; it must be an object"},
    {"3", "the file holds a number; it must be an object"},
    {"{\"weights\": [1]}", "the key \"bias\" is missing"},
    {"{\"bias\": \"1\", \"weights\": [1]}", "\"bias\" is a string; it must be a number"},
    {"{\"bias\": null, \"weights\": [1]}", "\"bias\" is null; it must be a number"},
    {"{\"bias\": 1}", "the key \"weights\" is missing"},
    {"{\"bias\": 1, \"weights\": 1}", "\"weights\" is a number; it must be an array"},
    {"{\"bias\": 1, \"weights\": {}}", "\"weights\" is an object; it must be an array"},
    {"{\"bias\": 1, \"weights\": []}", "\"weights\" has 0 numbers"},
    {"{\"bias\": 1, \"weights\": [1, true]}", "weight 1 is true or false; it must be a number"},
    {"{\"bias\": 1, \"weights\": [[1]]}", "weight 0 is an array; it must be a number"},
    {"{\"bias\": 1, \"weights\": [1], \"features\": 2}", "says 2, but there are 1 weights"},
    {"{\"bias\": 1, \"weights\": [1], \"features\": 1.5}", "is a fraction; it must be a whole"},
    {"{\"bias\": 1, \"weights\": [1], \"features\": \"1\"}", "is a string; it must be a whole"},
};

static void test_bad_files(void)
{
    for (size_t i = 0; i < sizeof bad_files / sizeof bad_files[0]; i++) {
        plug_save(path, bad_files[i].text, strlen(bad_files[i].text));
        CU_ASSERT_EQUAL(begin_with(""), LR_EDATA);
        if (!strstr(plug.err.text, bad_files[i].sentence)) {
            (void)fprintf(stderr, "%s\n  gave: %s\n", bad_files[i].text, plug.err.text);
            CU_FAIL("another sentence");
        }
        CU_ASSERT_PTR_NOT_NULL(strstr(plug.err.text, "model file '"));
        CU_ASSERT_PTR_NOT_NULL(strstr(plug.err.text, path));
        finish();
    }
    CU_ASSERT_EQUAL(unlink(path), 0);
    CU_ASSERT_EQUAL(begin_with(""), LR_EUNAVAILABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(plug.err.text, "cannot be opened: No such file"));
    finish();
    (void)snprintf(settings, sizeof settings, "load=%s", folder);
    CU_ASSERT_EQUAL(begin(settings), LR_EUNAVAILABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(plug.err.text, "it is a folder, not a file"));
    finish();
}

/* ---- check ------------------------------------------------------------------------------ */

static char told[700];

static void note(void *ctx, const char *option, const char *message)
{
    (void)ctx;
    (void)snprintf(told + strlen(told), sizeof told - strlen(told), "%s: %s|", option, message);
}

static void touches(void *ctx, int32_t direction, const char *resource, uint32_t flags)
{
    (void)flags;
    note(ctx, direction == LR_READS ? "reads" : "writes", resource);
}

static const char *judged(const char *text)
{
    const struct lr_report report = {
        .size = sizeof report, .problem = note, .warning = note, .touches = touches};

    told[0] = '\0';
    (void)plug_create(&plug, "linreg", LR_MODEL, text, 0, 1);
    plug.plugin->check(lrh_settings_values(plug.settings), 1, &report);
    plug_destroy(&plug);
    return told;
}

static void test_check(void)
{
    CU_ASSERT_STRING_EQUAL(judged(""), "");
    CU_ASSERT_STRING_EQUAL(judged("features=3\nweights=1,2"),
                           "weights: 2 weights are given for 3 features; give one for each|");
    CU_ASSERT_STRING_EQUAL(judged("bias=3"), "bias: bias is given without weights; the two "
                                             "together are the true model|");
    CU_ASSERT_STRING_EQUAL(judged("train_records=12"),
                           "train_records: 12 training records do not determine 12 weights and a "
                           "bias; give at least 13, or set ridge to a small number above 0|");
    CU_ASSERT_STRING_EQUAL(judged("train_records=12\nridge=1"), "");
    CU_ASSERT_PTR_NOT_NULL(strstr(judged("features=5000"), "features: training takes at most"));
    CU_ASSERT_STRING_EQUAL(judged("features=5000\nload=/m.json"), "reads: file:/m.json|");
    CU_ASSERT_STRING_EQUAL(judged("save=/m.json"), "writes: file:/m.json|");
    CU_ASSERT_PTR_NOT_NULL(
        strstr(judged("load=/m\nsave=/n"), "save: with load nothing is trained"));
    CU_ASSERT_PTR_NOT_NULL(strstr(judged("load=/m\nbias=1"), "bias: not used"));
}

int main(int argc, char **argv)
{
    CU_TestInfo training[] = {{"mean", test_mean},
                              {"given model", test_given_model},
                              {"pinned", test_pinned},
                              {"refused", test_refused},
                              CU_TEST_INFO_NULL};
    CU_TestInfo predictions[] = {
        {"bits", test_predict_bits}, {"schema", test_schema}, CU_TEST_INFO_NULL};
    CU_TestInfo files[] = {{"round trip", test_round_trip},
                           {"save fails", test_save_fails},
                           {"bad files", test_bad_files},
                           CU_TEST_INFO_NULL};
    CU_TestInfo check[] = {{"sentences", test_check}, CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"training", NULL, NULL, NULL, NULL, training},
                             {"predictions", make_folder, drop_folder, NULL, NULL, predictions},
                             {"files", make_folder, drop_folder, NULL, NULL, files},
                             {"check", NULL, NULL, NULL, NULL, check},
                             CU_SUITE_INFO_NULL};

    return unit_main(suites, argc, argv);
}
