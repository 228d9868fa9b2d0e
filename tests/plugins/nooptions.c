/* SPDX-License-Identifier: MIT
 *
 * Options that are counted but not there.
 */
#include "minimal.h"

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("nooptions"), .n_options = 2,
                                        .option_size = sizeof(struct lr_option)};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("nooptions")};

LRHOST_MODULE(module, 1)
