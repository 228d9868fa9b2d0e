/* SPDX-License-Identifier: MIT
 *
 * Two plugins of one kind with one name.
 */
#include "minimal.h"

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("twice")};
static const struct lr_plugin *const plugins[] = {&plugin, &plugin};
static const struct lr_module module = {MINIMAL_MODULE("twice"), .n_plugins = 2};

LRHOST_MODULE(module, 1)
