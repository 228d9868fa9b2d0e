/* SPDX-License-Identifier: MIT
 *
 * A segment while it is written: lines in memory, spilled to a hidden file. What is in memory
 * counts as delivered, since a transaction commits all or nothing. A spill that finds the disk
 * full goes on later from the byte where it stopped: nobody sees the file before it is whole.
 */
#ifndef FILE_PART_H
#define FILE_PART_H

#include <lrhost/lrhost.h>

struct part {
    char *data; /* kept for the next transaction */
    size_t room, used, sent;
    int64_t written; /* bytes in the file */
    int fd;          /* -1: no record in this transaction, or all in memory */
    uint32_t records;
};

/* As many of the records as there is room for; *ret_taken may be 0 where the disk is full.
 * `path`: of the hidden file. */
lr_status part_add(struct part *part, const char *path, const struct lr_bytes *values,
                   uint32_t count, uint32_t *ret_taken, struct lr_error *err);
/* Everything is in the file and on the disk. LR_AGAIN: there is no space. */
lr_status part_finish(struct part *part, const char *path, struct lr_error *err);
/* Ready for the next transaction. The file is not touched. */
void part_reset(struct part *part);
void part_destroy(struct part *part);

#endif
