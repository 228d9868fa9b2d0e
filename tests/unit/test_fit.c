/* SPDX-License-Identifier: MIT
 *
 * Least squares by itself: against normal equations solved in long double, on ill-conditioned
 * data against the model they were made from, ridge against its closed form, and every way in
 * which a problem can fail to determine its weights.
 */
#include "unit.h"

#include <lrhost/error.h>
#include <math.h>
#include <stdlib.h>

#include "plugins/common/random.h"
#include "plugins/linreg/fit.h"

#define N 5 /* features */
#define ROWS 1000

static struct lr_error err = LR_ERROR_INIT;
static double weights[300];

static double number(uint64_t *state)
{
    return random_signed(random_next(state));
}

static struct fit *new_fit(uint32_t features)
{
    struct fit *fit = NULL;

    CU_ASSERT_EQUAL_FATAL(fit_create(features, &fit, &err), LR_OK);
    return fit;
}

static lr_status solve(struct fit *fit, double ridge, struct fit_result *result)
{
    *result = (struct fit_result){.weights = weights};
    return fit_solve(fit, ridge, 1e10, result, &err);
}

/* Gauss with pivoting on a system of n equations in long double; the solution replaces b. */
static void gauss(int n, long double a[N + 1][N + 1], long double *b)
{
    for (int k = 0; k < n; k++) {
        int best = k;

        for (int i = k + 1; i < n; i++)
            if (fabsl(a[i][k]) > fabsl(a[best][k]))
                best = i;
        for (int j = 0; j < n; j++) {
            long double swap = a[k][j];
            a[k][j] = a[best][j];
            a[best][j] = swap;
        }
        long double swap = b[k];
        b[k] = b[best];
        b[best] = swap;
        for (int i = k + 1; i < n; i++) {
            long double f = a[i][k] / a[k][k];

            for (int j = k; j < n; j++)
                a[i][j] -= f * a[k][j];
            b[i] -= f * b[k];
        }
    }
    for (int i = n - 1; i >= 0; i--) {
        for (int j = i + 1; j < n; j++)
            b[i] -= a[i][j] * b[j];
        b[i] /= a[i][i];
    }
}

/* For counts of rows around the block size, and with and without ridge. */
static void test_reference(void)
{
    static const int counts[] = {7, 127, 128, 129, 256, ROWS};

    for (int c = 0; c < 12; c++) {
        double ridge = c & 1 ? 2.5 : 0.0, x[N];
        long double a[N + 1][N + 1] = {{0}}, b[N + 1] = {0}, yy = 0, y1 = 0, rss = 0;
        struct fit *fit = new_fit(N);
        struct fit_result result;
        uint64_t state = 11;
        int rows = counts[c / 2];

        for (int pass = 0; pass < 2; pass++, state = 11) {
            for (int i = 0; i < rows; i++) {
                long double row[N + 1] = {1}, p = b[0];
                double y = 3.0 * number(&state);

                for (int j = 0; j < N; j++) {
                    x[j] = 4.0 * number(&state) + j;
                    row[j + 1] = x[j];
                    y += x[j] * (j - 2);
                    p += row[j + 1] * b[j + 1];
                }
                if (pass == 1) {
                    rss += (y - p) * (y - p);
                    continue;
                }
                fit_add(fit, x, y);
                yy += (long double)y * y;
                y1 += y;
                for (int k = 0; k <= N; k++) {
                    b[k] += row[k] * y;
                    for (int j = 0; j <= N; j++)
                        a[k][j] += row[k] * row[j];
                }
            }
            for (int j = 1; pass == 0 && j <= N; j++)
                a[j][j] += ridge;
            if (pass == 0)
                gauss(N + 1, a, b);
        }
        CU_ASSERT_EQUAL_FATAL(solve(fit, ridge, &result), LR_OK);
        CU_ASSERT_DOUBLE_EQUAL(result.bias, (double)b[0], 1e-11);
        for (int j = 0; j < N; j++)
            CU_ASSERT_DOUBLE_EQUAL(weights[j], (double)b[j + 1], 1e-12);
        CU_ASSERT_DOUBLE_EQUAL(result.mse, (double)(rss / rows), 1e-11);
        CU_ASSERT_DOUBLE_EQUAL(result.r2, (double)(1 - rss / (yy - y1 * y1 / rows)), 1e-12);
        fit_destroy(fit);
    }
}

