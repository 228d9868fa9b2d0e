/* SPDX-License-Identifier: MIT
 *
 * The report sink: measures what a listener sees and keeps nothing of it. How late was each
 * record (t3-t0 since it was due, t3-t1 since the scoring job had read it), how many came, how
 * good were the predictions, did any come twice or not at all. Said in the log when the
 * pipeline stops, and written as JSON, then and every so often.
 *
 * Several lanes make one report: each counts for itself, and adds its figures to the common
 * ones at the end and at every `every`. The common ones are found by pipeline and section in a
 * list of the module, which is its one piece of global state: instances of one pipeline have
 * nothing else in common that a plugin can see.
 */
#include <lrhost/lrhost.h>
#include <pthread.h>
#include <stdlib.h>

#include "summary.h"

struct settings {
    const char *output;
    int64_t every_ns;
    int64_t sequence_field;
    int64_t sequence_limit;
};

/* What the instances of one section of one pipeline have in common. */
struct common {
    struct common *next;
    char *pipeline, *section;
    uint32_t instances, stopped;
    struct sequence sequence;
    struct tally total;
};

struct report {
    const struct lr_host *host;
    const struct settings *settings;
    struct common *common;
    int64_t due_ns; /* wall; when to add to the common figures */
    struct tally own;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the list and what it holds,
                                                            but for the sequence's bits */
static struct common *commons;

/* ---- the common figures: all with the lock held ------------------------------------------- */

static void common_destroy(struct common *common)
{
    if (!common)
        return;
    free(common->pipeline);
    free(common->section);
    free(common->sequence.bits);
    free(common);
}

static struct common *common_create(const struct lr_host *host, const struct settings *settings)
{
    struct common *common = calloc(1, sizeof *common);

    if (!common)
        return NULL;
    tally_reset(&common->total);
    common->pipeline = strdup(host->pipeline);
    common->section = strdup(host->section);
    if (settings->sequence_field != LR_UNSET) {
        common->sequence.field = (uint32_t)settings->sequence_field;
        common->sequence.limit = settings->sequence_limit;
        common->sequence.bits = calloc((size_t)settings->sequence_limit / 64 + 1, sizeof(uint64_t));
    }
    if (!common->pipeline || !common->section ||
        (settings->sequence_field != LR_UNSET && !common->sequence.bits)) {
        common_destroy(common);
        return NULL;
    }
    common->next = commons;
    commons = common;
    return common;
}

static struct common *common_join(const struct lr_host *host, const struct settings *settings)
{
    struct common *common = commons;

    while (common && (strcmp(common->pipeline, host->pipeline) != 0 ||
                      strcmp(common->section, host->section) != 0))
        common = common->next;
    if (!common)
        common = common_create(host, settings);
    if (common)
        common->instances++;
    return common;
}

static void common_leave(struct common *common)
{
    struct common **link = &commons;

    if (--common->instances > 0)
        return;
    while (*link != common)
        link = &(*link)->next;
    *link = common->next;
    common_destroy(common);
}

static void add_own(struct report *self)
{
    tally_merge(&self->common->total, &self->own);
    tally_reset(&self->own);
}

static lr_status save(struct report *self, int32_t final, struct lr_error *err)
{
    if (!self->settings->output)
        return LR_OK;
    return summary_save(self->settings->output, self->host, &self->common->total,
                        self->common->sequence.bits != NULL, final, err);
}

static void save_or_complain(struct report *self, int32_t final)
{
    struct lr_error err = LR_ERROR_INIT;

    if (save(self, final, &err) != LR_OK)
        self->host->log(self->host->ctx, LR_LOG_ERROR, err.text);
}

/* ---- sink --------------------------------------------------------------------------------- */

static lr_status report_write(void *ctx, const struct lr_batch *batch, uint32_t first,
                              uint32_t count, uint32_t *ret_taken, struct lr_error *err)
{
    struct report *self = ctx;
    int64_t every_ns = self->settings->every_ns;

    (void)err;
    tally_batch(&self->own, &self->common->sequence, batch, first, count);
    self->host->settle(self->host->ctx, batch->token + first, count, LR_DELIVERED);
    *ret_taken = count;
    if (every_ns > 0 && batch->read_ns >= self->due_ns) {
        (void)pthread_mutex_lock(&lock);
        add_own(self);
        if (self->host->lane == 0)
            save_or_complain(self, 0);
        (void)pthread_mutex_unlock(&lock);
        self->due_ns = batch->read_ns + every_ns;
    }
    return LR_OK;
}

/* ---- life --------------------------------------------------------------------------------- */

/* Writes an empty report at once: an output that cannot be written is better known now, and what
 * an earlier run left is not mistaken for this one's. */
static lr_status report_start(void *ctx, struct lr_error *err)
{
    struct report *self = ctx;
    lr_status status = LR_OK;

    self->due_ns = self->host->wall_ns(self->host->ctx) + self->settings->every_ns;
    if (self->host->lane != 0)
        return LR_OK;
    (void)pthread_mutex_lock(&lock);
    status = save(self, 0, err);
    (void)pthread_mutex_unlock(&lock);
    return status;
}

static void report_stop(void *ctx, int64_t deadline_ns)
{
    struct report *self = ctx;
    struct common *common = self->common;

    (void)deadline_ns;
    (void)pthread_mutex_lock(&lock);
    add_own(self);
    if (++common->stopped == common->instances) {
        summary_log(self->host, &common->total, common->sequence.bits != NULL);
        save_or_complain(self, 1);
    }
    (void)pthread_mutex_unlock(&lock);
}

static void report_destroy(void *ctx)
{
    struct report *self = ctx;

    if (!self)
        return;
    if (self->common) {
        (void)pthread_mutex_lock(&lock);
        common_leave(self->common);
        (void)pthread_mutex_unlock(&lock);
    }
    free(self);
}

static lr_status report_create(const struct lr_host *host, const void *settings, void **ret_self,
                               struct lr_error *err)
{
    struct report *self = calloc(1, sizeof *self);

