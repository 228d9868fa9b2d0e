/* SPDX-License-Identifier: MIT
 *
 * What a listener counts. Each lane has a tally of its own and adds it to a common one now and
 * then, so that nothing is shared while records flow (but the sequence's bits, if asked for).
 */
#ifndef REPORT_TALLY_H
#define REPORT_TALLY_H

#include <lrhost/lrhost.h>

#include "histogram.h"

/* Prediction against label. */
struct fit {
    uint64_t n;
    double squared_error; /* sum */
    double mean;          /* of the labels */
    double variation;     /* sum of squared differences from it */
};

/* How fine the times of a clock are, as seen. */
struct grain {
    int64_t ns; /* 1_000_000: all were whole ms; 1_000; 1 */
};

struct tally {
    uint64_t records; /* with a value */
    uint64_t nulls;
    int64_t first_ns, last_ns; /* wall; when the first and the last ones were read */
    uint64_t t0_carried;       /* t0 came with the record */
    uint64_t t0_timestamp;     /* t0 is the record's timestamp */
    struct grain t0_grain, t1_grain;
    struct histogram t0; /* t3 - t0, ns */
    struct histogram t1; /* t3 - t1, ns */
    struct fit fit;
    uint64_t numbered, unnumbered, duplicates;
    int64_t lowest, highest; /* sequence numbers */
};

/* Numbers seen so far, one bit each; shared by the lanes. */
struct sequence {
    uint64_t *bits; /* NULL: records are not numbered */
    int64_t limit;  /* numbers 0 .. limit-1 */
    uint32_t field; /* of the value's text, split at , and ; */
    uint32_t reserved;
};

void tally_reset(struct tally *tally);
void tally_merge(struct tally *into, const struct tally *from);

/* t3 is the batch's read_ns. A t1 equal to it was set by the host here and says nothing. */
void tally_batch(struct tally *tally, const struct sequence *sequence, const struct lr_batch *batch,
                 uint32_t first, uint32_t count);

#endif
