/* SPDX-License-Identifier: MIT
 *
 * Seeded random numbers and bits, for the tests of numbers.
 */
#ifndef TESTS_RANDOM_NUMBERS_H
#define TESTS_RANDOM_NUMBERS_H

#include <stdint.h>
#include <string.h>

static uint64_t random_state;

static inline uint64_t next_random(void) /* splitmix64 */
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline unsigned below(unsigned n)
{
    return (unsigned)(next_random() % n);
}

static inline uint64_t bits_of(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline double random_bits(void)
{
    uint64_t bits = next_random();
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
