/* SPDX-License-Identifier: MIT
 *
 * An entry point, and no note.
 */
#include "minimal.h"

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("nonote")};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("nonote")};

__attribute__((visibility("default"))) const struct lr_module *lrhost_module_v1(uint32_t host_abi);
const struct lr_module *lrhost_module_v1(uint32_t host_abi)
{
    (void)host_abi;
    return &module;
}
