/* SPDX-License-Identifier: MIT
 *
 * Four fields at once with AVX2.
 *
 * A window of 63 bytes is compared with all that a plain record is made of; the comparisons are
 * bit masks. Taken as whole numbers, (ends of fields) - (their points) is a mask that is set from
 * each point to its end; that and the like check the grammar of the whole window in a few
 * operations. Then the bits are walked in pairs, a point and an end. Sixteen bytes that end with
 * the field are loaded, and a shuffle from a table moves its digits to the end of eight bytes,
 * without the point. Four fields fill a register; multiply-add joins pairs, fours and eights of
 * digits, and the division by an exact power of ten rounds once (Clinger; see number.c).
 *
 * Fields of more than eight digits are left to the scalar way, as are records below 32 bytes,
 * where no load of a register fits. pext would be shorter, but is slow on AMD before Zen 3.
 */
#include "row_simd.h"

#if ROW_SIMD

#include <immintrin.h>
#include <math.h>
#include <string.h>

#define TARGET __attribute__((target("avx2,bmi,popcnt")))
#define LANES 4
#define HALF 32
#define WINDOW 63 /* bits that the subtractions can tell apart */
#define LOAD 16

/* By the bytes from the point to the field's end. */
static const double powers[LOAD] = {1,   1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6,
                                    1e7, 1e8, 1,   1,   1,   1,   1,   1};

/* Digit j of eight, of a field whose point is `b` bytes before its end and whose start is `l`:
 * where it lies in sixteen bytes that end with the field; the top bit set: nowhere. */
#define FROM(l, at) ((at) >= LOAD - (l) ? (at) : 0x80)
#define DIGIT(b, l, j) FROM(l, (j) > 8 - (b) ? 8 + (j) : 7 + (j))
#define EIGHT_DIGITS(b, l)                                                                         \
    {                                                                                              \
        DIGIT(b, l, 0), DIGIT(b, l, 1), DIGIT(b, l, 2), DIGIT(b, l, 3), DIGIT(b, l, 4),            \
            DIGIT(b, l, 5), DIGIT(b, l, 6), DIGIT(b, l, 7)                                         \
    }
#define LENGTHS(b)                                                                                 \
    {                                                                                              \
        EIGHT_DIGITS(b, 0), EIGHT_DIGITS(b, 1), EIGHT_DIGITS(b, 2), EIGHT_DIGITS(b, 3),            \
            EIGHT_DIGITS(b, 4), EIGHT_DIGITS(b, 5), EIGHT_DIGITS(b, 6), EIGHT_DIGITS(b, 7),        \
            EIGHT_DIGITS(b, 8), EIGHT_DIGITS(b, 9), EIGHT_DIGITS(b, 10), EIGHT_DIGITS(b, 11),      \
            EIGHT_DIGITS(b, 12), EIGHT_DIGITS(b, 13), EIGHT_DIGITS(b, 14), EIGHT_DIGITS(b, 15)     \
    }
static const uint8_t shuffles[LOAD][LOAD][8] = {LENGTHS(0),  LENGTHS(1),  LENGTHS(2),  LENGTHS(3),
                                                LENGTHS(4),  LENGTHS(5),  LENGTHS(6),  LENGTHS(7),
                                                LENGTHS(8),  LENGTHS(9),  LENGTHS(10), LENGTHS(11),
                                                LENGTHS(12), LENGTHS(13), LENGTHS(14), LENGTHS(15)};

struct record {
    const struct row_format *format;
    const char *begin, *end;
};

/* Bit j: byte j of the window. `ends` are those of fields, `other` is no digit. */
struct window {
    uint64_t points, minus, other, separators, ends, stop;
};

static TARGET inline __m256i load32(const char *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

static TARGET inline uint64_t where(__m256i low, __m256i high, char c, unsigned step)
{
    __m256i wanted = _mm256_set1_epi8(c);

    return (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted)) |
           (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted)) << step;
}

