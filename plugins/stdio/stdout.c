/* SPDX-License-Identifier: MIT
 *
 * Sink: one line per record to standard output.
 *
 * What one write call takes goes out in that call, so a reader of the pipe sees each record
 * promptly. The descriptor is shared with other processes and left as it is (making it
 * non-blocking would change the shell's terminal too); instead, writes to a pipe, a socket or a
 * terminal come after poll(2) allowed them and are small enough not to wait. A reader that went
 * away is an error, not a signal: SIGPIPE is blocked for the lane's thread.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parts.h"
#include "plugins/common/linebuf.h"

#define BUFFER_SIZE (64u * 1024)
#define WRITE_WAIT_MS 10 /* what write may wait for a full pipe; then it is LR_AGAIN */
#define NS_PER_MS 1000000

struct output {
    const struct lr_host *host;
    struct linebuf buffer;
    int32_t may_block; /* a pipe, a socket or a terminal */
};

static int writable(int64_t timeout_ms)
{
    struct pollfd ready = {.fd = STDOUT_FILENO, .events = POLLOUT};

    return poll(&ready, 1, timeout_ms > INT32_MAX ? INT32_MAX : (int)timeout_ms) > 0;
}

/* Sends on the buffer and settles it: LR_OK. LR_AGAIN: the reader is slow. Waits at most once,
 * and only before anything went out. */
static lr_status push(struct output *self, int64_t timeout_ms, struct lr_error *err)
{
    struct linebuf *buffer = &self->buffer;

    while (buffer->sent < buffer->used) {
        size_t left = buffer->used - buffer->sent;
        ssize_t sent;

        if (self->may_block && !writable(timeout_ms))
            return LR_AGAIN;
        if (self->may_block && left > PIPE_BUF)
            left = PIPE_BUF;
        sent = write(STDOUT_FILENO, buffer->data + buffer->sent, left);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN)
            return LR_AGAIN;
        if (sent < 0 && errno == EPIPE)
            return lr_fail(err, LR_EUNAVAILABLE,
                           "whoever read the standard output has gone; nothing more can be "
                           "written to it");
        if (sent < 0)
            return lr_fail(err, LR_EUNAVAILABLE, "standard output cannot be written: %s",
                           strerror(errno));
        buffer->sent += (size_t)sent;
        timeout_ms = 0;
    }
    if (buffer->count > 0)
        linebuf_settle(buffer, self->host);
    return LR_OK;
}

static lr_status output_write(void *ctx, const struct lr_batch *batch, uint32_t first,
                              uint32_t count, uint32_t *ret_taken, struct lr_error *err)
{
    struct output *self = ctx;
    lr_status status = push(self, WRITE_WAIT_MS, err);

    *ret_taken = 0;
    if (status != LR_OK)
        return status;
    status = linebuf_fill(&self->buffer, batch, first, count, ret_taken, err);
    if (status == LR_OK)
        status = push(self, 0, err);
    return status < 0 ? status : LR_OK; /* taken, even if not yet gone */
}

static lr_status output_poll(void *ctx, int64_t timeout_ns, struct lr_error *err)
{
    lr_status status = push(ctx, timeout_ns / NS_PER_MS, err);

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
    self->may_block =
        S_ISFIFO(about.st_mode) || S_ISSOCK(about.st_mode) || isatty(STDOUT_FILENO) == 1;
    (void)sigemptyset(&pipe_signal);
    (void)sigaddset(&pipe_signal, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);
    return LR_OK;
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
    report->touches(report->ctx, LR_WRITES, "stdout:", LR_PROCESS_ONLY);
}

static const struct lr_sink sink = {.size = sizeof sink,
                                    .caps = LR_SINK_BYTES,
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
    .destroy = output_destroy,
};
