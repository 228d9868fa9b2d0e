/* SPDX-License-Identifier: MIT
 *
 * A note, and no entry point.
 */
#include "minimal.h"

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("nosymbol")};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("nosymbol")};

MINIMAL_NOTE;
const struct lr_module *hidden_entry(uint32_t host_abi);
const struct lr_module *hidden_entry(uint32_t host_abi)
{
    return host_abi ? &module : NULL;
}
