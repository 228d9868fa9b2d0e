/* SPDX-License-Identifier: MIT
 *
 * The text codec, bytes to columns. A decoded record is compared as one line of text: "1,2,3;2"
 * (features;label), or "reason: message".
 */
#include <math.h>

#include "codec_rig.h"

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

int main(int argc, char **argv)
{
    CU_TestInfo decoding[] = {
        {"good", test_good},   {"bad", test_bad},           {"unnamed", test_unnamed},
        {"flags", test_flags}, {"listener", test_listener}, {"listener times", test_listener_times},
        CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"decode", NULL, NULL, NULL, NULL, decoding}, CU_SUITE_INFO_NULL};

    return codec_main(suites, argc, argv);
}
