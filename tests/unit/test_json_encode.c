/* SPDX-License-Identifier: MIT
 *
 * The JSON codec, columns to bytes, and its settings: what is refused, by check and by create, and
 * what bind gives.
 */
#include "codec_rig.h"

#include <math.h>

#include "plugins/json/json.h"

#define REST "\"height\":2,\"depth\":3}"
#define ADDED "\"prediction\":2.0000123,\"t1\":1700000000123}"

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
        {"", 3, 1, "{\"width\":1.50," REST, "{\"width\":1.50,\"height\":2,\"depth\":3," ADDED},
        {"", 3, 1, " {\"a\":{} }\n", " {\"a\":{} ," ADDED},
        {"", 3, 1, "{}", "{" ADDED},
        {"", 3, 1, " { } ", " { " ADDED},
        {"", 3, 1, "{\"a\":[]\t}\r\n", "{\"a\":[]\t," ADDED},
        {"", 3, 1, "{\"a\":\"{\"}", "{\"a\":\"{\"," ADDED},
        {"", 3, 2, "{}", "{\"prediction\":[2.0000123,-0.5],\"t1\":1700000000123}"},
        {"t1=ns", 3, 1, "{}", "{\"prediction\":2.0000123,\"t1\":1700000000123456789}"},
        {"append=none", 3, 1, " {} \r\n", " {} \r\n"},
        {"append=prediction", 3, 1, "{}", "{\"prediction\":2.0000123}"},
        {"append=t1,t0,prediction,t2", 3, 1, "{}",
         "{\"t0\":-1,\"prediction\":2.0000123,\"t2\":1700000000999,\"t1\":1700000000123}"},
        {"prediction_name=p\xc3\xa4&t1_name=read at", 3, 1, "{}",
         "{\"p\xc3\xa4\":2.0000123,\"read at\":1700000000123}"},
        {"", 0, 0, "any\r\n", "any\r\n"},
        /* A prediction that is there already is kept where none is added. */
        {"append=t1", 3, 1, "{\"prediction\":1}", "{\"prediction\":1,\"t1\":1700000000123}"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char settings[LINE];
        void *memory;

        (void)snprintf(settings, sizeof settings, "on_missing=0%s%s",
                       cases[i].settings[0] ? "&" : "", cases[i].settings);
        CU_ASSERT_EQUAL(start(settings, cases[i].features, cases[i].outputs, 0), LR_OK);
        add(cases[i].value);
        if (cases[i].features)
            decode();
        CU_ASSERT_EQUAL(f.n_bad, 0);
        f.out[0] = 2.0000123;
        f.out[1] = -0.5;
        memory = encode();
        CU_ASSERT(encodes_as(0, cases[i].expected));
        free(memory);
    }
}

/* existing = replace: the old fields go, the rest stays byte for byte. */
static void test_replace(void)
{
    static const char *const cases[][2] = {
        {"{\"prediction\":1,\"t1\":2}", "{" ADDED},
        {"{ \"a\" : 1 , \"prediction\":[{\"x\":\"]}\\\"\"}], \"b\": \"t1\" ,\"t1\":2 } ",
         "{ \"a\" : 1 , \"b\": \"t1\" ," ADDED},
        {"{\"a\":{\"t1\":1,\"b\":[\"prediction\"]},\"\\u0074\\u0031\":null}",
         "{\"a\":{\"t1\":1,\"b\":[\"prediction\"]}," ADDED},
        {" { \"prediction\" : {} }", " {" ADDED},
        {"{\"t1\":\"\\\\\",\"\\\\\":2}", "{\"\\\\\":2," ADDED},
        {"{\"t1\":1,\"c\":\",\"}", "{\"c\":\",\"," ADDED},
        {"{}", "{" ADDED},
        {" { }", " { " ADDED},
        {"{\"a\":1}", "{\"a\":1," ADDED},
    };

    CU_ASSERT_EQUAL(start("existing=replace&on_missing=0", FEATURES, 1, 0), LR_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        void *memory;

        f.batch.count = 0;
        free(f.values[0]);
        add(cases[i][0]);
        decode();
        CU_ASSERT_EQUAL(f.n_bad, 0);
        f.out[0] = 2.0000123;
        memory = encode();
        CU_ASSERT(encodes_as(0, cases[i][1]));
        free(memory);
    }
    /* Twice is still wrong: nobody knows which one was meant. */
    f.batch.count = 0;
    free(f.values[0]);
    add("{\"t1\":1,\"t1\":1}");
    decode();
    CU_ASSERT_EQUAL(f.n_bad, 1);
}

