/* SPDX-License-Identifier: MIT
 *
 * The file module: lines of files as a source, a file of lines as a sink.
 */
#include <signal.h>

#include "parts.h"
#include "plugins/common/stall.h"

const struct stall_words no_space = {"no space left for", "still no space for", "space again for"};

void survive_size_limit(void)
{
    struct sigaction now;

    if (sigaction(SIGXFSZ, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        (void)signal(SIGXFSZ, SIG_IGN);
}

static const struct lr_plugin *const plugins[] = {&file_source_plugin, &file_sink_plugin};

static const struct lr_module module = {
    .size = sizeof module,
    .abi_min = 1,
    .abi_built = LRHOST_ABI,
    .n_plugins = sizeof plugins / sizeof plugins[0],
    .name = "file",
    .version = LRHOST_VERSION,
    .license = "MIT",
    .plugins = plugins,
};

LRHOST_MODULE(module, 1)