/* Means a million times the deviations, and two features that agree in seven digits: the
 * squares that normal equations take would leave nothing. */
static void test_ill_conditioned(void)
{
    struct fit *fit = new_fit(2);
    struct fit_result result;
    uint64_t state = 5;

    for (int i = 0; i < ROWS; i++) {
        double x[2];

        x[0] = 1000.0 + 1e-3 * number(&state);
        x[1] = x[0] + 1e-9 * number(&state);
        fit_add(fit, x, 2.0 * x[0] - x[1] + 5.0);
    }
    CU_ASSERT_EQUAL_FATAL(solve(fit, 0.0, &result), LR_OK);
    CU_ASSERT(result.condition > 1e6 && result.condition < 1e7);
    CU_ASSERT_DOUBLE_EQUAL(weights[0], 2.0, 0.01);
    CU_ASSERT_DOUBLE_EQUAL(weights[1], -1.0, 0.01);
    fit_destroy(fit);
}

/* Condition of two unit columns with correlation r in the 1-norm, from the triangle
 * [1 r; 0 s], s = sqrt(1 - r^2): (r + s) * max(1, (r + 1) / s). */
static void test_condition(void)
{
    struct fit *fit = new_fit(2);
    static const double rows[4][2] = {{1, 7}, {-1, 1}, {1, -1}, {-1, -7}};
    double r = 0.6, s = 0.8;
    struct fit_result result;

    /* centred: (1,-1,1,-1) and (7,1,-1,-7): r = (7-1-1+7)/(2*10) */
    for (int i = 0; i < 4; i++)
        fit_add(fit, rows[i], i);
    CU_ASSERT_EQUAL_FATAL(solve(fit, 0.0, &result), LR_OK);
    CU_ASSERT_DOUBLE_EQUAL(result.condition, (r + s) * (r + 1) / s, 1e-12);
    fit_destroy(fit);
}

static void test_again(void)
{
    struct fit *fit = new_fit(1);
    struct fit_result result;

    for (double x = 0; x < 200; x += 1)
        fit_add(fit, &x, x);
    CU_ASSERT_EQUAL(solve(fit, 0.0, &result), LR_OK);
    CU_ASSERT_DOUBLE_EQUAL(weights[0], 1.0, 1e-13);
    CU_ASSERT_DOUBLE_EQUAL(result.r2, 1.0, 1e-15);
    for (double x = 0; x < 200; x += 1)
        fit_add(fit, &x, 3 * x + 2);
    CU_ASSERT_EQUAL(solve(fit, 5.0, &result), LR_OK); /* leaves no trace */
    CU_ASSERT_EQUAL(solve(fit, 0.0, &result), LR_OK);
    CU_ASSERT_DOUBLE_EQUAL(weights[0], 2.0, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(result.bias, 1.0, 1e-10);
    fit_destroy(fit);
}

/* Rows of `features` numbers in [-1, 1), of which column `constant` is 1/3 and column `copy`
 * equals column 0 (-1: neither). */
static struct fit *odd_fit(uint32_t features, int rows, int constant, int copy)
{
    struct fit *fit = new_fit(features);
    uint64_t state = 9;
    double x[300];

    for (int i = 0; i < rows; i++) {
        for (uint32_t j = 0; j < features; j++)
            x[j] = number(&state);
        if (constant >= 0)
            x[constant] = 1.0 / 3.0;
        if (copy >= 0)
            x[copy] = x[0];
        fit_add(fit, x, x[0] + 2 * x[1] + 3 * x[2]);
    }
    return fit;
}

static void test_singular(void)
{
    static const struct {
        int rows, constant, copy;
        const char *sentence;
    } cases[] = {
        {0, -1, -1, "0 training records do not determine 3 weights"},
        {3, -1, -1, "give train_records of at least 4, or set ridge"},
        {1000, 1, -1, "feature f1 has the same value in every training record"},
        {100, -1, 2, "feature f2 is almost a combination of the features before it"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fit *fit = odd_fit(3, cases[i].rows, cases[i].constant, cases[i].copy);
        struct fit_result result = {.weights = weights, .bias = 77.0};

        CU_ASSERT_EQUAL(fit_solve(fit, 0.0, 1e10, &result, &err), LR_EDATA);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, cases[i].sentence));
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "ridge"));
        CU_ASSERT_EQUAL(result.bias, 77.0); /* untouched */
        if (cases[i].rows > 0)
            CU_ASSERT_EQUAL(fit_solve(fit, 1e-3, 1e10, &result, &err), LR_OK);
        fit_destroy(fit);
    }
}

