/* SPDX-License-Identifier: MIT
 *
 * engine_slo: an engine with a latency target. Makes batches as large as it can while 99 of 100
 * records are delivered within `target`; large batches cost less per record (requests, commits,
 * calls), small ones are sooner done.
 *
 * It gathers: before a read it waits until about as many records have come as it wants, by the rate
 * at which they came before. Each batch is waited for (drain), so that its latency is known: from
 * when a record was due (t0), or stamped, or else read, until it was delivered. Some ten times a
 * second it looks at the records since the last look:
 *
 *   processing alone takes longer than the target    smaller batches
 *   full batches without any gathering (a backlog)   larger ones: they get more done
 *   p99 above nine tenths of the target              smaller ones
 *   p99 below half of it, or seven tenths            twice as large, or a quarter larger
 *
 * Left out: batches under way side by side, which a sink far away would want.
 */
#include <lrhost/lrhost.h>
#include <math.h>

#define LOOK_NS 100000000 /* between two decisions, with LOOK_RECORDS at least; */
#define LOOK_RECORDS 200
#define LOOK_LONGEST_NS 1000000000 /* with fewer, so long */
#define FIRST_SIZE 16
#define PATIENCE_NS 1000000000 /* longest wait for a record; a stop request ends it sooner */
#define NS_PER_S 1e9
#define NS_PER_US 1000
#define PER_OCTAVE 16 /* buckets of the histogram: 4 % wide */
#define BUCKETS (64 * PER_OCTAVE)

struct settings {
    int64_t target_ns;
};

struct look { /* what was seen since the last decision */
    int64_t began_ns;
    uint64_t records, batches, full;
    int64_t slowest_ns; /* from read to delivered */
    uint32_t histogram[BUCKETS];
};

struct slo {
    const struct lr_host *host;
    const struct settings *settings;
    int64_t *size_cell, *p99_cell; /* metrics */
    int64_t *ages;                 /* [max_batch], of the records of one batch */
    uint32_t size, most;           /* records that a batch should have, and may have */
    int32_t backlog;               /* the last batch was full */
    int32_t longest;               /* it gathered as long as it may */
    double rate;                   /* records per second; 0: not known yet */
    int64_t read_ns;               /* when the last batch was read */
    struct look look;
};

/* ---- what is seen ----------------------------------------------------------------------- */

static void count_age(struct look *look, int64_t age_ns)
{
    double octaves = age_ns > 1 ? log2((double)age_ns) : 0;

    look->histogram[(uint32_t)(octaves * PER_OCTAVE) % BUCKETS]++;
    look->records++;
}

/* Upper bound of the bucket that 99 of 100 records do not exceed. */
static int64_t p99_ns(const struct look *look)
{
    uint64_t left = look->records - look->records / 100;

    for (uint32_t b = 0; b < BUCKETS; b++) {
        if (look->histogram[b] >= left)
            return (int64_t)exp2((double)(b + 1) / PER_OCTAVE);
        left -= look->histogram[b];
    }
    return 0;
}

/* How old each record is at `now_ns`, wall. */
static void note_ages(struct slo *self, const struct lr_batch *batch, int64_t now_ns)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        int64_t from_ns = batch->t0 ? batch->t0[i] : -1;

        if (from_ns < 0 && batch->records)
            from_ns = lr_batch_record(batch, i)->timestamp_ns;
        self->ages[i] = now_ns - (from_ns < 0 ? batch->read_ns : from_ns);
    }
}

/* ---- what is decided -------------------------------------------------------------------- */

static void decide(struct slo *self, const struct lr_lane *lane)
{
    struct look *look = &self->look;
    int64_t now_ns = lane->now(lane->ctx), target_ns = self->settings->target_ns;
    int64_t p99 = p99_ns(look);
    uint32_t size = self->size;
    struct lr_figure figures[] = {
        {.size = sizeof figures[0], .name = "numInputRows", .value = (double)look->records},
        {.size = sizeof figures[0], .name = "batchSize", .value = size},
        {.size = sizeof figures[0], .name = "p99Ms", .value = (double)p99 / 1e6},
    };

    if (look->records == 0 || now_ns - look->began_ns < LOOK_NS ||
        (look->records < LOOK_RECORDS && now_ns - look->began_ns < LOOK_LONGEST_NS))
        return;
    self->rate = (double)look->records * NS_PER_S / (double)(now_ns - look->began_ns);
    if (look->slowest_ns > target_ns)
        size -= size / 4;
    else if (2 * look->full > look->batches)
        size *= 2;
    else if (p99 > target_ns / 10 * 9)
        size -= size / 4;
    else if (p99 < target_ns / 2 && !self->longest)
        size *= 2;
    else if (p99 < target_ns / 10 * 7 && !self->longest)
        size += size / 4 + 1;
    self->size = size < 1 ? 1 : size > self->most ? self->most : size;
    lr_metric_set(self->size_cell, self->size);
    lr_metric_set(self->p99_cell, p99 / NS_PER_US);
    lane->progress(lane->ctx, figures, sizeof figures[0], sizeof figures / sizeof figures[0]);
    *look = (struct look){.began_ns = now_ns};
}

