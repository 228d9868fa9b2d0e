/* SPDX-License-Identifier: MIT
 *
 * Any bytes as a number: the same bits and the same end as strtod, for texts that both are to
 * read. Left out: texts where strtod reads more on purpose (blanks, hexadecimal, inf and nan).
 * The first eight bytes as a double: what is printed reads back, by strtod and by us.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/common/number.h"

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
    const char *end, *p = exact;
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
    n = number_parse_row(&p, exact + size, ',', row, 3);
    require(n <= 3 && p >= exact && p <= exact + size && (n > 0) <= (end != NULL));
    require(n == 0 || same(row[0], ours));
    for (uint32_t i = 0; i < n; i++)
        require(isfinite(row[i]));
    free(text);
    free(exact);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_read(data, size);
    if (size >= 8)
        check_print(data);
    return 0;
}
