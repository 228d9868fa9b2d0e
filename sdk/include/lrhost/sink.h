/* SPDX-License-Identifier: MIT
 *
 * A sink takes results and says what became of them. One instance per lane, all functions
 * on [lane] unless tagged otherwise. Also used for dead letters.
 */
#ifndef LRHOST_SINK_H
#define LRHOST_SINK_H

#include "codec.h"
#include "source.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One of the first two is there [sink.caps]. */
#define LR_SINK_BYTES 1u        /* reads encoded[] */
#define LR_SINK_COLUMNS 2u      /* reads the columns named in `wants` */
#define LR_SINK_TRANSACTIONS 4u /* begin, commit and abort are there */
#define LR_SINK_DURABLE 8u      /* DELIVERED means that the record survives a crash */
#define LR_SINK_POSITIONS 16u   /* stores positions in its own transaction; see recover */

struct lr_sink {
    uint32_t size;
    uint32_t caps;                  /* LR_SINK_* */
    uint32_t wants;                 /* LR_COLUMN_* it must have */
    uint32_t may_want;              /* LR_COLUMN_* it uses where the input holds them */
    const void *transaction_domain; /* see struct lr_source */

    /* [optional: settles arrive inside write, or poll is called at least every 10 ms while
     * something is unsettled] Becomes readable when poll has settles to deliver [sink.fd]. -1:
     * none. */
    int (*fd)(void *self);

    /* [optional: no limit] [main], after create: largest encoded value plus key in bytes that
     * the sink takes. Longer records become dead letters before they are written. */
    uint64_t (*max_record_bytes)(void *self);

    /* [optional: cannot hold dead letters inside another sink's transaction] [main], after
     * both were created and before start: this instance sends through `main_self`, an
     * instance of the same plugin, and takes part in its transactions. */
    lr_status (*attach)(void *self, void *main_self, struct lr_error *err);

    /* [required] Takes records first .. first+count-1, in order, as many as there is room
     * for [sink.write]. encoded[] and added[] live until each record is settled [sink.encoded];
     * all else until the call returns [sink.borrow]. Records flagged LR_RECORD_BAD are never among
     * them. LR_OK     *ret_taken of them were taken (at least one) [sink.taken] LR_AGAIN  no room
     * now; *ret_taken is 0. There is room again when settles were polled [sink.again] */
    lr_status (*write)(void *self, const struct lr_batch *batch, uint32_t first, uint32_t count,
                       uint32_t *ret_taken, struct lr_error *err);

    /* [optional: write settles everything] Delivers settles that are due. May wait up to
     * timeout_ns; with an fd it is given 0. */
    lr_status (*poll)(void *self, int64_t timeout_ns, struct lr_error *err);

    /* [optional: nothing is buffered] Sends on whatever is buffered, without waiting. Called
     * again while the host waits for settles. */
    lr_status (*flush)(void *self, struct lr_error *err);

    /* Transactions [sink.transactions], [required with LR_SINK_TRANSACTIONS]. Every record between
     * begin and commit or abort belongs to it. commit is called when every record is settled as
     * DELIVERED; it stores `positions` in the same transaction. `token` is NULL for a sink
     * with LR_SINK_POSITIONS.
     *   LR_OK        committed
     *   LR_AGAIN     not yet; call again with the same arguments
     *   LR_ABORT     call abort, then the lane rewinds to what is stored
     *   LR_IN_DOUBT  stop and start the sink [life.restart], then the lane rewinds to what is
     *                stored
     * abort settles everything unsettled as LR_ABANDONED before it returns LR_OK
     * [sink.abort-settles]. LR_AGAIN: not yet; call again. After LR_OK nothing of the transaction
     * will ever be visible, and what is stored can be asked for. */
    lr_status (*begin)(void *self, struct lr_error *err);
    lr_status (*commit)(void *self, const struct lr_position *positions, uint32_t n,
                        const struct lr_group_token *token, struct lr_error *err);
    lr_status (*abort)(void *self, struct lr_error *err);

    /* [required with LR_SINK_POSITIONS] Sets next of the positions it has stored [sink.positions],
     * also those of a process that was killed [sink.kill]; others are left as they are. Asked at
     * every assignment. `streams` as in the event. */
    lr_status (*recover)(void *self, const struct lr_stream *const *streams,
                         struct lr_position *positions, uint32_t n, struct lr_error *err);
};

#ifdef __cplusplus
}
#endif
#endif
