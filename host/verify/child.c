/* SPDX-License-Identifier: MIT
 *
 * One test in one child process, and what the way it ended means. A child is a process group of its
 * own with an empty folder and time to work in; its standard input holds lines of numbers, its
 * output goes to a file.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <lrhost/error.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "verify.h"

#define FOLDER LRH_VERIFY_FOLDER
#define VALGRIND_SLOWER 30
#define SAMPLE_LINES 1000

/* ---- folders -------------------------------------------------------------------------------- */

void lrh_remove_folder(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir)) != NULL) {
        char name[PATH_MAX];

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (unlink(name) != 0 && errno == EISDIR)
            lrh_remove_folder(name);
        else
            (void)rmdir(name);
    }
    if (dir)
        (void)closedir(dir);
    (void)rmdir(path);
}

int lrh_make_folder(char *ret_path, size_t size)
{
    const char *base = getenv("TMPDIR");

    (void)snprintf(ret_path, size, "%s/lrhost-XXXXXX",
                   base && strlen(base) < FOLDER - 32 ? base : "/tmp");
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

/* The key behind "KIND." if it is for this kind, or the text itself; NULL: for another. */
static const char *key_for(const char *text, uint32_t kind)
{
    for (uint32_t k = LR_SOURCE; k <= LR_MONITOR; k++) {
        const char *name = lrh_kind_name(k);
        size_t n = strlen(name);

        if (strncmp(text, name, n) == 0 && text[n] == '.')
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

static void stand_alone(const char *folder, pid_t parent)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTERM, SIGINT};
    const struct rlimit no_core = {0, 0};
    char path[FOLDER + 32];
    int fd;

    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a plugin that hangs does not outlive ^C */
    if (getppid() != parent)
        _exit(1);
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
    if (!kit->args->leaks) /* the hooks know every block, so valgrind would count none as lost */
        (void)lrh_hooks_install(kit->module->name);
    plugin.destroy = lrh_hooks_free(plugin.destroy);
    kit->plugin = &plugin;
}

__attribute__((noreturn)) static void be_child(const struct lrh_verify *args,
                                               const struct lrh_test *test, uint32_t index,
                                               const char *folder, struct lrh_verdict *verdict,
                                               pid_t parent)
{
    static struct lrh_kit kit;

    kit.args = args;
    kit.verdict = verdict;
    (void)snprintf(kit.scratch, sizeof kit.scratch, "%s", folder);
    stand_alone(folder, parent);
    if (test->kinds != LRH_OF_MODULE) {
        lrh_doing(&kit, "module.loads", "load it");
        find_plugin(&kit, index);
        make_settings(&kit);
    }
    test->run(&kit);
    lrh_done(&kit);
}

/* ---- the parent ----------------------------------------------------------------------------- */

/* What the child printed that looks like a reason, for a finding. */
static void last_words(const char *folder, char *text, size_t size)
{
    char path[FOLDER + 32], line[400];
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

/* The first lines of valgrind's report on a child, without its "==PID==". */
static void report_of_valgrind(pid_t child, char *text, size_t size)
{
    const char *folder = getenv(VALGRIND_FOLDER);
    char path[256], line[300];
    size_t n = 0;
    FILE *in;

    (void)snprintf(path, sizeof path, "%s/%ld", folder ? folder : ".", (long)child);
    text[0] = '\0';
    in = fopen(path, "re");
    for (int lines = 0; in && lines < 5 && n < size && fgets(line, sizeof line, in); lines++) {
        const char *at = strrchr(line, '=');

        line[strcspn(line, "\n")] = '\0';
        at = at ? at + 1 + strspn(at + 1, " ") : line;
        if (*at)
            n += (size_t)snprintf(text + n, size - n, "%s%s", n ? "; " : "", at);
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
static void judge_end(struct lrh_verdict *v, pid_t child, int status, uint32_t limit,
                      const char *folder)
{
    const char *rule = v->rule[0] ? v->rule : "life.use";
    char words[500];

    if (!WIFSIGNALED(status) && WEXITSTATUS(status) == VALGRIND_EXIT)
        report_of_valgrind(child, words, sizeof words);
    else
        last_words(folder, words, sizeof words);
    if (limit)
        add_finding(v, rule, "it did not come back within %u s: %s", limit, v->doing);
    else if (WIFSIGNALED(status))
        add_finding(v, rule, "SIG%s in: %s%s", sigabbrev_np(WTERMSIG(status)), v->doing, words);
    else if (WEXITSTATUS(status) == VALGRIND_EXIT)
        add_finding(v, "memory.valgrind", "%s", words);
    else if (!v->done && strstr(words, "Sanitizer"))
        add_finding(v, rule, "a sanitizer ended it in: %s%s", v->doing, words);
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

void lrh_run_test(const struct lrh_verify *args, const struct lrh_test *test, uint32_t index,
                  struct lrh_verdict *verdict)
{
    uint32_t limit =
        (args->seconds ? args->seconds : test->seconds) * (args->leaks ? VALGRIND_SLOWER : 1);
    char folder[FOLDER];
    const pid_t parent = getpid();
    int status = 0;
    pid_t child;

    memset(verdict, 0, sizeof *verdict);
    if (lrh_make_folder(folder, sizeof folder) != 0) {
        verdict->skipped = 1;
        (void)snprintf(verdict->note, sizeof verdict->note, "no folder can be made in TMPDIR");
        return;
    }
    (void)fflush(stdout);
    child = fork();
    if (child == 0)
        be_child(args, test, index, folder, verdict, parent);
    if (child < 0) {
        verdict->skipped = 1;
        (void)snprintf(verdict->note, sizeof verdict->note, "no process can be started");
    } else {
        limit = wait_for(child, limit, &status);
        judge_end(verdict, child, status, limit, folder);
    }
    lrh_remove_folder(folder);
}
