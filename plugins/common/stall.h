/* SPDX-License-Identifier: MIT
 *
 * A wait that is told in the log without filling it: said when it begins, once a minute while it
 * lasts, and when it is over. Waits that begin soon after the last line are not told before a
 * minute has passed, so that a disk on the edge of being full does not write a log of its own.
 */
#ifndef PLUGINS_STALL_H
#define PLUGINS_STALL_H

#include <lrhost/lrhost.h>

struct stall_words { /* each is followed by the subject */
    const char *begins;
    const char *lasts;
    const char *over;
};

struct stall {
    int64_t since_ns; /* monotonic */
    int64_t said_ns;  /* the last line about waiting */
    int32_t waiting;
    int32_t told; /* of this wait */
    int32_t ever; /* said_ns counts */
    int32_t reserved;
};

/* Still waiting; nothing is said before it has lasted `patience_ns`. */
void stall_wait(struct stall *stall, const struct lr_host *host, const struct stall_words *words,
                const char *subject, int64_t patience_ns);
/* Not waiting; harmless when there was no wait. */
void stall_over(struct stall *stall, const struct lr_host *host, const struct stall_words *words,
                const char *subject);

#endif
