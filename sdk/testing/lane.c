/* SPDX-License-Identifier: MIT
 *
 * The lane of testing.h: a counted run of records behind the verbs of struct lr_lane.
 */
#include <lrhost/testing.h>
#include <math.h>

#define NS_PER_S 1e9
#define LATE_CALLS 1000 /* of verbs, after a stop was requested */

static void breach(struct lr_fake_lane *fake, const char *rule, const char *message)
{
    fake->breaches++;
    if (fake->on_breach)
        fake->on_breach(fake->breach_ctx, rule, message);
}

static uint64_t arrived(const struct lr_fake_lane *fake)
{
    uint64_t n = fake->there + (uint64_t)(fake->rate * (double)fake->now_ns / NS_PER_S + 1e-6);

    return n < fake->total ? n : fake->total;
}

/* INT64_MAX: never. */
static int64_t next_arrival_ns(const struct lr_fake_lane *fake)
{
    if (arrived(fake) >= fake->total || fake->rate <= 0)
        return INT64_MAX;
    return (int64_t)ceil((double)(arrived(fake) + 1 - fake->there) * NS_PER_S / fake->rate);
}

static void settle_due(struct lr_fake_lane *fake)
{
    if (fake->now_ns >= fake->settled_at_ns)
        fake->finished = fake->written;
}

