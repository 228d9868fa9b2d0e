/* SPDX-License-Identifier: MIT
 *
 * The position file; see positions.h. Every save costs one small synced file, as often as the
 * engine commits.
 */
#include "positions.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#define NAME_ROOM 4096

static void set_position(struct file_position *positions, uint32_t n, const char *path,
                         int64_t next)
{
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(positions[i].path, path) == 0)
            positions[i].next = next;
}

lr_status positions_load(const char *file, struct file_position *positions, uint32_t n,
                         struct lr_error *err)
{
    FILE *in = fopen(file, "re");
    lr_status status = LR_OK;
    unsigned number = 0;
    char *line = NULL;
    size_t room = 0;
    ssize_t len;

    if (!in && errno == ENOENT)
        return LR_OK;
    if (!in)
        return lr_fail(err, LR_EUNAVAILABLE, "cannot read %s: %s", file, strerror(errno));
    while (status == LR_OK && (len = getline(&line, &room, in)) > 0) {
        char *rest;
        int64_t next;

        number++;
        if (line[len - 1] == '\n')
            line[len - 1] = '\0';
        errno = 0;
        next = strtoll(line, &rest, 10);
        if (errno != 0 || rest == line || *rest != ' ' || next < 0)
            status = lr_fail(err, LR_EDATA,
                             "%s:%u: not a line of a position file (POSITION PATH); remove the "
                             "file to read everything again",
                             file, number);
        else
            set_position(positions, n, rest + 1, next);
    }
    if (status == LR_OK && ferror(in))
        status = lr_fail(err, LR_EUNAVAILABLE, "cannot read %s", file);
    free(line);
    (void)fclose(in);
    return status;
}

lr_status positions_save(const char *file, const struct file_position *positions, uint32_t n,
                         struct lr_error *err)
{
    char beside[NAME_ROOM];
    int bad, failed;
    FILE *out;

    if (snprintf(beside, sizeof beside, "%s.new", file) >= (int)sizeof beside)
        return lr_fail(err, LR_ECONFIG, "the name of the position file is too long");
    out = fopen(beside, "we");
    if (!out)
        return lr_fail(err, LR_EUNAVAILABLE, "cannot write %s: %s", beside, strerror(errno));
    for (uint32_t i = 0; i < n; i++)
        (void)fprintf(out, "%" PRId64 " %s\n", positions[i].next, positions[i].path);
    bad = fflush(out) != 0 || ferror(out) || fdatasync(fileno(out)) != 0;
    failed = errno;
    if (fclose(out) != 0 && !bad) {
        bad = 1;
        failed = errno;
    }
    if (!bad && rename(beside, file) != 0) {
        bad = 1;
        failed = errno;
    }
    if (!bad)
        return LR_OK;
    (void)unlink(beside);
    return lr_fail(err, LR_EUNAVAILABLE, "cannot store positions in %s: %s", file,
                   strerror(failed));
}
