/* SPDX-License-Identifier: MIT
 *
 * See supervise.h. One poll(2) over a signalfd and an eventfd that finished lanes write to.
 */
#include "supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <lrhost/error.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "watch.h"

#define TWICE_NS (300 * INT64_C(1000000))     /* nobody presses a key twice in so short a time */
#define CLIENTS_NS (7 * INT64_C(1000000000))  /* for clients to end, when all work is over */
#define OVERDUE_NS (10 * INT64_C(1000000000)) /* beyond a stop's time */
#define S_NS INT64_C(1000000000)
#define HOUR_NS (3600 * INT64_C(1000000000))

struct loop {
    const struct lrh_run *run;
    struct lrh_pipeline **pipelines;
    size_t n;
    int signal_fd, wake_fd;
    struct lrh_watch watch;
    int had_terminal;
    int shielded; /* SIGHUP was ignored when we began (nohup): the terminal may go */
    int stops;    /* stop signals so far */
    int64_t stopped_ns;
    int reload;   /* asked for */
    int training; /* a model is built, which looks for signals on the way */
};

static int64_t clock_now(void)
{
    return lrh_system_real.monotonic_ns(lrh_system_real.ctx);
}

static void say(const struct loop *loop, int32_t level, const char *text)
{
    struct lrh_log_from from = {NULL, NULL, -1};

    lrh_log_write(loop->run->log, &from, level, text);
}

static int terminal_there(void)
{
    int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);

    if (fd < 0)
        return 0;
    (void)close(fd);
    return 1;
}

static void stop_all(struct loop *loop)
{
    for (size_t i = 0; i < loop->n; i++)
        lrh_pipeline_stop(loop->pipelines[i], loop->pipelines[i]->settings->shutdown_timeout_ns);
}

/* ---- reload ----------------------------------------------------------------------------- */

static void say_problems(const struct loop *loop, const struct lrh_problems *problems)
{
    struct lrh_log_from from = {NULL, NULL, -1};

    for (size_t i = 0; i < problems->n; i++) {
        const struct lrh_problem *p = &problems->items[i];

        lrh_log_printf(loop->run->log, &from, p->warning ? LR_LOG_WARNING : LR_LOG_ERROR,
                       "reload: %s:%u: %s", p->file ? p->file : "", p->line, p->text);
    }
}

static void reload_one(struct loop *loop, struct lrh_pipeline *pipeline)
{
    const struct lrh_run *run = loop->run;
    struct lrh_log_from from = {pipeline->name, "pipeline", -1};
    const char *path = pipeline->config->path;
    struct lrh_problems problems = {0};
    struct lrh_pipeline *fresh = NULL;
    struct lr_error err = LR_ERROR_INIT;
    int32_t level = 0;
    lr_status status;

    if (strcmp(path, "-") == 0) {
        say(loop, LR_LOG_WARNING,
            "reload: a configuration from standard input cannot be read again");
        return;
    }
    status = lrh_pipeline_load(run, path, &problems, &fresh);
    say_problems(loop, &problems);
    lrh_problems_finish(&problems);
    if (status != LR_OK) {
        lrh_log_printf(run->log, &from, LR_LOG_ERROR,
                       "reload: %s has mistakes; what runs stays as it is", path);
        lrh_pipeline_destroy(fresh);
        return;
    }
    level = run->log_level ? 0 : fresh->settings->log_level;
    status = lrh_pipeline_reload(pipeline, fresh, &err);
    if (status != LR_OK) {
        lrh_log_printf(run->log, &from, LR_LOG_ERROR, "reload: %s: the old model stays: %s", path,
                       err.text);
        return;
    }
    if (level)
        lrh_log_set_level(run->log, level + LR_LOG_ERROR - 1);
    lrh_log_printf(run->log, &from, LR_LOG_NOTICE,
                   "reloaded: model and log level are those of %s now; anything else needs a "
                   "restart",
                   path);
}

static void reload_all(struct loop *loop)
{
    loop->reload = 0;
    lrh_watch_reloading(&loop->watch);
    for (size_t i = 0; i < loop->n; i++) {
        struct lrh_pipeline *pipeline = loop->pipelines[i];

        if (pipeline->state == LR_STATE_STOPPING || lrh_pipeline_finished(pipeline))
            continue; /* it will need no model */
        loop->training = 1;
        reload_one(loop, pipeline);
        loop->training = 0;
    }
    lrh_watch_reloaded(&loop->watch);
}

/* ---- signals ---------------------------------------------------------------------------- */

