/* SPDX-License-Identifier: MIT
 *
 * A plugin of each kind that goes wrong at a moment of one's choice, with a status of one's choice:
 * what a host makes of it is what the tests look at. Otherwise the parts do the least there is: the
 * source hands out `count` records and ends (-1: none, and no end), the sink takes all, the model
 * says 1, the engine reads and writes, the monitor shows nothing. An instance that is used though
 * its start failed says so in the log.
 */
#include <lrhost/lrhost.h>
#include <stdlib.h>
#include <time.h>

#define FAIL_CREATE 1
#define FAIL_START 2
#define FAIL_RUN 3
#define FAIL_DESCRIBE 4

struct settings {
    int64_t count, lane, pause_ns, join_ns, width;
    int32_t fail, status, mute, hold, stubborn, stuck;
};

#define AT(member) .offset = offsetof(struct settings, member)
static const struct lr_option options[] = {
    {.name = "fail",
     .type = LR_OPT_ENUM,
     .initial = "never",
     .choices = "never|create|start|run|describe",
     .doc = "When to fail",
     AT(fail)},
    {.name = "status",
     .type = LR_OPT_ENUM,
     .initial = "internal",
     .choices = "internal|memory|config|data|unavailable|fenced|untrusted|usage|positive",
     .doc = "How to fail",
     AT(status)},
    {.name = "lane", .type = LR_OPT_INT, .initial = "-1", .doc = "Only this lane", AT(lane)},
    {.name = "pause",
     .type = LR_OPT_DURATION,
     .initial = "0",
     .doc = "How long a start takes",
     AT(pause_ns)},
    {.name = "join",
     .type = LR_OPT_DURATION,
     .initial = "0",
     .doc = "How long the source says nothing about what it reads",
     AT(join_ns)},
    {.name = "mute", .type = LR_OPT_BOOL, .initial = "no", .doc = "No reason given", AT(mute)},
    {.name = "hold", .type = LR_OPT_BOOL, .initial = "no", .doc = "Settle nothing", AT(hold)},
    {.name = "stubborn",
     .type = LR_OPT_BOOL,
     .initial = "no",
     .doc = "A start does not look whether it is to stop",
     AT(stubborn)},
    {.name = "stuck",
     .type = LR_OPT_ENUM,
     .initial = "never",
     .choices = "never|poll|stop|write",
     .doc = "Which call does not come back",
     AT(stuck)},
    {.name = "count", .type = LR_OPT_INT, .initial = "-1", .doc = "Records", AT(count)},
    {.name = "width", .type = LR_OPT_INT, .initial = "3", .doc = "Features", AT(width)},
};

struct trouble {
    const struct lr_host *host;
    const struct settings *settings;
    int64_t next, joined_ns;
    int32_t started, assigned;
    char name[16];
    const char *names[1];
    struct lr_stream stream;
    const struct lr_stream *streams[1];
    struct lr_event event;
};

/* The failure that is asked for, if it is due now. */
static lr_status fail_at(const struct trouble *self, int32_t moment, struct lr_error *err)
{
    const struct settings *s = self->settings;

    if (s->fail != moment || (s->lane >= 0 && (uint64_t)s->lane != self->host->lane))
        return LR_OK;
    if (!s->mute)
        (void)lr_fail(err, 0, "trouble as ordered");
    return s->status == 8 ? LR_AGAIN : -1 - s->status;
}

static lr_status create(const struct lr_host *host, const void *settings, void **ret_self,
                        struct lr_error *err)
{
    struct trouble *self = calloc(1, sizeof *self);
    lr_status status;

