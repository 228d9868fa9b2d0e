/* SPDX-License-Identifier: MIT
 *
 * The list is kept sorted while it grows: a sentence goes behind the last one that does not come
 * after its place, so sentences of one line stay in the order they were found. A second equal
 * sentence for one place is dropped. File names are stored once each.
 */
#include "problems.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static int same_file(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* The first item of the same file, or n. */
static size_t first_of_file(const struct lrh_problems *problems, const char *file)
{
    size_t i = 0;

    while (i < problems->n && !same_file(problems->items[i].file, file))
        i++;
    return i;
}

static int grow(struct lrh_problems *problems)
{
    size_t room = problems->room ? problems->room * 2 : 16;
    struct lrh_problem *items;

    if (problems->n < problems->room)
        return 1;
    items = realloc(problems->items, room * sizeof *items);
    if (!items)
        return 0;
    problems->items = items;
    problems->room = room;
    return 1;
}

static void add(struct lrh_problems *problems, const char *file, uint32_t line, uint32_t warning,
                const char *text)
{
    size_t first = first_of_file(problems, file), at = first;
    struct lrh_problem item = {NULL, line, warning, NULL};

    for (; at < problems->n && same_file(problems->items[at].file, file); at++) {
        const struct lrh_problem *other = &problems->items[at];

        if (other->line > line)
            break;
        if (other->line == line && other->warning == warning && strcmp(other->text, text) == 0)
            return;
    }
    problems->n_errors += !warning;
    if (problems->n >= LRH_PROBLEMS_MAX || !grow(problems))
        goto dropped;
    item.text = lrh_arena_copy(&problems->memory, text, strlen(text));
    if (file && first < problems->n)
        item.file = problems->items[first].file;
    else if (file)
        item.file = lrh_arena_copy(&problems->memory, file, strlen(file));
    if (!item.text || (file && !item.file))
        goto dropped;
    memmove(problems->items + at + 1, problems->items + at,
            (problems->n - at) * sizeof *problems->items);
    problems->items[at] = item;
    problems->n++;
    return;
dropped:
    problems->n_dropped++;
}

void lrh_problems_add(struct lrh_problems *problems, const char *file, uint32_t line,
                      const char *format, ...)
{
    char text[LRH_PROBLEM_TEXT];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    add(problems, file, line, 0, text);
}

void lrh_problems_warn(struct lrh_problems *problems, const char *file, uint32_t line,
                       const char *format, ...)
{
    char text[LRH_PROBLEM_TEXT];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    add(problems, file, line, 1, text);
}

void lrh_problems_print(const struct lrh_problems *problems, FILE *out)
{
    for (size_t i = 0; i < problems->n; i++) {
        const struct lrh_problem *item = &problems->items[i];

        if (item->file)
            (void)fprintf(out, "%s:", item->file);
        if (item->file && item->line)
            (void)fprintf(out, "%u:", item->line);
        (void)fprintf(out, "%s%s%s\n", item->file ? " " : "", item->warning ? "warning: " : "",
                      item->text);
    }
    if (problems->n_dropped)
        (void)fprintf(out, "... and %zu more\n", problems->n_dropped);
}

void lrh_problems_finish(struct lrh_problems *problems)
{
    free(problems->items);
    lrh_arena_finish(&problems->memory);
    memset(problems, 0, sizeof *problems);
}
