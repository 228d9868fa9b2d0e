/* SPDX-License-Identifier: MIT
 *
 * The micro-batch engine: plans, reads up to the plan's ends, scores, writes, drains,
 * commits; with the triggers and the progress records of Apache Spark's Structured Streaming,
 * so that its users find what they know ("Structured Streaming Programming Guide", sections
 * Triggers and Monitoring Streaming Queries).
 *
 *   processing_time  a batch at every multiple of the interval on the wall clock, the first one
 *                    at once. A batch that overruns starts the next one immediately; the
 *                    triggers it missed are gone and do not bunch up.
 *   available_now    everything that was there at the start, in batches of at most
 *                    max_records_per_trigger, then the end.
 *   once             the same in a single batch without a limit.
 *
 * LR_RESET starts the batch over under the same batchId. For available_now and once it also
 * fixes the ends anew: streams have changed owner, and their new ends belong to the work.
 */
#include <lrhost/lrhost.h>
#include <stdlib.h>

#include "batch.h"

#define NS_PER_MS 1e6
#define NS_PER_S 1e9
#define IDLE_PROGRESS_NS 10000000000LL /* progress records while nothing comes */
#define POLLING_DELAY_NS 10000000LL    /* after an empty batch with processing_time = 0 */
#define NEVER INT64_MIN

#define TRIGGER_PROCESSING_TIME 0
#define TRIGGER_AVAILABLE_NOW 1
#define TRIGGER_ONCE 2

struct settings {
    int64_t interval_ns;
    int64_t max_records;
    int64_t max_batch;
    int32_t trigger;
};

struct microbatch {
    const struct lr_host *host;
    const struct settings *settings;
    int64_t *overruns;
    int64_t wall_offset_ns; /* wall minus monotonic clock when run began */
    int64_t batch_id;
    int32_t uncommitted;      /* see struct micro_batch */
    int64_t last_trigger_ns;  /* start of the trigger before; NEVER: none yet */
    int64_t last_progress_ns; /* NEVER: none yet */
};

/* Names and meanings are Spark's. latestOffset: finding the ends (our plan); addBatch: from
 * the first read until all is delivered (Spark too reads inside addBatch); commitOffsets: the
 * commit; triggerExecution: all of it. getBatch, queryPlanning and walCommit are 0: a plan
 * needs neither a query nor a write-ahead log here, the positions are committed afterwards.
 * inputRowsPerSecond is left out of the first record, which has no trigger before it. */
static void emit_progress(struct microbatch *self, const struct micro_batch *batch)
{
    const struct lr_lane *lane = batch->lane;
    double total_ns = (double)(batch->committed_ns - batch->triggered_ns);
    double since_ns = (double)(batch->triggered_ns - self->last_trigger_ns);
    double rows = (double)batch->rows;
    struct lr_figure figures[] = {
        {.name = "batchId", .value = (double)self->batch_id},
        {.name = "numInputRows", .value = rows},
        {.name = "processedRowsPerSecond", .value = total_ns > 0 ? rows * NS_PER_S / total_ns : 0},
        {.name = "durationMs.latestOffset",
         .value = (double)(batch->planned_ns - batch->triggered_ns) / NS_PER_MS},
        {.name = "durationMs.getBatch"},
        {.name = "durationMs.queryPlanning"},
        {.name = "durationMs.walCommit"},
        {.name = "durationMs.addBatch",
         .value = (double)(batch->added_ns - batch->planned_ns) / NS_PER_MS},
        {.name = "durationMs.commitOffsets",
         .value = (double)(batch->committed_ns - batch->added_ns) / NS_PER_MS},
        {.name = "durationMs.triggerExecution", .value = total_ns / NS_PER_MS},
        {.name = "inputRowsPerSecond"}, /* last, so that it can be left out */
    };
    uint32_t n = sizeof figures / sizeof figures[0];

    for (uint32_t i = 0; i < n; i++)
        figures[i].size = sizeof figures[i];
    if (self->last_trigger_ns == NEVER)
        n--;
    else
        figures[n - 1].value = since_ns > 0 ? rows * NS_PER_S / since_ns : 0;
    lane->progress(lane->ctx, figures, sizeof figures[0], n);
    self->last_progress_ns = batch->committed_ns;
}

/* What follows a batch that went through. */
static void complete(struct microbatch *self, const struct micro_batch *batch)
{
    int64_t now_ns = batch->committed_ns;

    if (batch->rows > 0 ||
        (self->last_progress_ns != NEVER && now_ns - self->last_progress_ns >= IDLE_PROGRESS_NS))
        emit_progress(self, batch);
    else if (self->last_progress_ns == NEVER)
        self->last_progress_ns = now_ns; /* the first idle record is due ten seconds from here */
    if (batch->rows > 0)
        self->batch_id++;
    self->last_trigger_ns = batch->triggered_ns;
}

static struct micro_batch new_batch(struct microbatch *self, const struct lr_lane *lane)
{
    int64_t now_ns = lane->now(lane->ctx);

    return (struct micro_batch){.lane = lane,
                                .uncommitted = &self->uncommitted,
                                .chunk = (uint32_t)self->settings->max_batch,
                                .triggered_ns = now_ns,
                                .planned_ns = now_ns,
                                .added_ns = now_ns,
                                .committed_ns = now_ns};
}

/* The first multiple of the interval after the batch's start. Multiples are counted on the
 * wall clock as it stood when run began, so that a clock that is set later does no harm. */
