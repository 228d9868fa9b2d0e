/* SPDX-License-Identifier: MIT
 *
 * Reading: digits are taken eight at a time from one 64-bit word ("SIMD within a register");
 * then the first way that is exact:
 *   - W. Clinger, "How to read floating point numbers accurately" (1990): a mantissa below 2^53
 *     and a power of ten up to 10^22 are both doubles, and one operation rounds once;
 *   - nearest.h: up to 19 digits, any exponent; more digits where both neighbours agree;
 *   - the C library, given digits and exponent only, so that no locale has a say.
 * Printing: shortest.h finds the digits, this file puts the point.
 * Vector instructions are left out on purpose: number_parse_row is the place for them.
 */
#include "number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"
#include "shortest.h"

#define EIGHT(byte) (UINT64_C(0x0101010101010101) * (byte))
#define LIKELY(x) __builtin_expect(!!(x), 1)

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

static const double exact_powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                      1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                      1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* ---- digits --------------------------------------------------------------------------- */

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

/* Eight digits (0..9 each), the first in the lowest byte: pairs, then fours, then all. */
static inline uint64_t join8(uint64_t digits)
{
    const uint64_t mask = UINT64_C(0x000000ff000000ff);

    digits = digits * 10 + (digits >> 8);
    return ((digits & mask) * (100 + (UINT64_C(1000000) << 32)) +
            (digits >> 16 & mask) * (1 + (UINT64_C(10000) << 32))) >>
           32;
}

/* Takes digits into *w (modulo 2^64: the caller counts them). */
static inline const char *take_digits(const char *p, const char *end, uint64_t *w)
{
    while (LIKELY(end - p >= 8)) {
        uint64_t digits = load8(p) ^ EIGHT('0');
        /* The top bit of each byte above 9; a carry disturbs only the bytes behind the first. */
        uint64_t other = ((digits + EIGHT(0x76)) | digits) & EIGHT(0x80);
        unsigned n;

        if (!other) {
            *w = *w * 100000000 + join8(digits);
            p += 8;
            continue;
        }
        n = (unsigned)__builtin_ctzll(other) >> 3;
        if (n) /* zeros move in before the digits, and the rest out */
            *w = *w * integer_powers[n] + join8(digits << (64 - 8 * n));
        return p + n;
    }
    for (; p != end && (unsigned char)(*p - '0') <= 9; p++)
        *w = *w * 10 + (uint64_t)(*p - '0');
    return p;
}

/* e [+-] digits at p, or nothing. A value beyond all sense is cut at a still senseless one. */
static const char *take_exponent(const char *p, const char *end, int64_t *exponent)
{
    const int64_t senseless = INT64_C(1000000000000000);
    const char *at = p;
    int negative = 0;
    int64_t value = 0;

    if (at == end || (*at | 0x20) != 'e')
        return p;
    at++;
    if (at != end && (*at == '-' || *at == '+'))
        negative = *at++ == '-';
    if (at == end || (unsigned char)(*at - '0') > 9)
        return p;
    for (; at != end && (unsigned char)(*at - '0') <= 9; at++)
        if (value < senseless)
            value = value * 10 + (*at - '0');
    *exponent = negative ? -value : value;
    return at;
}

/* ---- reading -------------------------------------------------------------------------- */

/* Significant digits that decide any rounding (767), and some. */
#define DECIDING_DIGITS 800

/* A mantissa as written: digits with at most one point; `fraction` of them stand behind it. */
struct mantissa {
    const char *begin, *end;
    int64_t fraction;
};

/* The C library decides: digits, one more for all that are cut off, and an exponent. */
static double decide_at_length(const struct mantissa *mantissa, int64_t exponent)
{
    char text[DECIDING_DIGITS + 1 + 1 + NUMBER_ROOM];
    int64_t place = exponent - mantissa->fraction;
    size_t n = 0;
    int sticky = 0;

    for (const char *p = mantissa->begin; p != mantissa->end; p++) {
        if (*p == '.' || (n == 0 && *p == '0'))
            continue;
        if (n < DECIDING_DIGITS) {
            text[n++] = *p;
        } else {
            sticky |= *p != '0';
            place++;
        }
    }
    if (sticky) {
        text[n++] = '1';
        place--;
    }
    text[n++] = 'e';
    n += number_print_i64(place, text + n);
    text[n] = '\0';
    return strtod(text, NULL);
}

