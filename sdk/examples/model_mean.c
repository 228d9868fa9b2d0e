/* SPDX-License-Identifier: MIT
 *
 * model_mean: the smallest plugin. Predicts the mean of three features.
 *
 *   cc -shared -fPIC -fvisibility=hidden $(pkg-config --cflags lrhost) \
 *       model_mean.c -o model_mean.so
 */
#include <lrhost/lrhost.h>

static lr_status describe(const void *self, struct lr_schema *ret_schema, struct lr_error *err)
{
    (void)self, (void)err;
    ret_schema->n_features = 3;
    ret_schema->n_outputs = 1;
    return LR_OK;
}

static lr_status predict(const void *self, struct lr_batch *batch, struct lr_error *err)
{
    (void)self, (void)err;
    for (uint32_t i = 0; i < batch->count; i++) {
        const double *x = batch->x + (size_t)i * batch->x_stride;

        batch->out[(size_t)i * batch->out_stride] = (x[0] + x[1] + x[2]) / 3;
    }
    return LR_OK;
}

static lr_status create(const struct lr_host *host, const void *settings, void **ret_self,
                        struct lr_error *err)
{
    (void)settings, (void)err;
    *ret_self = (void *)(uintptr_t)host; /* it keeps nothing, so any pointer will do */
    return LR_OK;
}

static void destroy(void *self)
{
    (void)self;
}

static const struct lr_model model = {
    .size = sizeof model, .caps = LR_MODEL_EXACT, .describe = describe, .predict = predict};
static const struct lr_plugin plugin = {.size = sizeof plugin,
                                        .kind = LR_MODEL,
                                        .name = "model_mean",
                                        .summary = "predicts the mean of three features",
                                        .ops = &model,
                                        .create = create,
                                        .destroy = destroy};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {.size = sizeof module,
                                        .abi_min = 1,
                                        .abi_built = LRHOST_ABI,
                                        .n_plugins = 1,
                                        .name = "model_mean",
                                        .version = "1",
                                        .license = "MIT",
                                        .plugins = plugins};

LRHOST_MODULE(module, 1)
