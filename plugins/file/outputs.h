/* SPDX-License-Identifier: MIT
 *
 * What the sinks of this process write, so that a source does not read its own pipeline's output,
 * or replace it by positions. Names are compared as strings by the host's check; this is for what
 * it cannot see: links, patterns, and an output that was renamed.
 */
#ifndef FILE_OUTPUTS_H
#define FILE_OUTPUTS_H

#include <lrhost/lrhost.h>
#include <sys/stat.h>

/* `sink` will write `path`. Both strings live until outputs_drop. */
lr_status outputs_add(const void *sink, const char *pipeline, const char *path,
                      struct lr_error *err);
/* And this is the file, whatever it will be called. */
void outputs_opened(const void *sink, const struct stat *about);
void outputs_drop(const void *sink);
/* Does a sink of the pipeline write this file? */
int outputs_have(const char *pipeline, const struct stat *about);

#endif
