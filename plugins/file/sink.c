/* SPDX-License-Identifier: MIT
 *
 * Sink: one line per record to a file. Options, and which way of writing serves a call; see
 * sink.h. Each lane needs a file of its own: {lane} in the path is its number.
 */
#include "sink.h"

#include <stdlib.h>

#include "parts.h"

struct file_sink {
    struct append *append;
};

static lr_status sink_write(void *ctx, const struct lr_batch *batch, uint32_t first, uint32_t count,
                            uint32_t *ret_taken, struct lr_error *err)
{
    return append_write(((struct file_sink *)ctx)->append, batch, first, count, ret_taken, err);
}

static lr_status sink_poll(void *ctx, int64_t timeout_ns, struct lr_error *err)
{
    (void)timeout_ns;
    return append_poll(((struct file_sink *)ctx)->append, err);
}

static lr_status sink_flush(void *ctx, struct lr_error *err)
{
    return append_flush(((struct file_sink *)ctx)->append, err);
}

/* ---- life ------------------------------------------------------------------------------- */

static lr_status sink_start(void *ctx, struct lr_error *err)
{
    return append_start(((struct file_sink *)ctx)->append, err);
}

static void sink_stop(void *ctx, int64_t deadline_ns)
{
    (void)deadline_ns;
    append_stop(((struct file_sink *)ctx)->append);
}

static void sink_destroy(void *ctx)
{
    struct file_sink *self = ctx;

    if (!self)
        return;
    append_destroy(self->append);
    free(self);
}

static lr_status sink_create(const struct lr_host *host, const void *settings, void **ret_self,
                             struct lr_error *err)
{
    struct file_sink *self = calloc(1, sizeof *self);
    lr_status status;

    if (!self)
        return lr_fail(err, LR_ENOMEM, "no memory for a file sink");
    status = append_create(host, settings, &self->append, err);
    if (status != LR_OK) {
        sink_destroy(self);
        return status;
    }
    *ret_self = self;
    return LR_OK;
}

static void sink_check(const void *values, uint32_t lanes, const struct lr_report *report)
{
    const struct sink_settings *settings = values;
    char text[160], resource[PATH_ROOM];

    if (!settings->path)
        return;
    if (lanes > 1 && !strstr(settings->path, LANE_MARK)) {
        (void)snprintf(
            text, sizeof text,
            "%u lanes cannot write to one file: put %s, the lane's number, into its name", lanes,
            LANE_MARK);
        report->problem(report->ctx, "path", text);
    }
    (void)snprintf(resource, sizeof resource, "file:%s", settings->path);
    report->touches(report->ctx, LR_WRITES, resource, 0);
}

static const struct lr_option options[] = {
    {.name = "path",
     .doc = "File to write, one line per record; {lane} stands for the lane's number",
     .type = LR_OPT_PATH,
     .flags = LR_OPT_REQUIRED,
     .offset = offsetof(struct sink_settings, path)},
    {.name = "mode",
     .doc = "What becomes of a file that is there: add to it, or begin it anew",
     .initial = "append",
     .choices = "append|truncate",
     .type = LR_OPT_ENUM,
     .offset = offsetof(struct sink_settings, mode)},
    {.name = "sync",
     .doc = "When records count as delivered: none: the system has them, they survive the end of "
            "the process; batch: they are on the disk, many synced at once; auto: batch where "
            "the pipeline promises at_least_once and path is a file",
     .initial = "auto",
     .choices = "auto|none|batch",
     .type = LR_OPT_ENUM,
     .offset = offsetof(struct sink_settings, sync)},
};

static const struct lr_sink sink = {.size = sizeof sink,
                                    .caps = LR_SINK_BYTES,
                                    .write = sink_write,
                                    .poll = sink_poll,
                                    .flush = sink_flush};

const struct lr_plugin file_sink_plugin = {
    .size = sizeof file_sink_plugin,
    .kind = LR_SINK,
    .name = "file",
    .summary = "writes one line per record to a file",
    .options = options,
    .option_size = sizeof options[0],
    .n_options = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct sink_settings),
    .ops = &sink,
    .check = sink_check,
    .create = sink_create,
    .start = sink_start,
    .stop = sink_stop,
    .destroy = sink_destroy,
};
