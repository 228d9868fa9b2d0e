/* SPDX-License-Identifier: MIT
 *
 * One Householder step per column. R is a triangle already, so the vector that clears column k
 * of [R; block] touches row k of R and the block, nothing else.
 *
 * Sums over a block go through eight partial sums in a fixed order; they sit in vectors of two
 * doubles, which every target has or imitates element by element with the same bits.
 */
#include "triangle.h"

#include <math.h>
#include <stddef.h>

typedef double pair __attribute__((vector_size(16), may_alias));
#define PAIRS (BLOCK_ROWS / 2)

static double dot(const double *a, const double *b)
{
    const pair *pa = (const pair *)(const void *)a;
    const pair *pb = (const pair *)(const void *)b;
    pair s0 = {0, 0}, s1 = {0, 0}, s2 = {0, 0}, s3 = {0, 0};

    for (size_t i = 0; i < PAIRS; i += 4) {
        s0 += pa[i] * pb[i];
        s1 += pa[i + 1] * pb[i + 1];
        s2 += pa[i + 2] * pb[i + 2];
        s3 += pa[i + 3] * pb[i + 3];
    }
    s0 = (s0 + s1) + (s2 + s3);
    return s0[0] + s0[1];
}

/* a -= f b */
static void subtract(double *a, double f, const double *b)
{
    pair *pa = (pair *)(void *)a;
    const pair *pb = (const pair *)(const void *)b;
    pair factor = {f, f};

    for (size_t i = 0; i < PAIRS; i++)
        pa[i] -= factor * pb[i];
}

void triangle_update(struct triangle *t)
{
    for (uint32_t k = 0; k < t->n; k++) {
        double *row = triangle_row(t, k), *v = triangle_column(t, k);
        double square = dot(v, v), alpha = row[k], length, head, beta;

        if (square == 0.0)
            continue;
        length = sqrt(alpha * alpha + square);
        /* Away from alpha's sign, so that nothing cancels. */
        head = alpha > 0.0 ? alpha + length : alpha - length;
        beta = 2.0 / (head * head + square);
        row[k] = alpha > 0.0 ? -length : length;
        for (uint32_t j = k + 1; j < t->n; j++) {
            double *column = triangle_column(t, j);
            double f = beta * (head * row[j] + dot(v, column));

            row[j] -= f * head;
            subtract(column, f, v);
        }
    }
}
