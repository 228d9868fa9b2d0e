/* SPDX-License-Identifier: MIT
 *
 * Tables of options themselves: the judge that a plugin's table must pass, tables of another
 * version of the ABI, and tables as text, JSON and Markdown.
 */
#include "unit/unit.h"

#include <lrhost/error.h>
#include <string.h>

#include "host/describe.h"
#include "host/options.h"
#include "host/schema.h"

static int equal(const char *got, const char *wanted)
{
    if (strcmp(got, wanted) == 0)
        return 1;
    (void)printf("\n    got:    %s\n    wanted: %s\n", got, wanted);
    return 0;
}

/* ---- the judge ---------------------------------------------------------------------------- */
#define ONE(...)                                                                                   \
    {                                                                                              \
        {__VA_ARGS__},                                                                             \
        {                                                                                          \
            "b", "B", NULL, NULL, NULL, LR_OPT_INT, 0, 8, 0                                        \
        }                                                                                          \
    }

static const struct {
    struct lr_option options[2];
    const char *says; /* NULL: in order */
} tables[] = {
    {ONE("a", "A", NULL, NULL, NULL, LR_OPT_INT, 0, 0, 0), NULL},
    {ONE("a", "A", "5", "1..5", NULL, LR_OPT_INT, 0, 0, 0), NULL},
    {ONE("a", "A", "y", NULL, "x|y", LR_OPT_ENUM, 0, 4, 0), NULL},
    {ONE(NULL, "A", NULL, NULL, NULL, LR_OPT_INT, 0, 0, 0), "option 0 has no name"},
    {ONE("", "A", NULL, NULL, NULL, LR_OPT_INT, 0, 0, 0), "option 0 has no name"},
    {ONE("a=", "A", NULL, NULL, NULL, LR_OPT_INT, 0, 0, 0),
     "option 'a=': no key of an INI file can be called like that"},
    {ONE("#a", "A", NULL, NULL, NULL, LR_OPT_INT, 0, 0, 0),
     "option '#a': no key of an INI file can be called like that"},
    {ONE("a", "", NULL, NULL, NULL, LR_OPT_INT, 0, 0, 0), "option 'a' is not documented"},
    {ONE("a", NULL, NULL, NULL, NULL, LR_OPT_INT, 0, 0, 0), "option 'a' is not documented"},
    {ONE("a", "A", NULL, NULL, NULL, 0, 0, 0, 0), "option 'a' has the unknown type 0"},
    {ONE("a", "A", NULL, NULL, NULL, 12, 0, 0, 0), "option 'a' has the unknown type 12"},
    {ONE("a", "A", NULL, NULL, NULL, LR_OPT_PREFIX, 0, 0, 0),
     "option 'a' is a prefix and must end in a dot"},
    {ONE("a", "A", NULL, NULL, "x|y", LR_OPT_INT, 0, 0, 0),
     "option 'a' has choices but is no enum"},
    {ONE("a", "A", NULL, NULL, NULL, LR_OPT_ENUM, 0, 0, 0),
     "option 'a' is an enum without choices"},
    {ONE("a", "A", NULL, NULL, "x||y", LR_OPT_ENUM, 0, 0, 0), "option 'a' has an empty choice"},
    {ONE("a", "A", NULL, NULL, "x|y|x", LR_OPT_ENUM, 0, 0, 0),
     "option 'a' has the choice 'x' twice"},
    {ONE("a", "A", NULL, "1..2", NULL, LR_OPT_STRING, 0, 0, 0),
     "option 'a' has a range but is no number"},
    {ONE("a", "A", NULL, "1-2", NULL, LR_OPT_INT, 0, 0, 0),
     "option 'a': the range '1-2' is not low..high"},
    {ONE("a", "A", NULL, "2..1", NULL, LR_OPT_INT, 0, 0, 0),
     "option 'a': the range '2..1' is empty"},
    {ONE("a", "A", NULL, "1..x", NULL, LR_OPT_INT, 0, 0, 0),
     "option 'a': 'x' is not a whole number (write 12, -3 or 1_000_000)"},
    {ONE("a", "A", "x", NULL, NULL, LR_OPT_INT, 0, 0, 0),
     "option 'a': its default: 'x' is not a whole number (write 12, -3 or 1_000_000)"},
    {ONE("a", "A", "6", "1..5", NULL, LR_OPT_INT, 0, 0, 0),
     "option 'a': its default: 6 is out of range; accepted is 1..5"},
    {ONE("a", "A", "z", NULL, "x|y", LR_OPT_ENUM, 0, 0, 0),
     "option 'a': its default: 'z' is none of x, y"},
    {ONE("a", "A", "x", NULL, NULL, LR_OPT_STRING, LR_OPT_REQUIRED, 0, 0),
     "option 'a' is required and has a default"},
    {ONE("a", "A", "x", NULL, NULL, LR_OPT_SECRET, 0, 0, 0),
     "option 'a' is a secret and cannot have a default"},
    {ONE("a", "A", NULL, NULL, NULL, LR_OPT_INT, 0, 4, 0),
     "option 'a' lies outside of the settings or across a boundary (offset 4, 8 bytes, of 16)"},
    {ONE("a", "A", NULL, NULL, NULL, LR_OPT_INT, 0, 16, 0),
     "option 'a' lies outside of the settings or across a boundary (offset 16, 8 bytes, of 16)"},
    {ONE("a", "A", NULL, NULL, NULL, LR_OPT_INT, 0, 4294967288u, 0),
     "option 'a' lies outside of the settings or across a boundary (offset 4294967288, 8 bytes, of "
     "16)"},
    {ONE("a", "A", NULL, NULL, NULL, LR_OPT_BOOL, 0, 12, 0), "options 'a' and 'b' share an offset"},
    {ONE("b", "A", NULL, NULL, NULL, LR_OPT_INT, 0, 0, 0), "option 'b' occurs twice"},
};

