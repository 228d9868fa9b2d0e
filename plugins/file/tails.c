/* SPDX-License-Identifier: MIT
 *
 * The files that are followed; see tails.h. After a restart a file is found again by its identity
 * (positions.h): under a name that path matches, or, rotated meanwhile, under any name in its old
 * folder. One that is nowhere held records that will not come: that stops the source, unless
 * on_lost_offsets allows it. What cannot be known is a file that came and was rotated away between
 * two runs, under a name that path does not match.
 */
#include "tails.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outputs.h"
#include "replace.h"

#define PATH_MOST 4096

void tails_log(const struct tails *tails, int32_t level, const char *format, ...)
{
    char text[PATH_MOST + 400];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    tails->host->log(tails->host->ctx, level, text);
}

int tail_is_read(struct tail *tail)
{
    struct stat about;

    if (tail->at_end && (fstat(tail->fd, &about) != 0 || about.st_size != tail->stream.next))
        tail->at_end = 0; /* it has changed since it was looked at */
    return tail->at_end;
}

int tail_is_over(struct tail *tail)
{
    if (tail->cut)
        return tail->saved == tail->stream.next;
    return tail->rotated && tail->saved == tail->stream.next && tail_is_read(tail);
}

/* ---- one tail --------------------------------------------------------------------------- */

/* A copy of the path that lives as long as the source. */
static const char *keep_name(struct tails *tails, const char *path)
{
    char **grown, *copy;

    for (uint32_t i = 0; i < tails->n_names; i++)
        if (strcmp(tails->names[i], path) == 0)
            return tails->names[i];
    grown = realloc(tails->names, (tails->n_names + 1) * sizeof *grown);
    if (grown)
        tails->names = grown;
    copy = grown ? strdup(path) : NULL;
    if (copy)
        grown[tails->n_names++] = copy;
    return copy;
}

static uint32_t free_place(struct tails *tails)
{
    struct tail *grown;
    uint32_t i = 0;

    while (i < tails->n && tails->list[i].state != TAIL_FREE)
        i++;
    if (i < tails->n)
        return i;
    grown = realloc(tails->list, (tails->n + 1) * sizeof *grown);
    if (!grown)
        return UINT32_MAX;
    tails->list = grown;
    return tails->n++;
}

/* Takes `fd`, also on failure. */
static lr_status add_tail(struct tails *tails, const char *path, int fd, int64_t next,
                          struct tail **ret_tail, struct lr_error *err)
{
    const char *name = keep_name(tails, path);
    uint32_t place = name ? free_place(tails) : UINT32_MAX;
    struct tail *tail;

    if (place == UINT32_MAX) {
        (void)close(fd);
        return lr_fail(err, LR_ENOMEM, "no memory to follow %s", path);
    }
    tail = &tails->list[place];
    *tail = (struct tail){.stream = {.size = sizeof tail->stream,
                                     .id = place,
                                     .topic = name,
                                     .partition = -1,
                                     .next = next,
                                     .end = -1},
                          .committed = next,
                          .saved = next,
                          .serial = ++tails->serial,
                          .state = TAIL_FOUND,
                          .seen = 1,
                          .fd = fd};
    if (!identity_of(fd, &tail->id)) {
        tail->state = TAIL_FREE;
        (void)close(fd);
        return lr_fail(err, LR_EUNAVAILABLE, "cannot read %s: %s", path, strerror(errno));
    }
    tail->watch = wake_watch_file(&tails->wake, fd);
    tails->changed = 1;
    if (ret_tail)
        *ret_tail = tail;
    return LR_OK;
}

void tails_remove(struct tails *tails, uint32_t index)
{
    struct tail *tail = &tails->list[index];

    if (tail->state == TAIL_FREE)
        return;
    wake_forget(&tails->wake, tail->watch);
    (void)close(tail->fd);
    tail->state = TAIL_FREE;
    tails->changed = 1;
}

lr_status tails_truncated(struct tails *tails, uint32_t index, struct lr_error *err)
{
    struct tail *tail = &tails->list[index], *next;
    int fd = fcntl(tail->fd, F_DUPFD_CLOEXEC, 0);
    int32_t rotated = tail->rotated;
    lr_status status;

    tails_log(tails, LR_LOG_WARNING,
              "%s was truncated after %lld bytes of it were read; what was written after them and "
              "before that may be missing, the rest is read from its beginning",
              tail->stream.topic, (long long)tail->stream.next);
    tail->cut = tail->at_end = 1;
    tail->watch = -1; /* the next life's, since it is the same file */
    if (fd < 0)
        return lr_fail(err, LR_EUNAVAILABLE, "cannot follow %s: %s", tail->stream.topic,
                       strerror(errno));
    status = add_tail(tails, tail->stream.topic, fd, 0, &next, err);
    if (status == LR_OK)
        next->rotated = rotated;
    return status;
}

