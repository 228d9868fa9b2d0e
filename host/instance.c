/* SPDX-License-Identifier: MIT
 *
 * One plugin instance and the table of services that it sees (lrhost/host.h).
 */
#include <lrhost/error.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline.h"

#define ATTEND_NS (20 * INT64_C(1000000))

static void host_log(void *ctx, int32_t level, const char *message)
{
    const struct lrh_instance *instance = ctx;
    struct lrh_log_from from = {instance->pipeline->name, instance->section, instance->lane_number};

    lrh_log_write(instance->pipeline->log, &from, level, message);
}

static int64_t host_wall(void *ctx)
{
    const struct lrh_system *system = ((struct lrh_instance *)ctx)->pipeline->system;

    return system->wall_ns(system->ctx);
}

static int64_t host_monotonic(void *ctx)
{
    const struct lrh_system *system = ((struct lrh_instance *)ctx)->pipeline->system;

    return system->monotonic_ns(system->ctx);
}

static int32_t host_stopping(void *ctx)
{
    struct lrh_pipeline *pipeline = ((struct lrh_instance *)ctx)->pipeline;

    /* A model that trains on the main thread keeps it from looking for signals. */
    if (pipeline->attend && pthread_equal(pthread_self(), pipeline->main)) {
        int64_t now = pipeline->system->monotonic_ns(pipeline->system->ctx);

        if (now >= pipeline->attend_due_ns) {
            pipeline->attend_due_ns = now + ATTEND_NS;
            pipeline->attend(pipeline->attend_ctx);
        }
    }
    return __atomic_load_n(&pipeline->stopping, __ATOMIC_ACQUIRE);
}

static void *host_memory(void *ctx, void *ptr, size_t size)
{
    struct lrh_instance *instance = ctx;
    int64_t before = ptr ? (int64_t)malloc_usable_size(ptr) : 0;
    void *grown;

    if (size == 0) {
        free(ptr);
        __atomic_sub_fetch(&instance->memory, before, __ATOMIC_RELAXED);
        return NULL;
    }
    grown = realloc(ptr, size);
    if (grown)
        __atomic_add_fetch(&instance->memory, (int64_t)malloc_usable_size(grown) - before,
                           __ATOMIC_RELAXED);
    return grown;
}

/* Never NULL: without memory the plugin writes to a cell that nobody reads. */
static int64_t *host_metric(void *ctx, int32_t kind, const char *name, const char *help)
{
    static __thread int64_t nowhere;
    struct lrh_instance *instance = ctx;
    struct lrh_metric_cell *cell = calloc(1, sizeof *cell), **last = &instance->cells;
    int64_t *value = &nowhere;

    if (!cell)
        return value;
    cell->kind = kind;
    (void)snprintf(cell->name, sizeof cell->name, "lrhost_%s", name);
    (void)snprintf(cell->help, sizeof cell->help, "%s", help ? help : "");
    (void)pthread_mutex_lock(&instance->pipeline->mutex);
    while (*last && strcmp((*last)->name, cell->name) != 0)
        last = &(*last)->next;
    if (*last)
        free(cell); /* started a second time */
    else
        *last = cell;
    value = &(*last)->value;
    (void)pthread_mutex_unlock(&instance->pipeline->mutex);
    return value;
}

/* Before there is a lane, and for models and monitors, nothing can be settled. */
static void host_settle(void *ctx, uint64_t token, uint32_t count, int32_t outcome)
{
    struct lrh_lane *lane = ((struct lrh_instance *)ctx)->lane;

    if (lane)
        lrh_lane_settle(lane, token, count, outcome);
}

static void host_settle_dead(void *ctx, uint64_t token, uint32_t count, int32_t outcome)
{
    struct lrh_lane *lane = ((struct lrh_instance *)ctx)->lane;

    if (lane)
        lrh_lane_settle_dead(lane, token, count, outcome);
}

static void host_bad_record(void *ctx, uint32_t index, const char *reason, const char *message)
{
    struct lrh_lane *lane = ((struct lrh_instance *)ctx)->lane;

    if (lane)
        lrh_lane_bad_record(lane, index, reason, message);
}

void lrh_instance_context(const struct lrh_instance *instance, struct lr_error *err)
{
    if (!err->text[0])
        (void)lr_fail(err, 0, "failed and gave no reason (a defect of the plugin)");
    lr_context(err, "%s '%s'", instance->section, instance->plugin->name);
}

lr_status lrh_instance_create(struct lrh_pipeline *pipeline, const struct lrh_part *part,
                              uint32_t lane, struct lrh_instance **ret_instance,
                              struct lr_error *err)
{
    struct lrh_instance *instance = calloc(1, sizeof *instance);
    int is_dead = strcmp(part->section, "dead_letter") == 0;
    lr_status status;

    if (!instance)
        return lr_fail(err, LR_ENOMEM, "out of memory for %s", part->section);
    instance->pipeline = pipeline;
    instance->plugin = part->plugin;
    instance->section = part->section;
    instance->lane_number = pipeline->settings->lanes > 1 ? (int32_t)lane : -1;
    if (part->plugin->kind == LR_MODEL || part->plugin->kind == LR_MONITOR)
        instance->lane_number = -1;
    instance->host = (struct lr_host){
        .size = sizeof instance->host,
        .abi = LRHOST_ABI,
        .ctx = instance,
        .pipeline = pipeline->name,
        .instance = pipeline->instance_name,
        .section = part->section,
        .lane = lane,
        .lanes = (uint32_t)pipeline->settings->lanes,
        .log = host_log,
        .wall_ns = host_wall,
        .monotonic_ns = host_monotonic,
        .stopping = host_stopping,
        .memory = host_memory,
        .metric = host_metric,
        .settle = is_dead ? host_settle_dead : host_settle,
        .bad_record = host_bad_record,
        .guarantee = pipeline->guarantee,
        .budget = part->plugin->kind == LR_SOURCE ? lrh_pipeline_budget(pipeline) : 0,
    };
    status = part->plugin->create(&instance->host, lrh_settings_values(part->settings),
                                  &instance->self, err);
    if (status != LR_OK) {
        lrh_instance_context(instance, err);
        instance->self = NULL;
        lrh_instance_destroy(instance);
        return status;
    }
    *ret_instance = instance;
    return LR_OK;
}

void lrh_instance_destroy(struct lrh_instance *instance)
{
    if (!instance)
        return;
    if (instance->self)
        instance->plugin->destroy(instance->self);
    while (instance->cells) {
        struct lrh_metric_cell *next = instance->cells->next;

        free(instance->cells);
        instance->cells = next;
    }
    free(instance);
}

lr_status lrh_instance_start(struct lrh_instance *instance, struct lr_error *err)
{
    lr_status status = LR_OK;

    instance->started = 1;
    if (instance->plugin->start)
        status = instance->plugin->start(instance->self, err);
    instance->ready = status == LR_OK;
    if (status != LR_OK)
        lrh_instance_context(instance, err);
    return status;
}

void lrh_instance_stop(struct lrh_instance *instance, int64_t deadline_ns)
{
    if (!instance || !instance->started)
        return;
    instance->started = instance->ready = 0;
    if (instance->plugin->stop)
        instance->plugin->stop(instance->self, deadline_ns);
}
