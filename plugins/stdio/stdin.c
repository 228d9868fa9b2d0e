/* SPDX-License-Identifier: MIT
 *
 * Source: the lines of standard input, which may be a pipe, a terminal or a file.
 *
 * Offsets are byte positions. Nothing can be read twice, so there is no replay, and nothing
 * can be dealt out, so there is one lane. The descriptor is left as it is (blocking, shared with
 * the shell): a read comes only after poll(2) said that it will not wait.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "parts.h"
#include "plugins/common/lines.h"

#define BLOCK_SIZE (256u * 1024)
#define NS_PER_MS 1000000

struct settings {
    int64_t max_record_bytes;
};

struct input {
    const struct settings *settings;
    struct lines lines;
    struct lr_stream stream;
    const struct lr_stream *streams[1];
    struct lr_event assign;
    int32_t announced; /* the host knows the stream */
};

static int input_fd(void *ctx)
{
    (void)ctx;
    return STDIN_FILENO;
}

/* LR_AGAIN: nothing came within the time. */
static lr_status read_more(struct input *self, int64_t timeout_ns, struct lr_error *err)
{
    struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};
    int64_t timeout_ms = timeout_ns / NS_PER_MS;
    lr_status status;
    size_t room;
    ssize_t got;
    void *at;

    if (poll(&ready, 1, timeout_ms > INT32_MAX ? INT32_MAX : (int)timeout_ms) <= 0)
        return LR_AGAIN;
    status = lines_room(&self->lines, &at, &room, err);
    if (status != LR_OK)
        return status;
    got = read(STDIN_FILENO, at, room);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return LR_AGAIN;
    if (got < 0)
        return lr_fail(err, LR_EUNAVAILABLE, "standard input cannot be read: %s", strerror(errno));
    lines_add(&self->lines, (size_t)got);
    return LR_OK;
}

static lr_status input_poll(void *ctx, struct lr_batch *batch, uint32_t max_records,
                            const int64_t *until, uint32_t n_until, int64_t timeout_ns,
                            const struct lr_event **ret_event, struct lr_error *err)
{
    struct input *self = ctx;
    uint32_t most = max_records < batch->capacity ? max_records : batch->capacity;
    int64_t end = n_until > 0 && until ? until[0] : INT64_MAX;
    lr_status status;

    if (!self->announced) {
        *ret_event = &self->assign;
        return LR_REBALANCE;
    }
    if (most == 0)
        return lines_take(&self->lines, batch, 0, 0, end, err); /* whether it is the end */
    status = lines_take(&self->lines, batch, most, 0, end, err);
    if (status != LR_AGAIN || self->lines.offset >= end)
        return status;
    status = read_more(self, timeout_ns, err);
    return status == LR_OK ? lines_take(&self->lines, batch, most, 0, end, err) : status;
}

static lr_status input_rebalanced(void *ctx, struct lr_error *err)
{
    (void)err;
    ((struct input *)ctx)->announced = 1;
    return LR_OK;
}

static void input_release(void *ctx, struct lr_batch *batch)
{
    (void)ctx;
    lines_release(batch);
}

static void input_destroy(void *ctx)
{
    struct input *self = ctx;

    if (!self)
        return;
    lines_finish(&self->lines);
    free(self);
}

static lr_status input_create(const struct lr_host *host, const void *settings, void **ret_self,
                              struct lr_error *err)
{
    struct input *self = calloc(1, sizeof *self);
    lr_status status;

    (void)host;
    if (!self)
        return lr_fail(err, LR_ENOMEM, "no memory for standard input");
    self->settings = settings;
    self->stream = (struct lr_stream){
        .size = sizeof self->stream, .topic = "stdin", .partition = -1, .end = -1};
    self->streams[0] = &self->stream;
    self->assign = (struct lr_event){.size = sizeof self->assign,
                                     .kind = LR_EVENT_ASSIGN,
                                     .n_streams = 1,
                                     .streams = self->streams};
    status = lines_init(&self->lines, BLOCK_SIZE, self->settings->max_record_bytes, err);
    if (status != LR_OK) {
        input_destroy(self);
        return status;
    }
    *ret_self = self;
    return LR_OK;
}

static void input_check(const void *settings, uint32_t lanes, const struct lr_report *report)
{
    (void)settings;
    (void)lanes;
    report->touches(report->ctx, LR_READS, "stdin:", 0);
}

static const struct lr_option options[] = {
    {.name = "max_record_bytes",
     .doc = "Longest line that is read; a longer one ends the run with an error, since what "
            "follows cannot be trusted",
     .initial = "16MiB",
     .range = "1..1GiB",
     .type = LR_OPT_SIZE,
     .offset = offsetof(struct settings, max_record_bytes)},
};

static const struct lr_source source = {.size = sizeof source,
                                        .caps = LR_SOURCE_ENDS,
                                        .fd = input_fd,
                                        .poll = input_poll,
                                        .rebalanced = input_rebalanced,
                                        .release = input_release};

const struct lr_plugin stdin_plugin = {
    .size = sizeof stdin_plugin,
    .kind = LR_SOURCE,
    .name = "stdio",
    .summary = "reads lines from standard input",
    .options = options,
    .option_size = sizeof options[0],
    .n_options = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct settings),
    .ops = &source,
    .check = input_check,
    .create = input_create,
    .destroy = input_destroy,
};
