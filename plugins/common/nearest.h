/* SPDX-License-Identifier: MIT
 *
 * w * 10^q -> the nearest double, ties to even.
 *
 * D. Lemire, "Number parsing at a gigabyte per second", Software: Practice and Experience 51
 * (2021), algorithm 1 (found by M. Eisel): multiply w by the leading 128 bits of 10^q, keep 54
 * bits, round. The rare product whose bits do not settle the rounding is left undecided. Only
 * the value is treated here; the sign and more than 19 digits are number.c's.
 */
#ifndef COMMON_NEAREST_H
#define COMMON_NEAREST_H

#include "powers.h"

#define DOUBLE_FRACTION 52
#define DOUBLE_HIDDEN (UINT64_C(1) << DOUBLE_FRACTION)
#define DOUBLE_INFINITY (UINT64_C(0x7ff) << DOUBLE_FRACTION)

/* Below 10^-342 even the largest w is less than half of the smallest double; above 10^308 the
 * smallest is more than the largest. */
#define NEAREST_FIRST (-342)
#define NEAREST_LAST 308

/* Returns 0 when undecided, else sets the bits of the double. */
static inline int nearest_double(uint64_t w, int64_t q, uint64_t *ret_bits)
{
    const struct power *power;
    uint128 product, low;
    uint64_t high, mantissa;
    int lead, upper, shift, exponent;

    if (w == 0 || q < NEAREST_FIRST) {
        *ret_bits = 0;
        return 1;
    }
    if (q > NEAREST_LAST) {
        *ret_bits = DOUBLE_INFINITY;
        return 1;
    }
    lead = __builtin_clzll(w);
    w <<= lead;
    power = &powers[q - POWER_FIRST];
    product = (uint128)w * power->high;
    /* 64 - 55 bits below the ones that are kept: while they are not all ones, what the low half
     * of the power adds cannot reach the rounding bit. */
    if (((uint64_t)(product >> 64) & 0x1ff) == 0x1ff) {
        low = (uint128)w * power->low;
        product += (uint64_t)(low >> 64);
        if ((uint64_t)product == UINT64_MAX && (q < -27 || q > 55))
            return 0;
    }
    high = (uint64_t)(product >> 64);
    upper = (int)(high >> 63);
    shift = upper + 9;
    mantissa = high >> shift; /* 54 bits: the last one rounds */
    exponent = power_exponent((int)q) + 63 + upper - lead + 1023;

    if (exponent <= 0) { /* subnormal, or zero */
        if (exponent <= -63) {
            *ret_bits = 0;
            return 1;
        }
        mantissa >>= 1 - exponent;
        mantissa += mantissa & 1;
        *ret_bits = mantissa >> 1; /* a carry into the hidden bit is exponent 1 by itself */
        return 1;
    }
    /* Half-way exactly: possible only while 5^|q| fits beside the mantissa. */
    if ((uint64_t)product <= 1 && q >= -4 && q <= 23 && (mantissa & 3) == 1 &&
        mantissa << shift == high)
        mantissa &= ~UINT64_C(1);
    mantissa += mantissa & 1;
    mantissa >>= 1;
    if (mantissa >= DOUBLE_HIDDEN << 1) {
        mantissa = DOUBLE_HIDDEN;
        exponent++;
    }
    *ret_bits = exponent >= 0x7ff
                    ? DOUBLE_INFINITY
                    : (mantissa & (DOUBLE_HIDDEN - 1)) | (uint64_t)exponent << DOUBLE_FRACTION;
    return 1;
}

#endif
