/* SPDX-License-Identifier: MIT
 *
 * Text -> number, as options write it: whole numbers, decimal floats, sizes and durations. Nothing
 * here depends on the locale; nothing is rounded without a word (1.5s is exact, 0.1ns is refused);
 * overflow is an error. Units are written out where a letter alone would be ambiguous: is `5m` a
 * minute or a thousandth, is `1K` 1000 or 1024?
 */
#include <errno.h>
#include <locale.h>
#include <lrhost/error.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>

#include "options.h"

__extension__ typedef __int128 wide;

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

lr_status lrh_value_int(const char *text, int64_t *ret_value, struct lr_error *err)
{
    const char *c = text;
    int negative = *c == '-';
    int64_t value = 0;

    c += *c == '-' || *c == '+';
    if (!is_digit(*c))
        goto malformed;
    for (; *c; c++) {
        if (*c == '_' && is_digit(c[-1]) && is_digit(c[1]))
            continue;
        if (!is_digit(*c))
            goto malformed;
        /* Counted downward: INT64_MIN has no positive twin. It is LR_UNSET, and refused. */
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, *c - '0', &value) || value == INT64_MIN)
            return lr_fail(err, LR_ECONFIG, "'%s' is too large for a 64-bit number", text);
    }
    *ret_value = negative ? value : -value;
    return LR_OK;
malformed:
    return lr_fail(err, LR_ECONFIG, "'%s' is not a whole number (write 12, -3 or 1_000_000)", text);
}

/* Steps over the digits; how many there were. */
static size_t digits(const char **at)
{
    const char *from = *at;

    while (is_digit(**at))
        (*at)++;
    return (size_t)(*at - from);
}

lr_status lrh_value_float(const char *text, double *ret_value, struct lr_error *err)
{
    const char *c = text;
    size_t n;
    locale_t plain;
    double value;

    c += *c == '-' || *c == '+';
    n = digits(&c);
    if (*c == '.') {
        c++;
        n += digits(&c);
    }
    if (n && (*c == 'e' || *c == 'E')) {
        c++;
        c += *c == '-' || *c == '+';
        n = digits(&c);
    }
    if (!n || *c)
        return lr_fail(err, LR_ECONFIG, "'%s' is not a number (write 12, 0.5 or 1e-3)", text);
    plain = newlocale(LC_ALL_MASK, "C", (locale_t)0); /* a constant of the C library */
    if (!plain)
        return lr_fail(err, LR_ENOMEM, "out of memory");
    value = strtod_l(text, NULL, plain);
    freelocale(plain);
    if (isinf(value))
        return lr_fail(err, LR_ECONFIG, "'%s' is too large for a 64-bit float", text);
    *ret_value = value;
    return LR_OK;
}

lr_status lrh_value_bool(const char *text, int32_t *ret_value, struct lr_error *err)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};

    for (int32_t i = 0; i < 8; i++) {
        if (strcasecmp(text, words[i]) == 0) {
            *ret_value = i & 1;
            return LR_OK;
        }
    }
    return lr_fail(err, LR_ECONFIG,
                   "'%s' is neither yes nor no (write yes, true, on, 1 or no, "
                   "false, off, 0)",
                   text);
}

/* ---- numbers with a unit ------------------------------------------------------------ */
struct unit {
    const char *name;
    int64_t factor;
};

struct measure {
    const struct unit *units; /* ended by a NULL name */
    const char *is_not;       /* "is not a duration (write ...)" */
    const char *smallest;     /* "a nanosecond" */
};

static const struct unit *find_unit(const struct unit *units, const char *name)
{
    for (; units->name; units++)
        if (strcmp(units->name, name) == 0)
            return units;
    return NULL;
}

static lr_status read_measure(const char *text, const struct measure *measure, int64_t *ret_value,
                              struct lr_error *err)
{
    const struct unit *unit;
    wide value = 0, scale = 1;
    const char *c = text;
    size_t n = 0;

    for (int point = 0; is_digit(*c) || (*c == '.' && !point && n); c++) {
        if (*c == '.') {
            point = 1;
            if (!is_digit(c[1]))
                goto malformed;
            continue;
        }
        n++;
        value = value * 10 + (*c - '0');
        scale *= point ? 10 : 1;
        if (value > INT64_MAX || scale > (wide)INT64_MAX / 10)
            return lr_fail(err, LR_ECONFIG, "'%s' has too many digits", text);
    }
    while (*c == ' ' || *c == '\t')
        c++;
    unit = n ? find_unit(measure->units, c) : NULL;
    if (!unit || (unit->factor == 0 && value != 0))
        goto malformed;
    value *= unit->factor;
    if (value % scale)
        return lr_fail(err, LR_ECONFIG, "'%s' is no whole multiple of %s", text, measure->smallest);
    value /= scale;
    if (value > INT64_MAX)
        return lr_fail(err, LR_ECONFIG, "'%s' is too large", text);
    *ret_value = (int64_t)value;
    return LR_OK;
malformed:
    return lr_fail(err, LR_ECONFIG, "'%s' %s", text, measure->is_not);
}

lr_status lrh_value_size(const char *text, int64_t *ret_value, struct lr_error *err)
{
    static const struct unit units[] = {
        {"", 1},
        {"B", 1},
        {"kB", 1000},
        {"KB", 1000},
        {"MB", 1000000},
        {"GB", 1000000000},
        {"TB", 1000000000000},
        {"KiB", INT64_C(1) << 10},
        {"MiB", INT64_C(1) << 20},
        {"GiB", INT64_C(1) << 30},
        {"TiB", INT64_C(1) << 40},
        {NULL, 0},
    };
    static const struct measure size = {
        units, "is not a size (write 512, 64KiB, 16MiB, 1.5GiB, or kB, MB, GB for powers of 1000)",
        "a byte"};

    return read_measure(text, &size, ret_value, err);
}

lr_status lrh_value_duration(const char *text, int64_t *ret_value, struct lr_error *err)
{
    static const struct unit units[] = {
        {"", 0}, /* only "0" goes without */
        {"ns", 1},
        {"us", 1000},
        {"\u00b5s", 1000}, /* micro sign */
        {"\u03bcs", 1000}, /* Greek mu */
        {"ms", 1000000},
        {"s", 1000000000},
        {"min", 60000000000},
        {"h", 3600000000000},
        {"d", 86400000000000},
        {NULL, 0},
    };
    static const struct measure duration = {
        units, "is not a duration (write 100ms, 1.5s, 2min; units are ns, us, ms, s, min, h, d)",
        "a nanosecond"};

    return read_measure(text, &duration, ret_value, err);
}