/* ---- looking ---------------------------------------------------------------------------- */

/* The living tail of this file, or NULL. */
static struct tail *tail_of(const struct tails *tails, const struct stat *about)
{
    for (uint32_t i = 0; i < tails->n; i++) {
        struct tail *tail = &tails->list[i];

        if (tail->state != TAIL_FREE && !tail->cut && tail->id.inode == (uint64_t)about->st_ino &&
            tail->id.device == (uint64_t)about->st_dev)
            return tail;
    }
    return NULL;
}

/* A regular file, opened; -1: it is none, or it is gone again, or an error. */
static int open_regular(const char *path, struct stat *about)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd >= 0 && fstat(fd, about) == 0 && S_ISREG(about->st_mode))
        return fd;
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

/* A pattern that matches the position file, or what we write, means everything but that. */
static int is_ours(const struct tails *tails, const char *path, const struct stat *about)
{
    const char *file = tails->settings->position_file;
    size_t len = strlen(path), end = strlen(REPLACE_SUFFIX);
    struct stat own;

    if (len > end && strcmp(path + len - end, REPLACE_SUFFIX) == 0)
        return 1;
    if (file && stat(file, &own) == 0 && own.st_dev == about->st_dev && own.st_ino == about->st_ino)
        return 1;
    return outputs_have(tails->host->pipeline, about);
}

static lr_status look_at(struct tails *tails, const char *path, struct lr_error *err)
{
    struct stat about;
    struct tail *tail;
    int fd;

    if (stat(path, &about) != 0 || !S_ISREG(about.st_mode))
        return LR_OK;
    tail = tail_of(tails, &about);
    if (tail) {
        tail->seen = 1;
        return LR_OK;
    }
    if (is_ours(tails, path, &about))
        return LR_OK;
    fd = open_regular(path, &about);
    if (fd < 0 && (errno == EACCES || errno == EMFILE || errno == ENFILE))
        return lr_fail(err, LR_EUNAVAILABLE, "cannot read %s: %s", path, strerror(errno));
    if (fd < 0)
        return LR_OK; /* renamed between the two; the next look finds what is there */
    return add_tail(tails, path, fd, 0, NULL, err);
}

static void note_rotation(struct tails *tails, struct tail *tail)
{
    if (tail->seen == !tail->rotated || tail->cut)
        return;
    tail->rotated = !tail->seen;
    tail->quiet_ns = tails->host->monotonic_ns(tails->host->ctx);
    tails->changed = 1;
    if (tail->rotated)
        tails_log(tails, LR_LOG_INFO,
                  "%s was rotated; it is read to its end, then what is there now",
                  tail->stream.topic);
}

lr_status tails_look(struct tails *tails, struct lr_error *err)
{
    const char *path = tails->settings->path;
    lr_status status = LR_OK;
    glob_t names;
    int bad = glob(path, strpbrk(path, "*?[") ? 0 : GLOB_NOMAGIC, NULL, &names);

    if (bad == GLOB_NOSPACE)
        return lr_fail(err, LR_ENOMEM, "no memory to look for %s", path);
    for (uint32_t i = 0; i < tails->n; i++)
        tails->list[i].seen = 0;
    for (size_t i = 0; bad == 0 && i < names.gl_pathc && status == LR_OK; i++)
        status = look_at(tails, names.gl_pathv[i], err);
    if (bad == 0)
        globfree(&names);
    for (uint32_t i = 0; i < tails->n && status == LR_OK; i++)
        if (tails->list[i].state != TAIL_FREE)
            note_rotation(tails, &tails->list[i]);
    if (tails->n == 0 && !tails->missing_said && status == LR_OK) {
        tails->missing_said = 1;
        tails_log(tails, LR_LOG_NOTICE, "no file is named like %s yet; waiting for one", path);
    }
    return status;
}

/* ---- the start -------------------------------------------------------------------------- */

static int is_same(const struct file_position *stored, const struct stat *about)
{
    return stored->id.inode == (uint64_t)about->st_ino;
}

static int is_what_was_read(const struct file_position *stored, int fd, const struct stat *about)
{
    return about->st_size >= stored->next &&
           (!stored->id.known || identity_begins(fd, &stored->id));
}

