/* SPDX-License-Identifier: MIT
 *
 * Sink: one line per record to a file.
 *
 * A run of records is written as a whole, synced if asked for, and only then settled. When the
 * disk is full, what went out of the run is cut off again, so the file ends with a full line, and
 * the run is tried again after a pause: the pipeline stands still until there is room. With
 * sync = none a settled record survives the death of the process, with sync = batch that of the
 * machine. Each lane needs a file of its own: {lane} in the path is its number.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parts.h"
#include "plugins/common/linebuf.h"

#define BUFFER_SIZE (256u * 1024)
#define RETRY_NS 100000000LL /* between two tries on a full disk */
#define LANE_MARK "{lane}"
#define PATH_ROOM 4096

#define MODE_TRUNCATE 1
#define SYNC_BATCH 1

struct settings {
    const char *path;
    int32_t mode;
    int32_t sync;
};

struct writer {
    const struct lr_host *host;
    const struct settings *settings;
    char path[PATH_ROOM];
    int fd;
    int32_t regular;  /* can be cut off */
    int32_t full;     /* the disk was, at the last try */
    int64_t retry_ns; /* monotonic; not before */
    struct linebuf buffer;
};

static lr_status failed(struct writer *self, const char *what, struct lr_error *err)
{
    return lr_fail(err, LR_EUNAVAILABLE, "cannot %s %s: %s", what, self->path, strerror(errno));
}

/* Takes back what went out of the run: the end of the file, wherever that is by now (somebody may
 * have made room by emptying the file). */
static lr_status cut_off(struct writer *self, struct lr_error *err)
{
    off_t sent = (off_t)self->buffer.sent;
    struct stat about;

    self->buffer.sent = 0;
    if (sent == 0 || !self->regular)
        return LR_OK;
    if (fstat(self->fd, &about) != 0 ||
        ftruncate(self->fd, about.st_size > sent ? about.st_size - sent : 0) != 0)
        return failed(self, "shorten", err);
    return LR_OK;
}

static lr_status wait_for_room(struct writer *self, struct lr_error *err)
{
    lr_status status = cut_off(self, err);
    char text[PATH_ROOM + 80];

    if (status != LR_OK)
        return status;
    if (!self->full) {
        (void)snprintf(text, sizeof text, "no space left for %s; waiting for some", self->path);
        self->host->log(self->host->ctx, LR_LOG_WARNING, text);
    }
    self->full = 1;
    self->retry_ns = self->host->monotonic_ns(self->host->ctx) + RETRY_NS;
    return LR_AGAIN;
}

/* Writes the run and settles it: LR_OK. LR_AGAIN: the disk is full. */
static lr_status push(struct writer *self, struct lr_error *err)
{
    struct linebuf *buffer = &self->buffer;

    if (buffer->count == 0)
        return LR_OK;
    if (self->full && self->host->monotonic_ns(self->host->ctx) < self->retry_ns)
        return LR_AGAIN;
    while (buffer->sent < buffer->used) {
        ssize_t sent = write(self->fd, buffer->data + buffer->sent, buffer->used - buffer->sent);

        if (sent >= 0) {
            buffer->sent += (size_t)sent;
        } else if (errno == ENOSPC || errno == EDQUOT) {
            return wait_for_room(self, err);
        } else if (errno != EINTR) {
            lr_status status = failed(self, "write", err);

            (void)cut_off(self, NULL);
            return status;
        }
    }
    if (self->settings->sync == SYNC_BATCH && self->regular && fdatasync(self->fd) != 0)
        return failed(self, "sync", err);
    if (self->full)
        self->host->log(self->host->ctx, LR_LOG_NOTICE, "there is space again");
    self->full = 0;
    linebuf_settle(buffer, self->host);
    return LR_OK;
}

static lr_status writer_write(void *ctx, const struct lr_batch *batch, uint32_t first,
                              uint32_t count, uint32_t *ret_taken, struct lr_error *err)
{
    struct writer *self = ctx;
    lr_status status = push(self, err);

    *ret_taken = 0;
    if (status != LR_OK)
        return status;
    status = linebuf_fill(&self->buffer, batch, first, count, ret_taken, err);
    if (status == LR_OK)
        status = push(self, err);
    return status < 0 ? status : LR_OK; /* taken, even if not yet on the disk */
}

static lr_status writer_poll(void *ctx, int64_t timeout_ns, struct lr_error *err)
{
    lr_status status = push(ctx, err);

    (void)timeout_ns;
    return status < 0 ? status : LR_OK;
}

static lr_status writer_flush(void *ctx, struct lr_error *err)
{
    return writer_poll(ctx, 0, err);
}

/* ---- life ------------------------------------------------------------------------------- */

/* A new name survives a crash once its folder is synced. */
static lr_status sync_folder(struct writer *self, struct lr_error *err)
{
    char folder[PATH_ROOM];
    int fd, bad;

    (void)snprintf(folder, sizeof folder, "%s", self->path);
    fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return failed(self, "sync the folder of", err);
    bad = fsync(fd);
    (void)close(fd);
    return bad ? failed(self, "sync the folder of", err) : LR_OK;
}

