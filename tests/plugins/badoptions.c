/* SPDX-License-Identifier: MIT
 *
 * A default that is not in the range of its option.
 */
#include "minimal.h"

struct settings {
    int64_t count;
};

static const struct lr_option options[] = {
    {.name = "count",
     .doc = "How many",
     .initial = "12",
     .range = "1..10",
     .type = LR_OPT_INT,
     .offset = offsetof(struct settings, count)},
};
static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("badoptions"), .options = options,
                                        .option_size = sizeof(struct lr_option), .n_options = 1,
                                        .settings_size = sizeof(struct settings)};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("badoptions")};

LRHOST_MODULE(module, 1)
