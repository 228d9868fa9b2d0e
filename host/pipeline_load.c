/* SPDX-License-Identifier: MIT
 *
 * Configuration -> plugins and typed settings, or every mistake at once. See pipeline.h.
 *
 * A section named after a plugin gives defaults to each part that uses the plugin. Its keys
 * may belong to any of them: a key is unknown only when no part's table has it.
 */
#include <limits.h>
#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pipeline.h"
#include "suggest.h"

#define NEEDED 1  /* a pipeline without this section is none */
#define DEFAULT 2 /* without the section the table says which plugin */

static const struct {
    const char *section;
    uint32_t kind;
    uint32_t flags;
    const struct lrh_options *keys; /* of the host */
} parts[LRH_PARTS] = {
    {"source", LR_SOURCE, NEEDED, &lrh_part_options},
    {"codec", LR_CODEC, DEFAULT, &lrh_codec_options},
    {"engine", LR_ENGINE, DEFAULT, &lrh_engine_options},
    {"model", LR_MODEL, 0, &lrh_model_options},
    {"sink", LR_SINK, NEEDED, &lrh_part_options},
    {"dead_letter", LR_SINK, 0, &lrh_part_options},
    {"monitor", LR_MONITOR, 0, &lrh_part_options},
};

/* ---- which plugin ----------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static int is_plugins_key(void *ctx, const char *key)
{
    return lrh_option_find(ctx, key) == NULL;
}

/* The file that a missing key is missing in; NULL: its text is broken, so nobody can say. */
static const char *missing_at(const struct lrh_pipeline *pipeline, const struct lrh_part *part)
{
    if (pipeline->broken_text)
        return NULL;
    return part->text ? part->text->file : pipeline->config->path;
}

/* The host's keys of a section. The plugin's are judged when it is known. */
static void own_part(struct lrh_pipeline *pipeline, uint32_t i, struct lrh_problems *problems)
{
    struct lrh_part *part = &pipeline->parts[i];
    const struct lrh_config *config = pipeline->config;
    struct lrh_layer layer = {NULL, is_plugins_key, (void *)(uintptr_t)parts[i].keys, NULL};

    part->section = parts[i].section;
    part->text = layer.section = lrh_config_section(config, part->section);
    if (part->text || (parts[i].flags & DEFAULT))
        (void)lrh_settings_create(parts[i].keys, part->section, &layer, 1, config->folder,
                                  missing_at(pipeline, part), part->text ? part->text->line : 0,
                                  problems, &part->own);
    else if (parts[i].flags & NEEDED && !pipeline->broken_text)
        lrh_problems_add(problems, config->path, 0,
                         "there is no [%s] section; it says where records %s", part->section,
                         i == LRH_PART_SOURCE ? "come from" : "go");
}

static void resolve_part(struct lrh_pipeline *pipeline, uint32_t i, struct lrh_loader *loader,
                         struct lrh_problems *problems)
{
    struct lrh_part *part = &pipeline->parts[i];
    const struct lrh_part_settings *own;
    const struct lrh_entry *entry;
    struct lr_error err = LR_ERROR_INIT;
    const char *file;
    uint32_t line;
    lr_status status;

    own_part(pipeline, i, problems);
    own = lrh_settings_values(part->own);
    entry = lrh_settings_origin(part->own, "plugin");
    part->name = own ? own->plugin : "none";
    if (!part->name || (entry && entry->broken))
        return; /* said already */
    file = entry ? entry->file : pipeline->config->path;
    line = entry ? entry->line : 0;
    if (strcmp(part->name, "none") == 0) {
        if (part->own && i != LRH_PART_MODEL && i != LRH_PART_MONITOR && i != LRH_PART_CODEC)
            lrh_problems_add(problems, file, line,
                             "[%s] cannot be 'none'; only codec, model and monitor can",
                             part->section);
        return;
    }
    status = lrh_loader_plugin(loader, parts[i].kind, part->name, pipeline->config->folder,
                               &part->plugin, &err);
    pipeline->untrusted |= status == LR_EUNTRUSTED;
    if (status != LR_OK)
        lrh_problems_add(problems, file, line, "[%s] %s", part->section, err.text);
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

/* A layer on top of the file's, for what the command line says to the plugins that know it. */
static size_t ask(struct lrh_part *part, const struct lrh_options *table, const char *key,
                  const char *value, const char *option, struct lrh_layer *layer)
{
    if (!value || !lrh_option_find(table, key))
        return 0;
    part->said = (struct lrh_entry){.key = key, .value = value, .file = option};
    part->asked = (struct lrh_section){part->section, option, 0, 1, &part->said};
    *layer = (struct lrh_layer){&part->asked, NULL, NULL, NULL};
    return 1;
}

/* The section named after the plugin; a name that the host uses itself is not one. */
static const struct lrh_section *defaults(const struct lrh_pipeline *pipeline, const char *plugin)
{
    for (uint32_t i = 0; i < LRH_PARTS; i++)
        if (strcmp(plugin, parts[i].section) == 0)
            return NULL;
    return strcmp(plugin, "pipeline") ? lrh_config_section(pipeline->config, plugin) : NULL;
}

static void settle_part(const struct lrh_run *run, struct lrh_pipeline *pipeline, uint32_t i,
                        struct lrh_problems *problems)
{
    struct lrh_part *part = &pipeline->parts[i];
    struct lrh_options table;
    struct lrh_layer layers[3];
    size_t n = 0;

