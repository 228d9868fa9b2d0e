/* SPDX-License-Identifier: MIT
 *
 * A codec turns bytes into columns and columns into bytes. One instance per lane, all
 * functions on [lane] unless tagged otherwise. Decoding runs only when the model or the
 * sink wants columns; encoding only when the sink wants bytes.
 */
#ifndef LRHOST_CODEC_H
#define LRHOST_CODEC_H

#include "batch.h"
#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Columns of a batch. */
#define LR_COLUMN_FEATURES 1u
#define LR_COLUMN_LABEL 2u
#define LR_COLUMN_OUTPUTS 4u
#define LR_COLUMN_T0 8u
#define LR_COLUMN_T1 16u
#define LR_COLUMN_T2 32u
#define LR_COLUMN_ENCODED 64u /* in bind's answer: encode changes values even without a model */

/* What goes through a pipeline. Filled by the model (features and outputs), or by the
 * codec from its own options where there is no model. */
struct lr_schema {
    uint32_t size;
    uint32_t n_features; /* 0: nobody here knows */
    uint32_t n_outputs;
    uint32_t reserved;
    const char *const *feature_names; /* [n_features] or NULL */
    const char *const *output_names;  /* [n_outputs] or NULL: prediction, or prediction0, ... */
};

struct lr_codec {
    uint32_t size;
    uint32_t reserved;

    /* [required] [main], after create and before start. `schema` is the model's; without a
     * model its counts are 0 and the codec sets those it knows from its options. `wanted`:
     * LR_COLUMN_* that model and sink would read. `scored`: not 0 when a model fills
     * the outputs here, so that encode appends them. *ret_given: the columns that decode
     * will fill [codec.bind] [codec.fills], among them those of `wanted` that it can; the host
     * judges whether they suffice.
     * LR_ECONFIG: the codec's options and the schema contradict each other. */
    lr_status (*bind)(void *self, struct lr_schema *schema, uint32_t wanted, int32_t scored,
                      uint32_t *ret_given, struct lr_error *err);

    /* [required] Fills the columns of every record without LR_RECORD_NULL [codec.decode], and no
     * other row [codec.bounds]. Values end where value_len says and are not changed
     * [codec.reads]. A record it cannot read is reported with host->bad_record and does not stop
     * the others [codec.rows]. A record is read, and encoded, the same in every batch
     * [codec.batch]. t1 holds read_ns and t0 what the source knew; a codec that finds them in the
     * record overwrites them. An error return means that the codec itself is broken
     * [codec.errors]. */
    lr_status (*decode)(void *self, struct lr_batch *batch, struct lr_error *err);

    /* [required] Upper bound in bytes of what encode will need for the batch. */
    size_t (*encode_bound)(void *self, const struct lr_batch *batch);

    /* [required] Writes the output value of every record without LR_RECORD_NULL or
     * LR_RECORD_BAD to `memory` [codec.encoded] and sets its encoded[] [codec.encode]. `memory`
     * has encode_bound bytes [codec.bound]. */
    lr_status (*encode)(void *self, struct lr_batch *batch, void *memory, size_t size,
                        struct lr_error *err);
};

#ifdef __cplusplus
}
#endif
#endif