    if (!self)
        return lr_fail(err, LR_ENOMEM, "no memory");
    self->host = host;
    self->settings = settings;
    status = fail_at(self, FAIL_CREATE, err);
    if (status != LR_OK) {
        free(self);
        return status;
    }
    self->stream = (struct lr_stream){.size = sizeof self->stream,
                                      .id = host->lane,
                                      .topic = "trouble",
                                      .partition = (int32_t)host->lane,
                                      .end = -1};
    self->stream.id = 0;
    self->streams[0] = &self->stream;
    self->event = (struct lr_event){.size = sizeof self->event,
                                    .kind = LR_EVENT_ASSIGN,
                                    .n_streams = 1,
                                    .streams = self->streams};
    *ret_self = self;
    return LR_OK;
}

static lr_status start(void *ctx, struct lr_error *err)
{
    struct trouble *self = ctx;
    const struct lr_host *host = self->host;
    int64_t end = host->monotonic_ns(host->ctx) + self->settings->pause_ns;
    lr_status status;

    lr_metric_add(host->metric(host->ctx, LR_COUNTER, "starts_total", "Starts"), 1);
    while (host->monotonic_ns(host->ctx) < end) {
        const struct timespec moment = {0, 10000000};

        if (!self->settings->stubborn && host->stopping(host->ctx))
            return lr_fail(err, LR_EUNAVAILABLE, "told to stop");
        (void)nanosleep(&moment, NULL);
    }
    status = fail_at(self, FAIL_START, err);
    self->started = status == LR_OK;
    return status;
}

static void stick(const struct trouble *self, int32_t where)
{
    while (self->settings->stuck == where)
        (void)nanosleep(&(struct timespec){1, 0}, NULL);
}

static void stop(void *ctx, int64_t deadline_ns)
{
    struct trouble *self = ctx;

    (void)deadline_ns;
    stick(self, 2);
    self->started = 0;
}

static void used(struct trouble *self)
{
    if (!self->started)
        self->host->log(self->host->ctx, LR_LOG_ERROR, "used without a start");
}

/* ---- source ------------------------------------------------------------------------------ */

static lr_status source_poll(void *ctx, struct lr_batch *batch, uint32_t max_records,
                             const int64_t *until, uint32_t n_until, int64_t timeout_ns,
                             const struct lr_event **ret_event, struct lr_error *err)
{
    struct trouble *self = ctx;
    const struct timespec moment = {0, timeout_ns > 1000000 ? 1000000 : 0};

    (void)until;
    (void)n_until;
    (void)err;
    used(self);
    stick(self, 1);
    if (!self->joined_ns)
        self->joined_ns = self->host->monotonic_ns(self->host->ctx) + self->settings->join_ns;
    if (self->host->monotonic_ns(self->host->ctx) < self->joined_ns) {
        (void)nanosleep(&moment, NULL);
        return LR_AGAIN;
    }
    if (!self->assigned) {
        *ret_event = &self->event;
        return LR_REBALANCE;
    }
    if (self->settings->count >= 0 && self->next == self->settings->count)
        return LR_END;
    if (!max_records || self->settings->count < 0) {
        (void)nanosleep(&moment, NULL);
        return LR_AGAIN;
    }
    batch->records[0] = (struct lr_record){
        .value = "1.0,2.0,3.0;2.0", .value_len = 15, .offset = self->next, .timestamp_ns = -1};
    batch->spans[0] = (struct lr_span){0, 1, ++self->next};
    batch->count = batch->n_spans = 1;
    return LR_OK;
}

static lr_status source_rebalanced(void *ctx, struct lr_error *err)
{
    (void)err;
    ((struct trouble *)ctx)->assigned = 1;
    return LR_OK;
}

static const struct lr_source source = {.size = sizeof source,
                                        .caps = LR_SOURCE_SPLIT | LR_SOURCE_ENDS,
                                        .poll = source_poll,
                                        .rebalanced = source_rebalanced};

/* ---- sink, model, engine, monitor -------------------------------------------------------- */

static lr_status sink_write(void *ctx, const struct lr_batch *batch, uint32_t first, uint32_t count,
                            uint32_t *ret_taken, struct lr_error *err)
{
    struct trouble *self = ctx;

    (void)err;
    used(self);
    stick(self, 3);
    if (!self->settings->hold)
        self->host->settle(self->host->ctx, batch->token + first, count, LR_DELIVERED);
    *ret_taken = count;
    return LR_OK;
}

