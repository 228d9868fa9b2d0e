/* SPDX-License-Identifier: MIT
 *
 * Reading whole records, each way that this processor has: bit-equal to strtod on seeded records of
 * many shapes, and of one mind with the scalar way on records with a mistake anywhere. Each
 * text is read twice, between pages that may not be touched: right behind one, right before one.
 * Printing some numbers at once gives the text of number_print.
 */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "plugins/common/row.h"
#include "random_numbers.h"

#define MOST 1000
#define ROOM 65536

static struct {
    char *begin, *end; /* ROOM bytes, guarded on both sides */
    char text[ROOM];
    size_t len;
    struct row_format format;
    double wanted[MOST + 1];
    int good;
} r;

static int open_pages(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, ROOM + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED || mprotect(pages + page, ROOM, PROT_READ | PROT_WRITE) != 0)
        return 1;
    r.begin = pages + page;
    r.end = r.begin + ROOM;
    return 0;
}

static int close_pages(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    return munmap(r.begin - page, ROOM + 2 * page) != 0;
}

/* What strtod makes of the text, which was made by the rules. */
static void judge(void)
{
    char *p = r.text;

    r.good = 1;
    for (uint32_t i = 0; i <= r.format.n; i++) {
        if (i == r.format.n && *p == '\0') {
            r.wanted[i] = NAN;
            return;
        }
        if (i > 0)
            p++;
        r.wanted[i] = strtod(p, &p);
    }
}

/* Reads the text at `at` in each way; the scalar one says what is right where `judged` is 0. */
static int agree(const char *at, int judged)
{
    double row[MOST + 1], label = 5;
    int bad = 0;

    for (uint32_t w = 0; w < ROW_WAYS; w++) {
        struct row_way way = row_way(w);
        int good;

        if (!way.read)
            continue;
        for (uint32_t i = 0; i <= r.format.n; i++)
            row[i] = 77;
        good = way.read(&r.format, at, at + r.len, row, &label);
        if (row[r.format.n] != 77) /* beyond the row */
            bad++;
        row[r.format.n] = label;
        if (w == 0 && !judged) {
            r.good = good;
            memcpy(r.wanted, row, (r.format.n + 1) * sizeof *row);
        }
        if (good != r.good)
            bad++;
        else if (good && memcmp(row, r.wanted, r.format.n * sizeof *row) != 0)
            bad++;
        else if (good && isnan(label) != isnan(r.wanted[r.format.n]))
            bad++;
        else if (good && !isnan(label) && bits_of(label) != bits_of(r.wanted[r.format.n]))
            bad++;
        if (bad) {
            printf("\n%s: %.*s\n", way.name, (int)r.len, r.text);
            return 0;
        }
    }
    return 1;
}

static int agree_at_both_ends(int judged)
{
    memcpy(r.end - r.len, r.text, r.len);
    if (!agree(r.end - r.len, judged))
        return 0;
    memcpy(r.begin, r.text, r.len);
    return agree(r.begin, judged);
}

/* ---- records -------------------------------------------------------------------------------- */

struct shape {
    unsigned before, behind;        /* most digits; 0 behind: no point */
    unsigned vary;                  /* digits, or as many as said */
    unsigned minus, plus, exponent; /* per cent */
};

static char *put_digits(char *p, unsigned n)
{
    for (; n > 0; n--)
        *p++ = (char)('0' + below(10));
    return p;
}

static char *put_number(char *p, const struct shape *shape)
{
    unsigned before = shape->vary ? below(shape->before + 1) : shape->before;
    unsigned behind = shape->vary ? below(shape->behind + 1) : shape->behind;

    if (below(100) < shape->minus)
        *p++ = '-';
    else if (below(100) < shape->plus)
        *p++ = '+';
    p = put_digits(p, before + behind == 0 ? 1 : before);
    if (behind > 0 || (shape->vary && below(4) == 0))
        *p++ = '.';
    p = put_digits(p, behind);
    if (below(100) < shape->exponent)
        p += sprintf(p, "e%d", (int)below(60) - 30);
    return p;
}

