/* SPDX-License-Identifier: MIT
 *
 * The file sink's modes append and truncate: one line per record to one file.
 *
 * A run of records is written as a whole. When the disk is full, what went out of the run is cut
 * off again, so the file ends with a full line, and the run is tried again after a pause: the
 * pipeline stands still until there is room. Written runs are settled at once (sync = none: they
 * survive the death of the process) or after an fdatasync for many of them (batch: they survive
 * that of the machine). A sync that fails is never tried again: the system may have dropped what
 * it could not write, and a second one would call it good. The pipeline ends instead; what was
 * not settled is written again by the next run.
 *
 * A process that dies in the middle of a line leaves it torn. Its record was not settled, so it
 * comes again, and the piece is cut off at the next start. Only a piece of ours: the mark (mark.h)
 * says from which byte on the file was written by us alone; a last line without an end that
 * begins before it is somebody's data, and gets an end instead.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "mark.h"
#include "outputs.h"
#include "pending.h"
#include "plugins/common/linebuf.h"
#include "plugins/common/stall.h"
#include "replace.h"
#include "sink.h"

#define BUFFER_SIZE (256u * 1024)
#define RETRY_NS 100000000LL /* between two tries on a full disk */
#define LOOK_BACK 65536      /* bytes at once, for the last line's beginning */

struct append {
    const struct lr_host *host;
    const struct sink_settings *settings;
    char path[PATH_ROOM];
    int fd;
    int32_t regular;  /* can be cut off */
    int32_t sync;     /* before settles */
    int32_t broken;   /* a call failed: nothing is written or settled any more */
    int64_t retry_ns; /* monotonic; not before */
    struct stall full;
    struct linebuf buffer;
    struct mark mark;
    struct pending pending;
};

static lr_status failed(struct append *self, const char *what, struct lr_error *err)
{
    self->broken = 1;
    return lr_fail(err, LR_EUNAVAILABLE, "cannot %s %s: %s", what, self->path, strerror(errno));
}

/* ---- writing ---------------------------------------------------------------------------- */

static lr_status stays_broken(const struct append *self, struct lr_error *err)
{
    return lr_fail(err, LR_EUNAVAILABLE, "writing %s failed before; it is not tried again",
                   self->path);
}

/* Takes back what went out of the run: the end of the file, wherever that is by now (somebody may
 * have made room by emptying the file). */
static lr_status cut_off(struct append *self, struct lr_error *err)
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

static lr_status wait_for_room(struct append *self, struct lr_error *err)
{
    lr_status status = cut_off(self, err);

    if (status != LR_OK)
        return status;
    stall_wait(&self->full, self->host, &no_space, self->path, 0);
    self->retry_ns = self->host->monotonic_ns(self->host->ctx) + RETRY_NS;
    return LR_AGAIN;
}

static lr_status sync_pending(struct append *self, struct lr_error *err)
{
    struct stat about;

    if (self->broken)
        return stays_broken(self, err);
    if (self->pending.n == 0)
        return LR_OK;
    if (fdatasync(self->fd) != 0) {
        self->broken = 1;
        return lr_fail(err, LR_EUNAVAILABLE,
                       "cannot sync %s: %s; what was written last may not be on the disk, and is "
                       "written again by the next run",
                       self->path, strerror(errno));
    }
    if (fstat(self->fd, &about) != 0 || about.st_nlink == 0) {
        self->broken = 1;
        return lr_fail(err, LR_EUNAVAILABLE,
                       "%s was removed while it was written; what was written last is written "
                       "again by the next run",
                       self->path);
    }
    pending_settle(&self->pending, self->host);
    return LR_OK;
}

