/* SPDX-License-Identifier: MIT
 *
 * The text codec through its public descriptor, with a host that only notes bad records. Every
 * record is read from memory that ends with it. A decoded record is compared as one line of text:
 * "1,2,3;2" (features;label), or "reason: message".
 */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fake_settings.h"

#define RECORDS 8
#define FEATURES 3
#define STRIDE 5 /* wider than the row, on purpose */
#define LINE 600

extern const struct lr_module *lrhost_module_v1(uint32_t host_abi);

static const struct lr_plugin *plugin;
static const struct lr_codec *codec;

struct fixture {
    struct lr_host host;
    struct fake_settings settings;
    struct lr_error err;
    struct lr_schema schema;
    struct lr_batch batch;
    void *self;
    uint32_t given;
    uint32_t n_bad;
    char bad[RECORDS][LINE];
    char *values[RECORDS];
    struct lr_record records[RECORDS];
    struct lr_bytes encoded[RECORDS];
    double x[RECORDS * STRIDE], out[RECORDS * 2], y[RECORDS];
    int64_t t0[RECORDS], t1[RECORDS];
};

static struct fixture f;

static void note_bad(void *ctx, uint32_t index, const char *reason, const char *message)
{
    struct fixture *fixture = ctx;

    fixture->n_bad++;
    CU_ASSERT_FATAL(index < RECORDS);
    (void)snprintf(fixture->bad[index], LINE, "%s: %s", reason, message);
}

static void finish(void)
{
    for (int i = 0; i < RECORDS; i++) {
        free(f.values[i]);
        f.values[i] = NULL;
    }
    if (plugin)
        plugin->destroy(f.self);
    f.self = NULL;
}

/* `features`: of the model; 0: no model. */
static lr_status start(const char *settings, uint32_t features, uint32_t outputs, uint32_t wanted)
{
    static const char *const names[FEATURES] = {"width", "height", "depth"};
    lr_status status;

    finish();
    memset(&f, 0, sizeof f);
    f.host = (struct lr_host){.size = sizeof f.host, .abi = 1, .ctx = &f, .bad_record = note_bad};
    f.err.size = sizeof f.err;
    f.schema = (struct lr_schema){.size = sizeof f.schema,
                                  .n_features = features,
                                  .n_outputs = outputs,
                                  .feature_names = features == FEATURES ? names : NULL};
    fake_settings(&f.settings, plugin, settings);
    status = plugin->create(&f.host, f.settings.values, &f.self, &f.err);
    if (status == LR_OK)
        status = codec->bind(f.self, &f.schema, wanted, features != 0, &f.given, &f.err);
    f.batch = (struct lr_batch){.size = sizeof f.batch,
                                .record_size = sizeof *f.records,
                                .capacity = RECORDS,
                                .records = f.records,
                                .x = f.x,
                                .n_features = f.schema.n_features,
                                .x_stride = STRIDE,
                                .out = f.out,
                                .n_outputs = f.schema.n_outputs,
                                .out_stride = 2,
                                .y = f.y,
                                .t0 = f.t0,
                                .t1 = f.t1,
                                .read_ns = 1700000000123456789,
                                .t2_ns = 1700000000999999999,
                                .encoded = f.encoded};
    return status;
}

static void add_bytes(const char *value, size_t len, uint32_t flags)
{
    uint32_t i = f.batch.count++;

    CU_ASSERT_FATAL(i < RECORDS);
    f.values[i] = malloc(len ? len : 1);
    memcpy(f.values[i], value, len);
    f.records[i] = (struct lr_record){.value = flags & LR_RECORD_NULL ? NULL : f.values[i],
                                      .value_len = (uint32_t)len,
                                      .flags = flags};
    f.t0[i] = -1;
    f.t1[i] = f.batch.read_ns;
    for (int j = 0; j < STRIDE; j++)
        f.x[i * STRIDE + (uint32_t)j] = 77;
    f.y[i] = f.out[2 * i] = f.out[2 * i + 1] = 77;
}

