/* SPDX-License-Identifier: MIT
 *
 * Loads, and then refuses to make an instance.
 */
#include "minimal.h"

static lr_status fail(const struct lr_host *host, const void *settings, void **ret_self,
                      struct lr_error *err)
{
    (void)host;
    (void)settings;
    (void)ret_self;
    return lr_fail(err, LR_ECONFIG, "it fails on purpose");
}

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {MINIMAL_PLUGIN("failing"), .create = fail};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("failing")};

LRHOST_MODULE(module, 1)
