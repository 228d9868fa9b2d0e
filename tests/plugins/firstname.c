/* SPDX-License-Identifier: MIT
 *
 * Its first plugin is called otherwise than the module.
 */
#include "minimal.h"

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("firstname"), .name = "other"};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("firstname")};

LRHOST_MODULE(module, 1)
