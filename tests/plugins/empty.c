/* SPDX-License-Identifier: MIT
 *
 * A module without plugins.
 */
#include "minimal.h"

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("empty")};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("empty"), .n_plugins = 0};

LRHOST_MODULE(module, 1)
