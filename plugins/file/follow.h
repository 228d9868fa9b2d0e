/* SPDX-License-Identifier: MIT
 *
 * The file source with follow, inside: follow.c (events, positions, life) and follow_read.c
 * (lines).
 */
#ifndef FILE_FOLLOW_H
#define FILE_FOLLOW_H

#include "plugins/common/lines.h"
#include "plugins/common/stall.h"
#include "tails.h"

struct follow {
    const struct lr_host *host;
    const struct source_settings *settings;
    struct tails tails;
    struct lines lines;
    uint32_t current; /* whose bytes are in `lines`; UINT32_MAX: nobody's */
    int64_t read_at;  /* up to here */
    int64_t turn;     /* bytes it may still have before others */
    int64_t look_ns;  /* monotonic; when names are looked at again */
    struct stall full;
    struct lr_event event; /* kind 0: none is pending */
    const struct lr_stream **streams;
    struct file_position *positions; /* scratch; both have room for every tail */
    uint32_t room;
    int32_t announced; /* an event was answered */
    int32_t started;
};

static inline int64_t follow_now(const struct follow *self)
{
    return self->host->monotonic_ns(self->host->ctx);
}

/* Lines of any tail. LR_AGAIN: none has one. LR_RESET: a new life began. */
lr_status follow_take(struct follow *self, struct lr_batch *batch, uint32_t most,
                      const int64_t *until, uint32_t n_until, struct lr_error *err);
/* Rotated, and quiet for so long that its last line is what it will ever be. */
int follow_complete(const struct follow *self, const struct tail *tail);

#endif
