/* SPDX-License-Identifier: MIT
 *
 * Reading numbers, judged by the C library: bit-equal to strtod on hard cases and on millions of
 * seeded random texts of many shapes, whatever stands behind the number; again under a locale
 * whose decimal point is a comma. Every text is read from memory that ends with it, so that a
 * sanitizer sees a read beyond its end. Printing is in test_number_print.c.
 */
#include "unit.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/common/number.h"
#include "random_numbers.h"

/* 1 when number_parse takes as much of the text as strtod and gives the same bits. */
static int reads_like_strtod(const char *text)
{
    static char memory[4096];
    size_t len = strlen(text);
    char *copy = memory + sizeof memory - len, *strtod_end;
    double ours = -77.0, theirs = strtod(text, &strtod_end);
    const char *end;

    memcpy(copy, text, len); /* ends where the array does */
    end = number_parse(copy, copy + len, &ours);
    if (strtod_end == text)
        return end == NULL && ours == -77.0;
    if (end && end - copy == strtod_end - text && bits_of(ours) == bits_of(theirs))
        return 1;
    printf("\n%s: %a, %d characters; strtod: %a, %d\n", text, ours, (int)(end ? end - copy : -1),
           theirs, (int)(strtod_end - text));
    return 0;
}

static const char *const hard[] = {
    "0",
    "-0",
    "+0",
    "0.0",
    "-0.0e5",
    "1",
    "-1",
    "+1",
    "1.",
    ".5",
    "-.5e1",
    "00012.500",
    "9",
    "12345678",
    "123456789",
    "1234567812345678",
    "12345678123456789",
    "1.2345678",
    "1.23456781",
    "1e0",
    "1E5",
    "1e+5",
    "1e-5",
    "1e",
    "1e+",
    "1e-",
    "1e5.5",
    "1.e3",
    ".e3",
    ".",
    "",
    "-",
    "+",
    "e5",
    "-e",
    "--1",
    "+-1",
    "1..2",
    "1.2.3",
    "1,2",
    "1;2",
    "abc",
    "1e 5",
    "1e400",
    "-1e400",
    "1e-400",
    "1e99999999999999999999",
    "1e-99999999999999999999",
    "0e99999999999999999999",
    "1e22",
    "1e23",
    "-1e23",
    "1e-22",
    "1e-23",
    "8.5e22",
    "9007199254740991",
    "9007199254740992",
    "9007199254740993",
    "9007199254740993.0",
    "9007199254740994",
    "9007199254740995",
    "9007199254740993.00000000000000000000000000000000000000000000000000000001",
    "9007199254740992.99999999999999999999999999999999999999999999999999999999",
    "900719925474099267e-2",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "9999999999999999999",
    "99999999999999999999",
    "1844674407370955161.5",
    "2.2250738585072014e-308",
    "2.2250738585072011e-308",
    "2.2250738585072012e-308",
    "2.225073858507201e-308",
    "2.2250738585072008890e-308",
    "4.9406564584124654e-324",
    "5e-324",
    "3e-324",
    "2e-324",
    "2.4703282292062327e-324",
    "2.4703282292062328e-324",
    "2.47032822920623272088284396434110686182e-324",
    "2.47032822920623272088284396434110686183e-324",
    "7.4109846876186981626485318930233205854758970392148714663837852375101e-324",
    "1.7976931348623157e308",
    "1.7976931348623158e308",
    "1.7976931348623159e308",
    "1.8e308",
    "17976931348623158079372897140530341507993413271003782693617377898044496829276475094664901797"
    "75872070963302864166928879109465555478519404026306574886715058206819089020007083836762738548"
    "45817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711"
    "559699508093042880",
    "17976931348623158079372897140530341507993413271003782693617377898044496829276475094664901797"
    "75872070963302864166928879109465555478519404026306574886715058206819089020007083836762738548"
    "45817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711"
    "559699508093042879.9999",
    "0.500000000000000166533453693773481063544750213623046875",
    "0.5000000000000001665334536937734810635447502136230468749999",
    "3.518437208883201171875e13",
    "62.5364939768271845828",
    "8.10109172351e-10",
    "1.50000000000000011102230246251565",
    "9007199254740991.4999999999999999999999999999999995",
    "30078505129381147446200",
    "1777820000000000000001",
    "0.547126171",
    "1.18973149535723176508575932662800713e4932",
    "6929495644600919.5",
    "3.7455744005952583e15",
    "2.1722e-292",
    "1.448997445238699",
    "5708990770823839207320493820740630171355185e-200",
    "0.000000000000000000000000000000001",
    "1000000000000000000000000000000000000000000000e-44",
    "65535.99999999999999999999999999999999"};

static void test_hard_cases(void)
{
    for (size_t i = 0; i < sizeof hard / sizeof *hard; i++)
        CU_ASSERT(reads_like_strtod(hard[i]));
}

