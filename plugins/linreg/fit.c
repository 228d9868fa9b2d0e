/* SPDX-License-Identifier: MIT
 *
 * Least squares on a triangle; see fit.h. Columns: 0 the ones, 1 .. n the features, n + 1 y.
 * Below row 0 the triangle is the factor C of the centred features with the rotated y beside
 * it, and in its last corner the length of the residual.
 */
#include "fit.h"

#include <lrhost/error.h>
#include <math.h>
#include <stdlib.h>

#include "triangle.h"

/* A centred feature shorter than this part of the feature itself is rounding, not variation. */
#define NO_VARIATION 1e-13

struct fit {
    uint32_t features;
    uint32_t pending; /* rows in the block */
    uint64_t rows;
    struct triangle triangle;
};

static void flush(struct fit *fit)
{
    struct triangle *t = &fit->triangle;

    if (!fit->pending)
        return;
    triangle_update(t);
    memset(t->block, 0, (size_t)t->n * BLOCK_ROWS * sizeof *t->block);
    fit->pending = 0;
}

lr_status fit_create(uint32_t features, struct fit **ret_fit, struct lr_error *err)
{
    size_t n = (size_t)features + 2, block = n * BLOCK_ROWS * sizeof(double);
    struct fit *fit = calloc(1, sizeof *fit);

    if (fit) {
        fit->features = features;
        fit->triangle.n = (uint32_t)n;
        fit->triangle.r = calloc(n * n, sizeof(double));
        fit->triangle.block = aligned_alloc(32, block);
    }
    if (!fit || !fit->triangle.r || !fit->triangle.block) {
        fit_destroy(fit);
        return lr_fail(err, LR_ENOMEM, "out of memory for a regression on %u features", features);
    }
    memset(fit->triangle.block, 0, block);
    *ret_fit = fit;
    return LR_OK;
}

void fit_destroy(struct fit *fit)
{
    if (!fit)
        return;
    free(fit->triangle.r);
    free(fit->triangle.block);
    free(fit);
}

void fit_add(struct fit *fit, const double *x, double y)
{
    double *cell = fit->triangle.block + fit->pending;

    *cell = 1.0;
    for (uint32_t j = 0; j < fit->features; j++)
        *(cell += BLOCK_ROWS) = x[j];
    *(cell + BLOCK_ROWS) = y;
    fit->rows++;
    if (++fit->pending == BLOCK_ROWS)
        flush(fit);
}

/* The rows sqrt(ridge) e_j: their squared errors are the penalty. The column of ones has 0
 * there, which leaves the bias free. The block of `t` is empty before and after. */
static void add_ridge(struct triangle *t, uint32_t features, double ridge)
{
    for (uint32_t first = 0; first < features; first += BLOCK_ROWS) {
        uint32_t end = features - first < BLOCK_ROWS ? features : first + BLOCK_ROWS;

        for (uint32_t j = first; j < end; j++)
            triangle_column(t, j + 1)[j - first] = sqrt(ridge);
        triangle_update(t);
        memset(t->block, 0, (size_t)t->n * BLOCK_ROWS * sizeof *t->block);
    }
}

/* Length of column j from row `top` down to its diagonal. */
static double column_length(const struct triangle *t, uint32_t j, uint32_t top)
{
    double square = 0.0;

    for (uint32_t i = top; i <= j; i++)
        square += triangle_row(t, i)[j] * triangle_row(t, i)[j];
    return sqrt(square);
}

/* The 1-norm condition number |S| |S^-1| of S, the centred factor with every column scaled to
 * length 1 (Golub and Van Loan, 2.6.2), by solving for each column of the inverse. `length`
 * holds the lengths, `z` is scratch, both [features + 1] and used from 1 on. */
static double condition(const struct triangle *t, uint32_t features, const double *length,
                        double *z)
{
    double norm = 0.0, inverse_norm = 0.0;

    for (uint32_t j = 1; j <= features; j++) {
        double sum = 0.0;

        for (uint32_t i = 1; i <= j; i++)
            sum += fabs(triangle_row(t, i)[j]) / length[j];
        norm = sum > norm ? sum : norm;
        if (triangle_row(t, j)[j] == 0.0)
            return INFINITY;
    }
    for (uint32_t column = 1; column <= features; column++) {
        double sum = 0.0;

        for (uint32_t i = column; i >= 1; i--) {
            const double *row = triangle_row(t, i);
            double rest = i == column ? 1.0 : 0.0;

            for (uint32_t j = i + 1; j <= column; j++)
                rest -= row[j] / length[j] * z[j];
            z[i] = rest / (row[i] / length[i]);
            sum += fabs(z[i]);
        }
        inverse_norm = sum > inverse_norm ? sum : inverse_norm;
    }
    return norm * inverse_norm;
}

