/* SPDX-License-Identifier: MIT
 *
 * The columns that codecs name in `columns` and `append`, and where they tell mistakes.
 */
#ifndef COMMON_COLUMNS_H
#define COMMON_COLUMNS_H

#include <stdint.h>

#define COLUMN_FEATURES 0
#define COLUMN_LABEL 1
#define COLUMN_PREDICTION 2
#define COLUMN_T0 3
#define COLUMN_T1 4
#define COLUMN_T2 5
#define COLUMNS 6

const char *column_name(uint32_t column);

/* Every mistake in the settings is told, and counted. */
typedef void mistake_fn(void *ctx, const char *option, const char *message);
struct mistakes {
    mistake_fn *tell;
    void *ctx;
    uint32_t count;
};
__attribute__((format(printf, 3, 4))) void mistake(struct mistakes *mistakes, const char *option,
                                                   const char *format, ...);

/* The option `columns`: COLUMN_* to list[0 .. *n-1]. Returns a bit 1 << COLUMN_* for each. */
uint32_t columns_read(const char *const *names, uint8_t list[COLUMNS], uint32_t *n,
                      struct mistakes *mistakes);

/* The option `append`: nothing for NULL (unset) and for "none"; t1 comes last. */
void columns_append(const char *const *names, uint8_t list[COLUMNS], uint32_t *n,
                    struct mistakes *mistakes);

#endif
