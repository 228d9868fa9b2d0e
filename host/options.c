/* SPDX-License-Identifier: MIT
 *
 * Sections + table -> settings. Options are looked for in the layers one after the other, so that
 * what a section says goes before what a shared section says, and both before the default. Keys are
 * then judged the other way round: each key of each layer must speak to somebody. Nothing stops at
 * the first mistake.
 */
#include "options.h"

#include <lrhost/error.h>
#include <stdlib.h>

#include "arena.h"
#include "option_value.h"
#include "suggest.h"

struct lrh_settings {
    struct lrh_arena arena;
    char *values;
    const struct lrh_entry **origins; /* what was used, in no order */
    size_t n_origins;
};

/* What lrh_settings_create was given, and what it fills. */
struct filling {
    const struct lrh_options *table;
    const char *label;
    const struct lrh_layer *layers;
    size_t n_layers;
    const char *folder;
    const char *where_file;
    uint32_t where_line;
    struct lrh_problems *problems;
    struct lrh_settings *settings;
};

/* ---- the table ------------------------------------------------------------------------ */
const struct lr_option *lrh_option_at(const struct lrh_options *table, uint32_t i)
{
    return (const void *)((const char *)table->options + (size_t)i * table->option_size);
}

static int begins_with(const char *key, const char *prefix)
{
    return strncmp(key, prefix, strlen(prefix)) == 0;
}

const struct lr_option *lrh_option_find(const struct lrh_options *table, const char *key)
{
    const struct lr_option *best = NULL;

    for (uint32_t i = 0; table && i < table->n_options; i++) {
        const struct lr_option *option = lrh_option_at(table, i);

        if (option->type != LR_OPT_PREFIX) {
            if (strcmp(option->name, key) == 0)
                return option;
        } else if (begins_with(key, option->name) && key[strlen(option->name)] &&
                   (!best || strlen(option->name) > strlen(best->name))) {
            best = option;
        }
    }
    return best;
}

/* ---- unknown keys ---------------------------------------------------------------------- */

/* For "kakfa.linger.ms" or "linger.ms" with a prefix "kafka.": what it would be. */
static void suggest_prefixed(struct lrh_suggestion *suggestion, const char *prefix, char *buffer,
                             size_t size)
{
    const char *key = suggestion->word, *dot = strchr(key, '.');
    struct lrh_suggestion head;
    char word[64];

    if (!dot || !dot[1] || suggestion->best)
        return;
    (void)snprintf(word, sizeof word, "%.*s", (int)(dot - key + 1), key);
    head = (struct lrh_suggestion){.word = word};
    lrh_suggest(&head, prefix);
    (void)snprintf(buffer, size, "%s%s", prefix, head.best ? dot + 1 : key);
    suggestion->best = buffer;
    suggestion->distance = strlen(prefix);
}

static void report_unknown(const struct filling *f, const struct lrh_layer *layer,
                           const struct lrh_entry *entry)
{
    struct lrh_suggestion suggestion = {.word = entry->key};
    const struct lrh_options *tables[] = {f->table, layer->also};
    char text[384], prefixed[LRH_CONFIG_KEY + 128];

    for (int t = 0; t < 2; t++)
        for (uint32_t i = 0; tables[t] && i < tables[t]->n_options; i++)
            if (lrh_option_at(tables[t], i)->type != LR_OPT_PREFIX)
                lrh_suggest(&suggestion, lrh_option_at(tables[t], i)->name);
    for (int t = 0; t < 2; t++)
        for (uint32_t i = 0; tables[t] && i < tables[t]->n_options; i++)
            if (lrh_option_at(tables[t], i)->type == LR_OPT_PREFIX)
                suggest_prefixed(&suggestion, lrh_option_at(tables[t], i)->name, prefixed,
                                 sizeof prefixed);
    lrh_problems_add(f->problems, entry->file, entry->line, "[%s] unknown key '%s'%s",
                     layer->section->name, entry->key,
                     lrh_suggest_text(&suggestion, text, sizeof text));
}

static int is_unknown(const struct filling *f, const struct lrh_layer *layer, const char *key)
{
    return !lrh_option_find(f->table, key) && !(layer->skip && layer->skip(layer->ctx, key));
}

