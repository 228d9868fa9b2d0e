/* SPDX-License-Identifier: MIT
 *
 * lrhost list, lrhost describe: what there is, and how it is set.
 *
 * Somebody who asks what a folder holds has not decided yet to run it. Each module is therefore
 * loaded in a process of its own (child.h), which writes its part of the answer; one that crashes,
 * hangs, exits or prints costs a sentence, and the others are still shown. A part of JSON is a line
 * for each plugin (schema.h).
 */
#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue.h"
#include "child.h"
#include "commands.h"
#include "describe.h"
#include "schema.h"

/* ---- in the child ------------------------------------------------------------------------ */

struct question {
    struct lrh_loader *loader;
    const char *name;   /* of the module, or a path */
    const char *plugin; /* "": all of them */
    int format;         /* of describe */
    int names;          /* of list */
    int lines;          /* LRH_LINES_*: of which section and key */
    const char *section, *key;
};

static lr_status list_module(void *ctx, FILE *out, struct lr_error *err)
{
    const struct question *q = ctx;
    const struct lr_module *module = NULL;
    lr_status status = lrh_loader_module(q->loader, q->name, NULL, &module, err);

    for (uint32_t i = 0; status == LR_OK && i < module->n_plugins; i++) {
        const struct lr_plugin *plugin = module->plugins[i];
        int own_name = strcmp(plugin->name, module->name) == 0;

        if (q->names && i > 0 && strcmp(plugin->name, module->plugins[i - 1]->name) == 0)
            continue; /* a source and a sink of one name */
        if (q->names)
            (void)fprintf(out, "%s%s%s\n", module->name, own_name ? "" : "/",
                          own_name ? "" : plugin->name);
        else
            (void)fprintf(out, "%-8s %-12s %s\n", lrh_kind_name(plugin->kind), plugin->name,
                          plugin->summary);
    }
    return status;
}

static void describe_plugin(FILE *out, int format, const struct lr_module *module,
                            const struct lr_plugin *plugin)
{
    const struct lrh_options table = lrh_plugin_options(plugin);
    const char *kind = lrh_kind_name(plugin->kind);
    char name[160];

    if (format == LRH_FORMAT_MARKDOWN) {
        lrh_describe_markdown(out, kind, plugin->name, plugin->summary, &table);
    } else if (format == LRH_FORMAT_TEXT) {
        lrh_describe_text(out, kind, plugin->name, plugin->summary, &table);
    } else {
        (void)snprintf(name, sizeof name, "%s%s%s", module->name,
                       strcmp(module->name, plugin->name) ? "/" : "",
                       strcmp(module->name, plugin->name) ? plugin->name : "");
        lrh_schema_definition(out, kind, name, plugin->summary, &table);
    }
}

static lr_status describe_module(void *ctx, FILE *out, struct lr_error *err)
{
    const struct question *q = ctx;
    const struct lr_module *module = NULL;
    lr_status status = lrh_loader_module(q->loader, q->name, NULL, &module, err);
    int any = 0;

    for (uint32_t i = 0; status == LR_OK && i < module->n_plugins; i++) {
        const struct lr_plugin *plugin = module->plugins[i];

        if (q->plugin[0] && strcmp(q->plugin, plugin->name) != 0)
            continue;
        if (any && q->format != LRH_FORMAT_MAN)
            (void)fputs(q->format == LRH_FORMAT_JSON ? ",\n" : "\n", out);
        any = 1;
        if (q->format != LRH_FORMAT_MAN)
            describe_plugin(out, q->format, module, plugin);
    }
    if (any && q->format == LRH_FORMAT_MAN)
        lrh_describe_man(out, module, q->plugin);
    if (status == LR_OK && !any)
        status =
            lr_fail(err, LR_ECONFIG, "module '%s' has no plugin '%s'", module->name, q->plugin);
    return status;
}

/* ---- in the host ------------------------------------------------------------------------- */

static void say_noise(const char *path, const struct lrh_answer *answer)
{
    if (answer->noise[0])
        (void)fprintf(stderr, "%s prints while it is loaded, which a module must not do: %s\n",
                      path, answer->noise);
}