static void hang_up(struct loop *loop, const struct signalfd_siginfo *info)
{
    /* The kernel says that the terminal is gone, or a shell does and it is. */
    int gone = info->ssi_code == SI_KERNEL || (loop->had_terminal && !terminal_there());

    if (!gone) {
        loop->reload = 1;
    } else if (loop->shielded) {
        loop->had_terminal = 0; /* from now on it is asked for by someone */
    } else {
        say(loop, LR_LOG_NOTICE, "the terminal hung up; stopping");
        stop_all(loop);
    }
}

/* Returns 0 when there was none. */
static int take_signal(struct loop *loop)
{
    struct signalfd_siginfo info;

    if (read(loop->signal_fd, &info, sizeof info) != sizeof info)
        return 0;
    if (info.ssi_signo == SIGHUP) {
        hang_up(loop, &info);
        return 1;
    }
    /* timeout(1) and wrappers that pass a signal on send the first one twice. */
    if (loop->stops && clock_now() - loop->stopped_ns < TWICE_NS)
        return 1;
    if (++loop->stops > 1) {
        say(loop, LR_LOG_WARNING,
            "second signal: ending at once; what is not committed is read "
            "again at the next start");
        _exit(128 + (int)info.ssi_signo);
    }
    loop->stopped_ns = clock_now();
    say(loop, LR_LOG_NOTICE, "stopping; a second signal ends at once");
    stop_all(loop);
    return 1;
}

static int any_failed(const struct loop *loop)
{
    for (size_t i = 0; i < loop->n; i++)
        if (lrh_pipeline_failed(loop->pipelines[i], NULL) != LR_OK)
            return 1;
    return 0;
}

/* While a model trains: its next look at host->stopping says what happened here. */
static void attend(void *ctx)
{
    struct loop *loop = ctx;

    if (!loop->training)
        return;
    while (take_signal(loop)) {
    }
    if (any_failed(loop))
        stop_all(loop);
    (void)lrh_watch_look(&loop->watch);
}

/* ---- the loop --------------------------------------------------------------------------- */

/* Returns when to look again (monotonic ns); 0: all are finished. */
static int64_t look(struct loop *loop)
{
    int64_t next;
    size_t finished = 0;

    for (size_t i = 0; i < loop->n; i++)
        if (lrh_pipeline_go(loop->pipelines[i])) {
            say(loop, LR_LOG_DEBUG, "all lanes are ready");
            (void)lrh_pipeline_tick(loop->pipelines[i], 1);
        }
    if (any_failed(loop))
        stop_all(loop);
    next = lrh_watch_look(&loop->watch);
    for (size_t i = 0; i < loop->n; i++) {
        struct lrh_pipeline *pipeline = loop->pipelines[i];
        int64_t due;

        if (lrh_pipeline_finished(pipeline)) {
            finished++;
            continue;
        }
        due = lrh_pipeline_tick(pipeline, 0);
        next = due < next ? due : next;
    }
    return finished == loop->n ? 0 : next;
}

/* Some calls of a library do not come back (librdkafka has a few that wait for a broker, or for
 * each other, however long), and a lane that sits in one hears no stop. The process ends all the
 * same. Returns 1 when a pipeline has work that is neither done nor given up. */
static int is_overdue(struct lrh_pipeline *pipeline, int64_t now, int failed, int *ret_unfinished)
{
    int64_t end = __atomic_load_n(&pipeline->deadline_ns, __ATOMIC_ACQUIRE);
    int64_t closed = lrh_pipeline_closed(pipeline);

    if (pipeline->state != LR_STATE_STOPPING || lrh_pipeline_finished(pipeline))
        return 0;
    *ret_unfinished |= closed == INT64_MAX;
    return now >=
           (closed == INT64_MAX || failed ? lrh_later(end, OVERDUE_NS) : closed + CLIENTS_NS);
}

/* What join will not be there to tell. */
static void say_failures(const struct loop *loop)
{
    for (size_t i = 0; i < loop->n; i++) {
        struct lr_error err = LR_ERROR_INIT;

        if (lrh_pipeline_failed(loop->pipelines[i], &err) != LR_OK)
            say(loop, LR_LOG_ERROR, err.text);
    }
}

static void end_overdue(struct loop *loop)
{
    int unfinished = 0, overdue = 0, failed = any_failed(loop);

    for (size_t i = 0; i < loop->n; i++)
        overdue |= is_overdue(loop->pipelines[i], clock_now(), failed, &unfinished);
    if (!overdue)
        return;
    if (unfinished || failed) {
        say_failures(loop);
        say(loop, LR_LOG_ERROR,
            "a lane did not end within shutdown_timeout and ten seconds more; ending at once; what "
            "is not committed is read again at the next start");
        _exit(75);
    }
    for (size_t i = 0; i < loop->n; i++) {
        loop->pipelines[i]->state = LR_STATE_STOPPED;
        (void)lrh_pipeline_tick(loop->pipelines[i], 1);
    }
    say(loop, LR_LOG_WARNING,
        "all is settled and committed, but a client library does not end; ending without it");
    _exit(0);
}