static void add(const char *value)
{
    add_bytes(value, strlen(value), 0);
}

static void decode(void)
{
    f.n_bad = 0;
    CU_ASSERT_EQUAL(codec->decode(f.self, &f.batch, &f.err), LR_OK);
    for (uint32_t i = 0; i < f.batch.count; i++) /* nothing beyond the row is touched */
        for (uint32_t j = f.schema.n_features; j < STRIDE; j++)
            CU_ASSERT_EQUAL(f.x[i * STRIDE + j], 77);
}

/* "1,2,3;2" or "reason: message" */
static const char *line(uint32_t i)
{
    static char text[LINE];
    size_t n = 0;

    if (f.bad[i][0])
        return f.bad[i];
    for (uint32_t j = 0; j < f.schema.n_features; j++)
        n += (size_t)snprintf(text + n, LINE - n, "%.17g,", f.x[i * STRIDE + j]);
    n -= n > 0;
    (void)snprintf(text + n, LINE - n, isnan(f.y[i]) ? ";-" : ";%.17g", f.y[i]);
    return text;
}

static int same(const char *actual, const char *expected)
{
    if (strcmp(actual, expected) == 0)
        return 1;
    printf("\nis:     %s\nshould: %s\n", actual, expected);
    return 0;
}

/* ---- decoding --------------------------------------------------------------------------- */

struct line_case {
    const char *settings;
    const char *value;
    const char *expected;
};

static void run_lines(const struct line_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        CU_ASSERT_EQUAL(start(cases[i].settings, FEATURES, 1, LR_COLUMN_FEATURES), LR_OK);
        add(cases[i].value);
        decode();
        CU_ASSERT(same(line(0), cases[i].expected));
        if (f.bad[0][0])
            CU_ASSERT(f.x[0] == 0 && f.x[1] == 0 && f.x[2] == 0 && isnan(f.y[0]));
    }
}

static void test_good(void)
{
    static const struct line_case cases[] = {
        {"", "1.0,2.0,3.0;2.0", "1,2,3;2"},
        {"", "1,-2e1,+.5;-7", "1,-20,0.5;-7"},
        {"", "1,2,3", "1,2,3;-"},
        {"", "1,2,3;", "1,2,3;-"},
        {"", "1,2,3; ", "1,2,3;-"},
        {"", "1,2,3;4\r", "1,2,3;4"},
        {"", "1,2,3;4\r\n", "1,2,3;4"},
        {"", "1,2,3\n", "1,2,3;-"},
        {"", "1,2,3;\r\n", "1,2,3;-"},
        {"", " 1 ,\t2,3 ; 4 ", "1,2,3;4"},
        {"", "1,2,3 ;4", "1,2,3;4"},
        {"", "0.1,1e-320,123456789.123456789;1.7976931348623157e308",
         "0.10000000000000001,9.9998886718268301e-321,123456789.12345679;1.7976931348623157e+308"},
        {"columns=features", "1,2,3", "1,2,3;-"},
        {"columns=label,features", "4;1,2,3", "1,2,3;4"},
        {"columns=label,features", "1,2,3", "1,2,3;-"},
        {"columns=label,features", ";1,2,3", "1,2,3;-"},
        {"columns=features,label,t2", "1,2,3;4;what", "1,2,3;4"},
        {"columns=features,label,prediction", "1,2,3;4;of an earlier run", "1,2,3;4"},
        {"columns=features,label,prediction", "1,2,3;5", "1,2,3;-"},
        {"separator=tab&feature_separator=space", "1 2 3\t4", "1,2,3;4"},
        {"separator=tab", "1 , 2,3\t 4", "1,2,3;4"},
        {"separator=space", "\t1,2\t,3 4", "1,2,3;4"},
        {"separator=pipe&feature_separator=semicolon", "1;2;3|4", "1,2,3;4"},
        {"separator=,&feature_separator=:", "1:2:3,4", "1,2,3;4"},
        {"features=3", "1,2,3;4", "1,2,3;4"},
        {"allow_non_finite=yes", "nan,-Inf,+INFINITY;1e999", "nan,-inf,inf;inf"},
        {"allow_non_finite=yes", "NaN,2,3;NaN", "nan,2,3;-"},
        {"max_record_bytes=7", "1,2,3;4", "1,2,3;4"},
    };

    run_lines(cases, sizeof cases / sizeof *cases);
}

