/* SPDX-License-Identifier: MIT
 *
 * Up to eight fields at once with AVX-512 (VBMI2: Intel from Ice Lake, AMD from Zen 4).
 *
 * A window of 64 bytes is compared with all that a plain record is made of; the comparisons are
 * bit masks, and the grammar is a few operations on them. Compressing the byte numbers 0 .. 63 by
 * such a mask lists where fields start, have their point, and end. Each field then gets one 64-bit
 * lane: its last eight digits, without the point, are fetched into it by one byte permutation,
 * and its digits before those by another one where a field has more than eight. Pairs, fours and
 * eights of digits are joined by multiply-add. A mantissa of at most 2^53 and a power of ten up to
 * 10^15 are exact, so the division rounds once and correctly (Clinger; see number.c).
 *
 * The loads are masked: bytes outside the record are not touched, at the end of a page neither.
 */
#include "row_simd.h"

#if ROW_SIMD

#include <immintrin.h>
#include <math.h>

#define TARGET                                                                                     \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vbmi2,bmi,bmi2,"    \
                          "lzcnt,popcnt")))
#define LANES 8

static const double powers[16] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/* Bit j: byte j of the window. */
struct window {
    __m512i digits;                /* bytes - '0' */
    uint64_t points, minus, other; /* other: no digit */
    uint64_t separators, ends;     /* ends: of fields */
    uint64_t stop;                 /* the end of the record */
};

/* What is found of `fields` fields, each a lane or a bit. */
struct found {
    uint64_t ends, starts, points; /* bits of the window */
    uint32_t fields;
    uint8_t negative;
};

static TARGET inline struct window look(const struct row_format *format, const char *p,
                                        const char *end)
{
    size_t left = (size_t)(end - p);
    __mmask64 inside = left < 64 ? (UINT64_C(1) << left) - 1 : UINT64_MAX;
    __m512i bytes = _mm512_maskz_loadu_epi8(inside, p);
    __m512i digits = _mm512_sub_epi8(bytes, _mm512_set1_epi8('0'));
    __mmask64 label = format->label_separator ? inside : 0;
    struct window w;

    w.digits = digits;
    w.other = _mm512_cmpgt_epu8_mask(digits, _mm512_set1_epi8(9));
    w.points = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('.'));
    w.minus = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('-'));
    w.separators = _mm512_mask_cmpeq_epi8_mask(inside, bytes, _mm512_set1_epi8(format->separator));
    w.stop = left < 64 ? UINT64_C(1) << left : 0;
    w.ends = w.separators | w.stop |
             _mm512_mask_cmpeq_epi8_mask(label, bytes, _mm512_set1_epi8(format->label_separator));
    return w;
}

/* The fields that are complete in the window, features i .. n-1 and the label; returns 0 where
 * they are not [-]digits.digits with the right separators. */
static TARGET inline int judge(const struct window *w, uint32_t i, uint32_t n, struct found *f)
{
    uint32_t left = n - i, wanted = left < LANES ? left + 1 : LANES, lead;
    uint64_t ends = _pdep_u64((UINT64_C(1) << wanted) - 1, w->ends);
    uint64_t region = UINT64_MAX >> _lzcnt_u64(ends | 1);
    uint64_t starts = (ends << 1 | 1) & region, minus = w->minus & starts;
    uint64_t points = w->points & region;

    f->fields = (uint32_t)_mm_popcnt_u64(ends);
    f->ends = ends;
    f->points = points;
    f->starts = starts + minus; /* each sign carries into the next bit */
    f->negative = (uint8_t)_pext_u64(minus, starts);
    lead = f->fields < left ? f->fields : left ? left - 1 : 0; /* before the last feature */
    return ends && (w->other & region) == (ends | points | minus) &&
           _pext_u64(points, ends | points) ==
               (UINT64_C(0x5555) & ((UINT64_C(1) << 2 * f->fields) - 1)) &&
           _pext_u64(w->separators, ends) == (UINT64_C(1) << lead) - 1 &&
           (f->fields <= left || ends & w->stop);
}

/* Eight digits of each lane, the first in the lowest byte, to a number. */
static TARGET inline __m512i join(__m512i digits)
{
    __m512i fours = _mm512_madd_epi16(_mm512_maddubs_epi16(digits, _mm512_set1_epi16(1 << 8 | 10)),
                                      _mm512_set1_epi32(1 << 16 | 100));

    return _mm512_add_epi64(_mm512_mul_epu32(fours, _mm512_set1_epi64(10000)),
                            _mm512_srli_epi64(fours, 32));
}

/* The bytes `at` of the window, of which those up to the point move one up, and none is before the
 * field's start. */
