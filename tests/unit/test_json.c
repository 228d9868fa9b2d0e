/* SPDX-License-Identifier: MIT
 *
 * The JSON codec, bytes to columns: which records are good, what their numbers are, and what is
 * said about the others.
 */
#include "codec_rig.h"

#include <math.h>

#include "plugins/json/json.h"

/* "1 2 3; 4", or what is said about the record. */
static const char *decoded(const char *value)
{
    static char text[LINE];

    f.batch.count = 0;
    free(f.values[0]);
    add(value);
    decode();
    if (f.n_bad) {
        CU_ASSERT_EQUAL(f.n_bad, 1);
        for (uint32_t j = 0; j < f.schema.n_features; j++)
            CU_ASSERT_EQUAL(f.x[j], 0);
        CU_ASSERT(isnan(f.y[0]));
        return f.bad[0];
    }
    text[0] = '\0';
    for (uint32_t j = 0; j < f.schema.n_features; j++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%.17g ", f.x[j]);
    if (!isnan(f.y[0]))
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "; %.17g", f.y[0]);
    return text;
}

struct record {
    const char *value;
    const char *expected;
};

static void decode_all(const struct record *records, size_t n)
{
    for (size_t i = 0; i < n; i++)
        CU_ASSERT(same(decoded(records[i].value), records[i].expected));
}
#define DECODE_ALL(records) decode_all(records, sizeof(records) / sizeof *(records))

#define WANTED (LR_COLUMN_FEATURES | LR_COLUMN_LABEL)

/* ---- the model's names ------------------------------------------------------------------- */

static void test_good(void)
{
    static const struct record records[] = {
        {"{\"width\":1,\"height\":2.5,\"depth\":-3e2,\"label\":4}", "1 2.5 -300 ; 4"},
        {" { \"depth\" : 3 , \"height\":2,\"width\":1 } \r\n", "1 2 3 "},
        {"{\"width\":1,\"height\":2,\"depth\":3,\"label\":null}", "1 2 3 "},
        {"{\"id\":\"a\",\"width\":1,\"sub\":{\"width\":[7,{\"width\":8}]},\"height\":2,\"t\":true,"
         "\"depth\":3,\"no\":null,\"label\":0.5}",
         "1 2 3 ; 0.5"},
        /* A name is a name however it is written; unknown fields may stand twice. */
        {"{\"\\u0077idth\":1,\"heigh\\u0074\":2,\"depth\":3,\"x\\n\":\"\\ud83d\\ude00\\\"\"}",
         "1 2 3 "},
        {"{\"x\":1,\"x\":2,\"width\":1,\"height\":2,\"depth\":3}", "1 2 3 "},
        {"{\"x\":1e999,\"y\":123456789012345678901234567890,\"width\":1,\"height\":2,\"depth\":3}",
         "1 2 3 "},
        {"{\"width\":-0,\"height\":1e-400,\"depth\":123456789012345678901234567890}",
         "-0 0 1.2345678901234568e+29 "},
        {"{\"width\":0.1,\"height\":0E+5,\"depth\":9007199254740993}",
         "0.10000000000000001 0 9007199254740992 "},
        {"{\"\":1,\"width\":1,\"height\":2,\"depth\":3,\"\\u0000\":1,\"widt\":5,\"widthh\":6}",
         "1 2 3 "},
    };

    CU_ASSERT_EQUAL(start("", FEATURES, 1, WANTED), LR_OK);
    DECODE_ALL(records);
    CU_ASSERT_EQUAL(f.given, WANTED | LR_COLUMN_ENCODED);
}

#define REST "\"height\":2,\"depth\":3}"

