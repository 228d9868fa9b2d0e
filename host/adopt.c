/* SPDX-License-Identifier: MIT
 *
 * The host's copy of a module's descriptor, in one block of memory.
 *
 * Rule 3 of the ABI says that a reader takes the smaller of both sizes and treats the rest as
 * zero. Doing that once, here, spares every other file of the host from asking `size`. Layout of
 * the block: module, plugins, pointers to them, ops, options; each part begins aligned.
 */
#include <stdlib.h>
#include <string.h>

#include "descriptor.h"
#include "loader.h"

struct lr_module *lrh_module_adopt(const struct lr_module *module)
{
    const uint32_t n = module->n_plugins;
    struct block {
        struct lr_module module;
        struct lr_plugin plugins[LRH_MAX_PLUGINS];
        const struct lr_plugin *pointers[LRH_MAX_PLUGINS];
        union lrh_ops ops[];
    } *block;
    struct lr_option *options;
    size_t n_options = 0, head;

    for (uint32_t i = 0; i < n; i++)
        n_options += module->plugins[i]->n_options;
    head = sizeof *block + n * sizeof block->ops[0];
    block = malloc(head + n_options * sizeof *options);
    if (!block)
        return NULL;
    memset(block, 0, head);
    options = (struct lr_option *)(void *)((char *)block + head);
    lrh_adopt(&block->module, sizeof block->module, module, module->size);
    block->module.plugins = block->pointers;
    for (uint32_t i = 0; i < n; i++) {
        struct lr_plugin *plugin = &block->plugins[i];
        const struct lr_plugin *given = module->plugins[i];
        uint32_t ops_size;

        lrh_adopt(plugin, sizeof *plugin, given, given->size);
        memcpy(&ops_size, plugin->ops, sizeof ops_size);
        lrh_adopt(&block->ops[i], lrh_ops_size(plugin->kind), plugin->ops, ops_size);
        plugin->ops = &block->ops[i];
        for (uint32_t k = 0; k < plugin->n_options; k++)
            memcpy(&options[k], (const char *)given->options + (size_t)k * given->option_size,
                   sizeof *options);
        plugin->options = options;
        plugin->option_size = sizeof *options;
        options += plugin->n_options;
        block->pointers[i] = plugin;
    }
    return &block->module;
}
