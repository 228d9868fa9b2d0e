/* SPDX-License-Identifier: MIT
 *
 * Logarithm, exponential and the ziggurat by basic operations; see random.h.
 *
 * Both functions reduce their argument by a power of two, exactly, and then sum a series that
 * is short because what is left is small. They are not the fastest ones known: of a hundred
 * gaussian numbers one needs them. The ziggurat's tables are computed by the same functions
 * at start, so there is no table to mistype.
 */
#include "random.h"

#include <math.h>
#include <string.h>

#define LN2_HIGH 0x1.62e42fefa3800p-1 /* its last 11 bits are 0: k * LN2_HIGH is exact */
#define LN2_LOW 0x1.ef35793c76730p-45

static uint64_t bits_of(double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* x = 2^e * m with m in [0.71, 1.42); log m = 2 artanh((m-1)/(m+1)), as a series in the square
 * of that fraction, which is at most 0.0295: eleven terms leave less than 1e-17. */
double random_log(double x)
{
    static const double term[] = {1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13,
                                  1.0 / 11, 1.0 / 9,  1.0 / 7,  1.0 / 5,  1.0 / 3};
    uint64_t bits = bits_of(x);
    int64_t e = (int64_t)(bits >> 52) - 1023;
    double m = double_of((bits & UINT64_C(0x000fffffffffffff)) | UINT64_C(0x3ff0000000000000));
    double f, s, sum;

    if (m > 1.4142135623730951) {
        m *= 0.5;
        e++;
    }
    f = (m - 1.0) / (m + 1.0);
    s = f * f;
    sum = 0.0;
    for (size_t i = 0; i < sizeof term / sizeof term[0]; i++)
        sum = (sum + term[i]) * s;
    return (double)e * LN2_HIGH + (2.0 * f + (2.0 * f * sum + (double)e * LN2_LOW));
}

/* e^-t = 2^-k * e^-r with |r| at most ln 2 / 2; Taylor's series to the 14th power. */
double random_exp_minus(double t)
{
    int64_t k = (int64_t)(t * 1.4426950408889634 + 0.5);
    double r = (t - (double)k * LN2_HIGH) - (double)k * LN2_LOW;
    double sum = 1.0;

    for (int i = 14; i >= 1; i--)
        sum = 1.0 - sum * r / i;
    return sum * double_of((uint64_t)(1023 - k) << 52);
}

/* For 256 layers: where the lowest one gives way to the tail, and the area of each. They solve
 * v = r f(r) + integral of f from r on, with the top layer closing at f(0) = 1. */
#define EDGE 3.6541528853610087716
#define AREA 0.0049286732339746553474

void ziggurat_init(struct ziggurat *ziggurat)
{
    double *x = ziggurat->x, *f = ziggurat->f;

    /* Layer 0 is the box at the bottom together with the tail, as if it were one wide box. */
    x[1] = EDGE;
    f[1] = random_exp_minus(0.5 * EDGE * EDGE);
    x[0] = AREA / f[1];
    f[0] = 0.0;
    for (int i = 2; i < ZIGGURAT_LAYERS; i++) {
        f[i] = AREA / x[i - 1] + f[i - 1];
        x[i] = sqrt(-2.0 * random_log(f[i]));
    }
    x[ZIGGURAT_LAYERS] = 0.0;
    f[ZIGGURAT_LAYERS] = 1.0;
}

/* Beyond EDGE, by Marsaglia's exact method for the tail (Technometrics 6, 1964). */
static double tail(uint64_t *state)
{
    double a, b;

    do {
        a = -random_log(1.0 - random_unit(random_next(state))) / EDGE;
        b = -random_log(1.0 - random_unit(random_next(state)));
    } while (b + b < a * a);
    return EDGE + a;
}

double ziggurat_gaussian(const struct ziggurat *ziggurat, uint64_t draw)
{
    const double *x = ziggurat->x, *f = ziggurat->f;
    uint64_t state = draw;

    for (;;) {
        uint32_t i = (uint32_t)draw & (ZIGGURAT_LAYERS - 1); /* random_signed leaves these bits */
        double u = random_signed(draw);
        double value = u * x[i];
        double height;

        if (fabs(value) < x[i + 1])
            return value;
        if (i == 0) {
            value = tail(&state);
            return u < 0.0 ? -value : value;
        }
        height = f[i] + random_unit(random_next(&state)) * (f[i + 1] - f[i]);
        if (height < random_exp_minus(0.5 * value * value))
            return value;
        draw = random_next(&state);
    }
}
