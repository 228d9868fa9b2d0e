/* SPDX-License-Identifier: MIT
 *
 * `lrhost verify`: arguments, then one child for each test, then an exit code. See verify.h.
 *
 * The parent never loads the module. A child is a process group of its own with an empty folder
 * and time to work in; its standard input holds lines of numbers, its output goes to a file.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <lrhost/error.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/suggest.h"
#include "verify.h"

#define VALGRIND_EXIT 99
#define VALGRIND_SLOWER 30
#define SAMPLE_LINES 1000

static const char usage[] =
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
    "77 the module is not trusted.\n";

/* ---- folders -------------------------------------------------------------------------------- */

static void remove_folder(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir)) != NULL) {
        char name[512];

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (unlink(name) != 0 && errno == EISDIR)
            remove_folder(name);
        else
            (void)rmdir(name);
    }
    if (dir)
        (void)closedir(dir);
    (void)rmdir(path);
}

static int make_folder(char *ret_path, size_t size)
{
    const char *base = getenv("TMPDIR");

    (void)snprintf(ret_path, size, "%.40s/lrhost-XXXXXX",
                   base && strlen(base) < 40 ? base : "/tmp");
    return mkdtemp(ret_path) ? 0 : -1;
}

static void write_sample(const char *path)
{
    FILE *out = fopen(path, "we");

    for (int i = 0; out && i < SAMPLE_LINES; i++)
        (void)fprintf(out, "%d.25,%d.5,%d.125;%d.0\n", i, i + 1, i + 2, i);
    if (out)
        (void)fclose(out);
}

/* ---- the child ------------------------------------------------------------------------------ */

/* Puts what the place holders stand for; cuts what does not fit. */
static void expand(const char *value, const char *folder, char *to, size_t size)
{
    size_t n = 0;

    to[0] = '\0';
    while (*value && n + 1 < size) {
        int len;

        if (strncmp(value, "{scratch}", 9) == 0) {
            len = snprintf(to + n, size - n, "%s/files", folder);
            value += 9;
        } else if (strncmp(value, "{sample}", 8) == 0) {
            len = snprintf(to + n, size - n, "%s/sample", folder);
            value += 8;
        } else {
            len = snprintf(to + n, size - n, "%c", *value++);
        }
        n += len > 0 ? (size_t)len : 0;
    }
}

static const char *const kind_names[] = {"",      "source", "codec",  "engine",
                                         "model", "sink",   "monitor"};

/* The key within "kind.key" if it is for this kind, or the text itself; NULL: for another. */
static const char *key_for(const char *text, uint32_t kind)
{
    for (uint32_t k = LR_SOURCE; k <= LR_MONITOR; k++) {
        size_t n = strlen(kind_names[k]);

        if (strncmp(text, kind_names[k], n) == 0 && text[n] == '.')
            return k == kind ? text + n + 1 : NULL;
    }
    return text;
}

static int has_option(const struct lr_plugin *plugin, const char *key)
{
    const char *equals = strchr(key, '=');
    size_t n = equals ? (size_t)(equals - key) : strlen(key);

    for (uint32_t i = 0; i < plugin->n_options; i++) {
        const struct lr_option *o = &plugin->options[i];
        size_t m = strlen(o->name);

        if (o->type == LR_OPT_PREFIX ? strncmp(key, o->name, m) == 0
                                     : m == n && memcmp(o->name, key, n) == 0)
            return 1;
    }
    return 0;
}

/* The options that are for this plugin, as lines. One without a kind's name before it is left out
 * where the plugin does not have it: another one of the module may. */
static void make_settings(struct lrh_kit *kit)
{
    size_t n = 0;

    for (uint32_t i = 0; i < kit->args->n_options; i++) {
        const char *text = kit->args->options[i];
        const char *key = key_for(text, kit->plugin->kind);
        char value[1024];

        if (!key || (key == text && kit->module->n_plugins > 1 && !has_option(kit->plugin, key)))
            continue;
        expand(key, kit->scratch, value, sizeof value);
        n += (size_t)snprintf(kit->settings + n, sizeof kit->settings - n, "%s\n", value);
        if (n >= sizeof kit->settings)
            lrh_skip(kit, "the settings are longer than %zu bytes", sizeof kit->settings);
    }
}

