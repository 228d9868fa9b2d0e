/* SPDX-License-Identifier: MIT
 *
 * Ends the process as soon as it is loaded.
 */
#include "minimal.h"

#include <stdlib.h>

__attribute__((constructor)) static void construct(void)
{
    exit(0);
}

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("exiting")};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("exiting")};

LRHOST_MODULE(module, 1)
