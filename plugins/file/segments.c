/* SPDX-License-Identifier: MIT
 *
 * The file sink's mode segments: exactly once into a folder. Each transaction adds one whole file
 * per stream that had results, named after the positions it covers (names.h); how all of them,
 * the positions and the dead letters become true in one moment is told in store.c.
 *
 * A lane writes each stream of its own into a part (part.h). Records are settled when they are in
 * it: a commit waits for nothing but the disk, and an abort drops everything. A stream that moved
 * on without results (skipped records, marks of transactions) has its position stored and no
 * segment; the next one begins where the last one ended, so that names without a gap are results
 * without a gap. Dead letters lie in a folder of their own, as segments of the same names; their
 * sink is attached to the main one, which commits for both.
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "part.h"
#include "plugins/common/stall.h"
#include "sink.h"
#include "store.h"

#define PART_PATH (PATH_ROOM + NAME_ROOM)
#define FULL_PAUSE_NS 50000000L

struct stream { /* index: the lane's number of it */
    char key[KEY_ROOM];
    int64_t stored; /* by the position file; -1: nothing */
    int64_t start;  /* where the segment begins */
    int32_t known;
    struct part part;
};

struct segments {
    const struct lr_host *host;
    const struct sink_settings *settings;
    struct store *store;
    struct segments *main; /* whose dead letters these are */
    struct segments *dead;
    struct stream *streams;
    uint32_t n_streams;
    int32_t state; /* of the commit that is under way: STORE_NOT_YET ... */
    struct stall full;
    /* Scratch, for as many as there are streams. */
    struct store_position *positions;
    struct store_change *changes;
    struct store_segment *appearing; /* twice as many: results and dead letters */
};

/* ---- streams ---------------------------------------------------------------------------- */

static lr_status make_room(struct segments *self, uint32_t n, struct lr_error *err)
{
    void *streams, *positions, *changes, *appearing;

    if (n <= self->n_streams)
        return LR_OK;
    streams = realloc(self->streams, n * sizeof *self->streams);
    if (streams)
        self->streams = streams;
    positions = realloc(self->positions, n * sizeof *self->positions);
    if (positions)
        self->positions = positions;
    changes = realloc(self->changes, n * sizeof *self->changes);
    if (changes)
        self->changes = changes;
    appearing = realloc(self->appearing, (size_t)2 * n * sizeof *self->appearing);
    if (appearing)
        self->appearing = appearing;
    if (!streams || !positions || !changes || !appearing)
        return lr_fail(err, LR_ENOMEM, "no memory for %u streams", n);
    for (uint32_t i = self->n_streams; i < n; i++)
        self->streams[i] = (struct stream){.part.fd = -1};
    self->n_streams = n;
    return LR_OK;
}

/* The stream as the main sink knows it: positions are its business. */
static const struct stream *known_stream(const struct segments *self, uint32_t stream)
{
    const struct segments *main = self->main ? self->main : self;

    return stream < main->n_streams && main->streams[stream].known ? &main->streams[stream] : NULL;
}

static void part_path(const struct segments *self, const struct stream *stream,
                      char path[PART_PATH])
{
    char name[NAME_ROOM];

    part_name(stream->key, self->host->lane, stream->start, name);
    (void)snprintf(path, PART_PATH, "%s/%s", store_path(self->store), name);
}

/* Parts of this transaction go, and what they hold. */
static void drop_parts(struct segments *self)
{
    for (uint32_t i = 0; i < self->n_streams; i++) {
        const struct stream *known = known_stream(self, i);
        char path[PART_PATH];

        if (self->streams[i].part.fd >= 0 && known) {
            part_path(self, known, path);
            (void)unlink(path);
        }
        part_reset(&self->streams[i].part);
    }
}

/* ---- write ------------------------------------------------------------------------------ */

