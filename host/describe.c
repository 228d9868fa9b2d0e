/* SPDX-License-Identifier: MIT
 *
 * The option table as documentation: what is parsed and what is documented cannot differ. Ordinary
 * options come first, then the advanced ones, each in the table's order. (JSON: schema.c; manual
 * pages: describe_man.c.)
 */
#include "describe.h"

#include <string.h>

#include "option_value.h"

#define DOC_COLUMN 6
#define WIDTH 92

static const char *or_nothing(const char *text)
{
    return text ? text : "";
}

static int is_advanced(const struct lr_option *option)
{
    return (option->flags & LR_OPT_ADVANCED) != 0;
}

const char *lrh_describe_placeholder(const struct lr_option *option)
{
    static const char *const shown[] = {
        [LR_OPT_BOOL] = "yes|no",
        [LR_OPT_INT] = "NUMBER",
        [LR_OPT_FLOAT] = "NUMBER",
        [LR_OPT_SIZE] = "SIZE",
        [LR_OPT_DURATION] = "DURATION",
        [LR_OPT_STRING] = "TEXT",
        [LR_OPT_PATH] = "PATH",
        [LR_OPT_LIST] = "A, B, ...",
        [LR_OPT_SECRET] = "file:PATH or env:NAME",
        [LR_OPT_PREFIX] = "TEXT",
    };

    if (option->type == LR_OPT_ENUM)
        return or_nothing(option->choices);
    return option->type < sizeof shown / sizeof *shown ? or_nothing(shown[option->type]) : "";
}

static void add_fact(char *text, size_t size, const char *before, const char *fact)
{
    size_t n = strlen(text);

    (void)snprintf(text + n, size - n, "%s%s%s", n ? "; " : "", before, fact);
}

const char *lrh_describe_facts(const struct lr_option *option, char *text, size_t size)
{
    char range[160];

    text[0] = '\0';
    if (option->flags & LR_OPT_REQUIRED)
        add_fact(text, size, "", "required");
    if (option->initial)
        add_fact(text, size, "default: ", *option->initial ? option->initial : "\"\"");
    if (option->range)
        add_fact(text, size, "", lrh_option_range_text(option->range, range, sizeof range));
    if (option->flags & LR_OPT_RELOAD)
        add_fact(text, size, "", "taken over on SIGHUP");
    return text;
}

/* ---- text ---------------------------------------------------------------------------- */

/* Words, wrapped, each line behind DOC_COLUMN blanks. */
static void wrap(FILE *out, const char *text)
{
    size_t column = 0;

    while (*text) {
        size_t n = strcspn(text, " ");

        if (column && column + 1 + n > WIDTH) {
            (void)fputc('\n', out);
            column = 0;
        }
        (void)fprintf(out, "%*s%.*s", column ? 1 : DOC_COLUMN, "", (int)n, text);
        column += (column ? 1 : DOC_COLUMN) + n;
        text += n + strspn(text + n, " ");
    }
    (void)fputc('\n', out);
}

static void text_option(FILE *out, const struct lr_option *option)
{
    char facts[LRH_FACTS];

    (void)fprintf(out, "  %s%s = %s", option->name, option->type == LR_OPT_PREFIX ? "*" : "",
                  lrh_describe_placeholder(option));
    if (*lrh_describe_facts(option, facts, sizeof facts))
        (void)fprintf(out, "  (%s)", facts);
    (void)fputc('\n', out);
    wrap(out, or_nothing(option->doc));
}

void lrh_describe_text(FILE *out, const char *kind, const char *name, const char *summary,
                       const struct lrh_options *table)
{
    (void)fprintf(out, "%s %s: %s\n", kind, name, or_nothing(summary));
    if (table->n_options == 0)
        (void)fputs("\n  (no options)\n", out);
    for (int advanced = 0; advanced < 2; advanced++) {
        int first = 1;

        for (uint32_t i = 0; i < table->n_options; i++) {
            const struct lr_option *option = lrh_option_at(table, i);

            if (is_advanced(option) != advanced)
                continue;
            (void)fputs(first && advanced ? "\nadvanced:\n\n" : first ? "\n" : "", out);
            first = 0;
            text_option(out, option);
        }
    }
}

/* ---- Markdown ------------------------------------------------------------------------ */

/* Text in a table's cell: what Markdown would read as markup gets a backslash. */
static void cell(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("|*_<>`\\[]#", *text))
            (void)fputc('\\', out);
        (void)fputc(*text == '\n' ? ' ' : *text, out);
    }
}

/* The same as code; a '|' would end the cell even there. */
static void code(FILE *out, const char *text)
{
    if (!*text)
        return;
    (void)fputc('`', out);
    for (; *text; text++)
        (void)fputs(*text == '|' ? "\\|" : (const char[]){*text, '\0'}, out);
    (void)fputc('`', out);
}

static void markdown_option(FILE *out, const struct lr_option *option)
{
    char range[160];

    (void)fprintf(out, "| `%s%s` | ", option->name, option->type == LR_OPT_PREFIX ? "*" : "");
    if (option->type == LR_OPT_ENUM)
        code(out, or_nothing(option->choices));
    else
        (void)fputs(or_nothing(lrh_option_type(option->type)), out);
    if (option->range) {
        (void)fputs(", ", out);
        cell(out, lrh_option_range_text(option->range, range, sizeof range));
    }
    (void)fputs(" | ", out);
    if (option->flags & LR_OPT_REQUIRED)
        (void)fputs("*required*", out);
    code(out, or_nothing(option->initial));
    (void)fputs(" | ", out);
    cell(out, or_nothing(option->doc));
    (void)fprintf(out, "%s%s |\n", is_advanced(option) ? " (advanced)" : "",
                  option->flags & LR_OPT_RELOAD ? " (taken over on SIGHUP)" : "");
}

void lrh_describe_markdown(FILE *out, const char *kind, const char *name, const char *summary,
                           const struct lrh_options *table)
{
    (void)fprintf(out, "### %s `%s`\n\n%s.\n\n", kind, name, or_nothing(summary));
    if (table->n_options == 0) {
        (void)fputs("It has no options.\n\n", out);
        return;
    }
    (void)fputs("| Key | Value | Default | Meaning |\n|---|---|---|---|\n", out);
    for (int advanced = 0; advanced < 2; advanced++)
        for (uint32_t i = 0; i < table->n_options; i++)
            if (is_advanced(lrh_option_at(table, i)) == advanced)
                markdown_option(out, lrh_option_at(table, i));
    (void)fputc('\n', out);
}
