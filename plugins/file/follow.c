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
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/common/lines.h"
#include "plugins/common/stall.h"
#include "tails.h"

#define SECOND INT64_C(1000000000)
#define LOOK_NS SECOND         /* between two looks at the names */
#define QUIET_NS (60 * SECOND) /* a rotated file that has not grown for so long is complete */
#define TURN_BYTES (INT64_C(16) << 20) /* of one file, while others wait */

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
        self->positions[n++] = (struct file_position){.path = tail->stream.topic,
                                                      .next = tail->committed,
                                                      .id = tail->id,
                                                      .old = tail->rotated,
                                                      .over = tail->rotated && tail->at_end &&
                                                              tail->committed == tail->stream.next,
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

/* ---- reading ---------------------------------------------------------------------------- */

static int64_t now_ns(const struct follow *self)
{
    return self->host->monotonic_ns(self->host->ctx);
}

/* Rotated, and quiet for so long that its last line is what it will ever be. */
static int is_complete(const struct follow *self, const struct tail *tail)
{
    return tail->rotated && now_ns(self) - tail->quiet_ns >= QUIET_NS;
}

/* LR_OK: something came. LR_AGAIN: nothing at the moment. LR_RESET: it was truncated. */
static lr_status read_more(struct follow *self, struct lr_error *err)
{
    struct tail *tail = &self->tails.list[self->current];
    struct stat about;
    size_t room;
    ssize_t got;
    void *at;
    lr_status status = lines_room(&self->lines, &at, &room, err);

    if (status != LR_OK)
        return status;
    do
        got = pread(tail->fd, at, room, (off_t)self->read_at);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return lr_fail(err, LR_EUNAVAILABLE, "it cannot be read: %s", strerror(errno));
    if (got > 0) {
        self->read_at += got;
        tail->at_end = self->lines.ended = 0;
        if (self->read_at > tail->read_to) {
            tail->read_to = self->read_at;
            tail->quiet_ns = now_ns(self);
        }
        lines_add(&self->lines, (size_t)got);
        return LR_OK;
    }
    if (fstat(tail->fd, &about) == 0 && about.st_size < self->read_at)
        return LR_RESET;
    if (is_complete(self, tail) && !tail->at_end)
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

/* Lines of any tail. LR_AGAIN: none has one. LR_RESET: a new life began. */
static lr_status take_any(struct follow *self, struct lr_batch *batch, uint32_t most,
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
            (tails->list[i].cut || is_complete(self, &tails->list[i]))) {
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
        else if (tail->state == TAIL_LEAVES)
            tails_remove(tails, self->event.streams[i]->id);
    }
    self->current = UINT32_MAX;
    self->event.kind = 0;
    self->announced = 1;
    return LR_OK;
}

static lr_status look(struct follow *self, struct lr_error *err)
{
    lr_status status = tails_look(&self->tails, err);

    self->look_ns = now_ns(self) + LOOK_NS;
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
    if (!self->event.kind && now_ns(self) >= self->look_ns)
        status = look(self, err);
    for (int tries = 0; status == LR_OK; tries++) {
        if (self->event.kind || gather_event(self)) {
            *ret_event = &self->event;
            return LR_REBALANCE;
        }
        if (most == 0)
            return LR_AGAIN;
        status = take_any(self, batch, most, until, n_until, err);
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
    self->look_ns = now_ns(self) + LOOK_NS;
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
