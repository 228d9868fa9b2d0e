/* SPDX-License-Identifier: MIT
 *
 * Finds a library beside itself, by the run path $ORIGIN.
 */
#include "minimal.h"

static const struct lr_monitor ops = {MINIMAL_OPS};
int helper_answer(void);

static lr_status start(void *self, struct lr_error *err)
{
    (void)self;
    return helper_answer() == 42 ? LR_OK : lr_fail(err, LR_EINTERNAL, "another helper");
}

static const struct lr_plugin plugin = {MINIMAL_PLUGIN("origin"), .start = start};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("origin")};

LRHOST_MODULE(module, 1)
