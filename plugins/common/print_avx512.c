/* SPDX-License-Identifier: MIT
 *
 * Up to eight doubles to text at once with AVX-512 (IFMA): the same steps as shortest.h and
 * number.c, and so the same text, with a double in each 64-bit lane.
 *
 * Only doubles from 2^-11 to 2^23 that are no power of two: what a regression mostly predicts. For
 * them the power of ten is 10^10 .. 10^19, of which 5^m is the odd part: below 2^45. So the
 * scaled value and its interval's ends are exact products of 55 by 45 bits, two multiply-adds of
 * 52 bits each, and their low bits only tell whether there is a rest. Seventeen digits are
 * then cut into one, eight and eight; the eights are split by multiplications with rounded-up
 * reciprocals, as in digits.h. The point goes between them by shifts of whole bytes. All other
 * doubles take the scalar way.
 */
#include "row_simd.h"

#if ROW_SIMD

#include <immintrin.h>
#include <string.h>

#include "number.h"

#define TARGET                                                                                     \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512cd,avx512ifma,avx512vbmi2")))
#define LANES ROW_PRINT_MOST

/* Of the doubles treated here: the biased exponent, and the power of ten of the smallest. */
#define FIRST_BIASED (1023 - 11)
#define LAST_BIASED (1023 + 22)
#define FIRST_POWER 10

#define EIGHT_DIGITS 100000000

/* 5^10 .. 5^19, and no more. */
static const uint64_t fives[16] = {9765625,       48828125,      244140625,    1220703125,
                                   6103515625,    30517578125,   152587890625, 762939453125,
                                   3814697265625, 19073486328125};

static TARGET inline __m512i word(uint64_t value)
{
    return _mm512_set1_epi64((long long)value);
}

/* x * five / 2^shift; *ret_low: of the product, all that the shift loses. x < 2^55, five < 2^45. */
static TARGET inline __m512i scale(__m512i x, __m512i five, __m512i shift, __m512i *ret_low)
{
    const __m512i zero = _mm512_setzero_si512();
    __m512i low = _mm512_madd52lo_epu64(zero, x, five);
    __m512i high =
        _mm512_madd52lo_epu64(_mm512_madd52hi_epu64(zero, x, five), _mm512_srli_epi64(x, 52), five);

    *ret_low = low;
    return _mm512_or_si512(_mm512_sllv_epi64(high, _mm512_sub_epi64(word(52), shift)),
                           _mm512_srlv_epi64(low, shift));
}

/* The ends of an interval are odd multiples of 2, and the shift is at least 20: there is always a
 * rest, so they are nobody's, and whether the double is odd does not matter. */
static TARGET inline __m512i scale_end(__m512i x, __m512i five, __m512i shift)
{
    __m512i low;

    return _mm512_or_si512(scale(x, five, shift, &low), word(1));
}

static TARGET inline __m512i scale_middle(__m512i x, __m512i five, __m512i shift)
{
    __m512i low, scaled = scale(x, five, shift, &low);
    __m512i rest = _mm512_sllv_epi64(low, _mm512_sub_epi64(word(64), shift));

    return _mm512_mask_or_epi64(scaled, _mm512_test_epi64_mask(rest, rest), scaled, word(1));
}

/* x / 10^8 for x < 2^57: 10^8 = 2^8 * 5^8, and ceil(2^70 / 5^8) is exact enough for 49 bits. */
static TARGET inline __m512i without_eight(__m512i x)
{
    return _mm512_srli_epi64(_mm512_madd52hi_epu64(_mm512_setzero_si512(), _mm512_srli_epi64(x, 8),
                                                   word(3022314549036573)),
                             18);
}

/* a - b * factor, where b and the factor are below 2^32. */
static TARGET inline __m512i minus_times(__m512i a, __m512i b, uint32_t factor)
{
    return _mm512_sub_epi64(a, _mm512_mul_epu32(b, word(factor)));
}

struct decimals {
    __m512i digits; /* 16 or 17 */
    __m512i exponent;
};

