/* SPDX-License-Identifier: MIT
 *
 * See every.c: what stands behind the source.
 */
#include "every.h"

#include <stdlib.h>

/* ---- codec, model ---------------------------------------------------------------------------- */

static lr_status codec_bind(void *ctx, struct lr_schema *schema, uint32_t wanted, int32_t scored,
                            uint32_t *ret_given, struct lr_error *err)
{
    (void)ctx;
    if (schema->n_features != 2 || !scored)
        return lr_fail(err, LR_ECONFIG, "two features and a model, please");
    *ret_given = wanted & (LR_COLUMN_FEATURES | LR_COLUMN_T1);
    return LR_OK;
}

static lr_status codec_decode(void *ctx, struct lr_batch *batch, struct lr_error *err)
{
    struct every *self = ctx;

    (void)err;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct lr_record *record = lr_batch_record(batch, i);
        double *row = batch->x + (size_t)i * batch->x_stride;
        char text[TEXT] = "", *end;

        if (record->flags & LR_RECORD_NULL)
            continue;
        memcpy(text, record->value, record->value_len);
        row[0] = strtod(text, &end);
        row[1] = 2 * row[0];
        if (end == text)
            self->host->bad_record(self->host->ctx, i, "parse", "it is no number");
    }
    return LR_OK;
}

static size_t codec_encode_bound(void *ctx, const struct lr_batch *batch)
{
    (void)ctx;
    return (size_t)batch->count * 64;
}

static lr_status codec_encode(void *ctx, struct lr_batch *batch, void *memory, size_t size,
                              struct lr_error *err)
{
    char *at = memory;

    (void)ctx;
    (void)size;
    (void)err;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct lr_record *record = lr_batch_record(batch, i);

        if (record->flags & (LR_RECORD_NULL | LR_RECORD_BAD))
            continue;
        batch->encoded[i].data = at;
        batch->encoded[i].len =
            (uint32_t)snprintf(at, 64, "%.*s -> %g", (int)record->value_len,
                               (const char *)record->value, batch->out[i * batch->out_stride]);
        at += batch->encoded[i].len;
    }
    return LR_OK;
}

const struct lr_codec every_codec = {.size = sizeof every_codec,
                                     .bind = codec_bind,
                                     .decode = codec_decode,
                                     .encode_bound = codec_encode_bound,
                                     .encode = codec_encode};

static lr_status model_describe(const void *ctx, struct lr_schema *ret_schema, struct lr_error *err)
{
    static const char *const features[] = {"number", "twice"}, *const outputs[] = {"sum"};

    (void)ctx;
    (void)err;
    ret_schema->n_features = 2;
    ret_schema->n_outputs = 1;
    ret_schema->feature_names = features;
    ret_schema->output_names = outputs;
    return LR_OK;
}

static lr_status model_predict(const void *ctx, struct lr_batch *batch, struct lr_error *err)
{
    const struct every *self = ctx;

    (void)err;
    for (uint32_t i = 0; i < batch->count; i++)
        batch->out[i * batch->out_stride] = batch->x[(size_t)i * batch->x_stride] +
                                            batch->x[(size_t)i * batch->x_stride + 1] +
                                            self->settings->offset;
    return LR_OK;
}

const struct lr_model every_model = {.size = sizeof every_model,
                                     .caps = LR_MODEL_EXACT,
                                     .describe = model_describe,
                                     .predict = model_predict};

/* ---- engine ---------------------------------------------------------------------------------- */

static lr_status work(const struct lr_lane *lane, struct lr_batch **batch)
{
    lr_status status = lane->score(lane->ctx, *batch);

    if (status == LR_OK)
        status = lane->write(lane->ctx, batch);
    if (*batch)
        lane->discard(lane->ctx, batch);
    return status;
}

static lr_status engine_run(void *ctx, const struct lr_lane *lane, struct lr_error *err)
{
    const struct lr_figure figure = {sizeof figure, 0, "numInputRows", 10};
    const int64_t second = 1000000000;

    (void)ctx;
    (void)err;
    while (!lane->stop_requested(lane->ctx)) {
        struct lr_batch *batch = NULL;
        lr_status status = lane->plan(lane->ctx, 10);

        while (status == LR_OK || status == LR_AGAIN) {
            status = lane->read(lane->ctx, 4, second, &batch);
            if (status == LR_OK)
                status = work(lane, &batch);
            else if (status == LR_AGAIN && lane->stop_requested(lane->ctx))
                break;
        }
        if (status < 0)
            return status;
        status = lane->drain(lane->ctx, 10 * second);
        if (status == LR_OK)
            status = lane->commit(lane->ctx);
        lane->progress(lane->ctx, &figure, sizeof figure, 1);
        if (status == LR_OK)
            status = lane->wait(lane->ctx, lane->now(lane->ctx) + second / 1000);
        if (status < 0)
            return status;
    }
    return LR_OK;
}

const struct lr_engine every_engine = {.size = sizeof every_engine, .run = engine_run};

/* ---- sink, monitor --------------------------------------------------------------------------- */

static lr_status sink_write(void *ctx, const struct lr_batch *batch, uint32_t first, uint32_t count,
                            uint32_t *ret_taken, struct lr_error *err)
{
    struct every *self = ctx;

    for (uint32_t i = first; i < first + count; i++)
        if (fprintf(self->out, "%.*s\n", (int)batch->encoded[i].len,
                    (const char *)batch->encoded[i].data) < 0)
            return lr_fail(err, LR_EUNAVAILABLE, "cannot write");
    lr_metric_add(self->lines, count);
    self->host->settle(self->host->ctx, batch->token + first, count, LR_DELIVERED);
    *ret_taken = count;
    return LR_OK;
}

static uint64_t sink_max_record_bytes(void *ctx)
{
    (void)ctx;
    return 100;
}

const struct lr_sink every_sink = {.size = sizeof every_sink,
                                   .caps = LR_SINK_BYTES,
                                   .max_record_bytes = sink_max_record_bytes,
                                   .write = sink_write};

static void monitor_snapshot(void *ctx, const struct lr_snapshot *snapshot)
{
    const struct every *self = ctx;

    if (snapshot->state != LR_STATE_STOPPED || !self->out)
        return;
    (void)fprintf(self->out, "%s: read %d, bad %d, delivered %d\n", snapshot->pipeline,
                  (int)snapshot->records_read, (int)snapshot->records_bad,
                  (int)snapshot->records_delivered);
    for (uint32_t i = 0; i < snapshot->n_metrics; i++) {
        const struct lr_metric *metric =
            (const void *)((const char *)snapshot->metrics + (size_t)i * snapshot->metric_size);

        if (strcmp(metric->name, "lrhost_lines_total") == 0 && strcmp(metric->section, "sink") == 0)
            (void)fprintf(self->out, "%s %g\n", metric->name, metric->value);
    }
}

static void monitor_progress(void *ctx, const struct lr_progress *progress)
{
    const struct every *self = ctx;

    if (self->out && progress->n_figures == 1 && progress->figures->value > 0)
        (void)fprintf(self->out, "%s\n", progress->figures->name);
}

const struct lr_monitor every_monitor = {
    .size = sizeof every_monitor, .snapshot = monitor_snapshot, .progress = monitor_progress};
