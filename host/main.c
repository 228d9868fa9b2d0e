/* SPDX-License-Identifier: MIT
 *
 * lrhost: arguments -> one command -> one exit code. The only place that prints an error and
 * the only one that knows sysexits.
 */
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "commands.h"
#include "complete.h"
#include "crash.h"
#include "new.h"
#include "suggest.h"
#include "verify/verify.h"

#define OVERRIDES_MAX 256

static const char usage[] =
    "usage: lrhost [run] FILE...            run the pipelines of these INI files\n"
    "       lrhost check FILE...            say what is wrong with them; starts nothing\n"
    "       lrhost list                     the plugins there are\n"
    "       lrhost describe [PLUGIN]        options of a plugin, or of everything\n"
    "       lrhost topics create|list|delete FILE\n"
    "                                       the topics that a pipeline names\n"
    "       lrhost status FILE...           is it running, and well? (--json)\n"
    "       lrhost new KIND NAME            a plugin of your own that builds as it stands\n"
    "                                       (source, codec, engine, model, sink, monitor)\n"
    "       lrhost verify MODULE            does a plugin keep the rules? (verify --help)\n"
    "\n"
    "  -s, --set SECTION.KEY=VALUE  override a setting; may be repeated\n"
    "      --rewind WHERE           earliest, latest or a time; once, for this run\n"
    "  -q, --quiet                  no status lines, and only warnings in the log\n"
    "      --log-level LEVEL        error, warning, notice, info (default) or debug\n"
    "      --log-format FORMAT      text (default), logfmt or json\n"
    "      --journald               begin log lines with <priority>; by itself where the log\n"
    "                               goes to the journal\n"
    "      --json, --markdown, --man  form of `describe` (a schema; for documents; a manual "
    "page);\n"
    "                               JSON: of `status`, too\n"
    "      --names                  form of `list`: what `plugin =` may say, nothing else\n"
    "  -h, --help    -V, --version\n"
    "\n"
    "A stop signal (SIGTERM, SIGINT) drains and commits; a second one ends at once. SIGHUP reads\n"
    "the model and log level again.\n"
    "\n"
    "Exit codes: 0 done, 64 usage, 65 data, 69 unavailable, 70 internal, 75 fenced or given up\n"
    "for now, 77 not trusted, 78 configuration. A supervisor should restart after 69, 70, 75.\n"
    "\n"
    "More: man lrhost, and lrhost describe.\n";

struct arguments {
    struct lrh_override overrides[OVERRIDES_MAX];
    size_t n_overrides;
    const char *rewind;
    int32_t log_level;
    int32_t log_format;
    int journald, quiet, format, names;
};

static int exit_code(lr_status status)
{
    switch (status) {
    case LR_OK:
        return EX_OK;
    case LR_EUSAGE:
        return EX_USAGE;
    case LR_EDATA:
        return EX_DATAERR;
    case LR_EUNAVAILABLE:
        return EX_UNAVAILABLE;
    case LR_EFENCED:
        return EX_TEMPFAIL;
    case LR_EUNTRUSTED:
        return EX_NOPERM;
    case LR_ECONFIG:
        return EX_CONFIG;
    default:
        return EX_SOFTWARE;
    }
}

static lr_status add_override(struct arguments *a, const char *text, struct lr_error *err)
{
    const char *equals = strchr(text, '='), *dot = strchr(text, '.');

    if (!equals || !dot || dot > equals || dot == text || equals == dot + 1)
        return lr_fail(err, LR_EUSAGE, "--set %s: write it as section.key=value", text);
    if (a->n_overrides == OVERRIDES_MAX)
        return lr_fail(err, LR_EUSAGE, "more than %d --set", OVERRIDES_MAX);
    a->overrides[a->n_overrides++].text = text;
    return LR_OK;
}