static TARGET inline __m512i fetch(__m512i digits, __m512i at, __m512i point, __m512i start)
{
    at = _mm512_mask_sub_epi8(at, _mm512_cmple_epi8_mask(at, point), at, _mm512_set1_epi8(1));
    return _mm512_maskz_permutexvar_epi8(_mm512_cmpge_epi8_mask(at, start), at, digits);
}

/* Returns 0 where a field has no digit or too many. */
static TARGET inline int convert(const struct window *w, const struct found *f, __m512d *ret)
{
    const __m512i bytes = _mm512_set_epi64(
        0x3f3e3d3c3b3a3938, 0x3736353433323130, 0x2f2e2d2c2b2a2928, 0x2726252423222120,
        0x1f1e1d1c1b1a1918, 0x1716151413121110, 0x0f0e0d0c0b0a0908, 0x0706050403020100);
    const __m512i lane = _mm512_set_epi64(
        0x0707070707070707, 0x0606060606060606, 0x0505050505050505, 0x0404040404040404,
        0x0303030303030303, 0x0202020202020202, 0x0101010101010101, 0);
    const __m512i last_eight = _mm512_set1_epi64((long long)0xfffefdfcfbfaf9f8);
    __m512i ends = _mm512_maskz_compress_epi8(f->ends, bytes);
    __m512i points = _mm512_maskz_compress_epi8(f->points, bytes);
    __m512i starts = _mm512_maskz_compress_epi8(f->starts, bytes);
    __mmask16 used = (__mmask16)((1u << f->fields) - 1);
    const __m128i one = _mm_set1_epi8(1), sixteen = _mm_set1_epi8(ROW_DIGITS_16);
    __m128i behind = _mm_sub_epi8(_mm512_castsi512_si128(ends), _mm512_castsi512_si128(points));
    __m128i before = _mm_sub_epi8(
        _mm_sub_epi8(_mm512_castsi512_si128(ends), _mm512_castsi512_si128(starts)), one);
    __m512i number, at;
    __m512d value;

    if (_mm_mask_cmpge_epu8_mask(used, _mm_sub_epi8(before, one), sixteen) |
        _mm_mask_cmpgt_epu8_mask(used, behind, sixteen))
        return 0;
    ends = _mm512_permutexvar_epi8(lane, ends);
    points = _mm512_permutexvar_epi8(lane, points);
    starts = _mm512_permutexvar_epi8(lane, starts);
    at = _mm512_add_epi8(ends, last_eight);
    number = join(fetch(w->digits, at, points, starts));
    if (_mm_mask_cmpgt_epu8_mask(used, before, _mm_set1_epi8(ROW_DIGITS_8))) {
        at = _mm512_sub_epi8(at, _mm512_set1_epi8(8));
        number =
            _mm512_add_epi64(number, _mm512_mullo_epi64(join(fetch(w->digits, at, points, starts)),
                                                        _mm512_set1_epi64(100000000)));
        if (_mm512_mask_cmpgt_epu64_mask((__mmask8)used, number,
                                         _mm512_set1_epi64(INT64_C(1) << 53)))
            return 0;
    }
    value = _mm512_cvtepi64_pd(number);
    /* Only the low four bits of each index count. */
    at = _mm512_sub_epi8(_mm512_sub_epi8(ends, points), _mm512_set1_epi8(1));
    value = _mm512_div_pd(
        value, _mm512_permutex2var_pd(_mm512_loadu_pd(powers), at, _mm512_loadu_pd(powers + 8)));
    *ret = _mm512_mask_xor_pd(value, f->negative, value, _mm512_set1_pd(-0.0));
    return 1;
}

TARGET int row_read_avx512(const struct row_format *format, const char *begin, const char *end,
                           double *row, double *ret_label)
{
    const uint32_t n = format->n;
    const char *p = begin;
    uint32_t i = 0;

    for (;;) {
        struct window w = look(format, p, end);
        struct found f;
        uint32_t features;
        __m512d values;

        if (!judge(&w, i, n, &f) || !convert(&w, &f, &values))
            return row_read_rest(format, p, end, i, row, ret_label);
        features = f.fields < n - i ? f.fields : n - i;
        _mm512_mask_storeu_pd(row + i, (__mmask8)((1u << features) - 1), values);
        i += features;
        if (f.ends & w.stop) {
            *ret_label = f.fields > features ? _mm512_cvtsd_f64(_mm512_permutexvar_pd(
                                                   _mm512_set1_epi64((long long)features), values))
                                             : NAN;
            return 1;
        }
        p += 64 - _lzcnt_u64(f.ends);
    }
}

#else

typedef int row_avx512_is_empty;

#endif
