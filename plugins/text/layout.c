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

uint32_t text_layout_init(struct text_layout *layout, const struct text_settings *settings,
                          mistake_fn *problem, void *ctx)
{
    struct mistakes mistakes = {problem, ctx, 0};

    memset(layout, 0, sizeof *layout);
    layout->unit_ns = settings->time_unit ? 1 : 1000000;
    layout->separator = read_separator(settings->separator, "separator", &mistakes);
    layout->feature_separator =
        read_separator(settings->feature_separator, "feature_separator", &mistakes);
    if (layout->separator && layout->separator == layout->feature_separator)
        mistake(&mistakes, "separator",
                "the same as feature_separator: columns and features could not be told apart");
    layout->has = columns_read(settings->columns, layout->columns, &layout->n_columns, &mistakes);
    layout->append_unset = settings->append == NULL;
    columns_append(settings->append, layout->append, &layout->n_append, &mistakes);
    return mistakes.count;
}
