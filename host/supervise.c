/* SPDX-License-Identifier: MIT
 *
 * See supervise.h. One poll(2) over a signalfd and an eventfd that finished lanes write to.
 */
#include "supervise.h"

#include <fcntl.h>
#include <lrhost/error.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define MS INT64_C(1000000)
#define STARTING_TICK_NS (5 * MS) /* readiness is looked at so often */

struct loop {
    const struct lrh_run *run;
    struct lrh_pipeline **pipelines;
    size_t n;
    int signal_fd, wake_fd;
    int had_terminal;
    int stops; /* stop signals so far */
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

static void reload_one(struct loop *loop, struct lrh_pipeline *pipeline)
{
    const struct lrh_run *run = loop->run;
    struct lrh_problems problems = {0};
    struct lrh_pipeline *fresh = NULL;
    struct lr_error err = LR_ERROR_INIT;
    lr_status status = lrh_pipeline_load(run, pipeline->config->path, &problems, &fresh);

    if (status != LR_OK) {
        for (size_t i = 0; i < problems.n; i++)
            say(loop, LR_LOG_ERROR, problems.items[i].text);
        say(loop, LR_LOG_ERROR, "reload: the file has mistakes; what runs stays as it is");
        lrh_pipeline_destroy(fresh);
    } else {
        if (!run->log_level && fresh->settings->log_level)
            lrh_log_set_level(run->log, fresh->settings->log_level + LR_LOG_ERROR - 1);
        status = lrh_pipeline_reload(pipeline, fresh, &err);
        if (status != LR_OK)
            lr_context(&err, "reload: %s: the old model stays", pipeline->config->path);
        say(loop, status == LR_OK ? LR_LOG_NOTICE : LR_LOG_ERROR,
            status == LR_OK ? "reloaded" : err.text);
    }
    lrh_problems_finish(&problems);
}

/* ---- signals ---------------------------------------------------------------------------- */

static void hang_up(struct loop *loop, const struct signalfd_siginfo *info)
{
    /* The kernel says that the terminal is gone, or a shell does and it is. */
    if (info->ssi_code == SI_KERNEL || (loop->had_terminal && !terminal_there())) {
        say(loop, LR_LOG_NOTICE, "the terminal hung up; stopping");
        stop_all(loop);
        return;
    }
    for (size_t i = 0; i < loop->n; i++)
        reload_one(loop, loop->pipelines[i]);
}

static void take_signal(struct loop *loop)
{
    struct signalfd_siginfo info;

    if (read(loop->signal_fd, &info, sizeof info) != sizeof info)
        return;
    if (info.ssi_signo == SIGHUP) {
        hang_up(loop, &info);
        return;
    }
    if (++loop->stops > 1) {
        say(loop, LR_LOG_WARNING,
            "second signal: ending at once; what is not committed is read "
            "again at the next start");
        _exit(128 + (int)info.ssi_signo);
    }
    say(loop, LR_LOG_NOTICE, "stopping; a second signal ends at once");
    stop_all(loop);
}

/* ---- the loop --------------------------------------------------------------------------- */

/* Returns when to look again (monotonic ns); 0: all are finished. */
static int64_t look(struct loop *loop)
{
    int64_t next = INT64_MAX;
    size_t finished = 0;
    int failed = 0;

    for (size_t i = 0; i < loop->n; i++) {
        struct lrh_pipeline *pipeline = loop->pipelines[i];
        int64_t due;

        if (lrh_pipeline_go(pipeline))
            say(loop, LR_LOG_DEBUG, "all lanes are ready");
        failed |= lrh_pipeline_failed(pipeline) != LR_OK;
        if (lrh_pipeline_finished(pipeline)) {
            finished++;
            continue;
        }
        due = lrh_pipeline_tick(pipeline, 0);
        if (pipeline->state == LR_STATE_STARTING)
            due = clock_now() + STARTING_TICK_NS;
        next = due < next ? due : next;
    }
    if (failed)
        stop_all(loop);
    return finished == loop->n ? 0 : next;
}

static void turn(struct loop *loop)
{
    int64_t due;

    while ((due = look(loop)) != 0) {
        struct pollfd fds[2] = {{loop->signal_fd, POLLIN, 0}, {loop->wake_fd, POLLIN, 0}};
        int64_t left = due == INT64_MAX ? 3600 * 1000 * MS : due - clock_now();
        uint64_t counter;

        lrh_system_real.sleep(NULL, fds, 2, left > 0 ? left : 1);
        if (fds[0].revents)
            take_signal(loop);
        if (fds[1].revents && read(loop->wake_fd, &counter, sizeof counter) < 0) {
            /* taken before */
        }
    }
}

static lr_status start_all(struct loop *loop, struct lr_error *err)
{
    lr_status status = LR_OK;

    for (size_t i = 0; i < loop->n && status == LR_OK; i++)
        status = lrh_pipeline_create(loop->pipelines[i], loop->run->log, &lrh_system_real,
                                     loop->wake_fd, err);
    for (size_t i = 0; i < loop->n && status == LR_OK; i++)
        status = lrh_pipeline_start(loop->pipelines[i], err);
    return status;
}

lr_status lrh_supervise(const struct lrh_run *run, struct lrh_pipeline **pipelines, size_t n,
                        struct lr_error *err)
{
    struct loop loop = {run, pipelines, n, -1, -1, terminal_there(), 0};
    sigset_t signals;
    lr_status status;

    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    loop.signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    loop.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop.signal_fd < 0 || loop.wake_fd < 0)
        return lr_fail(err, LR_EINTERNAL, "cannot watch for signals");
    status = start_all(&loop, err);
    if (status != LR_OK)
        for (size_t i = 0; i < n; i++)
            if (pipelines[i]->lanes)
                lrh_pipeline_stop(pipelines[i], 0);
    turn(&loop);
    for (size_t i = 0; i < n; i++) {
        struct lr_error first = LR_ERROR_INIT;
        lr_status ended = lrh_pipeline_join(pipelines[i], &first);

        if (status == LR_OK && ended != LR_OK)
            status = lr_fail(err, ended, "%s", first.text);
    }
    (void)close(loop.signal_fd);
    (void)close(loop.wake_fd);
    return status;
}
