/* SPDX-License-Identifier: MIT
 *
 * No ops at all.
 */
#include "minimal.h"

static UNUSED const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("noops"), .ops = NULL};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("noops")};

LRHOST_MODULE(module, 1)