static void test_judge(void)
{
    struct lrh_options none = {NULL, 0, 0, 0}, missing = {NULL, sizeof(struct lr_option), 1, 8};
    struct lr_error err = LR_ERROR_INIT;

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        struct lrh_options judged = {tables[i].options, sizeof(struct lr_option), 2, 16};
        lr_status status = lrh_options_judge(&judged, &err);

        CU_ASSERT_EQUAL(status, tables[i].says ? LR_ECONFIG : LR_OK);
        if (tables[i].says)
            CU_ASSERT(equal(err.text, tables[i].says));
    }
    CU_ASSERT_EQUAL(lrh_options_judge(&none, &err), LR_OK);
    CU_ASSERT_EQUAL(lrh_options_judge(&missing, &err), LR_ECONFIG);
}

/* Elements larger or smaller than ours, as another version of the ABI would have them. */
static void test_element_size(void)
{
    char memory[2][sizeof(struct lr_option) + 16];
    struct lrh_options larger = {(void *)memory, sizeof memory[0], 2, 16};
    struct lrh_options small = {(void *)memory, 8, 2, 16};
    struct lr_error err = LR_ERROR_INIT;

    memset(memory, 0xee, sizeof memory);
    memcpy(memory[0], &tables[0].options[0], sizeof(struct lr_option));
    memcpy(memory[1], &tables[0].options[1], sizeof(struct lr_option));
    CU_ASSERT_EQUAL(lrh_options_judge(&larger, &err), LR_OK);
    CU_ASSERT_STRING_EQUAL(lrh_option_at(&larger, 1)->name, "b");
    CU_ASSERT_EQUAL(lrh_options_judge(&small, &err), LR_ECONFIG);
}

/* ---- tables as documentation ----------------------------------------------------------------- */
static const struct lr_option shown[] = {
    {"later", "Seldom \"needed\"", NULL, NULL, NULL, LR_OPT_SECRET, LR_OPT_ADVANCED, 0, 0},
    {"topic", "What to read", NULL, NULL, NULL, LR_OPT_LIST, LR_OPT_REQUIRED, 0, 0},
    {"mode", "One of|two", "x", NULL, "x|y", LR_OPT_ENUM, LR_OPT_RELOAD, 0, 0},
    {"wait", "How long", "1s", "0..", NULL, LR_OPT_DURATION, 0, 0, 0},
    {"kafka.", "Handed on", NULL, NULL, NULL, LR_OPT_PREFIX, 0, 0, 0},
};
static const struct lrh_options shown_table = {shown, sizeof(struct lr_option), 5, 64};
static const struct lrh_options empty_table = {NULL, 0, 0, 0};

