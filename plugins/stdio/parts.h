/* SPDX-License-Identifier: MIT
 *
 * The two plugins of the stdio module.
 */
#ifndef STDIO_PARTS_H
#define STDIO_PARTS_H

#include <lrhost/lrhost.h>

extern const struct lr_plugin stdin_plugin;
extern const struct lr_plugin stdout_plugin;

#endif
