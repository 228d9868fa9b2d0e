/* SPDX-License-Identifier: MIT
 *
 * Small files that are replaced as a whole; see replace.h.
 */
#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <unistd.h>

#define BESIDE_ROOM 4200

static int is_full(int error)
{
    return error == ENOSPC || error == EDQUOT;
}

static int write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t sent = write(fd, text, len);

        if (sent < 0 && errno != EINTR)
            return -1;
        text += sent > 0 ? sent : 0;
        len -= sent > 0 ? (size_t)sent : 0;
    }
    return 0;
}

lr_status replace_file(const char *path, const char *text, size_t len, struct lr_error *err)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char beside[BESIDE_ROOM];
    int fd, bad, failed;

    if (snprintf(beside, sizeof beside, "%.*s.%s" REPLACE_SUFFIX, (int)(name - path), path, name) >=
        (int)sizeof beside)
        return lr_fail(err, LR_ECONFIG, "the name %s is too long", path);
    fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    bad = fd < 0 || write_all(fd, text, len) != 0 || fdatasync(fd) != 0;
    failed = errno;
    if (fd >= 0 && close(fd) != 0 && !bad) {
        bad = 1;
        failed = errno;
    }
    if (!bad && rename(beside, path) == 0)
        return LR_OK;
    failed = bad ? failed : errno;
    if (fd >= 0)
        (void)unlink(beside);
    return lr_fail(err, is_full(failed) ? LR_AGAIN : LR_EUNAVAILABLE, "cannot replace %s: %s", path,
                   strerror(failed));
}

lr_status sync_folder(const char *path, struct lr_error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), bad, failed;

    bad = fd < 0 || (fsync(fd) != 0 && errno != EINVAL); /* that one knows no folders to sync */
    failed = errno;
    if (fd >= 0)
        (void)close(fd);
    return bad ? lr_fail(err, LR_EUNAVAILABLE, "cannot sync the folder %s: %s", path,
                         strerror(failed))
               : LR_OK;
}

lr_status sync_folder_of(const char *path, struct lr_error *err)
{
    char folder[BESIDE_ROOM];

    (void)snprintf(folder, sizeof folder, "%s", path);
    return sync_folder(dirname(folder), err);
}

void text_add(struct text *text, const char *format, ...)
{
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0 || text->failed)
        return;
    if (text->used + (size_t)len + 1 > text->room) {
        size_t room = 2 * (text->used + (size_t)len + 1);
        char *data = realloc(text->data, room);

        text->failed = !data;
        if (!data)
            return;
        text->data = data;
        text->room = room;
    }
    va_start(args, format);
    (void)vsnprintf(text->data + text->used, text->room - text->used, format, args);
    va_end(args);
    text->used += (size_t)len;
}

lr_status read_file(const char *path, char **ret_text, struct lr_error *err)
{
    FILE *in = fopen(path, "re");
    char *text = NULL;
    size_t room = 0;
    ssize_t len;
    int bad;

    if (!in && errno == ENOENT)
        return LR_END;
    if (!in)
        return lr_fail(err, LR_EUNAVAILABLE, "cannot read %s: %s", path, strerror(errno));
    len = getdelim(&text, &room, '\0', in); /* text has no NUL */
    bad = ferror(in);
    (void)fclose(in);
    if (len < 0 && !bad) {
        free(text);
        text = calloc(1, 1);
    }
    if (bad || !text) {
        free(text);
        return lr_fail(err, LR_EUNAVAILABLE, "cannot read %s", path);
    }
    *ret_text = text;
    return LR_OK;
}
