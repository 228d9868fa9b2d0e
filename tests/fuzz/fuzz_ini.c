/* SPDX-License-Identifier: MIT
 *
 * Any bytes as an INI file: no crash, and the promises of config.h hold. The same text is then read
 * as settings through a table that has every type of option.
 *
 * What is checked besides the sanitizers: an error has a sentence and a sentence is an error; names
 * are unique, not empty, trimmed, within their limits; lines lie in the text and rise; every entry
 * that is not broken has a value.
 */
#include <stdlib.h>
#include <string.h>

#include "host/config.h"
#include "host/options.h"

struct values {
    int32_t flag, mode;
    int64_t count, bytes, wait;
    double ratio;
    const char *text, *path, *secret;
    const char *const *list;
    const struct lr_pair *prefix;
};

#define AT(member) offsetof(struct values, member)

static const struct lr_option options[] = {
    {"flag", "d", "no", NULL, NULL, LR_OPT_BOOL, 0, AT(flag), 0},
    {"mode", "d", NULL, NULL, "a|bc", LR_OPT_ENUM, 0, AT(mode), 0},
    {"count", "d", NULL, "-1..9", NULL, LR_OPT_INT, LR_OPT_REQUIRED, AT(count), 0},
    {"bytes", "d", "1MiB", "1..", NULL, LR_OPT_SIZE, 0, AT(bytes), 0},
    {"wait", "d", "1s", "..1h", NULL, LR_OPT_DURATION, 0, AT(wait), 0},
    {"ratio", "d", "0.5", "0..1", NULL, LR_OPT_FLOAT, 0, AT(ratio), 0},
    {"text", "d", NULL, NULL, NULL, LR_OPT_STRING, 0, AT(text), 0},
    {"path", "d", "x", NULL, NULL, LR_OPT_PATH, 0, AT(path), 0},
    {"k.secret", "d", NULL, NULL, NULL, LR_OPT_SECRET, 0, AT(secret), 0},
    {"list", "d", "a, b", NULL, NULL, LR_OPT_LIST, 0, AT(list), 0},
    {"k.", "d", NULL, NULL, NULL, LR_OPT_PREFIX, 0, AT(prefix), 0},
};

static void require(int holds)
{
    if (!holds)
        abort();
}

static int trimmed(const char *text)
{
    size_t n = strlen(text);

    return n > 0 && !strchr(" \t", text[0]) && !strchr(" \t", text[n - 1]);
}

static void check_config(const struct lrh_config *config, uint32_t last_line)
{
    uint32_t line = 0;

    for (uint32_t i = 0; i < config->n_sections; i++) {
        const struct lrh_section *section = &config->sections[i];

        require(trimmed(section->name) && strlen(section->name) <= LRH_CONFIG_NAME);
        require(lrh_config_section(config, section->name) == section);
        require(section->line > line && section->line <= last_line);
        line = section->line;
        for (uint32_t j = 0; j < section->n_entries; j++) {
            const struct lrh_entry *entry = &section->entries[j];

            require(trimmed(entry->key) && strlen(entry->key) <= LRH_CONFIG_KEY);
            require(lrh_section_entry(section, entry->key) == entry && entry->value != NULL);
            require(entry->line > section->line && entry->line <= last_line);
            require(j == 0 || entry->line > section->entries[j - 1].line);
        }
    }
}

static int skip(void *ctx, const char *key)
{
    (void)ctx;
    return strcmp(key, "plugin") == 0;
}

static void check_settings(const struct lrh_config *config, struct lrh_problems *problems)
{
    static const struct lrh_options table = {
        options, sizeof *options, sizeof options / sizeof *options, sizeof(struct values)};
    size_t errors = problems->n_errors;

    for (uint32_t i = 0; i < config->n_sections; i++) {
        const struct lrh_section *section = &config->sections[i];
        const struct lrh_entry *secret = lrh_section_entry(section, "k.secret");
        struct lrh_layer layer = {section, skip, NULL, NULL};
        struct lrh_settings *settings;
        const struct values *values;
        lr_status status;

        /* A fuzzer that opens the files it makes up tests the machine. */
        if (secret && strncmp(secret->value, "file:", 5) == 0)
            continue;
        status = lrh_settings_create(&table, section->name, &layer, 1, "/", section->file,
                                     section->line, problems, &settings);
        require(settings != NULL && (status == LR_OK || problems->n_errors > errors));
        values = lrh_settings_values(settings);
        require(values->mode >= -1 && values->mode <= 1);
        require(values->count == LR_UNSET || (values->count >= -1 && values->count <= 9));
        require(values->bytes >= 1 && values->wait >= 0 && values->wait <= INT64_C(3600000000000));
        require(values->ratio >= 0 && values->ratio <= 1);
        require(values->path[0] == '/');
        for (const struct lr_pair *pair = values->prefix; pair->name; pair++)
            require(*pair->name && pair->value && strcmp(pair->name, "secret") != 0);
        lrh_settings_destroy(settings);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lrh_problems problems = {0};
    struct lrh_config *config;
    uint32_t lines = 1;
    lr_status status;

    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    status = lrh_config_parse("fuzz.ini", data, size, "/", NULL, 0, &problems, &config);
    require(config != NULL && (status == LR_OK) == (problems.n_errors == 0));
    for (size_t i = 0; i < problems.n; i++)
        require(*problems.items[i].text && problems.items[i].line <= lines);
    check_config(config, lines);
    check_settings(config, &problems);
    lrh_config_destroy(config);
    lrh_problems_finish(&problems);
    return 0;
}
