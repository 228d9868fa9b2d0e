/* SPDX-License-Identifier: MIT
 *
 * `lrhost verify`: arguments, then one child for each test, then an exit code. The parent never
 * loads the module. See verify.h.
 */
#include <errno.h>
#include <getopt.h>
#include <lrhost/error.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/suggest.h"
#include "verify.h"

const char lrh_verify_usage[] =
    "usage: lrhost verify MODULE [OPTION]...\n"
    "\n"
    "Does a plugin keep the rules of the SDK's headers? MODULE is a .so file or a name, as\n"
    "`plugin =` takes it. Each test runs in a process of its own; each finding names the rule.\n"
    "\n"
    "  -o, --option [KIND.]KEY=VALUE  a setting of the plugin; may be repeated. {scratch} stands\n"
    "                                 for an empty folder, {sample} for a file of 1,000 lines\n"
    "      --plugin NAME              only the plugin (or kind) of this name\n"
    "      --only TEST                only this test\n"
    "      --records FILE             records for codecs, one a line; default: f0,f1,f2;label\n"
    "      --quick                    50 lives instead of 1,000\n"
    "      --timeout SECONDS          for each test; default: what the test says, 10 to 30\n"
    "      --leaks                    all of it under valgrind; slow\n"
    "      --json                     the results as one JSON object\n"
    "      --list                     tests and rules, nothing else\n"
    "  -h, --help\n"
    "\n"
    "Exit codes: 0 no findings (tests may be skipped, each says why), 65 findings, 64 usage,\n"
    "69 nothing can be tested here, 77 the module is not trusted.\n";

static int is_wanted(const struct lrh_verify *args, uint32_t kind, const char *name)
{
    return !args->plugin || strcmp(args->plugin, name) == 0 ||
           strcmp(args->plugin, lrh_kind_name(kind)) == 0;
}

static lr_status run_all(const struct lrh_verify *args, struct lrh_verdict *verdict,
                         struct lrh_verify_totals *totals, struct lr_error *err)
{
    char folder[LRH_VERIFY_FOLDER];
    struct lrh_verdict loaded;
    uint32_t n = 0;

    if (lrh_make_folder(folder, sizeof folder) != 0) /* else all is skipped, which is no finding */
        return lr_fail(err, LR_EUNAVAILABLE, "no folder '%s' can be made: %s", folder,
                       strerror(errno));
    lrh_remove_folder(folder);
    if (strchr(args->module, '/') && access(args->module, R_OK) != 0)
        return lr_fail(err, LR_ECONFIG, "%s: %s", args->module, strerror(errno));
    lrh_run_test(args, &lrh_tests[0], 0, verdict);
    loaded = *verdict;
    if (loaded.n_findings && strncmp(loaded.findings[0].text, "no module '", 11) == 0)
        return lr_fail(err, LR_ECONFIG, "%s", loaded.findings[0].text);
    lrh_report_begin(args);
    if (!args->only || strcmp(args->only, lrh_tests[0].name) == 0 || verdict->n_findings)
        lrh_report_test(args, 0, args->module, lrh_tests[0].name, verdict, totals);
    for (uint32_t i = 0; i < loaded.n_plugins; i++) {
        if (!is_wanted(args, loaded.plugins[i].kind, loaded.plugins[i].name))
            continue;
        n++;
        for (const struct lrh_test *t = lrh_tests + 1; t->name; t++) {
            if (!(t->kinds & LRH_KIND(loaded.plugins[i].kind)) ||
                (args->only && strcmp(args->only, t->name) != 0))
                continue;
            lrh_run_test(args, t, i, verdict);
            lrh_report_test(args, loaded.plugins[i].kind, loaded.plugins[i].name, t->name, verdict,
                            totals);
        }
    }
    lrh_report_end(args, totals);
    if (loaded.n_findings && strcmp(loaded.findings[0].rule, "module.trusted") == 0)
        return LR_EUNTRUSTED;
    if (loaded.n_plugins && !n)
        return lr_fail(err, LR_EUSAGE, "%s holds no plugin '%s'", args->module, args->plugin);
    return totals->failed ? LR_EDATA : LR_OK;
}

/* ---- arguments ------------------------------------------------------------------------------ */

static lr_status judge_only(const struct lrh_verify *args, struct lr_error *err)
{
    struct lrh_suggestion near = {.word = args->only};
    char text[64];

    for (const struct lrh_test *t = lrh_tests; args->only && t->name; t++) {
        if (strcmp(t->name, args->only) == 0)
            return LR_OK;
        lrh_suggest(&near, t->name);
    }
    if (!args->only)
        return LR_OK;
    return lr_fail(err, LR_EUSAGE, "--only %s: no such test%s; try 'lrhost verify --list'",
                   args->only, lrh_suggest_text(&near, text, sizeof text));
}

