/* SPDX-License-Identifier: MIT
 *
 * A lane's life and its small verbs. See lane.h.
 *
 * A verb begins with lrh__lane_enter: deliver settles, then do what they or the source asked for
 * (rewind, rebalance), then say RESET once if what the engine holds became void. So an engine
 * that ignores every status can waste work and never lose any.
 */
#include "lane_private.h"

#include <lrhost/error.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MS INT64_C(1000000)

/* ---- errors, log, stop ------------------------------------------------------------------ */

lr_status lrh__lane_fail(struct lrh_lane *lane, lr_status status, const struct lr_error *err)
{
    if (lane->status == LR_OK) {
        lane->status = status;
        if (err != &lane->error)
            (void)lr_fail(&lane->error, status, "%s", err->text);
    }
    return lane->status;
}

void lrh__lane_log(struct lrh_lane *lane, int32_t level, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (lane->config.log)
        lane->config.log(lane->config.ctx, level, text);
}

void lrh_lane_wake(struct lrh_lane *lane)
{
    uint64_t one = 1;

    if (lane->wake_fd >= 0 && write(lane->wake_fd, &one, sizeof one) < 0) {
        /* The counter is full: it is readable already, which is all that is wanted. */
    }
}

void lrh_lane_stop(struct lrh_lane *lane)
{
    __atomic_store_n(&lane->stop, 1, __ATOMIC_RELEASE);
    lrh_lane_wake(lane);
}

void lrh_lane_set_deadline(struct lrh_lane *lane, int64_t deadline_ns)
{
    __atomic_store_n(&lane->deadline_ns, deadline_ns, __ATOMIC_RELEASE);
    lrh_lane_stop(lane);
}

int lrh_lane_stopping(const struct lrh_lane *lane)
{
    return __atomic_load_n(&lane->stop, __ATOMIC_ACQUIRE) != 0;
}

int lrh_lane_ended(const struct lrh_lane *lane)
{
    return __atomic_load_n(&lane->ended, __ATOMIC_ACQUIRE) != 0;
}

int lrh__lane_late(const struct lrh_lane *lane)
{
    int64_t deadline = __atomic_load_n(&lane->deadline_ns, __ATOMIC_ACQUIRE);

    return deadline != 0 && lane_mono(lane) >= deadline;
}

const struct lrh_model_part *lrh_lane_model(const struct lrh_lane *lane)
{
    return __atomic_load_n(&lane->model, __ATOMIC_ACQUIRE);
}

const struct lrh_totals *lrh_lane_totals(const struct lrh_lane *lane)
{
    return &lane->totals;
}

static int32_t verb_stop_requested(void *ctx)
{
    struct lrh_lane *lane = ctx;

    return lrh_lane_stopping(lane) || lane->status != LR_OK || lane->ended;
}

static int64_t verb_now(void *ctx)
{
    return lane_mono(ctx);
}

/* ---- what each verb does first ---------------------------------------------------------- */

lr_status lrh__lane_enter(struct lrh_lane *lane)
{
    ADD(lane, turns, 1);
    if (lane->status != LR_OK || lrh__lane_poll_sinks(lane) != LR_OK)
        return lane->status;
    if (lane->recover && lrh__lane_recover(lane) != LR_OK)
        return lane->status;
    if (lane->event && lrh__lane_rebalance(lane) != LR_OK)
        return lane->status;
    if (lane->commit_due_ns && lane_mono(lane) >= lane->commit_due_ns &&
        lrh__lane_commit_due(lane) != LR_OK)
        return lane->status;
    if (lane->reset) {
        lane->reset = 0;
        lane->plan = 0;
        return LR_RESET;
    }
    return LR_OK;
}

/* ---- the other verbs -------------------------------------------------------------------- */

static lr_status verb_score(void *ctx, struct lr_batch *batch)
{
    struct lrh_lane *lane = ctx;
    const struct lrh_model_part *model = lane->model;
    struct lr_error err = LR_ERROR_INIT;
    struct work *work = lrh__work_of(lane, batch);
    int64_t begun = lane_mono(lane);
    lr_status status;

    if (lane->status != LR_OK)
        return lane->status;
    if (!work)
        return LR_ECONFIG;
    if (!model)
        return LR_OK;
    status = model->ops->predict(model->self, batch, &err);
    if (status == LR_OK && lane->config.learn)
        status = model->ops->learn(model->self, batch, &err);
    if (status < 0) {
        lr_context(&err, "model");
        return lrh__lane_fail(lane, status, &err);
    }
    batch->t2_ns = lane_wall(lane);
    ADD(lane, scored, batch->count - work->n_bad);
    ADD(lane, verb_ns[LRH_VERB_SCORE], lane_mono(lane) - begun);
    return LR_OK;
}

