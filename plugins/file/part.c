/* SPDX-License-Identifier: MIT
 *
 * A segment while it is written; see part.h.
 */
#include "part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define BUFFER_SIZE (64u * 1024)

static lr_status refuse(const char *what, const char *path, struct lr_error *err)
{
    int full = errno == ENOSPC || errno == EDQUOT;

    return lr_fail(err, full ? LR_AGAIN : LR_EUNAVAILABLE, "cannot %s %s: %s", what, path,
                   strerror(errno));
}

static lr_status spill(struct part *part, const char *path, struct lr_error *err)
{
    if (part->fd < 0)
        part->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (part->fd < 0)
        return refuse("write", path, err);
    while (part->sent < part->used) {
        ssize_t sent = pwrite(part->fd, part->data + part->sent, part->used - part->sent,
                              (off_t)part->written);

        if (sent < 0 && errno != EINTR)
            return refuse("write", path, err);
        part->sent += sent > 0 ? (size_t)sent : 0;
        part->written += sent > 0 ? sent : 0;
    }
    part->used = part->sent = 0;
    return LR_OK;
}

static lr_status make_room(struct part *part, const char *path, size_t line, struct lr_error *err)
{
    lr_status status = part->used > 0 ? spill(part, path, err) : LR_OK;
    size_t room = line > BUFFER_SIZE ? line : BUFFER_SIZE;
    char *data;

    if (status != LR_OK || room <= part->room)
        return status;
    data = realloc(part->data, room);
    if (!data)
        return lr_fail(err, LR_ENOMEM, "no memory for a record of %zu bytes", line);
    part->data = data;
    part->room = room;
    return LR_OK;
}

lr_status part_add(struct part *part, const char *path, const struct lr_bytes *values,
                   uint32_t count, uint32_t *ret_taken, struct lr_error *err)
{
    uint32_t n;

    *ret_taken = 0;
    for (n = 0; n < count; n++) {
        size_t line = (size_t)values[n].len + 1;

        if (line > part->room - part->used) {
            lr_status status = make_room(part, path, line, err);

            if (status == LR_AGAIN)
                break;
            if (status != LR_OK)
                return status;
        }
        if (values[n].len > 0)
            memcpy(part->data + part->used, values[n].data, values[n].len);
        part->used += line;
        part->data[part->used - 1] = '\n';
    }
    part->records += n;
    *ret_taken = n;
    return n > 0 ? LR_OK : LR_AGAIN;
}

lr_status part_finish(struct part *part, const char *path, struct lr_error *err)
{
    lr_status status = spill(part, path, err);

    if (status != LR_OK)
        return status;
    if (fdatasync(part->fd) != 0)
        return lr_fail(err, LR_EUNAVAILABLE, "cannot sync %s: %s", path, strerror(errno));
    return LR_OK;
}

void part_reset(struct part *part)
{
    if (part->fd >= 0)
        (void)close(part->fd);
    part->fd = -1;
    part->used = part->sent = 0;
    part->written = 0;
    part->records = 0;
}

void part_destroy(struct part *part)
{
    part_reset(part);
    free(part->data);
    part->data = NULL;
    part->room = 0;
}
