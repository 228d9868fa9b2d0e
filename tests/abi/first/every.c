/* SPDX-License-Identifier: MIT
 *
 * A module as somebody wrote it when ABI v1 was new: one plugin of each kind, which together use
 * what the headers beside this file offer. It is not changed any more: built from those headers it
 * must run on every later host, and built from later headers on the first one.
 *
 * source  numbers 0 .. count-1 as text, each 7th of them broken; it can be read again
 * codec   a number as text <-> its columns: the number and its double
 * model   the sum of both columns
 * engine  plans of ten records; reads, scores, writes, drains, commits
 * sink    "INPUT -> PREDICTION" lines into a file
 * monitor the totals into a file when the pipeline has stopped
 */
#include "every.h"

#include <stdlib.h>

#define STREAM 3

static lr_status create(const struct lr_host *host, const void *settings, void **ret_self,
                        struct lr_error *err)
{
    struct every *self = host->memory(host->ctx, NULL, sizeof *self);

    if (!self)
        return lr_fail(err, LR_ENOMEM, "no memory");
    memset(self, 0, sizeof *self);
    self->host = host;
    self->settings = settings;
    self->stream = (struct lr_stream){sizeof self->stream, STREAM, "numbers", -1, 0, 0, -1};
    self->streams[0] = &self->stream;
    self->event = (struct lr_event){sizeof self->event, LR_EVENT_ASSIGN, 1, 0, self->streams};
    *ret_self = self;
    return LR_OK;
}

static void destroy(void *ctx)
{
    struct every *self = ctx;

    if (!self)
        return;
    free(self->texts);
    (void)self->host->memory(self->host->ctx, self, 0);
}

static void stop(void *ctx, int64_t deadline_ns)
{
    struct every *self = ctx;
    char text[64];

    if (self->out && fclose(self->out) != 0)
        self->host->log(self->host->ctx, LR_LOG_ERROR, "cannot write");
    self->out = NULL;
    (void)snprintf(text, sizeof text, "stops in time: %d",
                   self->host->monotonic_ns(self->host->ctx) < deadline_ns);
    self->host->log(self->host->ctx, LR_LOG_INFO, text);
}

static lr_status open_path(void *ctx, struct lr_error *err)
{
    struct every *self = ctx;

    self->out = fopen(self->settings->path, "w");
    if (!self->out)
        return lr_fail(err, LR_EUNAVAILABLE, "cannot open %s", self->settings->path);
    self->lines = self->host->metric(self->host->ctx, LR_COUNTER, "lines_total", "Lines written");
    return LR_OK;
}

/* ---- source ---------------------------------------------------------------------------------- */

static void source_check(const void *settings, uint32_t lanes, const struct lr_report *report)
{
    const struct settings *s = settings;

    if (s->count % 2 && lanes == 1)
        report->problem(report->ctx, "count", "must be even");
    if (s->count > 1000)
        report->warning(report->ctx, "count", "is large");
    report->touches(report->ctx, LR_READS, "numbers:all", 0);
}

static lr_status source_start(void *ctx, struct lr_error *err)
{
    struct every *self = ctx;

    self->texts = calloc((size_t)self->settings->count + 1, sizeof *self->texts);
    for (int64_t i = 0; self->texts && i < self->settings->count; i++)
        (void)snprintf(self->texts[i], TEXT, "%s%d",
                       i % 7 == 6 && self->settings->broken ? "x" : "", (int)i);
    return self->texts ? LR_OK : lr_fail(err, LR_ENOMEM, "no memory");
}

static lr_status source_poll(void *ctx, struct lr_batch *batch, uint32_t max_records,
                             const int64_t *until, uint32_t n_until, int64_t timeout_ns,
                             const struct lr_event **ret_event, struct lr_error *err)
{
    struct every *self = ctx;
    int64_t end = self->settings->count;
    uint32_t n = 0;

    (void)timeout_ns;
    (void)err;
    if (!self->assigned) {
        *ret_event = &self->event;
        return LR_REBALANCE;
    }
    if (until && n_until > STREAM && until[STREAM] < end)
        end = until[STREAM];
    for (; n < max_records && n < batch->capacity && self->next < end; n++, self->next++) {
        struct lr_record *record = lr_batch_record(batch, n);

        *record = (struct lr_record){.value = self->texts[self->next],
                                     .value_len = (uint32_t)strlen(self->texts[self->next]),
                                     .offset = self->next,
                                     .timestamp_ns = self->host->wall_ns(self->host->ctx),
                                     .stream = STREAM};
    }
    batch->count = n;
    if (n == 0)
        return self->next == self->settings->count ? LR_END : LR_AGAIN;
    batch->spans[0] = (struct lr_span){STREAM, n, self->next};
    batch->n_spans = 1;
    batch->streams = NULL;
    batch->hold = self;
    return LR_OK;
}

static lr_status source_rebalanced(void *ctx, struct lr_error *err)
{
    struct every *self = ctx;

    (void)err;
    self->assigned = 1;
    return LR_OK;
}

