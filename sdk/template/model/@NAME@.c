/* SPDX-License-Identifier: MIT
 *
 * @NAME@: a model of lrhost. Predicts the mean of a record's features, times `scale`.
 *
 * Every hook of a model is in this file. [required]: the host refuses a module without it.
 * [optional: ...]: what it means when it is left out (NULL); where that is the safest choice it
 * is left out here. [main], [any]: the thread that calls it. The contract is in the comments of
 * lrhost/model.h and lrhost/abi.h; `make test` holds the plugin to it.
 */
#include <lrhost/lrhost.h>

/* What the INI file may say. The host fills it from the table `options` at the end. */
struct settings {
    int64_t features;
    double scale;
};

struct model {
    const struct lr_host *host;
    const struct settings *settings;
};

/* ---- prediction ------------------------------------------------------------------------- */

/* [required] [main] How many numbers go in and come out. Names may be given, too. */
static lr_status describe(const void *ctx, struct lr_schema *ret_schema, struct lr_error *err)
{
    const struct model *self = ctx;

    (void)err;
    ret_schema->n_features = (uint32_t)self->settings->features;
    ret_schema->n_outputs = 1;
    return LR_OK;
}

/* [required] [any] Several lanes call it at once, so `ctx` is const: nothing in it may change.
 * Rows may be farther apart than they are long: step by x_stride and out_stride. */
static lr_status predict(const void *ctx, struct lr_batch *batch, struct lr_error *err)
{
    const struct model *self = ctx;

    (void)err;
    for (uint32_t i = 0; i < batch->count; i++) {
        const double *x = batch->x + (size_t)i * batch->x_stride;
        double sum = 0;

        for (uint32_t j = 0; j < batch->n_features; j++)
            sum += x[j];
        batch->out[(size_t)i * batch->out_stride] = self->settings->scale * sum / batch->n_features;
    }
    return LR_OK;
}

static const struct lr_model model = {
    .size = sizeof model,
    .caps = LR_MODEL_EXACT, /* one record at a time or many: the same bits */
    .describe = describe,
    .predict = predict,
    .learn = NULL,    /* [optional: the model does not learn, and learn = yes is refused] */
    .snapshot = NULL, /* [optional: learn = yes is refused under exactly_once] */
    .restore = NULL,  /* the other half of snapshot */
};

/* ---- life ------------------------------------------------------------------------------- */

/* [optional: the table says it all] [main] Wrong settings, and files that will be read. No side
 * effects: `lrhost check` calls it, too. */
static void check(const void *values, uint32_t lanes, const struct lr_report *report)
{
    const struct settings *settings = values;

    (void)lanes;
    if (settings->scale == 0)
        report->warning(report->ctx, "scale", "0 makes every prediction 0");
}

/* [required] [main] Memory, and nothing else: no threads, no files, no network. */
static lr_status create(const struct lr_host *host, const void *settings, void **ret_self,
                        struct lr_error *err)
{
    struct model *self = host->memory(host->ctx, NULL, sizeof *self);

    if (!self)
        return lr_fail(err, LR_ENOMEM, "no memory for the model");
    *self = (struct model){.host = host, .settings = settings};
    *ret_self = self;
    return LR_OK;
}

/* [optional: nothing to start] [main] Here a file is loaded, or a model trained. What takes long
 * asks host->stopping ten times a second. */
static lr_status start(void *ctx, struct lr_error *err)
{
    (void)ctx;
    (void)err;
    return LR_OK;
}

/* [optional: nothing to stop] [main] Gives back what start took, also when start failed. */
static void stop(void *ctx, int64_t deadline_ns)
{
    (void)ctx;
    (void)deadline_ns;
}

/* [required] [main] NULL is harmless. */
static void destroy(void *ctx)
{
    struct model *self = ctx;

    if (self)
        (void)self->host->memory(self->host->ctx, self, 0);
}

/* ---- what the host reads first ---------------------------------------------------------- */

static const struct lr_option options[] = {
    {.name = "features",
     .doc = "How many numbers a record has",
     .initial = "3",
     .range = "1..65536",
     .type = LR_OPT_INT,
     .offset = offsetof(struct settings, features)},
    {.name = "scale",
     .doc = "What the mean is multiplied by",
     .initial = "1",
     .type = LR_OPT_FLOAT,
     .flags = LR_OPT_RELOAD,
     .offset = offsetof(struct settings, scale)},
};

static const struct lr_plugin plugin = {
    .size = sizeof plugin,
    .kind = LR_MODEL,
    .name = "@NAME@",
    .summary = "predicts the mean of the features",
    .options = options,
    .option_size = sizeof options[0],
    .n_options = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct settings),
    .ops = &model,
    .check = check,
    .create = create,
    .start = start,
    .stop = stop,
    .destroy = destroy,
    .topics = NULL, /* [optional: has no topics] */
};

static const struct lr_plugin *const plugins[] = {&plugin};

static const struct lr_module module = {
    .size = sizeof module,
    .abi_min = 1, /* the oldest host that will do */
    .abi_built = LRHOST_ABI,
    .n_plugins = sizeof plugins / sizeof plugins[0],
    .name = "@NAME@", /* the file's name without .so */
    .version = "0.1.0",
    .license = "MIT",
    .plugins = plugins,
};

LRHOST_MODULE(module, 1)
