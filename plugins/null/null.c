/* SPDX-License-Identifier: MIT
 *
 * The null sink: takes encoded records and settles them at once. For measuring what a
 * pipeline costs without its output, and for trying one out. It asks for bytes, so the codec
 * does all of its work; nothing looks at them.
 */
#include <lrhost/lrhost.h>
#include <stdlib.h>

struct null_sink {
    const struct lr_host *host;
};

static lr_status take(void *ctx, const struct lr_batch *batch, uint32_t first, uint32_t count,
                      uint32_t *ret_taken, struct lr_error *err)
{
    const struct lr_host *host = ((struct null_sink *)ctx)->host;

    (void)err;
    host->settle(host->ctx, batch->token + first, count, LR_DELIVERED);
    *ret_taken = count;
    return LR_OK;
}

static lr_status create(const struct lr_host *host, const void *settings, void **ret_self,
                        struct lr_error *err)
{
    struct null_sink *self = calloc(1, sizeof *self);

    (void)settings;
    if (!self)
        return lr_fail(err, LR_ENOMEM, "no memory for the null sink");
    self->host = host;
    *ret_self = self;
    return LR_OK;
}

static const struct lr_sink sink = {.size = sizeof sink, .caps = LR_SINK_BYTES, .write = take};

static const struct lr_plugin plugin = {
    .size = sizeof plugin,
    .kind = LR_SINK,
    .name = "null",
    .summary = "takes everything and keeps nothing",
    .option_size = sizeof(struct lr_option),
    .ops = &sink,
    .create = create,
    .destroy = free,
};

static const struct lr_plugin *const plugins[] = {&plugin};

static const struct lr_module module = {
    .size = sizeof module,
    .abi_min = 1,
    .abi_built = LRHOST_ABI,
    .n_plugins = sizeof plugins / sizeof plugins[0],
    .name = "null",
    .version = LRHOST_VERSION,
    .license = "MIT",
    .plugins = plugins,
};

LRHOST_MODULE(module, 1)