static const struct {
    void (*describe)(FILE *, const char *, const char *, const char *, const struct lrh_options *);
    const struct lrh_options *table;
    const char *text;
} described[] = {
    {lrh_describe_text, &shown_table,
     "source k: Reads\n\n"
     "  topic = A, B, ...  (required)\n      What to read\n"
     "  mode = x|y  (default: x; taken over on SIGHUP)\n      One of|two\n"
     "  wait = DURATION  (default: 1s; at least 0)\n      How long\n"
     "  kafka.* = TEXT\n      Handed on\n"
     "\nadvanced:\n\n"
     "  later = file:PATH or env:NAME\n      Seldom \"needed\"\n"},
    {lrh_describe_text, &empty_table, "source k: Reads\n\n  (no options)\n"},
    {lrh_schema_definition, &empty_table,
     "\"source.k\":{\"title\":\"source k\",\"description\":\"Reads\",\"type\":\"object\","
     "\"properties\":{\"plugin\":{\"const\":\"k\"}},\"patternProperties\":{}}"},
    {lrh_schema_definition, &shown_table,
     "\"source.k\":{\"title\":\"source k\",\"description\":\"Reads\",\"type\":\"object\","
     "\"properties\":{\"plugin\":{\"const\":\"k\"},"
     "\"later\":{\"type\":\"string\",\"writeOnly\":true,"
     "\"description\":\"Seldom \\\"needed\\\"\",\"x-type\":\"secret\",\"x-advanced\":true,"
     "\"x-secret\":true},"
     "\"topic\":{\"type\":[\"string\",\"array\"],\"items\":{\"type\":\"string\"},"
     "\"description\":\"What to read\",\"x-type\":\"list\"},"
     "\"mode\":{\"type\":\"string\",\"description\":\"One of|two\",\"enum\":[\"x\",\"y\"],"
     "\"default\":\"x\",\"x-type\":\"enum\",\"x-reload\":true},"
     "\"wait\":{\"type\":[\"string\",\"integer\"],"
     "\"pattern\":\"^[0-9][0-9._]*[ ]*[A-Za-z]*$\",\"description\":\"How long\","
     "\"default\":\"1s\",\"x-range\":\"0..\",\"x-type\":\"duration\"}},"
     "\"patternProperties\":{\"^kafka\\\\.\":{\"type\":[\"string\",\"number\",\"boolean\"],"
     "\"description\":\"Handed on\",\"x-type\":\"prefix\"}},\"required\":[\"topic\"]}"},
    {lrh_describe_markdown, &shown_table,
     "### source `k`\n\nReads.\n\n| Key | Value | Default | Meaning |\n|---|---|---|---|\n"
     "| `topic` | list | *required* | What to read |\n"
     "| `mode` | `x\\|y` | `x` | One of\\|two (taken over on SIGHUP) |\n"
     "| `wait` | duration, at least 0 | `1s` | How long |\n"
     "| `kafka.*` | prefix |  | Handed on |\n"
     "| `later` | secret |  | Seldom \"needed\" (advanced) |\n\n"},
    {lrh_describe_markdown, &empty_table, "### source `k`\n\nReads.\n\nIt has no options.\n\n"},
};

static void test_describe(void)
{
    char text[4096];

    for (size_t i = 0; i < sizeof described / sizeof *described; i++) {
        FILE *out;

        memset(text, 0, sizeof text);
        out = fmemopen(text, sizeof text, "w");
        CU_ASSERT_PTR_NOT_NULL_FATAL(out);
        described[i].describe(out, "source", "k", "Reads", described[i].table);
        (void)fclose(out);
        CU_ASSERT(equal(text, described[i].text));
    }
}

static CU_TestInfo tests[] = {
    {"judge", test_judge},
    {"element size", test_element_size},
    {"describe", test_describe},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"tables", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
