/* SPDX-License-Identifier: MIT
 *
 * The mark of a file that is being written: a hidden file beside it, ".NAME.lrhost", that says
 * from which byte on the file is ours. It is there while a sink runs, and after a crash; a sink
 * that ends in order takes it away. It is locked as long as it is held, so that one process
 * writes a file.
 */
#ifndef FILE_MARK_H
#define FILE_MARK_H

#include <lrhost/lrhost.h>
#include <sys/stat.h>

#define MARK_ROOM 4096

struct mark {
    int fd; /* -1: none is held */
    char path[MARK_ROOM];
};

/* Makes and locks the mark of `file`. LR_AGAIN: none can be made here (the folder is not ours to
 * write to, says *ret_why); LR_EUNAVAILABLE: another process holds it. */
lr_status mark_take(struct mark *mark, const char *file, const char **ret_why,
                    struct lr_error *err);
/* The byte from which on the file is ours, or -1: the mark does not speak of this file. */
int64_t mark_read(const struct mark *mark, const struct stat *about);
/* From `from` on it is ours; synced if asked for. */
lr_status mark_write(const struct mark *mark, const struct stat *about, int64_t from, int32_t sync,
                     struct lr_error *err);
/* Lets go; `done`: nothing is left to be mended, so the mark goes too. So does an empty one. */
void mark_drop(struct mark *mark, int done);

#endif
