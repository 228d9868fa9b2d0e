/* SPDX-License-Identifier: MIT
 *
 * Drawing labelled vectors: what the generator sends and what linreg trains on.
 *
 * Record i of a sequence is a function of (seed, domain, i) alone. Its numbers are whole
 * multiples of 10^-decimals, drawn as integers ("units"): the text of a record and its doubles
 * are then the same numbers, and units / 10^decimals, one rounding of two exact doubles, is
 * what reading the text gives.
 *
 *   uniform    every feature is uniform on 0, 1, ..., 10^(decimals+1) - 1 units: [0, 10)
 *   gaussian   feature j of n has mean 10 j/(n-1) and deviation 0.5 + 1.5 j/(n-1), rounded to
 *              units (a single feature: mean 5, deviation 1.25)
 *   label      mean of the features, or bias + sum of w[j] x[j], of the numbers as they are in
 *              the record; plus noise, uniform in (-noise, noise); then rounded to units. So
 *              label and model differ by less than noise + half a unit.
 */
#ifndef PLUGINS_COMMON_DRAW_H
#define PLUGINS_COMMON_DRAW_H

#include <lrhost/abi.h>
#include <math.h>

#include "random.h"

#define DRAW_UNIFORM 0
#define DRAW_GAUSSIAN 1
#define DRAW_DISTRIBUTIONS "uniform|gaussian" /* in that order */

#define DRAW_FEATURES_MAX 65536u
#define DRAW_DECIMALS_MAX 12u
#define DRAW_DECIMALS 6u /* the usual number: 12 features and a label in about 117 bytes */

/* Sequences that have nothing to do with each other under one seed. */
#define DRAW_RECORDS 0  /* what a generator sends */
#define DRAW_TRAINING 1 /* what a model trains on: never the records it will be asked about */
#define DRAW_ARRIVALS 2 /* when records are sent */

struct draw_config {
    uint32_t features; /* 1 .. DRAW_FEATURES_MAX */
    uint32_t decimals; /* 0 .. DRAW_DECIMALS_MAX */
    int32_t distribution;
    int32_t domain;
    uint64_t seed;
    double noise;
    double bias;
    const double *weights; /* [features]; copied; NULL: the mean */
};

struct draw {
    uint32_t features;
    int32_t distribution;
    uint64_t origin;
    double scale; /* 10^decimals */
    double range; /* uniform: 10^(decimals+1), in units per 1 */
    double noise; /* in units */
    double bias;
    double *weights;           /* NULL: the mean */
    double *means, *sigmas;    /* gaussian, in units */
    struct ziggurat *ziggurat; /* gaussian */
};

/* LR_ECONFIG when a label could need more digits than a double holds. */
lr_status draw_init(struct draw *draw, const struct draw_config *config, struct lr_error *err);
void draw_finish(struct draw *draw);

/* Record `index` in units: [features], and its label. */
void draw_units(const struct draw *draw, uint64_t index, int64_t *ret_units, int64_t *ret_label);
/* The same as doubles. */
void draw_vector(const struct draw *draw, uint64_t index, double *ret_x, double *ret_y);

/* The true model that a pipeline may give: `weights` as a LIST option holds them (NULL: none),
 * read into malloc'ed *ret_weights (NULL without). LR_ECONFIG, with a sentence, for a wrong
 * count or a text that is no number. */
lr_status draw_weights(const char *const *list, uint32_t features, double **ret_weights,
                       struct lr_error *err);

#endif
