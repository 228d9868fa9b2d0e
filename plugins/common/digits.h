/* SPDX-License-Identifier: MIT
 *
 * Decimal digits eight at a time, in one 64-bit word whose lowest byte is the first character
 * ("SIMD within a register"): for number.c, both directions.
 */
#ifndef COMMON_DIGITS_H
#define COMMON_DIGITS_H

#include <stdint.h>
#include <string.h>

#define EIGHT(byte) (UINT64_C(0x0101010101010101) * (byte))

static const uint64_t integer_powers[] = {1U,
                                          10U,
                                          100U,
                                          1000U,
                                          10000U,
                                          100000U,
                                          1000000U,
                                          10000000U,
                                          100000000U,
                                          1000000000U,
                                          10000000000U,
                                          100000000000U,
                                          1000000000000U,
                                          10000000000000U,
                                          100000000000000U,
                                          1000000000000000U,
                                          10000000000000000U,
                                          100000000000000000U,
                                          1000000000000000000U,
                                          10000000000000000000U};

/* Eight characters, the first one in the lowest byte. */
static inline uint64_t load8(const char *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline void store8(char *p, uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    memcpy(p, &word, sizeof word);
}

/* For eight characters ^ '0': the top bit of each byte above 9, from the lowest on; a carry
 * disturbs only bytes behind the first. */
static inline uint64_t no_digits(uint64_t digits)
{
    return ((digits + EIGHT(0x76)) | digits) & EIGHT(0x80);
}

/* Eight digits (0..9 each), the first in the lowest byte: pairs, then fours, then all. */
static inline uint64_t join8(uint64_t digits)
{
    const uint64_t mask = UINT64_C(0x000000ff000000ff);

    digits = digits * 10 + (digits >> 8);
    return ((digits & mask) * (100 + (UINT64_C(1000000) << 32)) +
            (digits >> 16 & mask) * (1 + (UINT64_C(10000) << 32))) >>
           32;
}

/* The reverse of join8: a number below 10^8 -> eight digits, the first in the lowest byte. Each
 * step divides all parts at once by a multiplication with a rounded-up reciprocal. */
static inline uint64_t split8(uint32_t value)
{
    uint64_t high = value / 10000, low = value % 10000;
    uint64_t parts = high | low << 32;
    uint64_t hundreds = (parts * 10486 >> 20) & UINT64_C(0x0000007f0000007f); /* / 100 */
    uint64_t tens;

    parts = hundreds | (parts - hundreds * 100) << 16;
    tens = (parts * 103 >> 10) & UINT64_C(0x000f000f000f000f); /* / 10 */
    return tens | (parts - tens * 10) << 8;
}

/* How many decimal digits; 1 for 0. (1233/4096 is a little more than log10(2).) */
static inline int count_digits(uint64_t value)
{
    int n = (64 - __builtin_clzll(value | 1)) * 1233 >> 12;

    return n + (n < 20 && (value | 1) >= integer_powers[n]);
}

#endif