/* What strtod takes and we do not, and an infinity only from too large a number. */
static void test_refused(void)
{
    static const char *const refused[] = {"inf", "-inf", "infinity", "nan", "nan(1)", "NaN",
                                          " 1",  "\t1",  "\n1",      "x",   "- 1"};
    double value = 5.0;

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const char *end = refused[i] + strlen(refused[i]);

        CU_ASSERT_PTR_NULL(number_parse(refused[i], end, &value));
        CU_ASSERT_EQUAL(value, 5.0);
    }
    {
        const char *hex = "0x1p3", *large = "-1e309";

        CU_ASSERT_PTR_EQUAL(number_parse(hex, hex + 5, &value), hex + 1);
        CU_ASSERT_EQUAL(value, 0.0);
        CU_ASSERT_PTR_EQUAL(number_parse(large, large + 6, &value), large + 6);
        CU_ASSERT(isinf(value) && value < 0);
    }
}

/* Digits behind `end` are not there. */
static void test_ends_at_end(void)
{
    const char *text = "123456789.123456789e123";
    char cut[32];

    for (size_t n = 0; n <= strlen(text); n++) {
        double ours = 0, theirs;
        const char *end = number_parse(text, text + n, &ours);

        memcpy(cut, text, n);
        cut[n] = '\0';
        theirs = strtod(cut, NULL);
        CU_ASSERT_EQUAL(end != NULL, n > 0);
        CU_ASSERT_EQUAL(bits_of(ours), bits_of(theirs));
    }
}

static void put_digits(char **p, unsigned n)
{
    unsigned kind = below(8);

    while (n--)
        *(*p)++ = kind == 0 ? '0' : kind == 1 ? '9' : (char)('0' + below(10));
}

static void put_text(char *p)
{
    static const char *const tails[] = {"", "", "", ",1", ";", " ", "e", "E+", ".", "x", "-"};

    if (below(4) == 0)
        *p++ = below(2) ? '-' : '+';
    put_digits(&p, below(16) ? below(22) : below(420));
    if (below(4)) {
        *p++ = '.';
        put_digits(&p, below(16) ? below(22) : below(420));
    }
    if (below(2))
        p += sprintf(p, "e%d", (int)below(800) - 400);
    strcpy(p, tails[below(sizeof tails / sizeof *tails)]);
}

static int read_random_texts(unsigned n)
{
    char text[1024];
    int bad = 0;

    for (unsigned i = 0; i < n && bad < 10; i++) {
        put_text(text);
        bad += !reads_like_strtod(text);
    }
    return bad;
}

static void test_random_texts(void)
{
    random_state = 1;
    CU_ASSERT_EQUAL(read_random_texts(1000000), 0);
}

/* Doubles of all magnitudes with 1 to 17 digits, and what a generator writes. */
static int read_random_doubles(unsigned n)
{
    char text[64];
    int bad = 0;

    for (unsigned i = 0; i < n && bad < 10; i++) {
        double value = below(2) ? random_bits() : (double)(next_random() >> 11) * 0x1p-53 * 10;

        if (!isfinite(value))
            continue;
        (void)snprintf(text, sizeof text, below(2) ? "%.*g" : "%.*f", 1 + (int)below(17),
                       fabs(value) < 1e17 ? value : 1.5);
        bad += !reads_like_strtod(text);
        (void)snprintf(text, sizeof text, "%.*e", (int)below(18), value);
        bad += !reads_like_strtod(text);
    }
    return bad;
}

static void test_random_doubles(void)
{
    random_state = 2;
    CU_ASSERT_EQUAL(read_random_doubles(700000), 0);
}

/* Exactly half-way between two doubles, and a hair beside it: up to 770 digits. */
static void test_half_way(void)
{
    char text[1200];
    int bad = 0;

    random_state = 3;
    for (unsigned i = 0; i < 20000 && bad < 10; i++) {
        uint64_t bits = next_random() & INT64_MAX;
        double value, next;
        size_t len;

        if (below(3) == 0) /* near the subnormals, where most digits are */
            bits &= (UINT64_C(1) << 54) - 1;
        memcpy(&value, &bits, sizeof value);
        bits++;
        memcpy(&next, &bits, sizeof next);
        if (!isfinite(next))
            continue;
        /* A long double has 64 bits of mantissa where it is wider than a double. */
        len = (size_t)snprintf(text, sizeof text, "%.*Le", below(4) ? 780 : (int)below(40),
                               ((long double)value + (long double)next) / 2);
        bad += !reads_like_strtod(text);
        if (len > 800) { /* the last digits are zeros: put something there */
            char *e = strchr(text, 'e');

            e[-1] = '1';
            bad += !reads_like_strtod(text);
        }
    }
    CU_ASSERT_EQUAL(bad, 0);
}

