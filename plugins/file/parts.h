/* SPDX-License-Identifier: MIT
 *
 * The two plugins of the file module, and what they share.
 */
#ifndef FILE_PARTS_H
#define FILE_PARTS_H

#include <lrhost/lrhost.h>

extern const struct lr_plugin file_source_plugin;
extern const struct lr_plugin file_sink_plugin;

/* A limit on the size of files (ulimit -f) is an error of the write, not the end of the process. */
void survive_size_limit(void);

extern const struct stall_words no_space; /* what is said where a disk is full */

#endif
