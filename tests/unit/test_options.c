/* SPDX-License-Identifier: MIT
 *
 * Sections -> typed settings: defaults, layers, secrets, and every message of a wrong setting.
 */
#include "unit/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/options.h"

static int equal(const char *got, const char *wanted)
{
    if (strcmp(got, wanted) == 0)
        return 1;
    (void)printf("\n    got:    %s\n    wanted: %s\n", got, wanted);
    return 0;
}

/* ---- settings -------------------------------------------------------------------------- */
struct values {
    int32_t flag, mode;
    int64_t count, bytes, wait, unset;
    double ratio, no_ratio;
    const char *topic, *path, *password, *no_text;
    const char *const *names, *const *no_names;
    const struct lr_pair *kafka;
};

#define AT(member) offsetof(struct values, member)

static const struct lr_option options[] = {
    {"flag", "A flag", "yes", NULL, NULL, LR_OPT_BOOL, 0, AT(flag), 0},
    {"mode", "A mode", "auto", NULL, "auto|key|input", LR_OPT_ENUM, 0, AT(mode), 0},
    {"count", "A count", "5", "1..1024", NULL, LR_OPT_INT, 0, AT(count), 0},
    {"bytes", "Some bytes", "1KiB", "1..", NULL, LR_OPT_SIZE, LR_OPT_ADVANCED, AT(bytes), 0},
    {"wait", "A time", "1s", "..1min", NULL, LR_OPT_DURATION, LR_OPT_RELOAD, AT(wait), 0},
    {"unset", "No default", NULL, NULL, NULL, LR_OPT_INT, 0, AT(unset), 0},
    {"ratio", "A ratio", "0.5", "0..1", NULL, LR_OPT_FLOAT, 0, AT(ratio), 0},
    {"no_ratio", "No default", NULL, NULL, NULL, LR_OPT_FLOAT, 0, AT(no_ratio), 0},
    {"topic", "The topic to read", NULL, NULL, NULL, LR_OPT_STRING, LR_OPT_REQUIRED, AT(topic), 0},
    {"path", "A file", "x/y", NULL, NULL, LR_OPT_PATH, 0, AT(path), 0},
    {"kafka.password", "A secret", NULL, NULL, NULL, LR_OPT_SECRET, 0, AT(password), 0},
    {"no_text", "No default", NULL, NULL, NULL, LR_OPT_STRING, 0, AT(no_text), 0},
    {"names", "Several", "a", NULL, NULL, LR_OPT_LIST, 0, AT(names), 0},
    {"no_names", "No default", NULL, NULL, NULL, LR_OPT_LIST, 0, AT(no_names), 0},
    {"kafka.", "Handed on", NULL, NULL, NULL, LR_OPT_PREFIX, 0, AT(kafka), 0},
};
#define N_OPTIONS (sizeof options / sizeof *options)

static const struct lrh_options table = {options, sizeof(struct lr_option), N_OPTIONS,
                                         sizeof(struct values)};

/* The host's own key of the section, for `skip` and suggestions. */
static const struct lr_option host_options[] = {
    {"plugin", "The plugin", NULL, NULL, NULL, LR_OPT_STRING, 0, 0, 0},
};
static const struct lrh_options host_table = {host_options, sizeof(struct lr_option), 1,
                                              sizeof(char *)};

static int is_host_key(void *ctx, const char *key)
{
    return lrh_option_find(ctx, key) != NULL;
}

static char folder[] = "/tmp/lrhost-options-XXXXXX";

/* Settings out of [source] and, below it, [kafka]; what is said goes to `says`. */
struct made {
    struct lrh_config *config;
    struct lrh_settings *settings;
    const struct values *values;
    lr_status status;
    char says[2048];
};