/* Many digits, and zeros that move the point far. */
static void test_long(void)
{
    char text[4000];

    for (unsigned n = 1; n < 1200; n += n < 30 ? 1 : 83) {
        (void)sprintf(text, "%0*d1e%u", (int)n, 0, n);
        CU_ASSERT(reads_like_strtod(text));
        (void)sprintf(text, "1%0*de-%u", (int)n, 0, n);
        CU_ASSERT(reads_like_strtod(text));
        (void)sprintf(text, "0.%0*d1e%u", (int)n, 0, n);
        CU_ASSERT(reads_like_strtod(text));
        (void)sprintf(text, "0.%0*d1e-300", (int)n, 0);
        CU_ASSERT(reads_like_strtod(text));
        /* Half-way but for a last digit, however far behind. */
        (void)sprintf(text, "9007199254740993.%0*d1", (int)n, 0);
        CU_ASSERT(reads_like_strtod(text));
        (void)sprintf(text, "9007199254740993%0*d.0%0*d", (int)n, 0, (int)n, 1);
        CU_ASSERT(reads_like_strtod(text));
    }
}

static void test_row(void)
{
    static const struct {
        const char *text;
        uint32_t n, done;
        size_t at;
    } rows[] = {
        {"1,2,3", 3, 3, 5},     {"1,2,3;4", 3, 3, 5},        {"1,2,3", 2, 2, 3},
        {"1,2", 3, 1, 2},       {"1,2,", 3, 2, 4},           {"1,,3", 3, 1, 2},
        {"", 3, 0, 0},          {"1, 2,3", 3, 1, 2},         {"1,2 ,3", 3, 1, 2},
        {"1,1e999,3", 3, 1, 2}, {"1,nan,3", 3, 1, 2},        {"1,0x1,3", 3, 1, 2},
        {"1;2;3", 3, 0, 0},     {"1e5,-2.5,.5,7", 4, 4, 13}, {"1", 0, 0, 0},
    };
    double row[4];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *p = rows[i].text, *end = p + strlen(p);

        CU_ASSERT_EQUAL(number_parse_row(&p, end, ',', row, rows[i].n), rows[i].done);
        CU_ASSERT_EQUAL(p - rows[i].text, (ptrdiff_t)rows[i].at);
    }
    {
        const char *p = rows[13].text;

        (void)number_parse_row(&p, p + strlen(p), ',', row, 4);
        CU_ASSERT(row[0] == 1e5 && row[1] == -2.5 && row[2] == .5 && row[3] == 7);
    }
}

/* ---- locale ------------------------------------------------------------------------------ */

/* A locale with a decimal comma: an installed one, or one made on the spot. */
static int set_comma_locale(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
    char folder[] = "/tmp/lrhost-locale-XXXXXX", command[256];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (setlocale(LC_NUMERIC, names[i]))
            return 1;
    if (!mkdtemp(folder))
        return 0;
    (void)snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE >%s/log 2>&1",
                   folder, folder);
    if (system(command) == 0 && setenv("LOCPATH", folder, 1) == 0)
        (void)setlocale(LC_NUMERIC, "de_DE");
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) == 0 && localeconv()->decimal_point[0] == ',';
}

static void test_comma_locale(void)
{
    static const char *const texts[] = {
        "1.5",
        "-0.25e3",
        "123456789.123456789123456789",
        "9007199254740993.00000000000000000000000000000000000000000000000000000001",
    };
    const char *comma = "1,5";
    double expected[4], value = 0;
    char text[NUMBER_ROOM + 1];

    for (size_t i = 0; i < 4; i++)
        expected[i] = strtod(texts[i], NULL);
    if (!set_comma_locale()) {
        printf("\nskipped: no locale with a decimal comma, and localedef makes none\n");
        return;
    }
    (void)snprintf(text, sizeof text, "%.1f", 1.5);
    CU_ASSERT_STRING_EQUAL(text, "1,5"); /* the locale is in force */
    for (size_t i = 0; i < 4; i++) {
        const char *end = texts[i] + strlen(texts[i]);

        CU_ASSERT_PTR_EQUAL(number_parse(texts[i], end, &value), end);
        CU_ASSERT_EQUAL(bits_of(value), bits_of(expected[i]));
    }
    text[number_print(1.5, text)] = '\0';
    CU_ASSERT_STRING_EQUAL(text, "1.5");
    CU_ASSERT_PTR_EQUAL(number_parse(comma, comma + 3, &value), comma + 1);
    (void)setlocale(LC_NUMERIC, "C");
}

int main(int argc, char **argv)
{
    CU_TestInfo read[] = {{"hard cases", test_hard_cases},
                          {"refused", test_refused},
                          {"ends at end", test_ends_at_end},
                          {"random texts", test_random_texts},
                          {"random doubles", test_random_doubles},
                          {"half way", test_half_way},
                          {"long", test_long},
                          {"row", test_row},
                          CU_TEST_INFO_NULL};
    CU_TestInfo locale[] = {{"comma", test_comma_locale}, CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"read", NULL, NULL, NULL, NULL, read},
                             {"locale", NULL, NULL, NULL, NULL, locale},
                             CU_SUITE_INFO_NULL};

    return unit_main(suites, argc, argv);
}
