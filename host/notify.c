/* SPDX-License-Identifier: MIT
 *
 * See notify.h. Written against systemd's documentation of sd_notify(3) and sd_watchdog_enabled(3),
 * which invites programs to speak it without its library. Left out: file descriptors (FDSTORE) and
 * sockets that are no AF_UNIX (vsock, for the inside of virtual machines).
 */
#include "notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Microseconds, if it is us who shall be watched. */
static int64_t watchdog(void)
{
    const char *pid = getenv("WATCHDOG_PID"), *usec = getenv("WATCHDOG_USEC");
    char *end;
    long long us;

    if (!usec || (pid && strtoll(pid, NULL, 10) != (long long)getpid()))
        return 0;
    errno = 0;
    us = strtoll(usec, &end, 10);
    return errno == 0 && *end == '\0' && us > 0 && us < INT64_MAX / 1000 ? us * 1000 : 0;
}

void lrh_notify_init(struct lrh_notify *notify)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = name ? strlen(name) : 0;

    *notify = (struct lrh_notify){.fd = -1};
    if (length < 2 || (name[0] != '/' && name[0] != '@') || length >= sizeof address.sun_path)
        return;
    memcpy(address.sun_path, name, length);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (notify->fd >= 0 &&
        connect(notify->fd, (const struct sockaddr *)&address,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) != 0)
        lrh_notify_finish(notify);
    if (notify->fd >= 0)
        notify->watchdog_ns = watchdog();
}

void lrh_notify_finish(struct lrh_notify *notify)
{
    if (notify->fd >= 0)
        (void)close(notify->fd);
    notify->fd = -1;
}

int lrh_notify_send(const struct lrh_notify *notify, const char *lines)
{
    return notify->fd < 0 || send(notify->fd, lines, strlen(lines), MSG_NOSIGNAL) >= 0 ||
           errno != EAGAIN;
}
