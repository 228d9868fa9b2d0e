/* SPDX-License-Identifier: MIT
 *
 * What stands right of a key's '=' -> the value that is meant: double quotes taken off, a trailing
 * comment refused, ${NAME} and ${NAME:-default} replaced from the environment.
 */
#ifndef LRHOST_EXPAND_H
#define LRHOST_EXPAND_H

#include <lrhost/abi.h>

#include "arena.h"

/* Cuts blanks at both ends and a pair of double quotes, in place; returns the new start. With
 * `comments` a text that holds what looks like a comment is refused. On failure NULL. */
char *lrh_unquote(char *text, int comments, struct lr_error *err);

/* The result lives in `arena`. *ret_replaced: not 0 when the environment had a part in it. */
lr_status lrh_expand(const char *text, struct lrh_arena *arena, const char **ret_text,
                     uint32_t *ret_replaced, struct lr_error *err);

#endif