/* Writes the run: LR_OK. LR_AGAIN: the disk is full. */
static lr_status push(struct append *self, struct lr_error *err)
{
    struct linebuf *buffer = &self->buffer;

    if (self->broken)
        return stays_broken(self, err);
    if (buffer->count == 0)
        return LR_OK;
    if (self->full.waiting && self->host->monotonic_ns(self->host->ctx) < self->retry_ns)
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
    stall_over(&self->full, self->host, &no_space, self->path);
    if (!self->sync) {
        linebuf_settle(buffer, self->host);
        return LR_OK;
    }
    pending_add(&self->pending, self->host, buffer->token, buffer->count, buffer->used);
    linebuf_reset(buffer);
    return pending_due(&self->pending, self->host) ? sync_pending(self, err) : LR_OK;
}

lr_status append_write(struct append *self, const struct lr_batch *batch, uint32_t first,
                       uint32_t count, uint32_t *ret_taken, struct lr_error *err)
{
    lr_status status = push(self, err);

    *ret_taken = 0;
    if (status != LR_OK)
        return status;
    status = linebuf_fill(&self->buffer, batch, first, count, ret_taken, err);
    if (status == LR_OK)
        status = push(self, err);
    return status < 0 ? status : LR_OK; /* taken, even if not yet in the file */
}

lr_status append_poll(struct append *self, struct lr_error *err)
{
    lr_status status = push(self, err);

    if (status >= 0 && pending_due(&self->pending, self->host))
        status = sync_pending(self, err);
    return status < 0 ? status : LR_OK;
}

lr_status append_flush(struct append *self, struct lr_error *err)
{
    lr_status status = push(self, err);

    if (status >= 0)
        status = sync_pending(self, err);
    return status < 0 ? status : LR_OK;
}

/* ---- how the file ends ------------------------------------------------------------------ */

/* Where the last line begins, not before `from`; `end` is the file's. -1: it cannot be read. */
static off_t last_line(const struct append *self, off_t from, off_t end)
{
    char block[LOOK_BACK];

    while (end > from) {
        size_t size = end - from < LOOK_BACK ? (size_t)(end - from) : LOOK_BACK;
        const char *found;

        if (pread(self->fd, block, size, end - (off_t)size) != (ssize_t)size)
            return -1;
        found = memrchr(block, '\n', size);
        if (found)
            return end - (off_t)size + (found - block) + 1;
        end -= (off_t)size;
    }
    return from;
}

/* A last line without an end: cut off if it is ours, else it gets one. */
static lr_status mend_end(struct append *self, const struct stat *about, struct lr_error *err)
{
    int64_t ours = self->mark.fd >= 0 ? mark_read(&self->mark, about) : -1;
    off_t end = about->st_size, at;
    char text[PATH_ROOM + 120], last;

    if (end == 0)
        return LR_OK;
    if (pread(self->fd, &last, 1, end - 1) != 1)
        return failed(self, "read", err);
    if (last == '\n')
        return LR_OK;
    if (ours >= 0) { /* the file was shortened below it: then all of it is ours */
        at = last_line(self, ours < end ? ours : 0, end);
        if (at < 0)
            return failed(self, "read", err);
        if (ftruncate(self->fd, at) != 0)
            return failed(self, "shorten", err);
        (void)snprintf(text, sizeof text,
                       "the last run ended in the middle of a line of %s: its %lld bytes are cut "
                       "off (its record was not settled)",
                       self->path, (long long)(end - at));
    } else {
        if (write(self->fd, "\n", 1) != 1)
            return failed(self, "write", err);
        (void)snprintf(text, sizeof text, "the last line of %s had no end; it has one now",
                       self->path);
    }
    self->host->log(self->host->ctx, LR_LOG_NOTICE, text);
    return LR_OK;
}

/* ---- life ------------------------------------------------------------------------------- */

static lr_status take_mark(struct append *self, struct lr_error *err)
{
    const char *why = NULL;
    lr_status status = mark_take(&self->mark, self->path, &why, err);
    char text[PATH_ROOM + 160];

    if (status != LR_AGAIN)
        return status;
    (void)snprintf(text, sizeof text,
                   "no mark can be kept beside %s (%s): a line that a crash tears would get an end "
                   "instead of being cut off",
                   self->path, why);
    self->host->log(self->host->ctx, LR_LOG_NOTICE, text);
    return LR_OK;
}

