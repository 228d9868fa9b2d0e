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

/* floor(x / 2^22) for small x; a negative number is not shifted. */
static inline int floor_22(int64_t x)
{
    return (int)((uint64_t)(x + (INT64_C(1) << 40)) >> 22) - (1 << 18);
}

/* The scaled value and the ends of its interval, where each end is not the double's own. */
struct scaled {
    uint64_t low, middle, high;
};

/* The candidates below and above in the grid of 10^k, and in that of 10^(k+1), which goes first.
 * Which it is cannot be foreseen: everything is chosen without a jump. */
static inline struct decimal choose(struct scaled v, int k)
{
    /* The two neighbours in the grid of 10^k; both or none in the interval: the nearer. */
    uint64_t fine = v.middle >> 2, coarse, pick;
    int below = v.low <= 4 * fine, above = 4 * fine + 4 <= v.high;
    int nearer = (v.middle & 3) + (fine & 1) > 2;

    /* Those in the grid of 10^(k+1), of which one at most is in the interval. */
    coarse = fine / 10 * 10;
    fine += (uint64_t)((above & ~below) | (nearer & ~(below ^ above)));
    below = v.low <= 4 * coarse;
    above = 4 * coarse + 40 <= v.high;
    pick = 0 - (uint64_t)(below != above);
    coarse += above ? 10 : 0;
    return (struct decimal){(coarse & pick) | (fine & ~pick), k};
}

/* Ordinary sizes: 10^-k is exact, 5^m with m from 10 to 27 times a power of two, and one product
 * does. The ends are odd multiples of 2 and the shift is at least 20, so that they always have a
 * rest. */
#define EASY_FIRST (1023 - 36)
#define EASY_LAST (1023 + 22)
#define EASY_POWER 10

static const uint64_t fives[] = {UINT64_C(9765625),
                                 UINT64_C(48828125),
                                 UINT64_C(244140625),
                                 UINT64_C(1220703125),
                                 UINT64_C(6103515625),
                                 UINT64_C(30517578125),
                                 UINT64_C(152587890625),
                                 UINT64_C(762939453125),
                                 UINT64_C(3814697265625),
                                 UINT64_C(19073486328125),
                                 UINT64_C(95367431640625),
                                 UINT64_C(476837158203125),
                                 UINT64_C(2384185791015625),
                                 UINT64_C(11920928955078125),
                                 UINT64_C(59604644775390625),
                                 UINT64_C(298023223876953125),
                                 UINT64_C(1490116119384765625),
                                 UINT64_C(7450580596923828125)};

/* 0 < shift < 64, which the compiler cannot know. */
static inline uint64_t shift_down(uint128 value, int shift)
{
    return (uint64_t)(value >> 64) << (64 - shift) | (uint64_t)value >> shift;
}

static inline struct decimal shortest_easy(uint64_t c, int q)
{
    int k = floor_22((int64_t)q * 1262611), shift = k - q;
    uint64_t five = fives[-k - EASY_POWER];
    uint128 product = (uint128)five * (4 * c), half = (uint128)five * 2;
    uint64_t rest = (uint64_t)product << (64 - shift);

    return choose((struct scaled){shift_down(product - half, shift) | 1,
                                  shift_down(product, shift) | (rest != 0),
                                  shift_down(product + half, shift) | 1},
                  k);
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
    struct scaled v;
    struct power g;
    int k, h;

    if (biased >= EASY_FIRST && biased <= EASY_LAST && fraction)
        return shortest_easy(c, q);
    /* floor(log10(2^q)), or of 3/4 * 2^q. */
    k = floor_22((int64_t)q * 1262611 - (narrow ? 524031 : 0));
    h = q + power_exponent(-k) + 1;
    g = powers[-k - POWER_FIRST];
    g.low += k <= 0 || k > 27; /* rounded down in the table: see powers.py */
    v.low = scale_to_odd(g, (4 * c - 2 + (uint64_t)narrow) << h) + odd;
    v.middle = scale_to_odd(g, 4 * c << h);
    v.high = scale_to_odd(g, (4 * c + 2) << h) - odd;
    return choose(v, k);
}

#endif
