/* SPDX-License-Identifier: MIT
 *
 * Says that it has a plugin, and has no list.
 */
#include "minimal.h"

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("nullplugins")};
static UNUSED const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("nullplugins"), .plugins = NULL};

LRHOST_MODULE(module, 1)
