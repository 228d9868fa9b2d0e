/* SPDX-License-Identifier: MIT
 *
 * A list of allocations. One malloc for each piece keeps address sanitizers sharp, and a
 * configuration has a few hundred pieces at most.
 */
#include "arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

struct lrh_arena_piece {
    struct lrh_arena_piece *next;
    alignas(max_align_t) char data[];
};

void *lrh_arena_alloc(struct lrh_arena *arena, size_t size)
{
    struct lrh_arena_piece *piece;

    if (size > (size_t)-1 / 2)
        return NULL;
    piece = calloc(1, sizeof *piece + size);
    if (!piece)
        return NULL;
    piece->next = arena->pieces;
    arena->pieces = piece;
    return piece->data;
}

char *lrh_arena_copy(struct lrh_arena *arena, const char *text, size_t size)
{
    char *copy = lrh_arena_alloc(arena, size + 1);

    if (copy && size)
        memcpy(copy, text, size);
    return copy;
}

void lrh_arena_finish(struct lrh_arena *arena)
{
    while (arena->pieces) {
        struct lrh_arena_piece *next = arena->pieces->next;

        free(arena->pieces);
        arena->pieces = next;
    }
}