static void test_bad(void)
{
    static const struct line_case cases[] = {
        {"", "", "parse: width is empty"},
        {"", ",2,3;4", "parse: width is empty"},
        {"", "1, ,3;4", "parse: height is empty"},
        {"", "1,2,;4", "parse: depth is empty"},
        {"", "1,2,x;4", "parse: depth: 'x' is not a decimal number"},
        {"", "1,2 2,3;4", "parse: height: '2 2' is not a decimal number"},
        {"", "1d,2,3;4", "parse: width: '1d' is not a decimal number"},
        {"", "1.5f,2,3;4", "parse: width: '1.5f' is not a decimal number"},
        {"", "0x10,2,3;4", "parse: width: '0x10' is not a decimal number"},
        {"", "0x1p3,2,3;4", "parse: width: '0x1p3' is not a decimal number"},
        {"", "1_000,2,3;4", "parse: width: '1_000' is not a decimal number"},
        {"", "1e,2,3;4", "parse: width: '1e' is not a decimal number"},
        {"", "--1,2,3;4", "parse: width: '--1' is not a decimal number"},
        {"", "nan(1),2,3;4", "parse: width: 'nan(1)' is not a decimal number"},
        {"", "1,2,3;4x", "parse: label: '4x' is not a decimal number"},
        {"", "1,2,3;4,5", "parse: label: '4,5' is not a decimal number"},
        {"", "1,2,3;4\r\r", "parse: label: '4\\x0d' is not a decimal number"},
        {"", "a'b\\c\x01\xc3\xa9,2,3",
         "parse: width: 'a\\x27b\\x5cc\\x01\\xc3\\xa9' is not a decimal number"},
        {"", "123456789012345678901234567890x,2,3",
         "parse: width: '123456789012345678901234...' is not a decimal number"},
        {"", "1,2,3;4;5", "parse: more columns than expected: features, label"},
        {"", "1,2,3;4;", "parse: more columns than expected: features, label"},
        {"columns=features", "1,2,3;4", "parse: more columns than expected: features"},
        {"columns=features,label,t1", "1,2,3",
         "parse: 1 column, but expected: features, label, t1"},
        {"columns=features,label,t0,t1", "1,2,3;4",
         "parse: 2 columns, but expected: features, label, t0, t1"},
        {"columns=features,t1", "1,2,3;1.5",
         "parse: t1: '1.5' is not a time in whole milliseconds"},
        {"columns=features,t1&t1=ns", "1,2,3;", "parse: t1 is empty"},
        {"columns=features,t1", "1,2,3;9223372036854775807",
         "parse: t1: '9223372036854775807' is not a time in whole milliseconds"},
        {"columns=features,t0&t1=ns", "1,2,3;now",
         "parse: t0: 'now' is not a time in whole nanoseconds"},
        {"", "1,2;4", "features: 2 features, but expected: 3"},
        {"", "1;4", "features: 1 feature, but expected: 3"},
        {"", "1,2,3,4;4", "features: 4 features, but expected: 3"},
        {"", "1,2,3,;4", "features: 4 features, but expected: 3"},
        {"", "nan,2,3;4", "not_finite: width: 'nan' is not a finite number"},
        {"", "1,-Infinity,3;4", "not_finite: height: '-Infinity' is not a finite number"},
        {"", "1,2,1e309;4", "not_finite: depth: '1e309' is not a finite number"},
        {"", "1,2,3;-1e999", "not_finite: label: '-1e999' is not a finite number"},
        {"", "1,2,3;NaN", "not_finite: label: 'NaN' is not a finite number"},
        {"max_record_bytes=6", "1,2,3;4", "size: 7 bytes, but max_record_bytes is 6"},
    };

    run_lines(cases, sizeof cases / sizeof *cases);
}

