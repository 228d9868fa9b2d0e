/* SPDX-License-Identifier: MIT
 *
 * Names of columns -> numbers. Every mistake is told, so that `lrhost check` shows all at once.
 */
#include "columns.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const names_of[COLUMNS] = {"features", "label", "prediction", "t0", "t1", "t2"};

const char *column_name(uint32_t column)
{
    return names_of[column];
}

void mistake(struct mistakes *mistakes, const char *option, const char *format, ...)
{
    char message[256];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    mistakes->tell(mistakes->ctx, option, message);
    mistakes->count++;
}

/* Adds the column that `name` means to a list of *n. */
static void add_column(const char *name, const char *option, uint8_t *list, uint32_t *n,
                       struct mistakes *mistakes)
{
    uint8_t column = 0;

    while (column < COLUMNS && strcmp(name, names_of[column]) != 0)
        column++;
    if (column == COLUMNS) {
        mistake(mistakes, option,
                "'%.40s' is not a column (features, label, prediction, t0, t1, t2)", name);
        return;
    }
    for (uint32_t i = 0; i < *n; i++) {
        if (list[i] == column) {
            mistake(mistakes, option, "'%s' is there twice", name);
            return;
        }
    }
    list[(*n)++] = column;
}

uint32_t columns_read(const char *const *names, uint8_t list[COLUMNS], uint32_t *n,
                      struct mistakes *mistakes)
{
    uint32_t has = 0;

    for (; names && *names; names++)
        add_column(*names, "columns", list, n, mistakes);
    if (*n == 0 && mistakes->count == 0)
        mistake(mistakes, "columns", "names no column; write for example: features, label");
    for (uint32_t i = 0; i < *n; i++)
        has |= 1U << list[i];
    return has;
}

void columns_append(const char *const *names, uint8_t list[COLUMNS], uint32_t *n,
                    struct mistakes *mistakes)
{
    uint8_t named[COLUMNS];
    uint32_t n_named = 0;
    int t1 = 0;

    if (!names || (names[0] && strcmp(names[0], "none") == 0 && !names[1]))
        return;
    for (; *names; names++) {
        if (strcmp(*names, "features") == 0 || strcmp(*names, "label") == 0)
            mistake(mistakes, "append",
                    "'%s' cannot be appended: it stands in the input (prediction, t0, t1, t2, or "
                    "none)",
                    *names);
        else
            add_column(*names, "append", named, &n_named, mistakes);
    }
    for (uint32_t i = 0; i < n_named; i++) {
        if (named[i] == COLUMN_T1)
            t1 = 1;
        else
            list[(*n)++] = named[i];
    }
    if (t1) /* always last: listeners that know nothing else read the last column */
        list[(*n)++] = COLUMN_T1;
}