static int64_t next_trigger_ns(const struct microbatch *self, const struct micro_batch *batch)
{
    int64_t interval_ns = self->settings->interval_ns;
    int64_t wall_ns;

    if (interval_ns == 0)
        return batch->rows > 0 ? batch->committed_ns : batch->committed_ns + POLLING_DELAY_NS;
    wall_ns = batch->triggered_ns + self->wall_offset_ns;
    return batch->triggered_ns + interval_ns - wall_ns % interval_ns;
}

static lr_status sleep_until(const struct lr_lane *lane, int64_t until_ns)
{
    lr_status status;

    do /* a reset concerns no batch here */
        status = lane->wait(lane->ctx, until_ns);
    while (status == LR_RESET && !lane->stop_requested(lane->ctx));
    return status;
}

static lr_status run_periodic(struct microbatch *self, const struct lr_lane *lane)
{
    lr_status status = LR_OK;

    while (status >= 0 && !lane->stop_requested(lane->ctx)) {
        struct micro_batch batch = new_batch(self, lane);
        int64_t next_ns;

        do {
            status = micro_batch_plan(&batch, (uint64_t)self->settings->max_records);
            if (status == LR_OK)
                status = micro_batch_run(&batch, 0);
        } while (status == LR_RESET && !lane->stop_requested(lane->ctx));
        if (status < 0)
            break;
        if (status == LR_END)
            complete(self, &batch);
        next_ns = next_trigger_ns(self, &batch);
        if (self->settings->interval_ns > 0 &&
            batch.committed_ns - batch.triggered_ns > self->settings->interval_ns)
            lr_metric_add(self->overruns, 1);
        status = sleep_until(lane, next_ns);
    }
    return status < 0 ? status : LR_OK;
}

/* Works off what is there now, in batches of at most max_rows (0: a single one). */
static lr_status run_available(struct microbatch *self, const struct lr_lane *lane,
                               uint64_t max_rows)
{
    lr_status status = LR_RESET; /* no plan yet */

    while ((status == LR_OK || status == LR_RESET) && !lane->stop_requested(lane->ctx)) {
        struct micro_batch batch = new_batch(self, lane);

        if (status == LR_RESET)
            status = micro_batch_plan(&batch, 0);
        if (status == LR_OK)
            status = micro_batch_run(&batch, max_rows);
        if (status == LR_OK || status == LR_END)
            complete(self, &batch);
    }
    return status < 0 ? status : LR_OK;
}

static lr_status run(void *ctx, const struct lr_lane *lane, struct lr_error *err)
{
    struct microbatch *self = ctx;

    (void)err; /* the host knows what its verbs returned */
    self->wall_offset_ns = self->host->wall_ns(self->host->ctx) - lane->now(lane->ctx);
    self->batch_id = 0;
    self->uncommitted = 0;
    self->last_trigger_ns = self->last_progress_ns = NEVER;
    switch (self->settings->trigger) {
    case TRIGGER_AVAILABLE_NOW:
        return run_available(self, lane, (uint64_t)self->settings->max_records);
    case TRIGGER_ONCE:
        return run_available(self, lane, 0);
    default:
        return run_periodic(self, lane);
    }
}

static lr_status create(const struct lr_host *host, const void *settings, void **ret_self,
                        struct lr_error *err)
{
    struct microbatch *self = calloc(1, sizeof *self);

    if (!self)
        return lr_fail(err, LR_ENOMEM, "no memory for the microbatch engine");
    self->host = host;
    self->settings = settings;
    self->overruns = host->metric(host->ctx, LR_COUNTER, "microbatch_overruns_total",
                                  "Micro-batches that took longer than processing_time");
    *ret_self = self;
    return LR_OK;
}

static const struct lr_option options[] = {
    {.name = "trigger",
     .doc = "When a micro-batch starts: at every multiple of processing_time; available_now: "
            "work off what is there at the start in several batches, then end; once: the same "
            "in a single batch",
     .initial = "processing_time",
     .choices = "processing_time|available_now|once",
     .type = LR_OPT_ENUM,
     .offset = offsetof(struct settings, trigger)},
    {.name = "processing_time",
     .doc = "Interval of the trigger processing_time. A batch that takes longer is followed by "
            "the next one at once. 0: each batch follows the one before",
     .initial = "100ms",
     .range = "0..24h",
     .type = LR_OPT_DURATION,
     .offset = offsetof(struct settings, interval_ns)},
    {.name = "max_records_per_trigger",
     .doc = "Most records of one micro-batch, over all streams of a lane. 0: no limit, a backlog "
            "becomes one batch. The trigger once has no limit",
     .initial = "100_000",
     .range = "0..",
     .type = LR_OPT_INT,
     .offset = offsetof(struct settings, max_records)},
    {.name = "max_batch",
     .doc = "Most records that go through the model and to the sink together while a micro-batch "
            "is worked off. 0: as many as a batch of the lane holds",
     .initial = "0",
     .range = "0..1_000_000",
     .type = LR_OPT_INT,
     .flags = LR_OPT_ADVANCED,
     .offset = offsetof(struct settings, max_batch)},
};

static const struct lr_engine engine = {.size = sizeof engine, .run = run};

static const struct lr_plugin plugin = {
    .size = sizeof plugin,
    .kind = LR_ENGINE,
    .name = "microbatch",
    .summary = "scores records in planned batches, each committed as a whole",
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
    .name = "microbatch",
    .version = LRHOST_VERSION,
    .license = "MIT",
    .plugins = plugins,
};

LRHOST_MODULE(module, 1)
