/* SPDX-License-Identifier: MIT
 *
 * A descriptor that becomes readable when a followed file may have something to say: its inode or
 * its folder changed (inotify), or a second has passed, since some file systems send no events.
 */
#ifndef FILE_WAKE_H
#define FILE_WAKE_H

#include <lrhost/lrhost.h>

struct wake {
    int epoll_fd, inotify_fd, timer_fd;
};

lr_status wake_open(struct wake *wake, struct lr_error *err);
void wake_close(struct wake *wake);
/* Names in this folder: new ones, renamed ones. */
void wake_watch_folder(struct wake *wake, const char *path);
/* Growth of an open file; returns what wake_forget takes, -1 where there are no events. */
int wake_watch_file(struct wake *wake, int fd);
void wake_forget(struct wake *wake, int watch);
/* Takes what has come, before one looks. Not 0: names may have changed. */
int wake_clear(struct wake *wake);

#endif
