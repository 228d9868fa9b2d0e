/* SPDX-License-Identifier: MIT
 *
 * Configuration -> plugins and typed settings, or every mistake at once. See pipeline.h.
 *
 * A section named after a plugin gives defaults to each part that uses the plugin. Its keys
 * may belong to any of them: a key is unknown only when no part's table has it.
 */
#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pipeline.h"
#include "suggest.h"

static const struct {
    const char *section;
    uint32_t kind;
    const char *fallback; /* the plugin without `plugin =`; NULL: it must be named */
} parts[LRH_PARTS] = {
    {"source", LR_SOURCE, NULL},
    {"codec", LR_CODEC, "text"},
    {"engine", LR_ENGINE, "streaming"},
    {"model", LR_MODEL, "none"},
    {"sink", LR_SINK, NULL},
    {"dead_letter", LR_SINK, NULL},
    {"monitor", LR_MONITOR, "none"},
};

static const struct lrh_options *host_keys(uint32_t part)
{
    return part == LRH_PART_MODEL ? &lrh_model_options : &lrh_part_options;
}

/* ---- which plugin ----------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static void resolve_part(struct lrh_pipeline *pipeline, uint32_t i, struct lrh_loader *loader,
                         struct lrh_problems *problems)
{
    struct lrh_part *part = &pipeline->parts[i];
    const struct lrh_config *config = pipeline->config;
    const struct lrh_entry *entry;
    struct lr_error err = LR_ERROR_INIT;

    part->section = parts[i].section;
    part->text = lrh_config_section(config, part->section);
    entry = part->text ? lrh_section_entry(part->text, "plugin") : NULL;
    if (entry && entry->broken)
        return; /* said already */
    part->name = entry ? entry->value : parts[i].fallback;
    if (!part->text && (i == LRH_PART_SOURCE || i == LRH_PART_SINK)) {
        lrh_problems_add(problems, config->path, 0,
                         "there is no [%s] section; it says where records %s", part->section,
                         i == LRH_PART_SOURCE ? "come from" : "go");
        return;
    }
    if (!part->text && i == LRH_PART_DEAD)
        return;
    if (!part->name) {
        lrh_problems_add(problems, part->text->file, part->text->line,
                         "[%s] needs 'plugin' (lrhost list shows which there are)", part->section);
        return;
    }
    if (strcmp(part->name, "none") == 0) {
        if (i != LRH_PART_MODEL && i != LRH_PART_MONITOR && i != LRH_PART_CODEC)
            lrh_problems_add(problems, entry->file, entry->line,
                             "[%s] cannot be 'none'; only codec, model and monitor can",
                             part->section);
        return;
    }
    if (lrh_loader_plugin(loader, parts[i].kind, part->name, config->folder, &part->plugin, &err) !=
        LR_OK)
        lrh_problems_add(problems, entry ? entry->file : config->path, entry ? entry->line : 0,
                         "[%s] %s", part->section, err.text);
}

/* ---- their settings --------------------------------------------------------------------- */

static int is_host_key(void *ctx, const char *key)
{
    return lrh_option_find(ctx, key) != NULL;
}

/* In a section named after a plugin: the key of another part that uses the plugin. */
static int is_other_parts_key(void *ctx, const char *key)
{
    struct lrh_pipeline *pipeline = ctx;

    for (uint32_t i = 0; i < LRH_PARTS; i++) {
        struct lrh_part *part = &pipeline->parts[i];
        struct lrh_options table;

        if (!part->plugin)
            continue;
        table = lrh_plugin_options(part->plugin);
        if (lrh_option_find(&table, key))
            return 1;
    }
    return 0;
}

static void settle_part(struct lrh_pipeline *pipeline, uint32_t i, int32_t quiet,
                        struct lrh_problems *problems)
{
    struct lrh_part *part = &pipeline->parts[i];
    struct lrh_entry be_quiet = {.key = "quiet", .value = "yes", .file = "--quiet"};
    struct lrh_section asked = {"monitor", "--quiet", 0, 1, &be_quiet};
    struct lrh_options table;
    struct lrh_layer layers[3];
    size_t n = 0;

    if (!part->plugin)
        return;
    table = lrh_plugin_options(part->plugin);
    if (quiet && i == LRH_PART_MONITOR && lrh_option_find(&table, "quiet"))
        layers[n++] = (struct lrh_layer){&asked, NULL, NULL, NULL};
    layers[n++] =
        (struct lrh_layer){part->text, is_host_key, (void *)(uintptr_t)host_keys(i), host_keys(i)};
    layers[n++] = (struct lrh_layer){lrh_config_section(pipeline->config, part->plugin->name),
                                     is_other_parts_key, pipeline, NULL};
    (void)lrh_settings_create(&table, part->section, layers, n, pipeline->config->folder,
                              part->text ? part->text->file : pipeline->config->path,
                              part->text ? part->text->line : 0, problems, &part->settings);
}

