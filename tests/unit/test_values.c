/* SPDX-License-Identifier: MIT
 *
 * Text -> numbers, sizes and durations: what is read, what is refused, and the same under a locale
 * with a decimal comma.
 */
#include "unit/unit.h"

#include <locale.h>
#include <lrhost/error.h>
#include <math.h>
#include <string.h>

#include "host/options.h"

/* ---- numbers -------------------------------------------------------------------------- */
#define BAD INT64_MIN
#define S INT64_C(1000000000)

static const struct {
    char type; /* b i s d */
    const char *text;
    int64_t value;
} numbers[] = {
    {'b', "yes", 1},
    {'b', "TRUE", 1},
    {'b', "on", 1},
    {'b', "1", 1},
    {'b', "no", 0},
    {'b', "False", 0},
    {'b', "off", 0},
    {'b', "0", 0},
    {'b', "", BAD},
    {'b', "2", BAD},
    {'b', "y", BAD},
    {'i', "0", 0},
    {'i', "-3", -3},
    {'i', "+3", 3},
    {'i', "1_000_000", 1000000},
    {'i', "007", 7},
    {'i', "9223372036854775807", INT64_MAX},
    {'i', "-9223372036854775807", -INT64_MAX},
    {'i', "-9223372036854775808", BAD}, /* LR_UNSET */
    {'i', "9223372036854775808", BAD},
    {'i', "99999999999999999999999", BAD},
    {'i', "", BAD},
    {'i', "-", BAD},
    {'i', "1_", BAD},
    {'i', "_1", BAD},
    {'i', "1__0", BAD},
    {'i', "1.0", BAD},
    {'i', "0x10", BAD},
    {'i', "1 ", BAD},
    {'i', "1e3", BAD},
    {'s', "0", 0},
    {'s', "512", 512},
    {'s', "512B", 512},
    {'s', "64KiB", 65536},
    {'s', "1kB", 1000},
    {'s', "1KB", 1000},
    {'s', "64 MiB", 64 << 20},
    {'s', "1.5GiB", 3 * (INT64_C(1) << 29)},
    {'s', "2GB", 2 * S},
    {'s', "1TiB", INT64_C(1) << 40},
    {'s', "8388607TiB", INT64_C(8388607) << 40},
    {'s', "8388608TiB", BAD},
    {'s', "1.0001KiB", BAD},
    {'s', "1K", BAD},
    {'s', "1M", BAD},
    {'s', "-1", BAD},
    {'s', "MiB", BAD},
    {'s', ".5MiB", BAD},
    {'s', "1.MiB", BAD},
    {'s', "1.2.3MiB", BAD},
    {'s', "1,5MiB", BAD},
    {'s', "", BAD},
    {'d', "0", 0},
    {'d', "0.0", 0},
    {'d', "100ms", S / 10},
    {'d', "1.5s", 3 * S / 2},
    {'d', "2min", 120 * S},
    {'d', "1h", 3600 * S},
    {'d', "1d", 86400 * S},
    {'d', "7ns", 7},
    {'d', "7us", 7000},
    {'d', "7\u00b5s", 7000},
    {'d', "7\u03bcs", 7000},
    {'d', "0.000000001s", 1},
    {'d', "1 s", S},
    {'d', "0.1ns", BAD},
    {'d', "0.0000000001s", BAD},
    {'d', "100", BAD},
    {'d', "5m", BAD},
    {'d', "-1s", BAD},
    {'d', "1s ", BAD},
    {'d', "1sec", BAD},
    {'d', "9223372036s", INT64_C(9223372036) * S},
    {'d', "9223372037s", BAD},
    {'d', "99999999999999999999s", BAD},
};

static void check_numbers(void)
{
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const char *text = numbers[i].text;
        struct lr_error err = LR_ERROR_INIT;
        int64_t value = -77;
        int32_t yes = -77;
        lr_status status;

        if (numbers[i].type == 'b') {
            status = lrh_value_bool(text, &yes, &err);
            value = yes;
        } else if (numbers[i].type == 'i') {
            status = lrh_value_int(text, &value, &err);
        } else if (numbers[i].type == 's') {
            status = lrh_value_size(text, &value, &err);
        } else {
            status = lrh_value_duration(text, &value, &err);
        }
        CU_ASSERT_EQUAL(status, numbers[i].value == BAD ? LR_ECONFIG : LR_OK);
        CU_ASSERT_EQUAL(value, numbers[i].value == BAD ? -77 : numbers[i].value);
        if (status != LR_OK) { /* the sentence says what was written */
            char quoted[64];

            (void)snprintf(quoted, sizeof quoted, "'%s' ", text);
            CU_ASSERT(strncmp(err.text, quoted, strlen(quoted)) == 0);
        }
    }
}

static const struct {
    const char *text;
    double value; /* NaN: refused */
} floats[] = {
    {"0", 0},
    {"-0.5", -0.5},
    {"+1.25", 1.25},
    {"1e-3", 1e-3},
    {"1E+3", 1000},
    {".5", 0.5},
    {"5.", 5},
    {"0.1", 0.1},
    {"5e-324", 5e-324},
    {"1e-400", 0},
    {"1.7976931348623157e308", 1.7976931348623157e308},
    {"1e309", NAN},
    {"", NAN},
    {".", NAN},
    {"1e", NAN},
    {"1e+", NAN},
    {"0x1p3", NAN},
    {"inf", NAN},
    {"nan", NAN},
    {"1,5", NAN},
    {" 1", NAN},
    {"1 ", NAN},
    {"1d", NAN},
};

static void check_floats(void)
{
    for (size_t i = 0; i < sizeof floats / sizeof *floats; i++) {
        struct lr_error err = LR_ERROR_INIT;
        double value = -77;
        lr_status status = lrh_value_float(floats[i].text, &value, &err);

        CU_ASSERT_EQUAL(status, isnan(floats[i].value) ? LR_ECONFIG : LR_OK);
        CU_ASSERT_EQUAL(value, isnan(floats[i].value) ? -77 : floats[i].value);
    }
}

/* The same under a locale whose decimal point is a comma. */
static void test_comma_locale(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
    char text[8];
    size_t i = 0;

    while (i < 4 && !setlocale(LC_ALL, names[i]))
        i++;
    if (i == 4) {
        (void)printf("\n    skipped: no locale with a decimal comma is installed (de_DE.UTF-8)\n");
        return;
    }
    (void)snprintf(text, sizeof text, "%.1f", 0.5);
    CU_ASSERT_STRING_EQUAL(text, "0,5"); /* it is one indeed */
    check_numbers();
    check_floats();
    CU_ASSERT_PTR_NOT_NULL(setlocale(LC_ALL, "C"));
}

static CU_TestInfo tests[] = {
    {"numbers", check_numbers},
    {"floats", check_floats},
    {"comma locale", test_comma_locale},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"values", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
