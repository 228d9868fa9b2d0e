/* SPDX-License-Identifier: MIT
 *
 * Least squares: y ~ bias + sum of w[j] x[j].
 *
 * The rows [1, x, y] go through a Householder QR factorization that is updated block by block
 * (Golub and Van Loan, Matrix Computations, 4th ed., 5.2.2 and 6.5.3; the blockwise form is
 * Demmel and others' sequential TSQR, SIAM J. Sci. Comput. 34(1), 2012): only the triangle R
 * and one block are kept. Normal equations would be three times cheaper, but they square the
 * condition number, and the factorization is not what start-up time is spent on.
 *
 * The column of ones comes first, so that what is left of R is the factor of the *centred*
 * features, from which conditions, R2 and MSE are read without a second pass.
 *
 * The order of all operations is fixed and none is fused: same rows, same bits, everywhere.
 */
#ifndef PLUGINS_LINREG_FIT_H
#define PLUGINS_LINREG_FIT_H

#include <lrhost/abi.h>

struct fit;

struct fit_result {
    double bias;
    double *weights;  /* [features], the caller's memory */
    double mse;       /* mean squared residual over the rows */
    double r2;        /* 1 - residual / variation of y; 1 when y does not vary */
    double condition; /* of the centred features, each scaled to length 1; 1-norm */
};

lr_status fit_create(uint32_t features, struct fit **ret_fit, struct lr_error *err);
void fit_destroy(struct fit *fit);

/* Takes in a row. */
void fit_add(struct fit *fit, const double *x, double y);

/* Solves. `ridge` >= 0 is added to the squared error as ridge * sum of w[j]^2; the bias is not
 * penalized. LR_EDATA when the features do not determine the weights: fewer rows than
 * unknowns, a feature that does not vary or that the others add up to, or a condition above
 * `max_condition`; the sentence names the feature and the way out. Rows can be added and
 * solved for again afterwards. */
lr_status fit_solve(struct fit *fit, double ridge, double max_condition,
                    struct fit_result *ret_result, struct lr_error *err);

#endif