/* Waits until about `size` records should be there, at most for three quarters of the target. */
static lr_status gather(struct slo *self, const struct lr_lane *lane)
{
    double most_ns = (double)self->settings->target_ns * 0.75;
    double wait_ns = self->rate > 0 ? self->size / self->rate * NS_PER_S : 0;

    self->longest = wait_ns >= most_ns;
    if (wait_ns <= 0 || self->backlog)
        return LR_OK;
    return lane->wait(lane->ctx, self->read_ns + (int64_t)fmin(wait_ns, most_ns));
}

/* ---- work ------------------------------------------------------------------------------- */

/* Scores, writes, waits until it is delivered, commits. */
static lr_status handle(struct slo *self, const struct lr_lane *lane, struct lr_batch **batch)
{
    int64_t wall_ns = self->host->wall_ns(self->host->ctx), later_ns;
    uint32_t count = (*batch)->count;
    lr_status status = lane->score(lane->ctx, *batch);

    note_ages(self, *batch, wall_ns);
    if (status == LR_OK)
        status = lane->write(lane->ctx, batch);
    if (status == LR_OK)
        do
            status = lane->drain(lane->ctx, PATIENCE_NS);
        while (status == LR_AGAIN && !lane->stop_requested(lane->ctx));
    if (status != LR_OK)
        return status;
    later_ns = self->host->wall_ns(self->host->ctx) - wall_ns;
    for (uint32_t i = 0; i < count; i++)
        count_age(&self->look, self->ages[i] + later_ns);
    self->look.batches++;
    self->look.full += self->backlog != 0;
    if (self->look.slowest_ns < later_ns)
        self->look.slowest_ns = later_ns;
    return lane->commit(lane->ctx);
}

static lr_status work(struct slo *self, const struct lr_lane *lane)
{
    while (!lane->stop_requested(lane->ctx)) {
        struct lr_batch *batch = NULL;
        lr_status status = gather(self, lane);

        if (status == LR_OK)
            status = lane->read(lane->ctx, self->size, PATIENCE_NS, &batch);
        if (status == LR_END)
            break;
        if (batch) {
            self->read_ns = lane->now(lane->ctx);
            self->backlog = batch->count == self->size;
            status = handle(self, lane, &batch);
        }
        if (batch)
            lane->discard(lane->ctx, &batch);
        if (status < 0)
            return status;
        decide(self, lane);
    }
    return LR_OK;
}

static lr_status run(void *ctx, const struct lr_lane *lane, struct lr_error *err)
{
    struct slo *self = ctx;
    lr_status status;

    self->most = lane->max_batch;
    self->size = FIRST_SIZE < self->most ? FIRST_SIZE : self->most;
    self->look = (struct look){.began_ns = lane->now(lane->ctx)};
    self->ages = self->host->memory(self->host->ctx, NULL, self->most * sizeof *self->ages);
    if (!self->ages)
        return lr_fail(err, LR_ENOMEM, "no memory for batches of %u records", self->most);
    status = work(self, lane);
    self->ages = self->host->memory(self->host->ctx, self->ages, 0);
    return status;
}

/* ---- life ------------------------------------------------------------------------------- */

static lr_status create(const struct lr_host *host, const void *settings, void **ret_self,
                        struct lr_error *err)
{
    struct slo *self = host->memory(host->ctx, NULL, sizeof *self);

    if (!self)
        return lr_fail(err, LR_ENOMEM, "no memory for the engine");
    *self = (struct slo){.host = host, .settings = settings};
    self->size_cell = host->metric(host->ctx, LR_GAUGE, "engine_slo_batch_records",
                                   "Records that a batch should have");
    self->p99_cell = host->metric(host->ctx, LR_GAUGE, "engine_slo_p99_microseconds",
                                  "What 99 of 100 records did not exceed, at the last look");
    *ret_self = self;
    return LR_OK;
}

static void destroy(void *ctx)
{
    struct slo *self = ctx;

    if (self)
        (void)self->host->memory(self->host->ctx, self, 0);
}

static const struct lr_option options[] = {
    {.name = "target",
     .doc = "Within this time 99 of 100 records are to be delivered",
     .initial = "50ms",
     .range = "1ms..1h",
     .type = LR_OPT_DURATION,
     .offset = offsetof(struct settings, target_ns)},
};

static const struct lr_engine engine = {.size = sizeof engine, .run = run};

static const struct lr_plugin plugin = {
    .size = sizeof plugin,
    .kind = LR_ENGINE,
    .name = "engine_slo",
    .summary = "the largest batches that hold a latency target",
    .options = options,
    .option_size = sizeof options[0],
    .n_options = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct settings),
    .ops = &engine,
    .create = create,
    .destroy = destroy,
};

static const struct lr_plugin *const plugins[] = {&plugin};

static const struct lr_module module = {
    .size = sizeof module,
    .abi_min = 1,
    .abi_built = LRHOST_ABI,
    .n_plugins = sizeof plugins / sizeof plugins[0],
    .name = "engine_slo",
    .version = "1",
    .license = "MIT",
    .plugins = plugins,
};

LRHOST_MODULE(module, 1)
