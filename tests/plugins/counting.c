/* SPDX-License-Identifier: MIT
 *
 * Answers once: the host must not ask a second time.
 */
#include "minimal.h"

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("counting")};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("counting")};

MINIMAL_NOTE;
__attribute__((visibility("default"))) const struct lr_module *lrhost_module_v1(uint32_t host_abi);
const struct lr_module *lrhost_module_v1(uint32_t host_abi)
{
    static int calls;

    return calls++ == 0 && host_abi ? &module : NULL;
}
