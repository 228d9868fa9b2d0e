/* SPDX-License-Identifier: MIT
 *
 * One process per name on a host. A broker knows a process by the names of pipeline and instance
 * (group.instance.id, transactional.id); two of one name would throw each other out in turn, so the
 * second one is refused here, where it can be said who the first one is.
 */
#ifndef LRHOST_IDENTITY_H
#define LRHOST_IDENTITY_H

#include <lrhost/abi.h>

/* Takes the name for as long as *ret_fd is open (or the process lives). `resource`: where it is
 * known, so that equal names in different places do not meet. LR_EFENCED: another process has it;
 * the sentence names it. */
lr_status lrh_identity_take(const char *pipeline, const char *instance, const char *resource,
                            int *ret_fd, struct lr_error *err);

/* Tells names apart where they cannot stand as they are. */
uint64_t lrh_identity_hash(const char *pipeline, const char *instance);

#endif