    if (!part->plugin)
        return;
    table = lrh_plugin_options(part->plugin);
    if (i == LRH_PART_MONITOR)
        n = ask(part, &table, "quiet", run->quiet ? "yes" : NULL, "--quiet", layers);
    else if (i == LRH_PART_SOURCE)
        n = ask(part, &table, "rewind", run->rewind, "--rewind", layers);
    layers[n++] = (struct lrh_layer){part->text, is_host_key, (void *)(uintptr_t)parts[i].keys,
                                     parts[i].keys};
    layers[n++] = (struct lrh_layer){defaults(pipeline, part->plugin->name), is_other_parts_key,
                                     pipeline, NULL};
    (void)lrh_settings_create(&table, part->section, layers, n, pipeline->config->folder,
                              missing_at(pipeline, part), part->text ? part->text->line : 0,
                              problems, &part->settings);
}

/* ---- names ------------------------------------------------------------------------------ */

/* Names become parts of client ids, metrics and log lines. */
static void take_name(struct lrh_pipeline *pipeline, const char *key, const char *text, size_t len,
                      char *name, size_t size, struct lrh_problems *problems)
{
    const struct lrh_entry *entry = lrh_settings_origin(pipeline->own, key);
    const char *file = entry ? entry->file : pipeline->config->path;
    uint32_t line = entry ? entry->line : 0;

    if (len == 0)
        lrh_problems_add(problems, file, line, "[pipeline] '%s' is empty", key);
    else if (len >= size)
        lrh_problems_add(problems, file, line, "[pipeline] '%s' has more than %zu bytes", key,
                         size - 1);
    (void)snprintf(name, size, "%.*s", (int)(len < size ? len : size - 1), text);
}

static void own_settings(struct lrh_pipeline *pipeline, struct lrh_problems *problems)
{
    const struct lrh_config *config = pipeline->config;
    struct lrh_layer layer = {lrh_config_section(config, "pipeline"), NULL, NULL, NULL};
    const char *name = strcmp(config->path, "-") ? base_name(config->path) : "stdin";
    size_t len = strlen(name);
    char host[HOST_NAME_MAX + 1] = "localhost";

    if (lrh_settings_create(&lrh_pipeline_options, "pipeline", &layer, 1, config->folder,
                            config->path, 0, problems, &pipeline->own) == LR_ENOMEM)
        return;
    pipeline->settings = lrh_settings_values(pipeline->own);
    if (len > 4 && strcmp(name + len - 4, ".ini") == 0)
        len -= 4;
    (void)snprintf(pipeline->stem, sizeof pipeline->stem, "%.*s", (int)len, name);
    if (pipeline->settings->name)
        len = strlen(name = pipeline->settings->name);
    take_name(pipeline, "name", name, len, pipeline->name, sizeof pipeline->name, problems);
    if (pipeline->settings->instance)
        name = pipeline->settings->instance;
    else if (gethostname(host, sizeof host) == 0 && host[0])
        name = host;
    else
        name = "localhost";
    take_name(pipeline, "instance", name, strlen(name), pipeline->instance_name,
              sizeof pipeline->instance_name, problems);
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
        if (!strchr(section->name, '/') && !strstr(section->name, ".so") &&
            lrh_loader_module(loader, section->name, config->folder, &module, &err) == LR_OK)
            lrh_problems_warn(problems, section->file, section->line,
                              "no part uses the plugin of [%s]; its settings do nothing",
                              section->name);
        else
            lrh_problems_add(problems, section->file, section->line, "unknown section [%s]%s",
                             section->name, lrh_suggest_text(&near, text, sizeof text));
    }
}

lr_status lrh_pipeline_identify(const struct lrh_run *run, const char *path,
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
        return problems->n_errors > errors ? LR_ECONFIG : LR_ENOMEM;
    }
    *ret_pipeline = pipeline;
    pipeline->broken_text = problems->n_errors > errors;
    own_settings(pipeline, problems);
    return pipeline->settings ? LR_OK : LR_ENOMEM;
}

lr_status lrh_pipeline_load(const struct lrh_run *run, const char *path,
                            struct lrh_problems *problems, struct lrh_pipeline **ret_pipeline)
{
    size_t errors = problems->n_errors;
    lr_status status = lrh_pipeline_identify(run, path, problems, ret_pipeline);
    const struct lrh_model_settings *learn;
    struct lrh_pipeline *pipeline;

    if (status != LR_OK)
        return status;
    pipeline = *ret_pipeline;
    for (uint32_t i = 0; i < LRH_PARTS; i++)
        resolve_part(pipeline, i, run->loader, problems);
    learn = lrh_settings_values(pipeline->parts[LRH_PART_MODEL].own);
    pipeline->learn = learn && learn->learn;
    for (uint32_t i = 0; i < LRH_PARTS; i++)
        settle_part(run, pipeline, i, problems);
    judge_sections(pipeline, run->loader, problems);
    lrh_pipeline_judge(pipeline, problems);
    lrh_pipeline_judge_rewind(pipeline, run, problems);
    if (problems->n_errors == errors)
        return LR_OK;
    return pipeline->untrusted ? LR_EUNTRUSTED : LR_ECONFIG;
}

void lrh_pipeline_destroy(struct lrh_pipeline *pipeline)
{
    if (!pipeline)
        return;
    for (uint32_t i = 0; i < LRH_PARTS; i++) {
        lrh_settings_destroy(pipeline->parts[i].settings);
        lrh_settings_destroy(pipeline->parts[i].own);
    }
    lrh_settings_destroy(pipeline->own);
    free(pipeline->touches);
    free(pipeline->notes);
    lrh_arena_finish(&pipeline->memory);
    lrh_config_destroy(pipeline->config);
    (void)pthread_mutex_destroy(&pipeline->mutex);
    (void)pthread_cond_destroy(&pipeline->turn);
    free(pipeline);
}