/* Records that have no output, numbers that JSON does not have, and memory that is too small. */
static void test_encode_batch(void)
{
    void *memory;

    CU_ASSERT_EQUAL(start("append=prediction", FEATURES, 1, LR_COLUMN_FEATURES), LR_OK);
    add("{\"a\":1}");
    add_bytes("", 0, LR_RECORD_NULL);
    add_bytes("junk", 4, LR_RECORD_BAD);
    add("{\"a\":2}");
    f.out[0] = NAN;
    f.out[6] = -INFINITY;
    memory = encode();
    CU_ASSERT(encodes_as(0, "{\"a\":1,\"prediction\":null}"));
    CU_ASSERT(f.encoded[1].data == NULL && f.encoded[1].len == 0);
    CU_ASSERT(f.encoded[2].data == NULL && f.encoded[2].len == 0);
    CU_ASSERT(encodes_as(3, "{\"a\":2,\"prediction\":null}"));
    CU_ASSERT_EQUAL(codec->encode(f.self, &f.batch, memory, 60, &f.err), LR_EINTERNAL);
    free(memory);
    add("no object"); /* a host that encodes what it did not decode */
    memory = malloc(2000);
    CU_ASSERT_EQUAL(codec->encode(f.self, &f.batch, memory, 2000, &f.err), LR_EINTERNAL);
    CU_ASSERT(same(f.err.text, "record 4 to encode is not a JSON object"));
    free(memory);
}

/* The longest values there are fit into the bound. */
static void test_encode_bound(void)
{
    void *memory;

    CU_ASSERT_EQUAL(start("append=prediction,t0,t2,t1&t1=ns", FEATURES, 2, 0), LR_OK);
    for (int i = 0; i < RECORDS; i++)
        add("{}");
    for (uint32_t i = 0; i < RECORDS; i++) {
        f.out[2 * i] = f.out[2 * i + 1] = -1.7976931348623157e-308;
        f.t0[i] = f.t1[i] = INT64_MAX - i;
    }
    f.batch.t2_ns = INT64_MAX;
    memory = encode();
    CU_ASSERT(encodes_as(7, "{\"prediction\":[-1.7976931348623155e-308,-1.7976931348623155e-308],"
                            "\"t0\":9223372036854775800,\"t2\":9223372036854775807,"
                            "\"t1\":9223372036854775800}"));
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
        {"columns=lable", 3, 0,
         "columns: 'lable' is not a column (features, label, prediction, t0, t1, t2)"},
        {"append=label", 3, 0,
         "append: 'label' cannot be appended: it stands in the input (prediction, t0, t1, t2, or "
         "none)"},
        {"append=t1", 0, 0,
         "append names t1, but without a model records go through as they are; take it out, or add "
         "a [model] section"},
        {"columns=label", 3, 0,
         "features are wanted, but columns does not name them; add features to columns"},
        {"", 0, LR_COLUMN_FEATURES,
         "features are wanted, and without a model nobody knows which; set features to their "
         "paths"},
        {"features=v[*]", 0, LR_COLUMN_FEATURES,
         "features are wanted, and without a model nobody knows which; set features to their "
         "paths"},
        {"", 4, 0, "the model has no names for its 4 features; set features to their paths"},
        {"features=a,b", 3, 0,
         "features has 2 paths, but the model takes 3 features; name one for each"},
        {"features=a,b,a", 3, 0, "'a' is wanted twice"},
        {"features=a,b.c,b", 3, 0, "'b' and 'b.c' cannot both be wanted"},
        {"features=a,b[1],/b/1", 3, 0,
         "element 1 of an array is wanted by two ways to write its path"},
        {"features=a,v.1,/v/1", 3, 0, "'v.1' and '/v/1' cannot both be wanted"},
        {"features=a,b,label", 3, LR_COLUMN_LABEL, "'label' is wanted twice"},
        {"features=v[*]&label=v[3]", 3, LR_COLUMN_LABEL, "'v[*]' and 'v[3]' cannot both be wanted"},
        {"features=v[*],a", 3, 0,
         "features: a path with [*] stands for all features, so there can be no other one"},
        {"features=a..b", 3, 0,
         "features: 'a..b' has a name that is empty (a name with a dot or bracket is written as "
         "/a.b)"},
        {"features=[0]", 3, 0,
         "features: '[0]' has a name that is empty (a name with a dot or bracket is written as "
         "/a.b)"},
        {"features=a[x]", 3, 0,
         "features: 'a[x]' has a bracket that is neither [0], [1], ... nor [*]"},
        {"features=a[01]", 3, 0,
         "features: 'a[01]' has a bracket that is neither [0], [1], ... nor [*]"},
        {"features=a[*].b", 3, 0, "features: 'a[*].b' goes on behind [*]"},
        {"features=a]", 3, 0, "features: 'a]' has a bracket out of place"},
        {"features=a[0]b", 3, 0, "features: 'a[0]b' has a bracket out of place"},
        {"features=/a~2", 3, 0, "features: '/a~2' has a ~ that is neither ~0 nor ~1"},
        {"features=a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a", 3, 0,
         "features: 'a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a' is too deep"},
        {"label=v[*]", 3, 0, "label: 'v[*]' is an array; a label is one number"},
        {"on_missing=bad,0", 3, 0,
         "on_missing has 2 entries, but there are 3 features; give one for all, or one for each"},
        {"on_mistyped=1,2,3,4", 3, 0,
         "on_mistyped has 4 entries, but there are 3 features; give one for all, or one for each"},
        {"on_missing=nan", 3, 0, "on_missing: 'nan' is neither bad nor a number"},
        {"on_missing=1e999", 3, 0, "on_missing: '1e999' is neither bad nor a number"},
        {"on_mistyped=", 3, 0, "on_mistyped: is empty; write bad, or the number to take"},
        {"t1_name=", 3, 0, "t1_name: a field's name has 1 to 100 bytes"},
        {"t1_name=a\"b", 3, 0,
         "t1_name: 'a\"b' has a quotation mark, a backslash or a control character"},
        {"t1_name=\xff", 3, 0, "t1_name: the name is not valid UTF-8"},
        {"t1_name=prediction", 3, 0, "t1_name: 'prediction' is prediction_name too"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CU_ASSERT_EQUAL(start(cases[i].settings, cases[i].features, 1, cases[i].wanted),
                        LR_ECONFIG);
        CU_ASSERT(same(f.err.text, cases[i].expected));
    }
}