static void source_release(void *ctx, struct lr_batch *batch)
{
    struct every *self = ctx;

    self->released += batch->hold == self;
}

static lr_status source_commit(void *ctx, const struct lr_position *positions, uint32_t n,
                               int32_t wait, struct lr_error *err)
{
    struct every *self = ctx;

    (void)wait;
    (void)err;
    for (uint32_t i = 0; i < n; i++)
        if (positions[i].stream == STREAM)
            self->stored = positions[i].next;
    return LR_OK;
}

static lr_status source_committed(void *ctx, struct lr_position *positions, uint32_t n,
                                  struct lr_error *err)
{
    const struct every *self = ctx;

    (void)err;
    for (uint32_t i = 0; i < n; i++)
        positions[i].next = self->stored;
    return LR_OK;
}

static lr_status source_seek(void *ctx, const struct lr_position *positions, uint32_t n,
                             struct lr_error *err)
{
    struct every *self = ctx;

    (void)err;
    for (uint32_t i = 0; i < n; i++)
        self->next = positions[i].next;
    return LR_OK;
}

static lr_status source_ends(void *ctx, struct lr_position *positions, uint32_t n,
                             struct lr_error *err)
{
    const struct every *self = ctx;

    (void)err;
    for (uint32_t i = 0; i < n; i++)
        positions[i].next = self->settings->count;
    return LR_OK;
}

static const struct lr_source source = {.size = sizeof source,
                                        .caps = LR_SOURCE_REPLAY | LR_SOURCE_ENDS,
                                        .poll = source_poll,
                                        .rebalanced = source_rebalanced,
                                        .release = source_release,
                                        .commit = source_commit,
                                        .committed = source_committed,
                                        .seek = source_seek,
                                        .ends = source_ends};

/* ---- module ---------------------------------------------------------------------------------- */

#define AT(member) .offset = offsetof(struct settings, member)
static const struct lr_option options[] = {
    {.name = "count",
     .doc = "Numbers",
     .initial = "40",
     .range = "1..",
     .type = LR_OPT_INT,
     AT(count)},
    {.name = "wait", .doc = "Unused", .initial = "1ms", .type = LR_OPT_DURATION, AT(wait_ns)},
    {.name = "bytes", .doc = "Unused", .initial = "1KiB", .type = LR_OPT_SIZE, AT(bytes)},
    {.name = "offset", .doc = "Added", .initial = "0", .type = LR_OPT_FLOAT, AT(offset)},
    {.name = "path", .doc = "Where to", .initial = "every.txt", .type = LR_OPT_PATH, AT(path)},
    {.name = "word", .doc = "Unused", .type = LR_OPT_STRING, .flags = LR_OPT_ADVANCED, AT(word)},
    {.name = "list", .doc = "Unused", .initial = "a, b", .type = LR_OPT_LIST, AT(list)},
    {.name = "pairs.", .doc = "Unused", .type = LR_OPT_PREFIX, AT(pairs)},
    {.name = "way",
     .doc = "Unused",
     .initial = "x",
     .choices = "x|y",
     .type = LR_OPT_ENUM,
     AT(way)},
    {.name = "broken", .doc = "Each 7th", .initial = "yes", .type = LR_OPT_BOOL, AT(broken)},
};

#define PLUGIN(kind_, ops_, summary_)                                                              \
    .size = sizeof(struct lr_plugin), .kind = (kind_), .name = "every", .summary = (summary_),     \
    .options = options, .option_size = sizeof options[0],                                          \
    .n_options = sizeof options / sizeof options[0], .settings_size = sizeof(struct settings),     \
    .ops = (ops_), .create = create, .stop = stop, .destroy = destroy

static const struct lr_plugin plugin_source = {PLUGIN(LR_SOURCE, &source, "numbers"),
                                               .check = source_check, .start = source_start};
static const struct lr_plugin plugin_codec = {PLUGIN(LR_CODEC, &every_codec, "a number")};
static const struct lr_plugin plugin_engine = {PLUGIN(LR_ENGINE, &every_engine, "plans of ten")};
static const struct lr_plugin plugin_model = {PLUGIN(LR_MODEL, &every_model, "the sum")};
static const struct lr_plugin plugin_sink = {PLUGIN(LR_SINK, &every_sink, "lines"),
                                             .start = open_path};
static const struct lr_plugin plugin_monitor = {PLUGIN(LR_MONITOR, &every_monitor, "totals"),
                                                .start = open_path};
static const struct lr_plugin *const plugins[] = {&plugin_source, &plugin_codec, &plugin_engine,
                                                  &plugin_model,  &plugin_sink,  &plugin_monitor};
static const struct lr_module module = {.size = sizeof module,
                                        .abi_min = 1,
                                        .abi_built = LRHOST_ABI,
                                        .n_plugins = sizeof plugins / sizeof plugins[0],
                                        .name = "every",
                                        .version = "1",
                                        .license = "MIT",
                                        .plugins = plugins};

LRHOST_MODULE(module, 1)