/* A file that was left in the middle of a line must not join it with the next record. */
static lr_status end_last_line(struct writer *self, struct lr_error *err)
{
    off_t end = lseek(self->fd, 0, SEEK_END);
    char text[PATH_ROOM + 80], last;

    if (end <= 0 || pread(self->fd, &last, 1, end - 1) != 1 || last == '\n')
        return LR_OK;
    if (write(self->fd, "\n", 1) != 1)
        return failed(self, "write", err);
    (void)snprintf(text, sizeof text, "the last line of %s had no end; it has one now", self->path);
    self->host->log(self->host->ctx, LR_LOG_NOTICE, text);
    return LR_OK;
}

static lr_status writer_start(void *ctx, struct lr_error *err)
{
    struct writer *self = ctx;
    int flags = self->settings->mode == MODE_TRUNCATE ? O_TRUNC : 0;
    lr_status status = LR_OK;
    struct stat about;

    if (stat(self->path, &about) == 0 && !S_ISREG(about.st_mode) && !S_ISCHR(about.st_mode))
        return lr_fail(err, LR_ECONFIG,
                       "%s is neither a file nor a device; the stdio sink writes to pipes",
                       self->path);
    self->fd = open(self->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | flags, 0666);
    if (self->fd < 0 || fstat(self->fd, &about) != 0)
        return failed(self, "write", err);
    self->regular = S_ISREG(about.st_mode);
    if (self->regular)
        status = end_last_line(self, err);
    if (status == LR_OK && self->regular && self->settings->sync == SYNC_BATCH)
        status = sync_folder(self, err);
    return status;
}

static void writer_stop(void *ctx, int64_t deadline_ns)
{
    struct writer *self = ctx;

    (void)deadline_ns;
    if (self->fd >= 0)
        (void)close(self->fd);
    self->fd = -1;
}

static void writer_destroy(void *ctx)
{
    struct writer *self = ctx;

    if (!self)
        return;
    linebuf_finish(&self->buffer);
    free(self);
}

static lr_status name_file(struct writer *self, struct lr_error *err)
{
    const char *path = self->settings->path, *mark = strstr(path, LANE_MARK);
    int before = mark ? (int)(mark - path) : (int)strlen(path), len;
    char number[16] = "";

    if (mark)
        (void)snprintf(number, sizeof number, "%u", self->host->lane);
    len = snprintf(self->path, sizeof self->path, "%.*s%s%s", before, path, number,
                   mark ? mark + strlen(LANE_MARK) : "");
    if (len < 0 || (size_t)len >= sizeof self->path)
        return lr_fail(err, LR_ECONFIG, "the file's name is too long");
    return LR_OK;
}

static lr_status writer_create(const struct lr_host *host, const void *settings, void **ret_self,
                               struct lr_error *err)
{
    struct writer *self = calloc(1, sizeof *self);
    lr_status status;

    if (!self)
        return lr_fail(err, LR_ENOMEM, "no memory for a file sink");
    self->host = host;
    self->settings = settings;
    self->fd = -1;
    status = name_file(self, err);
    if (status == LR_OK)
        status = linebuf_init(&self->buffer, BUFFER_SIZE, err);
    if (status != LR_OK) {
        writer_destroy(self);
        return status;
    }
    *ret_self = self;
    return LR_OK;
}

static void writer_check(const void *values, uint32_t lanes, const struct lr_report *report)
{
    const struct settings *settings = values;
    char text[160], resource[PATH_ROOM];

    if (!settings->path)
        return;
    if (lanes > 1 && !strstr(settings->path, LANE_MARK)) {
        (void)snprintf(
            text, sizeof text,
            "%u lanes cannot write to one file: put %s, the lane's number, into its name", lanes,
            LANE_MARK);
        report->problem(report->ctx, "path", text);
    }
    (void)snprintf(resource, sizeof resource, "file:%s", settings->path);
    report->touches(report->ctx, LR_WRITES, resource, 0);
}

static const struct lr_option options[] = {
    {.name = "path",
     .doc = "File to write, one line per record; {lane} stands for the lane's number",
     .type = LR_OPT_PATH,
     .flags = LR_OPT_REQUIRED,
     .offset = offsetof(struct settings, path)},
    {.name = "mode",
     .doc = "What becomes of a file that is there: add to it, or begin it anew",
     .initial = "append",
     .choices = "append|truncate",
     .type = LR_OPT_ENUM,
     .offset = offsetof(struct settings, mode)},
    {.name = "sync",
     .doc = "When records count as delivered: none: the system has them, they survive the end of "
            "the process; batch: they are on the disk",
     .initial = "none",
     .choices = "none|batch",
     .type = LR_OPT_ENUM,
     .offset = offsetof(struct settings, sync)},
};

static const struct lr_sink sink = {.size = sizeof sink,
                                    .caps = LR_SINK_BYTES,
                                    .write = writer_write,
                                    .poll = writer_poll,
                                    .flush = writer_flush};

const struct lr_plugin file_sink_plugin = {
    .size = sizeof file_sink_plugin,
    .kind = LR_SINK,
    .name = "file",
    .summary = "writes one line per record to a file",
    .options = options,
    .option_size = sizeof options[0],
    .n_options = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct settings),
    .ops = &sink,
    .check = writer_check,
    .create = writer_create,
    .start = writer_start,
    .stop = writer_stop,
    .destroy = writer_destroy,
};
