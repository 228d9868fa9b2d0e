/* SPDX-License-Identifier: MIT
 *
 * An engine decides when: it cuts the work of a lane into pieces with the lane's few verbs
 * and never touches source, codec, model or sink. One instance per lane; run is called
 * once, on [lane]. After it returned, the host drains and commits by itself, so an engine
 * cannot lose a record.
 */
#ifndef LRHOST_ENGINE_H
#define LRHOST_ENGINE_H

#include "batch.h"
#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One figure of a progress record. */
struct lr_figure {
    uint32_t size;
    uint32_t reserved;
    const char *name; /* Structured Streaming's names: "numInputRows", "durationMs.addBatch" */
    double value;
};

/* The verbs. Call each with lane->ctx, on the lane's thread, while run is active. Common
 * returns of all but the last three: LR_RESET (discard every batch you hold, forget your
 * plan, start over: streams changed owner, or the lane rewound [engine.void]), or an error (the
 * lane cannot go on: return it from run [engine.error]). A batch is yours from read until write or
 * discard [engine.own]. */
struct lr_lane {
    uint32_t size;
    uint32_t max_batch; /* records that one batch can hold */
    void *ctx;

    /* Fixes the end of every assigned stream, at most `max_records` away in total (0: no
     * limit). Until then read returns LR_END once all are reached. LR_OK. A plan ends with
     * that LR_END, with the next plan, or with LR_RESET. */
    lr_status (*plan)(void *ctx, uint64_t max_records);

    /* The next batch: at least one record, at most max_records (0: as many as fit). Waits up
     * to timeout_ns for the first record (0: not at all), never for a second. Rows flagged
     * LR_RECORD_BAD or LR_RECORD_NULL are part of it.
     *   LR_OK     *ret_batch is yours until write or discard
     *   LR_AGAIN  nothing within timeout_ns, or a stop was requested
     *   LR_END    the plan is done, or the source has ended (then also stop_requested)
     *   LR_FULL   you hold every batch of the lane: write or discard one */
    lr_status (*read)(void *ctx, uint32_t max_records, int64_t timeout_ns,
                      struct lr_batch **ret_batch);

    /* Predicts all rows; with `learn = yes` then learns from them. */
    lr_status (*score)(void *ctx, struct lr_batch *batch);

    /* Encodes and hands over results and the batch's dead letters. Takes the batch and
     * nulls *batch. Waits under back-pressure. Batches are written in the order they were
     * read [engine.order]; another order is refused with LR_ECONFIG and the batch stays yours. */
    lr_status (*write)(void *ctx, struct lr_batch **batch);

    /* Gives a batch back unwritten and nulls *batch; its streams are read again from there.
     * After LR_RESET: the batch is void, nothing is read again. */
    void (*discard)(void *ctx, struct lr_batch **batch);

    /* Waits until all that was written is settled. LR_AGAIN: timeout_ns passed first. */
    lr_status (*drain)(void *ctx, int64_t timeout_ns);

    /* Moves the committed positions up to what is finished. Under exactly_once it drains
     * first and closes the transaction. */
    lr_status (*commit)(void *ctx);

    /* Sleeps until `until_ns` (monotonic), serving source and sink; returns early when a
     * stop is requested. Without records an engine sleeps here or in read [engine.idle]. */
    lr_status (*wait)(void *ctx, int64_t until_ns);

    /* A progress record for the monitors; figures are copied. `figure_size`:
     * sizeof(struct lr_figure) [engine.figures]. */
    void (*progress)(void *ctx, const struct lr_figure *figures, uint32_t figure_size, uint32_t n);

    /* Monotonic clock, ns. */
    int64_t (*now)(void *ctx);

    /* Not 0: return from run soon [engine.stop]. What you hold may be discarded: it is read again.
     */
    int32_t (*stop_requested)(void *ctx);
};

struct lr_engine {
    uint32_t size;
    uint32_t reserved;

    /* [required] Works until lane->stop_requested, and writes all that was read when the source
     * ends [engine.all]. LR_OK, or the error a verb returned. */
    lr_status (*run)(void *self, const struct lr_lane *lane, struct lr_error *err);
};

#ifdef __cplusplus
}
#endif
#endif
