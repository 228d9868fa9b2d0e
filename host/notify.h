/* SPDX-License-Identifier: MIT
 *
 * What a service manager is told: sd_notify(3)'s protocol, which is a datagram of KEY=VALUE lines
 * to the socket that NOTIFY_SOCKET names. Without that variable nothing is sent.
 */
#ifndef LRHOST_NOTIFY_H
#define LRHOST_NOTIFY_H

#include <stdint.h>

struct lrh_notify {
    int fd;              /* -1: nobody asked */
    int64_t watchdog_ns; /* a longer silence has us killed; 0: no watchdog */
};

/* Reads the environment: NOTIFY_SOCKET (a path, or an abstract name after '@'), WATCHDOG_USEC and
 * WATCHDOG_PID. A socket that cannot be reached counts as none. */
void lrh_notify_init(struct lrh_notify *notify);
void lrh_notify_finish(struct lrh_notify *notify);

/* "READY=1", or several lines. Returns 0 when the manager's queue is full: what has to arrive is
 * said again later. Without a manager it is 1. */
int lrh_notify_send(const struct lrh_notify *notify, const char *lines);

#endif
