/* SPDX-License-Identifier: MIT
 *
 * Records and batches: the only thing that travels through a lane.
 *
 * The host owns a batch and its columns; a source fills records and spans, a codec the
 * columns and the encoded bytes, a model the outputs. A batch of one is legal and cheap, and so is
 * one without records [batch.sizes].
 */
#ifndef LRHOST_BATCH_H
#define LRHOST_BATCH_H

#include "abi.h"

#ifdef __cplusplus
extern "C" {
#endif

struct lr_bytes { /* frozen */
    const void *data;
    uint32_t len;
    uint32_t reserved;
};

struct lr_header { /* frozen */
    const char *name;
    const void *value; /* may be NULL */
    uint32_t len;
    uint32_t reserved;
};

/* A position is the next offset to read. It is never "offset + 1": aborted or control
 * records leave gaps. */
struct lr_position { /* frozen */
    uint32_t stream;
    uint32_t reserved;
    int64_t next;
};

/* A run of records of one stream within a batch: the next `count` records (records are
 * grouped by span, in span order), after which the stream stands at `next`. count 0 only
 * moves the position. */
struct lr_span { /* frozen */
    uint32_t stream;
    uint32_t count;
    int64_t next;
};

/* No value (a tombstone): codecs skip it, encoded = {NULL, 0} [codec.null]. */
#define LR_RECORD_NULL 1u
#define LR_RECORD_BAD 2u /* set aside by the host; its columns hold nothing, skip it */

struct lr_record {
    const void *value;   /* borrowed from the source until source.release [source.borrow] */
    const void *key;     /* the same; NULL: no key */
    const void *headers; /* opaque; read with batch->header; NULL: none */
    int64_t offset;
    int64_t timestamp_ns; /* wall; -1: unknown */
    uint32_t value_len;
    uint32_t key_len;
    uint32_t stream; /* small number, unique within the source instance */
    uint32_t flags;  /* LR_RECORD_* */
};

struct lr_batch {
    uint32_t size;
    uint32_t record_size;      /* step of `records`, at least sizeof(struct lr_record) */
    uint32_t count;            /* records in use */
    uint32_t capacity;         /* records there is room for, in every column */
    struct lr_record *records; /* use lr_batch_record() */
    struct lr_span *spans;     /* room for span_capacity */
    uint32_t n_spans;
    uint32_t span_capacity;
    uint64_t token; /* record i is settled as token + i */
    void *hold;     /* the source's own, for release */

    /* Columns. Row i of x begins at x + i * x_stride (doubles, x_stride >= n_features), so
     * one record is one contiguous row, a sub-batch is pointer arithmetic, and BLAS takes
     * the stride as its leading dimension [batch.stride]. Columns are aligned as doubles are and
     * not to more [batch.alignment]. */
    double *x;
    uint32_t n_features;
    uint32_t x_stride;
    double *out; /* predictions, row i at out + i * out_stride */
    uint32_t n_outputs;
    uint32_t out_stride;
    double *y;       /* labels, NaN where there is none */
    int64_t *t0;     /* wall ns when the record was due to be sent; -1: unknown */
    int64_t *t1;     /* wall ns when it was read: by us, or (a listener) by whom we read from */
    int64_t read_ns; /* wall ns when this batch was read, before parsing */
    int64_t t2_ns;   /* wall ns when it was scored; 0: not yet */

    struct lr_bytes *encoded; /* [capacity] output values; live until the record is settled */

    /* Headers to send besides the record's own: n_added of them for each record,
     * record i at added + i * n_added. NULL: none. Live as long as the encoded bytes. */
    const struct lr_header *added;
    uint32_t n_added;
    uint32_t lane;

    /* Header `index` of an opaque record->headers: LR_OK, or LR_END past the last one.
     * Set by the source; NULL: it has no headers. [lane] */
    lr_status (*header)(const void *headers, uint32_t index, struct lr_header *ret_header);
    /* Identity of whoever made the opaque handles: a sink that finds its own may use them
     * as they are. */
    const void *header_domain;
    /* Topic and partition (or file name, and -1) of a record's stream, for sinks that keep
     * them. [capacity of streams], index: record->stream. */
    const struct lr_stream *const *streams;
};

struct lr_stream {
    uint32_t size;
    uint32_t id;       /* record->stream */
    const char *topic; /* or the file's name; lives as long as the source instance */
    int32_t partition; /* -1: the stream is not a partition */
    uint32_t reserved;
    int64_t next; /* where reading goes on */
    int64_t end;  /* the end as known now; -1: unknown */
};

static inline struct lr_record *lr_batch_record(const struct lr_batch *batch, uint32_t i)
{
    return (struct lr_record *)(void *)((char *)batch->records + (size_t)i * batch->record_size);
}

#ifdef __cplusplus
}
#endif
#endif
