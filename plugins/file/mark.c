/* SPDX-License-Identifier: MIT
 *
 * The mark of a file that is being written; see mark.h. One line: "BYTE DEVICE INODE PID".
 */
#include "mark.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/file.h>
#include <unistd.h>

#define LINE_ROOM 128

static void read_line(int fd, char *line, size_t size)
{
    ssize_t n = pread(fd, line, size - 1, 0);

    line[n > 0 ? n : 0] = '\0';
}

static lr_status held(int fd, const char *file, struct lr_error *err)
{
    char line[LINE_ROOM], who[32] = "";
    long long pid = 0;

    read_line(fd, line, sizeof line);
    if (sscanf(line, "%*d %*u %*u %lld", &pid) == 1)
        (void)snprintf(who, sizeof who, " (pid %lld)", pid);
    (void)close(fd);
    if (pid == (long long)getpid())
        return lr_fail(err, LR_EUNAVAILABLE, "another part of this process is writing %s", file);
    return lr_fail(err, LR_EUNAVAILABLE, "another process%s is writing %s", who, file);
}

lr_status mark_take(struct mark *mark, const char *file, const char **ret_why, struct lr_error *err)
{
    const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
    struct stat opened, named;

    mark->fd = -1;
    if (snprintf(mark->path, sizeof mark->path, "%.*s.%s.lrhost", (int)(name - file), file, name) >=
        (int)sizeof mark->path) {
        *ret_why = "its name is too long";
        return LR_AGAIN;
    }
    for (;;) {
        int fd = open(mark->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

        if (fd < 0 && errno == ENOENT)
            return lr_fail(err, LR_EUNAVAILABLE, "cannot write %s: its folder is not there", file);
        if (fd < 0) {
            *ret_why = strerror(errno);
            return LR_AGAIN;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            if (errno == EWOULDBLOCK)
                return held(fd, file, err);
            *ret_why = strerror(errno); /* a file system without locks */
            (void)close(fd);
            return LR_AGAIN;
        }
        /* Whoever held it may have removed it between open and lock. */
        if (fstat(fd, &opened) == 0 && stat(mark->path, &named) == 0 &&
            opened.st_ino == named.st_ino && opened.st_dev == named.st_dev) {
            mark->fd = fd;
            return LR_OK;
        }
        (void)close(fd);
    }
}

int64_t mark_read(const struct mark *mark, const struct stat *about)
{
    char line[LINE_ROOM];
    uint64_t device, inode;
    int64_t from;

    read_line(mark->fd, line, sizeof line);
    if (sscanf(line, "%" SCNd64 " %" SCNu64 " %" SCNu64, &from, &device, &inode) != 3 || from < 0 ||
        device != (uint64_t)about->st_dev || inode != (uint64_t)about->st_ino)
        return -1;
    return from;
}

lr_status mark_write(const struct mark *mark, const struct stat *about, int64_t from, int32_t sync,
                     struct lr_error *err)
{
    char line[LINE_ROOM];
    int len = snprintf(line, sizeof line, "%" PRId64 " %" PRIu64 " %" PRIu64 " %lld\n", from,
                       (uint64_t)about->st_dev, (uint64_t)about->st_ino, (long long)getpid());

    if (pwrite(mark->fd, line, (size_t)len, 0) != len || ftruncate(mark->fd, len) != 0 ||
        (sync && fdatasync(mark->fd) != 0))
        return lr_fail(err, LR_EUNAVAILABLE, "cannot write %s: %s", mark->path, strerror(errno));
    return LR_OK;
}

void mark_drop(struct mark *mark, int done)
{
    struct stat about;

    if (mark->fd < 0)
        return;
    if (done || (fstat(mark->fd, &about) == 0 && about.st_size == 0))
        (void)unlink(mark->path);
    (void)close(mark->fd);
    mark->fd = -1;
}
