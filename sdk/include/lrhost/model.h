/* SPDX-License-Identifier: MIT
 *
 * A model predicts. One instance per pipeline; it trains or loads in start [main]. Two of the same
 * settings predict the same [model.same].
 */
#ifndef LRHOST_MODEL_H
#define LRHOST_MODEL_H

#include "codec.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Batch-wise equals record-wise, bit for bit [model.exact]. Without it they may differ by a
 * relative error of 1e-9 [model.tolerance]. */
#define LR_MODEL_EXACT 1u

struct lr_model {
    uint32_t size;
    uint32_t caps; /* LR_MODEL_* */

    /* [required] [main], after create and before start: how many features the model takes
     * and how many outputs it gives, and their names. ret_schema->size is set by the caller;
     * names live as long as the instance. It says the same each time
     * [model.describe]. */
    lr_status (*describe)(const void *self, struct lr_schema *ret_schema, struct lr_error *err);

    /* [required] [any], after start; several lanes at once [model.lanes]. Fills out[] for rows
     * 0 .. count-1 from x[] [model.fills], and writes nothing else [model.bounds] [model.inputs],
     * not into the model either [model.const]. A record's prediction depends on its own row alone
     * [model.rows]; NaN and infinities in it are no error [model.values]. Rows flagged NULL or BAD
     * hold finite numbers of no meaning; what is predicted for them is not used. */
    lr_status (*predict)(const void *self, struct lr_batch *batch, struct lr_error *err);

    /* [optional: the model does not learn] [lane], lanes = 1. Takes in x[] and y[] after they
     * were predicted (prequential). Skips rows flagged NULL or BAD or with y NaN
     * [model.learn-skips]. */
    lr_status (*learn)(void *self, const struct lr_batch *batch, struct lr_error *err);

    /* [optional] [lane] Saves what was learnt, for exactly_once; the bytes live until the next
     * call. restore takes them back after a rewind [model.restore]. */
    lr_status (*snapshot)(void *self, struct lr_bytes *ret_bytes, struct lr_error *err);
    lr_status (*restore)(void *self, const struct lr_bytes *bytes, struct lr_error *err);
};

#ifdef __cplusplus
}
#endif
#endif