static lr_status take_option(struct arguments *a, int option, struct lr_error *err)
{
    switch (option) {
    case 's':
        return add_override(a, optarg, err);
    case 'R':
        a->rewind = optarg;
        return LR_OK;
    case 'q':
        a->quiet = 1;
        return LR_OK;
    case 'L':
        a->log_level = lrh_log_level(optarg);
        if (a->log_level < 0)
            return lr_fail(err, LR_EUSAGE,
                           "--log-level %s: use error, warning, notice, info or debug", optarg);
        return LR_OK;
    case 'F':
        a->log_format = strcmp(optarg, "json") == 0     ? LRH_LOG_JSON
                        : strcmp(optarg, "logfmt") == 0 ? LRH_LOG_LOGFMT
                        : strcmp(optarg, "text") == 0   ? LRH_LOG_TEXT
                                                        : -1;
        if (a->log_format < 0)
            return lr_fail(err, LR_EUSAGE, "--log-format %s: use text, logfmt or json", optarg);
        return LR_OK;
    case 'D':
        a->journald = 1;
        return LR_OK;
    case 'J':
        a->format = LRH_FORMAT_JSON;
        return LR_OK;
    case 'M':
        a->format = LRH_FORMAT_MARKDOWN;
        return LR_OK;
    case 'P':
        a->format = LRH_FORMAT_MAN;
        return LR_OK;
    case 'N':
        a->names = 1;
        return LR_OK;
    default:
        return lr_fail(err, LR_EUSAGE, "try 'lrhost --help'");
    }
}

/* Returns 1 when the program is done (help, version), else 0; *ret_status on a mistake. */
static int parse(struct arguments *a, int argc, char **argv, lr_status *ret_status,
                 struct lr_error *err)
{
    static const struct option options[] = {{"set", required_argument, NULL, 's'},
                                            {"rewind", required_argument, NULL, 'R'},
                                            {"quiet", no_argument, NULL, 'q'},
                                            {"log-level", required_argument, NULL, 'L'},
                                            {"log-format", required_argument, NULL, 'F'},
                                            {"journald", no_argument, NULL, 'D'},
                                            {"json", no_argument, NULL, 'J'},
                                            {"markdown", no_argument, NULL, 'M'},
                                            {"man", no_argument, NULL, 'P'},
                                            {"names", no_argument, NULL, 'N'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'V'},
                                            {NULL, 0, NULL, 0}};
    int option;

    *ret_status = LR_OK;
    while ((option = getopt_long(argc, argv, "s:qhV", options, NULL)) != -1) {
        if (option == 'h') {
            (void)fputs(usage, stdout);
            return 1;
        }
        if (option == 'V') {
            (void)printf("lrhost %s (ABI %u)\n", LRHOST_VERSION, LRHOST_ABI);
            return 1;
        }
        *ret_status = take_option(a, option, err);
        if (*ret_status != LR_OK)
            return 0;
    }
    return 0;
}

static lr_status topics(const struct lrh_run *run, int n, char **words, struct lr_error *err)
{
    static const char *const verbs[] = {"create", "list", "delete"};

    if (n != 2)
        return lr_fail(err, LR_EUSAGE, "usage: lrhost topics create|list|delete FILE");
    for (int32_t i = 0; i < 3; i++)
        if (strcmp(words[0], verbs[i]) == 0)
            return lrh_command_topics(run, LR_TOPICS_CREATE + i, words[1], err);
    return lr_fail(err, LR_EUSAGE, "topics %s: use create, list or delete", words[0]);
}

/* A word that is neither a command nor a file. */
static lr_status unknown(const char *word, struct lr_error *err)
{
    static const char *const commands[] = {"run",    "check",  "list", "describe",
                                           "topics", "status", "new",  "verify"};
    struct lrh_suggestion near = {.word = word};
    char text[64];

    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        lrh_suggest(&near, commands[i]);
    return lr_fail(err, LR_EUSAGE, "'%s' is neither a command nor a file%s; try 'lrhost --help'",
                   word, lrh_suggest_text(&near, text, sizeof text));
}

static lr_status dispatch(const struct lrh_run *run, const struct arguments *a, int n, char **words,
                          struct lr_error *err)
{
    const char *command = n > 0 ? words[0] : "";

