/* SPDX-License-Identifier: MIT
 *
 * The linear model itself: p = bias, then p = p + w[j] * x[j] for j = 0, 1, ..., each product
 * and each sum rounded to a double. The order is part of the contract: a plain loop in any
 * language with IEEE doubles gives the same bits.
 */
#ifndef PLUGINS_LINREG_PREDICT_H
#define PLUGINS_LINREG_PREDICT_H

#include <stdint.h>

struct linear {
    uint32_t n;
    double bias;
    const double *weights; /* [n] */
};

/* Rows 0 .. count-1: row i of x begins at x + i * x_stride, its result goes to
 * out[i * out_stride]. */
void predict_rows(const struct linear *model, const double *x, uint32_t x_stride, double *out,
                  uint32_t out_stride, uint32_t count);

#endif
