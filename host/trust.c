/* SPDX-License-Identifier: MIT
 *
 * Who may have written this file?
 *
 * The folder is opened once and from then on walked upwards through descriptors (".."), so that
 * every check is about the folders that really hold the file, whatever happens to names in the
 * meantime. The file is opened once, relative to that folder and without following a link.
 * Names serve messages only; the kernel is asked for them.
 *
 * The rules are those of ssh's StrictModes, widened where that is harmless: a sticky folder of
 * root (nobody can rename another's file in it), and groups that a user is in. Access control
 * lists need no code of their own: what they grant shows in the group's bits.
 */
#include "trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_DEPTH (PATH_MAX / 2)
#define MAX_GROUPS 65536 /* Linux' own limit, NGROUPS_MAX */

/* `path` as one word of a shell, so that the printed command can be pasted. */
static const char *shell_word(const char *path, char *buffer, size_t size)
{
    size_t n = 0;

    if (path[strspn(path,
                    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._+,:@%-")] ==
        '\0')
        return path;
    buffer[n++] = '\'';
    for (const char *c = path; *c && n + 6 < size; c++) {
        if (*c == '\'') {
            memcpy(buffer + n, "'\\''", 4);
            n += 4;
        } else {
            buffer[n++] = *c;
        }
    }
    buffer[n++] = '\'';
    buffer[n] = '\0';
    return buffer;
}

static int is_own_group(gid_t group)
{
    gid_t few[64], *groups = few;
    int n, own = group == getegid();

    if (own)
        return 1;
    n = getgroups((int)(sizeof few / sizeof few[0]), few);
    if (n < 0) {
        groups = calloc(MAX_GROUPS, sizeof *groups);
        n = groups ? getgroups(MAX_GROUPS, groups) : 0;
    }
    for (int i = 0; i < n && !own; i++)
        own = groups[i] == group;
    if (groups != few)
        free(groups);
    return own;
}

/* `what`: "file" or "folder". */
static lr_status judge(const struct stat *st, const char *what, const char *path,
                       struct lr_error *err)
{
    char word[PATH_MAX + 16];
    uid_t user = geteuid();
    int sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) && st->st_uid == 0;
    int others = (st->st_mode & S_IWOTH) != 0;
    int group = (st->st_mode & S_IWGRP) != 0 && (user == 0 || !is_own_group(st->st_gid));

    if (st->st_uid != 0 && st->st_uid != user)
        return lr_fail(err, LR_EUNTRUSTED,
                       "not trusted: the %s %s belongs to user %u, neither to root nor to the "
                       "running user %u; if it is to be trusted: chown %u %s",
                       what, path, (unsigned)st->st_uid, (unsigned)user, (unsigned)user,
                       shell_word(path, word, sizeof word));
    if (sticky || (!others && !group))
        return LR_OK;
    return lr_fail(err, LR_EUNTRUSTED,
                   "not trusted: %s may write to the %s %s; mend it with: chmod %s %s",
                   others ? "everyone" : "a group of users", what, path,
                   others && (st->st_mode & S_IWGRP) ? "go-w" : (others ? "o-w" : "g-w"),
                   shell_word(path, word, sizeof word));
}

/* The folder behind `fd`, and all above it. `path` is cut as the walk goes up. */
static lr_status judge_folders(int fd, char *path, struct lr_error *err)
{
    struct stat st = {0}, up = {0};
    lr_status status = LR_OK;

    fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0 || fstat(fd, &st) != 0)
        status = lr_fail(err, LR_ECONFIG, "cannot look at %s: %s", path, strerror(errno));
    for (int depth = 0; status == LR_OK; depth++) {
        char *slash;
        int parent;

        status = judge(&st, "folder", path, err);
        if (status != LR_OK)
            break;
        parent = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (parent < 0 || fstat(parent, &up) != 0 || depth == MAX_DEPTH) {
            status = lr_fail(err, LR_ECONFIG, "cannot look above %s: %s", path, strerror(errno));
            if (parent >= 0)
                (void)close(parent);
            break;
        }
        (void)close(fd);
        fd = parent;
        if (up.st_dev == st.st_dev && up.st_ino == st.st_ino)
            break; /* the root is its own parent */
        st = up;
        slash = strrchr(path, '/');
        if (slash)
            slash[slash == path] = '\0';
    }
    if (fd >= 0)
        (void)close(fd);
    return status;
}

