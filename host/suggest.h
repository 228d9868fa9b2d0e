/* SPDX-License-Identifier: MIT
 *
 * "did you mean 'topic'?": the nearest of a few names, by edit distance with swaps counted
 * once (optimal string alignment).
 */
#ifndef LRHOST_SUGGEST_H
#define LRHOST_SUGGEST_H

#include <stddef.h>

/* Keeps the best candidate so far. Start with {.word = what was typed}. */
struct lrh_suggestion {
    const char *word;
    const char *best; /* NULL: nothing near enough */
    size_t distance;
};

void lrh_suggest(struct lrh_suggestion *suggestion, const char *candidate);

/* "; did you mean 'x'?" or "" into buffer; returns buffer. */
const char *lrh_suggest_text(const struct lrh_suggestion *suggestion, char *buffer, size_t size);

#endif
