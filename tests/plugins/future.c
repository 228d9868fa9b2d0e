/* SPDX-License-Identifier: MIT
 *
 * Needs an ABI that is not there yet.
 */
#include "minimal.h"

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("future")};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("future")};

LRHOST_MODULE(module, 2)
