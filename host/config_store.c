/* SPDX-License-Identifier: MIT
 *
 * Sections and entries as they are added: names unique, the first one kept when something is
 * written twice, so that later checks see a whole configuration. Arrays double at powers of two and
 * move while the text is read; they stand still once the configuration is handed out.
 */
#include "config_store.h"

#include <lrhost/error.h>
#include <stdlib.h>
#include <unistd.h>

#include "arena.h"
#include "expand.h"

struct lrh_config *lrh_config_new(const char *name, const char *folder)
{
    struct lrh_config *config = calloc(1, sizeof *config);
    struct lrh_arena *arena = calloc(1, sizeof *arena);
    char *here = folder ? NULL : getcwd(NULL, 0);

    if (config && arena) {
        const char *from = folder ? folder : here ? here : "/";

        config->memory = arena;
        config->path = lrh_arena_copy(arena, name, strlen(name));
        config->folder = lrh_arena_copy(arena, from, strlen(from));
    } else {
        free(arena);
    }
    free(here);
    if (config && config->path && config->folder)
        return config;
    lrh_config_destroy(config);
    return NULL;
}

void lrh_config_destroy(struct lrh_config *config)
{
    if (!config)
        return;
    for (uint32_t i = 0; i < config->n_sections; i++)
        free(config->sections[i].entries);
    free(config->sections);
    if (config->memory)
        lrh_arena_finish(config->memory);
    free(config->memory);
    free(config);
}

const struct lrh_section *lrh_config_section(const struct lrh_config *config, const char *name)
{
    for (uint32_t i = 0; config && i < config->n_sections; i++)
        if (strcmp(config->sections[i].name, name) == 0)
            return &config->sections[i];
    return NULL;
}

/* Room for one more behind `n` of them; the array, moved or not, or NULL. */
static void *one_more(void *array, uint32_t n, size_t size)
{
    if (n & (n - 1))
        return array;
    return realloc(array, (n ? 2 * (size_t)n : 1) * size);
}

static lr_status add_section(struct lrh_config *config, const char *name, const char *file,
                             uint32_t line)
{
    struct lrh_section *sections =
        one_more(config->sections, config->n_sections, sizeof *config->sections);
    const char *copy = lrh_arena_copy(config->memory, name, strlen(name));

    if (sections)
        config->sections = sections;
    if (!sections || !copy)
        return LR_ENOMEM;
    sections[config->n_sections++] = (struct lrh_section){copy, file, line, 0, NULL};
    return LR_OK;
}

lr_status lrh_config_open(struct lrh_config *config, const char *name, uint32_t line,
                          struct lrh_problems *problems, uint32_t *ret_section)
{
    const struct lrh_section *old = lrh_config_section(config, name);
    lr_status status;

    if (old) {
        lrh_problems_add(problems, config->path, line,
                         "section [%s] occurs twice, the first time in line %u", name, old->line);
        *ret_section = (uint32_t)(old - config->sections);
        return LR_OK;
    }
    status = add_section(config, name, config->path, line);
    if (status == LR_OK)
        *ret_section = config->n_sections - 1;
    return status;
}

/* The entry's value out of its text; what is wrong becomes a problem and the entry broken. */
static lr_status read_value(struct lrh_config *config, const char *section, char *text,
                            int comments, struct lrh_entry *entry, struct lrh_problems *problems)
{
    struct lr_error err = LR_ERROR_INIT;
    char *start = lrh_unquote(text, comments, &err);
    lr_status status =
        start ? lrh_expand(start, config->memory, &entry->value, &entry->environment, &err)
              : LR_ECONFIG;

    if (status != LR_ECONFIG)
        return status;
    lrh_problems_add(problems, entry->file, entry->line, "[%s] '%s': %s", section, entry->key,
                     err.text);
    entry->broken = 1;
    entry->value = lrh_arena_copy(config->memory, text, strlen(text));
    return entry->value ? LR_OK : LR_ENOMEM;
}

static lr_status add_entry(struct lrh_config *config, struct lrh_section *section,
                           const struct lrh_entry *entry)
{
    struct lrh_entry *entries =
        one_more(section->entries, section->n_entries, sizeof *section->entries);
    struct lrh_entry mine = *entry;

    if (entries)
        section->entries = entries;
    mine.key = lrh_arena_copy(config->memory, entry->key, strlen(entry->key));
    if (!entries || !mine.key)
        return LR_ENOMEM;
    entries[section->n_entries++] = mine;
    return LR_OK;
}

lr_status lrh_config_put(struct lrh_config *config, uint32_t section, const char *key, char *value,
                         uint32_t line, struct lrh_problems *problems)
{
    struct lrh_section *into = &config->sections[section];
    const struct lrh_entry *old = lrh_section_entry(into, key);
    struct lrh_entry entry = {.key = key, .file = config->path, .line = line};
    lr_status status;

    if (old) {
        lrh_problems_add(problems, config->path, line,
                         "[%s] '%s' is set twice, the first time in line %u", into->name, key,
                         old->line);
        return LR_OK;
    }
    status = read_value(config, into->name, value, 1, &entry, problems);
    return status == LR_OK ? add_entry(config, into, &entry) : status;
}

/* ---- --set ------------------------------------------------------------------------ */

/* Cuts "section.key=value" into its three parts, in place; 0 when it is none. */
static int split(char *text, char **ret_section, char **ret_key, char **ret_value)
{
    char *equals = strchr(text, '='), *dot, *end;

    if (!equals)
        return 0;
    *equals = '\0';
    dot = strchr(text, '.');
    if (!dot)
        return 0;
    *dot = '\0';
    *ret_section = text + strspn(text, " \t");
    *ret_key = dot + 1 + strspn(dot + 1, " \t");
    *ret_value = equals + 1;
    for (end = dot; end > *ret_section && strchr(" \t", end[-1]);)
        *--end = '\0';
    for (end = equals; end > *ret_key && strchr(" \t", end[-1]);)
        *--end = '\0';
    return **ret_section && **ret_key;
}

lr_status lrh_config_override(struct lrh_config *config, const struct lrh_override *override,
                              struct lrh_problems *problems)
{
    char *copy = lrh_arena_copy(config->memory, override->text, strlen(override->text));
    struct lrh_entry entry = {.file = "--set"}, *old;
    char *name, *key, *value;
    struct lrh_section *section;
    lr_status status;

    if (!copy)
        return LR_ENOMEM;
    if (!split(copy, &name, &key, &value)) {
        lrh_problems_add(problems, "--set", 0, "'%s' is not section.key=value", override->text);
        return LR_OK;
    }
    if (strlen(name) > LRH_CONFIG_NAME || strlen(key) > LRH_CONFIG_KEY) {
        lrh_problems_add(problems, "--set", 0,
                         "'%.60s...': a section has at most %u, a key %u bytes", override->text,
                         LRH_CONFIG_NAME, LRH_CONFIG_KEY);
        return LR_OK;
    }
    if (!lrh_config_section(config, name) && add_section(config, name, "--set", 0) != LR_OK)
        return LR_ENOMEM;
    section = &config->sections[lrh_config_section(config, name) - config->sections];
    entry.key = key;
    status = read_value(config, name, value, 0, &entry, problems);
    if (status != LR_OK)
        return status;
    for (uint32_t i = 0; i < section->n_entries; i++) {
        old = &section->entries[i];
        if (strcmp(old->key, key) == 0) {
            entry.key = old->key;
            *old = entry;
            return LR_OK;
        }
    }
    return add_entry(config, section, &entry);
}