static void own_settings(struct lrh_pipeline *pipeline, struct lrh_problems *problems)
{
    const struct lrh_config *config = pipeline->config;
    const struct lrh_section *text = lrh_config_section(config, "pipeline");
    const struct lrh_section *model = lrh_config_section(config, "model");
    const struct lrh_entry *learn = model ? lrh_section_entry(model, "learn") : NULL;
    struct lrh_layer layer = {text, NULL, NULL, NULL};
    struct lr_error err = LR_ERROR_INIT;

    if (lrh_settings_create(&lrh_pipeline_options, "pipeline", &layer, 1, config->folder,
                            config->path, 0, problems, &pipeline->own) == LR_ENOMEM)
        return;
    pipeline->settings = lrh_settings_values(pipeline->own);
    if (learn && !learn->broken && lrh_value_bool(learn->value, &pipeline->learn, &err) != LR_OK)
        lrh_problems_add(problems, learn->file, learn->line, "[model] learn: %s", err.text);
    if (pipeline->settings->name)
        (void)snprintf(pipeline->name, sizeof pipeline->name, "%s", pipeline->settings->name);
    else
        (void)snprintf(pipeline->name, sizeof pipeline->name, "%.*s",
                       (int)strcspn(base_name(config->path), "."), base_name(config->path));
    if (pipeline->settings->instance)
        (void)snprintf(pipeline->instance_name, sizeof pipeline->instance_name, "%s",
                       pipeline->settings->instance);
    else if (gethostname(pipeline->instance_name, sizeof pipeline->instance_name - 1) != 0)
        (void)snprintf(pipeline->instance_name, sizeof pipeline->instance_name, "localhost");
}

/* ---- sections --------------------------------------------------------------------------- */

static void judge_sections(const struct lrh_pipeline *pipeline, struct lrh_loader *loader,
                           struct lrh_problems *problems)
{
    const struct lrh_config *config = pipeline->config;

    for (uint32_t s = 0; s < config->n_sections; s++) {
        const struct lrh_section *section = &config->sections[s];
        struct lrh_suggestion near = {section->name, NULL, 0};
        const struct lr_module *module;
        struct lr_error err = LR_ERROR_INIT;
        char text[128];
        int known = strcmp(section->name, "pipeline") == 0;

        lrh_suggest(&near, "pipeline");
        for (uint32_t i = 0; i < LRH_PARTS; i++) {
            const struct lrh_part *part = &pipeline->parts[i];

            lrh_suggest(&near, parts[i].section);
            known |= strcmp(section->name, parts[i].section) == 0;
            if (!part->plugin)
                continue;
            lrh_suggest(&near, part->plugin->name);
            known |= strcmp(section->name, part->plugin->name) == 0;
        }
        if (known)
            continue;
        if (!strchr(section->name, '/') &&
            lrh_loader_module(loader, section->name, config->folder, &module, &err) == LR_OK)
            lrh_problems_warn(problems, section->file, section->line,
                              "no part uses the plugin of [%s]; its settings do nothing",
                              section->name);
        else
            lrh_problems_add(problems, section->file, section->line, "unknown section [%s]%s",
                             section->name, lrh_suggest_text(&near, text, sizeof text));
    }
}

lr_status lrh_pipeline_load(const struct lrh_run *run, const char *path,
                            struct lrh_problems *problems, struct lrh_pipeline **ret_pipeline)
{
    struct lrh_pipeline *pipeline = calloc(1, sizeof *pipeline);
    size_t errors = problems->n_errors;

    if (!pipeline)
        return LR_ENOMEM;
    pipeline->error.size = sizeof pipeline->error;
    pipeline->wake_fd = -1;
    (void)pthread_mutex_init(&pipeline->mutex, NULL);
    (void)pthread_cond_init(&pipeline->turn, NULL);
    (void)lrh_config_load(path, run->overrides, run->n_overrides, problems, &pipeline->config);
    if (!pipeline->config) {
        lrh_pipeline_destroy(pipeline);
        return LR_ECONFIG;
    }
    *ret_pipeline = pipeline;
    own_settings(pipeline, problems);
    if (!pipeline->settings)
        return LR_ENOMEM;
    for (uint32_t i = 0; i < LRH_PARTS; i++)
        resolve_part(pipeline, i, run->loader, problems);
    for (uint32_t i = 0; i < LRH_PARTS; i++)
        settle_part(pipeline, i, run->quiet, problems);
    judge_sections(pipeline, run->loader, problems);
    lrh_pipeline_judge(pipeline, problems);
    return problems->n_errors > errors ? LR_ECONFIG : LR_OK;
}

void lrh_pipeline_destroy(struct lrh_pipeline *pipeline)
{
    if (!pipeline)
        return;
    for (uint32_t i = 0; i < LRH_PARTS; i++)
        lrh_settings_destroy(pipeline->parts[i].settings);
    lrh_settings_destroy(pipeline->own);
    for (uint32_t i = 0; i < pipeline->n_touches; i++)
        free((void *)(uintptr_t)pipeline->touches[i].resource);
    free(pipeline->touches);
    free(pipeline->notes);
    lrh_config_destroy(pipeline->config);
    (void)pthread_mutex_destroy(&pipeline->mutex);
    (void)pthread_cond_destroy(&pipeline->turn);
    free(pipeline);
}
