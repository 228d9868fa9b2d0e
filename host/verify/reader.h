/* SPDX-License-Identifier: MIT
 *
 * A source under test, read poll by poll. Every poll looks at what a poll may return: events,
 * spans, order, limits, the time it took.
 */
#ifndef LRHOST_VERIFY_READER_H
#define LRHOST_VERIFY_READER_H

#include "verify.h"

#define MS INT64_C(1000000)
#define PATIENCE_NS (3000 * MS) /* for the first record; with --quick a third */
#define SLOW_NS (1000 * MS)     /* more than its timeout a poll may not take */
#define STREAMS 64u
#define NOTES 1024u
#define CAPACITY 64u

/* What was read, record by record. */
struct lrh_read {
    uint64_t hash;
    int64_t offset, next; /* `next`: where its stream stands behind it, at the latest */
    uint32_t stream;
};

struct lrh_reader {
    struct lrh_subject subject;
    struct lr_fake_batch *batch;
    int assigned[STREAMS];
    int64_t position[STREAMS]; /* -1: unknown */
    const struct lr_stream *streams[STREAMS];
    const int64_t *until;
    struct lrh_read notes[NOTES];
    uint32_t n_notes;
    int32_t ended, gave_end;
};

const struct lr_source *lrh_reader_ops(const struct lrh_reader *reader);
uint64_t lrh_reader_hash(const struct lr_record *record);
struct lr_fake_batch *lrh_reader_batch(struct lrh_kit *kit, const struct lrh_reader *reader);
void lrh_reader_open(struct lrh_kit *kit, struct lrh_reader *reader, uint32_t lane, uint32_t lanes);
/* One poll; what it gave is noted and, unless `keep`, released. */
lr_status lrh_reader_poll(struct lrh_kit *kit, struct lrh_reader *reader, uint32_t max, int keep);
/* Reads until there are `n` notes, the end, or nothing for a while; nothing at all: skips. */
void lrh_reader_read(struct lrh_kit *kit, struct lrh_reader *reader, uint32_t n, uint32_t max);

#endif
