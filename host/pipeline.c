/* SPDX-License-Identifier: MIT
 *
 * A pipeline's life: create, start, stop. See pipeline.h.
 *
 * Two kinds of threads: this one (main) creates, trains and destroys; each lane's own starts
 * source and sink, waits for the word to go, runs the engine, drains, commits and stops.
 */
#include "pipeline.h"

#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct lr_sink *sink_ops(const struct lrh_pipeline *pipeline, uint32_t part)
{
    return pipeline->parts[part].plugin ? pipeline->parts[part].plugin->ops : NULL;
}

/* ---- create ----------------------------------------------------------------------------- */

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
    status = pipeline->model->ops->describe(pipeline->model->self, &pipeline->schema, err);
    if (status != LR_OK)
        lrh_instance_context(pipeline->model_instance, err);
    return status;
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
    pipeline->encode = scored && (sink->caps & LR_SINK_BYTES);
    return LR_OK;
}

static int codec_needed(const struct lrh_pipeline *pipeline)
{
    const struct lr_sink *sink = sink_ops(pipeline, LRH_PART_SINK);

    return pipeline->parts[LRH_PART_CODEC].plugin &&
           (pipeline->model || sink->wants || sink->may_want);
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
    config.max_in_flight = pipeline->settings->max_in_flight;
    config.max_in_flight_bytes = pipeline->settings->max_in_flight_bytes;
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

lr_status lrh_pipeline_create(struct lrh_pipeline *pipeline, struct lrh_log *log,
                              const struct lrh_system *system, int wake_fd, struct lr_error *err)
{
    lr_status status;

    pipeline->log = log;
    pipeline->system = system;
    pipeline->wake_fd = wake_fd;
    pipeline->state = LR_STATE_STARTING;
    pipeline->n_lanes = (uint32_t)pipeline->settings->lanes;
    pipeline->lanes = calloc(pipeline->n_lanes, sizeof *pipeline->lanes);
    if (!pipeline->lanes)
        return lr_fail(err, LR_ENOMEM, "out of memory for %u lanes", pipeline->n_lanes);
    status = create_model(pipeline, err);
    for (uint32_t i = 0; i < pipeline->n_lanes && status == LR_OK; i++)
        status = create_lane(pipeline, i, err);
    if (status == LR_OK && pipeline->parts[LRH_PART_MONITOR].plugin)
        status = lrh_instance_create(pipeline, &pipeline->parts[LRH_PART_MONITOR], 0,
                                     &pipeline->monitor_instance, err);
    if (status != LR_OK)
        lr_context(err, "%s", pipeline->config->path);
    return status;
}

/* ---- a lane's thread -------------------------------------------------------------------- */

static void note_failure(struct lrh_pipeline *pipeline, lr_status status,
                         const struct lr_error *err)
{
    (void)pthread_mutex_lock(&pipeline->mutex);
    if (pipeline->status == LR_OK) {
        pipeline->status = status;
        (void)lr_fail(&pipeline->error, status, "%s: %s", pipeline->config->path, err->text);
    }
    if (pipeline->go == 0)
        pipeline->go = -1;
    (void)pthread_cond_broadcast(&pipeline->turn);
    (void)pthread_mutex_unlock(&pipeline->mutex);
}

static lr_status start_parts(struct lrh_lane_thread *thread, struct lr_error *err)
{
    static const uint32_t order[] = {LRH_PART_SOURCE, LRH_PART_SINK, LRH_PART_DEAD, LRH_PART_CODEC,
                                     LRH_PART_ENGINE};
    lr_status status = LR_OK;

    for (size_t i = 0; i < sizeof order / sizeof order[0] && status == LR_OK; i++)
        if (thread->instances[order[i]])
            status = lrh_instance_start(thread->instances[order[i]], err);
    return status;
}

/* Engine first, source last: it leaves its group when nothing else can need it. */
static void stop_parts(struct lrh_lane_thread *thread, int64_t deadline_ns)
{
    static const uint32_t order[] = {LRH_PART_ENGINE, LRH_PART_CODEC, LRH_PART_DEAD, LRH_PART_SINK,
                                     LRH_PART_SOURCE};

    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        lrh_instance_stop(thread->instances[order[i]], deadline_ns);
}

static int wait_for_word(struct lrh_pipeline *pipeline)
{
    int go;

    (void)pthread_mutex_lock(&pipeline->mutex);
    pipeline->n_started++;
    (void)pthread_cond_broadcast(&pipeline->turn);
    while (pipeline->go == 0)
        (void)pthread_cond_wait(&pipeline->turn, &pipeline->mutex);
    go = pipeline->go;
    (void)pthread_mutex_unlock(&pipeline->mutex);
    return go > 0;
}

static void *lane_main(void *arg)
{
    struct lrh_lane_thread *thread = arg;
    struct lrh_pipeline *pipeline = thread->pipeline;
    const struct lrh_instance *engine = thread->instances[LRH_PART_ENGINE];
    const struct lr_engine *ops = engine->plugin->ops;
    struct lr_error err = LR_ERROR_INIT, close_err = LR_ERROR_INIT;
    uint64_t one = 1;
    int64_t deadline;
    lr_status status = start_parts(thread, &err), closed;

    if (status != LR_OK)
        note_failure(pipeline, status, &err);
    if (wait_for_word(pipeline)) {
        status = ops->run(engine->self, lrh_lane_verbs(thread->lane), &err);
        deadline = pipeline->system->monotonic_ns(pipeline->system->ctx) +
                   pipeline->settings->shutdown_timeout_ns;
        closed = lrh_lane_close(thread->lane, deadline, &close_err);
        if (closed < 0)
            note_failure(pipeline, closed, &close_err);
        else if (status < 0)
            note_failure(pipeline, status, &err);
    }
    deadline = pipeline->system->monotonic_ns(pipeline->system->ctx) +
               pipeline->settings->shutdown_timeout_ns;
    stop_parts(thread, deadline);
    (void)pthread_mutex_lock(&pipeline->mutex);
    pipeline->n_finished++;
    (void)pthread_mutex_unlock(&pipeline->mutex);
    if (write(pipeline->wake_fd, &one, sizeof one) < 0) {
        /* readable already */
    }
    return NULL;
}

/* ---- start and stop --------------------------------------------------------------------- */

static void give_word(struct lrh_pipeline *pipeline, int go)
{
    (void)pthread_mutex_lock(&pipeline->mutex);
    if (pipeline->go == 0)
        pipeline->go = go;
    (void)pthread_cond_broadcast(&pipeline->turn);
    (void)pthread_mutex_unlock(&pipeline->mutex);
}

static lr_status start_threads(struct lrh_pipeline *pipeline, struct lr_error *err)
{
    for (uint32_t i = 0; i < pipeline->n_lanes; i++) {
        struct lrh_lane_thread *thread = &pipeline->lanes[i];

        if (pthread_create(&thread->thread, NULL, lane_main, thread) != 0)
            return lr_fail(err, LR_EUNAVAILABLE, "%s: cannot start the thread of lane %u",
                           pipeline->config->path, i);
        thread->running = 1;
    }
    return LR_OK;
}

lr_status lrh_pipeline_start(struct lrh_pipeline *pipeline, struct lr_error *err)
{
    struct lrh_log_from from = {pipeline->name, "pipeline", -1};
    const struct lrh_part *p = pipeline->parts;
    lr_status status;

    lrh_log_printf(
        pipeline->log, &from, LR_LOG_INFO, "%s, lanes = %u: source %s -> engine %s%s%s -> sink %s",
        lrh_guarantee_name(pipeline->guarantee), pipeline->n_lanes, p[LRH_PART_SOURCE].name,
        p[LRH_PART_ENGINE].name, pipeline->model ? " -> model " : "",
        pipeline->model ? p[LRH_PART_MODEL].name : "", p[LRH_PART_SINK].name);
    status = start_threads(pipeline, err);
    if (status == LR_OK && pipeline->model_instance)
        status = lrh_instance_start(pipeline->model_instance, err);
    if (status == LR_OK && pipeline->monitor_instance)
        status = lrh_instance_start(pipeline->monitor_instance, err);
    if (status != LR_OK) {
        lr_context(err, "%s", pipeline->config->path);
        give_word(pipeline, -1);
        return status;
    }
    return LR_OK;
}

int lrh_pipeline_go(struct lrh_pipeline *pipeline)
{
    int ready;

    (void)pthread_mutex_lock(&pipeline->mutex);
    ready = pipeline->n_started == pipeline->n_lanes && pipeline->go == 0;
    (void)pthread_mutex_unlock(&pipeline->mutex);
    if (ready) {
        give_word(pipeline, 1);
        pipeline->state = LR_STATE_RUNNING;
        pipeline->snapshot_due_ns = 0;
    }
    return ready;
}

void lrh_pipeline_stop(struct lrh_pipeline *pipeline, int64_t timeout_ns)
{
    int64_t now = pipeline->system->monotonic_ns(pipeline->system->ctx);

    if (__atomic_exchange_n(&pipeline->stopping, 1, __ATOMIC_ACQ_REL))
        return;
    if (pipeline->state == LR_STATE_RUNNING)
        pipeline->state = LR_STATE_STOPPING;
    for (uint32_t i = 0; i < pipeline->n_lanes; i++)
        if (pipeline->lanes[i].lane)
            lrh_lane_set_deadline(pipeline->lanes[i].lane, now + timeout_ns);
    give_word(pipeline, -1);
}

int lrh_pipeline_finished(struct lrh_pipeline *pipeline)
{
    uint32_t running = 0;
    int finished;

    for (uint32_t i = 0; i < pipeline->n_lanes; i++)
        running += pipeline->lanes[i].running != 0;
    (void)pthread_mutex_lock(&pipeline->mutex);
    finished = pipeline->n_finished == running;
    (void)pthread_mutex_unlock(&pipeline->mutex);
    return finished;
}

lr_status lrh_pipeline_failed(struct lrh_pipeline *pipeline)
{
    lr_status status;

    (void)pthread_mutex_lock(&pipeline->mutex);
    status = pipeline->status;
    (void)pthread_mutex_unlock(&pipeline->mutex);
    return status;
}

static void destroy_lane(struct lrh_lane_thread *thread)
{
    static const uint32_t order[] = {LRH_PART_ENGINE, LRH_PART_CODEC, LRH_PART_DEAD, LRH_PART_SINK,
                                     LRH_PART_SOURCE};

    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        lrh_instance_destroy(thread->instances[order[i]]);
    lrh_lane_destroy(thread->lane);
}

lr_status lrh_pipeline_join(struct lrh_pipeline *pipeline, struct lr_error *err)
{
    struct lrh_log_from from = {pipeline->name, "pipeline", -1};
    int64_t now;
    lr_status status;

    for (uint32_t i = 0; i < pipeline->n_lanes; i++)
        if (pipeline->lanes && pipeline->lanes[i].running)
            (void)pthread_join(pipeline->lanes[i].thread, NULL);
    if (!pipeline->lanes)
        return LR_OK;
    status = pipeline->status;
    if (status != LR_OK && err)
        (void)lr_fail(err, status, "%s", pipeline->error.text);
    pipeline->state = status == LR_OK ? LR_STATE_STOPPED : LR_STATE_FAILED;
    (void)lrh_pipeline_tick(pipeline, 1);
    now = pipeline->system->monotonic_ns(pipeline->system->ctx);
    lrh_instance_stop(pipeline->monitor_instance, now);
    lrh_instance_stop(pipeline->model_instance, now);
    lrh_pipeline_retire(pipeline, 1);
    lrh_log_printf(pipeline->log, &from, LR_LOG_INFO, "%s",
                   status == LR_OK ? "stopped" : "stopped after an error");
    for (uint32_t i = 0; i < pipeline->n_lanes; i++)
        destroy_lane(&pipeline->lanes[i]);
    lrh_instance_destroy(pipeline->monitor_instance);
    lrh_instance_destroy(pipeline->model_instance);
    lrh_pipeline_destroy(pipeline->model_owner);
    free(pipeline->model);
    free(pipeline->lanes);
    pipeline->lanes = NULL;
    pipeline->n_lanes = 0;
    return status;
}
