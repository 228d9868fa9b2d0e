/* SPDX-License-Identifier: MIT
 *
 * One value of one option: text -> the bytes that a plugin's settings hold. Used for what a section
 * says, for a table's own defaults, and by the judge of tables.
 */
#ifndef LRHOST_OPTION_VALUE_H
#define LRHOST_OPTION_VALUE_H

#include <lrhost/abi.h>

#include "arena.h"

union lrh_option_value {
    int32_t i32;      /* BOOL, ENUM */
    int64_t i64;      /* INT, SIZE, DURATION */
    double f64;       /* FLOAT */
    const void *data; /* the others */
};

/* Size of a type's value in the settings; 0: no such type. */
size_t lrh_option_size(uint32_t type);

/* "duration", ... ; NULL: no such type. */
const char *lrh_option_type(uint32_t type);

/* What stands in the settings without value and default: LR_UNSET, NaN, NULL; a BOOL is no, an
 * ENUM -1. Not for PREFIX. */
union lrh_option_value lrh_option_unset(uint32_t type);

/* Parses and checks; all types but PREFIX. What a pointer points to lives in `arena`. The error
 * says what is wrong and what is accepted, without the option's name; a secret's text never
 * occurs in it. */
lr_status lrh_option_parse(const struct lr_option *option, const char *text, const char *folder,
                           struct lrh_arena *arena, union lrh_option_value *ret_value,
                           struct lr_error *err);

/* Is the range itself well formed, and its lower bound not above the upper one? */
lr_status lrh_option_judge_range(const struct lr_option *option, struct lr_error *err);

/* "at least 1", "1..1024" into buffer; returns it. */
const char *lrh_option_range_text(const char *range, char *buffer, size_t size);

/* The i-th of "a|b|c" and its length; NULL behind the last. */
const char *lrh_option_choice(const char *choices, int32_t i, size_t *ret_length);

/* Not 0: "file:..." or "env:...". */
int lrh_option_is_reference(const char *text);
/* "file:PATH" with the path as seen from `folder`; any other text as it is. NULL: no memory. */
const char *lrh_option_rooted(const char *text, const char *folder, struct lrh_arena *arena);
/* Not 0: "file:..." of a file that every user can read. */
int lrh_option_is_exposed(const char *text, const char *folder, struct lrh_arena *arena);

#endif
