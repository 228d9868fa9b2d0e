/* SPDX-License-Identifier: MIT
 *
 * Small files that are replaced as a whole: written beside (.NAME.lrhost-new), synced, renamed. A
 * reader, and the next run after a crash, finds the old text or the new one.
 */
#ifndef FILE_REPLACE_H
#define FILE_REPLACE_H

#include <lrhost/lrhost.h>

#define REPLACE_SUFFIX ".lrhost-new"

/* LR_AGAIN: there is no space; the old file is as it was. An error: it is the old or the new. */
lr_status replace_file(const char *path, const char *text, size_t len, struct lr_error *err);
/* Makes names in a folder survive a crash of the machine. */
lr_status sync_folder(const char *path, struct lr_error *err);
lr_status sync_folder_of(const char *path, struct lr_error *err);

/* Text that grows; `failed` once there was no memory. */
struct text {
    char *data;
    size_t used, room;
    int failed;
};

__attribute__((format(printf, 2, 3))) void text_add(struct text *text, const char *format, ...);
/* A whole file, NUL-terminated; LR_END: there is none. The caller frees *ret_text. */
lr_status read_file(const char *path, char **ret_text, struct lr_error *err);

#endif
