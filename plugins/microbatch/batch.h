/* SPDX-License-Identifier: MIT
 *
 * One micro-batch on the lane's verbs, and how long its stages took. Knows no trigger.
 */
#ifndef MICROBATCH_BATCH_H
#define MICROBATCH_BATCH_H

#include <lrhost/lrhost.h>

struct micro_batch {
    const struct lr_lane *lane;
    int32_t *uncommitted; /* something was written that no commit has covered, maybe by an
                             attempt that a RESET ended */
    uint32_t chunk;       /* records per read; 0: as many as fit */
    uint32_t reserved;
    uint64_t rows;
    /* Monotonic. A stage that was not entered began and ended when the one before ended. */
    int64_t triggered_ns;
    int64_t planned_ns;
    int64_t added_ns;
    int64_t committed_ns;
};

/* Fixes the ends, at most `max_records` away (0: no limit). */
lr_status micro_batch_plan(struct micro_batch *batch, uint64_t max_records);

/* Reads up to the ends of the plan or until it has `max_rows` rows (0: no limit), scores,
 * writes, drains, and commits unless there was nothing.
 *   LR_OK     committed; the plan may hold more
 *   LR_END    committed; the plan is done
 *   LR_AGAIN  a stop was requested before the batch was complete: the host settles the rest
 *   LR_RESET  the batch is void; plan and start over
 *   error     of a verb */
lr_status micro_batch_run(struct micro_batch *batch, uint64_t max_rows);

#endif
