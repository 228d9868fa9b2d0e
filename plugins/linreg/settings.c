/* SPDX-License-Identifier: MIT
 *
 * The model's options, and what of them can be judged without an instance.
 */
#include <math.h>
#include <stdlib.h>

#include "linreg.h"

#define AT(member) offsetof(struct linreg_settings, member)
const struct lr_option linreg_options[LINREG_OPTIONS] = {
    {"features", "Features per record; unset: 12, or as many as the loaded file has weights", NULL,
     "1..65536", NULL, LR_OPT_INT, 0, AT(features), 0},
    {"train_records", "Random vectors to train on at start", "100000", "1..", NULL, LR_OPT_INT, 0,
     AT(train_records), 0},
    {"seed", "Seed of the training vectors; the same seed gives the same model on every machine",
     "42", NULL, NULL, LR_OPT_INT, 0, AT(seed), 0},
    {"distribution", "Of the training vectors; as the generator's option of this name", "uniform",
     NULL, DRAW_DISTRIBUTIONS, LR_OPT_ENUM, 0, AT(distribution), 0},
    {"noise", "Largest difference between a training label and the true model, drawn uniformly",
     "0.01", "0..", NULL, LR_OPT_FLOAT, 0, AT(noise), 0},
    {"weights",
     "The true model behind the training labels, one weight for each feature; unset: the "
     "label is the mean of the features",
     NULL, NULL, NULL, LR_OPT_LIST, 0, AT(weights), 0},
    {"bias", "The true model's constant, beside weights; unset: 0", NULL, NULL, NULL, LR_OPT_FLOAT,
     0, AT(bias), 0},
    {"ridge",
     "Penalty on the sum of squared weights (the bias is free), added to the sum of squared "
     "errors; 0: ordinary least squares",
     "0", "0..", NULL, LR_OPT_FLOAT, 0, AT(ridge), 0},
    {"load", "A model file (JSON with bias and weights) to use instead of training", NULL, NULL,
     NULL, LR_OPT_PATH, LR_OPT_RELOAD, AT(load), 0},
    {"save", "Where to write the trained model", NULL, NULL, NULL, LR_OPT_PATH, 0, AT(save), 0},
    {"max_condition", "Training is refused when the features' condition number is above this",
     "1e10", "1..", NULL, LR_OPT_FLOAT, LR_OPT_ADVANCED, AT(max_condition), 0},
};

uint32_t linreg_features(const struct linreg_settings *s)
{
    return s->features == LR_UNSET ? LINREG_FEATURES : (uint32_t)s->features;
}

lr_status linreg_init_draw(struct draw *draw, const struct linreg_settings *s, struct lr_error *err)
{
    double *weights;
    lr_status status = draw_weights(s->weights, linreg_features(s), &weights, err);
    struct draw_config config;

    if (status)
        return status;
    config = (struct draw_config){
        .features = linreg_features(s),
        .decimals = DRAW_DECIMALS,
        .distribution = s->distribution,
        .domain = DRAW_TRAINING,
        .seed = (uint64_t)s->seed,
        .noise = s->noise,
        .bias = isnan(s->bias) ? 0.0 : s->bias,
        .weights = weights,
    };
    status = draw_init(draw, &config, err);
    free(weights);
    return status;
}

static void check_load(const struct linreg_settings *s, const struct lr_report *report)
{
    char resource[4096 + 8];

    (void)snprintf(resource, sizeof resource, "file:%s", s->load);
    report->touches(report->ctx, LR_READS, resource, 0);
    if (s->save)
        report->problem(report->ctx, "save",
                        "with load nothing is trained, so there is nothing to save; remove one of "
                        "the two");
    if (s->weights || !isnan(s->bias))
        report->warning(report->ctx, s->weights ? "weights" : "bias",
                        "not used: with load, the model comes from the file as it is");
}

static void check_training(const struct linreg_settings *s, const struct lr_report *report)
{
    struct lr_error err = LR_ERROR_INIT;
    uint32_t features = linreg_features(s);
    struct draw draw;
    char text[400];

    if (linreg_init_draw(&draw, s, &err) == LR_OK)
        draw_finish(&draw);
    else
        report->problem(report->ctx, s->weights ? "weights" : "noise", err.text);
    if (!isnan(s->bias) && !s->weights)
        report->problem(report->ctx, "bias",
                        "bias is given without weights; the two together are the true model");
    if (features > LINREG_TRAIN_FEATURES_MAX) {
        (void)snprintf(text, sizeof text,
                       "training takes at most %d features; a model with more can be loaded",
                       LINREG_TRAIN_FEATURES_MAX);
        report->problem(report->ctx, "features", text);
    }
    if (s->ridge <= 0.0 && s->train_records <= features) {
        (void)snprintf(text, sizeof text,
                       "%lld training records do not determine %u weights and a bias; give at "
                       "least %u, or set ridge to a small number above 0",
                       (long long)s->train_records, features, features + 1);
        report->problem(report->ctx, "train_records", text);
    }
    if (s->save) {
        char resource[4096 + 8];

        (void)snprintf(resource, sizeof resource, "file:%s", s->save);
        report->touches(report->ctx, LR_WRITES, resource, 0);
    }
}

void linreg_check(const void *settings, uint32_t lanes, const struct lr_report *report)
{
    const struct linreg_settings *s = settings;

    (void)lanes;
    if (s->load)
        check_load(s, report);
    else
        check_training(s, report);
}