/* Features without names are called f0, f1, ... */
static void test_unnamed(void)
{
    CU_ASSERT_EQUAL(start("features=2", 0, 0, LR_COLUMN_FEATURES), LR_OK);
    CU_ASSERT_EQUAL(f.schema.n_features, 2);
    add("1,x");
    add("1,2;3");
    decode();
    CU_ASSERT(same(line(0), "parse: f1: 'x' is not a decimal number"));
    CU_ASSERT(same(line(1), "1,2;3"));
}

/* A NUL byte is a byte like any other; NULL and BAD records are not looked at. */
static void test_flags(void)
{
    CU_ASSERT_EQUAL(start("", FEATURES, 1, LR_COLUMN_FEATURES), LR_OK);
    add_bytes("1,2,3;4", 7, LR_RECORD_NULL);
    add_bytes("junk", 4, LR_RECORD_BAD);
    add_bytes("1,2,3\0;4", 8, 0);
    add("5,6,7;8");
    f.records[0].value_len = 0;
    decode();
    CU_ASSERT_EQUAL(f.n_bad, 1);
    CU_ASSERT(same(line(0), "0,0,0;-"));
    CU_ASSERT(same(line(1), "0,0,0;-"));
    CU_ASSERT(same(line(2), "parse: depth: '3\\x00' is not a decimal number"));
    CU_ASSERT(same(line(3), "5,6,7;8"));
    CU_ASSERT_EQUAL(codec->encode_bound(f.self, &f.batch) >= 20, 1);
}

/* A listener: features are passed over unread, times and predictions are taken. */
static void test_listener(void)
{
    const char *columns = "columns=features,label,prediction,t1";

    CU_ASSERT_EQUAL(start(columns, 0, 0, LR_COLUMN_LABEL | LR_COLUMN_OUTPUTS | LR_COLUMN_T1),
                    LR_OK);
    CU_ASSERT_EQUAL(f.given, LR_COLUMN_LABEL | LR_COLUMN_OUTPUTS | LR_COLUMN_T1);
    CU_ASSERT_EQUAL(f.schema.n_features, 0);
    CU_ASSERT_EQUAL(f.schema.n_outputs, 1);
    f.batch.x = NULL;
    add("not,read;2.5;2.25;1700000000123");
    add("1,2;2.25;1700000000124");
    add("1,2;3;2.25;-5");
    add("1,2;3;;4");
    add("1,2;3;1,2;4");
    add("1,2;3;1;4;5");
    f.n_bad = 0;
    CU_ASSERT_EQUAL(codec->decode(f.self, &f.batch, &f.err), LR_OK);
    CU_ASSERT(f.y[0] == 2.5 && f.out[0] == 2.25 && f.t1[0] == 1700000000123000000);
    CU_ASSERT(isnan(f.y[1]) && f.out[2] == 2.25 && f.t1[1] == 1700000000124000000);
    CU_ASSERT(f.y[2] == 3 && f.t1[2] == -1);
    CU_ASSERT_EQUAL(f.n_bad, 3);
    CU_ASSERT(same(f.bad[3], "parse: prediction is empty"));
    CU_ASSERT(same(f.bad[4], "parse: prediction: '1,2' is not a decimal number"));
    CU_ASSERT(same(f.bad[5], "parse: more columns than expected: features, label, prediction, t1"));
    CU_ASSERT(f.out[6] == 0);
}

