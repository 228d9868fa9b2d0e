/* SPDX-License-Identifier: MIT
 *
 * sink_sqlite: results into a table of an SQLite database, exactly once where it is asked for.
 *
 * A thread of its own inserts, so the lane never waits for the disk: write puts records into a
 * ring, the thread takes them from there, and poll tells the host what became of them, for
 * settles must come from the lane's thread, inside a call. An eventfd wakes the lane for it.
 *
 *   at_least_once  the thread makes one transaction of whatever waits; a record is delivered when
 *                  that is on the disk. What is written again after a crash replaces itself.
 *   exactly_once   the host's transaction is the database's. It holds results and positions, so
 *                  both are there or neither is; recover tells where to go on.
 *
 * SQLite has one writer at a time, so there is one lane. Left out: dead letters inside the
 * transaction (attach), and columns other than the prediction.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sink_sqlite_db.h"

#define ROOM 8192u /* records that wait to be inserted, at most */
#define CHUNK 512u /* records that the thread takes at once */

struct settings {
    const char *path;
    const char *table;
    int32_t duplicates;
};

#define REFUSE 1 /* of `duplicates` */
#define REPLACE 2

struct entry {
    uint64_t token;
    struct db_row row; /* the topic is the source's, the value lives until it is settled */
};

struct sink {
    const struct lr_host *host;
    int32_t exact; /* the transactions are the host's */
    struct db db;  /* the thread's while it is working, else the lane's */
    int bell;      /* eventfd: something is done, or went wrong */
    int32_t started;
    pthread_t thread;

    struct entry ring[ROOM]; /* record i is ring[i % ROOM] */
    uint64_t told;           /* settled; told <= done <= put */

    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    uint64_t put, done;
    int32_t working, hold, stop;
    lr_status status; /* what ended the thread's work */
    struct lr_error error;
};

/* ---- the thread ------------------------------------------------------------------------- */

/* Records first .. end-1. Where the transaction is the host's, it is open. */
static lr_status insert(struct sink *self, uint64_t first, uint64_t end, struct lr_error *err)
{
    lr_status status = self->exact ? LR_OK : db_begin(&self->db, err);

    for (uint64_t i = first; i < end && status == LR_OK; i++)
        status = db_insert(&self->db, &self->ring[i % ROOM].row, err);
    if (status == LR_OK && !self->exact && db_commit(&self->db, err) != LR_OK)
        status = LR_EUNAVAILABLE;
    return status;
}

static void *work(void *ctx)
{
    struct sink *self = ctx;
    const uint64_t one = 1;

    (void)pthread_mutex_lock(&self->mutex);
    while (!self->stop) {
        uint64_t first = self->done;
        uint64_t end = self->put - first > CHUNK ? first + CHUNK : self->put;
        struct lr_error err = LR_ERROR_INIT;
        lr_status status;

        if (first == end || self->hold || self->status != LR_OK) {
            (void)pthread_cond_wait(&self->changed, &self->mutex);
            continue;
        }
        self->working = 1;
        (void)pthread_mutex_unlock(&self->mutex);
        status = insert(self, first, end, &err);
        (void)pthread_mutex_lock(&self->mutex);
        self->working = 0;
        self->status = status;
        if (status == LR_OK)
            self->done = end;
        else
            self->error = err;
        (void)pthread_cond_broadcast(&self->changed);
        (void)!write(self->bell, &one, sizeof one);
    }
    (void)pthread_mutex_unlock(&self->mutex);
    return NULL;
}

/* It gets no signals: they are for the host. */
static lr_status start_thread(struct sink *self, struct lr_error *err)
{
    sigset_t all, before;
    int code;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    code = pthread_create(&self->thread, NULL, work, self);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code != 0)
        return lr_fail(err, LR_EUNAVAILABLE, "no thread to insert with: %s", strerror(code));
    self->started = 1;
    return LR_OK;
}

/* ---- records: the lane's side ----------------------------------------------------------- */

static void settle(struct sink *self, uint64_t end, int32_t outcome)
{
    while (self->told < end) {
        const struct entry *entry = &self->ring[self->told++ % ROOM];

        self->host->settle(self->host->ctx, entry->token, 1, outcome);
    }
}