/* The feature (1 ..) that the ones before it explain best. */
static uint32_t most_dependent(const struct triangle *t, uint32_t features, const double *length)
{
    uint32_t worst = 1;

    for (uint32_t j = 2; j <= features; j++)
        if (fabs(triangle_row(t, j)[j]) / length[j] <
            fabs(triangle_row(t, worst)[worst]) / length[worst])
            worst = j;
    return worst;
}

/* Sets *ret_condition, or says what keeps the weights from being determined. */
static lr_status judge(const struct triangle *t, uint32_t features, double max_condition,
                       double *scratch, double *ret_condition, struct lr_error *err)
{
    double *length = scratch, *z = scratch + features + 1;
    double found;

    for (uint32_t j = 1; j <= features; j++) {
        length[j] = column_length(t, j, 1);
        if (!isfinite(length[j]))
            return lr_fail(err, LR_EDATA, "feature f%u or the label is too large to compute with",
                           j - 1);
        if (length[j] <= NO_VARIATION * column_length(t, j, 0))
            return lr_fail(err, LR_EDATA,
                           "feature f%u has the same value in every training record, so its weight "
                           "is not determined; leave it out, or set ridge to a small number "
                           "above 0",
                           j - 1);
    }
    found = condition(t, features, length, z);
    if (!(found <= max_condition))
        return lr_fail(err, LR_EDATA,
                       "the training problem is singular or nearly so (condition %.3g, limit "
                       "%.3g): feature f%u is almost a combination of the features before it; "
                       "leave it out, set ridge above 0, or raise max_condition",
                       found, max_condition, most_dependent(t, features, length) - 1);
    *ret_condition = found;
    return LR_OK;
}

/* Back substitution; weights and bias of the triangle `t`. */
static void solve(const struct triangle *t, uint32_t features, struct fit_result *result)
{
    const double *top = triangle_row(t, 0);
    double *w = result->weights;
    double rest;

    for (uint32_t i = features; i >= 1; i--) {
        const double *row = triangle_row(t, i);

        rest = row[features + 1];
        for (uint32_t j = i + 1; j <= features; j++)
            rest -= row[j] * w[j - 1];
        w[i - 1] = rest / row[i];
    }
    rest = top[features + 1];
    for (uint32_t j = 1; j <= features; j++)
        rest -= top[j] * w[j - 1];
    result->bias = rest / top[0];
}

/* How well weights fit the rows behind `t`, without any penalty. */
static void measure(const struct triangle *t, uint32_t features, uint64_t rows,
                    struct fit_result *result)
{
    uint32_t y = features + 1;
    double corner = triangle_row(t, y)[y];
    double residual = corner * corner, variation = residual;

    for (uint32_t i = 1; i <= features; i++) {
        const double *row = triangle_row(t, i);
        double rest = row[y];

        variation += rest * rest;
        for (uint32_t j = i; j <= features; j++)
            rest -= row[j] * result->weights[j - 1];
        residual += rest * rest;
    }
    result->mse = residual / (double)rows;
    result->r2 = variation > 0.0 ? 1.0 - residual / variation : 1.0;
}

lr_status fit_solve(struct fit *fit, double ridge, double max_condition,
                    struct fit_result *ret_result, struct lr_error *err)
{
    struct triangle *t = &fit->triangle;
    struct triangle penalized = *t;
    size_t size = (size_t)t->n * t->n * sizeof *t->r;
    double *scratch = calloc(2 * ((size_t)fit->features + 1), sizeof *scratch);
    struct fit_result result = *ret_result;
    lr_status status;

    penalized.r = malloc(size);
    if (!scratch || !penalized.r) {
        status =
            lr_fail(err, LR_ENOMEM, "out of memory for a regression on %u features", fit->features);
        goto out;
    }
    if (fit->rows == 0 || (ridge <= 0.0 && fit->rows <= fit->features)) {
        status = lr_fail(err, LR_EDATA,
                         "%llu training records do not determine %u weights and a bias; give "
                         "train_records of at least %u, or set ridge to a small number above 0",
                         (unsigned long long)fit->rows, fit->features, fit->features + 1);
        goto out;
    }
    flush(fit);
    memcpy(penalized.r, t->r, size);
    if (ridge > 0.0)
        add_ridge(&penalized, fit->features, ridge);
    status = judge(&penalized, fit->features, max_condition, scratch, &result.condition, err);
    if (status == LR_OK) {
        solve(&penalized, fit->features, &result);
        measure(t, fit->features, fit->rows, &result);
        *ret_result = result;
    }
out:
    free(penalized.r);
    free(scratch);
    return status;
}
