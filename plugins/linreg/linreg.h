/* SPDX-License-Identifier: MIT
 *
 * What the model's files share: the settings as the option table fills them.
 */
#ifndef PLUGINS_LINREG_LINREG_H
#define PLUGINS_LINREG_LINREG_H

#include <lrhost/lrhost.h>

#include "plugins/common/draw.h"

struct linreg_settings {
    int64_t features; /* LR_UNSET: what the loaded file says, else LINREG_FEATURES */
    int64_t train_records;
    int64_t seed;
    double noise;
    double ridge;
    double max_condition;
    double bias; /* NaN: not given */
    const char *const *weights;
    const char *load;
    const char *save;
    int32_t distribution;
};

#define LINREG_FEATURES 12
/* Training keeps a square of numbers; beyond this it would be gigabytes. */
#define LINREG_TRAIN_FEATURES_MAX 4096

#define LINREG_OPTIONS 11
extern const struct lr_option linreg_options[LINREG_OPTIONS];

void linreg_check(const void *settings, uint32_t lanes, const struct lr_report *report);
/* Without `load`: how many features there are. */
uint32_t linreg_features(const struct linreg_settings *s);
/* How training vectors are drawn. */
lr_status linreg_init_draw(struct draw *draw, const struct linreg_settings *s,
                           struct lr_error *err);

#endif