static int any_stopping(const struct loop *loop)
{
    for (size_t i = 0; i < loop->n; i++)
        if (loop->pipelines[i]->state == LR_STATE_STOPPING)
            return 1;
    return 0;
}

static void turn(struct loop *loop)
{
    int64_t due;

    while ((due = look(loop)) != 0) {
        struct pollfd fds[2] = {{loop->signal_fd, POLLIN, 0}, {loop->wake_fd, POLLIN, 0}};
        int64_t left = due == INT64_MAX ? HOUR_NS : due - clock_now();
        uint64_t counter;

        if (left > S_NS && any_stopping(loop))
            left = S_NS;
        lrh_system_real.sleep(NULL, fds, 2, left > 0 ? left : 1);
        end_overdue(loop);
        if (fds[0].revents)
            (void)take_signal(loop);
        if (fds[1].revents && read(loop->wake_fd, &counter, sizeof counter) < 0) {
            /* taken before */
        }
        if (loop->reload)
            reload_all(loop);
    }
}

/* Sources of all pipelines connect while the models train one after the other. */
static lr_status start_all(struct loop *loop, struct lr_error *err)
{
    lr_status status = LR_OK;

    for (size_t i = 0; i < loop->n && status == LR_OK; i++) {
        loop->pipelines[i]->attend = attend;
        loop->pipelines[i]->attend_ctx = loop;
        status = lrh_pipeline_create(loop->pipelines[i], loop->run->log, &lrh_system_real,
                                     loop->wake_fd, err);
    }
    for (size_t i = 0; i < loop->n && status == LR_OK; i++)
        status = lrh_pipeline_start(loop->pipelines[i], err);
    loop->training = 1;
    for (size_t i = 0; i < loop->n && status == LR_OK; i++)
        status = lrh_pipeline_train(loop->pipelines[i], err);
    loop->training = 0;
    return status;
}

/* Blocks the signals in this thread and all later ones, and opens where they arrive instead. */
static lr_status watch(struct loop *loop, sigset_t *signals, struct lr_error *err)
{
    struct sigaction old;

    (void)signal(SIGPIPE, SIG_IGN);
    loop->shielded = sigaction(SIGHUP, NULL, &old) == 0 && old.sa_handler == SIG_IGN;
    (void)sigemptyset(signals);
    (void)sigaddset(signals, SIGTERM);
    (void)sigaddset(signals, SIGINT);
    (void)sigaddset(signals, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, signals, NULL);
    loop->signal_fd = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return loop->signal_fd >= 0 && loop->wake_fd >= 0
               ? LR_OK
               : lr_fail(err, LR_EUNAVAILABLE, "cannot watch for signals: %s", strerror(errno));
}

/* A lane needs some descriptors, a client of a broker one for each of its machines; the usual
 * limit is for programs that use select(2). */
static void raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

lr_status lrh_supervise(const struct lrh_run *run, struct lrh_pipeline **pipelines, size_t n,
                        struct lr_error *err)
{
    struct loop loop = {.run = run,
                        .pipelines = pipelines,
                        .n = n,
                        .signal_fd = -1,
                        .wake_fd = -1,
                        .watch = {.notify = {.fd = -1}},
                        .had_terminal = terminal_there()};
    sigset_t signals;
    lr_status status = watch(&loop, &signals, err);

    raise_descriptors();
    if (status == LR_OK)
        status = lrh_watch_init(&loop.watch, run->log, pipelines, n);
    if (status == LR_OK) {
        status = start_all(&loop, err);
        if (status != LR_OK)
            for (size_t i = 0; i < n; i++)
                lrh_pipeline_stop(pipelines[i], 0);
        turn(&loop);
        (void)lrh_watch_look(&loop.watch);
    }
    (void)sigdelset(&signals, SIGHUP);
    if (loop.stops &&
        clock_now() - loop.stopped_ns >=
            TWICE_NS) /* what is left is giving back memory: the second signal need not be polite */
        (void)pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
    for (size_t i = 0; i < n; i++) {
        struct lr_error other = LR_ERROR_INIT;
        lr_status ended = lrh_pipeline_join(pipelines[i], &other);

        if (ended != LR_OK && status == LR_OK)
            status = lr_fail(err, ended, "%s", other.text);
        else if (ended != LR_OK && strcmp(other.text, err->text) != 0)
            say(&loop, LR_LOG_ERROR, other.text);
    }
    lrh_watch_finish(&loop.watch);
    if (loop.signal_fd >= 0)
        (void)close(loop.signal_fd);
    if (loop.wake_fd >= 0)
        (void)close(loop.wake_fd);
    return status;
}