static void stand_alone(const char *folder)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTERM, SIGINT};
    const struct rlimit no_core = {0, 0};
    char path[128];
    int fd;

    (void)setpgid(0, 0);
    (void)setrlimit(RLIMIT_CORE, &no_core);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        (void)signal(signals[i], SIG_DFL);
    (void)snprintf(path, sizeof path, "%s/files", folder);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof path, "%s/sample", folder);
    write_sample(path);
    fd = open(path, O_RDONLY);
    if (fd >= 0)
        (void)dup2(fd, STDIN_FILENO);
    if (fd > STDERR_FILENO)
        (void)close(fd);
    (void)snprintf(path, sizeof path, "%s/said", folder);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    if (fd >= 0) {
        (void)dup2(fd, STDOUT_FILENO);
        (void)dup2(fd, STDERR_FILENO);
    }
    if (fd > STDERR_FILENO)
        (void)close(fd);
}

static void find_plugin(struct lrh_kit *kit, uint32_t index)
{
    static struct lr_plugin plugin;
    struct lr_error err = LR_ERROR_INIT;

    if (lrh_loader_module(kit->args->loader, kit->args->module, ".", &kit->module, &err) != LR_OK)
        lrh_skip(kit, "cannot be loaded any more: %s", err.text);
    plugin = *kit->module->plugins[index];
    (void)lrh_hooks_install(kit->module->name);
    plugin.destroy = lrh_hooks_free(plugin.destroy);
    kit->plugin = &plugin;
}

__attribute__((noreturn)) static void be_child(const struct lrh_verify *args,
                                               const struct lrh_test *test, uint32_t index,
                                               const char *folder, struct lrh_verdict *verdict)
{
    static struct lrh_kit kit;

    kit.args = args;
    kit.verdict = verdict;
    (void)snprintf(kit.scratch, sizeof kit.scratch, "%s", folder);
    stand_alone(folder);
    if (test->kinds != LRH_OF_MODULE) {
        lrh_doing(&kit, "module.loads", "load it");
        find_plugin(&kit, index);
        make_settings(&kit);
    }
    test->run(&kit);
    lrh_done(&kit);
}

/* ---- the parent ----------------------------------------------------------------------------- */

/* The last line that the child printed, for a finding. */
static void last_words(const char *folder, char *text, size_t size)
{
    char path[128], line[400];
    FILE *in;

    (void)snprintf(path, sizeof path, "%s/said", folder);
    text[0] = '\0';
    in = fopen(path, "re");
    while (in && fgets(line, sizeof line, in))
        if (strstr(line, "ERROR") || strstr(line, "ssert") || strstr(line, "panic")) {
            line[strcspn(line, "\n")] = '\0';
            (void)snprintf(text, size, "; it printed: %s", line);
            break;
        }
    if (in)
        (void)fclose(in);
}

__attribute__((format(printf, 3, 4))) static void
add_finding(struct lrh_verdict *v, const char *rule, const char *format, ...)
{
    struct lrh_finding *f = &v->findings[v->n_findings < LRH_MAX_FINDINGS ? v->n_findings : 0];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(f->text, sizeof f->text, format, args);
    va_end(args);
    (void)snprintf(f->rule, sizeof f->rule, "%s", rule);
    if (v->n_findings < LRH_MAX_FINDINGS)
        v->n_findings++;
}

/* How the child ended; `limit` not 0: after so many seconds it was ended. */
static void judge_end(struct lrh_verdict *v, int status, uint32_t limit, const char *folder)
{
    const char *rule = v->rule[0] ? v->rule : "life.use";
    char words[500];

    last_words(folder, words, sizeof words);
    if (limit)
        add_finding(v, rule, "it did not come back within %u s: %s", limit, v->doing);
    else if (WIFSIGNALED(status))
        add_finding(v, rule, "SIG%s in: %s%s", sigabbrev_np(WTERMSIG(status)), v->doing, words);
    else if (WEXITSTATUS(status) == VALGRIND_EXIT)
        add_finding(v, "memory.valgrind", "valgrind found errors or leaks; its report:\n%s",
                    words[0] ? words
                             : "      lrhost verify --leaks writes it to ./lrhost-valgrind.*");
    else if (!v->done)
        add_finding(v, "process.exit", "it ended the process with code %d in: %s%s",
                    WEXITSTATUS(status), v->doing, words);
}

