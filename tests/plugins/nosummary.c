/* SPDX-License-Identifier: MIT
 *
 * Nothing to show in a list.
 */
#include "minimal.h"

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("nosummary"), .summary = NULL};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("nosummary")};

LRHOST_MODULE(module, 1)
