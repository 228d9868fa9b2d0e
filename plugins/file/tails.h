/* SPDX-License-Identifier: MIT
 *
 * The files that are followed. A tail is one physical file, or one life of it between two
 * truncations, and a stream of its own: it keeps its descriptor, whatever the file is called by
 * now, so positions never run backwards and a name that leads to another file is a new tail.
 */
#ifndef FILE_TAILS_H
#define FILE_TAILS_H

#include "positions.h"
#include "source.h"
#include "wake.h"

#define TAIL_FREE 0
#define TAIL_FOUND 1 /* not assigned yet */
#define TAIL_OURS 2
#define TAIL_LEAVES 3 /* all of it is read and committed; being revoked */

struct tail {
    struct lr_stream stream; /* next: after what was handed out */
    struct identity id;
    int64_t committed; /* by the lane */
    int64_t saved;     /* in the position file, or committed where there is none */
    int64_t read_to;   /* bytes of it that were ever read */
    int64_t quiet_ns;  /* rotated: since when it has not grown */
    uint64_t serial;   /* older ones are read first */
    int32_t state;
    int32_t rotated; /* no name leads to it any more */
    int32_t cut;     /* truncated: what was not read of it is gone */
    int32_t at_end;  /* all that is there was handed out, the last piece included */
    int32_t seen;    /* by the look that is under way */
    int fd;
    int watch;
};

struct tails {
    const struct lr_host *host;
    const struct source_settings *settings;
    struct tail *list; /* index: the stream's id; a free place is used again */
    uint32_t n;
    uint64_t serial;
    struct wake wake;
    char **names; /* every path there ever was: streams point to them */
    uint32_t n_names;
    int32_t missing_said;
    int32_t changed; /* something that the position file should hold */
};

/* Finds again what the position file knows, then all else that is there. */
lr_status tails_start(struct tails *tails, struct lr_error *err);
/* New files, and names that lead elsewhere by now. */
lr_status tails_look(struct tails *tails, struct lr_error *err);
/* The file is shorter than what was read of it: its next life begins. */
lr_status tails_truncated(struct tails *tails, uint32_t tail, struct lr_error *err);
void tails_remove(struct tails *tails, uint32_t tail);
void tails_finish(struct tails *tails);
/* All that is in the file at this moment was handed out; asks the file. Not of a cut one. */
int tail_is_read(struct tail *tail);
/* All of it is read and committed, and no more will come. */
int tail_is_over(struct tail *tail);

__attribute__((format(printf, 3, 4))) void tails_log(const struct tails *tails, int32_t level,
                                                     const char *format, ...);

#endif
