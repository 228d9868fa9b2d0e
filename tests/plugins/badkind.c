/* SPDX-License-Identifier: MIT
 *
 * A kind that does not exist.
 */
#include "minimal.h"

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("badkind"), .kind = 99};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("badkind")};

LRHOST_MODULE(module, 1)
