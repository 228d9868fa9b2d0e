/* SPDX-License-Identifier: MIT
 *
 * Sink: one line per record to a file, or to a folder of segments. Options, and which way of
 * writing serves a call; see sink.h. With append and truncate each lane needs a file of its own:
 * {lane} in the path is its number.
 */
#include "sink.h"

#include <stdlib.h>

struct file_sink { /* one of the two */
    struct append *append;
    struct segments *segments;
};

static lr_status sink_write(void *ctx, const struct lr_batch *batch, uint32_t first, uint32_t count,
                            uint32_t *ret_taken, struct lr_error *err)
{
    struct file_sink *self = ctx;

    return self->append ? append_write(self->append, batch, first, count, ret_taken, err)
                        : segments_write(self->segments, batch, first, count, ret_taken, err);
}

static lr_status sink_poll(void *ctx, int64_t timeout_ns, struct lr_error *err)
{
    struct file_sink *self = ctx;

    (void)timeout_ns;
    return self->append ? append_poll(self->append, err) : LR_OK;
}

static lr_status sink_flush(void *ctx, struct lr_error *err)
{
    struct file_sink *self = ctx;

    return self->append ? append_flush(self->append, err) : LR_OK;
}

/* ---- transactions ----------------------------------------------------------------------- */

static lr_status sink_attach(void *ctx, void *main_ctx, struct lr_error *err)
{
    struct file_sink *self = ctx, *main = main_ctx;

    (void)err;
    if (self->segments && main->segments)
        segments_attach(self->segments, main->segments);
    return LR_OK;
}

static lr_status not_here(struct lr_error *err)
{
    return lr_fail(err, LR_ECONFIG, "only mode = segments has transactions");
}

static lr_status sink_begin(void *ctx, struct lr_error *err)
{
    return ((struct file_sink *)ctx)->segments ? LR_OK : not_here(err);
}

static lr_status sink_commit(void *ctx, const struct lr_position *positions, uint32_t n,
                             const struct lr_group_token *token, struct lr_error *err)
{
    struct file_sink *self = ctx;

    (void)token;
    return self->segments ? segments_commit(self->segments, positions, n, err) : not_here(err);
}

static lr_status sink_abort(void *ctx, struct lr_error *err)
{
    struct file_sink *self = ctx;

    return self->segments ? segments_abort(self->segments, err) : not_here(err);
}

static lr_status sink_recover(void *ctx, const struct lr_stream *const *streams,
                              struct lr_position *positions, uint32_t n, struct lr_error *err)
{
    struct file_sink *self = ctx;

    return self->segments ? segments_recover(self->segments, streams, positions, n, err)
                          : not_here(err);
}

/* ---- life ------------------------------------------------------------------------------- */

static lr_status sink_start(void *ctx, struct lr_error *err)
{
    struct file_sink *self = ctx;

    survive_size_limit();
    return self->append ? append_start(self->append, err) : segments_start(self->segments, err);
}

static void sink_stop(void *ctx, int64_t deadline_ns)
{
    struct file_sink *self = ctx;

    (void)deadline_ns;
    if (self->append)
        append_stop(self->append);
    else
        segments_stop(self->segments);
}

static void sink_destroy(void *ctx)
{
    struct file_sink *self = ctx;

    if (!self)
        return;
    append_destroy(self->append);
    segments_destroy(self->segments);
    free(self);
}

static lr_status sink_create(const struct lr_host *host, const void *settings, void **ret_self,
                             struct lr_error *err)
{
    struct file_sink *self = calloc(1, sizeof *self);
    lr_status status;

    if (!self)
        return lr_fail(err, LR_ENOMEM, "no memory for a file sink");
    if (((const struct sink_settings *)settings)->mode == MODE_SEGMENTS)
        status = segments_create(host, settings, &self->segments, err);
    else
        status = append_create(host, settings, &self->append, err);
    if (status != LR_OK) {
        sink_destroy(self);
        return status;
    }
    *ret_self = self;
    return LR_OK;
}

static void check_path(const struct sink_settings *settings, uint32_t lanes,
                       const struct lr_report *report)
{
    int has_mark = strstr(settings->path, LANE_MARK) != NULL;
    char text[160];

    if (settings->mode == MODE_SEGMENTS && has_mark) {
        report->problem(report->ctx, "path",
                        "all lanes share one folder of segments: take " LANE_MARK " out");
    } else if (settings->mode != MODE_SEGMENTS && lanes > 1 && !has_mark) {
        (void)snprintf(
            text, sizeof text,
            "%u lanes cannot write to one file: put %s, the lane's number, into its name", lanes,
            LANE_MARK);
        report->problem(report->ctx, "path", text);
    }
}

static void sink_check(const void *values, uint32_t lanes, const struct lr_report *report)
{
    const struct sink_settings *settings = values;
    int32_t guarantee =
        report->size >= offsetof(struct lr_report, reserved2) ? report->guarantee : 0;
    char resource[PATH_ROOM];

    if (guarantee == LR_EXACTLY_ONCE && settings->mode != MODE_SEGMENTS)
        report->problem(report->ctx, "mode", "exactly_once needs mode = segments");
    if (guarantee > 0 && guarantee < LR_EXACTLY_ONCE && settings->mode == MODE_SEGMENTS)
        report->problem(report->ctx, "mode", "segments need guarantee = exactly_once");
    if (guarantee == LR_AT_LEAST_ONCE && settings->mode == MODE_TRUNCATE)
        report->warning(report->ctx, "mode",
                        "each start empties the file: where the source goes on after the last "
                        "commit, what was written before is gone; append keeps it");
    if (settings->mode == MODE_SEGMENTS && settings->sync == SYNC_NONE)
        report->problem(report->ctx, "sync", "segments are always synced: take it out");
    if (!settings->path)
        return;
    check_path(settings, lanes, report);
    (void)snprintf(resource, sizeof resource, "file:%s", settings->path);
    report->touches(report->ctx, LR_WRITES, resource, 0);
}

static const struct lr_option options[] = {
    {.name = "path",
     .doc = "File to write, one line per record; {lane} stands for the lane's number. With mode = "
            "segments the folder that holds them, shared by all lanes",
     .type = LR_OPT_PATH,
     .flags = LR_OPT_REQUIRED,
     .offset = offsetof(struct sink_settings, path)},
    {.name = "mode",
     .doc = "append: add to a file that is there; truncate: begin it anew; segments: exactly_once, "
            "each commit adds whole files to a folder, named STREAM.START-END.txt after the "
            "positions they cover. Large segments come from rare commits: the engine's "
            "commit_interval = 10s, or processing_time = 10s",
     .initial = "append",
     .choices = "append|truncate|segments",
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
                                    .caps =
                                        LR_SINK_BYTES | LR_SINK_TRANSACTIONS | LR_SINK_POSITIONS,
                                    .attach = sink_attach,
                                    .write = sink_write,
                                    .poll = sink_poll,
                                    .flush = sink_flush,
                                    .begin = sink_begin,
                                    .commit = sink_commit,
                                    .abort = sink_abort,
                                    .recover = sink_recover};

const struct lr_plugin file_sink_plugin = {
    .size = sizeof file_sink_plugin,
    .kind = LR_SINK,
    .name = "file",
    .summary = "writes one line per record to a file, or exactly once to a folder of files",
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
