/* SPDX-License-Identifier: MIT
 *
 * Libraries that a module brings along, found by $ORIGIN in its run path: the same trust and the
 * same look into each as into the module, before the C library opens it.
 */
#ifndef LRHOST_BESIDE_H
#define LRHOST_BESIDE_H

#include "elfcheck.h"

/* `real`: the module's path, canonical. The sentence is meant to follow it and a colon.
 * LR_EUNTRUSTED or LR_ECONFIG. */
lr_status lrh_beside_check(const char *real, const struct lrh_elf_needs *needs,
                           struct lr_error *err);

#endif
