/* SPDX-License-Identifier: MIT
 *
 * Judges a resolved pipeline: what each plugin says of its settings, whether the guarantee can
 * be kept, what becomes of bad records. No side effects. See pipeline.h.
 */
#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline.h"

const char *lrh_guarantee_name(int32_t guarantee)
{
    static const char *const names[] = {"auto", "at_most_once", "at_least_once", "exactly_once"};

    return guarantee >= 0 && guarantee <= LR_EXACTLY_ONCE ? names[guarantee] : "?";
}

/* Adds a problem at the place of a key, or of its section, or of the file. */
void lrh_pipeline_problem(const struct lrh_pipeline *pipeline, struct lrh_problems *problems,
                          const char *section, const char *key, const char *format, ...)
{
    const struct lrh_section *text = lrh_config_section(pipeline->config, section);
    const struct lrh_entry *entry = text && key ? lrh_section_entry(text, key) : NULL;
    char message[LRH_PROBLEM_TEXT];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (entry)
        lrh_problems_add(problems, entry->file, entry->line, "[%s] %s", section, message);
    else
        lrh_problems_add(problems, text ? text->file : pipeline->config->path,
                         text ? text->line : 0, "[%s] %s", section, message);
}

/* ---- what plugins say ------------------------------------------------------------------- */

struct hearing {
    struct lrh_pipeline *pipeline;
    struct lrh_part *part;
    struct lrh_problems *problems;
};

/* Where the file has it: a default that several parts share is one mistake, said once. */
static const char *section_of(const struct hearing *hearing, const struct lrh_entry *entry)
{
    const struct lrh_config *config = hearing->pipeline->config;

    for (uint32_t i = 0; entry && i < config->n_sections; i++)
        if (lrh_section_entry(&config->sections[i], entry->key) == entry)
            return config->sections[i].name;
    return hearing->part->section;
}

static void hear(const struct hearing *hearing, const char *option, const char *message,
                 int warning)
{
    const struct lrh_part *part = hearing->part;
    const struct lrh_entry *entry = option ? lrh_settings_origin(part->settings, option) : NULL;
    const char *file = entry        ? entry->file
                       : part->text ? part->text->file
                                    : hearing->pipeline->config->path;
    uint32_t line = entry ? entry->line : part->text ? part->text->line : 0;
    const char *section = section_of(hearing, entry);
    char key[160] = "";

    if (option)
        (void)snprintf(key, sizeof key, "'%s': ", option);
    if (warning)
        lrh_problems_warn(hearing->problems, file, line, "[%s] %s%s", section, key, message);
    else
        lrh_problems_add(hearing->problems, file, line, "[%s] %s%s", section, key, message);
}

static void hear_problem(void *ctx, const char *option, const char *message)
{
    hear(ctx, option, message, 0);
}

static void hear_warning(void *ctx, const char *option, const char *message)
{
    hear(ctx, option, message, 1);
}

static void hear_touches(void *ctx, int32_t direction, const char *resource, uint32_t flags)
{
    struct hearing *hearing = ctx;
    struct lrh_pipeline *pipeline = hearing->pipeline;
    struct lrh_touch *grown = realloc(pipeline->touches, (pipeline->n_touches + 1) * sizeof *grown);
    const char *copy = lrh_arena_copy(&pipeline->memory, resource, strlen(resource));

    if (grown)
        pipeline->touches = grown;
    if (!grown || !copy)
        return;
    grown[pipeline->n_touches++] =
        (struct lrh_touch){copy, hearing->part->section, direction, flags, -1};
}

static void ask_plugins(struct lrh_pipeline *pipeline, struct lrh_problems *problems)
{
    for (uint32_t i = 0; i < LRH_PARTS; i++) {
        struct lrh_part *part = &pipeline->parts[i];
        struct hearing hearing = {pipeline, part, problems};
        struct lr_report report = {.size = sizeof report,
                                   .ctx = &hearing,
                                   .problem = hear_problem,
                                   .warning = hear_warning,
                                   .touches = hear_touches,
                                   .guarantee = pipeline->guarantee};

        if (part->plugin && part->plugin->check && part->settings)
            part->plugin->check(lrh_settings_values(part->settings),
                                (uint32_t)pipeline->settings->lanes, &report);
    }
}

