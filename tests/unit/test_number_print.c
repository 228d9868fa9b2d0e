/* SPDX-License-Identifier: MIT
 *
 * Printing numbers: the form of the text; it reads back as the same bits, and it is as short as
 * the shortest %.Ne that does, judged by the C library on random doubles of all magnitudes and
 * on every power of two and ten with its neighbours. Integers both ways.
 */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/common/number.h"
#include "random_numbers.h"

/* Digits of the shortest %e that reads back. */
static int shortest_digits(double value)
{
    char text[40];

    for (int n = 1; n < 17; n++) {
        (void)snprintf(text, sizeof text, "%.*e", n - 1, value);
        if (strtod(text, NULL) == value)
            return n;
    }
    return 17;
}

/* Significant digits of a printed number, without zeros at either end; returns how many. */
static int significant_digits(const char *text, char *digits)
{
    int n = 0;

    for (; *text && *text != 'e'; text++)
        if (*text >= '0' && *text <= '9' && (n != 0 || *text != '0'))
            digits[n++] = *text;
    while (n > 0 && digits[n - 1] == '0')
        n--;
    digits[n] = '\0';
    return n;
}

static int is_power_of_two(double value)
{
    return (bits_of(value) & ((UINT64_C(1) << 52) - 1)) == 0;
}

/* Reads back; no longer than the shortest %e that does; and, of that length, %e's digits, which are
 * the nearest. Shorter than %e happens above a power of two, where the interval is lopsided: the
 * nearest number of that length reads back as the neighbour below, the next one above does not. */
static int prints_well(double value)
{
    char text[NUMBER_ROOM + 2], nearest[40], ours[40], theirs[40];
    size_t len;

    memset(text, '#', sizeof text);
    len = number_print(value, text);
    (void)snprintf(nearest, sizeof nearest, "%.*e", shortest_digits(value) - 1, value);
    if (text[NUMBER_ROOM] == '#' && len <= NUMBER_LONGEST) {
        int n, most = significant_digits(nearest, theirs);

        text[len] = '\0';
        n = significant_digits(text, ours);
        if (bits_of(strtod(text, NULL)) == bits_of(value) &&
            (n == most ? strcmp(ours, theirs) == 0 : n < most && is_power_of_two(value)))
            return 1;
    }
    printf("\n%a prints as %.*s; %%e: %s\n", value, (int)len, text, nearest);
    return 0;
}

static void test_print_form(void)
{
    static const struct {
        double value;
        const char *text;
    } forms[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1, "1.0"},
        {2, "2.0"},
        {-2, "-2.0"},
        {10, "10.0"},
        {0.1, "0.1"},
        {-0.1, "-0.1"},
        {2.0000123, "2.0000123"},
        {1.5, "1.5"},
        {100, "100.0"},
        {123456.789, "123456.789"},
        {0.3, "0.3"},
        {1e-5, "0.00001"},
        {1.5e-5, "0.000015"},
        {9.999e-6, "9.999e-6"},
        {1e-7, "1e-7"},
        {1.5e300, "1.5e300"},
        {-1e-300, "-1e-300"},
        {1e16, "10000000000000000.0"},
        {99999999999999984.0, "99999999999999980.0"},
        {1e17, "1e17"},
        {1.2e17, "1.2e17"},
        {12345678901234568.0, "12345678901234568.0"},
        {9007199254740991.0, "9007199254740991.0"},
        {9007199254740992.0, "9007199254740992.0"},
        {9007199254740994.0, "9007199254740994.0"},
        {4503599627370495.5, "4503599627370495.5"},
        {5e-324, "5e-324"},
        {1.7976931348623157e308, "1.7976931348623157e308"},
        {-1.7976931348623157e-308, "-1.7976931348623155e-308"},
        {1e23, "1e23"},
        {1e22, "1e22"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {9.5e-4, "0.00095"},
        {0.000012345678901234567, "0.000012345678901234568"},
        {NAN, "nan"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
        {2e-44, "2e-44"},
        {1.0 / 3, "0.3333333333333333"},
        {-1234567890123456.7, "-1234567890123456.8"},
        {299792458.5, "299792458.5"},
    };

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char text[NUMBER_ROOM + 1];

        text[number_print(forms[i].value, text)] = '\0';
        CU_ASSERT_STRING_EQUAL(text, forms[i].text);
        if (strcmp(text, forms[i].text))
            printf("\n%s, not %s\n", text, forms[i].text);
    }
}