/* An unknown key is there for which this option was suggested: it is not missing as well. */
static int mistyped(const struct filling *f, const struct lr_option *option)
{
    for (size_t l = 0; l < f->n_layers; l++) {
        const struct lrh_section *section = f->layers[l].section;

        for (uint32_t i = 0; section && i < section->n_entries; i++) {
            struct lrh_suggestion near = {.word = section->entries[i].key};

            if (!is_unknown(f, &f->layers[l], near.word))
                continue;
            for (uint32_t o = 0; o < f->table->n_options; o++)
                lrh_suggest(&near, lrh_option_at(f->table, o)->name);
            if (near.best && strcmp(near.best, option->name) == 0)
                return 1;
        }
    }
    return 0;
}

static void judge_keys(const struct filling *f)
{
    for (size_t l = 0; l < f->n_layers; l++) {
        const struct lrh_layer *layer = &f->layers[l];

        for (uint32_t i = 0; layer->section && i < layer->section->n_entries; i++) {
            const struct lrh_entry *entry = &layer->section->entries[i];

            if (is_unknown(f, layer, entry->key))
                report_unknown(f, layer, entry);
        }
    }
}

/* ---- values --------------------------------------------------------------------------- */
static const struct lrh_entry *find_entry(const struct filling *f, const char *key,
                                          const struct lrh_layer **ret_layer)
{
    for (size_t l = 0; l < f->n_layers; l++) {
        const struct lrh_entry *entry = lrh_section_entry(f->layers[l].section, key);

        if (entry) {
            *ret_layer = &f->layers[l];
            return entry;
        }
    }
    return NULL;
}

static lr_status fill_prefix(const struct filling *f, const struct lr_option *option)
{
    size_t n = 0, room = 1, cut = strlen(option->name);
    const struct lrh_layer *from;
    struct lr_pair *pairs;

    for (size_t l = 0; l < f->n_layers; l++)
        room += f->layers[l].section ? f->layers[l].section->n_entries : 0;
    pairs = lrh_arena_alloc(&f->settings->arena, room * sizeof *pairs);
    if (!pairs)
        return LR_ENOMEM;
    for (size_t l = 0; l < f->n_layers; l++) {
        const struct lrh_section *section = f->layers[l].section;

        for (uint32_t i = 0; section && i < section->n_entries; i++) {
            const struct lrh_entry *entry = &section->entries[i];

            if (lrh_option_find(f->table, entry->key) != option || entry->broken ||
                find_entry(f, entry->key, &from) != entry)
                continue;
            pairs[n] = (struct lr_pair){
                entry->key + cut, lrh_option_rooted(entry->value, f->folder, &f->settings->arena)};
            if (!pairs[n++].value)
                return LR_ENOMEM;
            f->settings->origins[f->settings->n_origins++] = entry;
        }
    }
    memcpy(f->settings->values + option->offset, &pairs, sizeof pairs);
    return LR_OK;
}

/* What an entry says; the value is untouched where that is wrong. */
static lr_status fill_entry(const struct filling *f, const struct lr_option *option,
                            const struct lrh_entry *entry, const char *section,
                            union lrh_option_value *value)
{
    struct lr_error err = LR_ERROR_INIT;
    lr_status status;

    f->settings->origins[f->settings->n_origins++] = entry;
    if (entry->broken)
        return LR_OK;
    if (!*entry->value && (option->flags & LR_OPT_REQUIRED)) {
        lrh_problems_add(f->problems, entry->file, entry->line,
                         "[%s] '%s' has no value behind its '='", section, option->name);
        return LR_OK;
    }
    status = lrh_option_parse(option, entry->value, f->folder, &f->settings->arena, value, &err);
    if (status == LR_ENOMEM)
        return status;
    if (status != LR_OK)
        lrh_problems_add(f->problems, entry->file, entry->line, "[%s] '%s': %s", section,
                         option->name, err.text);
    else if (option->type == LR_OPT_SECRET && !entry->environment &&
             !lrh_option_is_reference(entry->value))
        lrh_problems_warn(f->problems, entry->file, entry->line,
                          "[%s] '%s' holds a secret in plain text; write file:PATH or env:NAME",
                          section, option->name);
    else if (option->type == LR_OPT_SECRET &&
             lrh_option_is_exposed(entry->value, f->folder, &f->settings->arena))
        lrh_problems_warn(f->problems, entry->file, entry->line,
                          "[%s] '%s': the mode of '%s' lets every user read it; chmod o-r", section,
                          option->name, entry->value + strlen("file:"));
    return LR_OK;
}

