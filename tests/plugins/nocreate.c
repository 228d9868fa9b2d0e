/* SPDX-License-Identifier: MIT
 *
 * A required function of the plugin is missing.
 */
#include "minimal.h"

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("nocreate"), .create = NULL};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("nocreate")};

LRHOST_MODULE(module, 1)