static void test_check(void)
{
    struct told told =
        check("columns=a&append=features&features=a.,b[&label=.&on_missing=x&t2_name=t0");

    CU_ASSERT_EQUAL(told.count, 7);
    CU_ASSERT(same(told.options, "columns append features features label t2_name on_missing "));
    CU_ASSERT_EQUAL(check("").count, 0);
}

static void test_given(void)
{
    CU_ASSERT_EQUAL(start("columns=features,label,prediction,t0,t2", FEATURES, 1,
                          LR_COLUMN_LABEL | LR_COLUMN_OUTPUTS | LR_COLUMN_T0 | LR_COLUMN_T2),
                    LR_OK);
    CU_ASSERT_EQUAL(f.given,
                    LR_COLUMN_FEATURES | LR_COLUMN_LABEL | LR_COLUMN_T0 | LR_COLUMN_ENCODED);
    CU_ASSERT_EQUAL(start("features=a,b,c.d", 0, 0, LR_COLUMN_FEATURES), LR_OK);
    CU_ASSERT_EQUAL(f.given, LR_COLUMN_FEATURES);
    CU_ASSERT_EQUAL(f.schema.n_features, 3);
    CU_ASSERT_EQUAL(start("", 0, 0, 0), LR_OK);
    CU_ASSERT_EQUAL(f.given, 0);
}

static void test_descriptor(void)
{
    const struct lr_module *module = lrhost_module_v1(LRHOST_ABI);

    CU_ASSERT_PTR_NULL(lrhost_module_v1(0));
    CU_ASSERT_STRING_EQUAL(module->name, "json");
    CU_ASSERT_EQUAL(plugin->kind, LR_CODEC);
    CU_ASSERT_STRING_EQUAL(plugin->name, "json");
}

int main(int argc, char **argv)
{
    CU_TestInfo encoding[] = {{"values", test_encode},
                              {"replace", test_replace},
                              {"batch", test_encode_batch},
                              {"bound", test_encode_bound},
                              CU_TEST_INFO_NULL};
    CU_TestInfo settings[] = {{"refused", test_refused},
                              {"check", test_check},
                              {"given", test_given},
                              {"descriptor", test_descriptor},
                              CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"encode", NULL, NULL, NULL, NULL, encoding},
                             {"settings", NULL, NULL, NULL, NULL, settings},
                             CU_SUITE_INFO_NULL};

    return codec_main(suites, argc, argv);
}
