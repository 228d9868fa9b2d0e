/* SPDX-License-Identifier: MIT
 *
 * Where reading goes on after a restart: a small text file, one line "POSITION PATH" for each
 * file that was read. It is replaced as a whole (write beside it, sync, rename), so it holds
 * either the old positions or the new ones.
 */
#ifndef FILE_POSITIONS_H
#define FILE_POSITIONS_H

#include <lrhost/lrhost.h>

struct file_position {
    const char *path;
    int64_t next;
};

/* Sets `next` of those the file knows; others stay. No such file: nothing is known. */
lr_status positions_load(const char *file, struct file_position *positions, uint32_t n,
                         struct lr_error *err);
lr_status positions_save(const char *file, const struct file_position *positions, uint32_t n,
                         struct lr_error *err);

#endif
