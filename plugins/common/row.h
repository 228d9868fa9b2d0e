/* SPDX-License-Identifier: MIT
 *
 * "f0,f1,...,fn" or "f0,f1,...,fn;label" -> doubles: the ordinary record, read in one go.
 *
 * There is more than one way to do it: a scalar one, which is always right and always there, and
 * ways with vector instructions for processors that have them. All give the same bits as
 * number_parse, and so as strtod; tests and fuzzers run each of them. What a vector way does not
 * know (an exponent, a long mantissa, a plus sign) it leaves to the scalar one.
 */
#ifndef COMMON_ROW_H
#define COMMON_ROW_H

#include <stdint.h>

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

/* One way by its name; NULL where the processor or the build does not have it. */
#define ROW_WAYS 3
struct row_way {
    const char *name; /* scalar, avx2, avx512 */
    row_read_fn *read;
};
struct row_way row_way(uint32_t index);

/* The way with the name, or for NULL and for names that are not here the best one there is. */
struct row_way row_best(const char *name);

/* The environment variable by which tests and benchmarks choose. */
#define ROW_WAY_VARIABLE "LRHOST_SIMD"

#endif
