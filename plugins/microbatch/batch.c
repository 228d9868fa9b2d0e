/* SPDX-License-Identifier: MIT
 *
 * One micro-batch. The rows go through in chunks, each written before the next is read, so
 * that a batch of any size needs the memory of one chunk; what makes it one batch is that
 * everything of it is settled before its one commit.
 *
 * A stop does not tear a batch that the source has already handed out completely: it is the
 * lane that says LR_AGAIN to reads after a stop request, and only then is a batch left as it
 * is (what was written is settled and committed by the host, the rest is read again).
 */
#include "batch.h"

#define WAIT_NS 1000000000LL /* longest wait in one verb; a stop ends it sooner */
#define FULL_NS 1000000LL    /* pause when the lane has no batch left */

/* A chunk for the batch: LR_OK when it was written. */
static lr_status pass_chunk(struct micro_batch *micro, uint32_t most)
{
    const struct lr_lane *lane = micro->lane;
    struct lr_batch *batch = NULL;
    uint32_t rows;
    lr_status status = lane->read(lane->ctx, most, WAIT_NS, &batch);

    if (status == LR_FULL)
        return lane->drain(lane->ctx, FULL_NS);
    if (status != LR_OK)
        return status;
    rows = batch->count;
    status = lane->score(lane->ctx, batch);
    if (status == LR_OK)
        status = lane->write(lane->ctx, &batch);
    if (batch)
        lane->discard(lane->ctx, &batch);
    if (status == LR_OK) {
        micro->rows += rows;
        *micro->uncommitted = 1;
    }
    return status;
}

static uint32_t chunk_size(const struct micro_batch *micro, uint64_t left)
{
    uint32_t chunk = micro->chunk != 0 ? micro->chunk : micro->lane->max_batch;

    return left < chunk ? (uint32_t)left : chunk;
}

/* LR_OK: max_rows are written; LR_END: all of the plan is. */
static lr_status write_rows(struct micro_batch *micro, uint64_t max_rows)
{
    const struct lr_lane *lane = micro->lane;

    while (max_rows == 0 || micro->rows < max_rows) {
        uint64_t left = max_rows == 0 ? UINT64_MAX : max_rows - micro->rows;
        lr_status status = pass_chunk(micro, chunk_size(micro, left));

        if (status == LR_AGAIN && !lane->stop_requested(lane->ctx))
            continue;
        if (status != LR_OK)
            return status;
    }
    return LR_OK;
}

static lr_status settle_rows(const struct lr_lane *lane)
{
    lr_status status;

    do
        status = lane->drain(lane->ctx, WAIT_NS);
    while (status == LR_AGAIN && !lane->stop_requested(lane->ctx));
    return status;
}

lr_status micro_batch_plan(struct micro_batch *micro, uint64_t max_records)
{
    const struct lr_lane *lane = micro->lane;
    lr_status status = lane->plan(lane->ctx, max_records);

    micro->planned_ns = lane->now(lane->ctx);
    return status;
}

lr_status micro_batch_run(struct micro_batch *micro, uint64_t max_rows)
{
    const struct lr_lane *lane = micro->lane;
    lr_status status, end;

    micro->rows = 0;
    end = write_rows(micro, max_rows);
    if (end != LR_OK && end != LR_END)
        return end;
    status = *micro->uncommitted ? settle_rows(lane) : LR_OK;
    micro->added_ns = micro->committed_ns = lane->now(lane->ctx);
    if (status == LR_OK && *micro->uncommitted) {
        status = lane->commit(lane->ctx);
        *micro->uncommitted = status != LR_OK;
        if (status == LR_AGAIN)
            status = LR_OK; /* not possible now: the next commit covers it */
        micro->committed_ns = lane->now(lane->ctx);
    }
    return status == LR_OK ? end : status;
}
