/* SPDX-License-Identifier: MIT
 *
 * The note says yes, the entry point no.
 */
#include "minimal.h"

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("declining")};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("declining")};

MINIMAL_NOTE;
__attribute__((visibility("default"))) const struct lr_module *lrhost_module_v1(uint32_t host_abi);
const struct lr_module *lrhost_module_v1(uint32_t host_abi)
{
    return host_abi > 1000 ? &module : NULL;
}