static lr_status begin_file(struct append *self, struct stat *about, struct lr_error *err)
{
    lr_status status = mend_end(self, about, err);

    if (status == LR_OK && fstat(self->fd, about) != 0)
        status = failed(self, "write", err);
    if (status == LR_OK && self->mark.fd >= 0)
        status = mark_write(&self->mark, about, about->st_size, self->sync, err);
    if (status == LR_OK && self->sync)
        status = sync_folder_of(self->path, err); /* its name survives a crash too */
    return status;
}

/* By whatever name: the mark is known by one only. */
static lr_status lock_output(struct append *self, struct lr_error *err)
{
    if (flock(self->fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return LR_OK; /* or a file system without locks */
    self->broken = 1;
    return lr_fail(err, LR_EUNAVAILABLE, "%s is being written already, under another name",
                   self->path);
}

lr_status append_start(struct append *self, struct lr_error *err)
{
    int32_t mode = self->settings->sync;
    int known;
    lr_status status = LR_OK;
    struct stat about;

    known = stat(self->path, &about) == 0;
    if (known && !S_ISREG(about.st_mode) && !S_ISCHR(about.st_mode))
        return lr_fail(err, LR_ECONFIG,
                       "%s is neither a file nor a device; the stdio sink writes to pipes",
                       self->path);
    if (!known || S_ISREG(about.st_mode))
        status = take_mark(self, err);
    if (status != LR_OK)
        return status;
    self->fd = open(self->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (self->fd < 0 || fstat(self->fd, &about) != 0)
        return failed(self, "write", err);
    outputs_opened(self, &about);
    self->regular = S_ISREG(about.st_mode);
    if (!self->regular)
        return LR_OK;
    status = lock_output(self, err);
    if (status == LR_OK && self->settings->mode == MODE_TRUNCATE &&
        (ftruncate(self->fd, 0) != 0 || fstat(self->fd, &about) != 0))
        status = failed(self, "empty", err);
    if (status != LR_OK)
        return status;
    self->sync =
        (mode == SYNC_BATCH || (mode == SYNC_AUTO && lr_guarantee(self->host) >= LR_AT_LEAST_ONCE));
    return begin_file(self, &about, err);
}

/* The mark goes when the file ends with a whole line. */
void append_stop(struct append *self)
{
    off_t end = self->fd >= 0 && self->regular ? lseek(self->fd, 0, SEEK_END) : -1;
    char last = '\n';
    int whole = end == 0 || (end > 0 && pread(self->fd, &last, 1, end - 1) == 1 && last == '\n');

    if (self->fd >= 0)
        (void)close(self->fd);
    self->fd = -1;
    mark_drop(&self->mark, whole);
}

void append_destroy(struct append *self)
{
    if (!self)
        return;
    outputs_drop(self);
    linebuf_finish(&self->buffer);
    free(self);
}

static lr_status name_file(struct append *self, struct lr_error *err)
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

lr_status append_create(const struct lr_host *host, const struct sink_settings *settings,
                        struct append **ret_self, struct lr_error *err)
{
    struct append *self = calloc(1, sizeof *self);
    lr_status status;

    if (!self)
        return lr_fail(err, LR_ENOMEM, "no memory for a file sink");
    self->host = host;
    self->settings = settings;
    self->fd = self->mark.fd = -1;
    status = name_file(self, err);
    if (status == LR_OK)
        status = outputs_add(self, host->pipeline, self->path, err);
    if (status == LR_OK)
        status = linebuf_init(&self->buffer, BUFFER_SIZE, err);
    if (status != LR_OK) {
        append_destroy(self);
        return status;
    }
    *ret_self = self;
    return LR_OK;
}
