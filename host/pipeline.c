/* SPDX-License-Identifier: MIT
 *
 * A pipeline's life: start, run, stop. See pipeline.h.
 *
 * Two kinds of threads: this one (main) creates, trains and destroys; each lane's own starts
 * source and sink, waits for the word to go, runs the engine, drains, commits and stops.
 */
#include "pipeline.h"

#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEAVE_NS INT64_C(1000000000)

/* ---- a lane's thread -------------------------------------------------------------------- */

/* Makes the main thread look. */
static void nudge(const struct lrh_pipeline *pipeline)
{
    uint64_t one = 1;

    if (write(pipeline->wake_fd, &one, sizeof one) < 0) {
        /* readable already */
    }
}

static int is_stopping(const struct lrh_pipeline *pipeline)
{
    return __atomic_load_n(&pipeline->stopping, __ATOMIC_ACQUIRE) != 0;
}

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
    nudge(pipeline);
}

/* A start that a stop cut short is no failure. */
static void note_start(struct lrh_pipeline *pipeline, lr_status status, const struct lr_error *err)
{
    struct lrh_log_from from = {pipeline->name, "pipeline", -1};

    if (!is_stopping(pipeline))
        note_failure(pipeline, status, err);
    else
        lrh_log_printf(pipeline->log, &from, LR_LOG_INFO, "given up while starting: %s", err->text);
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
    nudge(pipeline);
    while (pipeline->go == 0)
        (void)pthread_cond_wait(&pipeline->turn, &pipeline->mutex);
    go = pipeline->go;
    (void)pthread_mutex_unlock(&pipeline->mutex);
    return go > 0;
}

/* How long the parts of a lane may take to end: what a stop has left, but a moment at least, so
 * that a consumer can leave its group. */
static int64_t stop_deadline(const struct lrh_pipeline *pipeline)
{
    int64_t now = pipeline->system->monotonic_ns(pipeline->system->ctx);
    int64_t end = __atomic_load_n(&pipeline->deadline_ns, __ATOMIC_ACQUIRE);

    if (!is_stopping(pipeline))
        return lrh_later(now, pipeline->settings->shutdown_timeout_ns);
    return end > now + LEAVE_NS ? end : now + LEAVE_NS;
}

static void run_engine(struct lrh_lane_thread *thread)
{
    struct lrh_pipeline *pipeline = thread->pipeline;
    const struct lrh_instance *engine = thread->instances[LRH_PART_ENGINE];
    const struct lr_engine *ops = engine->plugin->ops;
    struct lr_error err = LR_ERROR_INIT, close_err = LR_ERROR_INIT;
    lr_status status, closed;

    status = ops->run(engine->self, lrh_lane_verbs(thread->lane), &err);
    closed = lrh_lane_close(thread->lane,
                            lrh_later(pipeline->system->monotonic_ns(pipeline->system->ctx),
                                      pipeline->settings->shutdown_timeout_ns),
                            &close_err);
    if (closed < 0) {
        note_failure(pipeline, closed, &close_err);
    } else if (status < 0) {
        lrh_instance_context(engine, &err);
        note_failure(pipeline, status, &err);
    }
}

static void *lane_main(void *arg)
{
    struct lrh_lane_thread *thread = arg;
    struct lrh_pipeline *pipeline = thread->pipeline;
    struct lr_error err = LR_ERROR_INIT;
    lr_status status = start_parts(thread, &err);

    if (status != LR_OK)
        note_start(pipeline, status, &err);
    if (wait_for_word(pipeline) && status == LR_OK) {
        __atomic_store_n(&thread->work, LRH_WORK_GOES_ON, __ATOMIC_RELEASE);
        run_engine(thread);
    }
    __atomic_store_n(&thread->work, LRH_WORK_OVER, __ATOMIC_RELEASE);
    (void)pthread_mutex_lock(&pipeline->mutex);
    pipeline->n_closed++;
    pipeline->closed_ns = pipeline->system->monotonic_ns(pipeline->system->ctx);
    (void)pthread_mutex_unlock(&pipeline->mutex);
    stop_parts(thread, stop_deadline(pipeline));
    (void)pthread_mutex_lock(&pipeline->mutex);
    pipeline->n_finished++;
    (void)pthread_mutex_unlock(&pipeline->mutex);
    nudge(pipeline);
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
            return lr_fail(err, LR_EUNAVAILABLE,
                           "cannot start the thread of lane %u of %u; is there a limit (ulimit "
                           "-u, TasksMax)?",
                           i, pipeline->n_lanes);
        thread->running = 1;
    }
    return LR_OK;
}

lr_status lrh_pipeline_start(struct lrh_pipeline *pipeline, struct lr_error *err)
{
    lr_status status = start_threads(pipeline, err);

    if (status != LR_OK) {
        note_failure(pipeline, status, err);
        lr_context(err, "%s", pipeline->config->path);
    }
    return status;
}

/* Anything that makes it pointless to go on starting. */
static int is_over(struct lrh_pipeline *pipeline)
{
    return is_stopping(pipeline) || lrh_pipeline_failed(pipeline, NULL) != LR_OK;
}

