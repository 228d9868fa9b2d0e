/* SPDX-License-Identifier: MIT
 *
 * Memory that is given back all at once: the strings of a configuration, the values of a set of
 * settings. Pieces are never freed one by one. For start-up only; not thread-safe.
 */
#ifndef LRHOST_ARENA_H
#define LRHOST_ARENA_H

#include <stddef.h>

struct lrh_arena_piece;

struct lrh_arena { /* begins zeroed */
    struct lrh_arena_piece *pieces;
};

/* Zeroed, aligned for anything; NULL: no memory. */
void *lrh_arena_alloc(struct lrh_arena *arena, size_t size);
/* `size` bytes and a NUL. */
char *lrh_arena_copy(struct lrh_arena *arena, const char *text, size_t size);
void lrh_arena_finish(struct lrh_arena *arena);

#endif