/* Waits for the child; returns the limit that it hit, or 0. */
static uint32_t wait_for(pid_t child, uint32_t limit, int *ret_status)
{
    const int64_t end = lrh_real_ns() + (int64_t)limit * 1000000000;
    long pause = 200000;
    pid_t got;

    while ((got = waitpid(child, ret_status, WNOHANG)) == 0 && lrh_real_ns() < end) {
        (void)nanosleep(&(struct timespec){0, pause}, NULL);
        pause = pause < 5000000 ? pause * 3 / 2 : pause;
    }
    if (got != 0) {
        (void)kill(-child, SIGKILL); /* whatever it started */
        return 0;
    }
    (void)kill(-child, SIGKILL);
    (void)kill(child, SIGKILL);
    (void)waitpid(child, ret_status, 0);
    return limit;
}

static void run_test(const struct lrh_verify *args, const struct lrh_test *test, uint32_t index,
                     struct lrh_verdict *verdict)
{
    uint32_t limit =
        (args->seconds ? args->seconds : test->seconds) * (args->leaks ? VALGRIND_SLOWER : 1);
    char folder[64];
    int status = 0;
    pid_t child;

    memset(verdict, 0, sizeof *verdict);
    if (make_folder(folder, sizeof folder) != 0) {
        verdict->skipped = 1;
        (void)snprintf(verdict->note, sizeof verdict->note, "no folder can be made in TMPDIR");
        return;
    }
    (void)fflush(stdout);
    child = fork();
    if (child == 0)
        be_child(args, test, index, folder, verdict);
    if (child < 0) {
        verdict->skipped = 1;
        (void)snprintf(verdict->note, sizeof verdict->note, "no process can be started");
    } else {
        limit = wait_for(child, limit, &status);
        judge_end(verdict, status, limit, folder);
    }
    remove_folder(folder);
}

static int is_wanted(const struct lrh_verify *args, uint32_t kind, const char *name)
{
    return !args->plugin || strcmp(args->plugin, name) == 0 ||
           strcmp(args->plugin, kind_names[kind]) == 0;
}

static lr_status run_all(const struct lrh_verify *args, struct lrh_verdict *verdict,
                         struct lrh_verify_totals *totals, struct lr_error *err)
{
    struct lrh_verdict loaded;
    uint32_t n = 0;

    if (strchr(args->module, '/') && access(args->module, R_OK) != 0)
        return lr_fail(err, LR_ECONFIG, "%s: %s", args->module, strerror(errno));
    run_test(args, &lrh_tests[0], 0, verdict);
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
            run_test(args, t, i, verdict);
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
            (void)fputs(usage, stdout);
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
                                         "--log-file=lrhost-valgrind.%p",
                                         "/proc/self/exe"};
    const size_t n = sizeof before / sizeof *before;
    char **words = calloc(n + (size_t)argc + 2, sizeof *words), self[512];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);

    if (!words || len <= 0)
        return lr_fail(err, LR_ENOMEM, "out of memory");
    self[len] = '\0';
    for (size_t i = 0; i < n; i++)
        words[i] = (char *)(uintptr_t)before[i];
    words[n - 1] = self;
    for (int i = 0; i < argc; i++)
        words[n + (size_t)i] = argv[i];
    (void)setenv("LRHOST_VERIFY_VALGRIND", "1", 1);
    (void)execvp(words[0], words);
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
    if (args.leaks && !getenv("LRHOST_VERIFY_VALGRIND"))
        return under_valgrind(argc, argv, err);
    path = lrh_loader_default_path();
    status = path ? lrh_loader_create(path, &args.loader, err) : LR_ENOMEM;
    verdict =
        mmap(NULL, sizeof *verdict, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (status == LR_OK && verdict == MAP_FAILED)
        status = lr_fail(err, LR_ENOMEM, "out of memory");
    if (status == LR_OK)
        status = run_all(&args, verdict, &totals, err);
    if (verdict != MAP_FAILED)
        (void)munmap(verdict, sizeof *verdict);
    lrh_loader_destroy(args.loader);
    free(path);
    return status;
}
