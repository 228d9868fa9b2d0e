/* SPDX-License-Identifier: MIT
 *
 * What a lane wants from the operating system: two clocks and a way to sleep on descriptors.
 * A table, so that tests and the simulation put a fake clock and no sleep in its place.
 */
#ifndef LRHOST_SYSTEM_H
#define LRHOST_SYSTEM_H

#include <poll.h>
#include <stdint.h>

struct lrh_system {
    void *ctx;
    int64_t (*wall_ns)(void *ctx);
    int64_t (*monotonic_ns)(void *ctx);
    /* poll(2) with a timeout in ns; returns when a descriptor is ready or time is up. */
    void (*sleep)(void *ctx, struct pollfd *fds, nfds_t n, int64_t timeout_ns);
};

extern const struct lrh_system lrh_system_real;

#endif
