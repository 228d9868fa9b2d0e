/* SPDX-License-Identifier: MIT
 *
 * Records -> lines in a buffer, for sinks that write text: each value and a '\n'; a record
 * without a value is an empty line, so that lines out are records in.
 *
 * The buffer holds one run of records. It is filled, sent on with as many writes as the other end
 * needs, and only then filled again; so a sink has one run to settle, and what it took is
 * bounded. A value that holds a '\n' itself becomes several lines: text has no way to say more.
 */
#ifndef PLUGINS_LINEBUF_H
#define PLUGINS_LINEBUF_H

#include <lrhost/lrhost.h>

struct linebuf {
    char *data;
    size_t size;
    size_t used;
    size_t sent;    /* of `used` */
    uint64_t token; /* the run's first record */
    uint32_t count; /* 0: empty */
    uint32_t reserved;
};

lr_status linebuf_init(struct linebuf *buffer, size_t size, struct lr_error *err);
void linebuf_finish(struct linebuf *buffer);

/* Fills an empty buffer with records from `first` on, at most `count`, as far as there is room
 * (at least one: a single record that is larger makes it grow). *ret_taken of them are in. */
lr_status linebuf_fill(struct linebuf *buffer, const struct lr_batch *batch, uint32_t first,
                       uint32_t count, uint32_t *ret_taken, struct lr_error *err);

/* Empties the buffer. */
void linebuf_reset(struct linebuf *buffer);
/* Settles the run as DELIVERED and empties the buffer. */
void linebuf_settle(struct linebuf *buffer, const struct lr_host *host);

#endif