static void test_bad_fields(void)
{
    static const struct record records[] = {
        {"{" REST, "features: width is missing, but expected: a number"},
        {"{}", "features: width is missing, but expected: a number"},
        {"{\"width\":null," REST, "features: width is null, but expected: a number"},
        {"{\"width\":\"1\"," REST, "parse: width is the string '1', but expected: a number"},
        {"{\"width\":\"\xc3\xa4\\n\"," REST,
         "parse: width is the string '\\xc3\\xa4\\x5cn', but expected: a number"},
        {"{\"width\":\"123456789012345678901234567890\"," REST,
         "parse: width is the string '123456789012345678901234...', but expected: a number"},
        {"{\"width\":true," REST, "parse: width is a boolean, but expected: a number"},
        {"{\"width\":{\"a\":1}," REST, "parse: width is an object, but expected: a number"},
        {"{\"width\":[1]," REST, "parse: width is an array, but expected: a number"},
        {"{\"width\":1e309," REST, "not_finite: width is '1e309', too large for a double"},
        {"{\"width\":-1e309," REST, "not_finite: width is '-1e309', too large for a double"},
        {"{\"width\":1,\"width\":1," REST, "parse: width stands twice in the record"},
        {"{\"width\":1,\"w\\u0069dth\":1," REST, "parse: width stands twice in the record"},
        {"{\"label\":\"x\",\"width\":1," REST,
         "parse: label is the string 'x', but expected: a number"},
        {"{\"prediction\":1,\"width\":1," REST,
         "parse: the record has a field 'prediction' already; choose another name "
         "(prediction_name, t1_name), or existing = replace"},
        {"{\"t1\":1,\"width\":1," REST,
         "parse: the record has a field 't1' already; choose another name (prediction_name, "
         "t1_name), or existing = replace"},
    };

    CU_ASSERT_EQUAL(start("", FEATURES, 1, WANTED), LR_OK);
    DECODE_ALL(records);
    /* A label that nobody reads may be anything. */
    CU_ASSERT_EQUAL(start("", FEATURES, 1, LR_COLUMN_FEATURES), LR_OK);
    CU_ASSERT(same(decoded("{\"label\":\"x\",\"width\":1," REST), "1 2 3 "));
}

/* The whole record is judged, not only what is wanted. */
static void test_bad_records(void)
{
    static const struct record records[] = {
        {"", "parse: the record is empty, but expected: a JSON object"},
        {" ", "parse: the record is empty, but expected: a JSON object"},
        {"[1]", "parse: the record is not a JSON object"},
        {"12", "parse: the record is not a JSON object"},
        {"1,2,3;4", "parse: the record is not a JSON object"},
        {"{\"a\":\"\xff\"}", "parse: the record is not valid UTF-8"},
        {"{\"a\":\"\xed\xa0\x80\"}", "parse: the record is not valid UTF-8"},
        {"{\"a\":\"\x01\"}", "parse: the record has a control character in a string"},
        {"{\"a\":\"b}", "parse: the record ends within a string"},
        {"{\"a\":\"\\x\"}", "parse: the record has a wrong escape in a string, at byte 5"},
        {"{\"a\":\"\\ud800\"}", "parse: the record has a wrong escape in a string, at byte 5"},
        {"{\"\\udc00\":1}", "parse: the record has a wrong escape in a string, at byte 2"},
        {"{\"a\":01}", "parse: the record is not valid JSON, at byte 5"},
        {"{\"a\":+1}", "parse: the record is not valid JSON, at byte 5"},
        {"{\"a\":.5}", "parse: the record is not valid JSON, at byte 5"},
        {"{\"a\":1.}", "parse: the record is not valid JSON, at byte 5"},
        {"{\"a\":1.e5}", "parse: the record is not valid JSON, at byte 5"},
        {"{\"a\":NaN}", "parse: the record is not valid JSON, at byte 5"},
        {"{\"a\":nul}", "parse: the record is not valid JSON, at byte 5"},
        {"{\"a\":truex}", "parse: the record is not valid JSON, at byte 5"},
        {"{\"a\":1 2}", "parse: the record is not valid JSON"},
        {"{\"a\":[1,]}", "parse: the record is not valid JSON, at byte 8"},
        {"{\"a\":[\"b\":1]}", "parse: the record is not valid JSON"},
        {"{\"a\":{\"b\"}}", "parse: the record is not valid JSON"},
        {"{\"a\":[1}}", "parse: the record is not valid JSON"},
        {"{\"a\":1,}", "parse: the record is not valid JSON"},
        {"{\"a\":1", "parse: the record is not valid JSON"},
        {"{\"a\":1}}", "parse: the record goes on behind its object"},
        {"{\"a\":1}{}", "parse: the record goes on behind its object"},
    };

    CU_ASSERT_EQUAL(start("on_missing=0", FEATURES, 1, WANTED), LR_OK);
    DECODE_ALL(records);
    CU_ASSERT(same(decoded("{\"a\":1}"), "0 0 0 ")); /* the control */
}