/* ---- guarantee -------------------------------------------------------------------------- */

static void judge_exactly_once(struct lrh_pipeline *pipeline, struct lrh_problems *problems)
{
    const struct lrh_part *source_part = &pipeline->parts[LRH_PART_SOURCE];
    const struct lrh_part *sink_part = &pipeline->parts[LRH_PART_SINK];
    const struct lrh_part *dead_part = &pipeline->parts[LRH_PART_DEAD];
    const struct lr_source *source = source_part->plugin->ops;
    const struct lr_sink *sink = sink_part->plugin->ops;
    const struct lr_sink *dead = dead_part->plugin ? dead_part->plugin->ops : NULL;
    int shared = source->transaction_domain && source->group_token &&
                 source->transaction_domain == sink->transaction_domain;

    if (!(source->caps & LR_SOURCE_REPLAY))
        lrh_pipeline_problem(
            pipeline, problems, "pipeline", "guarantee",
            "guarantee = exactly_once needs a source that can be read again; '%s' cannot",
            source_part->name);
    else if (!(sink->caps & LR_SINK_TRANSACTIONS))
        lrh_pipeline_problem(
            pipeline, problems, "pipeline", "guarantee",
            "guarantee = exactly_once needs a sink with transactions; '%s' has none; "
            "at_least_once is what it can give",
            sink_part->name);
    else if (!shared && !(sink->caps & LR_SINK_POSITIONS))
        lrh_pipeline_problem(
            pipeline, problems, "pipeline", "guarantee",
            "guarantee = exactly_once: sink '%s' cannot store the positions of source "
            "'%s' in its transaction",
            sink_part->name, source_part->name);
    if (dead && (sink->caps & LR_SINK_TRANSACTIONS) &&
        (dead_part->plugin != sink_part->plugin || !dead->attach))
        lrh_pipeline_problem(
            pipeline, problems, "dead_letter", "plugin",
            "under exactly_once dead letters travel in the sink's transaction, so this "
            "must be the sink's plugin, '%s', and one that can",
            sink_part->name);
}

/* Plugins are told of it when they judge their settings. */
static void choose_guarantee(struct lrh_pipeline *pipeline)
{
    const struct lr_plugin *source = pipeline->parts[LRH_PART_SOURCE].plugin;

    pipeline->guarantee = pipeline->settings->guarantee;
    if (pipeline->guarantee == 0 && source)
        pipeline->guarantee = ((const struct lr_source *)source->ops)->caps & LR_SOURCE_REPLAY
                                  ? LR_AT_LEAST_ONCE
                                  : LR_AT_MOST_ONCE;
}

static void judge_guarantee(struct lrh_pipeline *pipeline, struct lrh_problems *problems)
{
    const struct lrh_part *source_part = &pipeline->parts[LRH_PART_SOURCE];
    const struct lr_source *source = source_part->plugin->ops;
    int replay = (source->caps & LR_SOURCE_REPLAY) != 0;

    if (pipeline->guarantee == LR_AT_LEAST_ONCE && !replay)
        lrh_pipeline_problem(
            pipeline, problems, "pipeline", "guarantee",
            "guarantee = at_least_once needs a source that can be read again; '%s' "
            "cannot, so at_most_once is what it can give",
            source_part->name);
    if (pipeline->guarantee == LR_EXACTLY_ONCE)
        judge_exactly_once(pipeline, problems);
    if (pipeline->settings->lanes > 1 && !(source->caps & LR_SOURCE_SPLIT))
        lrh_pipeline_problem(
            pipeline, problems, "pipeline", "lanes",
            "lanes = %lld, but source '%s' cannot be dealt out to several; use lanes = 1",
            (long long)pipeline->settings->lanes, source_part->name);
}

void lrh_pipeline_judge_rewind(const struct lrh_pipeline *pipeline, const struct lrh_run *run,
                               struct lrh_problems *problems)
{
    const struct lr_plugin *sink = pipeline->parts[LRH_PART_SINK].plugin;

    if (run->rewind && sink && pipeline->guarantee == LR_EXACTLY_ONCE &&
        (((const struct lr_sink *)sink->ops)->caps & LR_SINK_POSITIONS))
        lrh_problems_add(problems, "--rewind", 0,
                         "it has no effect here: under exactly_once sink '%s' stores the positions "
                         "itself, with what it has written",
                         pipeline->parts[LRH_PART_SINK].name);
}

