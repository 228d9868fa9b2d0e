/* SPDX-License-Identifier: MIT
 *
 * The two plugins of the file module, and what they share.
 */
#ifndef FILE_PARTS_H
#define FILE_PARTS_H

#include <lrhost/lrhost.h>

extern const struct lr_plugin file_source_plugin;
extern const struct lr_plugin file_sink_plugin;

extern const struct stall_words no_space; /* what is said where a disk is full */

#endif
