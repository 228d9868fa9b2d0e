/* SPDX-License-Identifier: MIT
 *
 * Model `linreg`: a linear regression, trained at start on random vectors or loaded from a file.
 *
 * Training vectors are drawn like the generator's, from a sequence of their own, so that a
 * pipeline with equal settings on both ends scores records that the model has never seen. One
 * seed gives one model, bit for bit, on every machine. Predictions have one defined order of
 * operations (predict.h) and hence do not depend on how an engine cuts batches: EXACT.
 *
 * A file is read in describe, which comes before start, because the number of features is
 * needed there; it is small, and describe runs on the main thread. It does not learn while it
 * predicts.
 */
#include "linreg.h"

#include <stdlib.h>

#include "fit.h"
#include "predict.h"
#include "store.h"

/* What is known of the model; apart, because describe is given a const self. */
struct state {
    struct linear linear; /* weights NULL: not there yet */
    double *weights;
    char (*name_texts)[12];
    const char **names; /* [linear.n] */
};

struct linreg {
    const struct lr_host *host;
    const struct linreg_settings *settings;
    struct state *state;
};

static const char *const output_names[] = {"prediction"};

static void destroy(void *self)
{
    struct linreg *m = self;

    if (!m)
        return;
    if (m->state) {
        free(m->state->weights);
        free(m->state->name_texts);
        free(m->state->names);
    }
    free(m->state);
    free(m);
}

static lr_status create(const struct lr_host *host, const void *settings, void **ret_self,
                        struct lr_error *err)
{
    struct linreg *m = calloc(1, sizeof *m);

    if (m)
        m->state = calloc(1, sizeof *m->state);
    if (!m || !m->state) {
        destroy(m);
        return lr_fail(err, LR_ENOMEM, "out of memory for a model");
    }
    m->host = host;
    m->settings = settings;
    *ret_self = m;
    return LR_OK;
}

/* Reads the file, the first time. */
static lr_status load(const struct linreg *m, struct lr_error *err)
{
    const struct linreg_settings *s = m->settings;
    struct stored stored;
    lr_status status;

    if (m->state->weights)
        return LR_OK;
    status = store_load(s->load, &stored, err);
    if (status)
        return status;
    if (s->features != LR_UNSET && (uint32_t)s->features != stored.features) {
        free(stored.weights);
        return lr_fail(err, LR_ECONFIG,
                       "model file '%.200s' has %u weights, but features = %lld; correct one of "
                       "them, or leave features out",
                       s->load, stored.features, (long long)s->features);
    }
    m->state->weights = stored.weights;
    m->state->linear = (struct linear){stored.features, stored.bias, stored.weights};
    return LR_OK;
}

/* f0, f1, ... */
static lr_status name_features(struct state *state, uint32_t n, struct lr_error *err)
{
    if (state->names)
        return LR_OK;
    state->name_texts = calloc(n, sizeof *state->name_texts);
    state->names = calloc(n, sizeof *state->names);
    if (!state->name_texts || !state->names)
        return lr_fail(err, LR_ENOMEM, "out of memory for the names of %u features", n);
    for (uint32_t j = 0; j < n; j++) {
        (void)snprintf(state->name_texts[j], sizeof state->name_texts[j], "f%u", j);
        state->names[j] = state->name_texts[j];
    }
    return LR_OK;
}

static lr_status describe(const void *self, struct lr_schema *ret_schema, struct lr_error *err)
{
    const struct linreg *m = self;
    uint32_t n = linreg_features(m->settings);
    lr_status status = LR_OK;

    if (m->settings->load) {
        status = load(m, err);
        n = m->state->linear.n;
    }
    if (status == LR_OK)
        status = name_features(m->state, n, err);
    if (status)
        return status;
    ret_schema->n_features = n;
    ret_schema->n_outputs = 1;
    ret_schema->feature_names = m->state->names;
    ret_schema->output_names = output_names;
    return LR_OK;
}

/* Draws the training records into `fit`. */
static lr_status feed(const struct linreg *m, struct fit *fit, double *x, struct lr_error *err)
{
    const struct linreg_settings *s = m->settings;
    int64_t look_again = 1 + 1000000 / linreg_features(s);
    struct draw draw;
    double y;
    lr_status status = linreg_init_draw(&draw, s, err);

    if (status)
        return status;
    for (int64_t i = 0; i < s->train_records; i++) {
        if (i % look_again == 0 && m->host->stopping(m->host->ctx)) {
            status =
                lr_fail(err, LR_EUNAVAILABLE, "stopped while training, after %lld of %lld records",
                        (long long)i, (long long)s->train_records);
            break;
        }
        draw_vector(&draw, (uint64_t)i, x, &y);
        fit_add(fit, x, y);
    }
    draw_finish(&draw);
    return status;
}

