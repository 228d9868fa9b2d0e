/* SPDX-License-Identifier: MIT
 *
 * The two plugins of the file module.
 */
#ifndef FILE_PARTS_H
#define FILE_PARTS_H

#include <lrhost/lrhost.h>

extern const struct lr_plugin file_source_plugin;
extern const struct lr_plugin file_sink_plugin;

#endif
