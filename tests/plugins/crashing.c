/* SPDX-License-Identifier: MIT
 *
 * Writes where nothing is as soon as it is loaded.
 */
#include "minimal.h"

static volatile int *volatile nowhere;

__attribute__((constructor)) static void construct(void)
{
    *nowhere = 1;
}

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("crashing")};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("crashing")};

LRHOST_MODULE(module, 1)
