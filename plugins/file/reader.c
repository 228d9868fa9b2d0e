/* SPDX-License-Identifier: MIT
 *
 * The file source without follow: the lines of one or several files, one stream per file, read one
 * after the other to their ends.
 *
 * A position is the byte where a line begins. Files are read in large blocks and records point
 * into them (plugins/common/lines.h); mapping the files would save one copy and turn a file that
 * somebody truncates into a SIGBUS. With several lanes the files are dealt out by turns. Without
 * a position_file a restart reads everything again.
 *
 * `ends` is not offered on purpose: ends in bytes cannot be limited in records, while the host
 * counts records itself for a source that knows no ends. A file that grows is read to what is its
 * end when reading gets there.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outputs.h"
#include "plugins/common/lines.h"
#include "plugins/common/stall.h"
#include "positions.h"
#include "source.h"

struct file_stream {
    struct lr_stream stream; /* `next`: after what was handed out */
    int32_t done;            /* read to its end */
};

struct reader {
    const struct lr_host *host;
    const struct source_settings *settings;
    struct file_stream *files;
    const struct lr_stream **streams;
    struct file_position *committed; /* index: stream */
    uint32_t n_files;
    uint32_t current; /* n_files: none is open */
    int fd;           /* of the current one */
    int32_t announced;
    int64_t read_at; /* the current one's bytes up to here are in `lines` */
    struct lines lines;
    struct stall full; /* the position file's disk */
    struct lr_event assign;
    glob_t names;
};

static void close_current(struct reader *self)
{
    if (self->fd >= 0)
        (void)close(self->fd);
    self->fd = -1;
    self->current = self->n_files;
}

/* The first file that is not read to its end; n_files: there is none. */
static uint32_t next_file(const struct reader *self)
{
    uint32_t i = 0;

    while (i < self->n_files && self->files[i].done)
        i++;
    return i;
}

/* There is more, but the byte before it is no end of a line. */
static int continues_a_line(int fd, int64_t next)
{
    char bytes[2];

    return next > 0 && pread(fd, bytes, 2, (off_t)next - 1) == 2 && bytes[0] != '\n';
}

/* Opens it; LR_END: there is none. */
static lr_status open_next(struct reader *self, struct lr_error *err)
{
    uint32_t i = next_file(self);
    struct file_stream *file;
    struct stat about;

    if (i == self->n_files)
        return LR_END;
    file = &self->files[i];
    self->fd = open(file->stream.topic, O_RDONLY | O_CLOEXEC);
    if (self->fd < 0)
        return lr_fail(err, LR_EUNAVAILABLE, "cannot read %s: %s", file->stream.topic,
                       strerror(errno));
    if (fstat(self->fd, &about) == 0 && about.st_size < file->stream.next)
        return lr_fail(
            err, LR_EDATA,
            "%s has %lld bytes, but is to be read from byte %lld on: it was shortened or "
            "replaced",
            file->stream.topic, (long long)about.st_size, (long long)file->stream.next);
    if (continues_a_line(self->fd, file->stream.next))
        return lr_fail(
            err, LR_EDATA,
            "the last line of %s had no end when it was read up to byte %lld, and the file has "
            "grown since: whether that belongs to the line is not known. Set its position to "
            "where a line begins; follow = yes waits for the end of a line",
            file->stream.topic, (long long)file->stream.next);
    self->current = i;
    self->read_at = file->stream.next;
    lines_restart(&self->lines, file->stream.next);
    return LR_OK;
}

static lr_status read_more(struct reader *self, struct lr_error *err)
{
    size_t got;
    lr_status status = lines_pread(&self->lines, self->fd, self->read_at, &got, err);

    if (status != LR_OK)
        return status;
    self->read_at += (int64_t)got;
    lines_add(&self->lines, got);
    return LR_OK;
}

/* Lines of the current file; LR_END: it has no more. */
static lr_status take_lines(struct reader *self, struct lr_batch *batch, uint32_t most,
                            int64_t until, struct lr_error *err)
{
    struct file_stream *file = &self->files[self->current];
    lr_status status;

    do {
        status = lines_take(&self->lines, batch, most, self->current, until, err);
        if (status != LR_AGAIN || self->lines.offset >= until)
            break;
        status = read_more(self, err);
    } while (status == LR_OK);
    if (status == LR_OK)
        file->stream.next = self->lines.offset;
    if (status < 0)
        lr_context(err, "%s", file->stream.topic);
    return status;
}