static const struct lr_sink sink = {
    .size = sizeof sink, .caps = LR_SINK_BYTES, .write = sink_write};

static lr_status model_describe(const void *ctx, struct lr_schema *ret_schema, struct lr_error *err)
{
    const struct trouble *self = ctx;

    ret_schema->n_features = (uint32_t)self->settings->width;
    ret_schema->n_outputs = 1;
    return fail_at(self, FAIL_DESCRIBE, err);
}

static lr_status model_predict(const void *ctx, struct lr_batch *batch, struct lr_error *err)
{
    struct trouble *self = (struct trouble *)(uintptr_t)ctx;

    used(self);
    for (uint32_t i = 0; i < batch->count; i++)
        batch->out[(size_t)i * batch->out_stride] = 1.0;
    return fail_at(self, FAIL_RUN, err);
}

static const struct lr_model model = {
    .size = sizeof model, .describe = model_describe, .predict = model_predict};

static lr_status engine_run(void *ctx, const struct lr_lane *lane, struct lr_error *err)
{
    struct trouble *self = ctx;
    lr_status status = fail_at(self, FAIL_RUN, err);

    used(self);
    while (status >= 0 && !lane->stop_requested(lane->ctx)) {
        struct lr_batch *batch = NULL;

        status = lane->read(lane->ctx, 0, 100000000, &batch);
        if (status == LR_OK)
            status = lane->score(lane->ctx, batch);
        if (status == LR_OK)
            status = lane->write(lane->ctx, &batch);
        if (batch)
            lane->discard(lane->ctx, &batch);
    }
    return status < 0 ? status : LR_OK;
}

static const struct lr_engine engine = {.size = sizeof engine, .run = engine_run};

static void monitor_snapshot(void *ctx, const struct lr_snapshot *snapshot)
{
    struct trouble *self = ctx;
    static const char *const names[] = {"?",        "starting", "running",
                                        "stopping", "stopped",  "failed"};
    char text[64];

    used(self);
    (void)snprintf(text, sizeof text, "state %s", names[snapshot->state]);
    if ((int64_t)snapshot->state != self->next)
        self->host->log(self->host->ctx, LR_LOG_INFO, text);
    self->next = snapshot->state;
}

static int64_t monitor_interval(void *ctx)
{
    (void)ctx;
    return 0; /* as often as can be */
}

static const struct lr_monitor monitor = {
    .size = sizeof monitor, .snapshot = monitor_snapshot, .interval_ns = monitor_interval};

#define PLUGIN(kind_, ops_)                                                                        \
    {                                                                                              \
        .size = sizeof(struct lr_plugin), .kind = (kind_), .name = "trouble",                      \
        .summary = "goes wrong when asked to", .options = options,                                 \
        .option_size = sizeof(struct lr_option), .n_options = sizeof options / sizeof options[0],  \
        .settings_size = sizeof(struct settings), .ops = (ops_), .create = create, .start = start, \
        .stop = stop, .destroy = free                                                              \
    }
static const struct lr_plugin all[] = {PLUGIN(LR_SOURCE, &source), PLUGIN(LR_SINK, &sink),
                                       PLUGIN(LR_MODEL, &model), PLUGIN(LR_ENGINE, &engine),
                                       PLUGIN(LR_MONITOR, &monitor)};
static const struct lr_plugin *const plugins[] = {&all[0], &all[1], &all[2], &all[3], &all[4]};
static const struct lr_module module = {.size = sizeof module,
                                        .abi_min = 1,
                                        .abi_built = LRHOST_ABI,
                                        .n_plugins = sizeof plugins / sizeof plugins[0],
                                        .name = "trouble",
                                        .version = "1",
                                        .license = "MIT",
                                        .plugins = plugins};

LRHOST_MODULE(module, 1)
