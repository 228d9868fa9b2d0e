/* SPDX-License-Identifier: MIT
 *
 * Lines of followed files: which file is next, and what its end means. See follow.h.
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "follow.h"

#define QUIET_NS INT64_C(60000000000)  /* a rotated file that has not grown for so long is over */
#define TURN_BYTES (INT64_C(16) << 20) /* of one file, while others wait */

int follow_complete(const struct follow *self, const struct tail *tail)
{
    return tail->rotated && follow_now(self) - tail->quiet_ns >= QUIET_NS;
}

/* LR_OK: something came. LR_AGAIN: nothing at the moment. LR_RESET: it was truncated. */
static lr_status read_more(struct follow *self, struct lr_error *err)
{
    struct tail *tail = &self->tails.list[self->current];
    struct stat about;
    size_t got;
    lr_status status = lines_pread(&self->lines, tail->fd, self->read_at, &got, err);

    if (status != LR_OK)
        return status;
    if (got > 0) {
        if (tail->id.len > 0 && !identity_begins(tail->fd, &tail->id))
            return LR_RESET; /* and has grown beyond what was read since */
        self->read_at += (int64_t)got;
        tail->at_end = self->lines.ended = 0;
        if (self->read_at > tail->read_to) {
            tail->read_to = self->read_at;
            tail->quiet_ns = follow_now(self);
        }
        lines_add(&self->lines, got);
        return LR_OK;
    }
    if (fstat(tail->fd, &about) == 0 && about.st_size < self->read_at)
        return LR_RESET;
    if (follow_complete(self, tail) && !tail->at_end)
        lines_add(&self->lines, 0); /* its last piece is a line */
    return LR_AGAIN;
}

/* Lines of one tail; LR_AGAIN: it has none now. */
static lr_status take_lines(struct follow *self, uint32_t index, struct lr_batch *batch,
                            uint32_t most, int64_t until, struct lr_error *err)
{
    struct tail *tail = &self->tails.list[index];
    int64_t before = tail->stream.next;
    lr_status status;

    if (self->current != index) {
        self->current = index;
        self->read_at = before;
        self->turn = TURN_BYTES;
        lines_restart(&self->lines, before);
    }
    do {
        status = lines_take(&self->lines, batch, most, index, until, err);
        if (status != LR_AGAIN || self->lines.offset >= until)
            break;
        status = read_more(self, err);
    } while (status == LR_OK);
    if (status == LR_AGAIN && self->lines.ended) /* the last piece of a complete file */
        status = lines_take(&self->lines, batch, most, index, until, err);
    if (status == LR_OK) {
        tail->stream.next = self->lines.offset;
        self->turn -= tail->stream.next - before;
    } else if (status == LR_AGAIN || status == LR_END) {
        if (self->lines.offset < until)
            tail->at_end = self->read_at == self->lines.offset;
        status = LR_AGAIN;
    } else if (status == LR_RESET) {
        self->current = UINT32_MAX;
        status = tails_truncated(&self->tails, index, err);
        return status == LR_OK ? LR_RESET : status;
    }
    if (status < 0)
        lr_context(err, "%s", tail->stream.topic);
    return status;
}

/* The oldest tail after `serial` that is ours and can be read; UINT32_MAX: none. */
static uint32_t next_tail(const struct follow *self, uint64_t serial)
{
    const struct tails *tails = &self->tails;
    uint32_t found = UINT32_MAX;

    for (uint32_t i = 0; i < tails->n; i++)
        if (tails->list[i].state == TAIL_OURS && !tails->list[i].cut &&
            tails->list[i].serial > serial &&
            (found == UINT32_MAX || tails->list[i].serial < tails->list[found].serial))
            found = i;
    return found;
}

lr_status follow_take(struct follow *self, struct lr_batch *batch, uint32_t most,
                      const int64_t *until, uint32_t n_until, struct lr_error *err)
{
    uint64_t serial = 0;
    uint32_t tired = UINT32_MAX;
    lr_status status = LR_AGAIN;

    if (self->current != UINT32_MAX && self->turn <= 0)
        tired = self->current; /* others first */
    for (uint32_t i; status == LR_AGAIN && (i = next_tail(self, serial)) != UINT32_MAX;) {
        serial = self->tails.list[i].serial;
        if (i != tired)
            status =
                take_lines(self, i, batch, most, until && i < n_until ? until[i] : INT64_MAX, err);
    }
    if (status == LR_AGAIN && tired != UINT32_MAX) {
        self->current = UINT32_MAX; /* a new turn */
        status = take_lines(self, tired, batch, most,
                            until && tired < n_until ? until[tired] : INT64_MAX, err);
    }
    return status;
}
