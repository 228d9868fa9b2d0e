/* SPDX-License-Identifier: MIT
 *
 * Descriptor and note do not agree: the descriptor wants more.
 */
#include "minimal.h"

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("abirange")};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("abirange"), .abi_min = 7};

LRHOST_MODULE(module, 1)
