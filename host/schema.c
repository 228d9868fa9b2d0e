/* SPDX-License-Identifier: MIT
 *
 * See schema.h. A pipeline is an object of sections, a section an object of keys. Values are what
 * JSON has for them, numbers and true or false; sizes and durations as they are written in the INI
 * file, "64MiB", "100ms", or a number. What a schema has no word for is said beside it: x-type,
 * x-range, x-advanced, x-secret, x-reload; these names are a contract.
 *
 * Left out: what holds between keys, which is `lrhost check`'s; and keys that a section takes over
 * from one named after its plugin, [kafka], which must be put together before.
 */
#include "schema.h"

#include <lrhost/error.h>
#include <math.h>
#include <string.h>

#include "escape.h"
#include "option_value.h"

#define AMOUNT "{\"type\":[\"string\",\"integer\"],\"pattern\":\"^[0-9][0-9._]*[ ]*[A-Za-z]*$\""

static const char *shape(uint32_t type)
{
    switch (type) {
    case LR_OPT_BOOL:
        return "{\"type\":\"boolean\"";
    case LR_OPT_INT:
        return "{\"type\":\"integer\"";
    case LR_OPT_FLOAT:
        return "{\"type\":\"number\"";
    case LR_OPT_SIZE:
    case LR_OPT_DURATION:
        return AMOUNT;
    case LR_OPT_LIST:
        return "{\"type\":[\"string\",\"array\"],\"items\":{\"type\":\"string\"}";
    case LR_OPT_SECRET:
        return "{\"type\":\"string\",\"writeOnly\":true";
    case LR_OPT_PREFIX:
        return "{\"type\":[\"string\",\"number\",\"boolean\"]";
    default:
        return "{\"type\":\"string\"";
    }
}

/* A number as JSON writes it, or nothing where the text is none. */
static void number(FILE *out, const char *key, uint32_t type, const char *text)
{
    int64_t whole;
    double real;

    if (type == LR_OPT_INT && lrh_value_int(text, &whole, NULL) == LR_OK)
        (void)fprintf(out, ",\"%s\":%lld", key, (long long)whole);
    if (type == LR_OPT_FLOAT && lrh_value_float(text, &real, NULL) == LR_OK && isfinite(real))
        (void)fprintf(out, ",\"%s\":%.17g", key, real);
}

static void put_default(FILE *out, const struct lr_option *option)
{
    int32_t flag;

    if (!option->initial)
        return;
    if (option->type == LR_OPT_INT || option->type == LR_OPT_FLOAT) {
        number(out, "default", option->type, option->initial);
    } else if (option->type == LR_OPT_BOOL) {
        if (lrh_value_bool(option->initial, &flag, NULL) == LR_OK)
            (void)fprintf(out, ",\"default\":%s", flag ? "true" : "false");
    } else {
        (void)fputs(",\"default\":", out);
        lrh_escape_json(out, option->initial);
    }
}

static void put_range(FILE *out, const struct lr_option *option)
{
    const char *dots = option->range ? strstr(option->range, "..") : NULL;
    char low[64];

    if (!dots)
        return;
    (void)snprintf(low, sizeof low, "%.*s", (int)(dots - option->range), option->range);
    number(out, "minimum", option->type, low);
    number(out, "maximum", option->type, dots + 2);
    (void)fputs(",\"x-range\":", out);
    lrh_escape_json(out, option->range);
}

static void put_choices(FILE *out, const struct lr_option *option)
{
    const char *choice;
    char text[128];
    size_t n;

    if (option->type != LR_OPT_ENUM || !option->choices)
        return;
    for (int32_t i = 0; (choice = lrh_option_choice(option->choices, i, &n)); i++) {
        (void)snprintf(text, sizeof text, "%.*s", (int)n, choice);
        (void)fputs(i ? "," : ",\"enum\":[", out);
        lrh_escape_json(out, text);
    }
    (void)fputc(']', out);
}

static void put_option(FILE *out, const struct lr_option *option)
{
    (void)fputs(shape(option->type), out);
    (void)fputs(",\"description\":", out);
    lrh_escape_json(out, option->doc ? option->doc : "");
    put_choices(out, option);
    put_default(out, option);
    put_range(out, option);
    (void)fprintf(out, ",\"x-type\":\"%s\"%s%s%s}", lrh_option_type(option->type),
                  option->flags & LR_OPT_ADVANCED ? ",\"x-advanced\":true" : "",
                  option->type == LR_OPT_SECRET ? ",\"x-secret\":true" : "",
                  option->flags & LR_OPT_RELOAD ? ",\"x-reload\":true" : "");
}

