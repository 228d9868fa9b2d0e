/* SPDX-License-Identifier: MIT
 *
 * The generator's options, and what of them can be judged without an instance.
 */
#include <math.h>
#include <stdlib.h>

#include "generator.h"
#include "plugins/common/draw.h"
#include "schedule.h"

#define AT(member) offsetof(struct generator_settings, member)
const struct lr_option generator_options[GENERATOR_OPTIONS] = {
    {"features", "Features per record", "12", "1..65536", NULL, LR_OPT_INT, 0, AT(features), 0},
    {"distribution",
     "uniform: every feature in [0, 10); gaussian: means spread over 0..10 and standard "
     "deviations over 0.5..2 from the first feature to the last",
     "uniform", NULL, DRAW_DISTRIBUTIONS, LR_OPT_ENUM, 0, AT(distribution), 0},
    {"seed", "Same seed, same records, on every machine and with any number of lanes", "42", NULL,
     NULL, LR_OPT_INT, 0, AT(seed), 0},
    {"count", "Records to make, over all lanes; unset: endless", NULL, "0..", NULL, LR_OPT_INT, 0,
     AT(count), 0},
    {"rate",
     "Records per second, over all lanes, on a schedule that does not wait for anybody; unset: "
     "as fast as the pipeline takes them",
     NULL, "0.001..1e9", NULL, LR_OPT_FLOAT, 0, AT(rate), 0},
    {"arrival", "How records are spread in time under a rate", "constant", NULL, ARRIVALS,
     LR_OPT_ENUM, 0, AT(arrival), 0},
    {"burst", "Records that are due at once, with arrival = burst", "100", "1..", NULL, LR_OPT_INT,
     0, AT(burst), 0},
    {"label", "Whether a record ends in ;label", "yes", NULL, NULL, LR_OPT_BOOL, 0, AT(label), 0},
    {"noise", "Largest difference between a label and the true model, drawn uniformly", "0.01",
     "0..", NULL, LR_OPT_FLOAT, 0, AT(noise), 0},
    {"weights",
     "The true model's weights, one for each feature; unset: the label is the mean of "
     "the features",
     NULL, NULL, NULL, LR_OPT_LIST, 0, AT(weights), 0},
    {"bias", "The true model's constant, beside weights; unset: 0", NULL, NULL, NULL, LR_OPT_FLOAT,
     0, AT(bias), 0},
    {"decimals", "Digits after the point", "6", "0..12", NULL, LR_OPT_INT, LR_OPT_ADVANCED,
     AT(decimals), 0},
};

/* `weights` as read from the settings; may be NULL. */
static struct draw_config draw_settings(const struct generator_settings *s, const double *weights)
{
    return (struct draw_config){
        .features = (uint32_t)s->features,
        .decimals = (uint32_t)s->decimals,
        .distribution = s->distribution,
        .domain = DRAW_RECORDS,
        .seed = (uint64_t)s->seed,
        .noise = s->noise,
        .bias = isnan(s->bias) ? 0.0 : s->bias,
        .weights = weights,
    };
}

lr_status generator_init_draw(struct draw *draw, const struct generator_settings *s,
                              struct lr_error *err)
{
    struct draw_config config;
    double *weights;
    lr_status status = draw_weights(s->weights, (uint32_t)s->features, &weights, err);

    if (status)
        return status;
    config = draw_settings(s, weights);
    status = draw_init(draw, &config, err);
    free(weights);
    return status;
}

void generator_check(const void *settings, uint32_t lanes, const struct lr_report *report)
{
    const struct generator_settings *s = settings;
    struct lr_error err = LR_ERROR_INIT;
    struct draw draw;

    (void)lanes;
    if (generator_init_draw(&draw, s, &err) == LR_OK)
        draw_finish(&draw);
    else
        report->problem(report->ctx, s->weights ? "weights" : "decimals", err.text);
    if (!isnan(s->bias) && !s->weights)
        report->problem(report->ctx, "bias",
                        "bias is given without weights; the two together are the true model");
    if (s->arrival != ARRIVAL_CONSTANT && isnan(s->rate))
        report->problem(report->ctx, "arrival",
                        "an arrival pattern needs a rate; set rate = RECORDS_PER_SECOND");
}
