/* SPDX-License-Identifier: MIT
 *
 * The ledger: settles -> finished positions. For each stream of a lane it keeps four positions,
 *
 *     committed <= finished <= written <= read
 *
 * and between finished and written a queue of segments, one for each (batch, stream) that was
 * written, each with the number of its records that are not settled yet. A position becomes
 * finished when every segment before it has none left. Two epochs make what is void harmless:
 * read_epoch voids batches that were read and not written, write_epoch voids settles still to
 * come. No function here calls a plugin.
 */
#ifndef LRHOST_LEDGER_H
#define LRHOST_LEDGER_H

#include <lrhost/batch.h>

#define LRH_STREAMS_MAX 65536u /* stream ids are small numbers; more is a source's defect */

struct lrh_segment {
    int64_t next;  /* the stream's position after it */
    uint32_t open; /* records not settled */
};

struct lrh_stream {
    struct lr_stream info; /* as the source gave it; next and end are not kept up to date */
    int32_t ours;          /* assigned to this lane */
    uint32_t read_epoch, write_epoch;
    int64_t read, written, finished, committed;
    int64_t end;          /* as last asked; -1: unknown */
    int64_t until;        /* end of the plan; INT64_MAX: none */
    uint64_t last_read;   /* serial of the newest batch that holds records of it */
    int64_t single_until; /* below it, records are written one by one; INT64_MIN: none */
    uint64_t head, tail;  /* segments, as running numbers */
    struct lrh_segment *ring;
    uint32_t ring_size; /* a power of two */
};

struct lrh_ledger {
    struct lrh_stream *streams;     /* index: stream id */
    const struct lr_stream **infos; /* what batches show: &streams[i].info */
    uint32_t n_streams;
};

void lrh_ledger_finish(struct lrh_ledger *ledger);

/* A stream becomes ours and is read from info->next on. */
lr_status lrh_ledger_assign(struct lrh_ledger *ledger, const struct lr_stream *info,
                            struct lr_error *err);
/* It is ours no more: all that is under way is void. */
void lrh_ledger_revoke(struct lrh_ledger *ledger, uint32_t stream);
/* Reading starts over at `next`: what was read, written and not finished is void. */
void lrh_ledger_rewind(struct lrh_ledger *ledger, uint32_t stream, int64_t next);
/* What was read and not written is void; returns 1 when reading must go back to `written`. */
int lrh_ledger_unread(struct lrh_ledger *ledger, uint32_t stream);

/* NULL: unknown or not ours. */
struct lrh_stream *lrh_ledger_stream(const struct lrh_ledger *ledger, uint32_t stream);

/* `open` records up to `next` were written. Returns the segment's running number. */
lr_status lrh_ledger_append(struct lrh_ledger *ledger, uint32_t stream, int64_t next, uint32_t open,
                            uint64_t *ret_segment, struct lr_error *err);
/* `n` records of a segment are settled; ignored when `epoch` is not the stream's write_epoch. */
void lrh_ledger_settle(struct lrh_ledger *ledger, uint32_t stream, uint32_t epoch, uint64_t segment,
                       uint32_t n);
/* Moves finished over what is settled. Writes the streams whose finished position is not
 * committed yet to `positions` (room for n_streams); returns how many. */
uint32_t lrh_ledger_prefix(struct lrh_ledger *ledger, struct lr_position *positions);
/* After prefix: nothing that was written is unfinished. */
int lrh_ledger_settled(const struct lrh_ledger *ledger);
/* Says that `positions` are stored. */
void lrh_ledger_committed(struct lrh_ledger *ledger, const struct lr_position *positions,
                          uint32_t n);

#endif
