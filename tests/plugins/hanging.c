/* SPDX-License-Identifier: MIT
 *
 * Never comes back from being loaded, and leaves a process behind that holds its descriptors.
 */
#include "minimal.h"

#include <unistd.h>

__attribute__((constructor)) static void construct(void)
{
    (void)fork();
    (void)alarm(60); /* whoever forgets to end it */
    for (;;)
        (void)pause();
}

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("hanging")};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("hanging")};

LRHOST_MODULE(module, 1)