/* The keys, or those that only begin with a name, which are patterns. `before`: the first's. */
static void put_options(FILE *out, const struct lrh_options *table, int prefixes,
                        const char *before)
{
    for (uint32_t i = 0; i < table->n_options; i++) {
        const struct lr_option *option = lrh_option_at(table, i);

        if ((option->type == LR_OPT_PREFIX) != prefixes)
            continue;
        (void)fprintf(out, "%s\"%s", before, prefixes ? "^" : "");
        for (const char *c = option->name; *c; c++)
            (void)fprintf(out, prefixes && *c == '.' ? "\\\\%c" : "%c", *c);
        (void)fputs("\":", out);
        put_option(out, option);
        before = ",";
    }
}

static void put_required(FILE *out, const struct lrh_options *table)
{
    int n = 0;

    for (uint32_t i = 0; i < table->n_options; i++) {
        const struct lr_option *option = lrh_option_at(table, i);

        if (option->flags & LR_OPT_REQUIRED)
            (void)fprintf(out, "%s\"%s\"", n++ ? "," : ",\"required\":[", option->name);
    }
    (void)fputs(n ? "]" : "", out);
}

void lrh_schema_definition(FILE *out, const char *kind, const char *name, const char *summary,
                           const struct lrh_options *table)
{
    int is_section = strcmp(kind, "section") == 0;

    (void)fprintf(out, "\"%s.", kind);
    for (const char *c = name; *c; c++)
        (void)fputc(*c == '/' ? '.' : *c, out);
    (void)fprintf(out, "\":{\"title\":\"%s %s\",\"description\":", kind, name);
    lrh_escape_json(out, summary ? summary : "");
    (void)fputs(",\"type\":\"object\",\"properties\":{", out);
    if (!is_section)
        (void)fprintf(out, "\"plugin\":{\"const\":\"%s\"}", name);
    put_options(out, table, 0, is_section ? "" : ",");
    (void)fputs("},\"patternProperties\":{", out);
    put_options(out, table, 1, "");
    (void)fputc('}', out);
    put_required(out, table);
    (void)fputc('}', out);
}

/* ---- the document ------------------------------------------------------------------------ */

/* References to the definitions whose key begins with "KIND.", or to all. */
static void put_references(FILE *out, const char *definitions, const char *kind, const char *before)
{
    size_t n = strlen(kind);

    for (const char *at = definitions; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        size_t key = at[0] == '"' ? strcspn(at + 1, "\"") : 0;

        if (key <= n || strncmp(at + 1, kind, n) != 0 || (n > 0 && at[1 + n] != '.'))
            continue;
        (void)fprintf(out, "%s{\"$ref\":\"#/$defs/%.*s\"}", before, (int)key, at + 1);
        before = ",";
    }
}

/* A section with a plugin: the host's keys, and those of one plugin of the kind. A plugin that is
 * given by its path is not known here, so all its keys pass. */
static void put_section(FILE *out, const char *section, const char *kind, int may_be_none,
                        const char *definitions)
{
    (void)fprintf(out,
                  ",\n\"%s\":{\"$ref\":\"#/$defs/section.%s\",\"unevaluatedProperties\":false,"
                  "\"anyOf\":[{\"required\":[\"plugin\"],\"properties\":{\"plugin\":"
                  "{\"pattern\":\"^[.]{0,2}/|[.]so(/|$)\"}},\"additionalProperties\":true}",
                  section, section);
    if (may_be_none)
        (void)fputs(",{\"required\":[\"plugin\"],\"properties\":{\"plugin\":{\"const\":\"none\"}}}",
                    out);
    put_references(out, definitions, kind, ",");
    (void)fputs("]}", out);
}

void lrh_schema_document(FILE *out, const char *definitions, int is_whole)
{
    static const struct {
        const char *section, *kind;
        int may_be_none;
    } sections[] = {{"source", "source", 0},  {"codec", "codec", 1}, {"engine", "engine", 0},
                    {"model", "model", 1},    {"sink", "sink", 0},   {"dead_letter", "sink", 0},
                    {"monitor", "monitor", 0}};

    (void)fputs("{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\n"
                "\"title\":\"lrhost " LRHOST_VERSION "\",\n",
                out);
    if (is_whole) {
        (void)fputs(
            "\"description\":\"A pipeline: an object of sections, each an object of keys. "
            "Put the keys of a section that is named after a plugin into those that use "
            "it first.\",\n\"type\":\"object\",\"additionalProperties\":{\"type\":\"object\"},"
            "\"properties\":{\n\"pipeline\":{\"$ref\":\"#/$defs/section.pipeline\","
            "\"unevaluatedProperties\":false}",
            out);
        for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
            put_section(out, sections[i].section, sections[i].kind, sections[i].may_be_none,
                        definitions);
        (void)fputs("},\n", out);
    } else {
        (void)fputs("\"description\":\"A section, without the host's own keys.\",\n"
                    "\"unevaluatedProperties\":false,\"anyOf\":[",
                    out);
        put_references(out, definitions, "", "");
        (void)fputs("],\n", out);
    }
    (void)fprintf(out, "\"$defs\":{\n%s\n}}\n", definitions);
}
