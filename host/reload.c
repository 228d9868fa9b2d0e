/* SPDX-License-Identifier: MIT
 *
 * SIGHUP: a new model is built beside the old one and published by one pointer; each lane takes
 * it up at its next batch, or plan, and the old one is destroyed when no lane uses it. A failure
 * keeps the old one.
 */
#include <lrhost/error.h>
#include <stdlib.h>

#include "pipeline.h"

struct lrh_retired {
    struct lrh_retired *next;
    struct lrh_model_part *model;
    struct lrh_instance *instance;
    struct lrh_pipeline *owner; /* NULL: the pipeline itself */
};

static lr_status build(struct lrh_pipeline *pipeline, const struct lrh_part *part,
                       struct lrh_instance **ret_instance, struct lr_error *err)
{
    struct lr_schema schema = {.size = sizeof schema};
    const struct lr_model *ops = part->plugin->ops;
    lr_status status = lrh_instance_create(pipeline, part, 0, ret_instance, err);

    if (status != LR_OK)
        return status;
    status = ops->describe((*ret_instance)->self, &schema, err);
    if (status == LR_OK && (schema.n_features != pipeline->schema.n_features ||
                            schema.n_outputs != pipeline->schema.n_outputs))
        status = lr_fail(err, LR_ECONFIG,
                         "the new model has %u features and %u outputs, the running one %u and "
                         "%u; restart to change them",
                         schema.n_features, schema.n_outputs, pipeline->schema.n_features,
                         pipeline->schema.n_outputs);
    if (status == LR_OK)
        status = lrh_instance_start(*ret_instance, err);
    return status;
}

lr_status lrh_pipeline_reload(struct lrh_pipeline *pipeline, struct lrh_pipeline *fresh,
                              struct lr_error *err)
{
    const struct lrh_part *part = &fresh->parts[LRH_PART_MODEL];
    struct lrh_retired *old = calloc(1, sizeof *old);
    struct lrh_model_part *model = malloc(sizeof *model);
    struct lrh_instance *instance = NULL;
    lr_status status = LR_OK;

    if (!old || !model)
        status = lr_fail(err, LR_ENOMEM, "out of memory for a second model");
    else if ((part->plugin != NULL) != (pipeline->model != NULL))
        status = lr_fail(err, LR_ECONFIG, "a model cannot be added or removed by a reload");
    else if (part->plugin)
        status = build(pipeline, part, &instance, err);
    if (status != LR_OK || !part->plugin) {
        lrh_instance_stop(instance, 0);
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

static int in_use(const struct lrh_pipeline *pipeline, const struct lrh_model_part *model)
{
    for (uint32_t i = 0; i < pipeline->n_lanes; i++)
        if (lrh_lane_model(pipeline->lanes[i].lane) == model)
            return 1;
    return 0;
}

void lrh_pipeline_retire(struct lrh_pipeline *pipeline, int all)
{
    struct lrh_retired **at = &pipeline->retired;

    while (*at) {
        struct lrh_retired *old = *at;

        if (!all && in_use(pipeline, old->model)) {
            at = &old->next;
            continue;
        }
        *at = old->next;
        lrh_instance_stop(old->instance, 0);
        lrh_instance_destroy(old->instance);
        lrh_pipeline_destroy(old->owner);
        free(old->model);
        free(old);
    }
}