static void test_listener_times(void)
{
    const char *settings = "columns=features,prediction,t0,t1,t2&t1=ns&outputs=2";

    CU_ASSERT_EQUAL(start(settings, 0, 0, LR_COLUMN_OUTPUTS | LR_COLUMN_T0), LR_OK);
    CU_ASSERT_EQUAL(f.given, LR_COLUMN_OUTPUTS | LR_COLUMN_T0 | LR_COLUMN_T1);
    CU_ASSERT_EQUAL(f.schema.n_outputs, 2);
    add("1;2.5,-3;1700000000000000001; 1700000000000000002 ;0");
    add("1;2.5;1;2;3");
    decode();
    CU_ASSERT(f.out[0] == 2.5 && f.out[1] == -3);
    CU_ASSERT(f.t0[0] == 1700000000000000001 && f.t1[0] == 1700000000000000002);
    CU_ASSERT(same(f.bad[1], "parse: prediction: 1 value, but expected: 2"));
}

/* ---- encoding --------------------------------------------------------------------------- */

static int encodes_as(uint32_t i, const char *expected)
{
    char text[LINE];

    (void)snprintf(text, sizeof text, "%.*s", (int)f.encoded[i].len,
                   f.encoded[i].data ? (const char *)f.encoded[i].data : "(null)");
    return same(text, expected) && f.encoded[i].len == strlen(expected);
}

/* In memory of exactly the bound; the caller frees it. */
static void *encode(void)
{
    size_t bound = codec->encode_bound(f.self, &f.batch);
    void *memory = malloc(bound ? bound : 1);

    CU_ASSERT_EQUAL(codec->encode(f.self, &f.batch, memory, bound, &f.err), LR_OK);
    return memory;
}

