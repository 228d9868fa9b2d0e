/* SPDX-License-Identifier: MIT
 *
 * Around the text: --set, files that can and cannot be read, and the list of problems.
 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/config_outcome.h"

/* ---- --set ------------------------------------------------------------------------------- */
static const struct {
    const char *set, *means, *says;
} sets[] = {
    {"a.k=2", "[a]\nk=2\n", ""},
    {"a.l=2", "[a]\nk=1\nl=2\n", ""},
    {"b.kafka.group.id = x=y ", "[a]\nk=1\n[b]\nkafka.group.id=x=y\n", ""},
    {" a . k = \" ; \" ", "[a]\nk= ; \n", ""},
    {"a.k=1 ; 2", "[a]\nk=1 ; 2\n", ""}, /* there are no comments on a command line */
    {"a.k=", "[a]\nk=\n", ""},
    {"a.k=${LRH_SET}", "[a]\nk=va lue\n", ""},
    {"a.k=${LRH_UNSET}", "[a]\nk=${LRH_UNSET}\n",
     "--set: [a] 'k': the environment variable LRH_UNSET is not set; set it, or write a default: "
     "${LRH_UNSET:-default}\n"},
    {"k=1", "[a]\nk=1\n", "--set: 'k=1' is not section.key=value\n"},
    {"a.k", "[a]\nk=1\n", "--set: 'a.k' is not section.key=value\n"},
    {".k=1", "[a]\nk=1\n", "--set: '.k=1' is not section.key=value\n"},
    {"a.=1", "[a]\nk=1\n", "--set: 'a.=1' is not section.key=value\n"},
    {"a=b.c", "[a]\nk=1\n", "--set: 'a=b.c' is not section.key=value\n"},
    {"", "[a]\nk=1\n", "--set: '' is not section.key=value\n"},
};

static void test_set(void)
{
    struct outcome out;

    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        parse_bytes("[a]\nk=1\n", 8, sets[i].set, &out);
        CU_ASSERT(equal(out.config, sets[i].means));
        CU_ASSERT(equal(out.problems, sets[i].says));
        CU_ASSERT_EQUAL(out.status, *sets[i].says ? LR_ECONFIG : LR_OK);
    }
}

static void test_set_last_wins(void)
{
    struct lrh_override overrides[] = {{"a.k=2"}, {"a.k=3"}};
    struct lrh_problems problems = {0};
    const struct lrh_entry *entry;
    struct lrh_config *config;

    CU_ASSERT_EQUAL_FATAL(
        lrh_config_parse(NAME, "[a]\nk=1\n", 8, "/", overrides, 2, &problems, &config), LR_OK);
    entry = lrh_section_entry(lrh_config_section(config, "a"), "k");
    CU_ASSERT_PTR_NOT_NULL_FATAL(entry);
    CU_ASSERT_STRING_EQUAL(entry->value, "3");
    CU_ASSERT_STRING_EQUAL(entry->file, "--set");
    CU_ASSERT_EQUAL(entry->line, 0);
    lrh_config_destroy(config);
    lrh_problems_finish(&problems);
}

/* ---- files ------------------------------------------------------------------------------- */
static char folder[] = "/tmp/lrhost-config-XXXXXX";

