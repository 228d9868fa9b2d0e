/* SPDX-License-Identifier: MIT
 *
 * The name of its plugin cannot be written in an INI file.
 */
#include "minimal.h"

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("badname"), .name = "bad name"};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("badname")};

LRHOST_MODULE(module, 1)
