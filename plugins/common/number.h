/* SPDX-License-Identifier: MIT
 *
 * Decimal text <-> numbers: exact, fast, the same under every locale, without allocation.
 *
 * A number is [+-] digits [. digits] [e [+-] digits], with a digit on at least one side of the
 * point; as strtod reads it in the C locale, bit for bit. No blanks, hexadecimal, inf or nan.
 * Nothing here keeps state: any thread may call anything.
 */
#ifndef COMMON_NUMBER_H
#define COMMON_NUMBER_H

#include <stddef.h>
#include <stdint.h>

/* Reads a number at `p`. Returns the end of what it took, or NULL when there is no number; never
 * looks at `end` or beyond. A number too large for a double gives an infinity, which no other text
 * does. */
const char *number_parse(const char *p, const char *end, double *ret);

/* The same for a number that should be all that is left: the bytes from `begin` on may be looked
 * at, too. */
const char *number_parse_last(const char *begin, const char *p, const char *end, double *ret);

/* Reads `n` numbers with exactly one `separator` between them to row[0 .. n-1]. Returns how many
 * it read, and moves *p behind the last one if that is n, else to the begin of the first field
 * that is not a finite number followed by a separator. */
uint32_t number_parse_row(const char **p, const char *end, char separator, double *row, uint32_t n);

/* Reads [+-] digits. NULL: no digits, or out of range. */
const char *number_parse_i64(const char *p, const char *end, int64_t *ret);

/* What the printing functions may write to, of which they fill what they return. */
#define NUMBER_ROOM 32
/* The most that they return. */
#define NUMBER_LONGEST 25

/* The shortest text that reads back as the same double: 2.0, -0.1, 123456.789 for magnitudes of
 * 1e-5 and more and below 1e17, 1e-7 or 1.5e300 beyond; nan, inf, -inf. No final NUL. */
size_t number_print(double value, char *out);

size_t number_print_i64(int64_t value, char *out);

#endif
