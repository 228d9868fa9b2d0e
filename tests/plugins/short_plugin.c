/* SPDX-License-Identifier: MIT
 *
 * A plugin descriptor that ends before its required functions.
 */
#include "minimal.h"

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("short_plugin"),
                                        .size = offsetof(struct lr_plugin, create)};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("short_plugin")};

LRHOST_MODULE(module, 1)
