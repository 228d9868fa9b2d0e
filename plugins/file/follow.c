/* SPDX-License-Identifier: MIT
 *
 * The file source with follow: files that grow, are rotated, appear and go; it never ends.
 *
 * Each physical file is a stream (tails.h). The oldest one that has lines is read first, so after
 * a rotation by renaming the rest of the old file comes before the new one. The old one stays open
 * for a minute after its last growth, since its writer may not know yet; then a last line without
 * an end is handed out, and when all is committed the stream is given back and its line leaves the
 * position file. A truncated file (copytruncate) goes on as a new stream at its beginning.
 *
 * What is found is noted in the position file at once and not at the next commit, so a file that
 * is rotated while nobody runs is missed when it is gone. With a full disk a commit says LR_AGAIN:
 * nothing is lost, a restart only reads more of it twice.
 */
#include "follow.h"

#include <stdlib.h>

#define LOOK_NS INT64_C(1000000000) /* between two looks at the names */

/* ---- positions -------------------------------------------------------------------------- */

static lr_status make_room(struct follow *self, struct lr_error *err)
{
    uint32_t n = self->tails.n + 1;
    void *streams, *positions;

    if (n <= self->room)
        return LR_OK;
    streams = realloc(self->streams, n * sizeof *self->streams);
    if (streams)
        self->streams = streams;
    positions = realloc(self->positions, n * sizeof *self->positions);
    if (positions)
        self->positions = positions;
    if (!streams || !positions)
        return lr_fail(err, LR_ENOMEM, "no memory for %u files", n);
    self->room = n;
    return LR_OK;
}

static int by_age(const void *a, const void *b)
{
    const struct file_position *left = a, *right = b;

    return (left->age > right->age) - (left->age < right->age);
}

/* Oldest first: the next start reads them in this order. What was truncated cannot be read again,
 * whatever is stored of it. */
static lr_status save(struct follow *self, struct lr_error *err)
{
    const char *file = self->settings->position_file;
    struct tails *tails = &self->tails;
    lr_status status = make_room(self, err);
    uint32_t n = 0;

    for (uint32_t i = 0; i < tails->n && status == LR_OK; i++) {
        struct tail *tail = &tails->list[i];

        if (tail->state == TAIL_FREE || tail->cut)
            continue;
        if (tail->id.len < IDENTITY_MOST && tail->committed > (int64_t)tail->id.len)
            identity_extend(tail->fd, tail->committed, &tail->id);
        self->positions[n++] = (struct file_position){
            .path = tail->stream.topic,
            .next = tail->committed,
            .id = tail->id,
            .old = tail->rotated,
            .over = tail->rotated && tail->committed == tail->stream.next && tail_is_read(tail),
            .age = tail->serial};
    }
    if (status == LR_OK && file) {
        qsort(self->positions, n, sizeof *self->positions, by_age);
        status = positions_save(file, self->positions, n, err);
        if (status == LR_AGAIN)
            stall_wait(&self->full, self->host, &no_space, file, 0);
        if (status == LR_OK)
            stall_over(&self->full, self->host, &no_space, file);
    }
    for (uint32_t i = 0; i < tails->n && status == LR_OK; i++)
        tails->list[i].saved = tails->list[i].committed;
    tails->changed = status != LR_OK;
    return status;
}

static lr_status follow_commit(void *ctx, const struct lr_position *positions, uint32_t n,
                               int32_t wait, struct lr_error *err)
{
    struct follow *self = ctx;

    (void)wait;
    for (uint32_t i = 0; i < n; i++)
        if (positions[i].stream < self->tails.n)
            self->tails.list[positions[i].stream].committed = positions[i].next;
    return n > 0 ? save(self, err) : LR_OK;
}

static lr_status follow_committed(void *ctx, struct lr_position *positions, uint32_t n,
                                  struct lr_error *err)
{
    const struct follow *self = ctx;

    (void)err;
    for (uint32_t i = 0; i < n; i++)
        if (positions[i].stream < self->tails.n)
            positions[i].next = self->tails.list[positions[i].stream].saved;
    return LR_OK;
}

static lr_status follow_seek(void *ctx, const struct lr_position *positions, uint32_t n,
                             struct lr_error *err)
{
    struct follow *self = ctx;

    self->current = UINT32_MAX;
    for (uint32_t i = 0; i < n; i++) {
        struct tail *tail =
            positions[i].stream < self->tails.n ? &self->tails.list[positions[i].stream] : NULL;

        if (!tail || tail->state == TAIL_FREE || positions[i].next == tail->stream.next)
            continue;
        if (tail->cut && self->settings->on_lost == LOST_FAIL)
            return lr_fail(err, LR_EDATA,
                           "%s was truncated, and what is to be read again from byte %lld on is "
                           "gone; on_lost_offsets = earliest goes on without it",
                           tail->stream.topic, (long long)positions[i].next);
        tail->stream.next = positions[i].next;
        tail->at_end = tail->cut;
    }
    return LR_OK;
}

/* ---- events ----------------------------------------------------------------------------- */

