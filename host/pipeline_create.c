/* SPDX-License-Identifier: MIT
 *
 * Instances of a pipeline's parts, and their wiring: which columns are read and by whom they are
 * filled, dead letters attached to the sink, one lane per copy. No threads and no I/O but what
 * describing a model takes. See pipeline.h.
 */
#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>

#include "identity.h"
#include "pipeline.h"

#define FLIGHT_COST 350 /* bytes that a record on its way needs beside its own */
#define FLIGHT_COPIES 2 /* of its bytes: ours, and the client's in a request */
#define FLIGHT_MOST 100000

static const struct lr_sink *sink_ops(const struct lrh_pipeline *pipeline, uint32_t part)
{
    return pipeline->parts[part].plugin ? pipeline->parts[part].plugin->ops : NULL;
}

/* ---- create ----------------------------------------------------------------------------- */

/* What a codec is told must outlive the model: a reload replaces it. */
static const char *const *keep_names(struct lrh_pipeline *pipeline, const char *const *names,
                                     uint32_t n)
{
    const char **copy = names ? lrh_arena_alloc(&pipeline->memory, n * sizeof *copy) : NULL;

    for (uint32_t i = 0; copy && i < n; i++) {
        copy[i] = lrh_arena_copy(&pipeline->memory, names[i], strlen(names[i]));
        if (!copy[i])
            return NULL;
    }
    return copy;
}

static lr_status describe_model(struct lrh_pipeline *pipeline, struct lr_error *err)
{
    struct lr_schema *schema = &pipeline->schema;
    const char *const *features, *const *outputs;
    lr_status status = pipeline->model->ops->describe(pipeline->model->self, schema, err);

    if (status == LR_OK && (schema->n_features == 0 || schema->n_outputs == 0))
        status = lr_fail(err, LR_EINTERNAL, "it takes %u features and gives %u outputs",
                         schema->n_features, schema->n_outputs);
    if (status != LR_OK) {
        lrh_instance_context(pipeline->model_instance, err);
        return status;
    }
    features = schema->feature_names;
    outputs = schema->output_names;
    schema->feature_names = keep_names(pipeline, features, schema->n_features);
    schema->output_names = keep_names(pipeline, outputs, schema->n_outputs);
    if ((features && !schema->feature_names) || (outputs && !schema->output_names))
        return lr_fail(err, LR_ENOMEM, "out of memory for names of columns");
    return LR_OK;
}

static lr_status create_model(struct lrh_pipeline *pipeline, struct lr_error *err)
{
    const struct lrh_part *part = &pipeline->parts[LRH_PART_MODEL];
    lr_status status;

    pipeline->schema = (struct lr_schema){.size = sizeof pipeline->schema};
    if (!part->plugin)
        return LR_OK;
    status = lrh_instance_create(pipeline, part, 0, &pipeline->model_instance, err);
    if (status != LR_OK)
        return status;
    pipeline->model = malloc(sizeof *pipeline->model);
    if (!pipeline->model)
        return lr_fail(err, LR_ENOMEM, "out of memory for the model");
    *pipeline->model = (struct lrh_model_part){part->plugin->ops, pipeline->model_instance->self};
    return describe_model(pipeline, err);
}

/* Which columns are read here, and by whom they are filled. */
static lr_status bind_codec(struct lrh_pipeline *pipeline, struct lrh_instance *codec,
                            struct lr_error *err)
{
    const struct lr_codec *ops = codec->plugin->ops;
    const struct lr_sink *sink = sink_ops(pipeline, LRH_PART_SINK);
    int scored = pipeline->model != NULL;
    uint32_t must = scored ? LR_COLUMN_FEATURES : 0, wanted, given = 0;
    lr_status status;

    must |= pipeline->learn ? LR_COLUMN_LABEL : 0;
    must |= sink->wants;
    if (scored)
        must &= ~LR_COLUMN_OUTPUTS;
    wanted = must | (scored ? sink->may_want & ~LR_COLUMN_OUTPUTS : sink->may_want);
    status = ops->bind(codec->self, &pipeline->schema, wanted, scored, &given, err);
    if (status != LR_OK) {
        lrh_instance_context(codec, err);
        return status;
    }
    given |= LR_COLUMN_T0 | LR_COLUMN_T1; /* the host fills them */
    if (must & ~given)
        return lr_fail(err, LR_ECONFIG,
                       "codec '%s' does not give the %s that %s needs; see its option 'columns'",
                       codec->plugin->name,
                       must & ~given & LR_COLUMN_FEATURES ? "features"
                       : must & ~given & LR_COLUMN_LABEL  ? "label"
                                                          : "predictions",
                       scored ? "the model" : "the sink");
    pipeline->decode = must != 0 || (wanted & given) != 0;
    pipeline->encode = (scored || given & LR_COLUMN_ENCODED) && (sink->caps & LR_SINK_BYTES);
    return LR_OK;
}