/* shortest.h, step by step. */
static TARGET inline struct decimals shortest(__m512i bits, __m512i biased)
{
    __m512i c = _mm512_or_si512(_mm512_and_si512(bits, word((UINT64_C(1) << 52) - 1)),
                                word(UINT64_C(1) << 52));
    __m512i q = _mm512_sub_epi64(biased, word(1075));
    __m512i k = _mm512_srai_epi64(_mm512_mul_epi32(q, word(1262611)), 22);
    __m512i power = _mm512_sub_epi64(word(0), k); /* multiply by 10^power */
    __m512i five = _mm512_permutex2var_epi64(_mm512_loadu_si512(fives),
                                             _mm512_sub_epi64(power, word(FIRST_POWER)),
                                             _mm512_loadu_si512(fives + 8));
    __m512i shift = _mm512_sub_epi64(k, q); /* divide by 2^shift */
    __m512i four = _mm512_slli_epi64(c, 2);
    __m512i low = scale_end(_mm512_sub_epi64(four, word(2)), five, shift);
    __m512i middle = scale_middle(four, five, shift);
    __m512i high = scale_end(_mm512_add_epi64(four, word(2)), five, shift);
    __m512i fine = _mm512_srli_epi64(middle, 2), fine4, coarse, coarse4, last, rounded;
    __mmask8 below, above, nearer;

    fine4 = _mm512_slli_epi64(fine, 2);
    below = _mm512_cmple_epu64_mask(low, fine4);
    above = _mm512_cmple_epu64_mask(_mm512_add_epi64(fine4, word(4)), high);
    nearer = _mm512_cmpgt_epu64_mask(
        _mm512_add_epi64(_mm512_and_si512(middle, word(3)), _mm512_and_si512(fine, word(1))),
        word(2));
    nearer = (__mmask8)((above & ~below) | (nearer & ~(below ^ above)));
    rounded = _mm512_mask_add_epi64(fine, nearer, fine, word(1));

    last = minus_times(fine, without_eight(fine), EIGHT_DIGITS);
    last = minus_times(last, _mm512_srli_epi64(_mm512_mul_epu32(last, word(0xcccccccd)), 35), 10);
    coarse = _mm512_sub_epi64(fine, last);
    coarse4 = _mm512_slli_epi64(coarse, 2);
    below = _mm512_cmple_epu64_mask(low, coarse4);
    above = _mm512_cmple_epu64_mask(_mm512_add_epi64(coarse4, word(40)), high);
    coarse = _mm512_mask_add_epi64(coarse, above, coarse, word(10));
    return (struct decimals){_mm512_mask_mov_epi64(rounded, (__mmask8)(below ^ above), coarse), k};
}

/* A number below 10^8 in each lane -> eight digits (0..9), the first in the lowest byte. */
static TARGET inline __m512i split(__m512i value)
{
    __m512i high = _mm512_srli_epi64(_mm512_mul_epu32(value, word(0xd1b71759)), 45);
    __m512i parts = _mm512_or_si512(high, _mm512_slli_epi64(minus_times(value, high, 10000), 32));
    __m512i hundreds = _mm512_srli_epi16(_mm512_mulhi_epu16(parts, _mm512_set1_epi16(5243)), 3);
    __m512i tens;

    parts = _mm512_sub_epi16(parts, _mm512_mullo_epi16(hundreds, _mm512_set1_epi16(100)));
    parts = _mm512_or_si512(hundreds, _mm512_slli_epi32(parts, 16));
    tens = _mm512_mulhi_epu16(parts, _mm512_set1_epi16(6554));
    parts = _mm512_sub_epi16(parts, _mm512_mullo_epi16(tens, _mm512_set1_epi16(10)));
    return _mm512_or_si512(tens, _mm512_slli_epi16(parts, 8));
}

/* Text of up to 24 characters in three words, and how many count. */
struct texts {
    uint64_t word[3][LANES];
    uint64_t len[LANES];
};