static void put_record(const struct shape *shape, uint32_t n)
{
    char *p = r.text;
    unsigned kind = below(10);

    r.format = (struct row_format){n, ',', ';'};
    if (kind == 1)
        r.format = (struct row_format){n, ' ', '\t'};
    for (uint32_t i = 0; i < n; i++) {
        p = put_number(p, shape);
        *p++ = i + 1 < n ? r.format.separator : r.format.label_separator;
    }
    if (kind == 2)
        p--; /* no label */
    else
        p = put_number(p, shape);
    if (kind == 3 && n > 1) { /* the label is the last feature */
        p[-1] = p[-1] == '.' ? '0' : p[-1];
        *(strchr(r.text, ';')) = ',';
        r.format = (struct row_format){n + 1, ',', '\0'};
    }
    *p = '\0';
    r.len = (size_t)(p - r.text);
}

static const struct shape shapes[] = {
    {1, 6, 0, 0, 0, 0},   {1, 6, 0, 50, 0, 0},  {2, 6, 1, 30, 0, 0},  {9, 9, 1, 20, 0, 0},
    {8, 8, 1, 0, 0, 0},   {4, 4, 1, 50, 0, 0},  {1, 15, 0, 20, 0, 0}, {1, 16, 1, 20, 0, 0},
    {17, 3, 1, 10, 0, 0}, {3, 17, 1, 10, 0, 0}, {3, 0, 0, 20, 0, 0},  {5, 3, 1, 10, 3, 3},
    {1, 6, 0, 2, 1, 1},   {20, 20, 1, 10, 5, 5}};

static unsigned read_records(const struct shape *shape, unsigned count, unsigned most)
{
    unsigned bad = 0;

    while (count-- > 0 && bad < 3) {
        put_record(shape, 1 + below(most));
        judge();
        bad += !agree_at_both_ends(1);
    }
    return bad;
}

static void test_like_strtod(void)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        random_state = i;
        CU_ASSERT_EQUAL(read_records(&shapes[i], 6000, 16), 0);
        CU_ASSERT_EQUAL(read_records(&shapes[i], 40, MOST - 1), 0);
    }
}

/* One byte is changed, inserted or removed, or two separators change places. */
static void spoil(void)
{
    static const char any[] = "0123456789..--,,;;++eE \t\r\nxnX/:\x80\xff";
    size_t at = below((unsigned)r.len), rest = r.len - at;
    char c = any[below(sizeof any)]; /* a NUL, too */

    switch (below(4)) {
    case 0:
        r.text[at] = c;
        break;
    case 1:
        memmove(r.text + at + 1, r.text + at, rest);
        r.text[at] = c;
        r.len++;
        break;
    case 2:
        memmove(r.text + at, r.text + at + 1, rest - 1);
        r.len--;
        break;
    default:
        for (size_t i = 0, other = r.len; i < r.len; i++) {
            if (r.text[i] == r.format.separator && i >= at && other == r.len)
                other = i;
            if (r.text[i] == r.format.label_separator && other != r.len) {
                r.text[other] = r.format.label_separator;
                r.text[i] = r.format.separator;
                return;
            }
        }
    }
}

static void test_mistakes(void)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        unsigned bad = 0;

        random_state = 1000 + i;
        for (unsigned n = 20000; n > 0 && bad < 3; n--) {
            put_record(&shapes[i], 1 + below(16));
            for (unsigned k = 1 + below(2); k > 0 && r.len > 0; k--)
                spoil();
            bad += !agree_at_both_ends(0);
        }
        CU_ASSERT_EQUAL(bad, 0);
    }
}

