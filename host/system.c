/* SPDX-License-Identifier: MIT
 *
 * The real clocks and ppoll(2). See system.h.
 */
#include "system.h"

#include <stddef.h>
#include <time.h>

#define NS_PER_S 1000000000

static int64_t read_clock(clockid_t id)
{
    struct timespec t;

    (void)clock_gettime(id, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static int64_t wall_ns(void *ctx)
{
    (void)ctx;
    return read_clock(CLOCK_REALTIME);
}

static int64_t monotonic_ns(void *ctx)
{
    (void)ctx;
    return read_clock(CLOCK_MONOTONIC);
}

static void sleep_on(void *ctx, struct pollfd *fds, nfds_t n, int64_t timeout_ns)
{
    struct timespec t = {timeout_ns / NS_PER_S, timeout_ns % NS_PER_S};

    (void)ctx;
    if (timeout_ns > 0)
        (void)ppoll(fds, n, &t, NULL); /* EINTR is a wake-up like any other */
}

const struct lrh_system lrh_system_real = {NULL, wall_ns, monotonic_ns, sleep_on};