static void load(const char *path, struct outcome *out)
{
    struct lrh_problems problems = {0};
    struct lrh_config *config;

    memset(out, 0, sizeof *out);
    out->status = lrh_config_load(path, NULL, 0, &problems, &config);
    CU_ASSERT(out->status == LR_OK || problems.n_errors == 1);
    collect(config, &problems, out);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    (void)fputs(text, file);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

static void test_load(void)
{
    struct lrh_problems problems = {0};
    struct lrh_config *config;
    char path[128];

    (void)snprintf(path, sizeof path, "%s/./x.ini", folder);
    write_file(path, "[a]\nk = v\n");
    CU_ASSERT_EQUAL_FATAL(lrh_config_load(path, NULL, 0, &problems, &config), LR_OK);
    CU_ASSERT_STRING_EQUAL(config->path, path);
    CU_ASSERT_STRING_EQUAL(config->folder, folder);
    CU_ASSERT_STRING_EQUAL(config->sections[0].entries[0].value, "v");
    CU_ASSERT_STRING_EQUAL(config->sections[0].entries[0].file, path);
    lrh_config_destroy(config);
    CU_ASSERT_EQUAL(unlink(path), 0);
}

static void test_unreadable(void)
{
    char path[128], says[256];
    struct outcome out;

    (void)snprintf(path, sizeof path, "%s/none.ini", folder);
    load(path, &out);
    CU_ASSERT_EQUAL(out.status, LR_ECONFIG);
    (void)snprintf(says, sizeof says, "%s: there is no such file\n", path);
    CU_ASSERT(equal(out.problems, says));
    load(folder, &out);
    (void)snprintf(says, sizeof says, "%s: this is a folder; name an INI file in it\n", folder);
    CU_ASSERT(equal(out.problems, says));
    load("/dev/zero", &out);
    CU_ASSERT(equal(out.problems, "/dev/zero: the file is larger than 16 MiB: not an INI file\n"));
    load("/proc/self/mem", &out); /* opens, but its first byte cannot be read */
    CU_ASSERT(equal(out.problems, "/proc/self/mem: cannot read the file: Input/output error\n"));
    if (geteuid() == 0) {
        (void)printf("\n    not tested as root: a file without read permission\n");
        return;
    }
    write_file(path, "[a]\n");
    CU_ASSERT_EQUAL(chmod(path, 0), 0);
    load(path, &out);
    (void)snprintf(says, sizeof says, "%s: this user may not read the file (permission denied)\n",
                   path);
    CU_ASSERT(equal(out.problems, says));
    CU_ASSERT_EQUAL(unlink(path), 0);
}

/* ---- problems ----------------------------------------------------------------------------- */
static void test_problems(void)
{
    struct lrh_problems problems = {0};
    char text[512] = "", name[] = "b";
    FILE *file = fmemopen(text, sizeof text, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    lrh_problems_add(&problems, name, 7, "late");
    name[0] = 'a'; /* the list keeps its own copy */
    lrh_problems_add(&problems, name, 2, "other file");
    lrh_problems_warn(&problems, "b", 3, "%s", "unwise");
    lrh_problems_add(&problems, "b", 7, "later");
    lrh_problems_add(&problems, "b", 7, "late");
    lrh_problems_add(&problems, NULL, 0, "no place");
    lrh_problems_add(&problems, "b", 0, "whole file");
    CU_ASSERT_EQUAL(problems.n, 6);
    CU_ASSERT_EQUAL(problems.n_errors, 5);
    lrh_problems_print(&problems, file);
    (void)fclose(file);
    CU_ASSERT(equal(text, "b: whole file\nb:3: warning: unwise\nb:7: late\nb:7: later\n"
                          "a:2: other file\nno place\n"));
    lrh_problems_finish(&problems);
    CU_ASSERT_EQUAL(problems.n, 0);
    for (uint32_t i = 0; i < LRH_PROBLEMS_MAX + 5; i++)
        lrh_problems_add(&problems, "a", i + 1, "x");
    CU_ASSERT_EQUAL(problems.n, LRH_PROBLEMS_MAX);
    CU_ASSERT_EQUAL(problems.n_errors, LRH_PROBLEMS_MAX + 5);
    CU_ASSERT_EQUAL(problems.n_dropped, 5);
    lrh_problems_finish(&problems);
}

static int set_up(void)
{
    return !mkdtemp(folder) || setenv("LRH_SET", "va lue", 1) || unsetenv("LRH_UNSET");
}

static int tear_down(void)
{
    return rmdir(folder);
}

static CU_TestInfo tests[] = {
    {"--set", test_set},         {"--set: the last one wins", test_set_last_wins},
    {"load", test_load},         {"unreadable files", test_unreadable},
    {"problems", test_problems}, CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"config file", set_up, tear_down, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
