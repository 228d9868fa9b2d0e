/* SPDX-License-Identifier: MIT
 *
 * The scalar way to read a record, and the choice between the ways; see row.h.
 */
#include "row.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "number.h"
#include "row_simd.h"

int row_read_rest(const struct row_format *format, const char *p, const char *end, uint32_t i,
                  double *row, double *ret_label)
{
    const char *begin = p;
    double label = NAN;

    if (i < format->n) {
        if (number_parse_row(&p, end, format->separator, row + i, format->n - i) != format->n - i)
            return 0;
        if (p == end) {
            *ret_label = label;
            return 1;
        }
        if (*p != format->label_separator || !format->label_separator)
            return 0;
        p++;
    }
    if (number_parse_last(begin, p, end, &label) != end || !isfinite(label))
        return 0;
    *ret_label = label;
    return 1;
}

int row_read_scalar(const struct row_format *format, const char *begin, const char *end,
                    double *row, double *ret_label)
{
    return row_read_rest(format, begin, end, 0, row, ret_label);
}

struct row_way row_way(uint32_t index)
{
    struct row_way ways[ROW_WAYS] = {
        {"scalar", row_read_scalar, NULL}, {"avx2", NULL, NULL}, {"avx512", NULL, NULL}};

#if ROW_SIMD
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi"))
        ways[1].read = row_read_avx2;
    if (__builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("avx512vbmi") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512cd") &&
        __builtin_cpu_supports("avx512ifma") && __builtin_cpu_supports("bmi2")) {
        ways[2].read = row_read_avx512;
        ways[2].print = row_print_avx512;
    }
#endif
    return ways[index];
}

struct row_way row_best(const char *name)
{
    struct row_way best = row_way(0);

    for (uint32_t i = 0; i < ROW_WAYS; i++) {
        struct row_way way = row_way(i);

        if (way.read && name && strcmp(way.name, name) == 0)
            return way;
        if (way.read)
            best = way;
    }
    return best;
}
