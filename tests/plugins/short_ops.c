/* SPDX-License-Identifier: MIT
 *
 * Ops that end before their required function.
 */
#include "minimal.h"

static const struct lr_monitor ops = {.size = 8, .snapshot = minimal_snapshot};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("short_ops")};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("short_ops")};

LRHOST_MODULE(module, 1)
