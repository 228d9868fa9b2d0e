/* SPDX-License-Identifier: MIT
 *
 * Who may have written this file? Opens a module once, without following a link at its end,
 * and refuses what somebody else could have put there. The refusal prints the chmod that
 * mends it. Rules: docs/architecture.md, "Trust".
 */
#ifndef LRHOST_TRUST_H
#define LRHOST_TRUST_H

#include <lrhost/abi.h>

/* On success *ret_fd is open for reading and *ret_real the canonical path (malloc'ed); what is
 * checked and loaded later must be this descriptor's file. LR_EUNTRUSTED, or
 * LR_ECONFIG where there is no such file. */
lr_status lrh_trust_open(const char *path, int *ret_fd, char **ret_real, struct lr_error *err);

/* A folder and all above it, by the same rules. */
lr_status lrh_trust_folder(const char *folder, struct lr_error *err);

#endif