/* A NUL is no blank, and ends nothing. */
static void test_nul(void)
{
    static const char values[][24] = {"{\"a\":1\0}", "{\"a\":\0}", "{\"a\":\"\0\"}",
                                      "{}\0",        "\0{}",       "{\0}"};
    static const size_t sizes[] = {8, 7, 9, 3, 3, 3};

    CU_ASSERT_EQUAL(start("on_missing=0", FEATURES, 1, WANTED), LR_OK);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        f.batch.count = 0;
        free(f.values[0]);
        add_bytes(values[i], sizes[i], 0);
        decode();
        CU_ASSERT_EQUAL(f.n_bad, 1);
    }
}

/* `n` containers in each other. */
static const char *nested(uint32_t n, const char *open, const char *close)
{
    static char text[LINE];

    text[0] = '\0';
    for (uint32_t i = 1; i < n; i++)
        strcat(text, i == 1 ? "{\"a\":" : open);
    strcat(text, "{}");
    for (uint32_t i = 1; i < n; i++)
        strcat(text, i + 1 == n ? "}" : close);
    return text;
}

static void test_deep(void)
{
    CU_ASSERT_EQUAL(start("on_missing=0", FEATURES, 1, WANTED), LR_OK);
    CU_ASSERT(same(decoded(nested(JSON_DEEPEST, "{\"a\":", "}")), "0 0 0 "));
    CU_ASSERT(same(decoded(nested(JSON_DEEPEST, "[", "]")), "0 0 0 "));
    CU_ASSERT(same(decoded(nested(JSON_DEEPEST + 1, "[", "]")),
                   "parse: the record is nested too deep, at byte 68"));
}

static void test_size(void)
{
    CU_ASSERT_EQUAL(start("on_missing=0&max_record_bytes=10", FEATURES, 1, WANTED), LR_OK);
    CU_ASSERT(same(decoded("{\"a\": 123}"), "0 0 0 "));
    CU_ASSERT(same(decoded("{\"a\": 1234}"), "size: 11 bytes, but max_record_bytes is 10"));
}

/* Good and bad records in one batch do not touch each other. */
static void test_batch(void)
{
    CU_ASSERT_EQUAL(start("", FEATURES, 1, WANTED), LR_OK);
    add("{\"width\":1," REST);
    add_bytes("", 0, LR_RECORD_NULL);
    add("{\"width\":}");
    add_bytes("junk", 4, LR_RECORD_BAD);
    add("{\"width\":5,\"label\":6," REST);
    decode();
    CU_ASSERT_EQUAL(f.n_bad, 1);
    CU_ASSERT(same(f.bad[2], "parse: the record is not valid JSON, at byte 9"));
    CU_ASSERT_EQUAL(f.x[0], 1);
    CU_ASSERT_EQUAL(f.x[STRIDE], 0);
    CU_ASSERT_EQUAL(f.x[2 * STRIDE], 0);
    CU_ASSERT_EQUAL(f.x[3 * STRIDE], 0);
    CU_ASSERT_EQUAL(f.x[4 * STRIDE], 5);
    CU_ASSERT_EQUAL(f.y[4], 6);
    CU_ASSERT(isnan(f.y[0]));
}

/* ---- paths ---------------------------------------------------------------------------------- */

