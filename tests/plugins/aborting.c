/* SPDX-License-Identifier: MIT
 *
 * Gives up as soon as it is loaded, and says why on standard error.
 */
#include "minimal.h"

#include <stdio.h>
#include <stdlib.h>

__attribute__((constructor)) static void construct(void)
{
    (void)fputs("aborting: no licence found\n", stderr);
    abort();
}

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("aborting")};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("aborting")};

LRHOST_MODULE(module, 1)
