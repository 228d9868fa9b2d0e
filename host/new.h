/* SPDX-License-Identifier: MIT
 *
 * `lrhost new KIND NAME`: the folder of a new plugin, made from the templates of the SDK.
 */
#ifndef LRHOST_NEW_H
#define LRHOST_NEW_H

#include <lrhost/abi.h>

/* Makes the folder NAME in the current one and says on standard output what to do next. LR_EUSAGE:
 * no such kind, not a name, or something of that name is there already. What was made is removed
 * again when it cannot be completed. */
lr_status lrh_command_new(const char *kind, const char *name, struct lr_error *err);

#endif