static lr_status take(struct lrh_verify *args, int option, struct lr_error *err)
{
    switch (option) {
    case 'o':
        if (!strchr(optarg, '='))
            return lr_fail(err, LR_EUSAGE, "--option %s: write it as key=value", optarg);
        if (args->n_options == sizeof args->options / sizeof *args->options)
            return lr_fail(err, LR_EUSAGE, "more than %u --option", args->n_options);
        args->options[args->n_options++] = optarg;
        return LR_OK;
    case 'P':
        args->plugin = optarg;
        return LR_OK;
    case 'O':
        args->only = optarg;
        return LR_OK;
    case 'R':
        args->records = optarg;
        return LR_OK;
    case 'T':
        args->seconds = (uint32_t)strtoul(optarg, NULL, 10);
        return args->seconds && args->seconds < 100000
                   ? LR_OK
                   : lr_fail(err, LR_EUSAGE, "--timeout %s: write seconds, 1 or more", optarg);
    case 'Q':
        args->quick = 1;
        return LR_OK;
    case 'K':
        args->leaks = 1;
        return LR_OK;
    case 'J':
        args->json = 1;
        return LR_OK;
    case 'L':
        args->list = 1;
        return LR_OK;
    default:
        return lr_fail(err, LR_EUSAGE, "try 'lrhost verify --help'");
    }
}

/* *ret_done: there is nothing else to do. */
static lr_status parse(struct lrh_verify *args, int argc, char **argv, int *ret_done,
                       struct lr_error *err)
{
    static const struct option options[] = {{"option", required_argument, NULL, 'o'},
                                            {"plugin", required_argument, NULL, 'P'},
                                            {"only", required_argument, NULL, 'O'},
                                            {"records", required_argument, NULL, 'R'},
                                            {"timeout", required_argument, NULL, 'T'},
                                            {"quick", no_argument, NULL, 'Q'},
                                            {"leaks", no_argument, NULL, 'K'},
                                            {"json", no_argument, NULL, 'J'},
                                            {"list", no_argument, NULL, 'L'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    lr_status status = LR_OK;
    int option;

    while (status == LR_OK && (option = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
        if (option == 'h') {
            (void)fputs(lrh_verify_usage, stdout);
            *ret_done = 1;
            return LR_OK;
        }
        status = take(args, option, err);
    }
    if (status == LR_OK)
        status = judge_only(args, err);
    if (status == LR_OK && args->list) {
        lrh_report_list(args);
        *ret_done = 1;
    } else if (status == LR_OK && optind + 1 != argc) {
        status = lr_fail(err, LR_EUSAGE, "usage: lrhost verify MODULE [OPTION]...");
    } else if (status == LR_OK) {
        args->module = argv[optind];
    }
    return status;
}

/* The same command once more, under valgrind, which follows into the children. */
static lr_status under_valgrind(int argc, char **argv, struct lr_error *err)
{
    static const char *const before[] = {"valgrind",
                                         "-q",
                                         "--leak-check=full",
                                         "--errors-for-leak-kinds=definite",
                                         "--keep-debuginfo=yes",
                                         "--error-exitcode=99",
                                         NULL, /* --log-file */
                                         "/proc/self/exe"};
    const size_t n = sizeof before / sizeof *before;
    char **words = calloc(n + (size_t)argc + 2, sizeof *words);
    char self[512], folder[LRH_VERIFY_FOLDER], file[LRH_VERIFY_FOLDER + 32];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);

    if (!words || len <= 0 || lrh_make_folder(folder, sizeof folder) != 0)
        return lr_fail(err, LR_EUNAVAILABLE, "--leaks: there is no room for valgrind's reports");
    (void)snprintf(file, sizeof file, "--log-file=%s/%%p", folder);
    self[len] = '\0';
    for (size_t i = 0; i < n; i++)
        words[i] = (char *)(uintptr_t)before[i];
    words[n - 2] = file;
    words[n - 1] = self;
    for (int i = 0; i < argc; i++)
        words[n + (size_t)i] = argv[i];
    (void)setenv(VALGRIND_FOLDER, folder, 1);
    (void)execvp(words[0], words);
    lrh_remove_folder(folder);
    free(words);
    return lr_fail(err, LR_EUNAVAILABLE, "--leaks needs valgrind, which cannot be started");
}

lr_status lrh_command_verify(int argc, char **argv, struct lr_error *err)
{
    static struct lrh_verify args;
    struct lrh_verify_totals totals = {0};
    struct lrh_verdict *verdict;
    char *path;
    int done = 0;
    lr_status status = parse(&args, argc, argv, &done, err);

    if (status != LR_OK || done)
        return status;
    if (args.leaks && !getenv(VALGRIND_FOLDER))
        return under_valgrind(argc, argv, err);
    path = lrh_loader_default_path();
    status = path ? lrh_loader_create(path, &args.loader, err) : LR_ENOMEM;
    verdict =
        mmap(NULL, sizeof *verdict, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (status == LR_OK && verdict == MAP_FAILED)
        status = lr_fail(err, LR_ENOMEM, "out of memory");
    if (status == LR_OK)
        status = run_all(&args, verdict, &totals, err);
    if (args.leaks)
        lrh_remove_folder(getenv(VALGRIND_FOLDER));
    if (verdict != MAP_FAILED)
        (void)munmap(verdict, sizeof *verdict);
    lrh_loader_destroy(args.loader);
    free(path);
    return status;
}