    if (n == 0)
        return lr_fail(err, LR_EUSAGE, "nothing to run; try 'lrhost --help'");
    if (strcmp(command, "list") == 0)
        return n == 1 ? lrh_command_list(run, a->names, err)
                      : lr_fail(err, LR_EUSAGE, "usage: lrhost list");
    if (strcmp(command, "describe") == 0)
        return n <= 2 ? lrh_command_describe(run, n == 2 ? words[1] : NULL, a->format, err)
                      : lr_fail(err, LR_EUSAGE, "usage: lrhost describe [PLUGIN]");
    if (strcmp(command, "topics") == 0)
        return topics(run, n - 1, words + 1, err);
    if (strcmp(command, "new") == 0)
        return n == 3 ? lrh_command_new(words[1], words[2], err)
                      : lr_fail(err, LR_EUSAGE, "usage: lrhost new KIND NAME");
    if (strcmp(command, "check") == 0)
        return n > 1 ? lrh_command_check(run, words + 1, (size_t)n - 1, err)
                     : lr_fail(err, LR_EUSAGE, "usage: lrhost check FILE...");
    if (strcmp(command, "status") == 0)
        return n > 1 ? lrh_command_status(run, words + 1, (size_t)n - 1, a->format)
                     : lr_fail(err, LR_EUSAGE, "usage: lrhost status FILE...");
    if (strcmp(command, "run") == 0)
        return n > 1 ? lrh_command_run(run, words + 1, (size_t)n - 1, err)
                     : lr_fail(err, LR_EUSAGE, "usage: lrhost run FILE...");
    if (!strchr(command, '.') && !strchr(command, '/') && access(command, F_OK) != 0 &&
        strcmp(command, "-") != 0)
        return unknown(command, err);
    return lrh_command_run(run, words, (size_t)n, err);
}

/* A descriptor 0, 1 or 2 that the caller closed would be given to the next file that is opened, and
 * what is meant for a terminal would go there. Each gets one that refuses its use. */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* What goes wrong is said once: to a person in a line of its own, to a machine as its log. */
static void say_error(const struct arguments *a, struct lrh_log *log, const char *text)
{
    if (log && (a->log_format != LRH_LOG_TEXT || a->journald))
        lrh_log_write(log, NULL, LR_LOG_ERROR, text);
    else
        (void)fprintf(stderr, "lrhost: %s\n", text);
}

/* For shells; what is wrong is not said, because it would stand in the middle of a command line. */
static int complete(size_t n, char **words)
{
    struct lrh_loader *loader = NULL;
    char *path = lrh_loader_default_path();
    int verify = n > 1 && strcmp(words[0], "verify") == 0; /* reads its own options */

    if (path && lrh_loader_create(path, &loader, NULL) == LR_OK)
        lrh_complete(loader, verify ? lrh_verify_usage : usage, words, n, stdout);
    lrh_loader_destroy(loader);
    free(path);
    return EX_OK;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct lr_error err = LR_ERROR_INIT;
    struct lrh_run run = {0};
    char *path = NULL;
    lr_status status;
    int done;

    hold_standard_descriptors();
    lrh_crash_say();
    /* Messages and file names in the user's language; numbers always with a point. */
    (void)setlocale(LC_CTYPE, "");
    if (argc > 1 && strcmp(argv[1], "__complete") == 0)
        return complete((size_t)argc - 2, argv + 2);
    done = argc > 1 && strcmp(argv[1], "verify") == 0; /* reads its own options */
    if (done)
        status = lrh_command_verify(argc - 1, argv + 1, &err);
    else
        done = parse(&arguments, argc, argv, &status, &err);
    if (!done && status == LR_OK)
        status = lrh_log_create(STDERR_FILENO, &run.log);
    if (!done && status == LR_OK) {
        if (arguments.quiet && !arguments.log_level)
            arguments.log_level = LR_LOG_WARNING;
        lrh_log_set_level(run.log, arguments.log_level ? arguments.log_level : LR_LOG_INFO);
        lrh_log_set_format(run.log, arguments.log_format, arguments.journald ? 1 : -1);
        path = lrh_loader_default_path();
        status = path ? lrh_loader_create(path, &run.loader, &err) : LR_ENOMEM;
    }
    run.overrides = arguments.overrides;
    run.n_overrides = arguments.n_overrides;
    run.log_level = arguments.log_level;
    run.quiet = arguments.quiet;
    run.rewind = arguments.rewind;
    if (!done && status == LR_OK)
        status = dispatch(&run, &arguments, argc - optind, argv + optind, &err);
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == LR_OK)
        status = lr_fail(&err, LR_EUNAVAILABLE, "cannot write to standard output");
    if (status == LR_ENOMEM && !err.text[0])
        (void)lr_fail(&err, status, "out of memory");
    if (status != LR_OK && err.text[0])
        say_error(&arguments, run.log, err.text);
    lrh_loader_destroy(run.loader);
    lrh_log_destroy(run.log);
    free(path);
    return exit_code(status);
}
