/* SPDX-License-Identifier: MIT
 *
 * Runs that wait for a sync; see pending.h.
 */
#include "pending.h"

void pending_add(struct pending *pending, const struct lr_host *host, uint64_t token,
                 uint32_t count, size_t bytes)
{
    struct pending_run *last = pending->n > 0 ? &pending->runs[pending->n - 1] : NULL;

    if (!last)
        pending->since_ns = host->monotonic_ns(host->ctx);
    if (last && last->token + last->count == token)
        last->count += count;
    else
        pending->runs[pending->n++] = (struct pending_run){token, count, 0};
    pending->records += count;
    pending->bytes += (int64_t)bytes;
}

int pending_due(const struct pending *pending, const struct lr_host *host)
{
    if (pending->n == 0)
        return 0;
    return pending->n == PENDING_RUNS || pending->records >= PENDING_RECORDS ||
           pending->bytes >= PENDING_BYTES ||
           host->monotonic_ns(host->ctx) - pending->since_ns >= PENDING_NS;
}

void pending_settle(struct pending *pending, const struct lr_host *host)
{
    for (uint32_t i = 0; i < pending->n; i++)
        host->settle(host->ctx, pending->runs[i].token, pending->runs[i].count, LR_DELIVERED);
    pending->n = pending->records = 0;
    pending->bytes = 0;
}