/* The folder part of `path` opened, its true name, and the file's name in it. */
static lr_status open_folder(const char *path, int *ret_fd, char folder[PATH_MAX],
                             const char **ret_base, struct lr_error *err)
{
    const char *slash = strrchr(path, '/');
    char link[64];
    ssize_t n;
    int fd;

    if (strlen(path) >= PATH_MAX)
        return lr_fail(err, LR_ECONFIG, "a path of %zu bytes is too long", strlen(path));
    *ret_base = slash ? slash + 1 : path;
    if (!slash)
        (void)strcpy(folder, ".");
    else
        (void)snprintf(folder, PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return lr_fail(err, LR_ECONFIG, "cannot open %s: %s", path, strerror(errno));
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, folder, PATH_MAX - 1);
    if (n <= 0 || folder[0] != '/') {
        (void)close(fd);
        return lr_fail(err, LR_ECONFIG,
                       "cannot tell where %s really is; lrhost needs /proc to be mounted", path);
    }
    folder[n] = '\0';
    *ret_fd = fd;
    return LR_OK;
}

static lr_status open_file(int folder_fd, const char *folder, const char *base, int *ret_fd,
                           struct lr_error *err)
{
    const char *between = strcmp(folder, "/") == 0 ? "" : "/";
    char target[PATH_MAX];
    ssize_t n;
    /* Not to hang on a FIFO: O_NONBLOCK; it means nothing for a regular file. */
    int fd = openat(folder_fd, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd >= 0) {
        *ret_fd = fd;
        return LR_OK;
    }
    if (errno != ELOOP)
        return lr_fail(err, LR_ECONFIG, "cannot open %s%s%s: %s", folder, between, base,
                       strerror(errno));
    n = readlinkat(folder_fd, base, target, sizeof target - 1);
    target[n > 0 ? n : 0] = '\0';
    return lr_fail(err, LR_EUNTRUSTED,
                   "not trusted: %s%s%s is a symbolic link (to %s); a module must be the file "
                   "itself: copy it there, or name what the link points to",
                   folder, between, base, target);
}

lr_status lrh_trust_open(const char *path, int *ret_fd, char **ret_real, struct lr_error *err)
{
    char folder[PATH_MAX];
    const char *base = path;
    struct stat st = {0};
    char *real = NULL;
    int folder_fd = -1, fd = -1;
    lr_status status = open_folder(path, &folder_fd, folder, &base, err);

    if (status != LR_OK)
        return status;
    status = open_file(folder_fd, folder, base, &fd, err);
    if (status != LR_OK)
        goto done;
    if (asprintf(&real, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, base) < 0) {
        real = NULL;
        status = lr_fail(err, LR_ENOMEM, "out of memory");
        goto done;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        status = lr_fail(err, LR_ECONFIG, "%s is not a regular file", real);
        goto done;
    }
    status = judge(&st, "file", real, err);
    if (status == LR_OK)
        status = judge_folders(folder_fd, folder, err);
done:
    (void)close(folder_fd);
    if (status == LR_OK) {
        *ret_fd = fd;
        *ret_real = real;
        return LR_OK;
    }
    if (fd >= 0)
        (void)close(fd);
    free(real);
    return status;
}

lr_status lrh_trust_folder(const char *folder, struct lr_error *err)
{
    char real[PATH_MAX], inside[PATH_MAX + 2];
    const char *base;
    int fd = -1;
    lr_status status;

    (void)snprintf(inside, sizeof inside, "%s/.", folder);
    status = open_folder(inside, &fd, real, &base, err);
    if (status != LR_OK)
        return status;
    status = judge_folders(fd, real, err);
    (void)close(fd);
    return status;
}
