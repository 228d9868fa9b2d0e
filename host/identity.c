/* SPDX-License-Identifier: MIT
 *
 * See identity.h. The name is bound in the abstract namespace of local sockets: it belongs to the
 * network namespace (to a container, as its host name does), is seen by every user, leaves no file,
 * and is free again when the process is gone, however it went. Listening on it lets the kernel
 * say whose it is.
 */
#include "identity.h"

#include <errno.h>
#include <lrhost/error.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PREFIX "lrhost/"
#define READABLE 60 /* bytes of a name that stand in the address; a hash tells the rest apart */

/* FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), 64 bits. */
static uint64_t hash(uint64_t h, const char *text)
{
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return (h ^ '\n') * UINT64_C(0x100000001b3);
}

uint64_t lrh_identity_hash(const char *pipeline, const char *instance)
{
    return hash(hash(UINT64_C(0xcbf29ce484222325), pipeline), instance);
}

static socklen_t address_of(const char *pipeline, const char *instance, const char *resource,
                            struct sockaddr_un *address)
{
    uint64_t h = hash(lrh_identity_hash(pipeline, instance), resource);
    int n;

    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    n = snprintf(address->sun_path + 1, sizeof address->sun_path - 1, PREFIX "%.*s/%.*s/%016llx",
                 READABLE / 2, pipeline, READABLE / 2, instance, (unsigned long long)h);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
}

/* The process that listens at the address; 0: it is gone, or the kernel does not say. */
static int holder(const struct sockaddr_un *address, socklen_t length)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct ucred who = {0};
    socklen_t size = sizeof who;

    if (fd < 0)
        return 0;
    if (connect(fd, (const struct sockaddr *)address, length) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0)
        who.pid = 0;
    (void)close(fd);
    return (int)who.pid;
}

lr_status lrh_identity_take(const char *pipeline, const char *instance, const char *resource,
                            int *ret_fd, struct lr_error *err)
{
    struct sockaddr_un address;
    socklen_t length = address_of(pipeline, instance, resource, &address);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), pid;
    char who[32] = "another process";

    if (fd < 0)
        return lr_fail(err, LR_EUNAVAILABLE,
                       "cannot make sure that no other process is instance '%s' of pipeline '%s': "
                       "%s",
                       instance, pipeline, strerror(errno));
    if (bind(fd, (const struct sockaddr *)&address, length) == 0 && listen(fd, SOMAXCONN) == 0) {
        *ret_fd = fd;
        return LR_OK;
    }
    if (errno != EADDRINUSE) {
        (void)lr_fail(err, LR_EUNAVAILABLE,
                      "cannot take the name of instance '%s' of pipeline '%s' on this host: %s",
                      instance, pipeline, strerror(errno));
        (void)close(fd);
        return LR_EUNAVAILABLE;
    }
    pid = holder(&address, length);
    (void)close(fd);
    if (pid > 0)
        (void)snprintf(who, sizeof who, "process %d", pid);
    return lr_fail(err, LR_EFENCED,
                   "%s on this host is instance '%s' of pipeline '%s' already, and a broker tells "
                   "instances apart by name alone; give this one another: --set "
                   "pipeline.instance=NAME",
                   who, instance, pipeline);
}
