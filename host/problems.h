/* SPDX-License-Identifier: MIT
 *
 * A list of sentences, so that every configuration error is reported at once.
 *
 * Sentences are kept in the order of their place (file as first seen, then line), since
 * that is how a person mends them. Errors and warnings are kept apart by a flag. The list owns
 * what it holds: it may outlive the configuration it speaks of.
 */
#ifndef LRHOST_PROBLEMS_H
#define LRHOST_PROBLEMS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "arena.h"

#define LRH_PROBLEM_TEXT 1024 /* longest sentence kept, in bytes */
#define LRH_PROBLEMS_MAX 200  /* more are counted, not kept */

struct lrh_problem {
    const char *file; /* NULL: no place */
    uint32_t line;    /* 0: the file as a whole */
    uint32_t warning; /* not 0: works, but unwise */
    const char *text;
};

struct lrh_problems { /* begins zeroed */
    struct lrh_problem *items;
    size_t n, room;
    size_t n_errors;
    size_t n_dropped; /* not kept: too many, or no memory */
    struct lrh_arena memory;
};

/* Adds "file:line: text". Never fails: without memory it still counts the error. */
__attribute__((format(printf, 4, 5))) void lrh_problems_add(struct lrh_problems *problems,
                                                            const char *file, uint32_t line,
                                                            const char *format, ...);
__attribute__((format(printf, 4, 5))) void lrh_problems_warn(struct lrh_problems *problems,
                                                             const char *file, uint32_t line,
                                                             const char *format, ...);
/* One line for each; equal sentences once. "warning: " before a warning's text. */
void lrh_problems_print(const struct lrh_problems *problems, FILE *out);
void lrh_problems_finish(struct lrh_problems *problems);

#endif