/* The record has at least HALF bytes. Near its end the loads begin earlier, and the masks move. */
static TARGET inline struct window look(const struct record *record, const char *p)
{
    const char labels = record->format->label_separator;
    size_t left = (size_t)(record->end - p);
    const char *low_at = p, *high_at = p + HALF;
    unsigned step = HALF, past = 0;
    uint64_t inside = UINT64_MAX >> 1;
    __m256i low, high, ten = _mm256_set1_epi8(10), zero = _mm256_set1_epi8('0'), digits;
    struct window w;

    w.stop = 0;
    if (left < WINDOW + 1) {
        size_t size = (size_t)(record->end - record->begin);

        high_at = record->end - HALF;
        if (size >= 2 * HALF) {
            low_at = high_at - HALF;
            past = (unsigned)(2 * HALF - left);
        } else {
            low_at = record->begin;
            step = (unsigned)(size - HALF);
            past = (unsigned)(size - left);
        }
        inside = (UINT64_C(1) << left) - 1;
        w.stop = UINT64_C(1) << left & UINT64_MAX >> 1;
    }
    low = load32(low_at);
    high = load32(high_at);
    w.points = where(low, high, '.', step) >> past & inside;
    w.minus = where(low, high, '-', step) >> past & inside;
    w.separators = where(low, high, record->format->separator, step) >> past & inside;
    w.ends = labels ? where(low, high, labels, step) >> past & inside : 0;
    w.ends |= w.separators | w.stop;
    digits = _mm256_sub_epi8(low, zero);
    w.other =
        (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_max_epu8(digits, ten), digits));
    digits = _mm256_sub_epi8(high, zero);
    w.other |= (uint64_t)(uint32_t)_mm256_movemask_epi8(
                   _mm256_cmpeq_epi8(_mm256_max_epu8(digits, ten), digits))
               << step;
    w.other = w.other >> past & inside;
    return w;
}

/* Whether the fields that are complete in the window, of features i .. n-1 and the label, are all
 * [-]digits.digits, short enough, and with the right separators. */
static TARGET inline int judge(const struct window *w, uint32_t left, uint32_t fields)
{
    uint64_t region = w->ends ? UINT64_MAX >> __builtin_clzll(w->ends) : 0;
    uint64_t starts = (w->ends << 1 | 1) & region, minus = w->minus & starts;
    uint64_t points = w->points & region, behind = w->ends - points;
    uint64_t others = w->ends & ~w->separators;
    uint32_t lead = fields < left ? fields : left ? left - 1 : 0; /* before the last feature */
    uint64_t runs, pairs, fours;

    starts += minus; /* each sign carries into the next bit */
    runs = w->ends - starts;
    pairs = runs & runs >> 1;
    fours = pairs & pairs >> 2;
    return fields && fields <= left + 1 &&
           ((w->other & region) | w->stop) == (w->ends | points | minus) &&
           (behind ^ behind << 1) == (w->ends | points) && /* they take turns, a point first */
           !(fours & fours >> 4 & pairs >> 8) &&           /* at most eight digits and a point */
           !(starts & points & w->ends >> 1) &&            /* and at least one digit */
           (uint32_t)__builtin_popcountll(others) == fields - lead &&
           (!others || w->separators < (others & (0 - others))) && (fields <= left || w->stop);
}

/* Digits of four fields, eight each, to four numbers; what is no digit counts as 0. */
static TARGET inline __m256d join(__m256i text)
{
    __m256i digits = _mm256_sub_epi8(text, _mm256_set1_epi8('0')), numbers;

    digits = _mm256_and_si256(
        digits, _mm256_cmpeq_epi8(_mm256_min_epu8(digits, _mm256_set1_epi8(9)), digits));
    numbers = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(1 << 8 | 10));
    numbers = _mm256_madd_epi16(numbers, _mm256_set1_epi32(1 << 16 | 100));
    numbers = _mm256_packus_epi32(numbers, numbers);
    numbers = _mm256_madd_epi16(numbers, _mm256_set1_epi32(1 << 16 | 10000));
    numbers = _mm256_permute4x64_epi64(numbers, 0x08);
    return _mm256_cvtepi32_pd(_mm256_castsi256_si128(numbers));
}

