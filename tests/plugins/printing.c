/* SPDX-License-Identifier: MIT
 *
 * In order, but talks while it is loaded.
 */
#include "minimal.h"

#include <stdio.h>

__attribute__((constructor)) static void construct(void)
{
    (void)puts("printing 1.0 \033[2J by a proud author\nall rights reserved");
    (void)fflush(stdout);
}

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("printing")};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("printing")};

LRHOST_MODULE(module, 1)