static lr_status fill_option(const struct filling *f, const struct lr_option *option)
{
    union lrh_option_value value = lrh_option_unset(option->type);
    const struct lrh_layer *layer = NULL;
    const struct lrh_entry *entry;
    struct lr_error err = LR_ERROR_INIT;
    lr_status status = LR_OK;

    if (option->type == LR_OPT_PREFIX)
        return fill_prefix(f, option);
    if (option->initial)
        status =
            lrh_option_parse(option, option->initial, f->folder, &f->settings->arena, &value, &err);
    if (status == LR_ENOMEM)
        return status;
    if (status != LR_OK)
        lrh_problems_add(f->problems, f->where_file, f->where_line,
                         "[%s] the default of '%s': %s (a defect of its plugin)", f->label,
                         option->name, err.text);
    entry = find_entry(f, option->name, &layer);
    if (entry)
        status = fill_entry(f, option, entry, layer->section->name, &value);
    else if (option->flags & LR_OPT_REQUIRED && f->where_file && !mistyped(f, option))
        lrh_problems_add(f->problems, f->where_file, f->where_line, "[%s] needs '%s' (%s)",
                         f->label, option->name, option->doc);
    memcpy(f->settings->values + option->offset, &value, lrh_option_size(option->type));
    return status == LR_ENOMEM ? status : LR_OK;
}

/* ---- settings ------------------------------------------------------------------------- */
static struct lrh_settings *new_settings(const struct filling *f)
{
    struct lrh_settings *settings = calloc(1, sizeof *settings);
    size_t n = f->table->n_options;

    for (size_t l = 0; l < f->n_layers; l++)
        n += f->layers[l].section ? f->layers[l].section->n_entries : 0;
    if (!settings)
        return NULL;
    settings->values = lrh_arena_alloc(&settings->arena, f->table->settings_size);
    settings->origins = lrh_arena_alloc(&settings->arena, n * sizeof(struct lrh_entry *));
    if (settings->values && settings->origins)
        return settings;
    lrh_settings_destroy(settings);
    return NULL;
}

lr_status lrh_settings_create(const struct lrh_options *table, const char *label,
                              const struct lrh_layer *layers, size_t n_layers, const char *folder,
                              const char *where_file, uint32_t where_line,
                              struct lrh_problems *problems, struct lrh_settings **ret_settings)
{
    struct filling f = {table,      label,      layers,   n_layers, folder,
                        where_file, where_line, problems, NULL};
    size_t errors = problems->n_errors;
    lr_status status = LR_OK;

    *ret_settings = NULL;
    f.settings = new_settings(&f);
    if (!f.settings)
        status = LR_ENOMEM;
    for (uint32_t i = 0; status == LR_OK && i < table->n_options; i++)
        status = fill_option(&f, lrh_option_at(table, i));
    if (status != LR_OK) {
        lrh_settings_destroy(f.settings);
        lrh_problems_add(problems, where_file, where_line, "[%s] out of memory", label);
        return status;
    }
    judge_keys(&f);
    *ret_settings = f.settings;
    return problems->n_errors > errors ? LR_ECONFIG : LR_OK;
}

void lrh_settings_destroy(struct lrh_settings *settings)
{
    if (!settings)
        return;
    lrh_arena_finish(&settings->arena);
    free(settings);
}

const void *lrh_settings_values(const struct lrh_settings *settings)
{
    return settings ? settings->values : NULL;
}

const struct lrh_entry *lrh_settings_origin(const struct lrh_settings *settings, const char *key)
{
    for (size_t i = 0; settings && i < settings->n_origins; i++)
        if (strcmp(settings->origins[i]->key, key) == 0)
            return settings->origins[i];
    return NULL;
}
