/* SPDX-License-Identifier: MIT
 *
 * The two plugins of the file module, and what they share.
 */
#ifndef FILE_PARTS_H
#define FILE_PARTS_H

#include <lrhost/lrhost.h>

extern const struct lr_plugin file_source_plugin;
extern const struct lr_plugin file_sink_plugin;

/* Of the pipeline; 0: a host that does not say. */
static inline int32_t guarantee_of(const struct lr_host *host)
{
    return host->size >= offsetof(struct lr_host, reserved) ? host->guarantee : 0;
}

/* A limit on the size of files (ulimit -f) is an error of the write, not the end of the process. */
void survive_size_limit(void);

extern const struct stall_words no_space; /* what is said where a disk is full */

#endif
