/* SPDX-License-Identifier: MIT
 *
 * A list of plugins with a hole.
 */
#include "minimal.h"

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin UNUSED = {MINIMAL_PLUGIN("nullplugin")};
static const struct lr_plugin *const plugins[] = {NULL};
static const struct lr_module module = {MINIMAL_MODULE("nullplugin")};

LRHOST_MODULE(module, 1)
