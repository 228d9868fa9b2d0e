/* SPDX-License-Identifier: MIT
 *
 * A positive, finite double -> the shortest decimal that reads back as the same double, and of
 * several that short the one nearest to it.
 *
 * R. Giulietti, "The Schubfach way to render doubles" (2020), sections 8 and 9. A double v = c *
 * 2^q has a rounding interval; k is chosen so that the interval holds at least one multiple of 10^k
 * and at most one of 10^(k+1). All three of v and its interval's ends are scaled by 10^-k to
 * fixed point with two fraction bits, the last of which is sticky ("rounded to odd"), which is
 * exact enough to compare. Of the candidates below and above v, the coarser grid goes first.
 */
#ifndef COMMON_SHORTEST_H
#define COMMON_SHORTEST_H

#include "powers.h"

struct decimal {
    uint64_t digits; /* below 10^17; may end in zeros */
    int exponent;    /* value = digits * 10^exponent */
};

/* The scaled value's integer part and two fraction bits; section 9.9's rop. */
static inline uint64_t scale_to_odd(struct power g, uint64_t c)
{
    uint64_t carry = (uint64_t)((uint128)g.low * c >> 64);
    uint128 product = (uint128)g.high * c + carry;

    /* g is at most one unit too large, so a low half of 1 may stand for an exact 0. */
    return (uint64_t)(product >> 64) | ((uint64_t)product > 1);
}

/* `bits`: of the double. */
static inline struct decimal shortest_decimal(uint64_t bits)
{
    uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
    int biased = (int)(bits >> 52 & 0x7ff);
    uint64_t c = biased ? fraction | UINT64_C(1) << 52 : fraction;
    int q = biased ? biased - 1075 : -1074;
    uint64_t odd = c & 1; /* an odd double's ends belong to its neighbours */
    /* Above a power of two the gap below is half of the one above. */
    int narrow = fraction == 0 && biased > 1;
    /* floor(log10(2^q)), or of 3/4 * 2^q. */
    int k = (int)(((int64_t)q * 1262611 - (narrow ? 524031 : 0)) >> 22);
    int h = q + power_exponent(-k) + 1;
    struct power g = powers[-k - POWER_FIRST];
    uint64_t low, middle, high, fine, coarse, pick;
    int below, above, nearer;

    g.low += k <= 0 || k > 27; /* rounded down in the table: see powers.py */
    low = scale_to_odd(g, (4 * c - 2 + (uint64_t)narrow) << h) + odd;
    middle = scale_to_odd(g, 4 * c << h);
    high = scale_to_odd(g, (4 * c + 2) << h) - odd;

    /* The two neighbours in the grid of 10^k; both or none in the interval: the nearer. Which it
     * is, and in which grid, cannot be foreseen: everything is chosen without a jump. */
    fine = middle >> 2;
    below = low <= 4 * fine;
    above = 4 * fine + 4 <= high;
    nearer = (middle & 3) + (fine & 1) > 2;
    /* Those in the grid of 10^(k+1), of which one at most is in the interval. */
    coarse = fine / 10 * 10;
    fine += (uint64_t)((above & ~below) | (nearer & ~(below ^ above)));
    below = low <= 4 * coarse;
    above = 4 * coarse + 40 <= high;
    pick = 0 - (uint64_t)(below != above);
    coarse += above ? 10 : 0;
    return (struct decimal){(coarse & pick) | (fine & ~pick), k};
}

#endif
