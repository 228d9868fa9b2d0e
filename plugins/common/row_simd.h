/* SPDX-License-Identifier: MIT
 *
 * The ways of row.h with vector instructions: only for x86-64, only called where the processor
 * has what they are compiled for.
 */
#ifndef COMMON_ROW_SIMD_H
#define COMMON_ROW_SIMD_H

#include "row.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define ROW_SIMD 1
row_read_fn row_read_avx2, row_read_avx512;
row_print_fn row_print_avx512;
#else
#define ROW_SIMD 0
#endif

/* More digits than this behind the point, or all in all, are left to the scalar way. */
#define ROW_DIGITS_8 8
#define ROW_DIGITS_16 16

#endif