static void test_limit(void)
{
    struct fit *fit = odd_fit(3, 100, -1, -1);
    struct fit_result result = {.weights = weights};
    double endless[3] = {1.0, INFINITY, 0.0};

    CU_ASSERT_EQUAL(fit_solve(fit, 0.0, 1.0, &result, &err), LR_EDATA);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "limit 1)"));
    fit_add(fit, endless, 1.0);
    CU_ASSERT_EQUAL(fit_solve(fit, 0.0, 1e10, &result, &err), LR_EDATA);
    fit_destroy(fit);
    fit_destroy(NULL);
}

/* Two equal columns share the weight; one column alone is Sxy / (Sxx + ridge). */
static void test_ridge(void)
{
    struct fit *fit = odd_fit(3, 1000, -1, 2);
    struct fit_result result;
    double sxx = 0.0, sxy = 0.0;

    CU_ASSERT_EQUAL_FATAL(solve(fit, 1e-6, &result), LR_OK);
    CU_ASSERT_DOUBLE_EQUAL(weights[0], 2.0, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(weights[2], 2.0, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(weights[1], 2.0, 1e-6);
    fit_destroy(fit);

    fit = new_fit(1);
    for (int i = 0; i < 10; i++) {
        double x = i, centred = i - 4.5, y = i * i;

        fit_add(fit, &x, y);
        sxx += centred * centred;
        sxy += centred * y;
    }
    CU_ASSERT_EQUAL_FATAL(solve(fit, 7.0, &result), LR_OK);
    CU_ASSERT_DOUBLE_EQUAL(weights[0], sxy / (sxx + 7.0), 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(result.bias, 28.5 - 4.5 * weights[0], 1e-12);
    fit_destroy(fit);
}

/* More features than a block has rows, so that the penalty takes several blocks. */
static void test_wide(void)
{
    struct fit *fit = odd_fit(300, 400, -1, 299);
    struct fit_result result;

    CU_ASSERT_EQUAL(solve(fit, 0.0, &result), LR_EDATA);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "feature f299"));
    CU_ASSERT_EQUAL_FATAL(solve(fit, 1e-9, &result), LR_OK);
    CU_ASSERT_DOUBLE_EQUAL(weights[0], 0.5, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(weights[299], 0.5, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(weights[2], 3.0, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(weights[150], 0.0, 1e-6);
    fit_destroy(fit);
}

int main(int argc, char **argv)
{
    CU_TestInfo fit[] = {{"reference", test_reference},
                         {"ill-conditioned", test_ill_conditioned},
                         {"condition", test_condition},
                         {"again", test_again},
                         {"singular", test_singular},
                         {"limit", test_limit},
                         {"ridge", test_ridge},
                         {"wide", test_wide},
                         CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"fit", NULL, NULL, NULL, NULL, fit}, CU_SUITE_INFO_NULL};

    return unit_main(suites, argc, argv);
}
