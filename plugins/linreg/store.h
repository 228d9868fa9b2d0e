/* SPDX-License-Identifier: MIT
 *
 * A linear model as a JSON file:
 *
 *   {"bias": 0.1, "weights": [0.5, 0.25], "features": 2, "seed": 42, "noise": 0.01, "note": "..."}
 *
 * bias and weights make the model; features, where it is there, must agree with the number of
 * weights; the others tell people where it comes from, and unknown keys are ignored. Numbers
 * are written with 17 significant digits, which read back as the same doubles.
 */
#ifndef PLUGINS_LINREG_STORE_H
#define PLUGINS_LINREG_STORE_H

#include <lrhost/abi.h>

struct stored {
    uint32_t features;
    double bias;
    double *weights; /* malloc'ed by store_load */
    int64_t seed;    /* the rest is for store_save only */
    double noise;
    const char *note;
};

#define STORE_FEATURES_MAX 65536u

/* *ret_stored is untouched on failure. */
lr_status store_load(const char *path, struct stored *ret_stored, struct lr_error *err);

/* The file appears whole or not at all: it is written beside its place and renamed. */
lr_status store_save(const char *path, const struct stored *stored, struct lr_error *err);

#endif
