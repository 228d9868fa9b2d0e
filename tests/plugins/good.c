/* SPDX-License-Identifier: MIT
 *
 * In order, with all that the loader has to look through: a constructor and a destructor,
 * thread-local data, relocations, imported functions, options, a second plugin.
 */
#include "minimal.h"

struct settings {
    int64_t count;
};

static const struct lr_option options[] = {
    {.name = "count",
     .doc = "How many",
     .initial = "2",
     .range = "1..10",
     .type = LR_OPT_INT,
     .offset = offsetof(struct settings, count)},
};

static _Thread_local volatile int per_thread = 7;
static int constructed;

__attribute__((constructor)) static void construct(void)
{
    constructed = per_thread;
}

__attribute__((destructor)) static void destruct(void)
{
    constructed = 0;
}

static lr_status start(void *self, struct lr_error *err)
{
    (void)self;
    return constructed == 7 ? LR_OK : lr_fail(err, LR_EINTERNAL, "no constructor ran");
}

static const struct lr_monitor ops = {MINIMAL_OPS};
static const struct lr_plugin plugin = {
    MINIMAL_PLUGIN("good"), .start = start,
    .options = options,     .option_size = sizeof(struct lr_option),
    .n_options = 1,         .settings_size = sizeof(struct settings)};
static const struct lr_plugin second = {MINIMAL_PLUGIN("second")};
static const struct lr_plugin *const plugins[] = {&plugin, &second};
static const struct lr_module module = {.size = sizeof module,
                                        .abi_min = 1,
                                        .abi_built = LRHOST_ABI,
                                        .n_plugins = 2,
                                        .name = "good",
                                        .version = "1",
                                        .license = "MIT",
                                        .plugins = plugins};

LRHOST_MODULE(module, 1)
