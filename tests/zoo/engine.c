/* SPDX-License-Identifier: MIT
 *
 * An engine of the zoo: reads, scores, writes, commits.
 */
#include "life.h"

struct zoo {
    struct life life;
};

static size_t zoo_size(void)
{
    return sizeof(struct zoo);
}

static void *zoo_of(struct life *life)
{
    return life;
}

#if WRONG_order
/* Two batches, the newer one first. */
static lr_status pass(const struct lr_lane *lane, int64_t timeout_ns)
{
    struct lr_batch *batch = NULL, *second = NULL;
    lr_status status = lane->read(lane->ctx, 100, timeout_ns, &batch);

    if (status == LR_OK)
        status = lane->read(lane->ctx, 100, 0, &second);
    if (status == LR_OK)
        status = lane->write(lane->ctx, &second);
    if (status == LR_OK || status == LR_AGAIN || status == LR_END || status == LR_FULL)
        status = batch ? lane->write(lane->ctx, &batch) : status;
    if (second)
        lane->discard(lane->ctx, &second);
    if (batch)
        lane->discard(lane->ctx, &batch);
    return status;
}
#else
static lr_status pass(const struct lr_lane *lane, int64_t timeout_ns)
{
    struct lr_batch *batch = NULL, *same;
    lr_status status = lane->read(lane->ctx, 0, timeout_ns, &batch);

    same = batch;
    if (status == LR_OK)
        status = lane->score(lane->ctx, batch);
#if WRONG_void
    if (status == LR_OK || status == LR_RESET)
#else
    if (status == LR_OK)
#endif
        status = batch ? lane->write(lane->ctx, &batch) : status;
#if WRONG_own
    if (status == LR_OK && same)
        lane->discard(lane->ctx, &same);
#endif
    if (status == LR_OK)
        status = lane->commit(lane->ctx);
    if (batch)
        lane->discard(lane->ctx, &batch);
    (void)same;
    return status;
}
#endif

static lr_status run(void *self, const struct lr_lane *lane, struct lr_error *err)
{
    const struct lr_figure figure = {sizeof figure, 0, "numInputRows", 1};
    lr_status status = LR_OK;

    (void)err;
    used(self);
#if WRONG_figures
    lane->progress(lane->ctx, &figure, 0, 1);
#else
    lane->progress(lane->ctx, &figure, sizeof figure, 1);
#endif
#if WRONG_stop_run
    while (status >= 0 && status != LR_END)
#else
    while (status >= 0 && !lane->stop_requested(lane->ctx))
#endif
    {
#if WRONG_idle
        status = pass(lane, 0);
#else
        status = pass(lane, 100000000);
#endif
#if WRONG_all
        if (status == LR_AGAIN)
            break;
#endif
    }
#if WRONG_deaf
    return LR_OK;
#endif
    return status < 0 ? status : LR_OK;
}

static const struct lr_engine ops = {.size = sizeof ops, .run = run};

ZOO_MODULE(LR_ENGINE, ops)
