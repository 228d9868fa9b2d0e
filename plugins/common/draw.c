/* SPDX-License-Identifier: MIT
 *
 * Labelled vectors, each from its index; see draw.h.
 *
 * Record i owns the draws i*(features+1) .. i*(features+1)+features of the sequence: one for
 * each feature and the last for the noise. A gaussian number that needs more takes them from a
 * side sequence that its own draw starts, so the layout never shifts.
 */
#include "draw.h"

#include <lrhost/error.h>
#include <stdlib.h>

#include "number.h"

#define EXACT_INTEGERS 9007199254740992.0 /* 2^53 */
#define FARTHEST 14.0                     /* of a standard normal number */

static double power_of_ten(uint32_t n)
{
    double p = 1.0;

    while (n-- > 0)
        p *= 10.0;
    return p;
}

static double mean_of(uint32_t j, uint32_t n)
{
    return n > 1 ? 10.0 * j / (n - 1) : 5.0;
}

static double sigma_of(uint32_t j, uint32_t n)
{
    return n > 1 ? 0.5 + 1.5 * j / (n - 1) : 1.25;
}

/* The largest magnitude that a label can have. */
static double label_bound(const struct draw_config *config)
{
    double bound = fabs(config->bias);

    if (!config->weights)
        bound = 10.0 + 2.0 * FARTHEST;
    for (uint32_t j = 0; config->weights && j < config->features; j++)
        bound += fabs(config->weights[j]) * (10.0 + 2.0 * FARTHEST);
    return bound + config->noise;
}

static lr_status init_gaussian(struct draw *draw)
{
    uint32_t n = draw->features;

    draw->means = calloc(n, sizeof *draw->means);
    draw->sigmas = calloc(n, sizeof *draw->sigmas);
    draw->ziggurat = malloc(sizeof *draw->ziggurat);
    if (!draw->means || !draw->sigmas || !draw->ziggurat)
        return LR_ENOMEM;
    for (uint32_t j = 0; j < n; j++) {
        draw->means[j] = mean_of(j, n) * draw->scale;
        draw->sigmas[j] = sigma_of(j, n) * draw->scale;
    }
    ziggurat_init(draw->ziggurat);
    return LR_OK;
}

lr_status draw_init(struct draw *draw, const struct draw_config *config, struct lr_error *err)
{
    lr_status status = LR_OK;

    *draw = (struct draw){0};
    draw->features = config->features;
    draw->distribution = config->distribution;
    draw->origin = random_origin(config->seed, (uint64_t)config->domain);
    draw->scale = power_of_ten(config->decimals);
    draw->range = power_of_ten(config->decimals + 1);
    draw->noise = config->noise * draw->scale;
    draw->bias = config->bias;
    if (!(label_bound(config) * draw->scale < EXACT_INTEGERS))
        return lr_fail(err, LR_ECONFIG,
                       "labels could reach %.3g, but with %u decimals a double is exact up to "
                       "%.3g only; use smaller weights and noise, or fewer decimals where that "
                       "is an option",
                       label_bound(config), config->decimals, EXACT_INTEGERS / draw->scale);
    if (config->weights) {
        draw->weights = calloc(config->features, sizeof *draw->weights);
        if (!draw->weights)
            status = LR_ENOMEM;
        for (uint32_t j = 0; draw->weights && j < config->features; j++)
            draw->weights[j] = config->weights[j];
    }
    if (status == LR_OK && config->distribution == DRAW_GAUSSIAN)
        status = init_gaussian(draw);
    if (status == LR_OK)
        return LR_OK;
    draw_finish(draw);
    return lr_fail(err, status, "out of memory for %u features", config->features);
}

void draw_finish(struct draw *draw)
{
    free(draw->weights);
    free(draw->means);
    free(draw->sigmas);
    free(draw->ziggurat);
    *draw = (struct draw){0};
}

/* To the nearest whole number, a half away from 0. */
static int64_t nearest_integer(double value)
{
    return value < 0.0 ? -(int64_t)(0.5 - value) : (int64_t)(value + 0.5);
}

static inline int64_t uniform_units(const struct draw *draw, uint64_t counter)
{
    return (int64_t)(random_unit(random_at(draw->origin, counter)) * draw->range);
}

static inline int64_t gaussian_units(const struct draw *draw, uint64_t counter, uint32_t j)
{
    double z = ziggurat_gaussian(draw->ziggurat, random_at(draw->origin, counter));

    return nearest_integer(draw->means[j] + draw->sigmas[j] * z);
}

/* `value`: the label without noise, in units; `counter`: the record's last draw. */
static int64_t label_units(const struct draw *draw, double value, uint64_t counter)
{
    return nearest_integer(value + draw->noise * random_signed(random_at(draw->origin, counter)));
}

void draw_units(const struct draw *draw, uint64_t index, int64_t *ret_units, int64_t *ret_label)
{
    uint32_t n = draw->features;
    uint64_t counter = index * ((uint64_t)n + 1);
    int64_t sum = 0;
    double value;

    if (draw->distribution == DRAW_UNIFORM) {
        for (uint32_t j = 0; j < n; j++)
            ret_units[j] = uniform_units(draw, counter + j);
    } else {
        for (uint32_t j = 0; j < n; j++)
            ret_units[j] = gaussian_units(draw, counter + j, j);
    }
    if (draw->weights) {
        value = draw->bias;
        for (uint32_t j = 0; j < n; j++)
            value += draw->weights[j] * ((double)ret_units[j] / draw->scale);
        value *= draw->scale;
    } else {
        for (uint32_t j = 0; j < n; j++)
            sum += ret_units[j];
        value = (double)sum / n;
    }
    *ret_label = label_units(draw, value, counter + n);
}

void draw_vector(const struct draw *draw, uint64_t index, double *ret_x, double *ret_y)
{
    uint32_t n = draw->features;
    uint64_t counter = index * ((uint64_t)n + 1);
    int64_t sum = 0;
    double value = draw->bias;

    for (uint32_t j = 0; j < n; j++) {
        int64_t units = draw->distribution == DRAW_UNIFORM ? uniform_units(draw, counter + j)
                                                           : gaussian_units(draw, counter + j, j);

        sum += units;
        ret_x[j] = (double)units / draw->scale;
    }
    for (uint32_t j = 0; draw->weights && j < n; j++)
        value += draw->weights[j] * ret_x[j];
    value = draw->weights ? value * draw->scale : (double)sum / n;
    *ret_y = (double)label_units(draw, value, counter + n) / draw->scale;
}

lr_status draw_weights(const char *const *list, uint32_t features, double **ret_weights,
                       struct lr_error *err)
{
    double *weights;
    uint32_t n = 0;

    if (!list) {
        *ret_weights = NULL;
        return LR_OK;
    }
    while (list[n])
        n++;
    if (n != features)
        return lr_fail(err, LR_ECONFIG, "%u weights are given for %u features; give one for each",
                       n, features);
    weights = calloc(features, sizeof *weights);
    if (!weights)
        return lr_fail(err, LR_ENOMEM, "out of memory for %u weights", features);
    for (uint32_t j = 0; j < n; j++) {
        const char *end = list[j] + strlen(list[j]);

        if (number_parse(list[j], end, &weights[j]) != end || !isfinite(weights[j])) {
            free(weights);
            return lr_fail(err, LR_ECONFIG, "weight %u, '%.40s', is not a finite decimal number", j,
                           list[j]);
        }
    }
    *ret_weights = weights;
    return LR_OK;
}
