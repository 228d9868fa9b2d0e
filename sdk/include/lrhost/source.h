/* SPDX-License-Identifier: MIT
 *
 * A source reads records from ordered streams. One instance per lane; all functions on
 * [lane] unless tagged otherwise.
 */
#ifndef LRHOST_SOURCE_H
#define LRHOST_SOURCE_H

#include "batch.h"
#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define LR_SOURCE_REPLAY 1u /* positions can be sought and survive a restart */
#define LR_SOURCE_SPLIT 2u  /* may run in several lanes, which share the work [source.lanes] */
#define LR_SOURCE_ENDS 4u   /* comes to an end by itself (a file, a generator) [source.end] */

#define LR_EVENT_ASSIGN 1 /* the streams become ours when rebalanced() is called */
#define LR_EVENT_REVOKE 2 /* they stay ours until rebalanced() is called */
#define LR_EVENT_LOST 3   /* they are someone else's already */

struct lr_event {
    uint32_t size;
    int32_t kind; /* LR_EVENT_* */
    uint32_t n_streams;
    uint32_t reserved;
    const struct lr_stream *const *streams; /* LR_EVENT_ASSIGN: `next` says where each begins */
};

/* Proof of group membership for a transaction; opaque to the host. */
struct lr_group_token {
    uint32_t size;
    uint32_t len;
    const void *data; /* valid until the next call into the source */
};

struct lr_source {
    uint32_t size;
    uint32_t caps; /* LR_SOURCE_* */

    /* Who can put this source's positions into a transaction: equal, non-NULL pointers in
     * source and sink mean that they can commit together. */
    const void *transaction_domain;

    /* [optional: never blocks, or blocks in poll only] A descriptor that becomes readable
     * when poll has something to say. Valid from start to stop; the host only polls it
     * [source.fd]. -1: none. */
    int (*fd)(void *self);

    /* [required] Every stream is handed over by an LR_EVENT_ASSIGN before its first record, also
     * by a source that has only one [source.assign]; one that has none says so by an empty event.
     * Fills [source.poll] at most `max_records` (and batch->capacity) records [source.max] and
     * their spans [source.spans], each stream in order [source.order]. Takes nothing from a stream
     * at or beyond until[stream] (until NULL: no limit; streams with an id of n_until or above: no
     * limit) [source.until]. max_records 0 only keeps the source alive and reports events, the end
     * (LR_END) included. May wait up to timeout_ns; with an fd it is given 0 [source.time].
     *
     *   LR_OK         something is in the batch (records, or a moved position alone)
     *   LR_AGAIN      nothing now
     *   LR_REBALANCE  the batch is empty; *ret_event is valid until rebalanced(). The same
     *                 event is returned again until then. What was gathered before is
     *                 handed over first [source.event].
     *   LR_END        the source has ended; all it had was handed over
     *   error         the source cannot go on */
    lr_status (*poll)(void *self, struct lr_batch *batch, uint32_t max_records,
                      const int64_t *until, uint32_t n_until, int64_t timeout_ns,
                      const struct lr_event **ret_event, struct lr_error *err);

    /* [required] Completes the event. */
    lr_status (*rebalanced)(void *self, struct lr_error *err);

    /* [optional: nothing held] Values, keys and headers of the batch are not used any more.
     * Called once for each batch that poll filled, in any order [source.release]. */
    void (*release)(void *self, struct lr_batch *batch);

    /* [optional: nothing to store] Stores positions [source.commit]. `wait` 0: asynchronously, a
     * failure is logged and counted by the source. Not 0: returns when stored or refused. LR_AGAIN:
     * not possible now (not a member); nothing is lost, it comes again. */
    lr_status (*commit)(void *self, const struct lr_position *positions, uint32_t n, int32_t wait,
                        struct lr_error *err);

    /* committed and seek may be asked about a stream whose loss was not reported yet; what they
     * do to it does not matter.
     * [required with LR_SOURCE_REPLAY] Sets next of each position to what is stored, or to
     * where the source begins without a stored one. Asks the store, never its memory
     * [source.store]. */
    lr_status (*committed)(void *self, struct lr_position *positions, uint32_t n,
                           struct lr_error *err);

    /* [required with LR_SOURCE_REPLAY] Reads on from there, each record as it was
     * [source.position-after-seek]. What was prefetched is dropped. */
    lr_status (*seek)(void *self, const struct lr_position *positions, uint32_t n,
                      struct lr_error *err);

    /* [optional: micro-batches end where the source has nothing more at the moment] Sets
     * next of each position to the stream's present end [source.ends]. LR_AGAIN: asked, not known
     * yet. */
    lr_status (*ends)(void *self, struct lr_position *positions, uint32_t n, struct lr_error *err);

    /* [optional: no transactions] Taken right before sink.commit. */
    lr_status (*group_token)(void *self, struct lr_group_token *ret_token, struct lr_error *err);
};

#ifdef __cplusplus
}
#endif
#endif
