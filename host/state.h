/* SPDX-License-Identifier: MIT
 *
 * The state file: what a running pipeline says of itself once a second, for `lrhost status` and
 * whoever can read `key=value` lines. One file a pipeline, replaced atomically (written beside,
 * then renamed), removed at an orderly end; a dead process leaves one that grows old. Of two
 * processes with the same names the one that wrote last is seen.
 *
 * Its folder is the first of these that is set:
 *
 *   $RUNTIME_DIRECTORY         by systemd's RuntimeDirectory=, or in a container's image
 *   $XDG_RUNTIME_DIR/lrhost    a user's
 *   /run/lrhost                root's
 *   $TMPDIR/lrhost-UID         otherwise; /tmp where TMPDIR is unset
 *
 * and its name PIPELINE.INSTANCE.state, with a hash where the names cannot stand as they are.
 */
#ifndef LRHOST_STATE_H
#define LRHOST_STATE_H

#include <limits.h>
#include <lrhost/abi.h>
#include <stdio.h>

#define LRH_STATE_FRESH_S 10.0 /* an older file is a dead or stopped process's */
#define LRH_STATE_STALL_S 30.0 /* a lane that did not turn for so long is stuck */

struct lrh_state {
    char pipeline[128], instance[256], config[PATH_MAX];
    char state[16]; /* starting, running, stopping, stopped */
    int64_t pid, lanes, streams;
    int64_t records_read, records_delivered, records_bad, dead_letters;
    int64_t lag;                          /* -1: unknown */
    double records_per_second;            /* read, lately */
    double started, updated, last_commit; /* seconds since the epoch; last_commit 0: none yet */
    double stalled_seconds;               /* since the slowest lane's last turn */
};

/* Where the state file of a pipeline is written, made if it is missing. */
lr_status lrh_state_path(const char *pipeline, const char *instance, char path[PATH_MAX],
                         struct lr_error *err);
lr_status lrh_state_write(const struct lrh_state *state, const char *path, struct lr_error *err);
/* Removes the file, unless it is another process's by now. */
void lrh_state_remove(const char *path, int64_t pid);

/* Finds the freshest state file of a pipeline: in our own folder, then where the unit
 * lrhost@STEM.service keeps it (/run/lrhost/STEM), then in /run/lrhost. LR_EUNAVAILABLE: there is
 * none; the message names the folders. */
lr_status lrh_state_find(const char *pipeline, const char *instance, const char *stem,
                         struct lrh_state *ret_state, struct lr_error *err);

/* Healthy: fresh, running, no lane stuck. Else the reason, a few words. */
const char *lrh_state_complaint(const struct lrh_state *state, double now, char *text, size_t size);

/* Every key and value, as lines or as one JSON object. */
void lrh_state_print(const struct lrh_state *state, FILE *out);
void lrh_state_print_json(const struct lrh_state *state, FILE *out);

#endif
