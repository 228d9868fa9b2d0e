/* SPDX-License-Identifier: MIT
 *
 * The text codec, columns to bytes, and its settings: what is refused, by check and by create,
 * and what bind gives.
 */
#include "codec_rig.h"

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

static void test_check(void)
{
    struct told told =
        check("separator=xx&feature_separator=-&columns=a,features,b&append=features");

    CU_ASSERT_EQUAL(told.count, 5);
    CU_ASSERT(same(told.options, "separator feature_separator columns columns append "));
    CU_ASSERT_EQUAL(check("").count, 0);
}

static void test_given(void)
{
    CU_ASSERT_EQUAL(start("", FEATURES, 1, LR_COLUMN_FEATURES), LR_OK);
    CU_ASSERT_EQUAL(f.given, LR_COLUMN_FEATURES | LR_COLUMN_LABEL | LR_COLUMN_ENCODED);
    CU_ASSERT_EQUAL(start("columns=features,label,prediction,t0,t2", FEATURES, 1,
                          LR_COLUMN_FEATURES | LR_COLUMN_OUTPUTS | LR_COLUMN_T1 | LR_COLUMN_T2),
                    LR_OK);
    CU_ASSERT_EQUAL(f.given,
                    LR_COLUMN_FEATURES | LR_COLUMN_LABEL | LR_COLUMN_T0 | LR_COLUMN_ENCODED);
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
    CU_TestInfo encoding[] = {{"values", test_encode},
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