static lr_status reader_poll(void *ctx, struct lr_batch *batch, uint32_t max_records,
                             const int64_t *until, uint32_t n_until, int64_t timeout_ns,
                             const struct lr_event **ret_event, struct lr_error *err)
{
    struct reader *self = ctx;
    uint32_t most = max_records < batch->capacity ? max_records : batch->capacity;
    lr_status status = LR_OK;

    (void)timeout_ns;       /* files do not make one wait */
    if (!self->announced) { /* also that there is nothing */
        *ret_event = &self->assign;
        return LR_REBALANCE;
    }
    if (most == 0)
        return next_file(self) == self->n_files ? LR_END : LR_AGAIN;
    for (;;) {
        int64_t end = INT64_MAX;

        if (self->current == self->n_files)
            status = open_next(self, err);
        if (status != LR_OK)
            return status;
        if (until && self->current < n_until)
            end = until[self->current];
        status = take_lines(self, batch, most, end, err);
        if (status != LR_END)
            return status;
        self->files[self->current].done = 1;
        close_current(self);
        status = LR_OK;
    }
}

static lr_status reader_rebalanced(void *ctx, struct lr_error *err)
{
    (void)err;
    ((struct reader *)ctx)->announced = 1;
    return LR_OK;
}

static void reader_release(void *ctx, struct lr_batch *batch)
{
    (void)ctx;
    lines_release(batch);
}

static lr_status reader_commit(void *ctx, const struct lr_position *positions, uint32_t n,
                               int32_t wait, struct lr_error *err)
{
    struct reader *self = ctx;
    const char *file = self->settings->position_file;
    lr_status status;

    (void)wait;
    for (uint32_t i = 0; i < n; i++)
        if (positions[i].stream < self->n_files)
            self->committed[positions[i].stream].next = positions[i].next;
    if (!file || n == 0)
        return LR_OK;
    status = positions_save(file, self->committed, self->n_files, err);
    if (status == LR_AGAIN) /* it comes again; until then a restart reads a little more twice */
        stall_wait(&self->full, self->host, &no_space, file, 0);
    else if (status == LR_OK)
        stall_over(&self->full, self->host, &no_space, file);
    return status;
}

static lr_status reader_committed(void *ctx, struct lr_position *positions, uint32_t n,
                                  struct lr_error *err)
{
    const struct reader *self = ctx;

    (void)err;
    for (uint32_t i = 0; i < n; i++)
        if (positions[i].stream < self->n_files)
            positions[i].next = self->committed[positions[i].stream].next;
    return LR_OK;
}

static lr_status reader_seek(void *ctx, const struct lr_position *positions, uint32_t n,
                             struct lr_error *err)
{
    struct reader *self = ctx;

    (void)err;
    for (uint32_t i = 0; i < n; i++)
        if (positions[i].stream < self->n_files) {
            self->files[positions[i].stream].stream.next = positions[i].next;
            self->files[positions[i].stream].done = 0;
        }
    close_current(self); /* the next poll begins with the first file that has something left */
    return LR_OK;
}

/* ---- life ------------------------------------------------------------------------------- */

static lr_status find_files(struct reader *self, struct lr_error *err)
{
    const char *path = self->settings->path;
    int bad = glob(path, strpbrk(path, "*?[") ? 0 : GLOB_NOMAGIC, NULL, &self->names);

    if (bad == GLOB_NOMATCH)
        return lr_fail(err, LR_EUNAVAILABLE, "no file is named like %s", path);
    if (bad != 0)
        return lr_fail(err, bad == GLOB_NOSPACE ? LR_ENOMEM : LR_EUNAVAILABLE,
                       "cannot look for files named like %s", path);
    return LR_OK;
}

/* Of every lane's files: one lane's sink may be another one's source. */
static lr_status judge_outputs(const struct reader *self, struct lr_error *err)
{
    struct stat about;

    for (size_t i = 0; i < self->names.gl_pathc; i++)
        if (stat(self->names.gl_pathv[i], &about) == 0 &&
            outputs_have(self->host->pipeline, &about))
            return lr_fail(err, LR_ECONFIG, "%s is what this pipeline writes",
                           self->names.gl_pathv[i]);
    return LR_OK;
}