static void list_file(void *ctx, const char *path)
{
    struct question q = *(const struct question *)ctx;
    struct lr_error err = LR_ERROR_INIT;
    struct lrh_answer answer;
    lr_status status;

    q.name = path;
    status = lrh_child_ask(list_module, &q, path, &answer, &err);
    if (status == LR_OK) {
        say_noise(path, &answer);
        (void)fwrite(answer.text, 1, answer.n, stdout);
    } else if (!q.names) {
        (void)printf("%-8s %-12s cannot be loaded: %s\n", "-", path, err.text);
    }
    lrh_answer_finish(&answer);
}

lr_status lrh_command_list(const struct lrh_run *run, int names, struct lr_error *err)
{
    struct question q = {.loader = run->loader, .plugin = "", .names = names};

    (void)err;
    lrh_loader_each(run->loader, list_file, &q);
    return LR_OK;
}

/* Everything that is described, in parts; printed when it is complete. */
struct description {
    struct question question;
    FILE *out;
    int started; /* something is there already: a separator is due */
};

static void separate(struct description *d)
{
    if (d->started)
        (void)fputs(d->question.format == LRH_FORMAT_JSON ? ",\n" : "\n", d->out);
    d->started = 1;
}

static lr_status describe_path(struct description *d, const char *path, struct lr_error *err)
{
    struct lrh_answer answer;
    lr_status status;

    d->question.name = path;
    status = lrh_child_ask(describe_module, &d->question, path, &answer, err);
    if (status == LR_OK) {
        say_noise(path, &answer);
        separate(d);
        (void)fwrite(answer.text, 1, answer.n, d->out);
    }
    lrh_answer_finish(&answer);
    return status;
}

static void describe_file(void *ctx, const char *path)
{
    struct lr_error err = LR_ERROR_INIT;

    if (describe_path(ctx, path, &err) != LR_OK)
        (void)fprintf(stderr, "left out: %s\n", err.text);
}

/* Is `name` one of "source, sink, monitor"? */
static int names_section(const char *sections, const char *name)
{
    const char *at = strstr(sections, name);
    size_t n = strlen(name);

    return n && at && (at == sections || at[-1] == ' ') && (!at[n] || at[n] == ',');
}

/* The host's own keys of a section, or, with NULL, of every one. In JSON each has its own. */
static void describe_host(struct description *d, const char *name)
{
    for (const struct lrh_host_section *s = lrh_host_sections; s->sections; s++) {
        if (name && !names_section(s->sections, name))
            continue;
        if (d->question.format == LRH_FORMAT_TEXT) {
            separate(d);
            lrh_describe_text(d->out, "section", s->sections, s->summary, s->table);
        } else if (d->question.format == LRH_FORMAT_MARKDOWN) {
            separate(d);
            lrh_describe_markdown(d->out, "section", s->sections, s->summary, s->table);
        } else if (d->question.format == LRH_FORMAT_MAN) {
            lrh_describe_man_section(d->out, s->sections, s->summary, s->table);
        } else {
            for (const char *at = s->sections; *at; at += strspn(at, ", ")) {
                size_t n = strcspn(at, ",");
                char one[64];

                (void)snprintf(one, sizeof one, "%.*s", (int)n, at);
                at += n;
                if (name && strcmp(name, one) != 0)
                    continue;
                separate(d);
                lrh_schema_definition(d->out, "section", one, s->summary, s->table);
            }
        }
    }
}

static lr_status describe_named(struct description *d, const char *name, struct lr_error *err)
{
    struct lrh_wanted wanted;
    char path[LRH_SEARCH_PATH];
    lr_status status;

    for (const struct lrh_host_section *s = lrh_host_sections; s->sections; s++)
        if (names_section(s->sections, name)) {
            describe_host(d, name);
            return LR_OK;
        }
    status = lrh_loader_find(d->question.loader, name, NULL, &wanted, path, err);
    if (status != LR_OK)
        return status;
    d->question.plugin = wanted.plugin;
    return describe_path(d, path, err);
}

lr_status lrh_command_describe(const struct lrh_run *run, const char *name, int format,
                               struct lr_error *err)
{
    struct description d = {.question = {.loader = run->loader, .plugin = "", .format = format}};
    char *parts = NULL;
    size_t n = 0;
    lr_status status = LR_OK;

