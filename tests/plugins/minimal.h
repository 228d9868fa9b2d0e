/* SPDX-License-Identifier: MIT
 *
 * The smallest module that is in order: one monitor that shows nothing. Modules that are broken on
 * purpose include this and spoil one thing, so that a test knows what it is refused for.
 */
#ifndef TESTS_PLUGINS_MINIMAL_H
#define TESTS_PLUGINS_MINIMAL_H

#include <lrhost/lrhost.h>

/* Spoiling one thing means to initialise it a second time. */
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wunknown-warning-option"
#pragma GCC diagnostic ignored "-Woverride-init"
#pragma GCC diagnostic ignored "-Winitializer-overrides"

#define UNUSED __attribute__((unused))

static int minimal_object UNUSED;

static UNUSED lr_status minimal_create(const struct lr_host *host, const void *settings,
                                       void **ret_self, struct lr_error *err)
{
    (void)host;
    (void)settings;
    (void)err;
    *ret_self = &minimal_object;
    return LR_OK;
}

static UNUSED void minimal_destroy(void *self)
{
    (void)self;
}

static UNUSED void minimal_snapshot(void *self, const struct lr_snapshot *snapshot)
{
    (void)self;
    (void)snapshot;
}

#define MINIMAL_OPS .size = sizeof(struct lr_monitor), .snapshot = minimal_snapshot
#define MINIMAL_PLUGIN(name_)                                                                      \
    .size = sizeof(struct lr_plugin), .kind = LR_MONITOR, .name = (name_),                         \
    .summary = "shows nothing", .ops = &ops, .create = minimal_create, .destroy = minimal_destroy
#define MINIMAL_MODULE(name_)                                                                      \
    .size = sizeof(struct lr_module), .abi_min = 1, .abi_built = LRHOST_ABI, .n_plugins = 1,       \
    .name = (name_), .version = "1", .license = "MIT", .plugins = plugins

/* The note alone, for modules that write their entry point themselves. */
#define MINIMAL_NOTE                                                                               \
    extern const struct lr_abi_note test_note;                                                     \
    __attribute__((section(".note.lrhost"), used, aligned(4), visibility("hidden")))               \
    const struct lr_abi_note test_note = {7, 8, LRHOST_NOTE_TYPE, "lrhost", 1, LRHOST_ABI}

#endif