static void test_paths(void)
{
    static const struct {
        const char *settings;
        struct record record;
    } cases[] = {
        {"features=a.b,a.c.d,e", {"{\"e\":3,\"a\":{\"c\":{\"d\":2},\"b\":1}}", "1 2 3 "}},
        {"features=a.b,a.c.d,e",
         {"{\"e\":3,\"a\":{\"c\":7,\"b\":1}}",
          "features: a.c.d is missing, but expected: a number"}},
        {"features=a.b,a.c.d,e",
         {"{\"e\":3,\"a\":{\"c\":{\"d\":2},\"b\":1},\"a\":{}}",
          "parse: a.b has a field on its path that stands twice in the record"}},
        {"features=v[2],v[0],w[1][0]", {"{\"v\":[1,2,3],\"w\":[0,[4]]}", "3 1 4 "}},
        {"features=v[2],v[0],w[1][0]",
         {"{\"v\":[1,2],\"w\":[0,[4]]}", "features: v[2] is missing, but expected: a number"}},
        {"features=v[2],v[0],w[1][0]",
         {"{\"v\":{\"2\":1},\"w\":1}", "features: v[2] is missing, but expected: a number"}},
        {"features=v[10],v[2],v[1]", {"{\"v\":[0,1,2,3,4,5,6,7,8,9,10]}", "10 2 1 "}},
        {"features=/a.b/0,/a~1~0/1,/", {"{\"a.b\":[1],\"a/~\":{\"1\":2},\"\":3}", "1 2 3 "}},
        /* A name that looks like a key with its value. */
        {"features=a\":\"b,/c,/d&on_missing=0", {"{\"a\":\"b\",\"c\":1}", "0 1 0 "}},
        {"features=a\":\"b,/c,/d&on_missing=0", {"{\"a\\\":\\\"b\":1}", "1 0 0 "}},
        {"features=v[*]", {"{\"v\":[1,2,3]}", "1 2 3 "}},
        {"features=v[*]", {"{\"v\":[1,2]}", "features: v[*]: 2 features, but expected: 3"}},
        {"features=v[*]", {"{\"v\":[1,2,3,4]}", "features: v[*]: 4 features, but expected: 3"}},
        {"features=v[*]", {"{\"v\":1}", "features: v[0] is missing, but expected: a number"}},
        {"features=v[*]",
         {"{\"v\":[1,\"x\",3]}", "parse: v[1] is the string 'x', but expected: a number"}},
        {"features=v[*]&on_missing=9", {"{\"v\":[1,null,3]}", "1 9 3 "}},
        {"features=v[*]&on_missing=9", {"{\"u\":[1,null,3]}", "9 9 9 "}},
        {"features=a[0].b[*]", {"{\"a\":[{\"b\":[1,2,3]}]}", "1 2 3 "}},
        {"label=y.z[1]", {"{\"y\":{\"z\":[1,2]},\"width\":1," REST, "1 2 3 ; 2"}},
        {"on_missing=bad,7,0.5", {"{\"width\":1}", "1 7 0.5 "}},
        {"on_missing=bad,7,0.5",
         {"{\"height\":1}", "features: width is missing, but expected: a number"}},
        {"on_missing=7",
         {"{\"width\":null,\"height\":\"2\",\"depth\":1}",
          "parse: height is the string '2', but expected: a number"}},
        {"on_mistyped=-7", {"{\"width\":[],\"height\":\"2\",\"depth\":true}", "-7 -7 -7 "}},
        {"on_mistyped=-7",
         {"{\"width\":1e999," REST, "not_finite: width is '1e999', too large for a double"}},
        {"on_mistyped=-7",
         {"{\"width\":null," REST, "features: width is null, but expected: a number"}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CU_ASSERT_EQUAL_FATAL(start(cases[i].settings, FEATURES, 1, WANTED), LR_OK);
        CU_ASSERT(same(decoded(cases[i].record.value), cases[i].record.expected));
    }
}

/* Every order of fields, several times: what was learnt from one record misleads no other. */
static void test_order(void)
{
    static const char *const names[] = {"width", "height", "depth", "wid", "label"};
    char value[LINE];

    CU_ASSERT_EQUAL(start("", FEATURES, 1, WANTED), LR_OK);
    for (uint32_t round = 0; round < 5 * 5 * 5 * 5 * 5; round++) {
        uint32_t used = 0, rest = round;

        (void)strcpy(value, "{");
        for (uint32_t i = 0; i < 5; i++, rest /= 5) {
            uint32_t j = rest % 5;

            if (used & 1U << j)
                continue;
            used |= 1U << j;
            (void)snprintf(value + strlen(value), LINE - strlen(value), "%s\"%s\":%u",
                           value[1] ? "," : "", names[j], j + 1);
        }
        strcat(value, "}");
        if ((used & 7) == 7)
            CU_ASSERT(same(decoded(value), used & 16 ? "1 2 3 ; 5" : "1 2 3 "));
    }
}

/* ---- a listener ------------------------------------------------------------------------------ */

#define HEARD (LR_COLUMN_LABEL | LR_COLUMN_OUTPUTS | LR_COLUMN_T0 | LR_COLUMN_T1)

static void test_listener(void)
{
    CU_ASSERT_EQUAL(start("columns=features,label,prediction,t0,t1", 0, 0, HEARD), LR_OK);
    CU_ASSERT_EQUAL(f.given, HEARD);
    CU_ASSERT_EQUAL(f.schema.n_outputs, 1);
    CU_ASSERT(
        same(decoded("{\"t0\":-5,\"t1\":1700000000123,\"prediction\":2.5,\"label\":3}"), "; 3"));
    CU_ASSERT_EQUAL(f.out[0], 2.5);
    CU_ASSERT_EQUAL(f.t0[0], -1);
    CU_ASSERT_EQUAL(f.t1[0], 1700000000123000000);

    CU_ASSERT_EQUAL(
        start("columns=prediction,t1&t1=ns&outputs=2&t1_name=at&prediction_name=p", 0, 0, HEARD),
        LR_OK);
    CU_ASSERT(same(decoded("{\"at\":1700000000123456789,\"p\":[ 1 , -2e1 ]}"), ""));
    CU_ASSERT_EQUAL(f.out[0], 1);
    CU_ASSERT_EQUAL(f.out[1], -20);
    CU_ASSERT_EQUAL(f.t1[0], 1700000000123456789);
}

static void test_bad_results(void)
{
    static const struct record records[] = {
        {"{\"t1\":1}", "parse: prediction is missing, but expected: a number"},
        {"{\"t1\":1,\"prediction\":null}", "parse: prediction is null, but expected: a number"},
        {"{\"t1\":1,\"prediction\":1e999}",
         "not_finite: prediction is '1e999', too large for a double"},
        {"{\"prediction\":1}", "parse: t1 is missing, but expected: a time in whole milliseconds"},
        {"{\"prediction\":1,\"t1\":1.5}",
         "parse: t1 is '1.5', but expected: a time in whole milliseconds"},
        {"{\"prediction\":1,\"t1\":9223372036854775807}",
         "parse: t1 is '9223372036854775807', but expected: a time in whole milliseconds"},
    };
    static const struct record arrays[] = {
        {"{\"prediction\":1}", "parse: prediction is a number, but expected: an array of numbers"},
        {"{\"prediction\":[1]}", "parse: prediction holds something else than 2 numbers"},
        {"{\"prediction\":[]}", "parse: prediction holds something else than 2 numbers"},
        {"{\"prediction\":[1,2,3]}", "parse: prediction holds something else than 2 numbers"},
        {"{\"prediction\":[1,null]}", "parse: prediction holds something else than 2 numbers"},
        {"{\"prediction\":[1,1e999]}", "not_finite: prediction is '1e999', too large for a double"},
    };

    CU_ASSERT_EQUAL(start("columns=prediction,t1", 0, 0, HEARD), LR_OK);
    DECODE_ALL(records);
    CU_ASSERT_EQUAL(start("columns=prediction&outputs=2", 0, 0, HEARD), LR_OK);
    DECODE_ALL(arrays);
}

int main(int argc, char **argv)
{
    CU_TestInfo records[] = {{"good", test_good},       {"bad fields", test_bad_fields},
                             {"bad", test_bad_records}, {"deep", test_deep},
                             {"nul", test_nul},         {"size", test_size},
                             {"batch", test_batch},     {"order", test_order},
                             CU_TEST_INFO_NULL};
    CU_TestInfo columns[] = {{"paths", test_paths},
                             {"listener", test_listener},
                             {"bad results", test_bad_results},
                             CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"records", NULL, NULL, NULL, NULL, records},
                             {"columns", NULL, NULL, NULL, NULL, columns},
                             CU_SUITE_INFO_NULL};

    return codec_main(suites, argc, argv);
}
