/* SPDX-License-Identifier: MIT
 *
 * SIGHUP: a new model is built beside the old one and published by one pointer; each lane takes
 * it up at its next batch, or plan, and the old one is destroyed when no lane can use it. A failure
 * keeps the old one.
 *
 * A lane loads the pointer and then says which one it uses; in between it may hold a model that it
 * does not name yet. But it never goes back: a lane that names one has left all older ones for
 * good.
 */
#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline.h"

struct lrh_retired {
    struct lrh_retired *next;
    struct lrh_model_part *model;
    struct lrh_instance *instance;
    struct lrh_pipeline *owner; /* NULL: the pipeline itself */
};

static int differ(const char *const *a, const char *const *b, uint32_t n)
{
    for (uint32_t i = 0; a && b && i < n; i++)
        if (strcmp(a[i], b[i]) != 0)
            return 1;
    return 0;
}

/* Lanes go on with the columns they have. */
static lr_status same_shape(const struct lr_schema *was, const struct lr_schema *now,
                            struct lr_error *err)
{
    if (now->n_features != was->n_features || now->n_outputs != was->n_outputs)
        return lr_fail(err, LR_ECONFIG,
                       "the new model has %u features and %u outputs, the running one %u and "
                       "%u; restart to change them",
                       now->n_features, now->n_outputs, was->n_features, was->n_outputs);
    if (differ(now->feature_names, was->feature_names, was->n_features))
        return lr_fail(err, LR_ECONFIG,
                       "the new model's features have other names or another order; restart to "
                       "change them");
    return LR_OK;
}

static lr_status build(struct lrh_pipeline *pipeline, const struct lrh_part *part,
                       struct lrh_instance **ret_instance, struct lr_error *err)
{
    struct lr_schema schema = {.size = sizeof schema};
    const struct lr_model *ops = part->plugin->ops;
    lr_status status = lrh_instance_create(pipeline, part, 0, ret_instance, err);

    if (status != LR_OK)
        return status;
    status = ops->describe((*ret_instance)->self, &schema, err);
    if (status == LR_OK)
        status = same_shape(&pipeline->schema, &schema, err);
    if (status != LR_OK) {
        lrh_instance_context(*ret_instance, err);
        return status;
    }
    return lrh_instance_start(*ret_instance, err);
}

lr_status lrh_pipeline_reload(struct lrh_pipeline *pipeline, struct lrh_pipeline *fresh,
                              struct lr_error *err)
{
    const struct lrh_part *part = &fresh->parts[LRH_PART_MODEL];
    struct lrh_retired *old = calloc(1, sizeof *old);
    struct lrh_model_part *model = malloc(sizeof *model);
    struct lrh_instance *instance = NULL;
    int64_t now = pipeline->system->monotonic_ns(pipeline->system->ctx);
    lr_status status = LR_OK;

    if (!old || !model)
        status = lr_fail(err, LR_ENOMEM, "out of memory for a second model");
    else if ((part->plugin != NULL) != (pipeline->model != NULL))
        status = lr_fail(err, LR_ECONFIG, "a model cannot be added or removed by a reload");
    else if (fresh->learn != pipeline->learn)
        status = lr_fail(err, LR_ECONFIG, "'learn' cannot be changed by a reload");
    else if (part->plugin)
        status = build(pipeline, part, &instance, err);
    if (status != LR_OK || !instance) {
        lrh_instance_stop(instance, now);
        lrh_instance_destroy(instance);
        lrh_pipeline_destroy(fresh);
        free(old);
        free(model);
        return status;
    }
    *model = (struct lrh_model_part){part->plugin->ops, instance->self};
    *old = (struct lrh_retired){pipeline->retired, pipeline->model, pipeline->model_instance,
                                pipeline->model_owner};
    pipeline->retired = old;
    pipeline->model_instance = instance;
    pipeline->model_owner = fresh;
    __atomic_store_n(&pipeline->model, model, __ATOMIC_RELEASE);
    for (uint32_t i = 0; i < pipeline->n_lanes; i++)
        lrh_lane_wake(pipeline->lanes[i].lane);
    return LR_OK;
}

/* How many of the retired models, the newest first, a lane may still use. */
static size_t still_used(const struct lrh_pipeline *pipeline, const struct lrh_lane *lane)
{
    const struct lrh_model_part *named = lrh_lane_model(lane);
    size_t n = 0;

    if (named == pipeline->model)
        return 0;
    for (const struct lrh_retired *old = pipeline->retired; old; old = old->next) {
        n++;
        if (old->model == named)
            return n;
    }
    return n; /* it has not named one yet */
}

void lrh_pipeline_retire(struct lrh_pipeline *pipeline, int all)
{
    struct lrh_retired **at = &pipeline->retired;
    int64_t now = pipeline->system->monotonic_ns(pipeline->system->ctx);
    size_t keep = 0;

    for (uint32_t i = 0; i < pipeline->n_lanes && !all; i++) {
        size_t used = still_used(pipeline, pipeline->lanes[i].lane);

        keep = used > keep ? used : keep;
    }
    for (; keep && *at; keep--)
        at = &(*at)->next;
    while (*at) {
        struct lrh_retired *old = *at;

        *at = old->next;
        lrh_instance_stop(old->instance, now);
        lrh_instance_destroy(old->instance);
        lrh_pipeline_destroy(old->owner);
        free(old->model);
        free(old);
    }
}
