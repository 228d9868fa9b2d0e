/* SPDX-License-Identifier: MIT
 *
 * An option table + the sections that speak to it -> typed settings, or every error at once.
 * The same tables serve the host's own sections (see settings.h) and the plugins.
 */
#ifndef LRHOST_OPTIONS_H
#define LRHOST_OPTIONS_H

#include <lrhost/abi.h>

#include "config.h"

/* A table, wherever it comes from. */
struct lrh_options {
    const struct lr_option *options;
    uint32_t option_size;
    uint32_t n_options;
    uint32_t settings_size;
};

static inline struct lrh_options lrh_plugin_options(const struct lr_plugin *plugin)
{
    return (struct lrh_options){plugin->options, plugin->option_size, plugin->n_options,
                                plugin->settings_size};
}

const struct lr_option *lrh_option_at(const struct lrh_options *table, uint32_t i);

/* The option that a key speaks to (exact name, or a PREFIX it begins with), or NULL. */
const struct lr_option *lrh_option_find(const struct lrh_options *table, const char *key);

/* What parses a section besides the plugin's own table: the host's keys of that section
 * ("plugin", "learn", ...). `skip` answers 1 for a key that is somebody else's. */
struct lrh_layer {
    const struct lrh_section *section; /* NULL: nothing there */
    int (*skip)(void *ctx, const char *key);
    void *ctx;
    const struct lrh_options *also; /* names to suggest from besides the table; may be NULL */
};

struct lrh_settings; /* owns the memory */

/* Fills settings from `layers`, the first one wins, then from the table's defaults; without
 * one, a BOOL is no and an ENUM -1 (the others: see LR_UNSET). A value that is wrong leaves
 * the default behind, so that a caller can go on and find more. A key of a layer that is neither
 * in the table nor skipped is an unknown key, with a suggestion. The layers' sections must
 * outlive the settings. `label`: the section's name for messages, "source". `folder`: for PATH
 * options and secrets. `where`: place for "missing" messages;
 * NULL: the text is broken, so nothing is said to be missing. Returns LR_ECONFIG when anything was
 * added to `problems`; *ret_settings is set whenever memory sufficed (NULL on LR_ENOMEM). */
lr_status lrh_settings_create(const struct lrh_options *table, const char *label,
                              const struct lrh_layer *layers, size_t n_layers, const char *folder,
                              const char *where_file, uint32_t where_line,
                              struct lrh_problems *problems, struct lrh_settings **ret_settings);
void lrh_settings_destroy(struct lrh_settings *settings);
/* The memory that the table's offsets speak of. */
const void *lrh_settings_values(const struct lrh_settings *settings);
/* The entry an option took its value from, for messages with a place; NULL: default. A
 * PREFIX option's key is looked up in full ("kafka.linger.ms"). */
const struct lrh_entry *lrh_settings_origin(const struct lrh_settings *settings, const char *key);

/* Judges a table itself: names unique and documented, known types, defaults that parse and
 * lie in range, offsets inside the settings and not shared. A plugin that fails is refused by the
 * loader. */
lr_status lrh_options_judge(const struct lrh_options *table, struct lr_error *err);

/* Text -> value, as the table's types do it, in any locale. On failure `err` holds what is
 * wrong and what is accepted: "'10x' is not a duration (write 100ms, 1.5s, 2min)". */
lr_status lrh_value_int(const char *text, int64_t *ret_value, struct lr_error *err);
lr_status lrh_value_float(const char *text, double *ret_value, struct lr_error *err);
lr_status lrh_value_bool(const char *text, int32_t *ret_value, struct lr_error *err);
lr_status lrh_value_size(const char *text, int64_t *ret_value, struct lr_error *err);
lr_status lrh_value_duration(const char *text, int64_t *ret_value, struct lr_error *err);

#endif
