/* SPDX-License-Identifier: MIT
 *
 * A lane for engines under test; see fake_lane.h.
 */
#include "fake_lane.h"

#include <math.h>

#define NS_PER_S 1e9

static uint64_t arrived(const struct fake_lane *fake)
{
    uint64_t n = fake->there + (uint64_t)(fake->rate * (double)fake->now_ns / NS_PER_S + 1e-6);

    return n < fake->total ? n : fake->total;
}

/* INT64_MAX: never. */
static int64_t next_arrival_ns(const struct fake_lane *fake)
{
    if (arrived(fake) >= fake->total || fake->rate <= 0)
        return INT64_MAX;
    return (int64_t)ceil((double)(arrived(fake) + 1 - fake->there) * NS_PER_S / fake->rate);
}

static void settle_due(struct fake_lane *fake)
{
    if (fake->now_ns >= fake->settled_at_ns)
        fake->finished = fake->written;
}

static void pass_until(struct fake_lane *fake, int64_t until_ns)
{
    if (until_ns > fake->now_ns)
        fake->now_ns = until_ns;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What the script or a void batch makes of this call; LR_OK: go on. */
static lr_status enter(struct fake_lane *fake, enum fake_verb verb, uint64_t n, int64_t timeout_ns)
{
    struct fake_call *call = &fake->calls[fake->n_calls < FAKE_CALLS - 1 ? fake->n_calls++ : 0];

    *call = (struct fake_call){verb, LR_OK, fake->now_ns, n, timeout_ns};
    settle_due(fake);
    if (fake->script.status != LR_OK && fake->script.verb == verb &&
        fake->script.call == ++fake->counts[verb]) {
        call->status = fake->script.status;
        if (call->status == LR_RESET) {
            pass_until(fake, fake->settled_at_ns);
            settle_due(fake);
            fake->position = fake->written = fake->finished;
            fake->planned = 0;
            fake->void_held = fake->held;
        } else if (call->status == LR_FULL || call->status == LR_AGAIN) {
            fake->now_ns += FAKE_MS;
        }
    }
    return call->status;
}

static lr_status leave(struct fake_lane *fake, enum fake_verb verb, lr_status status)
{
    fake->calls[fake->n_calls - 1].status = status;
    fake->now_ns += fake->cost_ns[verb];
    settle_due(fake);
    return status;
}

static int32_t stop_requested(void *ctx)
{
    const struct fake_lane *fake = ctx;

    return fake->now_ns >= fake->stop_ns || (fake->ends && fake->position >= fake->total);
}

static lr_status plan(void *ctx, uint64_t max_records)
{
    struct fake_lane *fake = ctx;
    lr_status status = enter(fake, FAKE_PLAN, max_records, 0);

    if (status != LR_OK)
        return status;
    fake->planned = 1;
    fake->plan_end = arrived(fake);
    if (max_records > 0 && fake->plan_end > fake->position + max_records)
        fake->plan_end = fake->position + max_records;
    return leave(fake, FAKE_PLAN, LR_OK);
}

static lr_status read_batch(void *ctx, uint32_t max_records, int64_t timeout_ns,
                            struct lr_batch **ret_batch)
{
    struct fake_lane *fake = ctx;
    lr_status status = enter(fake, FAKE_READ, max_records, timeout_ns);
    int64_t deadline_ns = fake->now_ns + timeout_ns;
    uint64_t end;

    fake->breaches += fake->held != 0; /* the fake has one batch */
    if (status != LR_OK)
        return status;
    if (fake->ends && fake->position >= fake->total)
        return leave(fake, FAKE_READ, LR_END);
    if (fake->planned && fake->position >= fake->plan_end) {
        fake->planned = 0;
        return leave(fake, FAKE_READ, LR_END);
    }
    if (fake->now_ns >= fake->stop_ns)
        return leave(fake, FAKE_READ, LR_AGAIN);
    if (arrived(fake) <= fake->position)
        pass_until(fake, earlier(deadline_ns, earlier(next_arrival_ns(fake), fake->stop_ns)));
    end = fake->planned ? fake->plan_end : arrived(fake);
    if (end <= fake->position || fake->now_ns >= fake->stop_ns)
        return leave(fake, FAKE_READ, LR_AGAIN);
    if (max_records == 0 || max_records > FAKE_MAX_BATCH)
        max_records = FAKE_MAX_BATCH;
    fake->batch.count =
        end - fake->position < max_records ? (uint32_t)(end - fake->position) : max_records;
    fake->held = 1;
    fake->void_held = 0;
    fake->held_first = fake->position;
    fake->position += fake->batch.count;
    *ret_batch = &fake->batch;
    return leave(fake, FAKE_READ, LR_OK);
}

static lr_status score(void *ctx, struct lr_batch *batch)
{
    struct fake_lane *fake = ctx;
    int32_t allowed = fake->held && !fake->void_held;
    lr_status status = enter(fake, FAKE_SCORE, batch->count, 0);

    fake->breaches += !allowed;
    if (status == LR_OK)
        fake->now_ns += fake->cost_ns[FAKE_SCORE] * (batch->count - 1);
    return status == LR_OK ? leave(fake, FAKE_SCORE, LR_OK) : status;
}

static lr_status write_batch(void *ctx, struct lr_batch **batch)
{
    struct fake_lane *fake = ctx;
    lr_status status = enter(fake, FAKE_WRITE, (*batch)->count, 0);

    fake->breaches += !fake->held || (status == LR_OK && fake->void_held) ||
                      (status == LR_OK && fake->held_first != fake->written);
    if (status != LR_OK)
        return status;
    fake->written += (*batch)->count;
    fake->settled_at_ns = fake->now_ns + fake->cost_ns[FAKE_WRITE] + fake->settle_ns;
    fake->held = 0;
    *batch = NULL;
    return leave(fake, FAKE_WRITE, LR_OK);
}

static void discard(void *ctx, struct lr_batch **batch)
{
    struct fake_lane *fake = ctx;

    fake->breaches += !fake->held;
    if (!fake->void_held)
        fake->position = fake->held_first;
    fake->held = 0;
    *batch = NULL;
}

static lr_status drain(void *ctx, int64_t timeout_ns)
{
    struct fake_lane *fake = ctx;
    lr_status status = enter(fake, FAKE_DRAIN, 0, timeout_ns);

    if (status != LR_OK)
        return status;
    if (fake->settled_at_ns > fake->now_ns)
        pass_until(fake, earlier(fake->now_ns + timeout_ns, fake->settled_at_ns));
    settle_due(fake);
    return leave(fake, FAKE_DRAIN, fake->finished == fake->written ? LR_OK : LR_AGAIN);
}

static lr_status commit(void *ctx)
{
    struct fake_lane *fake = ctx;
    lr_status status = enter(fake, FAKE_COMMIT, fake->finished - fake->committed, 0);

    if (status != LR_OK)
        return status;
    fake->committed = fake->finished;
    return leave(fake, FAKE_COMMIT, LR_OK);
}

static lr_status wait_until(void *ctx, int64_t until_ns)
{
    struct fake_lane *fake = ctx;
    lr_status status = enter(fake, FAKE_WAIT, 0, until_ns - fake->now_ns);

    if (status != LR_OK)
        return status;
    pass_until(fake, earlier(until_ns, fake->stop_ns));
    return leave(fake, FAKE_WAIT, LR_OK);
}

static void note_progress(void *ctx, const struct lr_figure *figures, uint32_t figure_size,
                          uint32_t n)
{
    struct fake_lane *fake = ctx;
    struct fake_progress *progress = &fake->progress[fake->n_progress];

    fake->breaches += figure_size < sizeof(struct lr_figure) || n > FAKE_FIGURES;
    if (fake->n_progress + 1 < FAKE_PROGRESS)
        fake->n_progress++;
    *progress = (struct fake_progress){.at_ns = fake->now_ns, .n = n};
    for (uint32_t i = 0; i < n && i < FAKE_FIGURES; i++) {
        const char *at = (const char *)figures + (size_t)i * figure_size;
        const struct lr_figure *figure = (const void *)at;

        (void)snprintf(progress->figures[i].name, sizeof progress->figures[i].name, "%s",
                       figure->name);
        progress->figures[i].value = figure->value;
        fake->breaches += figure->size < sizeof *figure;
    }
}

static int64_t now(void *ctx)
{
    return ((struct fake_lane *)ctx)->now_ns;
}

void fake_lane_init(struct fake_lane *fake)
{
    memset(fake, 0, sizeof *fake);
    fake->total = UINT64_MAX;
    fake->stop_ns = INT64_MAX;
    fake->batch.size = sizeof fake->batch;
    fake->lane = (struct lr_lane){.size = sizeof fake->lane,
                                  .max_batch = FAKE_MAX_BATCH,
                                  .ctx = fake,
                                  .plan = plan,
                                  .read = read_batch,
                                  .score = score,
                                  .write = write_batch,
                                  .discard = discard,
                                  .drain = drain,
                                  .commit = commit,
                                  .wait = wait_until,
                                  .progress = note_progress,
                                  .now = now,
                                  .stop_requested = stop_requested};
}

double fake_figure(const struct fake_progress *progress, const char *name)
{
    for (uint32_t i = 0; i < progress->n; i++)
        if (strcmp(progress->figures[i].name, name) == 0)
            return progress->figures[i].value;
    return NAN;
}

const struct fake_call *fake_call(const struct fake_lane *fake, enum fake_verb verb, uint32_t i)
{
    for (uint32_t c = 0; c < fake->n_calls; c++)
        if (fake->calls[c].verb == verb && i-- == 0)
            return &fake->calls[c];
    return NULL;
}
