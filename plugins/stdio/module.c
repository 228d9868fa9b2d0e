/* SPDX-License-Identifier: MIT
 *
 * The stdio module: standard input as a source, standard output as a sink.
 */
#include "parts.h"

static const struct lr_plugin *const plugins[] = {&stdin_plugin, &stdout_plugin};

static const struct lr_module module = {
    .size = sizeof module,
    .abi_min = 1,
    .abi_built = LRHOST_ABI,
    .n_plugins = sizeof plugins / sizeof plugins[0],
    .name = "stdio",
    .version = LRHOST_VERSION,
    .license = "MIT",
    .plugins = plugins,
};

LRHOST_MODULE(module, 1)
