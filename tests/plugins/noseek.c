/* SPDX-License-Identifier: MIT
 *
 * A source that can replay, it says, and has no seek.
 */
#include "minimal.h"

static UNUSED lr_status poll_nothing(void *self, struct lr_batch *batch, uint32_t max_records,
                                     const int64_t *until, uint32_t n_until, int64_t timeout_ns,
                                     const struct lr_event **ret_event, struct lr_error *err)
{
    (void)self, (void)batch, (void)max_records, (void)until, (void)n_until, (void)timeout_ns;
    (void)ret_event, (void)err;
    return LR_END;
}

static lr_status committed(void *self, struct lr_position *positions, uint32_t n,
                           struct lr_error *err)
{
    (void)self, (void)positions, (void)n, (void)err;
    return LR_OK;
}

static const struct lr_source ops = {
    .size = sizeof ops, .caps = LR_SOURCE_REPLAY, .poll = poll_nothing, .committed = committed};
static const struct lr_plugin plugin = {.size = sizeof plugin,
                                        .kind = LR_SOURCE,
                                        .name = "noseek",
                                        .summary = "reads nothing",
                                        .ops = &ops,
                                        .create = minimal_create,
                                        .destroy = minimal_destroy};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {MINIMAL_MODULE("noseek")};

LRHOST_MODULE(module, 1)
