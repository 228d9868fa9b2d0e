/* SPDX-License-Identifier: MIT
 *
 * Source: the lines of files. Options, and which way of reading serves a call; see source.h.
 */
#include "source.h"

#include <stdlib.h>

#include "outputs.h"

struct file_source {
    const struct source_way *way;
    void *self; /* the way's own */
    const char *pipeline, *position_file;
};

static int source_fd(void *ctx)
{
    struct file_source *s = ctx;

    return s->way->ops->fd ? s->way->ops->fd(s->self) : -1;
}

static lr_status source_poll(void *ctx, struct lr_batch *batch, uint32_t max_records,
                             const int64_t *until, uint32_t n_until, int64_t timeout_ns,
                             const struct lr_event **ret_event, struct lr_error *err)
{
    struct file_source *s = ctx;

    return s->way->ops->poll(s->self, batch, max_records, until, n_until, timeout_ns, ret_event,
                             err);
}

static lr_status source_rebalanced(void *ctx, struct lr_error *err)
{
    struct file_source *s = ctx;

    return s->way->ops->rebalanced(s->self, err);
}

static void source_release(void *ctx, struct lr_batch *batch)
{
    struct file_source *s = ctx;

    s->way->ops->release(s->self, batch);
}

static lr_status source_commit(void *ctx, const struct lr_position *positions, uint32_t n,
                               int32_t wait, struct lr_error *err)
{
    struct file_source *s = ctx;

    return s->way->ops->commit(s->self, positions, n, wait, err);
}

static lr_status source_committed(void *ctx, struct lr_position *positions, uint32_t n,
                                  struct lr_error *err)
{
    struct file_source *s = ctx;

    return s->way->ops->committed(s->self, positions, n, err);
}

static lr_status source_seek(void *ctx, const struct lr_position *positions, uint32_t n,
                             struct lr_error *err)
{
    struct file_source *s = ctx;

    return s->way->ops->seek(s->self, positions, n, err);
}

/* ---- life ------------------------------------------------------------------------------- */

static lr_status source_start(void *ctx, struct lr_error *err)
{
    struct file_source *s = ctx;
    struct stat about;

    survive_size_limit();
    if (s->position_file && stat(s->position_file, &about) == 0 &&
        outputs_have(s->pipeline, &about))
        return lr_fail(err, LR_ECONFIG, "position_file %s is what this pipeline writes",
                       s->position_file);
    return s->way->start(s->self, err);
}

static void source_stop(void *ctx, int64_t deadline_ns)
{
    struct file_source *s = ctx;

    s->way->stop(s->self, deadline_ns);
}

static void source_destroy(void *ctx)
{
    struct file_source *s = ctx;

    if (!s)
        return;
    s->way->destroy(s->self);
    free(s);
}

static lr_status source_create(const struct lr_host *host, const void *settings, void **ret_self,
                               struct lr_error *err)
{
    const struct source_settings *values = settings;
    struct file_source *s = calloc(1, sizeof *s);
    lr_status status;

    if (!s)
        return lr_fail(err, LR_ENOMEM, "no memory for a file source");
    s->pipeline = host->pipeline;
    s->position_file = values->position_file;
    s->way = values->follow ? &source_follow : &source_reader;
    status = s->way->create(host, settings, &s->self, err);
    if (status != LR_OK) {
        free(s);
        return status;
    }
    *ret_self = s;
    return LR_OK;
}

static void source_check(const void *values, uint32_t lanes, const struct lr_report *report)
{
    const struct source_settings *settings = values;
    int32_t guarantee =
        report->size >= offsetof(struct lr_report, reserved2) ? report->guarantee : 0;
    char resource[4200];

    if (settings->position_file && lanes > 1)
        report->problem(report->ctx, "position_file",
                        "positions of several lanes do not fit into one file: set lanes = 1");
    if (settings->follow && lanes > 1)
        report->problem(report->ctx, "follow",
                        "files that grow are read by one lane: set lanes = 1");
    if (settings->follow && guarantee == LR_EXACTLY_ONCE)
        report->problem(report->ctx, "follow",
                        "exactly_once needs files that stay what they are; with follow the most is "
                        "at_least_once");
    if (settings->position_file && guarantee == LR_EXACTLY_ONCE)
        report->warning(report->ctx, "position_file",
                        "not used under exactly_once: the sink stores the positions");
    if (settings->position_file && guarantee != LR_EXACTLY_ONCE) {
        (void)snprintf(resource, sizeof resource, "file:%s", settings->position_file);
        report->touches(report->ctx, LR_WRITES, resource, 0);
    }
    if (!settings->path)
        return;
    (void)snprintf(resource, sizeof resource, "file:%s", settings->path);
    report->touches(report->ctx, LR_READS, resource, 0);
}

static const struct lr_option options[] = {
    {.name = "path",
     .doc = "File to read, one record per line; * ? and [] match several files, which are read "
            "in the order of their names",
     .type = LR_OPT_PATH,
     .flags = LR_OPT_REQUIRED,
     .offset = offsetof(struct source_settings, path)},
    {.name = "follow",
     .doc = "Go on when the end is reached: wait for what is appended, for new files that path "
            "matches, and through rotation (by renaming, or by copying and truncating). A last "
            "line is read when it has its end",
     .initial = "no",
     .type = LR_OPT_BOOL,
     .offset = offsetof(struct source_settings, follow)},
    {.name = "position_file",
     .doc = "Where committed positions are kept, so that a restart goes on where the last run "
            "ended. Unset: each run reads from the beginning",
     .type = LR_OPT_PATH,
     .offset = offsetof(struct source_settings, position_file)},
    {.name = "on_lost_offsets",
     .doc = "With follow: what to do when a file that was not read to its end is gone at the next "
            "start: stop, or go on with the files that are there",
     .initial = "fail",
     .choices = "fail|earliest",
     .type = LR_OPT_ENUM,
     .offset = offsetof(struct source_settings, on_lost)},
    {.name = "max_record_bytes",
     .doc = "Longest line that is read; a longer one ends the run with an error, since what "
            "follows cannot be trusted",
     .initial = "16MiB",
     .range = "1..1GiB",
     .type = LR_OPT_SIZE,
     .flags = LR_OPT_ADVANCED,
     .offset = offsetof(struct source_settings, max_record_bytes)},
};

static const struct lr_source source = {
    .size = sizeof source,
    .caps = LR_SOURCE_REPLAY | LR_SOURCE_SPLIT | LR_SOURCE_ENDS,
    .fd = source_fd,
    .poll = source_poll,
    .rebalanced = source_rebalanced,
    .release = source_release,
    .commit = source_commit,
    .committed = source_committed,
    .seek = source_seek,
};

const struct lr_plugin file_source_plugin = {
    .size = sizeof file_source_plugin,
    .kind = LR_SOURCE,
    .name = "file",
    .summary = "reads lines from files",
    .options = options,
    .option_size = sizeof options[0],
    .n_options = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct source_settings),
    .ops = &source,
    .check = source_check,
    .create = source_create,
    .start = source_start,
    .stop = source_stop,
    .destroy = source_destroy,
};