/* Settles what is done; says what ended the thread's work, if anything did. */
static lr_status deliver(struct sink *self, struct lr_error *err)
{
    uint64_t done, rung;
    lr_status status;

    (void)!read(self->bell, &rung, sizeof rung);
    (void)pthread_mutex_lock(&self->mutex);
    done = self->done;
    status = self->status;
    (void)pthread_mutex_unlock(&self->mutex);
    settle(self, done, LR_DELIVERED);
    return status == LR_OK ? LR_OK : lr_fail(err, status, "%s", self->error.text);
}

static lr_status take(void *ctx, const struct lr_batch *batch, uint32_t first, uint32_t count,
                      uint32_t *ret_taken, struct lr_error *err)
{
    struct sink *self = ctx;
    lr_status status = deliver(self, err);
    uint64_t put = self->put; /* nobody else changes it */
    uint64_t n = ROOM - (put - self->told);

    *ret_taken = 0;
    if (status != LR_OK)
        return status;
    if (n == 0)
        return LR_AGAIN;
    if (n > count)
        n = count;
    for (uint32_t i = 0; i < n; i++)
        self->ring[(put + i) % ROOM] =
            (struct entry){.token = batch->token + first + i, .row = db_row_of(batch, first + i)};
    (void)pthread_mutex_lock(&self->mutex);
    self->put += n;
    (void)pthread_cond_broadcast(&self->changed);
    (void)pthread_mutex_unlock(&self->mutex);
    *ret_taken = (uint32_t)n;
    return LR_OK;
}

static lr_status poll(void *ctx, int64_t timeout_ns, struct lr_error *err)
{
    (void)timeout_ns; /* the lane sleeps on fd */
    return deliver(ctx, err);
}

static int fd(void *ctx)
{
    return ((struct sink *)ctx)->bell;
}

static uint64_t max_record_bytes(void *ctx)
{
    (void)ctx;
    return DB_LONGEST;
}

/* ---- transactions ----------------------------------------------------------------------- */

static lr_status begin(void *ctx, struct lr_error *err)
{
    return db_begin(&((struct sink *)ctx)->db, err);
}

/* All records are settled by now, so the thread is at rest. */
static lr_status commit(void *ctx, const struct lr_position *positions, uint32_t n,
                        const struct lr_group_token *token, struct lr_error *err)
{
    struct sink *self = ctx;
    lr_status status = LR_OK;

    (void)token;
    for (uint32_t i = 0; i < n && status == LR_OK; i++)
        status = db_store(&self->db, positions[i].stream, positions[i].next, err);
    if (status == LR_OK)
        status = db_commit(&self->db, err);
    if (status > LR_OK) /* it is tried again, and the log tells why */
        self->host->log(self->host->ctx, LR_LOG_WARNING, err->text);
    return status;
}

/* A chunk that is being inserted is waited for: it is short. */
static lr_status abort_transaction(void *ctx, struct lr_error *err)
{
    struct sink *self = ctx;
    lr_status status;

    (void)pthread_mutex_lock(&self->mutex);
    self->hold = 1;
    while (self->working)
        (void)pthread_cond_wait(&self->changed, &self->mutex);
    self->done = self->put;
    (void)pthread_mutex_unlock(&self->mutex);
    status = db_rollback(&self->db, err);
    settle(self, self->put, LR_ABANDONED);
    (void)pthread_mutex_lock(&self->mutex);
    self->hold = 0;
    (void)pthread_cond_broadcast(&self->changed);
    (void)pthread_mutex_unlock(&self->mutex);
    return status;
}

/* Where each stream goes on; `streams` is indexed by the stream's number. */
static lr_status recover(void *ctx, const struct lr_stream *const *streams,
                         struct lr_position *positions, uint32_t n, struct lr_error *err)
{
    struct sink *self = ctx;
    lr_status status = LR_OK;

    for (uint32_t i = 0; i < n && status == LR_OK; i++)
        status = db_look(&self->db, streams[positions[i].stream], &positions[i], err);
    return status;
}

/* ---- life ------------------------------------------------------------------------------- */

static void check(const void *values, uint32_t lanes, const struct lr_report *report)
{
    const struct settings *settings = values;
    char resource[4096];

    if (lanes > 1)
        report->problem(report->ctx, "path", "SQLite has one writer at a time: set lanes = 1");
    (void)snprintf(resource, sizeof resource, "file:%s", settings->path);
    report->touches(report->ctx, LR_WRITES, resource, 0);
}

