/* SPDX-License-Identifier: MIT
 *
 * Any bytes as a number: the same bits and the same end as strtod, for texts that both are to
 * read. Left out: texts where strtod reads more on purpose (blanks, hexadecimal, inf and nan).
 * The bytes as a record, as they are and folded to the characters that records are made of: each
 * way to read a row (row.h) gives the numbers of number_parse, or refuses where it does.
 * The first eight bytes as a double: what is printed reads back, by strtod and by us.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/common/number.h"
#include "plugins/common/row.h"

#define ROW_MOST 40

static void require(int holds)
{
    if (!holds)
        abort();
}

static int same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* Whether our grammar says that no number begins here. */
static int refused(const char *text)
{
    text += *text == '-' || *text == '+';
    text += *text == '.';
    return !isdigit((unsigned char)*text);
}

static void check_read(const uint8_t *data, size_t size)
{
    char *exact = malloc(size ? size : 1), *text = malloc(size + 1), *strtod_end;
    double ours = 5, theirs, row[3];
    const char *end, *p = exact, *limit = exact ? exact + size : NULL;
    uint32_t n;

    require(exact && text);
    if (size)
        memcpy(exact, data, size);
    memcpy(text, exact, size);
    text[size] = '\0';
    end = number_parse(exact, exact + size, &ours);
    require(!isnan(ours));
    if (refused(text)) {
        require(!end && ours == 5);
    } else if (!strpbrk(text, "xX")) {
        theirs = strtod(text, &strtod_end);
        require(end && end - exact == strtod_end - text && same(ours, theirs));
    }
    for (size_t skip = 0; skip < 10 && skip <= size;
         skip++) { /* bytes before it make no difference */
        double last = 5, alone = 5;
        const char *at = exact + skip, *last_end = number_parse_last(exact, at, limit, &last);

        require(last_end == number_parse(at, limit, &alone) && same(last, alone));
    }
    n = number_parse_row(&p, exact + size, ',', row, 3);
    require(n <= 3 && p >= exact && p <= exact + size && (n > 0) <= (end != NULL));
    require(n == 0 || same(row[0], ours));
    for (uint32_t i = 0; i < n; i++)
        require(isfinite(row[i]));
    free(text);
    free(exact);
}

/* What a row is by number_parse alone. */
static int read_plainly(const struct row_format *format, const char *p, const char *end,
                        double *row, double *label)
{
    *label = NAN;
    for (uint32_t i = 0; i <= format->n; i++) {
        double *value = i < format->n ? &row[i] : label;

        p = number_parse(p, end, value);
        if (!p || !isfinite(*value))
            return 0;
        if (i + 1 < format->n ? p == end || *p != format->separator
                              : p != end && (i == format->n || !format->label_separator ||
                                             *p != format->label_separator))
            return 0;
        if (p++ == end)
            return 1;
    }
    return 1;
}

/* The text lies at the end of memory of its size; `shape` chooses the format. */
static void check_row(const char *text, size_t size, uint8_t shape)
{
    struct row_format format = {1 + shape % ROW_MOST, ',', shape & 0x80 ? '\0' : ';'};
    double wanted[ROW_MOST], row[ROW_MOST + 1], wanted_label, label;
    const char *end = text + size;
    int good = read_plainly(&format, text, end, wanted, &wanted_label);

    for (uint32_t w = 0; w < ROW_WAYS; w++) {
        struct row_way way = row_way(w);

        if (!way.read)
            continue;
        row[format.n] = 77;
        require(way.read(&format, text, end, row, &label) == good);
        require(row[format.n] == 77);
        for (uint32_t i = 0; good && i < format.n; i++)
            require(same(row[i], wanted[i]));
        require(!good || same(label, wanted_label) || (isnan(label) && isnan(wanted_label)));
    }
}

static void check_rows(const uint8_t *data, size_t size)
{
    static const char folded[] = "0123456789012345,..,,.;-0123456789012345678901234,.,.,;.-+e8,.9,";
    char *text;

    if (size < 1)
        return;
    text = malloc(size);
    require(text != NULL);
    memcpy(text, data + 1, size - 1);
    check_row(text, size - 1, data[0]);
    for (size_t i = 1; i < size; i++)
        text[i - 1] = folded[data[i] % (sizeof folded - 1)];
    check_row(text, size - 1, data[0]);
    free(text);
}

/* Bytes as the shapes of numbers, so that records are good and long. */
static void check_made_row(const uint8_t *data, size_t size)
{
    char *text = malloc(size * 24 + 1), *copy, *p = text;

    require(text != NULL);
    for (size_t i = 1; i < size; i++) {
        unsigned before = 1 + (data[i] >> 1 & 3), behind = data[i] >> 3 & 15;

        if (data[i] & 1)
            *p++ = '-';
        for (unsigned k = 0; k < before + behind; k++) {
            if (k == before)
                *p++ = '.';
            *p++ = (char)('0' + (data[i] * 31 + k * 7 + i) % 10);
        }
        if (behind == 0 && data[i] & 0x80)
            *p++ = '.';
        *p++ = i % (1 + data[0] % ROW_MOST) == 0 ? ';' : ',';
    }
    p -= p != text;
    copy = malloc((size_t)(p - text) + 1);
    require(copy != NULL);
    memcpy(copy + 1, text, (size_t)(p - text));
    check_row(copy + 1, (size_t)(p - text), data[0]);
    free(copy);
    free(text);
}

static void check_print(const uint8_t *data)
{
    char *text = malloc(NUMBER_ROOM);
    char copy[NUMBER_ROOM + 1];
    double value, back;
    int64_t integer, integer_back = 0;
    size_t len;

    require(text != NULL);
    memcpy(&value, data, sizeof value);
    memcpy(&integer, data, sizeof integer);
    len = number_print(value, text);
    require(len > 0 && len <= NUMBER_LONGEST);
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (isfinite(value)) {
        require(same(strtod(copy, NULL), value));
        require(number_parse(copy, copy + len, &back) == copy + len && same(back, value));
    }
    len = number_print_i64(integer, text);
    require(number_parse_i64(text, text + len, &integer_back) == text + len);
    require(integer_back == integer);
    free(text);
}

/* Some doubles at once. */
static void check_prints(const uint8_t *data, size_t size)
{
    struct row_text texts[ROW_PRINT_MOST];
    double values[ROW_PRINT_MOST];
    uint32_t n = (uint32_t)(size / sizeof *values);
    char text[NUMBER_ROOM];

    n = n < ROW_PRINT_MOST ? n : ROW_PRINT_MOST;
    memcpy(values, data, n * sizeof *values);
    for (uint32_t w = 0; w < ROW_WAYS; w++) {
        row_print_fn *print = row_way(w).print;

        if (!print)
            continue;
        print(values, 1, n, texts);
        for (uint32_t j = 0; j < n; j++)
            require(number_print(values[j], text) == texts[j].len &&
                    memcmp(text, texts[j].text, texts[j].len) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_read(data, size);
    check_rows(data, size);
    if (size > 1 && size <= ROW_MOST + 2)
        check_made_row(data, size);
    if (size >= 8)
        check_print(data);
    if (size >= 16)
        check_prints(data, size);
    return 0;
}
