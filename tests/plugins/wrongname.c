/* SPDX-License-Identifier: MIT
 *
 * Calls itself otherwise than its file.
 */
#include "minimal.h"

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("wrongname")};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("wrongname"), .name = "other"};

LRHOST_MODULE(module, 1)
