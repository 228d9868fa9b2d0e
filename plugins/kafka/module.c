/* SPDX-License-Identifier: MIT
 *
 * The kafka module: source and sink in one .so, because the group's proof of membership that
 * travels from consumer to transaction must not cross two builds of librdkafka.
 */
#include "kafka.h"

const char kafka_domain[1] = {0};

static const struct lr_plugin *const plugins[] = {&kafka_source_plugin, &kafka_sink_plugin};

static const struct lr_module module = {
    .size = sizeof module,
    .abi_min = 1,
    .abi_built = LRHOST_ABI,
    .n_plugins = sizeof plugins / sizeof plugins[0],
    .name = "kafka",
    .version = LRHOST_VERSION,
    .license = "MIT",
    .plugins = plugins,
};

LRHOST_MODULE(module, 1)