static lr_status judge_file(const char *path, int64_t next, struct lr_error *err)
{
    struct stat about;

    if (stat(path, &about) != 0)
        return lr_fail(err, LR_EUNAVAILABLE, "cannot read %s: %s", path, strerror(errno));
    if (!S_ISREG(about.st_mode))
        return lr_fail(err, LR_ECONFIG,
                       "%s is not a file; the stdio source reads pipes and terminals", path);
    if (next > about.st_size)
        return lr_fail(err, LR_EDATA,
                       "%s has %lld bytes, but %lld were read already: it was replaced; remove its "
                       "line from position_file to read it from the beginning",
                       path, (long long)about.st_size, (long long)next);
    return LR_OK;
}

static lr_status load_positions(struct reader *self, uint32_t n, struct lr_error *err)
{
    struct positions stored;
    lr_status status = positions_load(self->settings->position_file, &stored, err);

    for (uint32_t k = 0; status == LR_OK && k < stored.n; k++)
        for (uint32_t i = 0; i < n; i++)
            if (strcmp(self->committed[i].path, stored.list[k].path) == 0)
                self->committed[i].next = stored.list[k].next;
    if (status == LR_OK)
        positions_finish(&stored);
    return status;
}

static lr_status reader_start(void *ctx, struct lr_error *err)
{
    struct reader *self = ctx;
    lr_status status = find_files(self, err);
    size_t total = self->names.gl_pathc;
    uint32_t n = 0;

    if (status == LR_OK)
        status = judge_outputs(self, err);
    if (status != LR_OK)
        return status;
    self->files = calloc(total, sizeof *self->files);
    self->streams = calloc(total, sizeof *self->streams);
    self->committed = calloc(total, sizeof *self->committed);
    if (!self->files || !self->streams || !self->committed)
        return lr_fail(err, LR_ENOMEM, "no memory for %zu files", total);
    for (size_t i = self->host->lane; i < total; i += self->host->lanes)
        self->committed[n++].path = self->names.gl_pathv[i];
    if (self->settings->position_file && lr_guarantee(self->host) != LR_EXACTLY_ONCE)
        status = load_positions(self, n, err);
    for (uint32_t i = 0; i < n && status == LR_OK; i++) {
        status = judge_file(self->committed[i].path, self->committed[i].next, err);
        self->files[i].stream = (struct lr_stream){.size = sizeof(struct lr_stream),
                                                   .id = i,
                                                   .topic = self->committed[i].path,
                                                   .partition = -1,
                                                   .next = self->committed[i].next,
                                                   .end = -1};
        self->streams[i] = &self->files[i].stream;
    }
    if (status != LR_OK)
        return status;
    self->n_files = self->current = n;
    self->assign = (struct lr_event){.size = sizeof self->assign,
                                     .kind = LR_EVENT_ASSIGN,
                                     .n_streams = n,
                                     .streams = self->streams};
    return LR_OK;
}

static void reader_stop(void *ctx, int64_t deadline_ns)
{
    (void)deadline_ns;
    close_current(ctx);
}

static void reader_destroy(void *ctx)
{
    struct reader *self = ctx;

    if (!self)
        return;
    lines_finish(&self->lines);
    globfree(&self->names);
    free(self->files);
    free(self->streams);
    free(self->committed);
    free(self);
}

static lr_status reader_create(const struct lr_host *host, const void *settings, void **ret_self,
                               struct lr_error *err)
{
    struct reader *self = calloc(1, sizeof *self);
    lr_status status;

    if (!self)
        return lr_fail(err, LR_ENOMEM, "no memory for a file source");
    self->host = host;
    self->settings = settings;
    self->fd = -1;
    status = lines_init(&self->lines, BLOCK_SIZE, self->settings->max_record_bytes, err);
    if (status != LR_OK) {
        reader_destroy(self);
        return status;
    }
    *ret_self = self;
    return LR_OK;
}

static const struct lr_source ops = {
    .size = sizeof ops,
    .poll = reader_poll,
    .rebalanced = reader_rebalanced,
    .release = reader_release,
    .commit = reader_commit,
    .committed = reader_committed,
    .seek = reader_seek,
};

const struct source_way source_reader = {&ops, reader_create, reader_start, reader_stop,
                                         reader_destroy};