    if (!name && format == LRH_FORMAT_MAN)
        return lr_fail(err, LR_EUSAGE,
                       "describe --man: name a plugin or a section; a page is about one");
    d.out = open_memstream(&parts, &n);
    if (!d.out)
        return LR_ENOMEM;
    if (name) {
        status = describe_named(&d, name, err);
    } else {
        describe_host(&d, NULL);
        lrh_loader_each(run->loader, describe_file, &d);
    }
    if (fclose(d.out) != 0)
        status = status == LR_OK ? LR_ENOMEM : status;
    if (status == LR_OK && format == LRH_FORMAT_JSON)
        lrh_schema_document(stdout, parts, name == NULL);
    else if (status == LR_OK)
        (void)fwrite(parts, 1, n, stdout);
    free(parts);
    return status;
}

/* ---- lines for completions --------------------------------------------------------------- */

static void put_keys(FILE *out, const struct question *q, const struct lrh_options *table)
{
    for (uint32_t i = 0; i < table->n_options; i++) {
        const struct lr_option *option = lrh_option_at(table, i);

        if (q->lines == LRH_LINES_KEYS)
            (void)fprintf(out, "%s%s\t%s\n", option->name, option->type == LR_OPT_PREFIX ? "" : "=",
                          option->doc);
        else if (strcmp(option->name, q->key) == 0 && option->type == LR_OPT_BOOL)
            (void)fputs("yes\t\nno\t\n", out);
        else if (strcmp(option->name, q->key) == 0 && option->type == LR_OPT_ENUM)
            for (const char *c = option->choices; c && *c; c += *c == '|') {
                int n = (int)strcspn(c, "|");

                (void)fprintf(out, "%.*s\t\n", n, c);
                c += n;
            }
    }
}

static lr_status lines_module(void *ctx, FILE *out, struct lr_error *err)
{
    const struct question *q = ctx;
    const struct lr_module *module = NULL;
    lr_status status = lrh_loader_module(q->loader, q->name, NULL, &module, err);

    for (uint32_t i = 0; status == LR_OK && i < module->n_plugins; i++) {
        const struct lr_plugin *plugin = module->plugins[i];
        const char *kind = lrh_kind_name(plugin->kind);
        const struct lrh_options table = lrh_plugin_options(plugin);
        int own_name = strcmp(plugin->name, module->name) == 0;

        if (q->section &&
            strcmp(strcmp(q->section, "dead_letter") == 0 ? "sink" : q->section, kind) != 0)
            continue;
        if (q->lines != LRH_LINES_NAMES && strcmp(q->key, "plugin") != 0)
            put_keys(out, q, &table);
        else if (q->lines != LRH_LINES_KEYS)
            (void)fprintf(out, "%s%s%s\t%s: %s\n", module->name, own_name ? "" : "/",
                          own_name ? "" : plugin->name, kind, plugin->summary);
    }
    return status;
}

struct lines {
    struct question question;
    FILE *out;
};

static void lines_file(void *ctx, const char *path)
{
    struct lines *lines = ctx;
    struct lr_error err = LR_ERROR_INIT;
    struct lrh_answer answer;

    lines->question.name = path;
    if (lrh_child_ask(lines_module, &lines->question, path, &answer, &err) == LR_OK)
        (void)fwrite(answer.text, 1, answer.n, lines->out);
    lrh_answer_finish(&answer);
}

char *lrh_catalogue_lines(struct lrh_loader *loader, int what, const char *section, const char *key)
{
    struct lines lines = {.question = {.loader = loader,
                                       .plugin = "",
                                       .lines = what,
                                       .section = section,
                                       .key = key ? key : ""}};
    char *text = NULL;
    size_t n = 0;

    lines.out = open_memstream(&text, &n);
    if (!lines.out)
        return NULL;
    for (const struct lrh_host_section *s = lrh_host_sections; section && s->sections; s++)
        if (names_section(s->sections, section))
            put_keys(lines.out, &lines.question, s->table);
    lrh_loader_each(loader, lines_file, &lines);
    if (fclose(lines.out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
