/* SPDX-License-Identifier: MIT
 *
 * Once a second: does every lane still turn, how fast is it, and who is to be told? The state
 * file (state.h) and the service manager (notify.h) are.
 *
 * A lane counts its turns. One that did not turn since the last look may merely sleep, so it is
 * woken, which costs an idle lane at most one wake-up a second. The watchdog is fed only when
 * every lane has turned since it was fed before: idle, paused, without partitions or without a
 * broker a lane turns; inside a call that does not come back it does not.
 *
 * All of it on the main thread.
 */
#ifndef LRHOST_WATCH_H
#define LRHOST_WATCH_H

#include "notify.h"
#include "pipeline.h"

struct lrh_watch {
    struct lrh_log *log;
    struct lrh_pipeline **pipelines;
    size_t n;
    struct lrh_watched *each; /* [n] */
    struct lrh_notify notify;
    int64_t every_ns; /* between two looks */
    int64_t due_ns;
    int64_t fed_ns;             /* when every lane had last been seen to turn */
    int64_t patience_ns;        /* when the manager is asked again to wait for READY */
    int32_t ready;              /* READY was said */
    int32_t reloading, leaving; /* RELOADING, STOPPING was said */
};

/* LR_ENOMEM. A state file that cannot be written is a line in the log. */
lr_status lrh_watch_init(struct lrh_watch *watch, struct lrh_log *log,
                         struct lrh_pipeline **pipelines, size_t n);
/* Removes the state files that are ours. */
void lrh_watch_finish(struct lrh_watch *watch);

/* Looks if it is time to; returns when it will be again (monotonic ns). */
int64_t lrh_watch_look(struct lrh_watch *watch);

/* Around a reload, which has the manager wait for the next READY. */
void lrh_watch_reloading(struct lrh_watch *watch);
void lrh_watch_reloaded(struct lrh_watch *watch);

#endif