/* Goes over the fields of a window. */
struct walk {
    const struct record *record;
    const char *p;  /* the window */
    uint64_t marks; /* points and ends that are ahead */
    uint64_t minus;
    uint32_t start; /* of the next field */
};

struct field {
    __m128i digits; /* eight, in the low half */
    const double *power;
    uint64_t sign;
};

/* The next field. When there is none, something harmless. */
static TARGET inline __attribute__((always_inline)) struct field next(struct walk *walk)
{
    const struct record *record = walk->record;
    uint32_t point = (uint32_t)_tzcnt_u64(walk->marks), end, b, l;
    const char *at;
    struct field field;
    __m128i shuffle;

    walk->marks = _blsr_u64(walk->marks);
    end = (uint32_t)_tzcnt_u64(walk->marks);
    walk->marks = _blsr_u64(walk->marks);
    b = (end - point) & (LOAD - 1);
    l = (end - walk->start) & (LOAD - 1);
    at = walk->p + end;
    at = at > record->end ? record->end : at;
    shuffle = _mm_loadl_epi64((const __m128i *)(const void *)shuffles[b][l]);
    if (at - record->begin >= LOAD) {
        at -= LOAD;
    } else { /* the first fields: later bytes, which move up */
        shuffle = _mm_adds_epi8(shuffle, _mm_set1_epi8((char)(at - record->begin - LOAD)));
        at = record->begin;
    }
    field.digits = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)at), shuffle);
    field.power = &powers[b];
    field.sign = walk->minus >> (walk->start & 63) << 63;
    walk->start = end + 1;
    return field;
}

static TARGET inline __m256d four(struct walk *walk)
{
    struct field a = next(walk), b = next(walk), c = next(walk), d = next(walk);
    __m256i text =
        _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_unpacklo_epi64(a.digits, b.digits)),
                                _mm_unpacklo_epi64(c.digits, d.digits), 1);
    __m256d power =
        _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadh_pd(_mm_load_sd(a.power), b.power)),
                             _mm_loadh_pd(_mm_load_sd(c.power), d.power), 1);
    __m256d values = _mm256_div_pd(join(text), power);

    if (!walk->minus)
        return values;
    return _mm256_xor_pd(
        values, _mm256_castsi256_pd(_mm256_set_epi64x((long long)d.sign, (long long)c.sign,
                                                      (long long)b.sign, (long long)a.sign)));
}

TARGET int row_read_avx2(const struct row_format *format, const char *begin, const char *end,
                         double *row, double *ret_label)
{
    const struct record record = {format, begin, end};
    const char *p = begin;
    uint32_t left = format->n;

    while (end - begin >= HALF && p != end) {
        struct window w = look(&record, p);
        uint32_t fields = (uint32_t)__builtin_popcountll(w.ends), k;
        struct walk walk = {&record, p, 0, w.minus, 0};

        if (!judge(&w, left, fields))
            break;
        walk.marks = w.ends | (w.points & (UINT64_MAX >> __builtin_clzll(w.ends)));
        for (; fields > 0; fields -= k) {
            double values[LANES];

            k = fields < LANES ? fields : LANES;
            if (left >= LANES) { /* what is too much is written again */
                _mm256_storeu_pd(row, four(&walk));
                row += k;
                left -= k;
                continue;
            }
            _mm256_storeu_pd(values, four(&walk));
            for (uint32_t j = 0; j < k && j < left; j++)
                row[j] = values[j];
            if (k > left) {
                *ret_label = values[left];
                return 1;
            }
            row += k;
            left -= k;
        }
        if (w.stop) {
            *ret_label = NAN;
            return 1;
        }
        p += 64 - __builtin_clzll(w.ends);
    }
    return row_read_rest(format, p, end, format->n - left, row - (format->n - left), ret_label);
}

#else

typedef int row_avx2_is_empty;

#endif
