/* SPDX-License-Identifier: MIT
 *
 * The option table as a manual page, in mdoc(7): NAME and SYNOPSIS from the descriptor, one list of
 * options for each plugin of the module. docs/man holds the pages of the plugins that are shipped.
 *
 * A page must be the same whenever it is made, so its date is the release's (DATE of the Makefile).
 * Leaves out what is not in the descriptor: packaging/man.sh puts in what was written by hand.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "loader.h"

#define WIDTH 78

/* ---- text ------------------------------------------------------------------------------------ */

/* A word as itself: no character of it is roff's, or becomes a typographic one. `*quoted` goes from
 * word to word, since backquotes come in pairs; they look like mdoc's .Ql. Returns the number of
 * bytes; `out` NULL: nothing else. */
static size_t put_word(FILE *out, const char *word, size_t n, int *quoted)
{
    size_t size = 0;

    for (const char *c = word; c < word + n; c++) {
        const char *escape = *c == '\\'                    ? "\\e"
                             : *c == '\''                  ? "\\(aq"
                             : *c == '"'                   ? "\\(dq"
                             : *c == '^'                   ? "\\(ha"
                             : *c == '~'                   ? "\\(ti"
                             : *c == '`'                   ? (*quoted ? "\\(cq" : "\\(oq")
                             : *c == '-' && word[0] == '-' ? "\\-" /* of an option */
                                                           : NULL;

        size += escape ? strlen(escape) : 1;
        *quoted ^= *c == '`';
        if (out)
            (void)fprintf(out, "%.*s", escape ? 8 : 1, escape ? escape : c);
    }
    return size;
}

static int ends_sentence(const char *word, size_t n)
{
    while (n > 1 && strchr(")]\"'`", word[n - 1]))
        n--;
    return n > 1 && strchr(".!?", word[n - 1]) != NULL;
}

/* Lines of text, each sentence beginning on one of its own, as mdoc wants it. */
static void put_text(FILE *out, const char *text)
{
    size_t column = 0;
    int quoted = 0;

    for (text += strspn(text, " \n"); *text;) {
        size_t n = strcspn(text, " \n");
        int then = quoted;
        size_t size = put_word(NULL, text, n, &then);

        if (column && column + 1 + size > WIDTH) {
            (void)fputc('\n', out);
            column = 0;
        }
        if (column)
            (void)fputc(' ', out);
        else if (*text == '.')
            (void)fputs("\\&", out); /* else a request */
        (void)put_word(out, text, n, &quoted);
        column += size + (column > 0);
        if (ends_sentence(text, n))
            column = WIDTH;
        text += n;
        text += strspn(text, " \n");
    }
    (void)fputc('\n', out);
}

/* A doc or a summary, which begins with `first`; both may end without a full stop. */
static void put_begun(FILE *out, int first, const char *text)
{
    char *sentence = NULL;

    if (asprintf(&sentence, "%c%s%s", first, text + 1,
                 ends_sentence(text, strlen(text)) ? "" : ".") < 0)
        return;
    put_text(out, sentence);
    free(sentence);
}

static void put_sentence(FILE *out, const char *text)
{
    if (text && *text)
        put_begun(out, *text, text);
}

/* A summary may also begin small; a doc that does begins with a value. */
static void put_summary(FILE *out, const char *text)
{
    if (text && *text)
        put_begun(out, toupper((unsigned char)*text), text);
}

/* One argument of a macro; \& keeps it from being taken for a macro itself. */
static void put_argument(FILE *out, const char *text)
{
    int quoted = 0;

    (void)fputs(strlen(text) <= 2 ? " \"\\&" : " \"", out);
    (void)put_word(out, text, strlen(text), &quoted);
    (void)fputc('"', out);
}

/* ---- options --------------------------------------------------------------------------------- */

static void put_option(FILE *out, const struct lr_option *option)
{
    char name[160], facts[LRH_FACTS], line[LRH_FACTS + 2];
    int literal = option->type == LR_OPT_ENUM || option->type == LR_OPT_BOOL;

    (void)snprintf(name, sizeof name, "%s%s", option->name,
                   option->type == LR_OPT_PREFIX ? "*" : "");
    (void)fputs(".It Cm", out);
    put_argument(out, name);
    (void)fprintf(out, " No = %s", literal ? "Cm" : "Ar");
    put_argument(out, lrh_describe_placeholder(option));
    (void)fputc('\n', out);
    put_sentence(out, option->doc);
    if (*lrh_describe_facts(option, facts, sizeof facts)) {
        (void)snprintf(line, sizeof line, "(%s)", facts);
        put_text(out, line);
    }
}

