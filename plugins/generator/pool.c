/* SPDX-License-Identifier: MIT
 *
 * The pool of text buffers; see generator.h.
 */
#include "generator.h"

#include <stdlib.h>

struct text_buffer *text_pool_take(struct text_pool *pool, size_t size)
{
    struct text_buffer *buffer = pool->free;

    if (buffer && buffer->size >= size) {
        pool->free = buffer->next;
        return buffer;
    }
    if (buffer) { /* made for a smaller batch */
        pool->free = buffer->next;
        free(buffer);
    }
    buffer = malloc(sizeof *buffer + size);
    if (buffer)
        buffer->size = size;
    return buffer;
}

void text_pool_give(struct text_pool *pool, struct text_buffer *buffer)
{
    if (!buffer)
        return;
    buffer->next = pool->free;
    pool->free = buffer;
}

void text_pool_finish(struct text_pool *pool)
{
    while (pool->free) {
        struct text_buffer *buffer = pool->free;

        pool->free = buffer->next;
        free(buffer);
    }
}