static void make(const char *text, struct made *made)
{
    struct lrh_problems problems = {0};
    const struct lrh_section *source;
    struct lrh_layer layers[2];
    FILE *out = fmemopen(made->says, sizeof made->says, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    (void)lrh_config_parse("t.ini", text, strlen(text), folder, NULL, 0, &problems, &made->config);
    CU_ASSERT_PTR_NOT_NULL_FATAL(made->config);
    source = lrh_config_section(made->config, "source");
    layers[0] =
        (struct lrh_layer){source, is_host_key, (void *)(uintptr_t)&host_table, &host_table};
    layers[1] = (struct lrh_layer){lrh_config_section(made->config, "kafka"), NULL, NULL, NULL};
    made->status = lrh_settings_create(&table, "source", layers, 2, made->config->folder, "t.ini",
                                       source ? source->line : 0, &problems, &made->settings);
    CU_ASSERT_PTR_NOT_NULL_FATAL(made->settings);
    made->values = lrh_settings_values(made->settings);
    made->says[0] = '\0';
    lrh_problems_print(&problems, out);
    (void)fclose(out);
    lrh_problems_finish(&problems);
}

static void unmake(struct made *made)
{
    lrh_settings_destroy(made->settings);
    lrh_config_destroy(made->config);
}

static void test_defaults(void)
{
    const struct values *v;
    struct made made;
    char path[64];

    make("[source]\ntopic = t\n", &made);
    v = made.values;
    CU_ASSERT_EQUAL(made.status, LR_OK);
    CU_ASSERT(equal(made.says, ""));
    CU_ASSERT_EQUAL(v->flag, 1);
    CU_ASSERT_EQUAL(v->mode, 0);
    CU_ASSERT_EQUAL(v->count, 5);
    CU_ASSERT_EQUAL(v->bytes, 1024);
    CU_ASSERT_EQUAL(v->wait, 1000000000);
    CU_ASSERT_EQUAL(v->unset, LR_UNSET);
    CU_ASSERT_EQUAL(v->ratio, 0.5);
    CU_ASSERT(isnan(v->no_ratio));
    CU_ASSERT_STRING_EQUAL(v->topic, "t");
    (void)snprintf(path, sizeof path, "%s/x/y", folder);
    CU_ASSERT_STRING_EQUAL(v->path, path);
    CU_ASSERT_PTR_NULL(v->password);
    CU_ASSERT_PTR_NULL(v->no_text);
    CU_ASSERT_STRING_EQUAL(v->names[0], "a");
    CU_ASSERT_PTR_NULL(v->names[1]);
    CU_ASSERT_PTR_NULL(v->no_names);
    CU_ASSERT_PTR_NULL(v->kafka[0].name);
    CU_ASSERT_PTR_NULL(lrh_settings_origin(made.settings, "flag"));
    unmake(&made);
}

static void test_layers(void)
{
    const struct values *v;
    struct made made;

    make("[kafka]\ntopic = shared\nkafka.a = 1\nkafka.b = 2\nno_text = x\n"
         "[source]\nplugin = kafka\ntopic = own\nflag = no\nmode = input\ncount = 1_024\n"
         "bytes = 64MiB\nwait = 0\nratio = 1e-1\npath = /abs\nnames = x y , z\nno_names =\n"
         "kafka.b = 3\nkafka.c.d = 4\nkafka.password = env:LRH_SECRET\n",
         &made);
    v = made.values;
    CU_ASSERT_EQUAL(made.status, LR_OK);
    CU_ASSERT(equal(made.says, ""));
    CU_ASSERT_EQUAL(v->flag, 0);
    CU_ASSERT_EQUAL(v->mode, 2);
    CU_ASSERT_EQUAL(v->count, 1024);
    CU_ASSERT_EQUAL(v->bytes, 64 << 20);
    CU_ASSERT_EQUAL(v->wait, 0);
    CU_ASSERT_EQUAL(v->ratio, 0.1);
    CU_ASSERT_STRING_EQUAL(v->topic, "own");
    CU_ASSERT_STRING_EQUAL(v->no_text, "x");
    CU_ASSERT_STRING_EQUAL(v->path, "/abs");
    CU_ASSERT_STRING_EQUAL(v->password, "s3cret");
    CU_ASSERT_STRING_EQUAL(v->names[0], "x y");
    CU_ASSERT_STRING_EQUAL(v->names[1], "z");
    CU_ASSERT_PTR_NULL(v->names[2]);
    CU_ASSERT_PTR_NULL(v->no_names[0]);
    CU_ASSERT_STRING_EQUAL(v->kafka[0].name, "b");
    CU_ASSERT_STRING_EQUAL(v->kafka[0].value, "3");
    CU_ASSERT_STRING_EQUAL(v->kafka[1].name, "c.d");
    CU_ASSERT_STRING_EQUAL(v->kafka[2].name, "a");
    CU_ASSERT_PTR_NULL(v->kafka[3].name);
    CU_ASSERT_EQUAL(lrh_settings_origin(made.settings, "topic")->line, 8);
    CU_ASSERT_EQUAL(lrh_settings_origin(made.settings, "kafka.a")->line, 3);
    CU_ASSERT_EQUAL(lrh_settings_origin(made.settings, "kafka.b")->line, 18);
    unmake(&made);
}

static const struct {
    const char *lines, *says;
} wrong[] = {
    {"topik = x", "t.ini:3: [source] unknown key 'topik'; did you mean 'topic'?\n"},
    {"plugn = x", "t.ini:3: [source] unknown key 'plugn'; did you mean 'plugin'?\n"},
    {"frobnicate = x", "t.ini:3: [source] unknown key 'frobnicate'\n"},
    {"linger.ms = 5",
     "t.ini:3: [source] unknown key 'linger.ms'; did you mean 'kafka.linger.ms'?\n"},
    {"kakfa.linger.ms = 5",
     "t.ini:3: [source] unknown key 'kakfa.linger.ms'; did you mean 'kafka.linger.ms'?\n"},
    {"kafka. = 5", "t.ini:3: [source] unknown key 'kafka.'\n"},
    {"flag = maybe", "t.ini:3: [source] 'flag': 'maybe' is neither yes nor no (write yes, true, "
                     "on, 1 or no, false, off, 0)\n"},
    {"mode = kye",
     "t.ini:3: [source] 'mode': 'kye' is none of auto, key, input; did you mean 'key'?\n"},
    {"mode = ke|", "t.ini:3: [source] 'mode': 'ke|' is none of auto, key, input; did you mean "
                   "'key'?\n"},
    {"mode =", "t.ini:3: [source] 'mode': '' is none of auto, key, input\n"},
    {"count = ten",
     "t.ini:3: [source] 'count': 'ten' is not a whole number (write 12, -3 or 1_000_000)\n"},
    {"count = 0", "t.ini:3: [source] 'count': 0 is out of range; accepted is 1..1024\n"},
    {"count = 1025", "t.ini:3: [source] 'count': 1025 is out of range; accepted is 1..1024\n"},
    {"bytes = 0", "t.ini:3: [source] 'bytes': 0 is out of range; accepted is at least 1\n"},
    {"bytes = 5M", "t.ini:3: [source] 'bytes': '5M' is not a size (write 512, 64KiB, 16MiB, "
                   "1.5GiB, or kB, MB, GB for powers of 1000)\n"},
    {"wait = 61s", "t.ini:3: [source] 'wait': 61s is out of range; accepted is at most 1min\n"},
    {"wait = 10x", "t.ini:3: [source] 'wait': '10x' is not a duration (write 100ms, 1.5s, 2min; "
                   "units are ns, us, ms, s, min, h, d)\n"},
    {"ratio = 1.5", "t.ini:3: [source] 'ratio': 1.5 is out of range; accepted is 0..1\n"},
    {"ratio = 0,5", "t.ini:3: [source] 'ratio': '0,5' is not a number (write 12, 0.5 or 1e-3)\n"},
    {"path =", "t.ini:3: [source] 'path': there is no value behind the '='\n"},
    {"names = a,,b", "t.ini:3: [source] 'names': 'a,,b' holds an empty item (write a, b, c)\n"},
    {"names = a,", "t.ini:3: [source] 'names': 'a,' holds an empty item (write a, b, c)\n"},
    {"kafka.password =", "t.ini:3: [source] 'kafka.password': there is no value behind the '='\n"},
    {"kafka.password = env:LRH_NONE", "t.ini:3: [source] 'kafka.password': the environment "
                                      "variable 'LRH_NONE' is not set\n"},
    {"kafka.password = file:/nowhere/x", "t.ini:3: [source] 'kafka.password': cannot read the "
                                         "secret file '/nowhere/x': No such file or directory\n"},
    {"kafka.password = file:/", "t.ini:3: [source] 'kafka.password': cannot read the secret file "
                                "'/': Is a directory\n"},
    {"kafka.password = file:/dev/null",
     "t.ini:3: [source] 'kafka.password': the secret file '/dev/null' is empty\n"},
    {"kafka.password = file:/dev/zero", "t.ini:3: [source] 'kafka.password': the secret file "
                                        "'/dev/zero' is too long (64 KiB or more)\n"},
    /* already said by the configuration: no second sentence from here */
    {"count = ${LRH_NONE}", "t.ini:3: [source] 'count': the environment variable LRH_NONE is not "
                            "set; set it, or write a default: ${LRH_NONE:-default}\n"},
    {"count = 0\nwait = x\nfoo = 1", /* all at once, in the order of the lines */
     "t.ini:3: [source] 'count': 0 is out of range; accepted is 1..1024\n"
     "t.ini:4: [source] 'wait': 'x' is not a duration (write 100ms, 1.5s, 2min; units are ns, us, "
     "ms, s, min, h, d)\n"
     "t.ini:5: [source] unknown key 'foo'\n"},
    {"[kafka]\ncount = 0\nplugin = x", /* a shared section is named as itself */
     "t.ini:4: [kafka] 'count': 0 is out of range; accepted is 1..1024\n"
     "t.ini:5: [kafka] unknown key 'plugin'\n"},
};

static void test_wrong(void)
{
    char text[256];
    struct made made;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        (void)snprintf(text, sizeof text, "[source]\ntopic = t\n%s\n", wrong[i].lines);
        make(text, &made);
        CU_ASSERT_EQUAL(made.status, strstr(wrong[i].lines, "LRH_NONE}") ? LR_OK : LR_ECONFIG);
        CU_ASSERT(equal(made.says, wrong[i].says));
        CU_ASSERT_EQUAL(made.values->count, 5); /* the default stands in */
        unmake(&made);
    }
}