static void destroy(void *ctx)
{
    struct sink *self = ctx;

    if (!self)
        return;
    (void)pthread_cond_destroy(&self->changed);
    (void)pthread_mutex_destroy(&self->mutex);
    db_finish(&self->db);
    free(self);
}

static lr_status create(const struct lr_host *host, const void *values, void **ret_self,
                        struct lr_error *err)
{
    const struct settings *settings = values;
    struct sink *self = calloc(1, sizeof *self);

    if (!self)
        return lr_fail(err, LR_ENOMEM, "no memory for a queue of %u records", ROOM);
    self->host = host;
    /* A host of the first headers has no such member, and no exactly_once for this sink. */
    self->exact =
        host->size > offsetof(struct lr_host, guarantee) && host->guarantee == LR_EXACTLY_ONCE;
    self->db = (struct db){.path = settings->path,
                           .table = settings->table,
                           .pipeline = host->pipeline,
                           .replace = settings->duplicates == REPLACE ||
                                      (settings->duplicates != REFUSE && !self->exact)};
    self->bell = -1;
    (void)pthread_mutex_init(&self->mutex, NULL);
    (void)pthread_cond_init(&self->changed, NULL);
    *ret_self = self;
    return LR_OK;
}

/* Also after a stop: a commit in doubt is told by a new look at the database. */
static lr_status start(void *ctx, struct lr_error *err)
{
    struct sink *self = ctx;
    lr_status status = db_open(&self->db, err);

    self->put = self->done = self->told = 0;
    self->stop = 0;
    self->status = LR_OK;
    if (status != LR_OK)
        return status;
    self->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (self->bell < 0)
        return lr_fail(err, LR_EUNAVAILABLE, "no descriptor to wake the lane with: %s",
                       strerror(errno));
    return start_thread(self, err);
}

static void stop(void *ctx, int64_t deadline_ns)
{
    struct sink *self = ctx;

    (void)deadline_ns;
    if (self->started) {
        (void)pthread_mutex_lock(&self->mutex);
        self->stop = 1;
        (void)pthread_cond_broadcast(&self->changed);
        (void)pthread_mutex_unlock(&self->mutex);
        (void)pthread_join(self->thread, NULL);
    }
    self->started = 0;
    db_close(&self->db);
    if (self->bell >= 0)
        (void)close(self->bell);
    self->bell = -1;
}

static const struct lr_option options[] = {
    {.name = "path",
     .doc = "The database, a file; made where there is none",
     .type = LR_OPT_PATH,
     .flags = LR_OPT_REQUIRED,
     .offset = offsetof(struct settings, path)},
    {.name = "table",
     .doc = "The table of results: topic, partition, offset, value, prediction",
     .initial = "results",
     .type = LR_OPT_STRING,
     .offset = offsetof(struct settings, table)},
    {.name = "duplicates",
     .doc = "What becomes of a record that is there already: refuse ends the run, since under "
            "exactly_once it is a defect; auto: replace under at_least_once",
     .initial = "auto",
     .choices = "auto|refuse|replace",
     .type = LR_OPT_ENUM,
     .offset = offsetof(struct settings, duplicates)},
};

static const struct lr_sink sink = {
    .size = sizeof sink,
    .caps = LR_SINK_BYTES | LR_SINK_COLUMNS | LR_SINK_DURABLE | LR_SINK_TRANSACTIONS |
            LR_SINK_POSITIONS,
    .may_want = LR_COLUMN_OUTPUTS,
    .fd = fd,
    .max_record_bytes = max_record_bytes,
    .write = take,
    .poll = poll,
    .begin = begin,
    .commit = commit,
    .abort = abort_transaction,
    .recover = recover,
};

static const struct lr_plugin plugin = {
    .size = sizeof plugin,
    .kind = LR_SINK,
    .name = "sink_sqlite",
    .summary = "inserts results into an SQLite database, exactly once",
    .options = options,
    .option_size = sizeof options[0],
    .n_options = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct settings),
    .ops = &sink,
    .check = check,
    .create = create,
    .start = start,
    .stop = stop,
    .destroy = destroy,
};

static const struct lr_plugin *const plugins[] = {&plugin};

static const struct lr_module module = {
    .size = sizeof module,
    .abi_min = 1,
    .abi_built = LRHOST_ABI,
    .n_plugins = sizeof plugins / sizeof plugins[0],
    .name = "sink_sqlite",
    .version = "1",
    .license = "MIT",
    .plugins = plugins,
};

LRHOST_MODULE(module, 1)
