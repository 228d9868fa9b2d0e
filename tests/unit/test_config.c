/* SPDX-License-Identifier: MIT
 *
 * INI text: what is accepted and what it means; every mistake and its one sentence; lines around
 * inih's buffer and far beyond.
 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "unit/config_outcome.h"

/* ---- what is accepted ----------------------------------------------------------------- */
static const struct {
    const char *text, *means;
} good[] = {
    {"", ""},
    {"\n\n ; c\n# c\n\t;c", ""},
    {"[a]\nk=v", "[a]\nk=v\n"},
    {"[a]\r\nk = v \r\n", "[a]\nk=v\n"},
    {"\xef\xbb\xbf[a]\nk=v\n", "[a]\nk=v\n"},
    {"[ a ] ; comment\n", "[a]\n"},
    {"[a]# comment\n", "[a]\n"},
    {"[a]\n[b]\nk=v\n[c]", "[a]\n[b]\nk=v\n[c]\n"},
    {"[a]\nk: v=w\nl = x:y=z\n", "[a]\nk=v=w\nl=x:y=z\n"},
    {"  [a]\n  k = v\n    l = w\n", "[a]\nk=v\nl=w\n"}, /* indented lines are lines */
    {"[a]\nk =\nl =   \n", "[a]\nk=\nl=\n"},
    {"[a]\nk = ;\nl = ;;\nm = x;y\nn = a#b\no = #x\n", "[a]\nk=;\nl=;;\nm=x;y\nn=a#b\no=#x\n"},
    {"[a]\nk = \" ; \"\nl = \"\"\nm = \"a\"\nn = a\"b\"\n", "[a]\nk= ; \nl=\nm=a\nn=a\"b\"\n"},
    {"[a]\nk = a\tb  c\n", "[a]\nk=a\tb  c\n"},
    {"[a]\nk = \xc3\xa4\xff\n", "[a]\nk=\xc3\xa4\xff\n"},
    {"[a]\nk k = v\n", "[a]\nk k=v\n"},
    {"[0123456789012345678901234567890123456789012345678]\nk=v\n",
     "[0123456789012345678901234567890123456789012345678]\nk=v\n"},
    {"[a]\nk = ${LRH_SET}\n", "[a]\nk=va lue\n"},
    {"[a]\nk = x${LRH_SET}y${LRH_EMPTY}z\n", "[a]\nk=xva lueyz\n"},
    {"[a]\nk = ${LRH_UNSET:-de fault}\n", "[a]\nk=de fault\n"},
    {"[a]\nk = ${LRH_EMPTY:-default}\n", "[a]\nk=default\n"},
    {"[a]\nk = ${LRH_SET:-default}${LRH_UNSET:-}\n", "[a]\nk=va lue\n"},
    {"[a]\nk = $${LRH_SET} $ $$ $a $\n", "[a]\nk=${LRH_SET} $ $$ $a $\n"},
    {"[a]\nk = ${LRH_TRAP}\n", "[a]\nk= \"${LRH_SET}\" ; #\n"}, /* taken as it is */
};

static void test_good(void)
{
    struct outcome out;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        parse_bytes(good[i].text, strlen(good[i].text), NULL, &out);
        CU_ASSERT_EQUAL(out.status, LR_OK);
        CU_ASSERT(equal(out.problems, ""));
        CU_ASSERT(equal(out.config, good[i].means));
    }
}

/* ---- what is not ----------------------------------------------------------------------- */
#define COMMENT(c)                                                                                 \
    "'" c "' with a blank beside it in a value: put a comment on a line of its own, or a value "   \
    "that holds it in double quotes\n"
#define QUOTES                                                                                     \
    "a value that begins with a double quote must end with one and hold no other; a comment "      \
    "stands on a line of its own\n"
#define NO_KEY                                                                                     \
    "this is no [section], key = value or comment; a value ends with its line, which may be as "   \
    "long "                                                                                        \
    "as needed\n"
#define FORM                                                                                       \
    "a '${' begins neither ${NAME} nor ${NAME:-default}; NAME is made of letters, digits and '_' " \
    "(a "                                                                                          \
    "literal "                                                                                     \
    "'${' is written '$${')\n"
#define NAME_50 "01234567890123456789012345678901234567890123456789"