static void verb_discard(void *ctx, struct lr_batch **batch)
{
    struct lrh_lane *lane = ctx;
    struct work *work = lrh__work_of(lane, *batch);
    int live = 0;

    if (!work)
        return;
    for (uint32_t i = 0; i < work->batch.n_spans; i++)
        live |= work->batch.spans[i].count && lrh__span_live(lane, work, i);
    lrh__work_release(lane, work);
    *batch = NULL;
    if (live && lane->status == LR_OK)
        (void)lrh__lane_unread(lane); /* a failure is the next verb's return */
}

static lr_status verb_drain(void *ctx, int64_t timeout_ns)
{
    struct lrh_lane *lane = ctx;
    int64_t begun = lane_mono(lane);
    lr_status status = lrh__lane_enter(lane), entered;

    if (status != LR_OK)
        return status;
    status = lrh__lane_drain(lane, lane_after(lane, timeout_ns));
    ADD(lane, verb_ns[LRH_VERB_DRAIN], lane_mono(lane) - begun);
    if (status < 0)
        return status;
    entered = lrh__lane_enter(lane);
    return entered != LR_OK ? entered : status;
}

static lr_status verb_commit(void *ctx)
{
    struct lrh_lane *lane = ctx;
    int64_t begun = lane_mono(lane);
    lr_status status = lrh__lane_enter(lane);

    if (status != LR_OK)
        return status;
    status = lrh__lane_commit(lane, 0);
    ADD(lane, verb_ns[LRH_VERB_COMMIT], lane_mono(lane) - begun);
    return status == LR_OK ? lrh__lane_enter(lane) : status;
}

static lr_status verb_wait(void *ctx, int64_t until_ns)
{
    struct lrh_lane *lane = ctx;
    lr_status status;

    for (;;) {
        int64_t left = until_ns - lane_mono(lane);

        status = lrh__lane_enter(lane);
        if (status != LR_OK || left <= 0 || verb_stop_requested(lane))
            return status;
        status = lrh__lane_serve(lane, left);
        if (status != LR_OK)
            return status;
    }
}

static void verb_progress(void *ctx, const struct lr_figure *figures, uint32_t figure_size,
                          uint32_t n)
{
    struct lrh_lane *lane = ctx;
    struct lr_progress progress = {sizeof progress, lane->config.index, lane_wall(lane),
                                   figures,         figure_size,        n};

    if (lane->config.progress)
        lane->config.progress(lane->config.ctx, &progress);
}

/* ---- life ------------------------------------------------------------------------------- */

lr_status lrh_lane_create(const struct lrh_lane_config *config, struct lrh_lane **ret_lane,
                          struct lr_error *err)
{
    struct lrh_lane *lane = calloc(1, sizeof *lane);
    lr_status status = lane ? LR_OK : LR_ENOMEM;

    if (!lane)
        return lr_fail(err, LR_ENOMEM, "out of memory for a lane");
    lane->config = *config;
    lane->error.size = sizeof lane->error;
    lane->totals.lag = -1;
    lane->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    lane->source_fd = lane->sink_fd = lane->dead_fd = -1;
    lane->verbs = (struct lr_lane){
        sizeof lane->verbs, config->max_batch, lane,         lrh__lane_plan,     lrh__lane_read,
        verb_score,         lrh__lane_write,   verb_discard, verb_drain,         verb_commit,
        verb_wait,          verb_progress,     verb_now,     verb_stop_requested};
    lane->idle = (struct lr_batch){
        .size = sizeof lane->idle, .record_size = sizeof(struct lr_record), .lane = config->index};
    for (uint32_t i = WORKS; i-- > 0 && status == LR_OK;) {
        status = lrh__work_init(lane, &lane->works[i]);
        lane->free_works[lane->n_free_works++] = i;
    }
    if (status != LR_OK || lane->wake_fd < 0) {
        lrh_lane_destroy(lane);
        return lr_fail(err, LR_ENOMEM, "out of memory or descriptors for a lane of %u records",
                       config->max_batch);
    }
    *ret_lane = lane;
    return LR_OK;
}

void lrh_lane_destroy(struct lrh_lane *lane)
{
    if (!lane)
        return;
    for (uint32_t i = 0; i < WORKS; i++)
        lrh__work_finish(&lane->works[i]);
    for (uint32_t i = 0; i < lane->n_flights; i++) {
        free(lane->flights[i]->spans);
        free(lane->flights[i]->arena);
        free(lane->flights[i]->dead_memory);
        free(lane->flights[i]);
    }
    lrh_ledger_finish(&lane->ledger);
    free(lane->positions);
    free(lane->until);
    free(lane->poisons);
    if (lane->wake_fd >= 0)
        (void)close(lane->wake_fd);
    free(lane);
}

const struct lr_lane *lrh_lane_verbs(struct lrh_lane *lane)
{
    return &lane->verbs;
}