    if (!self)
        return lr_fail(err, LR_ENOMEM, "no memory for a report");
    self->host = host;
    self->settings = settings;
    tally_reset(&self->own);
    (void)pthread_mutex_lock(&lock);
    self->common = common_join(host, settings);
    (void)pthread_mutex_unlock(&lock);
    if (!self->common) {
        report_destroy(self);
        return lr_fail(err, LR_ENOMEM, "no memory for a report");
    }
    *ret_self = self;
    return LR_OK;
}

static void report_check(const void *values, uint32_t lanes, const struct lr_report *report)
{
    const struct settings *settings = values;
    char resource[4096];

    (void)lanes;
    if (!settings->output)
        return;
    (void)snprintf(resource, sizeof resource, "file:%s", settings->output);
    report->touches(report->ctx, LR_WRITES, resource, 0);
}

static const struct lr_option options[] = {
    {.name = "output",
     .doc = "Where the figures go as JSON, one key per line. Unset: to the log alone",
     .type = LR_OPT_PATH,
     .offset = offsetof(struct settings, output)},
    {.name = "every",
     .doc = "How often the JSON is written while records come; 0: at the end only",
     .initial = "0",
     .range = "0..24h",
     .type = LR_OPT_DURATION,
     .offset = offsetof(struct settings, every_ns)},
    {.name = "sequence_field",
     .doc = "Which field of a record's text, counted from 0 and split at , and ;, holds a running "
            "number; duplicates and gaps are then counted. Unset: records are not numbered",
     .range = "0..100_000",
     .type = LR_OPT_INT,
     .offset = offsetof(struct settings, sequence_field)},
    {.name = "sequence_limit",
     .doc = "Numbers from here on are not followed; each one below costs a bit of memory",
     .initial = "100_000_000",
     .range = "1..100_000_000_000",
     .type = LR_OPT_INT,
     .flags = LR_OPT_ADVANCED,
     .offset = offsetof(struct settings, sequence_limit)},
};

static const struct lr_sink sink = {
    .size = sizeof sink,
    .caps = LR_SINK_COLUMNS,
    .may_want = LR_COLUMN_LABEL | LR_COLUMN_OUTPUTS | LR_COLUMN_T0 | LR_COLUMN_T1,
    .write = report_write,
};

static const struct lr_plugin plugin = {
    .size = sizeof plugin,
    .kind = LR_SINK,
    .name = "report",
    .summary = "measures latency, throughput and the error of predictions",
    .options = options,
    .option_size = sizeof options[0],
    .n_options = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct settings),
    .ops = &sink,
    .check = report_check,
    .create = report_create,
    .start = report_start,
    .stop = report_stop,
    .destroy = report_destroy,
};

static const struct lr_plugin *const plugins[] = {&plugin};

static const struct lr_module module = {
    .size = sizeof module,
    .abi_min = 1,
    .abi_built = LRHOST_ABI,
    .n_plugins = sizeof plugins / sizeof plugins[0],
    .name = "report",
    .version = LRHOST_VERSION,
    .license = "MIT",
    .plugins = plugins,
};

LRHOST_MODULE(module, 1)