lr_status segments_write(struct segments *self, const struct lr_batch *batch, uint32_t first,
                         uint32_t count, uint32_t *ret_taken, struct lr_error *err)
{
    uint32_t id = lr_batch_record(batch, first)->stream, n = 1;
    const struct stream *known = known_stream(self, id);
    char path[PART_PATH];
    lr_status status;

    *ret_taken = 0;
    if (!known)
        return lr_fail(err, LR_EINTERNAL, "records of a stream that was not assigned");
    while (n < count && lr_batch_record(batch, first + n)->stream == id)
        n++;
    status = make_room(self, id + 1, err);
    if (status != LR_OK)
        return status;
    part_path(self, known, path);
    status = part_add(&self->streams[id].part, path, batch->encoded + first, n, ret_taken, err);
    if (status == LR_AGAIN)
        stall_wait(&self->full, self->host, &no_space, store_path(self->store), 0);
    if (status == LR_OK) {
        stall_over(&self->full, self->host, &no_space, store_path(self->store));
        self->host->settle(self->host->ctx, batch->token + first, *ret_taken, LR_DELIVERED);
    }
    return status;
}

/* ---- commit ----------------------------------------------------------------------------- */

static lr_status finish_parts(struct segments *self, struct lr_error *err)
{
    for (uint32_t i = 0; i < self->n_streams; i++) {
        char path[PART_PATH];
        lr_status status;

        if (self->streams[i].part.records == 0)
            continue;
        part_path(self, known_stream(self, i), path);
        status = part_finish(&self->streams[i].part, path, err);
        if (status != LR_OK)
            return status;
    }
    return LR_OK;
}

/* The names under which the parts will appear. *ret_n grows. */
static lr_status name_parts(const struct segments *self, const struct lr_position *positions,
                            uint32_t n, struct store_segment *appearing, uint32_t *ret_n,
                            struct lr_error *err)
{
    uint32_t with_records = 0, found = 0;

    for (uint32_t i = 0; i < self->n_streams; i++)
        with_records += self->streams[i].part.records > 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct stream *known = known_stream(self, positions[i].stream);
        struct store_segment *segment = &appearing[*ret_n];

        if (positions[i].stream >= self->n_streams ||
            self->streams[positions[i].stream].part.records == 0)
            continue;
        segment->store = self->store;
        part_name(known->key, self->host->lane, known->start, segment->part);
        segment_name(known->key, known->start, positions[i].next, segment->name);
        ++*ret_n;
        found++;
    }
    if (found != with_records)
        return lr_fail(err, LR_EINTERNAL, "a commit without the positions of all its records");
    return LR_OK;
}

static lr_status try_commit(struct segments *self, const struct lr_position *positions, uint32_t n,
                            struct lr_error *err)
{
    lr_status status = LR_OK;
    uint32_t n_appearing = 0;

    for (uint32_t i = 0; i < n && status == LR_OK; i++) {
        const struct stream *known = known_stream(self, positions[i].stream);

        if (known)
            self->changes[i] = (struct store_change){known->key, known->stored, positions[i].next};
        else
            status = lr_fail(err, LR_EINTERNAL, "a position of a stream that was not assigned");
    }
    if (status == LR_OK && self->state == STORE_NOT_YET) {
        status = finish_parts(self, err);
        if (status == LR_OK && self->dead)
            status = finish_parts(self->dead, err);
    }
    if (status == LR_OK)
        status = name_parts(self, positions, n, self->appearing, &n_appearing, err);
    if (status == LR_OK && self->dead)
        status = name_parts(self->dead, positions, n, self->appearing, &n_appearing, err);
    if (status == LR_OK)
        status = store_commit(self->store, self->dead ? self->dead->store : NULL, self->changes, n,
                              self->appearing, n_appearing, &self->state, err);
    return status;
}

static void begin_next(struct segments *self, const struct lr_position *positions, uint32_t n)
{
    for (uint32_t i = 0; i < self->n_streams; i++)
        part_reset(&self->streams[i].part);
    for (uint32_t i = 0; i < n && !self->main; i++) {
        struct stream *stream = &self->streams[positions[i].stream];

        stream->stored = stream->start = positions[i].next;
    }
}

lr_status segments_commit(struct segments *self, const struct lr_position *positions, uint32_t n,
                          struct lr_error *err)
{
    const struct timespec pause = {0, FULL_PAUSE_NS};
    lr_status status = try_commit(self, positions, n, err);

