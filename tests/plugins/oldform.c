/* SPDX-License-Identifier: MIT
 *
 * In order, though each struct ends right after its last required member, as one of an older
 * SDK would. What follows in memory is not the module's word and must not be read.
 */
#include "minimal.h"

static int64_t never(void *self)
{
    (void)self;
    return 1;
}

static const struct lr_monitor ops = {.size = offsetof(struct lr_monitor, progress),
                                      .snapshot = minimal_snapshot,
                                      .interval_ns = never};
static lr_status no_topics(const struct lr_host *host, const void *settings, int32_t verb,
                           struct lr_error *err)
{
    (void)host;
    (void)settings;
    (void)verb;
    return lr_fail(err, LR_EINTERNAL, "beyond the end of the struct");
}

static const struct lr_plugin plugin = {
    MINIMAL_PLUGIN("oldform"), .size = offsetof(struct lr_plugin, topics), .topics = no_topics};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("oldform")};

LRHOST_MODULE(module, 1)
