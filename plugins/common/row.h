/* SPDX-License-Identifier: MIT
 *
 * "f0,f1,...,fn" or "f0,f1,...,fn;label" -> doubles: the ordinary record, read in one go. And
 * the way back for some numbers at once.
 *
 * There is more than one way to do it: a scalar one, which is always right and always there, and
 * ways with vector instructions for processors that have them. All give the same bits as
 * number_parse, and so as strtod; tests and fuzzers run each of them. What a vector way does not
 * know (an exponent, a long mantissa, a plus sign) it leaves to the scalar one.
 */
#ifndef COMMON_ROW_H
#define COMMON_ROW_H

#include <stddef.h>
#include <stdint.h>

#include "number.h"

/* Separators are none of what can be part of a number, and differ. */
struct row_format {
    uint32_t n; /* features, at least one */
    char separator;
    char label_separator; /* '\0': no label can follow */
};

/* Reads begin .. end to row[0 .. n-1] and the label, NaN where there is none. Returns 0 for
 * everything that is not plainly such a record of finite numbers; row then holds anything. Reads no
 * byte outside begin .. end. */
typedef int row_read_fn(const struct row_format *format, const char *begin, const char *end,
                        double *row, double *ret_label);

row_read_fn row_read_scalar;

/* The scalar way's second half: from field i (n: the label) at p. */
int row_read_rest(const struct row_format *format, const char *p, const char *end, uint32_t i,
                  double *row, double *ret_label);

/* Numbers at values[j * stride], j = 0 .. n-1, each as number_print does it; `n` is at most
 * ROW_PRINT_MOST. */
#define ROW_PRINT_MOST 8
struct row_text {
    char text[NUMBER_ROOM];
    uint32_t len;
};
typedef void row_print_fn(const double *values, size_t stride, uint32_t n,
                          struct row_text *ret_texts);

/* One way by its number: without `read` where the processor or the build does not have it, and
 * without `print` where number_print is the way. */
#define ROW_WAYS 3
struct row_way {
    const char *name; /* scalar, avx2, avx512 */
    row_read_fn *read;
    row_print_fn *print;
};
struct row_way row_way(uint32_t index);

/* The way with the name, or for NULL and for names that are not here the best one there is. */
struct row_way row_best(const char *name);

/* The environment variable by which tests and benchmarks choose. */
#define ROW_WAY_VARIABLE "LRHOST_SIMD"

#endif
