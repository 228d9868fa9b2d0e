/* SPDX-License-Identifier: MIT
 *
 * Bytes -> lines; see lines.h. Blocks belong to the reader's list of idle ones or to whoever
 * holds them; the owner pointer brings a released block back without a search.
 */
#include "lines.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct line_block {
    struct lines *owner;
    struct line_block *next; /* in owner->idle */
    size_t size;             /* bytes of data */
    size_t used;
    uint32_t holds; /* batches, and the reader for its current block */
    uint32_t reserved;
    char data[];
};

static struct line_block *block_create(struct lines *lines, size_t size)
{
    struct line_block *block = malloc(sizeof *block + size);

    if (block)
        *block = (struct line_block){.owner = lines, .size = size, .holds = 1};
    return block;
}

static void block_release(struct line_block *block)
{
    if (!block || --block->holds > 0)
        return;
    block->next = block->owner->idle;
    block->owner->idle = block;
}

/* An empty block of at least `size` bytes, held once. Idle ones that are too small are left. */
static struct line_block *block_take(struct lines *lines, size_t size)
{
    struct line_block **link = &lines->idle;

    while (*link && (*link)->size < size)
        link = &(*link)->next;
    if (*link) {
        struct line_block *block = *link;

        *link = block->next;
        block->used = 0;
        block->holds = 1;
        return block;
    }
    return block_create(lines, size);
}

lr_status lines_init(struct lines *lines, size_t block_size, int64_t max_line, struct lr_error *err)
{
    *lines = (struct lines){.max_line = max_line};
    lines->block = block_create(lines, block_size);
    if (!lines->block)
        return lr_fail(err, LR_ENOMEM, "no memory to read lines");
    return LR_OK;
}

void lines_finish(struct lines *lines)
{
    block_release(lines->block);
    while (lines->idle) {
        struct line_block *block = lines->idle;

        lines->idle = block->next;
        free(block);
    }
    *lines = (struct lines){0};
}

void lines_restart(struct lines *lines, int64_t offset)
{
    /* A batch may still point into the block: what it holds stays as it is. */
    lines->at = lines->scanned = lines->block->used;
    lines->offset = offset;
    lines->ended = 0;
}

static lr_status too_long(const struct lines *lines, struct lr_error *err)
{
    return lr_fail(err, LR_EDATA,
                   "the line at byte %lld is longer than max_record_bytes (%lld); raise it if such "
                   "records are meant to be there",
                   (long long)lines->offset, (long long)lines->max_line);
}

/* The end of the line that begins at `at`, or NULL. */
static const char *line_end(struct lines *lines)
{
    struct line_block *block = lines->block;
    const char *end = memchr(block->data + lines->scanned, '\n', block->used - lines->scanned);

    if (!end)
        lines->scanned = block->used;
    return end;
}

lr_status lines_take(struct lines *lines, struct lr_batch *batch, uint32_t max, uint32_t stream,
                     int64_t until, struct lr_error *err)
{
    struct line_block *block = lines->block;
    uint32_t n = 0;

    while (n < max && lines->offset < until) {
        const char *line = block->data + lines->at;
        const char *end = line_end(lines);
        size_t len, step;

        if (!end && !(lines->ended && lines->at < block->used))
            break;
        len = end ? (size_t)(end - line) : block->used - lines->at;
        step = end ? len + 1 : len;
        if ((int64_t)len > lines->max_line) {
            if (n == 0)
                return too_long(lines, err);
            break; /* what stands before it goes first */
        }
        *lr_batch_record(batch, n++) = (struct lr_record){.value = line,
                                                          .offset = lines->offset,
                                                          .timestamp_ns = -1,
                                                          .value_len = (uint32_t)len,
                                                          .stream = stream};
        lines->at += step;
        lines->scanned = lines->at;
        lines->offset += (int64_t)step;
    }
    if (n == 0)
        return lines->ended && lines->at == block->used ? LR_END : LR_AGAIN;
    for (uint32_t i = 0; batch->t0 && i < n; i++)
        batch->t0[i] = -1; /* a line does not say when it was due */
    batch->count = n;
    batch->spans[0] = (struct lr_span){stream, n, lines->offset};
    batch->n_spans = 1;
    batch->hold = block;
    block->holds++;
    return LR_OK;
}

lr_status lines_room(struct lines *lines, void **ret_at, size_t *ret_room, struct lr_error *err)
{
    struct line_block *block = lines->block;
    size_t begun = block->used - lines->at; /* of a line whose end is still to come */

    if ((int64_t)begun > lines->max_line)
        return too_long(lines, err);
    if (begun == 0 && block->holds == 1) {
        block->used = lines->at = lines->scanned = 0;
    } else if (block->used == block->size) {
        size_t size = begun > block->size / 2 ? 2 * block->size : block->size;
        struct line_block *bigger = block_take(lines, size);

        if (!bigger)
            return lr_fail(err, LR_ENOMEM, "no memory for a line of more than %zu bytes", begun);
        memcpy(bigger->data, block->data + lines->at, begun);
        bigger->used = begun;
        lines->scanned -= lines->at;
        lines->at = 0;
        lines->block = bigger;
        block_release(block);
        block = bigger;
    }
    *ret_at = block->data + block->used;
    *ret_room = block->size - block->used;
    return LR_OK;
}

lr_status lines_pread(struct lines *lines, int fd, int64_t offset, size_t *ret_got,
                      struct lr_error *err)
{
    size_t room;
    ssize_t got;
    void *at;
    lr_status status = lines_room(lines, &at, &room, err);

    if (status != LR_OK)
        return status;
    do
        got = pread(fd, at, room, (off_t)offset);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return lr_fail(err, LR_EUNAVAILABLE, "it cannot be read: %s", strerror(errno));
    *ret_got = (size_t)got;
    return LR_OK;
}

void lines_add(struct lines *lines, size_t n)
{
    lines->block->used += n;
    if (n == 0)
        lines->ended = 1;
}

void lines_release(struct lr_batch *batch)
{
    block_release(batch->hold);
    batch->hold = NULL;
}