static int codec_needed(const struct lrh_pipeline *pipeline)
{
    const struct lr_sink *sink = sink_ops(pipeline, LRH_PART_SINK);

    return pipeline->parts[LRH_PART_CODEC].plugin &&
           (pipeline->model || sink->wants || sink->may_want ||
            pipeline->parts[LRH_PART_CODEC].text);
}

static lr_status create_instances(struct lrh_pipeline *pipeline, struct lrh_lane_thread *thread,
                                  uint32_t index, struct lr_error *err)
{
    static const uint32_t order[] = {LRH_PART_SOURCE, LRH_PART_SINK, LRH_PART_DEAD, LRH_PART_CODEC,
                                     LRH_PART_ENGINE};
    lr_status status = LR_OK;

    for (size_t i = 0; i < sizeof order / sizeof order[0] && status == LR_OK; i++) {
        const struct lrh_part *part = &pipeline->parts[order[i]];

        if (!part->plugin || (order[i] == LRH_PART_CODEC && !codec_needed(pipeline)))
            continue;
        status = lrh_instance_create(pipeline, part, index, &thread->instances[order[i]], err);
        if (status == LR_OK && order[i] == LRH_PART_CODEC)
            status = bind_codec(pipeline, thread->instances[order[i]], err);
    }
    if (status == LR_OK && thread->instances[LRH_PART_DEAD] &&
        pipeline->parts[LRH_PART_DEAD].plugin == pipeline->parts[LRH_PART_SINK].plugin &&
        sink_ops(pipeline, LRH_PART_DEAD)->attach) {
        status = sink_ops(pipeline, LRH_PART_DEAD)
                     ->attach(thread->instances[LRH_PART_DEAD]->self,
                              thread->instances[LRH_PART_SINK]->self, err);
        if (status != LR_OK)
            lrh_instance_context(thread->instances[LRH_PART_DEAD], err);
    }
    return status;
}

static void lane_log(void *ctx, int32_t level, const char *message)
{
    struct lrh_lane_thread *thread = ctx;
    struct lrh_log_from from = {thread->pipeline->name, "lane",
                                (int32_t)(thread - thread->pipeline->lanes)};

    lrh_log_write(thread->pipeline->log, &from, level, message);
}

static void lane_progress(void *ctx, const struct lr_progress *progress)
{
    lrh_pipeline_note(((struct lrh_lane_thread *)ctx)->pipeline, progress);
}

static lr_status lane_restart_sink(void *ctx, struct lr_error *err)
{
    struct lrh_lane_thread *thread = ctx;
    struct lrh_instance *sink = thread->instances[LRH_PART_SINK];
    struct lrh_instance *dead = thread->instances[LRH_PART_DEAD];
    int64_t now = thread->pipeline->system->monotonic_ns(thread->pipeline->system->ctx);
    lr_status status;

    lrh_instance_stop(dead, now);
    lrh_instance_stop(sink, now);
    status = lrh_instance_start(sink, err);
    return status == LR_OK && dead ? lrh_instance_start(dead, err) : status;
}

int64_t lrh_pipeline_budget(const struct lrh_pipeline *pipeline)
{
    return pipeline->settings->memory / 2 / pipeline->settings->lanes;
}

/* What may be unsettled: as the user says, else what a lane's part of the memory holds. */
static void bound_flights(const struct lrh_pipeline *pipeline, struct lrh_lane_config *config)
{
    int64_t budget = lrh_pipeline_budget(pipeline), records = budget / 2 / FLIGHT_COST;

    if (records > FLIGHT_MOST)
        records = FLIGHT_MOST;
    config->max_in_flight = pipeline->settings->max_in_flight;
    config->max_in_flight_bytes = pipeline->settings->max_in_flight_bytes;
    if (config->max_in_flight <= 0)
        config->max_in_flight = records > 1 ? records : 1;
    if (config->max_in_flight_bytes <= 0)
        config->max_in_flight_bytes = budget / 2 / FLIGHT_COPIES;
}