lr_status lrh_pipeline_train(struct lrh_pipeline *pipeline, struct lr_error *err)
{
    lr_status status = LR_OK;

    if (pipeline->model_instance && !is_over(pipeline))
        status = lrh_instance_start(pipeline->model_instance, err);
    if (status == LR_OK && pipeline->monitor_instance && !is_over(pipeline))
        status = lrh_instance_start(pipeline->monitor_instance, err);
    if (status == LR_OK)
        return LR_OK;
    give_word(pipeline, -1);
    if (lrh_pipeline_failed(pipeline, NULL) != LR_OK)
        return LR_OK; /* a lane's error came first and is told by join */
    note_start(pipeline, status, err);
    if (is_stopping(pipeline))
        return LR_OK;
    lr_context(err, "%s", pipeline->config->path);
    return status;
}

int lrh_pipeline_go(struct lrh_pipeline *pipeline)
{
    int ready;

    (void)pthread_mutex_lock(&pipeline->mutex);
    ready = pipeline->n_lanes && pipeline->n_started == pipeline->n_lanes && pipeline->go == 0;
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
    int64_t deadline;

    if (!pipeline->lanes || is_stopping(pipeline))
        return;
    deadline = lrh_later(pipeline->system->monotonic_ns(pipeline->system->ctx), timeout_ns);
    pipeline->stopped_ns = pipeline->system->monotonic_ns(pipeline->system->ctx);
    __atomic_store_n(&pipeline->deadline_ns, deadline, __ATOMIC_RELEASE);
    __atomic_store_n(&pipeline->stopping, 1, __ATOMIC_RELEASE);
    pipeline->state = LR_STATE_STOPPING;
    pipeline->snapshot_due_ns = 0;
    for (uint32_t i = 0; i < pipeline->n_lanes; i++)
        if (pipeline->lanes[i].lane)
            lrh_lane_set_deadline(pipeline->lanes[i].lane, deadline);
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

int64_t lrh_pipeline_closed(struct lrh_pipeline *pipeline)
{
    uint32_t running = 0;
    int64_t closed_ns;

    for (uint32_t i = 0; i < pipeline->n_lanes; i++)
        running += pipeline->lanes[i].running != 0;
    (void)pthread_mutex_lock(&pipeline->mutex);
    closed_ns = pipeline->go < 0                ? pipeline->stopped_ns /* none has begun */
                : pipeline->n_closed == running ? pipeline->closed_ns
                                                : INT64_MAX;
    (void)pthread_mutex_unlock(&pipeline->mutex);
    return closed_ns;
}

lr_status lrh_pipeline_failed(struct lrh_pipeline *pipeline, struct lr_error *err)
{
    lr_status status;

    (void)pthread_mutex_lock(&pipeline->mutex);
    status = pipeline->status;
    if (status != LR_OK)
        (void)lr_fail(err, status, "%s", pipeline->error.text);
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

/* Counts of bad records by reason, over all lanes. */
static void tell_bad_records(const struct lrh_pipeline *pipeline)
{
    struct lrh_log_from from = {pipeline->name, "pipeline", -1};

    for (uint32_t l = 0; l < pipeline->n_lanes; l++) {
        const struct lrh_lane *lane = pipeline->lanes[l].lane;
        const char *reason;
        int64_t n;

        for (uint32_t i = 0; lane && (reason = lrh_lane_bad_reason(lane, i, &n)); i++) {
            from.lane = pipeline->n_lanes > 1 ? (int32_t)l : -1;
            lrh_log_printf(pipeline->log, &from, LR_LOG_NOTICE, "%lld bad records: %s",
                           (long long)n, reason);
        }
    }
}

static void destroy_all(struct lrh_pipeline *pipeline)
{
    for (uint32_t i = 0; i < pipeline->n_lanes; i++)
        destroy_lane(&pipeline->lanes[i]);
    lrh_instance_destroy(pipeline->monitor_instance);
    lrh_instance_destroy(pipeline->model_instance);
    lrh_pipeline_destroy(pipeline->model_owner);
    free(pipeline->model);
    free(pipeline->lanes);
    for (uint32_t i = 0; i < pipeline->n_touches; i++) {
        if (pipeline->touches[i].identity_fd >= 0)
            (void)close(pipeline->touches[i].identity_fd);
        pipeline->touches[i].identity_fd = -1;
    }
    pipeline->monitor_instance = pipeline->model_instance = NULL;
    pipeline->model_owner = NULL;
    pipeline->model = NULL;
    pipeline->lanes = NULL;
    pipeline->n_lanes = 0;
}

lr_status lrh_pipeline_join(struct lrh_pipeline *pipeline, struct lr_error *err)
{
    struct lrh_log_from from = {pipeline->name, "pipeline", -1};
    int64_t deadline;
    lr_status status;

    if (!pipeline->lanes)
        return LR_OK;
    for (uint32_t i = 0; i < pipeline->n_lanes; i++)
        if (pipeline->lanes[i].running)
            (void)pthread_join(pipeline->lanes[i].thread, NULL);
    status = pipeline->status;
    if (status != LR_OK && err)
        (void)lr_fail(err, status, "%s", pipeline->error.text);
    pipeline->state = status == LR_OK ? LR_STATE_STOPPED : LR_STATE_FAILED;
    (void)lrh_pipeline_tick(pipeline, 1);
    deadline = stop_deadline(pipeline);
    lrh_instance_stop(pipeline->monitor_instance, deadline);
    lrh_instance_stop(pipeline->model_instance, deadline);
    lrh_pipeline_retire(pipeline, 1);
    tell_bad_records(pipeline);
    lrh_log_printf(pipeline->log, &from, LR_LOG_INFO, "%s",
                   status == LR_OK ? "stopped" : "stopped after an error");
    destroy_all(pipeline);
    return status;
}
