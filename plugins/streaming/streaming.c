/* SPDX-License-Identifier: MIT
 *
 * The streaming engine: takes whatever is there, scores it, writes it at once.
 *
 * Natural batching: a read returns as soon as one record is there and takes along what
 * waits behind it, at most max_batch. An idle pipeline thus handles single records with the
 * lowest latency, a loaded one whole batches, and there is no knob in between. Positions are
 * committed every commit_interval; under at_least_once that is a message to the source and
 * does not hold up the flow. Once all that was written is settled and committed, nothing
 * wakes the engine but a record or a stop.
 */
#include <lrhost/lrhost.h>
#include <stdlib.h>

#define IDLE_NS 1000000000LL /* longest read with nothing to commit; a stop ends it sooner */
#define FULL_NS 1000000LL    /* pause when the lane has no batch left */

struct settings {
    int64_t max_batch;
    int64_t commit_interval_ns;
};

struct streaming {
    const struct settings *settings;
    int32_t exactly_once;
    int64_t commit_due_ns; /* monotonic */
    int64_t soonest_ns;    /* exactly_once: when the next commit may be */
    int32_t uncommitted;   /* something was written that no commit has covered yet */
};

/* Commits when it is time. What is still in flight then is left to the next commit. */
static lr_status commit_if_due(struct streaming *self, const struct lr_lane *lane)
{
    int64_t interval_ns = self->settings->commit_interval_ns, begun_ns = lane->now(lane->ctx);
    int64_t now_ns;
    lr_status settled, status;

    if (!self->uncommitted || begun_ns < self->commit_due_ns)
        return LR_OK;
    settled = lane->drain(lane->ctx, 0);
    if (settled != LR_OK && settled != LR_AGAIN)
        return settled;
    status = lane->commit(lane->ctx);
    if (status == LR_OK)
        self->uncommitted = settled == LR_AGAIN;
    now_ns = lane->now(lane->ctx);
    self->commit_due_ns = now_ns + interval_ns;
    self->soonest_ns = begun_ns + interval_ns;
    if (self->soonest_ns < now_ns + interval_ns / 2)
        self->soonest_ns = now_ns + interval_ns / 2;
    return status;
}

static int64_t patience_ns(const struct streaming *self, const struct lr_lane *lane)
{
    int64_t left_ns;

    if (!self->uncommitted)
        return IDLE_NS;
    left_ns = self->commit_due_ns - lane->now(lane->ctx);
    if (left_ns < 0)
        return 0;
    return left_ns < IDLE_NS ? left_ns : IDLE_NS;
}

static lr_status score_and_write(struct streaming *self, const struct lr_lane *lane,
                                 struct lr_batch **batch)
{
    lr_status status = lane->score(lane->ctx, *batch);

    if (status == LR_OK)
        status = lane->write(lane->ctx, batch);
    if (status == LR_OK && !self->uncommitted) {
        self->uncommitted = 1;
        self->commit_due_ns = self->exactly_once
                                  ? self->soonest_ns
                                  : lane->now(lane->ctx) + self->settings->commit_interval_ns;
    }
    return status;
}

static lr_status run(void *ctx, const struct lr_lane *lane, struct lr_error *err)
{
    struct streaming *self = ctx;
    uint32_t most = (uint32_t)self->settings->max_batch;

    (void)err; /* the host knows what its verbs returned */
    self->uncommitted = 0;
    self->soonest_ns = lane->now(lane->ctx);
    while (!lane->stop_requested(lane->ctx)) {
        struct lr_batch *batch = NULL;
        lr_status status = lane->read(lane->ctx, most, patience_ns(self, lane), &batch);

        if (status == LR_END)
            break;
        if (status == LR_OK)
            status = score_and_write(self, lane, &batch);
        else if (status == LR_FULL)
            status = lane->drain(lane->ctx, FULL_NS);
        if (status == LR_OK || status == LR_AGAIN)
            status = commit_if_due(self, lane);
        if (batch)
            lane->discard(lane->ctx, &batch);
        if (status < 0)
            return status;
    }
    return LR_OK;
}

static lr_status create(const struct lr_host *host, const void *settings, void **ret_self,
                        struct lr_error *err)
{
    struct streaming *self = calloc(1, sizeof *self);

    if (!self)
        return lr_fail(err, LR_ENOMEM, "no memory for the streaming engine");
    self->settings = settings;
    self->exactly_once = lr_guarantee(host) == LR_EXACTLY_ONCE;
    *ret_self = self;
    return LR_OK;
}

static const struct lr_option options[] = {
    {.name = "max_batch",
     .doc = "Most records that are scored and written together. The engine never waits for "
            "them: this only bounds what a busy pipeline takes at once. 0: as many as a batch "
            "of the lane holds",
     .initial = "1024",
     .range = "0..1_000_000",
     .type = LR_OPT_INT,
     .offset = offsetof(struct settings, max_batch)},
    {.name = "commit_interval",
     .doc = "How often positions are committed while records flow. What came after the last "
            "commit is read again after a crash; under exactly_once it is also how long "
            "readers wait for results, and a record after a pause of that length is committed "
            "at once. 0: after every batch",
     .initial = "100ms",
     .range = "0..1h",
     .type = LR_OPT_DURATION,
     .offset = offsetof(struct settings, commit_interval_ns)},
};

static const struct lr_engine engine = {.size = sizeof engine, .run = run};

static const struct lr_plugin plugin = {
    .size = sizeof plugin,
    .kind = LR_ENGINE,
    .name = "streaming",
    .summary = "scores records as they come, one at a time when idle, many when busy",
    .options = options,
    .option_size = sizeof options[0],
    .n_options = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct settings),
    .ops = &engine,
    .create = create,
    .destroy = free,
};

static const struct lr_plugin *const plugins[] = {&plugin};

static const struct lr_module module = {
    .size = sizeof module,
    .abi_min = 1,
    .abi_built = LRHOST_ABI,
    .n_plugins = sizeof plugins / sizeof plugins[0],
    .name = "streaming",
    .version = LRHOST_VERSION,
    .license = "MIT",
    .plugins = plugins,
};

LRHOST_MODULE(module, 1)
