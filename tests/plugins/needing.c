/* SPDX-License-Identifier: MIT
 *
 * Uses a function that nobody offers.
 */
#include "minimal.h"

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("needing")};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("needing")};

void nobody_offers_this(void);
MINIMAL_NOTE;
__attribute__((visibility("default"))) const struct lr_module *lrhost_module_v1(uint32_t host_abi);
const struct lr_module *lrhost_module_v1(uint32_t host_abi)
{
    nobody_offers_this();
    return host_abi ? &module : NULL;
}
