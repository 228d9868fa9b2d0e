/* SPDX-License-Identifier: MIT
 *
 * Numbers in units of 10^-decimals -> the text of a record: "f0,f1,...,fn;label".
 *
 * The digits of a feature are known as an integer, so printing is a matter of cutting it up.
 * The usual case, six decimals and one digit before the point, is eight characters, which are
 * put together in one register from a table of three-digit pieces; everything else takes the
 * plain way.
 */
#ifndef PLUGINS_GENERATOR_PRINT_H
#define PLUGINS_GENERATOR_PRINT_H

#include <stddef.h>
#include <stdint.h>

/* What a number takes at most: sign, 19 digits, point. */
#define PRINT_NUMBER_MAX 21u
/* What print_record may write to per number, separator included. */
#define PRINT_ROOM 24u

struct printer {
    uint32_t decimals;
    uint32_t pieces[1000]; /* "000" .. "999", the first character lowest */
};

void printer_init(struct printer *printer, uint32_t decimals);

/* Writes units * 10^-decimals with all its decimals ("-0.050000"; without a point for 0
 * decimals) and returns the end. */
char *print_units(const struct printer *printer, char *out, int64_t units);

/* Writes a record; `label` NULL: none. `out` has room for (n + 1) * PRINT_ROOM. */
char *print_record(const struct printer *printer, char *out, const int64_t *units, uint32_t n,
                   const int64_t *label);

#endif
