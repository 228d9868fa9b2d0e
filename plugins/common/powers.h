/* SPDX-License-Identifier: MIT
 *
 * Powers of ten to 128 bits, for reading (nearest.h) and printing (shortest.h) doubles.
 *
 *     10^q = (high, low) * 2^(power_exponent(q) - 127), high's top bit set
 *
 * The table is made by powers.py, which says how it is rounded.
 */
#ifndef COMMON_POWERS_H
#define COMMON_POWERS_H

#include <stdint.h>

#define POWER_FIRST (-342)
#define POWER_LAST 324

struct power {
    uint64_t high, low;
};

static const struct power powers[POWER_LAST - POWER_FIRST + 1] = {
#include "powers.inc"
};

__extension__ typedef unsigned __int128 uint128;

/* floor(log2(10^q)); powers.py checks it for the whole table. */
static inline int power_exponent(int q)
{
    return (int)(((int64_t)q * 1741647) >> 19);
}

#endif
