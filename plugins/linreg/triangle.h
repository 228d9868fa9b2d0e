/* SPDX-License-Identifier: MIT
 *
 * The triangular factor of a tall matrix, updated a block of rows at a time; see fit.h.
 */
#ifndef PLUGINS_LINREG_TRIANGLE_H
#define PLUGINS_LINREG_TRIANGLE_H

#include <stdint.h>

#define BLOCK_ROWS 128u /* with 14 columns, 14 KB: stays in the first-level cache */

struct triangle {
    uint32_t n;    /* columns */
    double *r;     /* [n][n], row-major; below the diagonal 0 */
    double *block; /* [n][BLOCK_ROWS], column-major, 32-byte aligned */
};

static inline double *triangle_row(const struct triangle *t, uint32_t i)
{
    return t->r + (uint64_t)i * t->n;
}

static inline double *triangle_column(const struct triangle *t, uint32_t j)
{
    return t->block + (uint64_t)j * BLOCK_ROWS;
}

/* R <- the triangle of [R; block]. The block is used up. Rows of zeros change nothing. */
void triangle_update(struct triangle *t);

#endif