static TARGET inline void place_point(struct decimals decimals, struct texts *texts)
{
    __m512i digits = decimals.digits, zero = _mm512_setzero_si512(), one = word(1);
    __mmask8 sixteen = _mm512_cmplt_epu64_mask(digits, word(10000000000000000));
    __m512i tenfold = _mm512_slli_epi64(_mm512_add_epi64(digits, _mm512_slli_epi64(digits, 2)), 1);
    __m512i place = _mm512_add_epi64(decimals.exponent, word(16));
    __m512i front, first, middle, last, n, zeros, point, up, down, mask, nought, a, b, c;

    digits = _mm512_mask_mov_epi64(digits, sixteen, tenfold);
    place = _mm512_mask_sub_epi64(place, sixteen, place, one);
    front = without_eight(digits);
    last = split(minus_times(digits, front, EIGHT_DIGITS));
    first = _mm512_srli_epi64(_mm512_mul_epu32(front, word(0x55e63b89)), 57);
    middle = split(minus_times(front, first, EIGHT_DIGITS));

    /* Seventeen, without the zeros at the end. */
    n = _mm512_srli_epi64(_mm512_lzcnt_epi64(last), 3);
    n = _mm512_mask_add_epi64(n, _mm512_testn_epi64_mask(last, last), n,
                              _mm512_srli_epi64(_mm512_lzcnt_epi64(middle), 3));
    n = _mm512_sub_epi64(word(17), n);

    /* Zeros before the digits of a number below one, and the place of the point. */
    zeros = _mm512_max_epi64(_mm512_sub_epi64(zero, place), zero);
    point = _mm512_add_epi64(_mm512_max_epi64(place, zero), one);
    n = _mm512_max_epi64(_mm512_add_epi64(n, zeros), _mm512_add_epi64(point, one));
    _mm512_storeu_si512(texts->len, _mm512_add_epi64(n, one));
    up = _mm512_slli_epi64(zeros, 3);
    down = _mm512_sub_epi64(word(64), up); /* 64 shifts everything out */
    nought = _mm512_set1_epi8('0');
    a = _mm512_or_si512(first, _mm512_slli_epi64(middle, 8));
    b = _mm512_or_si512(_mm512_srli_epi64(middle, 56), _mm512_slli_epi64(last, 8));
    c = _mm512_srli_epi64(last, 56);
    c = _mm512_or_si512(_mm512_sllv_epi64(c, up), _mm512_srlv_epi64(b, down));
    b = _mm512_or_si512(_mm512_sllv_epi64(b, up), _mm512_srlv_epi64(a, down));
    a = _mm512_sllv_epi64(a, up);
    a = _mm512_add_epi8(a, nought);
    b = _mm512_add_epi8(b, nought);
    c = _mm512_add_epi8(c, nought);

    point = _mm512_slli_epi64(point, 3);
    mask = _mm512_sub_epi64(_mm512_sllv_epi64(one, point), one);
    _mm512_storeu_si512(texts->word[2],
                        _mm512_or_si512(_mm512_slli_epi64(c, 8), _mm512_srli_epi64(b, 56)));
    _mm512_storeu_si512(texts->word[1],
                        _mm512_or_si512(_mm512_slli_epi64(b, 8), _mm512_srli_epi64(a, 56)));
    a = _mm512_or_si512(_mm512_and_si512(a, mask),
                        _mm512_slli_epi64(_mm512_andnot_si512(mask, a), 8));
    _mm512_storeu_si512(texts->word[0], _mm512_or_si512(a, _mm512_sllv_epi64(word('.'), point)));
}

TARGET void row_print_avx512(const double *values, size_t stride, uint32_t n,
                             struct row_text *ret_texts)
{
    uint64_t bits[LANES] = {0};
    struct texts texts;
    __m512i doubles, biased;
    __mmask8 easy, negative;

    if (n == 1) { /* eight take twice as long as one by the scalar way */
        ret_texts->len = (uint32_t)number_print(*values, ret_texts->text);
        return;
    }
    for (uint32_t j = 0; j < n; j++)
        memcpy(&bits[j], &values[j * stride], sizeof bits[j]);
    doubles = _mm512_loadu_si512(bits);
    biased = _mm512_and_si512(_mm512_srli_epi64(doubles, 52), word(0x7ff));
    easy = _mm512_cmple_epu64_mask(_mm512_sub_epi64(biased, word(FIRST_BIASED)),
                                   word(LAST_BIASED - FIRST_BIASED)) &
           _mm512_test_epi64_mask(doubles, word((UINT64_C(1) << 52) - 1));
    negative = _mm512_movepi64_mask(doubles);
    place_point(shortest(doubles, biased), &texts);
    for (uint32_t j = 0; j < n; j++) {
        struct row_text *ret = &ret_texts[j];
        char *text = ret->text;

        if (!(easy >> j & 1)) {
            ret->len = (uint32_t)number_print(values[j * stride], text);
            continue;
        }
        *text = '-';
        text += negative >> j & 1;
        memcpy(text, &texts.word[0][j], 8);
        memcpy(text + 8, &texts.word[1][j], 8);
        memcpy(text + 16, &texts.word[2][j], 8);
        ret->len = (uint32_t)texts.len[j] + (negative >> j & 1);
    }
}

#else

typedef int print_avx512_is_empty;

#endif
