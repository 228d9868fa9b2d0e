/* SPDX-License-Identifier: MIT
 *
 * The console monitor: what a pipeline does, on standard error. On a terminal a status line
 * that is redrawn in place (screen.c), in a pipe a plain line every `every`, at the end a line
 * with the totals. With `summary` the totals also go to a file of flat JSON.
 */
#include <lrhost/lrhost.h>
#include <math.h>
#include <stdlib.h>

#include "plugins/common/flatjson.h"
#include "screen.h"

#define LIVE_NS 200000000LL /* between two drawings on a terminal */
#define NS_PER_S 1e9
#define KEY_ROOM 256

struct settings {
    const char *summary;
    int64_t every_ns;
    int32_t quiet;
};

struct console {
    const struct lr_host *host;
    const struct settings *settings;
    struct screen_row *row;
    struct status status;
    int64_t printed_ns; /* wall; of the last plain line */
    int32_t live;
    int32_t done; /* the last snapshot was seen */
    uint64_t progress_records;
};

static int is_last(const struct lr_snapshot *snapshot)
{
    return snapshot->state == LR_STATE_STOPPED || snapshot->state == LR_STATE_FAILED;
}

/* ---- summary ---------------------------------------------------------------------------- */

static void put_metrics(struct flatjson *json, const struct lr_snapshot *snapshot)
{
    for (uint32_t i = 0; i < snapshot->n_metrics; i++) {
        const char *at = (const char *)snapshot->metrics + (size_t)i * snapshot->metric_size;
        const struct lr_metric *metric = (const void *)at;
        char key[KEY_ROOM], lane[16] = "";

        if (metric->lane >= 0)
            (void)snprintf(lane, sizeof lane, ".%d", metric->lane);
        (void)snprintf(key, sizeof key, "%s%s.%s", metric->section, lane, metric->name);
        flatjson_number(json, key, metric->value);
    }
}

static const char *result(const struct lr_snapshot *snapshot)
{
    if (!is_last(snapshot))
        return "running";
    return snapshot->state == LR_STATE_STOPPED ? "stopped" : "failed";
}

static void save_summary(const struct console *self, const struct lr_snapshot *snapshot)
{
    double seconds = (double)snapshot->elapsed_ns / NS_PER_S;
    struct lr_error err = LR_ERROR_INIT;
    struct flatjson json;

    flatjson_begin(&json);
    flatjson_text(&json, "schema", "lrhost-summary/1");
    flatjson_text(&json, "pipeline", snapshot->pipeline);
    flatjson_text(&json, "instance", snapshot->instance);
    flatjson_text(&json, "state", result(snapshot));
    flatjson_integer(&json, "lanes", snapshot->lanes);
    flatjson_number(&json, "elapsed_seconds", seconds);
    flatjson_integer(&json, "records_read", (int64_t)snapshot->records_read);
    flatjson_integer(&json, "records_scored", (int64_t)snapshot->records_scored);
    flatjson_integer(&json, "records_written", (int64_t)snapshot->records_written);
    flatjson_integer(&json, "records_delivered", (int64_t)snapshot->records_delivered);
    flatjson_integer(&json, "records_bad", (int64_t)snapshot->records_bad);
    flatjson_integer(&json, "dead_letters", (int64_t)snapshot->dead_letters);
    flatjson_number(&json, "records_per_second",
                    seconds > 0 ? (double)snapshot->records_delivered / seconds : NAN);
    flatjson_integer(&json, "bytes_read", (int64_t)snapshot->bytes_read);
    flatjson_integer(&json, "batches", (int64_t)snapshot->batches);
    flatjson_integer(&json, "commits", (int64_t)snapshot->commits);
    flatjson_integer(&json, "rewinds", (int64_t)snapshot->rewinds);
    flatjson_integer(&json, "rebalances", (int64_t)snapshot->rebalances);
    flatjson_integer(&json, "in_flight", (int64_t)snapshot->in_flight);
    flatjson_integer(&json, "lag", snapshot->lag);
    flatjson_integer(&json, "progress_records", (int64_t)self->progress_records);
    flatjson_integer(&json, "last_batch_id", self->status.batch_id);
    put_metrics(&json, snapshot);
    if (flatjson_finish(&json, self->settings->summary, &err) != LR_OK)
        self->host->log(self->host->ctx, LR_LOG_ERROR, err.text);
}