/* Every number of digits before and behind the point, and every place in a window. */
static void test_every_shape(void)
{
    unsigned bad = 0;

    for (unsigned before = 0; before < 19; before++) {
        for (unsigned behind = 0; behind < 19; behind++) {
            for (unsigned shift = 0; shift < 40 && before + behind > 0; shift++) {
                struct shape first = {1 + shift % 20, shift % 2, 0, 50, 0, 0};
                struct shape rest = {before, behind, 0, 50, 0, 0};
                char *p = put_number(r.text, &first);

                r.format = (struct row_format){4, ',', ';'};
                for (int k = 0; k < 4; k++) {
                    *p++ = k == 3 ? ';' : ',';
                    p = put_number(p, &rest);
                }
                *p = '\0';
                r.len = (size_t)(p - r.text);
                judge();
                bad += !agree_at_both_ends(1);
            }
        }
    }
    CU_ASSERT_EQUAL(bad, 0);
}

/* ---- printing -------------------------------------------------------------------------------- */

/* All that the printing of several at once treats, what lies around it, and all others. */
static double any_double(void)
{
    uint64_t exponent = 1023 - 14 + below(42);
    uint64_t bits = exponent << 52 | next_random() >> 12 | next_random() << 63;
    double value;

    switch (below(8)) {
    case 0:
        return random_bits();
    case 1:
        bits &= ~((UINT64_C(1) << below(53)) - 1); /* few bits: whole numbers, powers of two */
        break;
    case 2:
        bits |= (UINT64_C(1) << below(53)) - 1;
        break;
    default:
        break;
    }
    memcpy(&value, &bits, sizeof value);
    return below(3) == 0 ? round(value * 1e4) / 1e4 : value;
}

static unsigned print_otherwise(row_print_fn *print, uint32_t n, size_t stride)
{
    struct row_text texts[ROW_PRINT_MOST];
    double values[ROW_PRINT_MOST * 3];
    char text[NUMBER_ROOM];
    unsigned bad = 0;

    for (size_t i = 0; i < n * stride; i++)
        values[i] = any_double();
    print(values, stride, n, texts);
    for (uint32_t j = 0; j < n; j++) {
        size_t len = number_print(values[j * stride], text);

        if (len != texts[j].len || memcmp(text, texts[j].text, len) != 0) {
            printf("\n%.*s, not %.*s\n", (int)texts[j].len, texts[j].text, (int)len, text);
            bad++;
        }
    }
    return bad;
}

static void test_print(void)
{
    random_state = 7;
    for (uint32_t w = 0; w < ROW_WAYS; w++) {
        row_print_fn *print = row_way(w).print;
        unsigned bad = 0;

        for (unsigned i = 0; print && i < 200000 && bad < 3; i++)
            bad += print_otherwise(print, 1 + i % ROW_PRINT_MOST, 1 + i % 3);
        CU_ASSERT_EQUAL(bad, 0);
    }
}

/* ---- the choice ----------------------------------------------------------------------------- */

static void test_choice(void)
{
    struct row_way best = row_best(NULL);

    CU_ASSERT_STRING_EQUAL(row_way(0).name, "scalar");
    CU_ASSERT_PTR_NOT_NULL(row_way(0).read);
    CU_ASSERT_PTR_NOT_NULL(best.read);
    CU_ASSERT_STRING_EQUAL(row_best("scalar").name, "scalar");
    CU_ASSERT_STRING_EQUAL(row_best("no such way").name, best.name);
    for (uint32_t w = 0; w < ROW_WAYS; w++) {
        struct row_way way = row_way(w);

        printf(" %s: %s", way.name, way.read ? "tested" : "not here");
        if (way.read)
            CU_ASSERT_STRING_EQUAL(row_best(way.name).name, way.name);
    }
}

int main(int argc, char **argv)
{
    CU_TestInfo read[] = {{"like strtod", test_like_strtod}, {"mistakes", test_mistakes},
                          {"every shape", test_every_shape}, {"print", test_print},
                          {"choice", test_choice},           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"read", open_pages, close_pages, NULL, NULL, read},
                             CU_SUITE_INFO_NULL};

    return unit_main(suites, argc, argv);
}
