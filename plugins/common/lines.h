/* SPDX-License-Identifier: MIT
 *
 * Bytes -> lines, for sources that read text.
 *
 * Bytes are read into blocks; a record points into the block, so a line is never copied but
 * for the one that lies across two blocks. A batch takes lines of one block only and holds it
 * until the batch is released; a block that nobody holds is used again. Lines end with '\n',
 * which is not part of them; a '\r' before it is (that is the codec's business). The last line
 * needs no '\n'.
 */
#ifndef PLUGINS_LINES_H
#define PLUGINS_LINES_H

#include <lrhost/lrhost.h>

struct line_block;

struct lines {
    int64_t offset;   /* of the next byte to hand out */
    int64_t max_line; /* bytes; a longer line is an error */
    struct line_block *block;
    struct line_block *idle; /* a list of blocks that nobody holds */
    size_t at;               /* next byte to hand out, in block */
    size_t scanned;          /* no '\n' between `at` and here */
    int32_t ended;           /* no more bytes will come */
    uint32_t reserved;
};

/* `block_size`: how much is read at once. */
lr_status lines_init(struct lines *lines, size_t block_size, int64_t max_line,
                     struct lr_error *err);
/* Every batch must have been released. A zeroed object is fine. */
void lines_finish(struct lines *lines);

/* Forgets what was read; the next byte that comes is the one at `offset`. */
void lines_restart(struct lines *lines, int64_t offset);

/* Adds complete lines that are already in memory and begin before `until` to an empty batch, at
 * most `max`, as records and one span of `stream`. LR_OK, LR_AGAIN (none; read more), LR_END
 * (none, and none will come). */
lr_status lines_take(struct lines *lines, struct lr_batch *batch, uint32_t max, uint32_t stream,
                     int64_t until, struct lr_error *err);

/* Where to put more bytes: room for *ret_room, at least one. */
lr_status lines_room(struct lines *lines, void **ret_at, size_t *ret_room, struct lr_error *err);
/* `n` bytes were put there; 0: the end. */
void lines_add(struct lines *lines, size_t n);

/* Reads from a file at `offset` into that room; what came (0: nothing) is still to be added. */
lr_status lines_pread(struct lines *lines, int fd, int64_t offset, size_t *ret_got,
                      struct lr_error *err);

/* For source.release: gives back what lines_take lent to the batch. */
void lines_release(struct lr_batch *batch);

#endif
