/* SPDX-License-Identifier: MIT
 *
 * Runs pipelines until they end: signals, readiness, monitors, reload. The main thread's loop.
 */
#ifndef LRHOST_SUPERVISE_H
#define LRHOST_SUPERVISE_H

#include "pipeline.h"

/* SIGTERM, SIGINT: drain and end; a second one ends at once. SIGHUP: reload; when it is the
 * terminal that hung up, drain. Blocks these signals in every thread started later, so it is
 * called before any thread is. Returns the first pipeline's error. */
lr_status lrh_supervise(const struct lrh_run *run, struct lrh_pipeline **pipelines, size_t n,
                        struct lr_error *err);

#endif