/* ---- monitor ---------------------------------------------------------------------------- */

static void console_snapshot(void *ctx, const struct lr_snapshot *snapshot)
{
    struct console *self = ctx;
    char text[STATUS_ROOM];
    int last = is_last(snapshot);

    if (self->done)
        return;
    self->done = last;
    if (last && self->settings->summary)
        save_summary(self, snapshot);
    if (self->settings->quiet)
        return;
    if (last) {
        status_update(&self->status, snapshot);
        status_final(&self->status, text, sizeof text);
        screen_print_last(self->row, text);
    } else if (self->live) {
        status_update(&self->status, snapshot);
        screen_draw(self->row, &self->status);
    } else if (snapshot->state == LR_STATE_RUNNING &&
               snapshot->wall_ns - self->printed_ns >= self->settings->every_ns) {
        int first = self->printed_ns == 0;

        status_update(&self->status, snapshot);
        self->printed_ns = snapshot->wall_ns;
        if (first)
            return; /* there is no rate yet */
        status_long(&self->status, text, sizeof text);
        screen_print(text);
    }
}

static void console_progress(void *ctx, const struct lr_progress *progress)
{
    struct console *self = ctx;

    self->progress_records++;
    status_progress(&self->status, progress);
}

static int64_t console_interval(void *ctx)
{
    const struct console *self = ctx;

    return self->live && !self->settings->quiet ? LIVE_NS : self->settings->every_ns;
}

/* ---- life ------------------------------------------------------------------------------- */

static void console_destroy(void *ctx)
{
    struct console *self = ctx;

    if (!self)
        return;
    screen_leave(self->row);
    free(self);
}

static lr_status console_create(const struct lr_host *host, const void *settings, void **ret_self,
                                struct lr_error *err)
{
    struct console *self = calloc(1, sizeof *self);

    if (self)
        self->row = screen_join();
    if (!self || !self->row) {
        console_destroy(self);
        return lr_fail(err, LR_ENOMEM, "no memory for the console monitor");
    }
    self->host = host;
    self->settings = settings;
    self->live = screen_is_live();
    status_init(&self->status);
    *ret_self = self;
    return LR_OK;
}

static void console_check(const void *values, uint32_t lanes, const struct lr_report *report)
{
    const struct settings *settings = values;
    char resource[4096];

    (void)lanes;
    if (!settings->summary)
        return;
    (void)snprintf(resource, sizeof resource, "file:%s", settings->summary);
    report->touches(report->ctx, LR_WRITES, resource, 0);
}

static const struct lr_option options[] = {
    {.name = "every",
     .doc = "How often a line is printed when standard error is not a terminal",
     .initial = "2s",
     .range = "10ms..24h",
     .type = LR_OPT_DURATION,
     .offset = offsetof(struct settings, every_ns)},
    {.name = "quiet",
     .doc = "Print nothing; the summary is still written",
     .initial = "no",
     .type = LR_OPT_BOOL,
     .offset = offsetof(struct settings, quiet)},
    {.name = "summary",
     .doc = "Where the totals go at the end, as JSON with one key per line",
     .type = LR_OPT_PATH,
     .offset = offsetof(struct settings, summary)},
};

static const struct lr_monitor monitor = {
    .size = sizeof monitor,
    .snapshot = console_snapshot,
    .progress = console_progress,
    .interval_ns = console_interval,
};

static const struct lr_plugin plugin = {
    .size = sizeof plugin,
    .kind = LR_MONITOR,
    .name = "console",
    .summary = "shows what the pipeline does on standard error",
    .options = options,
    .option_size = sizeof options[0],
    .n_options = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct settings),
    .ops = &monitor,
    .check = console_check,
    .create = console_create,
    .destroy = console_destroy,
};

static const struct lr_plugin *const plugins[] = {&plugin};

static const struct lr_module module = {
    .size = sizeof module,
    .abi_min = 1,
    .abi_built = LRHOST_ABI,
    .n_plugins = sizeof plugins / sizeof plugins[0],
    .name = "console",
    .version = LRHOST_VERSION,
    .license = "MIT",
    .plugins = plugins,
};

LRHOST_MODULE(module, 1)
