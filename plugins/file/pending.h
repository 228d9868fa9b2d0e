/* SPDX-License-Identifier: MIT
 *
 * Runs of records that are written and wait for the sync which settles them. A sync costs the
 * same for one record and for a million, so it is done for many at once: when the lane waits for
 * settles, when the oldest run has waited long enough, or when much has gathered.
 */
#ifndef FILE_PENDING_H
#define FILE_PENDING_H

#include <lrhost/lrhost.h>

#define PENDING_RUNS 1024u
#define PENDING_BYTES (INT64_C(4) << 20)
#define PENDING_RECORDS 32768u /* well below what a lane lets be unsettled (max_in_flight) */
#define PENDING_NS INT64_C(50000000)

struct pending_run {
    uint64_t token;
    uint32_t count;
    uint32_t reserved;
};

struct pending {
    uint32_t n;
    uint32_t records;
    int64_t bytes;
    int64_t since_ns; /* monotonic; of the oldest run */
    struct pending_run runs[PENDING_RUNS];
};

/* Adds a run; neighbours become one. Sync when pending_due says so, and there is always room. */
void pending_add(struct pending *pending, const struct lr_host *host, uint64_t token,
                 uint32_t count, size_t bytes);
int pending_due(const struct pending *pending, const struct lr_host *host);
/* They are synced: settles all as DELIVERED. */
void pending_settle(struct pending *pending, const struct lr_host *host);

#endif