static void pass_until(struct lr_fake_lane *fake, int64_t until_ns)
{
    if (until_ns > fake->now_ns)
        fake->now_ns = until_ns;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What the script or a void batch makes of this call; LR_OK: go on. */
static lr_status enter(struct lr_fake_lane *fake, int32_t verb, uint64_t n, int64_t timeout_ns)
{
    struct lr_fake_call *call =
        &fake->calls[fake->n_calls < LR_FAKE_CALLS - 1 ? fake->n_calls++ : 0];

    *call = (struct lr_fake_call){verb, LR_OK, fake->now_ns, n, timeout_ns};
    settle_due(fake);
    if (fake->now_ns >= fake->stop_ns && ++fake->late > LATE_CALLS) {
        if (fake->late == LATE_CALLS + 1)
            breach(fake, "engine.stop", "it goes on calling the lane after a stop was requested");
        return call->status = LR_EUNAVAILABLE; /* perhaps that ends it */
    }
    if (fake->script.status != LR_OK && fake->script.verb == verb &&
        fake->script.call == ++fake->counts[verb]) {
        call->status = fake->script.status;
        if (call->status == LR_RESET) {
            pass_until(fake, fake->settled_at_ns);
            settle_due(fake);
            fake->position = fake->written = fake->finished;
            fake->planned = 0;
            for (int i = 0; i < LR_FAKE_BATCHES; i++)
                fake->batches[i].is_void = fake->batches[i].held;
        } else if (call->status == LR_FULL || call->status == LR_AGAIN) {
            fake->now_ns += LR_FAKE_MS;
        }
    }
    return call->status;
}

static lr_status leave(struct lr_fake_lane *fake, int32_t verb, lr_status status)
{
    fake->calls[fake->n_calls - 1].status = status;
    fake->now_ns += fake->cost_ns[verb];
    settle_due(fake);
    return status;
}

static int32_t stop_requested(void *ctx)
{
    const struct lr_fake_lane *fake = ctx;

    return fake->now_ns >= fake->stop_ns || (fake->ends && fake->position >= fake->total);
}

static lr_status plan(void *ctx, uint64_t max_records)
{
    struct lr_fake_lane *fake = ctx;
    lr_status status = enter(fake, LR_FAKE_PLAN, max_records, 0);

    if (status != LR_OK)
        return status;
    fake->planned = 1;
    fake->plan_end = arrived(fake);
    if (max_records > 0 && fake->plan_end > fake->position + max_records)
        fake->plan_end = fake->position + max_records;
    return leave(fake, LR_FAKE_PLAN, LR_OK);
}

static struct lr_batch *give(struct lr_fake_lane *fake, uint32_t count)
{
    struct lr_fake_held *held = fake->batches;

    while (held->held)
        held++;
    held->batch.size = sizeof held->batch;
    held->batch.count = count;
    held->held = 1;
    held->is_void = 0;
    held->first = fake->position;
    fake->held++;
    fake->position += count;
    return &held->batch;
}

static lr_status read_batch(void *ctx, uint32_t max_records, int64_t timeout_ns,
                            struct lr_batch **ret_batch)
{
    struct lr_fake_lane *fake = ctx;
    lr_status status = enter(fake, LR_FAKE_READ, max_records, timeout_ns);
    int64_t deadline_ns = fake->now_ns + timeout_ns;
    uint64_t end;

    if (status != LR_OK)
        return status;
    if (fake->held == LR_FAKE_BATCHES) {
        fake->now_ns += LR_FAKE_MS;
        return leave(fake, LR_FAKE_READ, LR_FULL);
    }
    if (fake->ends && fake->position >= fake->total)
        return leave(fake, LR_FAKE_READ, LR_END);
    if (fake->planned && fake->position >= fake->plan_end) {
        fake->planned = 0;
        return leave(fake, LR_FAKE_READ, LR_END);
    }
    if (fake->now_ns >= fake->stop_ns)
        return leave(fake, LR_FAKE_READ, LR_AGAIN);
    if (arrived(fake) <= fake->position)
        pass_until(fake, earlier(deadline_ns, earlier(next_arrival_ns(fake), fake->stop_ns)));
    end = fake->planned ? fake->plan_end : arrived(fake);
    if (end <= fake->position || fake->now_ns >= fake->stop_ns)
        return leave(fake, LR_FAKE_READ, LR_AGAIN);
    if (max_records == 0 || max_records > LR_FAKE_MAX_BATCH)
        max_records = LR_FAKE_MAX_BATCH;
    *ret_batch = give(fake, end - fake->position < max_records ? (uint32_t)(end - fake->position)
                                                               : max_records);
    return leave(fake, LR_FAKE_READ, LR_OK);
}

/* The batch, if the engine was given it and still has it. */
static struct lr_fake_held *own(struct lr_fake_lane *fake, const struct lr_batch *batch,
                                const char *what)
{
    char text[96];

    for (int i = 0; i < LR_FAKE_BATCHES; i++)
        if (batch == &fake->batches[i].batch && fake->batches[i].held)
            return &fake->batches[i];
    (void)snprintf(text, sizeof text, "it %s a batch that it does not hold", what);
    breach(fake, "engine.own", text);
    return NULL;
}

static void give_back(struct lr_fake_lane *fake, struct lr_fake_held *held, struct lr_batch **batch)
{
    held->held = 0;
    fake->held--;
    *batch = NULL;
}

static lr_status score(void *ctx, struct lr_batch *batch)
{
    struct lr_fake_lane *fake = ctx;
    const struct lr_fake_held *held = own(fake, batch, "scores");
    lr_status status;

    if (!held)
        return LR_EINTERNAL;
    if (held->is_void)
        breach(fake, "engine.void", "it scores a batch that a reset made void");
    status = enter(fake, LR_FAKE_SCORE, batch->count, 0);
    if (status == LR_OK)
        fake->now_ns += fake->cost_ns[LR_FAKE_SCORE] * (batch->count - 1);
    return status == LR_OK ? leave(fake, LR_FAKE_SCORE, LR_OK) : status;
}

static lr_status write_batch(void *ctx, struct lr_batch **batch)
{
    struct lr_fake_lane *fake = ctx;
    struct lr_fake_held *held = own(fake, *batch, "writes");
    lr_status status;

    if (!held)
        return LR_EINTERNAL;
    status = enter(fake, LR_FAKE_WRITE, (*batch)->count, 0);
    if (status != LR_OK)
        return status;
    if (held->is_void) {
        breach(fake, "engine.void", "it writes a batch that a reset made void");
        give_back(fake, held, batch);
        return leave(fake, LR_FAKE_WRITE, LR_RESET);
    }
    if (held->first != fake->written)
        breach(fake, "engine.order", "it writes batches in another order than it read them");
    fake->written += (*batch)->count;
    fake->settled_at_ns = fake->now_ns + fake->cost_ns[LR_FAKE_WRITE] + fake->settle_ns;
    give_back(fake, held, batch);
    return leave(fake, LR_FAKE_WRITE, LR_OK);
}

static void discard(void *ctx, struct lr_batch **batch)
{
    struct lr_fake_lane *fake = ctx;
    struct lr_fake_held *held = own(fake, *batch, "discards");

    if (!held)
        return;
    if (!held->is_void && held->first < fake->position)
        fake->position = held->first;
    give_back(fake, held, batch);
}

static lr_status drain(void *ctx, int64_t timeout_ns)
{
    struct lr_fake_lane *fake = ctx;
    lr_status status = enter(fake, LR_FAKE_DRAIN, 0, timeout_ns);

    if (status != LR_OK)
        return status;
    if (fake->settled_at_ns > fake->now_ns)
        pass_until(fake, earlier(fake->now_ns + timeout_ns, fake->settled_at_ns));
    settle_due(fake);
    return leave(fake, LR_FAKE_DRAIN, fake->finished == fake->written ? LR_OK : LR_AGAIN);
}

static lr_status commit(void *ctx)
{
    struct lr_fake_lane *fake = ctx;
    lr_status status = enter(fake, LR_FAKE_COMMIT, fake->finished - fake->committed, 0);

    if (status != LR_OK)
        return status;
    fake->committed = fake->finished;
    return leave(fake, LR_FAKE_COMMIT, LR_OK);
}

static lr_status wait_until(void *ctx, int64_t until_ns)
{
    struct lr_fake_lane *fake = ctx;
    lr_status status = enter(fake, LR_FAKE_WAIT, 0, until_ns - fake->now_ns);

    if (status != LR_OK)
        return status;
    pass_until(fake, earlier(until_ns, fake->stop_ns));
    return leave(fake, LR_FAKE_WAIT, LR_OK);
}

static void note_progress(void *ctx, const struct lr_figure *figures, uint32_t figure_size,
                          uint32_t n)
{
    struct lr_fake_lane *fake = ctx;
    struct lr_fake_progress *progress = &fake->progress[fake->n_progress];

    if (figure_size < sizeof(struct lr_figure)) {
        breach(fake, "engine.figures", "figure_size is not sizeof(struct lr_figure)");
        return;
    }
    if (fake->n_progress + 1 < LR_FAKE_PROGRESS)
        fake->n_progress++;
    *progress = (struct lr_fake_progress){.at_ns = fake->now_ns, .n = n};
    for (uint32_t i = 0; i < n && i < LR_FAKE_FIGURES; i++) {
        const char *at = (const char *)figures + (size_t)i * figure_size;
        const struct lr_figure *figure = (const void *)at;

        (void)snprintf(progress->figures[i].name, sizeof progress->figures[i].name, "%s",
                       figure->name);
        progress->figures[i].value = figure->value;
        if (figure->size < sizeof *figure)
            breach(fake, "engine.figures", "a figure's size is not sizeof(struct lr_figure)");
    }
}

static int64_t now(void *ctx)
{
    return ((struct lr_fake_lane *)ctx)->now_ns;
}

void lr_fake_lane_init(struct lr_fake_lane *fake)
{
    memset(fake, 0, sizeof *fake);
    fake->total = UINT64_MAX;
    fake->stop_ns = INT64_MAX;
    fake->lane = (struct lr_lane){.size = sizeof fake->lane,
                                  .max_batch = LR_FAKE_MAX_BATCH,
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

double lr_fake_figure(const struct lr_fake_progress *progress, const char *name)
{
    for (uint32_t i = 0; i < progress->n; i++)
        if (strcmp(progress->figures[i].name, name) == 0)
            return progress->figures[i].value;
    return NAN;
}

const struct lr_fake_call *lr_fake_called(const struct lr_fake_lane *fake, int32_t verb, uint32_t i)
{
    for (uint32_t c = 0; c < fake->n_calls; c++)
        if (fake->calls[c].verb == verb && i-- == 0)
            return &fake->calls[c];
    return NULL;
}
