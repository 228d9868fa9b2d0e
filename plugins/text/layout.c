/* SPDX-License-Identifier: MIT
 *
 * Settings -> layout. Every mistake is reported, so that `lrhost check` shows all at once; create
 * goes through the same function and refuses on the first.
 *
 * A separator is one byte, given as itself or by name, since an INI file trims blanks and takes
 * " ;" as a comment. What can occur inside a number cannot separate numbers.
 */
#include "text.h"

#include <string.h>

static const char *const column_names[COLUMNS] = {"features", "label", "prediction",
                                                  "t0",       "t1",    "t2"};

const char *text_column_name(uint32_t column)
{
    return column_names[column];
}

struct mistakes {
    text_problem_fn *tell;
    void *ctx;
    uint32_t count;
};

__attribute__((format(printf, 3, 4))) static void
mistake(struct mistakes *mistakes, const char *option, const char *format, ...)
{
    char message[256];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    mistakes->tell(mistakes->ctx, option, message);
    mistakes->count++;
}

static char read_separator(const char *text, const char *option, struct mistakes *mistakes)
{
    static const struct {
        const char *name;
        char byte;
    } names[] = {{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'},
                 {"space", ' '}, {"colon", ':'},     {"pipe", '|'}};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i].name) == 0)
            return names[i].byte;
    if (text[0] == '\0' || text[1] != '\0') {
        mistake(mistakes, option,
                "'%.40s' is not one character (write it, or its name: comma, semicolon, tab, "
                "space, colon, pipe)",
                text);
        return '\0';
    }
    if (strchr("+-.\r\n", text[0]) || (text[0] >= '0' && text[0] <= '9') ||
        ((text[0] | 0x20) >= 'a' && (text[0] | 0x20) <= 'z')) {
        mistake(mistakes, option, "'%s' can be part of a number and cannot separate numbers", text);
        return '\0';
    }
    return text[0];
}

/* Adds the column that `name` means to a list of *n. */
static void add_column(const char *name, const char *option, uint8_t *list, uint32_t *n,
                       struct mistakes *mistakes)
{
    uint8_t column = 0;

    while (column < COLUMNS && strcmp(name, column_names[column]) != 0)
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

static void read_append(struct text_layout *layout, const char *const *names,
                        struct mistakes *mistakes)
{
    uint8_t list[COLUMNS];
    uint32_t n = 0;
    int t1 = 0;

    layout->append_unset = names == NULL;
    if (!names || (names[0] && strcmp(names[0], "none") == 0 && !names[1]))
        return;
    for (; *names; names++) {
        if (strcmp(*names, "features") == 0 || strcmp(*names, "label") == 0)
            mistake(mistakes, "append",
                    "'%s' cannot be appended: it stands in the input (prediction, t0, t1, t2, or "
                    "none)",
                    *names);
        else
            add_column(*names, "append", list, &n, mistakes);
    }
    for (uint32_t i = 0; i < n; i++) {
        if (list[i] == COLUMN_T1)
            t1 = 1;
        else
            layout->append[layout->n_append++] = list[i];
    }
    if (t1) /* always last: listeners that know nothing else read the last column */
        layout->append[layout->n_append++] = COLUMN_T1;
}

uint32_t text_layout_init(struct text_layout *layout, const struct text_settings *settings,
                          text_problem_fn *problem, void *ctx)
{
    struct mistakes mistakes = {problem, ctx, 0};
    const char *const *names = settings->columns;

    memset(layout, 0, sizeof *layout);
    layout->unit_ns = settings->time_unit ? 1 : 1000000;
    layout->separator = read_separator(settings->separator, "separator", &mistakes);
    layout->feature_separator =
        read_separator(settings->feature_separator, "feature_separator", &mistakes);
    if (layout->separator && layout->separator == layout->feature_separator)
        mistake(&mistakes, "separator",
                "the same as feature_separator: columns and features could not be told apart");
    for (; names && *names; names++)
        add_column(*names, "columns", layout->columns, &layout->n_columns, &mistakes);
    if (layout->n_columns == 0 && mistakes.count == 0)
        mistake(&mistakes, "columns", "names no column; write for example: features, label");
    for (uint32_t i = 0; i < layout->n_columns; i++)
        layout->has |= 1U << layout->columns[i];
    read_append(layout, settings->append, &mistakes);
    return mistakes.count;
}
