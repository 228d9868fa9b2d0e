/* SPDX-License-Identifier: MIT
 *
 * Sink: one line per record to standard output.
 *
 * What one write call takes goes out in that call, so a reader of the pipe sees each record
 * promptly. The descriptor is shared with other processes and left as it is (making it
 * non-blocking would change the shell's terminal too); instead, writes to a pipe, a socket or a
 * terminal come after poll(2) allowed them and are small enough not to wait. While such a
 * reader is slow, an epoll descriptor watches for room: it is what fd() gives the host, since a
 * descriptor that becomes writable can be waited for as one that becomes readable. A reader
 * that went away is an error, not a signal: SIGPIPE is blocked for the lane's thread.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parts.h"
#include "plugins/common/linebuf.h"
#include "plugins/common/stall.h"

#define BUFFER_SIZE (64u * 1024)
#define PATIENCE_NS INT64_C(10000000000) /* a pause of a reader is no news before that */
#define SUBJECT "standard output, whose reader is slow,"

static const struct stall_words no_room = {"no room in", "still no room in", "room again in"};

struct output {
    const struct lr_host *host;
    struct linebuf buffer;
    int epoll_fd;     /* -1: writes never wait (a file) */
    int32_t watching; /* for room */
    struct stall slow;
};

static lr_status watch(struct output *self, int32_t on, struct lr_error *err)
{
    struct epoll_event event = {.events = EPOLLOUT};

    if (self->watching == on)
        return LR_OK;
    if (epoll_ctl(self->epoll_fd, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, STDOUT_FILENO, &event) != 0)
        return lr_fail(err, LR_EINTERNAL, "standard output cannot be watched: %s", strerror(errno));
    self->watching = on;
    return LR_OK;
}

static int writable(void)
{
    struct pollfd ready = {.fd = STDOUT_FILENO, .events = POLLOUT};

    return poll(&ready, 1, 0) > 0;
}

/* One write(2) of what is left: bytes that went, 0 for none at the moment, -1. */
static ssize_t send_some(struct output *self, struct lr_error *err)
{
    struct linebuf *buffer = &self->buffer;
    size_t left = buffer->used - buffer->sent;
    ssize_t sent;

    if (self->epoll_fd >= 0 && !writable())
        return 0;
    if (self->epoll_fd >= 0 && left > PIPE_BUF)
        left = PIPE_BUF;
    do
        sent = write(STDOUT_FILENO, buffer->data + buffer->sent, left);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return sent;
    if (errno == EAGAIN && self->epoll_fd >= 0)
        return 0;
    if (errno == EPIPE)
        (void)lr_fail(err, LR_EUNAVAILABLE,
                      "whoever read the standard output has gone, so nothing more can be written");
    else
        (void)lr_fail(err, LR_EUNAVAILABLE, "standard output cannot be written: %s",
                      strerror(errno));
    return -1;
}

/* Sends on the buffer and settles it: LR_OK. LR_AGAIN: the reader is slow. */
static lr_status push(struct output *self, struct lr_error *err)
{
    struct linebuf *buffer = &self->buffer;

    while (buffer->sent < buffer->used) {
        ssize_t sent = send_some(self, err);

        if (sent < 0)
            return LR_EUNAVAILABLE;
        if (sent == 0) {
            lr_status status = watch(self, 1, err);

            stall_wait(&self->slow, self->host, &no_room, SUBJECT, PATIENCE_NS);
            return status == LR_OK ? LR_AGAIN : status;
        }
        buffer->sent += (size_t)sent;
        stall_over(&self->slow, self->host, &no_room, SUBJECT);
    }
    if (buffer->count > 0)
        linebuf_settle(buffer, self->host);
    return watch(self, 0, err);
}

static int output_fd(void *ctx)
{
    return ((struct output *)ctx)->epoll_fd;
}

static lr_status output_write(void *ctx, const struct lr_batch *batch, uint32_t first,
                              uint32_t count, uint32_t *ret_taken, struct lr_error *err)
{
    struct output *self = ctx;
    lr_status status = push(self, err);

    *ret_taken = 0;
    if (status != LR_OK)
        return status;
    status = linebuf_fill(&self->buffer, batch, first, count, ret_taken, err);
    if (status == LR_OK)
        status = push(self, err);
    return status < 0 ? status : LR_OK; /* taken, even if not yet gone */
}

static lr_status output_poll(void *ctx, int64_t timeout_ns, struct lr_error *err)
{
    lr_status status = push(ctx, err);

    (void)timeout_ns; /* the lane sleeps on fd */
    return status < 0 ? status : LR_OK;
}

static lr_status output_flush(void *ctx, struct lr_error *err)
{
    return output_poll(ctx, 0, err);
}

static lr_status output_start(void *ctx, struct lr_error *err)
{
    struct output *self = ctx;
    struct stat about;
    sigset_t pipe_signal;

    if (fstat(STDOUT_FILENO, &about) != 0)
        return lr_fail(err, LR_EUNAVAILABLE, "standard output is not open: %s", strerror(errno));
    if (S_ISFIFO(about.st_mode) || S_ISSOCK(about.st_mode) || isatty(STDOUT_FILENO) == 1) {
        self->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        if (self->epoll_fd < 0)
            return lr_fail(err, LR_EUNAVAILABLE, "no descriptor to watch standard output: %s",
                           strerror(errno));
    }
    (void)sigemptyset(&pipe_signal);
    (void)sigaddset(&pipe_signal, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);
    return LR_OK;
}

static void output_stop(void *ctx, int64_t deadline_ns)
{
    struct output *self = ctx;

    (void)deadline_ns;
    if (self->epoll_fd >= 0)
        (void)close(self->epoll_fd);
    self->epoll_fd = -1;
    self->watching = 0;
}

static void output_destroy(void *ctx)
{
    struct output *self = ctx;

    if (!self)
        return;
    linebuf_finish(&self->buffer);
    free(self);
}

static lr_status output_create(const struct lr_host *host, const void *settings, void **ret_self,
                               struct lr_error *err)
{
    struct output *self = calloc(1, sizeof *self);
    lr_status status;

    (void)settings;
    if (!self)
        return lr_fail(err, LR_ENOMEM, "no memory for standard output");
    self->host = host;
    self->epoll_fd = -1;
    status = linebuf_init(&self->buffer, BUFFER_SIZE, err);
    if (status != LR_OK) {
        output_destroy(self);
        return status;
    }
    *ret_self = self;
    return LR_OK;
}

static void output_check(const void *settings, uint32_t lanes, const struct lr_report *report)
{
    (void)settings;
    if (lanes > 1)
        report->problem(report->ctx, "plugin",
                        "standard output takes one lane: set lanes = 1, or write to files");
    report->touches(report->ctx, LR_WRITES, "stdout:", 0);
}

static const struct lr_sink sink = {.size = sizeof sink,
                                    .caps = LR_SINK_BYTES,
                                    .fd = output_fd,
                                    .write = output_write,
                                    .poll = output_poll,
                                    .flush = output_flush};

const struct lr_plugin stdout_plugin = {
    .size = sizeof stdout_plugin,
    .kind = LR_SINK,
    .name = "stdio",
    .summary = "writes one line per record to standard output",
    .option_size = sizeof(struct lr_option),
    .ops = &sink,
    .check = output_check,
    .create = output_create,
    .start = output_start,
    .stop = output_stop,
    .destroy = output_destroy,
};