static void test_required(void)
{
    struct made made;

    make("[kafka]\n[source]\n", &made);
    CU_ASSERT_EQUAL(made.status, LR_ECONFIG);
    CU_ASSERT(equal(made.says, "t.ini:2: [source] needs 'topic' (The topic to read)\n"));
    unmake(&made);
    make("[source]\ntopic =\n", &made);
    CU_ASSERT(equal(made.says, "t.ini:2: [source] 'topic' has no value behind its '='\n"));
    unmake(&made);
    make("", &made); /* no section at all */
    CU_ASSERT(equal(made.says, "t.ini: [source] needs 'topic' (The topic to read)\n"));
    unmake(&made);
}

static void test_secrets(void)
{
    static const struct {
        const char *file, *secret;
    } files[] = {{"s3cret\n", "s3cret"},
                 {"s3cret\r\n", "s3cret"},
                 {"s3cret", "s3cret"},
                 {" a b \n\n", " a b \n"}};
    struct made made;
    char path[64];

    (void)snprintf(path, sizeof path, "%s/secret", folder);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        FILE *file = fopen(path, "w");

        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        (void)fputs(files[i].file, file);
        (void)fclose(file);
        CU_ASSERT_EQUAL(chmod(path, i ? 0640 : 0644), 0);
        CU_ASSERT_EQUAL(prctl(PR_SET_DUMPABLE, 1), 0);
        make("[source]\ntopic = t\nkafka.password = file:secret\n", &made);
        CU_ASSERT(equal(made.says, i ? ""
                                     : "t.ini:3: warning: [source] 'kafka.password': the "
                                       "mode of 'secret' lets every user read it; chmod "
                                       "o-r\n"));
        CU_ASSERT_EQUAL(prctl(PR_GET_DUMPABLE), 0);
        CU_ASSERT_STRING_EQUAL(made.values->password, files[i].secret);
        unmake(&made);
    }
    CU_ASSERT_EQUAL(unlink(path), 0);
    make("[source]\ntopic = t\nkafka.a = file:b/c\nkafka.d = file:/e\nkafka.f = env:g\n", &made);
    (void)snprintf(path, sizeof path, "file:%s/b/c", folder);
    CU_ASSERT_STRING_EQUAL(made.values->kafka[0].value, path);
    CU_ASSERT_STRING_EQUAL(made.values->kafka[1].value, "file:/e");
    CU_ASSERT_STRING_EQUAL(made.values->kafka[2].value, "env:g");
    unmake(&made);
    CU_ASSERT_EQUAL(prctl(PR_SET_DUMPABLE, 1), 0);
    make("[source]\ntopic = t\n", &made);
    CU_ASSERT_EQUAL(prctl(PR_GET_DUMPABLE), 1); /* nothing to hide */
    unmake(&made);
    make("[source]\ntopic = t\nkafka.password = hunter2\n", &made);
    CU_ASSERT_EQUAL(made.status, LR_OK); /* unwise, not wrong */
    CU_ASSERT(equal(made.says, "t.ini:3: warning: [source] 'kafka.password' holds a secret in "
                               "plain text; write file:PATH or env:NAME\n"));
    CU_ASSERT_STRING_EQUAL(made.values->password, "hunter2");
    unmake(&made);
    make("[source]\ntopic = t\nkafka.password = ${LRH_SECRET}\n", &made);
    CU_ASSERT(equal(made.says, "")); /* not in the file */
    CU_ASSERT_STRING_EQUAL(made.values->password, "s3cret");
    unmake(&made);
}

static int set_up(void)
{
    return !mkdtemp(folder) || setenv("LRH_SECRET", "s3cret", 1) || unsetenv("LRH_NONE");
}

static int tear_down(void)
{
    return rmdir(folder);
}

static CU_TestInfo tests[] = {
    {"defaults", test_defaults}, {"layers", test_layers},   {"wrong settings", test_wrong},
    {"required", test_required}, {"secrets", test_secrets}, CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"options", set_up, tear_down, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