/* ---- bad records, learning -------------------------------------------------------------- */

static void judge_bad_records(struct lrh_pipeline *pipeline, struct lrh_problems *problems)
{
    const struct lr_sink *sink = pipeline->parts[LRH_PART_SINK].plugin->ops;
    int has_dead = pipeline->parts[LRH_PART_DEAD].text != NULL;
    int decodes = pipeline->parts[LRH_PART_MODEL].plugin || sink->wants || sink->may_want;

    pipeline->on_null = pipeline->settings->on_null + 1;
    pipeline->on_bad = pipeline->settings->on_bad;
    if (pipeline->on_bad == 0)
        pipeline->on_bad = has_dead ? LRH_BAD_DEAD_LETTER : decodes ? 0 : LRH_BAD_FAIL;
    if (pipeline->on_bad == 0)
        lrh_pipeline_problem(pipeline, problems, "pipeline", NULL,
                             "nothing says what becomes of records that cannot be read: set "
                             "on_bad_record = skip or fail, or add a [dead_letter] section");
    if (pipeline->on_bad == LRH_BAD_DEAD_LETTER && !has_dead)
        lrh_pipeline_problem(
            pipeline, problems, "pipeline", "on_bad_record",
            "on_bad_record = dead_letter needs a [dead_letter] section that says where "
            "they go");
    if (pipeline->on_bad != LRH_BAD_DEAD_LETTER && pipeline->on_bad != 0 && has_dead)
        lrh_pipeline_problem(
            pipeline, problems, "dead_letter", NULL,
            "this section is never used with on_bad_record = %s; remove one of the two",
            pipeline->on_bad == LRH_BAD_SKIP ? "skip" : "fail");
    if (has_dead && pipeline->parts[LRH_PART_DEAD].plugin) {
        const struct lr_sink *dead = pipeline->parts[LRH_PART_DEAD].plugin->ops;

        if (!(dead->caps & LR_SINK_BYTES))
            lrh_pipeline_problem(pipeline, problems, "dead_letter", "plugin",
                                 "sink '%s' takes no bytes, so it cannot keep dead letters",
                                 pipeline->parts[LRH_PART_DEAD].name);
    }
}

static void judge_learning(struct lrh_pipeline *pipeline, struct lrh_problems *problems)
{
    const struct lrh_part *part = &pipeline->parts[LRH_PART_MODEL];
    const struct lr_model *model = part->plugin ? part->plugin->ops : NULL;

    if (!pipeline->learn)
        return;
    if (!model || !model->learn)
        lrh_pipeline_problem(pipeline, problems, "model", "learn",
                             "learn = yes, but model '%s' cannot learn from records", part->name);
    else if (pipeline->settings->lanes > 1)
        lrh_pipeline_problem(pipeline, problems, "model", "learn",
                             "learn = yes needs lanes = 1, since lanes share one model");
    else if (pipeline->guarantee == LR_EXACTLY_ONCE && (!model->snapshot || !model->restore))
        lrh_pipeline_problem(
            pipeline, problems, "model", "learn",
            "learn = yes under exactly_once needs a model that can take back what it "
            "learnt; '%s' cannot",
            part->name);
}

void lrh_pipeline_judge(struct lrh_pipeline *pipeline, struct lrh_problems *problems)
{
    choose_guarantee(pipeline);
    ask_plugins(pipeline, problems);
    if (!pipeline->parts[LRH_PART_SOURCE].plugin || !pipeline->parts[LRH_PART_SINK].plugin)
        return; /* said already */
    judge_guarantee(pipeline, problems);
    judge_bad_records(pipeline, problems);
    judge_learning(pipeline, problems);
    if (pipeline->parts[LRH_PART_MODEL].plugin && !pipeline->parts[LRH_PART_CODEC].plugin &&
        pipeline->parts[LRH_PART_CODEC].name &&
        strcmp(pipeline->parts[LRH_PART_CODEC].name, "none") == 0)
        lrh_pipeline_problem(pipeline, problems, "codec", "plugin",
                             "a model needs columns, so the codec cannot be 'none'");
}