/* The value of a mantissa that may have any number of digits. */
static double decide(const struct mantissa *mantissa, int64_t exponent)
{
    int64_t place = exponent - mantissa->fraction;
    uint64_t w = 0, bits, next;
    int n = 0, cut = 0;
    double value;

    for (const char *p = mantissa->begin; p != mantissa->end; p++) {
        if (*p == '.')
            continue;
        if (n < 19) {
            w = w * 10 + (uint64_t)(*p - '0');
            n += w != 0;
        } else {
            cut |= *p != '0';
            place++;
        }
    }
    if (!nearest_double(w, place, &bits) ||
        (cut && (!nearest_double(w + 1, place, &next) || next != bits)))
        return decide_at_length(mantissa, exponent);
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Everything but the ordinary: an exponent, or more than 19 digits. */
static __attribute__((noinline)) const char *parse_rest(const struct mantissa *mantissa,
                                                        const char *end, int negative, double *ret)
{
    int64_t exponent = 0;
    const char *p = take_exponent(mantissa->end, end, &exponent);
    double value = decide(mantissa, exponent);

    *ret = negative ? -value : value;
    return p;
}

static inline const char *parse(const char *p, const char *end, double *ret)
{
    const char *begin, *point;
    uint64_t w = 0, bits;
    int64_t fraction = 0, n;
    int negative = 0;
    double value;

    if (p == end)
        return NULL;
    if (*p == '-' || *p == '+')
        negative = *p++ == '-';
    begin = p;
    p = take_digits(p, end, &w);
    n = p - begin;
    if (p != end && *p == '.') {
        point = p + 1;
        p = take_digits(point, end, &w);
        fraction = p - point;
        n += fraction;
    }
    if (n == 0)
        return NULL;
    if (n > 19 || (p != end && (*p | 0x20) == 'e'))
        return parse_rest(&(struct mantissa){begin, p, fraction}, end, negative, ret);
    if (LIKELY(w <= UINT64_C(1) << 53)) {
        value = (double)w / exact_powers[fraction];
    } else {
        if (!nearest_double(w, -fraction, &bits))
            return parse_rest(&(struct mantissa){begin, p, fraction}, end, negative, ret);
        memcpy(&value, &bits, sizeof value);
    }
    *ret = negative ? -value : value;
    return p;
}

const char *number_parse(const char *p, const char *end, double *ret)
{
    return parse(p, end, ret);
}

uint32_t number_parse_row(const char **p, const char *end, char separator, double *row, uint32_t n)
{
    const char *at = *p, *next;

    for (uint32_t i = 0; i < n; i++) {
        next = parse(at, end, &row[i]);
        if (!next || !isfinite(row[i]) || (i + 1 < n && (next == end || *next != separator))) {
            *p = at;
            return i;
        }
        at = i + 1 < n ? next + 1 : next;
    }
    *p = at;
    return n;
}

const char *number_parse_i64(const char *p, const char *end, int64_t *ret)
{
    const char *begin;
    uint64_t w = 0;
    int negative = 0;

    if (p != end && (*p == '-' || *p == '+'))
        negative = *p++ == '-';
    begin = p;
    for (; p != end && (unsigned char)(*p - '0') <= 9; p++)
        if (__builtin_mul_overflow(w, 10U, &w) ||
            __builtin_add_overflow(w, (unsigned)(*p - '0'), &w))
            return NULL;
    if (p == begin || w > (uint64_t)INT64_MAX + (uint64_t)negative)
        return NULL;
    *ret = (int64_t)(negative ? 0 - w : w);
    return p;
}

/* ---- printing ------------------------------------------------------------------------- */

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

static size_t print_u64(uint64_t value, char *out)
{
    char digits[24];
    int n = count_digits(value);

    store8(digits + 16, split8((uint32_t)(value % 100000000)) | EIGHT('0'));
    value /= 100000000;
    store8(digits + 8, split8((uint32_t)(value % 100000000)) | EIGHT('0'));
    store8(digits, split8((uint32_t)(value / 100000000)) | EIGHT('0'));
    memcpy(out, digits + 24 - n, (size_t)n);
    return (size_t)n;
}

size_t number_print_i64(int64_t value, char *out)
{
    if (value >= 0)
        return print_u64((uint64_t)value, out);
    *out = '-';
    return 1 + print_u64(0 - (uint64_t)value, out + 1);
}

/* Seventeen digits at `digits`, with zeros behind them; the first `n` count, and the first one
 * stands at 10^place. Copies of fixed size: they may reach further than the number. */
static size_t place_point(const char *digits, int n, int place, char *out)
{
    size_t len;

    if (place >= 0 && place < 17) { /* ddd.ddd */
        size_t point = (size_t)place + 1;

        memcpy(out, digits, 17);
        out[point] = '.';
        if (point <= 8)
            memcpy(out + point + 1, digits + point, 16);
        else
            memcpy(out + point + 1, digits + point, 8);
        return (n > place + 2 ? (size_t)n : point + 1) + 1;
    }
    if (place >= -5 && place < 0) { /* 0.000ddd */
        memcpy(out, "0.00000", 8);
        memcpy(out + 1 - place, digits, 17);
        return (size_t)(1 - place + n);
    }
    out[0] = digits[0]; /* d.ddde-ddd */
    out[1] = '.';
    memcpy(out + 2, digits + 1, 16);
    len = n > 1 ? (size_t)n + 1 : 1;
    out[len++] = 'e';
    return len + number_print_i64(place, out + len);
}

/* Finite and not zero. */
static size_t print_positive(uint64_t bits, char *out)
{
    struct decimal decimal = shortest_decimal(bits);
    int n = count_digits(decimal.digits);
    int place = n - 1 + decimal.exponent;
    uint64_t value = decimal.digits * integer_powers[17 - n]; /* seventeen digits */
    uint64_t tail = value % 10000000000000000, middle, low;
    char digits[40];

    middle = split8((uint32_t)(tail / 100000000));
    low = split8((uint32_t)(tail % 100000000));
    digits[0] = (char)('0' + value / 10000000000000000);
    store8(digits + 1, middle | EIGHT('0'));
    store8(digits + 9, low | EIGHT('0'));
    memset(digits + 17, '0', sizeof digits - 17);
    if (low)
        n = 17 - __builtin_clzll(low) / 8;
    else
        n = middle ? 9 - __builtin_clzll(middle) / 8 : 1;
    return place_point(digits, n, place, out);
}

size_t number_print(double value, char *out)
{
    double size = fabs(value);
    size_t len = 0;
    uint64_t bits;

    if (isnan(value)) {
        memcpy(out, "nan", 3);
        return 3;
    }
    if (signbit(value))
        out[len++] = '-';
    if (size < 9007199254740992.0 && size == (double)(uint64_t)size) { /* an integer */
        len += print_u64((uint64_t)size, out + len);
        memcpy(out + len, ".0", 2);
        return len + 2;
    }
    if (isinf(value)) {
        memcpy(out + len, "inf", 3);
        return len + 3;
    }
    memcpy(&bits, &size, sizeof bits);
    return len + print_positive(bits, out + len);
}
