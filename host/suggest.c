/* SPDX-License-Identifier: MIT
 *
 * Optimal string alignment: the smallest number of inserted, deleted, replaced or swapped
 * neighbouring letters, no place edited twice (R. A. Wagner, M. J. Fischer, "The String-to-String
 * Correction Problem", 1974, with the transposition of F. J. Damerau, 1964). Upper and lower
 * case count as equal. Near enough is one edit for every three letters typed.
 */
#include "suggest.h"

#include <stdio.h>
#include <string.h>

#define LONGEST 64 /* longer words get no suggestion */

static unsigned lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t rows[3][LONGEST + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];

    for (size_t j = 0; j <= m; j++)
        above[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *reuse = before;

        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t replaced = above[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));

            row[j] = least(least(above[j], row[j - 1]) + 1, replaced);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
        before = above;
        above = row;
        row = reuse;
    }
    return above[m];
}

void lrh_suggest(struct lrh_suggestion *suggestion, const char *candidate)
{
    size_t n, m, d;

    if (!suggestion->word || !candidate)
        return;
    n = strlen(suggestion->word);
    m = strlen(candidate);
    if (n == 0 || m == 0 || n > LONGEST || m > LONGEST)
        return;
    d = distance(suggestion->word, n, candidate, m);
    if (d > (n + 2) / 3 || d >= n || d >= m)
        return;
    if (!suggestion->best || d < suggestion->distance) {
        suggestion->best = candidate;
        suggestion->distance = d;
    }
}

const char *lrh_suggest_text(const struct lrh_suggestion *suggestion, char *buffer, size_t size)
{
    if (size == 0)
        return "";
    buffer[0] = '\0';
    if (suggestion->best)
        (void)snprintf(buffer, size, "; did you mean '%s'?", suggestion->best);
    return buffer;
}
