/* SPDX-License-Identifier: MIT
 *
 * sink_csv: one line of a CSV file per record, with a header: where the record came from, its
 * features, its label and the predictions. Reads the columns of a batch and needs no encoded bytes
 * (LR_SINK_COLUMNS), so the codec only decodes here.
 *
 * What write takes is in the file when it returns, and is settled there. Left out: exactly_once
 * (see sink_sqlite), and dead letters, which are bytes.
 */
#include <errno.h>
#include <inttypes.h>
#include <lrhost/lrhost.h>
#include <math.h>
#include <stdlib.h>

struct settings {
    const char *path;
};

struct csv {
    const struct lr_host *host;
    const struct settings *settings;
    FILE *file;
    int32_t headed; /* the header is written */
};

/* ---- lines ------------------------------------------------------------------------------ */

/* A text in quotes, its own quotes doubled (RFC 4180). */
static void put_quoted(FILE *file, const char *text)
{
    (void)fputc('"', file);
    for (; *text; text++) {
        if (*text == '"')
            (void)fputc('"', file);
        (void)fputc(*text, file);
    }
    (void)fputc('"', file);
}

/* The fewest digits that read back as the same double; what nobody knows is an empty field. */
static void put_number(FILE *file, double number)
{
    char text[32];

    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    (void)fprintf(file, ",%s", isnan(number) ? "" : text);
}

static void put_header(FILE *file, const struct lr_batch *batch)
{
    (void)fputs("topic,partition,offset", file);
    for (uint32_t j = 0; j < batch->n_features; j++)
        (void)fprintf(file, ",f%u", j);
    (void)fputs(",label", file);
    for (uint32_t k = 0; k < batch->n_outputs; k++)
        (void)fprintf(file, ",prediction%u", k);
    (void)fputc('\n', file);
}

/* A record without a value has columns that mean nothing. */
static void put_record(FILE *file, const struct lr_batch *batch, uint32_t i)
{
    const struct lr_record *record = lr_batch_record(batch, i);
    const struct lr_stream *stream = batch->streams[record->stream];
    int empty = (record->flags & LR_RECORD_NULL) != 0;

    put_quoted(file, stream->topic);
    (void)fprintf(file, ",%" PRId32 ",%" PRId64, stream->partition, record->offset);
    for (uint32_t j = 0; j < batch->n_features; j++)
        put_number(file, empty ? (double)NAN : batch->x[(size_t)i * batch->x_stride + j]);
    put_number(file, empty || !batch->y ? (double)NAN : batch->y[i]);
    for (uint32_t k = 0; k < batch->n_outputs; k++)
        put_number(file, empty ? (double)NAN : batch->out[(size_t)i * batch->out_stride + k]);
    (void)fputc('\n', file);
}

static lr_status take(void *ctx, const struct lr_batch *batch, uint32_t first, uint32_t count,
                      uint32_t *ret_taken, struct lr_error *err)
{
    struct csv *self = ctx;

    if (!self->headed)
        put_header(self->file, batch);
    self->headed = 1;
    for (uint32_t i = first; i < first + count; i++)
        put_record(self->file, batch, i);
    if (fflush(self->file) != 0 || ferror(self->file))
        return lr_fail(err, LR_EUNAVAILABLE, "%s cannot be written: %s", self->settings->path,
                       strerror(errno));
    self->host->settle(self->host->ctx, batch->token + first, count, LR_DELIVERED);
    *ret_taken = count;
    return LR_OK;
}

/* ---- life ------------------------------------------------------------------------------- */

static void check(const void *values, uint32_t lanes, const struct lr_report *report)
{
    const struct settings *settings = values;
    char resource[4096];

    if (lanes > 1)
        report->problem(report->ctx, "path", "lanes would write into one file: set lanes = 1");
    (void)snprintf(resource, sizeof resource, "file:%s", settings->path);
    report->touches(report->ctx, LR_WRITES, resource, 0);
}

static lr_status create(const struct lr_host *host, const void *settings, void **ret_self,
                        struct lr_error *err)
{
    struct csv *self = host->memory(host->ctx, NULL, sizeof *self);

    if (!self)
        return lr_fail(err, LR_ENOMEM, "no memory for a CSV file");
    *self = (struct csv){.host = host, .settings = settings};
    *ret_self = self;
    return LR_OK;
}

static lr_status start(void *ctx, struct lr_error *err)
{
    struct csv *self = ctx;

    self->file = fopen(self->settings->path, "ae");
    if (!self->file)
        return lr_fail(err, LR_EUNAVAILABLE, "%s cannot be opened: %s", self->settings->path,
                       strerror(errno));
    self->headed = fseek(self->file, 0, SEEK_END) == 0 && ftell(self->file) > 0;
    return LR_OK;
}

static void stop(void *ctx, int64_t deadline_ns)
{
    struct csv *self = ctx;

    (void)deadline_ns;
    if (self->file)
        (void)fclose(self->file);
    self->file = NULL;
}

static void destroy(void *ctx)
{
    struct csv *self = ctx;

    if (self)
        (void)self->host->memory(self->host->ctx, self, 0);
}

static const struct lr_option options[] = {
    {.name = "path",
     .doc = "CSV file that records are added to; a header is written where it is new",
     .type = LR_OPT_PATH,
     .flags = LR_OPT_REQUIRED,
     .offset = offsetof(struct settings, path)},
};

static const struct lr_sink sink = {
    .size = sizeof sink,
    .caps = LR_SINK_COLUMNS,
    .wants = LR_COLUMN_FEATURES,
    .may_want = LR_COLUMN_LABEL | LR_COLUMN_OUTPUTS,
    .write = take,
};

static const struct lr_plugin plugin = {
    .size = sizeof plugin,
    .kind = LR_SINK,
    .name = "sink_csv",
    .summary = "writes columns to a CSV file",
    .options = options,
    .option_size = sizeof options[0],
    .n_options = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct settings),
    .ops = &sink,
    .check = check,
    .create = create,
    .start = start,
    .stop = stop,
    .destroy = destroy,
};

static const struct lr_plugin *const plugins[] = {&plugin};

static const struct lr_module module = {
    .size = sizeof module,
    .abi_min = 1,
    .abi_built = LRHOST_ABI,
    .n_plugins = sizeof plugins / sizeof plugins[0],
    .name = "sink_csv",
    .version = "1",
    .license = "MIT",
    .plugins = plugins,
};

LRHOST_MODULE(module, 1)