static void put_options(FILE *out, const struct lrh_options *table)
{
    for (uint32_t advanced = 0; advanced <= LR_OPT_ADVANCED; advanced += LR_OPT_ADVANCED) {
        uint32_t n = 0;

        for (uint32_t i = 0; i < table->n_options; i++) {
            const struct lr_option *option = lrh_option_at(table, i);

            if ((option->flags & LR_OPT_ADVANCED) != advanced)
                continue;
            if (n++ == 0)
                (void)fprintf(out, "%s.Bl -tag -width Ds\n", advanced ? ".Pp\nAdvanced:\n" : "");
            put_option(out, option);
        }
        if (n)
            (void)fputs(".El\n", out);
    }
}

void lrh_describe_man_section(FILE *out, const char *sections, const char *summary,
                              const struct lrh_options *table)
{
    (void)fprintf(out, ".Ss Section%s %s\n", strchr(sections, ',') ? "s" : "", sections);
    put_summary(out, summary);
    put_options(out, table);
}

/* ---- pages ----------------------------------------------------------------------------------- */

static void put_upper(FILE *out, const char *text)
{
    for (; *text; text++)
        (void)fputc(toupper((unsigned char)*text), out);
}

/* What a file says to have the plugin, with the options that it must have. */
static void put_synopsis(FILE *out, const struct lr_module *module, const struct lr_plugin *plugin)
{
    const struct lrh_options table = lrh_plugin_options(plugin);
    int own_name = strcmp(plugin->name, module->name) == 0;

    (void)fprintf(out, "[%s]\nplugin = %s%s%s\n", lrh_kind_name(plugin->kind), module->name,
                  own_name ? "" : "/", own_name ? "" : plugin->name);
    for (uint32_t i = 0; i < table.n_options; i++) {
        const struct lr_option *option = lrh_option_at(&table, i);

        if (option->flags & LR_OPT_REQUIRED)
            (void)fprintf(out, "%s = %s\n", option->name, lrh_describe_placeholder(option));
    }
}

static void put_plugin(FILE *out, const struct lr_plugin *plugin)
{
    const struct lrh_options table = lrh_plugin_options(plugin);

    (void)fprintf(out, ".Ss The %s %s\n", lrh_kind_name(plugin->kind), plugin->name);
    put_summary(out, plugin->summary);
    if (table.n_options == 0)
        (void)fputs("It has no options.\n", out);
    put_options(out, &table);
}

void lrh_describe_man(FILE *out, const struct lr_module *module, const char *plugin)
{
    const struct lr_plugin *chosen[64];
    uint32_t n = 0;

    for (uint32_t i = 0; i < module->n_plugins && n < sizeof chosen / sizeof *chosen; i++)
        if (!plugin[0] || strcmp(plugin, module->plugins[i]->name) == 0)
            chosen[n++] = module->plugins[i];
    (void)fputs(".\\\" SPDX-License-Identifier: MIT\n"
                ".\\\" Made by `lrhost describe --man` from the option table.\n"
                ".Dd " LRHOST_DATE "\n.Dt LRHOST-",
                out);
    put_upper(out, module->name);
    (void)fprintf(out, " 7\n.Os\n.Sh NAME\n.Nm lrhost-%s\n.Nd lrhost", module->name);
    for (uint32_t i = 0; i < n; i++)
        (void)fprintf(out, "%s %s%s", i ? " and" : "", lrh_kind_name(chosen[i]->kind),
                      i + 1 < n ? "" : "\n.Sh SYNOPSIS\n.Bd -literal\n");
    for (uint32_t i = 0; i < n; i++) {
        (void)fputs(i ? "\n" : "", out);
        put_synopsis(out, module, chosen[i]);
    }
    (void)fprintf(out,
                  ".Ed\n.Sh DESCRIPTION\nThe module\n.Sy %s\nof\n.Xr lrhost 1 ,\n"
                  "and what the sections that name it may hold.\n"
                  ".Xr lrhost.ini 5\n"
                  "says how such a file is read and how values are written.\n",
                  module->name);
    for (uint32_t i = 0; i < n; i++)
        put_plugin(out, chosen[i]);
    (void)fputs(".Sh SEE ALSO\n.Xr lrhost 1 ,\n.Xr lrhost.ini 5 ,\n.Xr lrhost-plugin 7\n", out);
}