static lr_status save(const struct linreg *m, struct lr_error *err)
{
    const struct linreg_settings *s = m->settings;
    static const char *const names[] = {"uniform", "gaussian"};
    char note[160];
    struct stored stored = {
        .features = m->state->linear.n,
        .bias = m->state->linear.bias,
        .weights = m->state->weights,
        .seed = s->seed,
        .noise = s->noise,
        .note = note,
    };

    (void)snprintf(note, sizeof note, "%s on %lld %s random vectors, label = %s + noise",
                   s->ridge > 0.0 ? "ridge regression" : "ordinary least squares",
                   (long long)s->train_records, names[s->distribution == DRAW_GAUSSIAN],
                   s->weights ? "given linear model" : "mean");
    return store_save(s->save, &stored, err);
}

static lr_status train(struct linreg *m, struct lr_error *err)
{
    const struct linreg_settings *s = m->settings;
    const struct lr_host *host = m->host;
    int64_t began_ns = host->monotonic_ns(host->ctx);
    uint32_t n = linreg_features(s);
    double *weights = calloc(n, sizeof *weights), *x = calloc(n, sizeof *x);
    struct fit_result result = {.weights = weights};
    struct fit *fit = NULL;
    char line[240];
    lr_status status;

    if (!weights || !x)
        status = lr_fail(err, LR_ENOMEM, "out of memory for %u features", n);
    else
        status = fit_create(n, &fit, err);
    if (status == LR_OK)
        status = feed(m, fit, x, err);
    if (status == LR_OK)
        status = fit_solve(fit, s->ridge, s->max_condition, &result, err);
    fit_destroy(fit);
    free(x);
    if (status) {
        free(weights);
        return status;
    }
    m->state->weights = weights;
    m->state->linear = (struct linear){n, result.bias, weights};
    (void)snprintf(line, sizeof line,
                   "trained on %lld records of %u features in %.0f ms: R2 %.9g, MSE %.4g, "
                   "condition %.3g",
                   (long long)s->train_records, n,
                   (double)(host->monotonic_ns(host->ctx) - began_ns) / 1e6, result.r2, result.mse,
                   result.condition);
    host->log(host->ctx, LR_LOG_INFO, line);
    return s->save ? save(m, err) : LR_OK;
}

static lr_status start(void *self, struct lr_error *err)
{
    struct linreg *m = self;
    const char *path = m->settings->load;
    char line[400];
    lr_status status;

    if (!path)
        return train(m, err);
    status = load(m, err);
    if (status)
        return status;
    (void)snprintf(line, sizeof line, "loaded %u weights from '%.300s'", m->state->linear.n, path);
    m->host->log(m->host->ctx, LR_LOG_INFO, line);
    return LR_OK;
}

static lr_status predict(const void *self, struct lr_batch *batch, struct lr_error *err)
{
    const struct linear *linear = &((const struct linreg *)self)->state->linear;

    if (batch->n_features != linear->n)
        return lr_fail(err, LR_EINTERNAL, "a batch of %u features was given to a model of %u",
                       batch->n_features, linear->n);
    predict_rows(linear, batch->x, batch->x_stride, batch->out, batch->out_stride, batch->count);
    return LR_OK;
}

static const struct lr_model ops = {
    .size = sizeof ops,
    .caps = LR_MODEL_EXACT,
    .describe = describe,
    .predict = predict,
};

static const struct lr_plugin plugin = {
    .size = sizeof plugin,
    .kind = LR_MODEL,
    .name = "linreg",
    .summary = "Linear regression, trained on random vectors at start or loaded from a file",
    .options = linreg_options,
    .option_size = sizeof(struct lr_option),
    .n_options = LINREG_OPTIONS,
    .settings_size = sizeof(struct linreg_settings),
    .ops = &ops,
    .check = linreg_check,
    .create = create,
    .start = start,
    .destroy = destroy,
};

static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {
    .size = sizeof module,
    .abi_min = 1,
    .abi_built = LRHOST_ABI,
    .n_plugins = 1,
    .name = "linreg",
    .version = LRHOST_VERSION,
    .license = "MIT",
    .plugins = plugins,
};
LRHOST_MODULE(module, 1)