static int print_random(unsigned n)
{
    int bad = 0;

    for (unsigned i = 0; i < n && bad < 10; i++) {
        double value = random_bits();

        if (isfinite(value))
            bad += !prints_well(value);
        value = (double)(next_random() >> 11) * 0x1p-53 * 10;
        bad += !prints_well(value);
        value = (double)(next_random() >> below(64)) / (double)(1 + below(1000));
        bad += !prints_well(value);
    }
    return bad;
}

static void test_print_random(void)
{
    random_state = 4;
    CU_ASSERT_EQUAL(print_random(40000), 0);
}

/* Every power of two and of ten, and both neighbours. */
static void test_print_edges(void)
{
    for (int e = -1074; e <= 1023; e++) {
        double value = ldexp(1, e);

        CU_ASSERT(prints_well(value));
        CU_ASSERT(prints_well(nextafter(value, INFINITY)));
        CU_ASSERT(prints_well(nextafter(value, 0)));
    }
    for (int e = -323; e <= 308; e++) {
        char text[16];
        double value;

        (void)snprintf(text, sizeof text, "1e%d", e);
        value = strtod(text, NULL);
        CU_ASSERT(prints_well(value));
        CU_ASSERT(prints_well(nextafter(value, INFINITY)));
        CU_ASSERT(prints_well(nextafter(value, 0)));
    }
}

/* Reading what was printed: both sides at once, in numbers that a trial of %e cannot reach. */
static void test_round_trip(void)
{
    int bad = 0;

    random_state = 5;
    for (unsigned i = 0; i < 2000000; i++) {
        char text[NUMBER_ROOM];
        double value = i & 1 ? random_bits() : (double)(int64_t)next_random() / 1e15, back = 0;
        size_t len;

        if (!isfinite(value))
            continue;
        len = number_print(value, text);
        bad +=
            number_parse(text, text + len, &back) != text + len || bits_of(back) != bits_of(value);
    }
    CU_ASSERT_EQUAL(bad, 0);
}

static void test_integers(void)
{
    static const char *const out_of_range[] = {"",
                                               "-",
                                               "+",
                                               "x",
                                               "9223372036854775808",
                                               "-9223372036854775809",
                                               "18446744073709551616",
                                               "99999999999999999999999"};
    char text[NUMBER_ROOM + 1], expected[32];
    int bad = 0;
    int64_t back;

    random_state = 6;
    for (unsigned i = 0; i < 200000; i++) {
        int64_t value = (int64_t)next_random() >> below(64);
        size_t len;

        if (i < 4)
            value = (const int64_t[]){0, INT64_MIN, INT64_MAX, -1}[i];
        len = number_print_i64(value, text);
        text[len] = '\0';
        (void)snprintf(expected, sizeof expected, "%lld", (long long)value);
        bad += strcmp(text, expected) != 0;
        bad += number_parse_i64(text, text + len, &back) != text + len || back != value;
    }
    CU_ASSERT_EQUAL(bad, 0);
    for (size_t i = 0; i < sizeof out_of_range / sizeof *out_of_range; i++) {
        const char *p = out_of_range[i];

        CU_ASSERT_PTR_NULL(number_parse_i64(p, p + strlen(p), &back));
    }
}

int main(int argc, char **argv)
{
    CU_TestInfo print[] = {{"form", test_print_form},   {"random", test_print_random},
                           {"edges", test_print_edges}, {"round trip", test_round_trip},
                           {"integers", test_integers}, CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"print", NULL, NULL, NULL, NULL, print}, CU_SUITE_INFO_NULL};

    return unit_main(suites, argc, argv);
}
