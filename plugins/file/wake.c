/* SPDX-License-Identifier: MIT
 *
 * Waking up for followed files; see wake.h.
 */
#include "wake.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define NAMES_CHANGED (IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE)

static int add(const struct wake *wake, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};

    return epoll_ctl(wake->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

lr_status wake_open(struct wake *wake, struct lr_error *err)
{
    const struct itimerspec second = {{1, 0}, {1, 0}};

    *wake = (struct wake){-1, -1, -1};
    wake->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    wake->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (wake->epoll_fd < 0 || wake->timer_fd < 0 ||
        timerfd_settime(wake->timer_fd, 0, &second, NULL) != 0 || add(wake, wake->timer_fd) != 0) {
        int failed = errno;

        wake_close(wake);
        return lr_fail(err, LR_EUNAVAILABLE, "no descriptors to wait for files: %s",
                       strerror(failed));
    }
    wake->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (wake->inotify_fd >= 0 && add(wake, wake->inotify_fd) != 0) {
        (void)close(wake->inotify_fd);
        wake->inotify_fd = -1; /* the timer does, only later */
    }
    return LR_OK;
}

void wake_close(struct wake *wake)
{
    int *fds[] = {&wake->epoll_fd, &wake->inotify_fd, &wake->timer_fd};

    for (size_t i = 0; i < 3; i++) {
        if (*fds[i] >= 0)
            (void)close(*fds[i]);
        *fds[i] = -1;
    }
}

void wake_watch_folder(struct wake *wake, const char *path)
{
    if (wake->inotify_fd >= 0)
        (void)inotify_add_watch(wake->inotify_fd, path, NAMES_CHANGED | IN_ONLYDIR);
}

int wake_watch_file(struct wake *wake, int fd)
{
    char path[48];

    if (wake->inotify_fd < 0)
        return -1;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return inotify_add_watch(wake->inotify_fd, path, IN_MODIFY);
}

void wake_forget(struct wake *wake, int watch)
{
    if (wake->inotify_fd >= 0 && watch >= 0)
        (void)inotify_rm_watch(wake->inotify_fd, watch);
}

int wake_clear(struct wake *wake)
{
    _Alignas(struct inotify_event) char events[4096];
    uint64_t ticks;
    ssize_t n;
    int names = 0;

    while (wake->inotify_fd >= 0 && (n = read(wake->inotify_fd, events, sizeof events)) > 0)
        for (const char *at = events; at < events + n;) {
            const struct inotify_event *event = (const void *)at;

            names |= (event->mask & (NAMES_CHANGED | IN_Q_OVERFLOW)) != 0;
            at += sizeof *event + event->len;
        }
    return read(wake->timer_fd, &ticks, sizeof ticks) > 0 || names;
}