static lr_status create_lane(struct lrh_pipeline *pipeline, uint32_t index, struct lr_error *err)
{
    struct lrh_lane_thread *thread = &pipeline->lanes[index];
    struct lrh_instance *const *of = thread->instances;
    struct lrh_lane_config config = {0};
    lr_status status;

    thread->pipeline = pipeline;
    status = create_instances(pipeline, thread, index, err);
    if (status != LR_OK)
        return status;
    config.index = index;
    config.lanes = pipeline->n_lanes;
    config.pipeline = pipeline->name;
    config.guarantee = pipeline->guarantee;
    config.on_bad = pipeline->on_bad;
    config.on_null = pipeline->on_null;
    config.max_batch = (uint32_t)pipeline->settings->max_batch;
    config.n_features = pipeline->schema.n_features;
    config.n_outputs = pipeline->schema.n_outputs;
    config.decode = pipeline->decode;
    config.encode = pipeline->encode;
    config.learn = pipeline->learn;
    config.max_bad_ratio = pipeline->settings->max_bad_ratio;
    config.bad_window = pipeline->settings->bad_window;
    bound_flights(pipeline, &config);
    config.source =
        (struct lrh_source_part){of[LRH_PART_SOURCE]->plugin->ops, of[LRH_PART_SOURCE]->self};
    config.sink = (struct lrh_sink_part){of[LRH_PART_SINK]->plugin->ops, of[LRH_PART_SINK]->self};
    if (of[LRH_PART_CODEC])
        config.codec =
            (struct lrh_codec_part){of[LRH_PART_CODEC]->plugin->ops, of[LRH_PART_CODEC]->self};
    if (of[LRH_PART_DEAD])
        config.dead =
            (struct lrh_sink_part){of[LRH_PART_DEAD]->plugin->ops, of[LRH_PART_DEAD]->self};
    if (pipeline->model)
        config.model = (const struct lrh_model_part *const *)&pipeline->model;
    config.system = pipeline->system;
    config.ctx = thread;
    config.log = lane_log;
    config.progress = lane_progress;
    config.restart_sink = lane_restart_sink;
    status = lrh_lane_create(&config, &thread->lane, err);
    for (uint32_t i = 0; i < LRH_PARTS && status == LR_OK; i++)
        if (of[i])
            of[i]->lane = thread->lane;
    return status;
}

/* The first line of a pipeline. */
static void announce(struct lrh_pipeline *pipeline)
{
    struct lrh_log_from from = {pipeline->name, "pipeline", -1};
    const struct lrh_part *p = pipeline->parts;

    lrh_log_printf(
        pipeline->log, &from, LR_LOG_INFO, "%s, lanes = %u: source %s -> engine %s%s%s -> sink %s",
        lrh_guarantee_name(pipeline->guarantee), pipeline->n_lanes, p[LRH_PART_SOURCE].name,
        p[LRH_PART_ENGINE].name, p[LRH_PART_MODEL].plugin ? " -> model " : "",
        p[LRH_PART_MODEL].plugin ? p[LRH_PART_MODEL].name : "", p[LRH_PART_SINK].name);
}

/* Our name, wherever somebody knows us by it. */
static lr_status take_names(struct lrh_pipeline *pipeline, struct lr_error *err)
{
    lr_status status = LR_OK;

    for (uint32_t i = 0; i < pipeline->n_touches && status == LR_OK; i++) {
        struct lrh_touch *touch = &pipeline->touches[i];
        int taken = !(touch->flags & LR_BY_NAME);

        for (uint32_t o = 0; o < i && !taken; o++) /* by the sink of dead letters, too */
            taken = pipeline->touches[o].identity_fd >= 0 &&
                    strcmp(pipeline->touches[o].resource, touch->resource) == 0;
        if (!taken)
            status = lrh_identity_take(pipeline->name, pipeline->instance_name, touch->resource,
                                       &touch->identity_fd, err);
    }
    return status;
}

lr_status lrh_pipeline_create(struct lrh_pipeline *pipeline, struct lrh_log *log,
                              const struct lrh_system *system, int wake_fd, struct lr_error *err)
{
    lr_status status;

    pipeline->log = log;
    pipeline->system = system;
    pipeline->wake_fd = wake_fd;
    pipeline->state = LR_STATE_STARTING;
    pipeline->main = pthread_self();
    pipeline->lanes = calloc((size_t)pipeline->settings->lanes, sizeof *pipeline->lanes);
    if (!pipeline->lanes)
        return lr_fail(err, LR_ENOMEM, "%s: out of memory for lanes", pipeline->config->path);
    pipeline->n_lanes = (uint32_t)pipeline->settings->lanes;
    announce(pipeline);
    status = take_names(pipeline, err);
    if (status == LR_OK)
        status = create_model(pipeline, err);
    for (uint32_t i = 0; i < pipeline->n_lanes && status == LR_OK; i++)
        status = create_lane(pipeline, i, err);
    if (status == LR_OK && pipeline->parts[LRH_PART_MONITOR].plugin)
        status = lrh_instance_create(pipeline, &pipeline->parts[LRH_PART_MONITOR], 0,
                                     &pipeline->monitor_instance, err);
    if (status != LR_OK) {
        lr_context(err, "%s", pipeline->config->path);
        pipeline->status = status;
        (void)lr_fail(&pipeline->error, status, "%s", err->text);
    }
    return status;
}