static void test_encode(void)
{
    static const struct {
        const char *settings;
        uint32_t features, outputs;
        const char *value;
        const char *expected;
    } cases[] = {
        {"", 3, 1, "1.0,2.0,3.0;2.0", "1.0,2.0,3.0;2.0;2.0000123;1700000000123"},
        {"", 3, 1, " 1,2,3 ", " 1,2,3 ;2.0000123;1700000000123"},
        {"", 3, 1, "1,2,3;4\r\n", "1,2,3;4;2.0000123;1700000000123"},
        {"", 3, 1, "1,2,3;4\r", "1,2,3;4;2.0000123;1700000000123"},
        {"", 3, 1, "", ";2.0000123;1700000000123"},
        {"", 3, 2, "1", "1;2.0000123,-0.5;1700000000123"},
        {"t1=ns", 3, 1, "1", "1;2.0000123;1700000000123456789"},
        {"append=none", 3, 1, "1,2,3\r\n", "1,2,3\r\n"},
        {"append=prediction", 3, 1, "1", "1;2.0000123"},
        {"append=t1,t0,prediction,t2", 3, 1, "1", "1;-1;2.0000123;1700000000999;1700000000123"},
        {"separator=tab&feature_separator=pipe", 3, 2, "1", "1\t2.0000123|-0.5\t1700000000123"},
        {"", 0, 0, "any\r\n", "any\r\n"},
        {"append=t1", 0, 0, "any\r\n", "any;1700000000123"},
        {"append=t0,t1&t1=ns", 0, 0, "any", "any;-1;1700000000123456789"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        void *memory;

        CU_ASSERT_EQUAL(start(cases[i].settings, cases[i].features, cases[i].outputs, 0), LR_OK);
        add(cases[i].value);
        f.out[0] = 2.0000123;
        f.out[1] = -0.5;
        memory = encode();
        CU_ASSERT(encodes_as(0, cases[i].expected));
        free(memory);
    }
}

/* A changing time, records that have no output, and memory that is too small. */
static void test_encode_batch(void)
{
    void *memory;

    CU_ASSERT_EQUAL(start("", FEATURES, 1, LR_COLUMN_FEATURES), LR_OK);
    add("a");
    add_bytes("", 0, LR_RECORD_NULL);
    add("b");
    add_bytes("junk", 4, LR_RECORD_BAD);
    add("c");
    add("d");
    f.t1[2] += 1000000;
    f.t1[5] = -1;
    for (uint32_t i = 0; i < RECORDS; i++)
        f.out[2 * i] = i;
    memory = encode();
    CU_ASSERT(encodes_as(0, "a;0.0;1700000000123"));
    CU_ASSERT(f.encoded[1].data == NULL && f.encoded[1].len == 0);
    CU_ASSERT(encodes_as(2, "b;2.0;1700000000124"));
    CU_ASSERT(f.encoded[3].data == NULL && f.encoded[3].len == 0);
    CU_ASSERT(encodes_as(4, "c;4.0;1700000000123"));
    CU_ASSERT(encodes_as(5, "d;5.0;-1"));
    CU_ASSERT_EQUAL(codec->encode(f.self, &f.batch, memory, 60, &f.err), LR_EINTERNAL);
    free(memory);
}

/* The longest values there are fit into the bound. */
static void test_encode_bound(void)
{
    void *memory;

    CU_ASSERT_EQUAL(start("append=prediction,t0,t2,t1&t1=ns", FEATURES, 2, 0), LR_OK);
    for (int i = 0; i < RECORDS; i++)
        add("1");
    for (uint32_t i = 0; i < RECORDS; i++) {
        f.out[2 * i] = f.out[2 * i + 1] = -1.7976931348623157e-308;
        f.t0[i] = f.t1[i] = INT64_MAX - i;
    }
    f.batch.t2_ns = INT64_MAX;
    memory = encode();
    CU_ASSERT(encodes_as(7, "1;-1.7976931348623155e-308,-1.7976931348623155e-308;"
                            "9223372036854775800;9223372036854775807;9223372036854775800"));
    free(memory);
}

/* ---- settings and bind ------------------------------------------------------------------ */

static void test_refused(void)
{
    static const struct {
        const char *settings;
        uint32_t features, wanted;
        const char *expected;
    } cases[] = {
        {"separator=ab", 3, 0,
         "separator: 'ab' is not one character (write it, or its name: comma, semicolon, tab, "
         "space, colon, pipe)"},
        {"separator=", 3, 0,
         "separator: '' is not one character (write it, or its name: comma, semicolon, tab, space, "
         "colon, pipe)"},
        {"feature_separator=5", 3, 0,
         "feature_separator: '5' can be part of a number and cannot separate numbers"},
        {"feature_separator=.", 3, 0,
         "feature_separator: '.' can be part of a number and cannot separate numbers"},
        {"feature_separator=;", 3, 0,
         "separator: the same as feature_separator: columns and features could not be told apart"},
        {"columns=", 3, 0, "columns: names no column; write for example: features, label"},
        {"columns=features,lable", 3, 0,
         "columns: 'lable' is not a column (features, label, prediction, t0, t1, t2)"},
        {"columns=features,t1,t1", 3, 0, "columns: 't1' is there twice"},
        {"append=label", 3, 0,
         "append: 'label' cannot be appended: it stands in the input (prediction, t0, t1, t2, or "
         "none)"},
        {"append=t1,t1", 3, 0, "append: 't1' is there twice"},
        {"append=t1,t3", 3, 0,
         "append: 't3' is not a column (features, label, prediction, t0, t1, t2)"},
        {"append=prediction", 0, 0,
         "append names prediction, but without a model nothing is scored; take it out, or add a "
         "[model] section"},
        {"append=t2", 0, 0,
         "append names t2, but without a model nothing is scored; take it out, or add a [model] "
         "section"},
        {"features=4", 3, 0,
         "features = 4, but the model takes 3; leave features out, or train the model for 4"},
        {"", 0, LR_COLUMN_FEATURES,
         "features are wanted, and without a model nobody knows how many there are; set features "
         "to the number that a record has"},
        {"columns=label", 3, LR_COLUMN_FEATURES,
         "features are wanted, but columns does not name them; add features to columns where they "
         "stand in a record"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CU_ASSERT_EQUAL(start(cases[i].settings, cases[i].features, 1, cases[i].wanted),
                        LR_ECONFIG);
        CU_ASSERT(same(f.err.text, cases[i].expected));
    }
}

static char told[LINE];

static void tell(void *ctx, const char *option, const char *message)
{
    (void)message;
    (void)snprintf(told + strlen(told), LINE - strlen(told), "%s ", option);
    ++*(int *)ctx;
}

/* check tells every mistake, where create tells one. */
static void test_check(void)
{
    int count = 0;
    struct lr_report report = {sizeof report, 0, &count, tell, tell, NULL};
    struct fake_settings settings;

    told[0] = '\0';
    fake_settings(&settings, plugin,
                  "separator=xx&feature_separator=-&columns=a,features,b&append=features");
    plugin->check(settings.values, 1, &report);
    CU_ASSERT_EQUAL(count, 5);
    CU_ASSERT(same(told, "separator feature_separator columns columns append "));
    count = 0;
    fake_settings(&settings, plugin, "");
    plugin->check(settings.values, 1, &report);
    CU_ASSERT_EQUAL(count, 0);
}

static void test_given(void)
{
    CU_ASSERT_EQUAL(start("", FEATURES, 1, LR_COLUMN_FEATURES), LR_OK);
    CU_ASSERT_EQUAL(f.given, LR_COLUMN_FEATURES | LR_COLUMN_LABEL);
    CU_ASSERT_EQUAL(start("columns=features,label,prediction,t0,t2", FEATURES, 1,
                          LR_COLUMN_FEATURES | LR_COLUMN_OUTPUTS | LR_COLUMN_T1 | LR_COLUMN_T2),
                    LR_OK);
    CU_ASSERT_EQUAL(f.given, LR_COLUMN_FEATURES | LR_COLUMN_LABEL | LR_COLUMN_T0);
    CU_ASSERT_EQUAL(start("columns=t1", 0, 0, LR_COLUMN_LABEL | LR_COLUMN_OUTPUTS), LR_OK);
    CU_ASSERT_EQUAL(f.given, LR_COLUMN_T1);
    CU_ASSERT_EQUAL(start("", 0, 0, 0), LR_OK);
    CU_ASSERT_EQUAL(f.given, LR_COLUMN_LABEL);
    CU_ASSERT_EQUAL(f.schema.n_features, 0);
    CU_ASSERT_EQUAL(start("features=7", 0, 0, 0), LR_OK);
    CU_ASSERT_EQUAL(f.schema.n_features, 7);
}

static void test_descriptor(void)
{
    const struct lr_module *module = lrhost_module_v1(LRHOST_ABI);

    CU_ASSERT_PTR_NULL(lrhost_module_v1(0));
    CU_ASSERT_STRING_EQUAL(module->name, "text");
    CU_ASSERT_EQUAL(plugin->kind, LR_CODEC);
    CU_ASSERT_STRING_EQUAL(plugin->name, "text");
}

int main(int argc, char **argv)
{
    CU_TestInfo decoding[] = {
        {"good", test_good},   {"bad", test_bad},           {"unnamed", test_unnamed},
        {"flags", test_flags}, {"listener", test_listener}, {"listener times", test_listener_times},
        CU_TEST_INFO_NULL};
    CU_TestInfo encoding[] = {{"values", test_encode},
                              {"batch", test_encode_batch},
                              {"bound", test_encode_bound},
                              CU_TEST_INFO_NULL};
    CU_TestInfo settings[] = {{"refused", test_refused},
                              {"check", test_check},
                              {"given", test_given},
                              {"descriptor", test_descriptor},
                              CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"decode", NULL, NULL, NULL, NULL, decoding},
                             {"encode", NULL, NULL, NULL, NULL, encoding},
                             {"settings", NULL, NULL, NULL, NULL, settings},
                             CU_SUITE_INFO_NULL};
    int code;

    plugin = lrhost_module_v1(LRHOST_ABI)->plugins[0];
    codec = plugin->ops;
    code = unit_main(suites, argc, argv);
    finish();
    return code;
}