    if (status == LR_AGAIN) { /* the caller asks again at once */
        stall_wait(&self->full, self->host, &no_space, store_path(self->store), 0);
        (void)nanosleep(&pause, NULL);
    }
    if (status != LR_OK)
        return status;
    stall_over(&self->full, self->host, &no_space, store_path(self->store));
    begin_next(self, positions, n);
    if (self->dead)
        begin_next(self->dead, positions, n);
    self->state = STORE_NOT_YET;
    return LR_OK;
}

lr_status segments_abort(struct segments *self, struct lr_error *err)
{
    if (self->state != STORE_NOT_YET)
        return lr_fail(err, LR_EUNAVAILABLE,
                       "a commit in %s may have happened; the next start finds out",
                       store_path(self->store));
    drop_parts(self);
    if (self->dead)
        drop_parts(self->dead);
    return LR_OK;
}

/* ---- recover ---------------------------------------------------------------------------- */

static void tell_lost_positions(const struct segments *self, const struct store_position *at)
{
    char text[PATH_ROOM + KEY_ROOM + 200];

    (void)snprintf(text, sizeof text,
                   "the position file of %s is older than the segments beside it: %s goes on at "
                   "%lld, where its newest segment ends",
                   store_path(self->store), at->key, (long long)at->next);
    self->host->log(self->host->ctx, LR_LOG_WARNING, text);
}

lr_status segments_recover(struct segments *self, const struct lr_stream *const *streams,
                           struct lr_position *positions, uint32_t n, struct lr_error *err)
{
    lr_status status = LR_OK;

    for (uint32_t i = 0; i < n && status == LR_OK; i++)
        status = make_room(self, positions[i].stream + 1, err);
    for (uint32_t i = 0; i < n && status == LR_OK; i++) {
        struct stream *stream = &self->streams[positions[i].stream];

        key_name(streams[positions[i].stream], stream->key);
        self->positions[i] = (struct store_position){.key = stream->key};
    }
    if (status == LR_OK)
        status = store_look(self->store, self->positions, n, err);
    for (uint32_t i = 0; i < n && status == LR_OK; i++) {
        struct stream *stream = &self->streams[positions[i].stream];

        if (self->positions[i].next > self->positions[i].stored)
            tell_lost_positions(self, &self->positions[i]);
        if (self->positions[i].next >= 0)
            positions[i].next = self->positions[i].next;
        stream->stored = self->positions[i].stored;
        stream->start = positions[i].next;
        stream->known = 1;
    }
    return status;
}

/* ---- life ------------------------------------------------------------------------------- */

void segments_attach(struct segments *self, struct segments *main)
{
    self->main = main;
    main->dead = self;
}

lr_status segments_start(struct segments *self, struct lr_error *err)
{
    self->state = STORE_NOT_YET;
    return store_open(self->host, self->settings->path, &self->store, err);
}

/* Parts whose commit may have happened stay for the next start to judge. */
void segments_stop(struct segments *self)
{
    const struct segments *main = self->main ? self->main : self;

    if (!self->store)
        return;
    if (main->state == STORE_NOT_YET)
        drop_parts(self);
    for (uint32_t i = 0; i < self->n_streams; i++)
        part_reset(&self->streams[i].part);
    store_close(self->store);
    self->store = NULL;
}

void segments_destroy(struct segments *self)
{
    if (!self)
        return;
    for (uint32_t i = 0; i < self->n_streams; i++)
        part_destroy(&self->streams[i].part);
    free(self->streams);
    free(self->positions);
    free(self->changes);
    free(self->appearing);
    free(self);
}

lr_status segments_create(const struct lr_host *host, const struct sink_settings *settings,
                          struct segments **ret_self, struct lr_error *err)
{
    struct segments *self = calloc(1, sizeof *self);

    if (!self)
        return lr_fail(err, LR_ENOMEM, "no memory for a file sink");
    self->host = host;
    self->settings = settings;
    *ret_self = self;
    return LR_OK;
}
