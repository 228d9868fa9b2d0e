/* SPDX-License-Identifier: MIT
 *
 * A module descriptor that is cut off.
 */
#include "minimal.h"

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("short_module")};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("short_module"), .size = 16};

LRHOST_MODULE(module, 1)
