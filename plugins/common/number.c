/* SPDX-License-Identifier: MIT
 *
 * Reading: digits are taken eight at a time (digits.h), then the first way that is exact:
 *   - W. Clinger, "How to read floating point numbers accurately" (1990): a mantissa below 2^53
 *     and a power of ten up to 10^22 are both doubles, and one operation rounds once;
 *   - nearest.h: up to 19 digits, any exponent; more digits where both neighbours agree;
 *   - the C library, given digits and exponent only, so that no locale has a say.
 * Fields of up to eight digits, in a row of which most are, go before all that.
 * Printing: shortest.h finds the digits, this file puts the point.
 * Vector instructions are left out on purpose: row.h is the place for them.
 */
#include "number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "digits.h"
#include "nearest.h"
#include "shortest.h"

#define LIKELY(x) __builtin_expect(!!(x), 1)

static const double exact_powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                      1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                      1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* ---- digits --------------------------------------------------------------------------- */

/* Takes digits into *w (modulo 2^64: the caller counts them). */
static inline const char *take_digits(const char *p, const char *end, uint64_t *w)
{
    while (LIKELY(end - p >= 8)) {
        uint64_t digits = load8(p) ^ EIGHT('0');
        uint64_t other = no_digits(digits);
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
    /* One digit before the point is common enough for a branch: it spares the next step from
     * waiting for this one's length. */
    if (LIKELY(end - p >= 2 && p[1] == '.' && (unsigned char)(*p - '0') <= 9))
        w = (uint64_t)(*p++ - '0');
    else
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

/* ---- short numbers: [-]digits.digits, at most eight of them, as most features are --------------
 */

/* What parse_short may look at. */
#define SHORT_ROOM 17

/* Of the field before: its sign, and eight times the digits on either side of the point. */
struct sides {
    unsigned negative, before, behind;
};

/* Eight times the digits at the begin of eight characters ^ '0', which are not eight digits. */
static inline unsigned count_bits(uint64_t text)
{
    return (unsigned)__builtin_ctzll(no_digits(text)) & 0x38;
}

/* Takes what was `foreseen` where it is right: the processor then goes on from there before it has
 * found out, instead of waiting from field to field. The compiler must not see through it. */
static inline unsigned foresee(unsigned found, unsigned foreseen)
{
    if (LIKELY(found == foreseen)) {
        __asm__ volatile("" : "+r"(foreseen));
        return foreseen;
    }
    return found;
}

static inline int starts_with_point(uint64_t text)
{
    return (text & 0xff) == ('.' ^ '0');
}

/* The digits at the begin of `whole` and `fraction` go into one word, which is joined once. */
static inline double join_sides(uint64_t whole, uint64_t fraction, const struct sides *sides)
{
    uint64_t digits = whole << (64 - sides->before) >> sides->behind | fraction
                                                                           << (64 - sides->behind);
    double value = (double)(int64_t)join8(digits) / exact_powers[sides->behind / 8];
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    bits |= (uint64_t)sides->negative << 63;
    memcpy(&value, &bits, sizeof bits);
    return value;
}

/* Returns the number's end, or NULL for all that is not short. */
static inline const char *parse_short(const char *p, struct sides *sides, double *ret)
{
    unsigned negative = foresee(*p == '-', sides->negative), before, behind;
    uint64_t whole, fraction;

    p += negative;
    whole = load8(p) ^ EIGHT('0');
    if (!no_digits(whole))
        return NULL;
    before = foresee(count_bits(whole), sides->before);
    if (before == 0 || !starts_with_point(whole >> before))
        return NULL;
    p += before / 8 + 1;
    fraction = load8(p) ^ EIGHT('0');
    if (!no_digits(fraction))
        return NULL;
    behind = foresee(count_bits(fraction), sides->behind);
    if (behind == 0 || before + behind > 64)
        return NULL;
    *sides = (struct sides){negative, before, behind};
    *ret = join_sides(whole, fraction, sides);
    return p + behind / 8;
}

const char *number_parse(const char *p, const char *end, double *ret)
{
    return parse(p, end, ret);
}

const char *number_parse_last(const char *begin, const char *p, const char *end, double *ret)
{
    size_t n = (size_t)(end - p);
    uint64_t text, whole, fraction;
    struct sides sides;

    if (n - 1 < 8 && end - begin >= 8) {
        text = load8(end - 8) >> (64 - 8 * n); /* zeros move in behind it */
        sides.negative = (text & 0xff) == '-';
        text >>= 8 * sides.negative;
        whole = text ^ EIGHT('0');
        if (no_digits(whole)) {
            sides.before = count_bits(whole);
            fraction = (text >> sides.before >> 8) ^ EIGHT('0');
            sides.behind = count_bits(fraction);
            if (sides.before && sides.behind && starts_with_point(whole >> sides.before) &&
                8 * (n - 1 - sides.negative) == sides.before + sides.behind) {
                *ret = join_sides(whole, fraction, &sides);
                return end;
            }
        }
    }
    return parse(p, end, ret);
}

/* Short numbers from *p on, until one is not; returns how many. */
static inline uint32_t parse_shorts(const char **p, const char *end, char separator, double *row,
                                    uint32_t n)
{
    struct sides sides = {0, 8, 48};
    const char *at = *p, *next;
    uint32_t i = 0;

    while (LIKELY(end - at >= SHORT_ROOM)) {
        next = parse_short(at, &sides, &row[i]);
        if (!next)
            break;
        if (LIKELY(*next == separator && i + 1 < n)) {
            at = next + 1;
            i++;
            continue;
        }
        if (i + 1 == n && (*next | 0x20) != 'e') {
            at = next;
            i++;
        }
        break;
    }
    *p = at;
    return i;
}

uint32_t number_parse_row(const char **p, const char *end, char separator, double *row, uint32_t n)
{
    const char *at = *p, *next;

    for (uint32_t i = n ? parse_shorts(&at, end, separator, row, n) : 0; i < n; i++) {
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

/* Seventeen digits as characters. */
struct seventeen {
    char first;
    uint64_t middle, last; /* eight each */
};

static inline void put_seventeen(const struct seventeen *digits, char *out)
{
    out[0] = digits->first;
    store8(out + 1, digits->middle);
    store8(out + 9, digits->last);
}

/* The first `n` digits count, and the first one stands at 10^place. Stores are of fixed size, may
 * reach further than the number, and are not read again, which would stall. */
static size_t place_point(const struct seventeen *digits, int n, int place, char *out)
{
    size_t point = (size_t)place + 1, len;

    if (place >= 0 && place < 7) { /* ddd.ddd: all digits one to the right, then the first eight */
        uint64_t eight = digits->middle << 8 | (uint8_t)digits->first;
        uint64_t before = (UINT64_C(1) << 8 * point) - 1;

        put_seventeen(digits, out + 1);
        store8(out, (eight & before) | (uint64_t)'.' << 8 * point | (eight & ~before) << 8);
        return ((size_t)n > point ? (size_t)n : point + 1) + 1;
    }
    if (place >= -5 && place < 0) { /* 0.000ddd */
        memcpy(out, "0.00000", 8);
        put_seventeen(digits, out + 1 - place);
        return (size_t)(1 - place + n);
    }
    if (place >= 7 && place < 17) {
        char text[32];

        put_seventeen(digits, text);
        store8(text + 17, EIGHT('0'));
        memcpy(out, text, point);
        out[point] = '.';
        memcpy(out + point + 1, text + point, 10);
        return ((size_t)n > point ? (size_t)n : point + 1) + 1;
    }
    put_seventeen(digits, out + 1); /* d.ddde-ddd */
    out[0] = digits->first;
    out[1] = '.';
    len = n > 1 ? (size_t)n + 1 : 1;
    out[len++] = 'e';
    return len + number_print_i64(place, out + len);
}

/* Finite and not zero. */
static inline size_t print_positive(uint64_t bits, char *out)
{
    struct decimal decimal = shortest_decimal(bits);
    uint64_t value = decimal.digits, front, middle, last;
    int n = count_digits(value), place = n - 1 + decimal.exponent;
    struct seventeen digits;
    uint32_t first;

    value = n == 17 ? value : n == 16 ? value * 10 : value * integer_powers[17 - n];
    front = value / 100000000;
    first = (uint32_t)front / 100000000;
    middle = split8((uint32_t)front - first * 100000000);
    last = split8((uint32_t)(value - front * 100000000));
    digits = (struct seventeen){(char)('0' + first), middle | EIGHT('0'), last | EIGHT('0')};
    if (last)
        n = 17 - __builtin_clzll(last) / 8;
    else
        n = middle ? 9 - __builtin_clzll(middle) / 8 : 1;
    return place_point(&digits, n, place, out);
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
    if (size < 9007199254740992.0 && size == (double)(int64_t)size) { /* an integer */
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