static const struct {
    const char *text, *says;
} bad[] = {
    {"k=v\n[a]\n", "t.ini:1: 'k' stands before the first [section]\n"},
    {"[a]\nk=1\n\nk=2\n", "t.ini:4: [a] 'k' is set twice, the first time in line 2\n"},
    {"[a]\n[b]\n[a]\n", "t.ini:3: section [a] occurs twice, the first time in line 1\n"},
    {"[a]\nk=1\n[ a ]\nk=2\n", "t.ini:3: section [a] occurs twice, the first time in line 1\n"
                               "t.ini:4: [a] 'k' is set twice, the first time in line 2\n"},
    {"[a]\nword\n", "t.ini:2: " NO_KEY},
    {"[a]\nk = v\n  w\n", "t.ini:3: " NO_KEY},
    {"[a]\nx\nk=v\n;\ny", "t.ini:2: " NO_KEY "t.ini:5: " NO_KEY},
    {"[a]\n=v\n", "t.ini:2: there is no key before the '='\n"},
    {"[a]\n : v\n", "t.ini:2: there is no key before the '='\n"},
    {"[a\nk=v\n", "t.ini:1: a section's header lacks its ']'\n"},
    {"[a]b]\nk=v\n", "t.ini:1: there is text behind the ']' of a section's header\n"},
    {"[a] k=v\n", "t.ini:1: there is text behind the ']' of a section's header\n"},
    {"[]\n", "t.ini:1: a section's header has no name between '[' and ']'\n"},
    {"[  ]\n", "t.ini:1: a section's header has no name between '[' and ']'\n"},
    {"[" NAME_50 "]\nk=v\n", "t.ini:1: the section name "
                             "'0123456789012345678901234567890123456789...' is longer than 49 "
                             "bytes\n"},
    {"[a]\nk = 1 ; c\n", "t.ini:2: [a] 'k': " COMMENT(";")},
    {"[a]\nk = 1\t# c\n", "t.ini:2: [a] 'k': " COMMENT("#")},
    {"[a]\nk = ; c\n", "t.ini:2: [a] 'k': " COMMENT(";")},
    {"[a]\nk = 1 ;\n", "t.ini:2: [a] 'k': " COMMENT(";")},
    {"[a]\nk = \"x\n", "t.ini:2: [a] 'k': " QUOTES},
    {"[a]\nk = \"\n", "t.ini:2: [a] 'k': " QUOTES},
    {"[a]\nk = \"a\" ; c\n", "t.ini:2: [a] 'k': " QUOTES},
    {"[a]\nk = \"a\" \"b\"\n", "t.ini:2: [a] 'k': " QUOTES},
    {"[a]\nk = ${LRH_UNSET}\n", "t.ini:2: [a] 'k': the environment variable LRH_UNSET is not set; "
                                "set it, or write a default: ${LRH_UNSET:-default}\n"},
    {"[a]\nk = ${LRH_SET\n",
     "t.ini:2: [a] 'k': '${' without its '}' (a literal '${' is written '$${')\n"},
    {"[a]\nk = ${}\n", "t.ini:2: [a] 'k': " FORM},
    {"[a]\nk = ${1A}\n", "t.ini:2: [a] 'k': " FORM},
    {"[a]\nk = ${A-b}\n", "t.ini:2: [a] 'k': " FORM},
    {"[a]\nk = ${:-b}\n", "t.ini:2: [a] 'k': " FORM},
    {"[a]\nk = ${A:-${B}}\n",
     "t.ini:2: [a] 'k': the default of '${A:-...}' cannot hold another '${'\n"},
    {"[a]\nk = a\033b\n", "t.ini:2: there is a control character (0x1b) in the line\n"},
    {"[a]\rk=v\r", "t.ini:1: there is a control character (0x0d) in the line\n"},
    {"[a\x7f]\nk=1\n[b]\nl\x01=2\n", "t.ini:1: there is a control character (0x7f) in the line\n"
                                     "t.ini:4: there is a control character (0x01) in the line\n"},
    {"\xff\xfe[\0", "t.ini: this is UTF-16 text; save the file as UTF-8\n"},
};

static void test_bad(void)
{
    struct outcome out;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        parse_bytes(bad[i].text, strlen(bad[i].text), NULL, &out);
        CU_ASSERT_EQUAL(out.status, LR_ECONFIG);
        CU_ASSERT(equal(out.problems, bad[i].says));
    }
}

static void test_nul(void)
{
    struct outcome out;

    parse_bytes("[a]\nk=v\0w\n", 10, NULL, &out);
    CU_ASSERT_EQUAL(out.status, LR_ECONFIG);
    CU_ASSERT(equal(out.problems, "t.ini: there is a NUL byte at offset 7: not an INI file but "
                                  "binary data, or UTF-16 text, which is to be saved as UTF-8\n"));
}

/* Keys below a header that is no use are nobody's: no second sentence for them. */
static void test_lost_section(void)
{
    struct outcome out;

    static const char text[] = "[a]\nk=1\n[b\nk=2\n[c]\nl=3\n";

    parse_bytes(text, sizeof text - 1, NULL, &out);
    CU_ASSERT(equal(out.problems, "t.ini:3: a section's header lacks its ']'\n"));
    CU_ASSERT(equal(out.config, "[a]\nk=1\n[c]\nl=3\n"));
}