/* The file that a line speaks of, open: under its own name, or another one of its folder. */
static int find_again(const struct file_position *stored, struct stat *about, int *ret_rotated)
{
    const char *slash = strrchr(stored->path, '/');
    int fd = open_regular(stored->path, about);
    char path[PATH_MOST];
    const struct dirent *entry;
    DIR *folder;

    *ret_rotated = 0;
    if (fd >= 0 && (!stored->id.known || is_same(stored, about)))
        return fd;
    if (fd >= 0)
        (void)close(fd);
    (void)snprintf(path, sizeof path, "%.*s", (int)(slash ? slash - stored->path : 0),
                   stored->path);
    folder = stored->id.known ? opendir(path[0] ? path : "/") : NULL;
    fd = -1;
    while (folder && fd < 0 && (entry = readdir(folder)) != NULL) {
        if (fstatat(dirfd(folder), entry->d_name, about, 0) != 0 || !is_same(stored, about))
            continue;
        (void)snprintf(path, sizeof path, "%.*s/%s", (int)(slash ? slash - stored->path : 0),
                       stored->path, entry->d_name);
        fd = open_regular(path, about);
        if (fd >= 0 && !is_what_was_read(stored, fd, about)) { /* it only got the inode */
            (void)close(fd);
            fd = -1;
        }
    }
    if (folder)
        (void)closedir(folder);
    *ret_rotated = 1;
    return fd;
}

static lr_status lost(const struct tails *tails, const struct file_position *stored,
                      struct lr_error *err)
{
    if (tails->settings->on_lost == LOST_FAIL)
        return lr_fail(err, LR_EDATA,
                       "%s: the file that was read up to byte %lld is not in its folder any more, "
                       "and what was written after that is missing; put it back, uncompressed and "
                       "not copied, or go on without it: on_lost_offsets = earliest",
                       stored->path, (long long)stored->next);
    tails_log(tails, LR_LOG_WARNING,
              "%s: the file that was read up to byte %lld is gone, and what was written after "
              "that is missing (on_lost_offsets)",
              stored->path, (long long)stored->next);
    return LR_OK;
}

static lr_status resume(struct tails *tails, const struct file_position *stored,
                        struct lr_error *err)
{
    struct tail *tail;
    struct stat about;
    int rotated, fd = find_again(stored, &about, &rotated);
    lr_status status;

    if (fd < 0)
        return stored->over ? LR_OK : lost(tails, stored, err);
    if (!is_what_was_read(stored, fd, &about) || tail_of(tails, &about)) { /* its next life */
        if (!stored->over)
            tails_log(tails, LR_LOG_WARNING,
                      "%s was truncated or replaced since it was read up to byte %lld; what was "
                      "written after that and before it may be missing",
                      stored->path, (long long)stored->next);
        (void)close(fd);
        return LR_OK; /* what is there is found as a new file */
    }
    status = add_tail(tails, stored->path, fd, stored->next, &tail, err);
    if (status == LR_OK && stored->old) {
        tail->rotated = 1; /* unless the look finds a name for it */
        tail->quiet_ns = tails->host->monotonic_ns(tails->host->ctx);
    }
    if (status == LR_OK && rotated && !stored->old)
        tails_log(tails, LR_LOG_NOTICE,
                  "%s was rotated while nobody read it; its rest is read first. If it was rotated "
                  "more than once, what path does not match of the files between is not known",
                  stored->path);
    return status;
}

lr_status tails_start(struct tails *tails, struct lr_error *err)
{
    struct positions stored = {0};
    lr_status status = wake_open(&tails->wake, err);
    char folder[PATH_MOST];
    char *slash;

    if (status == LR_OK && tails->settings->position_file)
        status = positions_load(tails->settings->position_file, &stored, err);
    for (uint32_t i = 0; i < stored.n && status == LR_OK; i++)
        status = resume(tails, &stored.list[i], err);
    positions_finish(&stored);
    (void)snprintf(folder, sizeof folder, "%s", tails->settings->path);
    slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0';
    if (slash && !strpbrk(folder, "*?["))
        wake_watch_folder(&tails->wake, folder);
    return status == LR_OK ? tails_look(tails, err) : status;
}

void tails_finish(struct tails *tails)
{
    for (uint32_t i = 0; i < tails->n; i++)
        tails_remove(tails, i);
    wake_close(&tails->wake);
    for (uint32_t i = 0; i < tails->n_names; i++)
        free(tails->names[i]);
    free(tails->names);
    free(tails->list);
    tails->list = NULL;
    tails->names = NULL;
    tails->n = tails->n_names = 0;
}
