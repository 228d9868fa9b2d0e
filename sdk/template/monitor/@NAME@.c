/* SPDX-License-Identifier: MIT
 *
 * @NAME@: a monitor of lrhost. Logs how many records were read and delivered.
 *
 * Every hook of a monitor is in this file. [required]: the host refuses a module without it.
 * [optional: ...]: what it means when it is left out (NULL). All of them are called on [main], off
 * the data path: a slow monitor delays the next snapshot and nothing else. The contract is in the
 * comments of lrhost/monitor.h and lrhost/abi.h; `make test` holds the plugin to it.
 */
#include <inttypes.h>
#include <lrhost/lrhost.h>

/* What the INI file may say. The host fills it from the table `options` at the end. */
struct settings {
    int64_t every_ns;
};

struct monitor {
    const struct lr_host *host;
    const struct settings *settings;
    uint64_t progress_records;
};

/* ---- what is seen ----------------------------------------------------------------------- */

/* [required] Called every interval_ns, at each change of state, and a last time with
 * LR_STATE_STOPPED or LR_STATE_FAILED. The snapshot is gone when this returns. */
static void snapshot(void *ctx, const struct lr_snapshot *now)
{
    struct monitor *self = ctx;
    char line[200];

    if (now->state < LR_STATE_RUNNING)
        return;
    (void)snprintf(line, sizeof line,
                   "%s: %" PRIu64 " records read, %" PRIu64 " delivered, %" PRIu64
                   " batches of the engine reported",
                   now->state == LR_STATE_RUNNING    ? "running"
                   : now->state == LR_STATE_STOPPING ? "stopping"
                   : now->state == LR_STATE_STOPPED  ? "done"
                                                     : "failed",
                   now->records_read, now->records_delivered, self->progress_records);
    self->host->log(self->host->ctx, LR_LOG_NOTICE, line);
}

/* [optional: not interested] What an engine tells of its batches (`microbatch` does): figures
 * with names. */
static void progress(void *ctx, const struct lr_progress *record)
{
    struct monitor *self = ctx;

    (void)record;
    self->progress_records++;
}

/* [optional: one second] */
static int64_t interval_ns(void *ctx)
{
    const struct monitor *self = ctx;

    return self->settings->every_ns;
}

static const struct lr_monitor monitor = {
    .size = sizeof monitor,
    .snapshot = snapshot,
    .progress = progress,
    .interval_ns = interval_ns,
};

/* ---- life ------------------------------------------------------------------------------- */

/* [optional: the table says it all] Wrong settings, and files that will be written. No side
 * effects: `lrhost check` calls it, too. */
static void check(const void *values, uint32_t lanes, const struct lr_report *report)
{
    const struct settings *settings = values;

    (void)lanes;
    if (settings->every_ns < 100000000)
        report->warning(report->ctx, "every", "more than ten lines a second are hard to read");
}

/* [required] Memory, and nothing else: no threads, no files, no network. */
static lr_status create(const struct lr_host *host, const void *settings, void **ret_self,
                        struct lr_error *err)
{
    struct monitor *self = host->memory(host->ctx, NULL, sizeof *self);

    if (!self)
        return lr_fail(err, LR_ENOMEM, "no memory for the monitor");
    *self = (struct monitor){.host = host, .settings = settings};
    *ret_self = self;
    return LR_OK;
}

/* [optional: nothing to start] */
static lr_status start(void *ctx, struct lr_error *err)
{
    (void)ctx;
    (void)err;
    return LR_OK;
}

/* [optional: nothing to stop] Gives back what start took, also when start failed. */
static void stop(void *ctx, int64_t deadline_ns)
{
    (void)ctx;
    (void)deadline_ns;
}

/* [required] NULL is harmless. */
static void destroy(void *ctx)
{
    struct monitor *self = ctx;

    if (self)
        (void)self->host->memory(self->host->ctx, self, 0);
}

/* ---- what the host reads first ---------------------------------------------------------- */

static const struct lr_option options[] = {
    {.name = "every",
     .doc = "How often a line is logged",
     .initial = "1s",
     .range = "10ms..24h",
     .type = LR_OPT_DURATION,
     .offset = offsetof(struct settings, every_ns)},
};

static const struct lr_plugin plugin = {
    .size = sizeof plugin,
    .kind = LR_MONITOR,
    .name = "@NAME@",
    .summary = "logs how many records were read and delivered",
    .options = options,
    .option_size = sizeof options[0],
    .n_options = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct settings),
    .ops = &monitor,
    .check = check,
    .create = create,
    .start = start,
    .stop = stop,
    .destroy = destroy,
    .topics = NULL, /* [optional: has no topics] */
};

static const struct lr_plugin *const plugins[] = {&plugin};

static const struct lr_module module = {
    .size = sizeof module,
    .abi_min = 1, /* the oldest host that will do */
    .abi_built = LRHOST_ABI,
    .n_plugins = sizeof plugins / sizeof plugins[0],
    .name = "@NAME@", /* the file's name without .so */
    .version = "0.1.0",
    .license = "MIT",
    .plugins = plugins,
};

LRHOST_MODULE(module, 1)
