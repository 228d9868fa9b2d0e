/* SPDX-License-Identifier: MIT
 *
 * One row is a chain of additions, each of which waits for the one before it. Eight rows are
 * eight chains that do not wait for each other: the processor overlaps them, and the order
 * within each row stays what it must be.
 */
#include "predict.h"

#include <stddef.h>

#define ROWS 8

static void predict_group(const struct linear *model, const double *x, size_t stride, double *out,
                          size_t out_stride)
{
    const double *w = model->weights;
    const double *x0 = x, *x1 = x0 + stride, *x2 = x1 + stride, *x3 = x2 + stride;
    const double *x4 = x3 + stride, *x5 = x4 + stride, *x6 = x5 + stride, *x7 = x6 + stride;
    double p0 = model->bias, p1 = p0, p2 = p0, p3 = p0, p4 = p0, p5 = p0, p6 = p0, p7 = p0;

    for (size_t j = 0; j < model->n; j++) {
        double f = w[j];

        p0 += f * x0[j];
        p1 += f * x1[j];
        p2 += f * x2[j];
        p3 += f * x3[j];
        p4 += f * x4[j];
        p5 += f * x5[j];
        p6 += f * x6[j];
        p7 += f * x7[j];
    }
    out[0] = p0;
    out[out_stride] = p1;
    out[2 * out_stride] = p2;
    out[3 * out_stride] = p3;
    out[4 * out_stride] = p4;
    out[5 * out_stride] = p5;
    out[6 * out_stride] = p6;
    out[7 * out_stride] = p7;
}

static double predict_one(const struct linear *model, const double *x)
{
    double p = model->bias;

    for (size_t j = 0; j < model->n; j++)
        p += model->weights[j] * x[j];
    return p;
}

void predict_rows(const struct linear *model, const double *x, uint32_t x_stride, double *out,
                  uint32_t out_stride, uint32_t count)
{
    uint32_t i = 0;

    for (; count - i >= ROWS; i += ROWS)
        predict_group(model, x + (size_t)i * x_stride, x_stride, out + (size_t)i * out_stride,
                      out_stride);
    for (; i < count; i++)
        out[(size_t)i * out_stride] = predict_one(model, x + (size_t)i * x_stride);
}