static void test_too_many(void)
{
    char *text = malloc(16 * (LRH_CONFIG_LINES + 2)), *at = text;
    struct lrh_problems problems = {0};
    struct lrh_config *config;

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    at += sprintf(at, "[a]\n");
    for (uint32_t i = 0; i < LRH_CONFIG_LINES; i++)
        at += sprintf(at, "k%u=%u\n", i, i);
    CU_ASSERT_EQUAL(
        lrh_config_parse(NAME, text, (size_t)(at - text), "/", NULL, 0, &problems, &config),
        LR_ECONFIG);
    CU_ASSERT_EQUAL_FATAL(problems.n, 1);
    CU_ASSERT_STRING_EQUAL(problems.items[0].text,
                           "more than 10000 sections and keys; the rest is not read");
    CU_ASSERT_EQUAL(problems.items[0].line, LRH_CONFIG_LINES + 1);
    lrh_config_destroy(config);
    lrh_problems_finish(&problems);
    free(text);
}

/* ---- long lines ------------------------------------------------------------------------- */

/* Bytes that inih would trim, cut or join if it saw them. */
static void fill(char *text, size_t n)
{
    static const char pattern[] = "ab;#=:[]\"x  y";

    for (size_t i = 0; i < n; i++)
        text[i] = pattern[i % (sizeof pattern - 1)];
    if (n)
        text[0] = text[n - 1] = 'e';
}

static void long_line(size_t length)
{
    char *text = malloc(length + 64), *value;
    struct lrh_problems problems = {0};
    const struct lrh_entry *entry;
    struct lrh_config *config;
    size_t n = length - 2;
    int size;

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    value = malloc(n + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(value);
    fill(value, n);
    value[n] = '\0';
    size = sprintf(text, "[a]\nk=%s\nl=end\n\n[b]\nm=", value);
    CU_ASSERT_EQUAL(lrh_config_parse(NAME, text, (size_t)size, "/", NULL, 0, &problems, &config),
                    LR_OK);
    CU_ASSERT_EQUAL(problems.n, 0);
    CU_ASSERT_EQUAL_FATAL(config->n_sections, 2);
    entry = lrh_section_entry(lrh_config_section(config, "a"), "k");
    CU_ASSERT_PTR_NOT_NULL_FATAL(entry);
    CU_ASSERT_STRING_EQUAL(entry->value, value);
    CU_ASSERT_EQUAL(entry->line, 2);
    entry = lrh_section_entry(lrh_config_section(config, "a"), "l");
    CU_ASSERT_PTR_NOT_NULL_FATAL(entry);
    CU_ASSERT_EQUAL(entry->line, 3);
    CU_ASSERT_EQUAL(config->sections[1].line, 5);
    CU_ASSERT_EQUAL(config->sections[1].entries[0].line, 6);
    CU_ASSERT_EQUAL(config->sections[0].n_entries, 2);
    lrh_config_destroy(config);
    free(value);
    free(text);
}

static void test_long_lines(void)
{
    for (size_t length = 180; length < 220; length++)
        long_line(length);
    for (size_t length = 380; length < 410; length++)
        long_line(length);
    long_line(5000);
    long_line(70000);
}

static void test_long_comments_and_keys(void)
{
    char text[4096], says[512];
    struct outcome out;
    size_t n;

    n = (size_t)sprintf(text, "[a]\n;%0500d k=v\nk=%0300d\n", 0, 1);
    parse_bytes(text, n, NULL, &out);
    CU_ASSERT_EQUAL(out.status, LR_OK);
    for (int length = 129; length < 600; length += 47) {
        n = (size_t)sprintf(text, "[a]\nk%0*d=v\nl=w\n", length - 1, 0);
        parse_bytes(text, n, NULL, &out);
        (void)sprintf(says, "t.ini:2: the key 'k%039d...' is longer than 128 bytes\n", 0);
        CU_ASSERT(equal(out.problems, says));
        CU_ASSERT(equal(out.config, "[a]\nl=w\n"));
    }
    n = (size_t)sprintf(text, "[a]\nk%0127d=v\n", 0);
    parse_bytes(text, n, NULL, &out);
    CU_ASSERT_EQUAL(out.status, LR_OK);
}

static int set_up(void)
{
    return setenv("LRH_SET", "va lue", 1) || setenv("LRH_EMPTY", "", 1) ||
           setenv("LRH_TRAP", " \"${LRH_SET}\" ; #", 1) || unsetenv("LRH_UNSET");
}

static CU_TestInfo tests[] = {
    {"what is accepted", test_good},
    {"every mistake has its sentence", test_bad},
    {"NUL", test_nul},
    {"lost section", test_lost_section},
    {"too many keys", test_too_many},
    {"long lines", test_long_lines},
    {"long comments and keys", test_long_comments_and_keys},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"config", set_up, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