/* What is to be told before anything else: files that were found, one that is done with. */
static int gather_event(struct follow *self)
{
    struct tails *tails = &self->tails;
    uint32_t n = 0;
    int32_t kind = LR_EVENT_ASSIGN;

    for (uint32_t i = 0; i < tails->n; i++)
        if (tails->list[i].state == TAIL_FOUND)
            self->streams[n++] = &tails->list[i].stream;
    for (uint32_t i = 0; i < tails->n && n == 0 && self->announced; i++)
        if (tails->list[i].state == TAIL_OURS && tail_is_over(&tails->list[i]) &&
            (tails->list[i].cut || follow_complete(self, &tails->list[i]))) {
            tails->list[i].state = TAIL_LEAVES;
            self->streams[n++] = &tails->list[i].stream;
            kind = LR_EVENT_REVOKE;
        }
    if (n == 0 && self->announced)
        return 0;
    self->event = (struct lr_event){
        .size = sizeof self->event, .kind = kind, .n_streams = n, .streams = self->streams};
    return 1;
}

static lr_status follow_rebalanced(void *ctx, struct lr_error *err)
{
    struct follow *self = ctx;
    struct tails *tails = &self->tails;

    (void)err;
    for (uint32_t i = 0; i < self->event.n_streams; i++) {
        struct tail *tail = &tails->list[self->event.streams[i]->id];

        if (tail->state == TAIL_FOUND)
            tail->state = TAIL_OURS;
        else if (tail->state == TAIL_LEAVES && (tail->cut || tail_is_read(tail)))
            tails_remove(tails, self->event.streams[i]->id);
        else if (tail->state == TAIL_LEAVES)
            tail->state = TAIL_FOUND; /* it grew meanwhile */
    }
    self->current = UINT32_MAX;
    self->event.kind = 0;
    self->announced = 1;
    return LR_OK;
}

static lr_status look(struct follow *self, struct lr_error *err)
{
    lr_status status = tails_look(&self->tails, err);

    self->look_ns = follow_now(self) + LOOK_NS;
    if (status == LR_OK)
        status = make_room(self, err);
    if (status == LR_OK && self->tails.changed)
        status = save(self, err);
    return status == LR_AGAIN ? LR_OK : status;
}

static lr_status follow_poll(void *ctx, struct lr_batch *batch, uint32_t max_records,
                             const int64_t *until, uint32_t n_until, int64_t timeout_ns,
                             const struct lr_event **ret_event, struct lr_error *err)
{
    struct follow *self = ctx;
    uint32_t most = max_records < batch->capacity ? max_records : batch->capacity;
    lr_status status = LR_OK;

    (void)timeout_ns; /* the lane sleeps on fd */
    if (!self->event.kind && follow_now(self) >= self->look_ns)
        status = look(self, err);
    for (int tries = 0; status == LR_OK; tries++) {
        if (self->event.kind || gather_event(self)) {
            *ret_event = &self->event;
            return LR_REBALANCE;
        }
        if (most == 0)
            return LR_AGAIN;
        status = follow_take(self, batch, most, until, n_until, err);
        if (status == LR_AGAIN && tries == 0) {
            /* What came before this may have gone unseen; what comes after it wakes us again. */
            status = wake_clear(&self->tails.wake) ? look(self, err) : LR_OK;
        } else if (status == LR_RESET) {
            status = make_room(self, err);
        } else {
            return status;
        }
    }
    return status;
}

static void follow_release(void *ctx, struct lr_batch *batch)
{
    (void)ctx;
    lines_release(batch);
}

static int follow_fd(void *ctx)
{
    return ((struct follow *)ctx)->tails.wake.epoll_fd;
}

/* ---- life ------------------------------------------------------------------------------- */

static lr_status follow_start(void *ctx, struct lr_error *err)
{
    struct follow *self = ctx;
    lr_status status = tails_start(&self->tails, err);

    if (status == LR_OK)
        status = save(self, err);
    self->started = status >= 0;
    self->look_ns = follow_now(self) + LOOK_NS;
    return status == LR_AGAIN ? make_room(self, err) : status;
}

static void follow_stop(void *ctx, int64_t deadline_ns)
{
    struct follow *self = ctx;
    struct lr_error err = LR_ERROR_INIT;

    (void)deadline_ns;
    if (self->started && self->settings->position_file && save(self, &err) < 0)
        self->host->log(self->host->ctx, LR_LOG_WARNING, err.text);
    self->started = self->announced = self->event.kind = 0;
    self->current = UINT32_MAX;
    for (uint32_t i = 0; i < self->tails.n; i++)
        tails_remove(&self->tails, i);
    wake_close(&self->tails.wake);
}

static void follow_destroy(void *ctx)
{
    struct follow *self = ctx;

    if (!self)
        return;
    tails_finish(&self->tails);
    lines_finish(&self->lines);
    free(self->streams);
    free(self->positions);
    free(self);
}

static lr_status follow_create(const struct lr_host *host, const void *settings, void **ret_self,
                               struct lr_error *err)
{
    struct follow *self = calloc(1, sizeof *self);
    lr_status status;

    if (!self)
        return lr_fail(err, LR_ENOMEM, "no memory for a file source");
    self->host = host;
    self->settings = settings;
    self->current = UINT32_MAX;
    self->tails = (struct tails){.host = host, .settings = settings, .wake = {-1, -1, -1}};
    status = lines_init(&self->lines, BLOCK_SIZE, self->settings->max_record_bytes, err);
    if (status != LR_OK) {
        follow_destroy(self);
        return status;
    }
    *ret_self = self;
    return LR_OK;
}

static const struct lr_source ops = {
    .size = sizeof ops,
    .fd = follow_fd,
    .poll = follow_poll,
    .rebalanced = follow_rebalanced,
    .release = follow_release,
    .commit = follow_commit,
    .committed = follow_committed,
    .seek = follow_seek,
};

const struct source_way source_follow = {&ops, follow_create, follow_start, follow_stop,
                                         follow_destroy};
