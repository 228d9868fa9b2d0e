/* SPDX-License-Identifier: MIT
 *
 * source_counter: the records "i,i+1,i+2", from 0 on, one every `every` or as fast as they are
 * taken, until `count`. A later run goes on where the last one ended, by `position_file`.
 *
 * Shows what a source owes: a stream that is handed over before its first record, positions that
 * can be sought, a store that is asked and not remembered, bytes that live until release, and a
 * wait that is never longer than it may be. Left out: several lanes (LR_SOURCE_SPLIT).
 */
#include <errno.h>
#include <inttypes.h>
#include <lrhost/lrhost.h>
#include <time.h>
#include <unistd.h>

#define RECORD_ROOM 72 /* three numbers of 64 bits, and what is between them */
#define NS_PER_S 1000000000

struct settings {
    const char *position_file;
    int64_t count;
    int64_t every_ns;
};

struct counter {
    const struct lr_host *host;
    const struct settings *settings;
    struct lr_stream stream;
    const struct lr_stream *streams[1];
    struct lr_event assign;
    int32_t assigned;
    int64_t next;   /* the next record */
    int64_t due_ns; /* monotonic; when it may be handed out */
};

/* ---- the store of positions ------------------------------------------------------------- */

/* 0 where there is no file yet. */
static lr_status load(const struct counter *self, int64_t *ret_next, struct lr_error *err)
{
    const char *path = self->settings->position_file;
    FILE *file = fopen(path, "re");
    int64_t next = 0;
    int n;

    if (!file && errno != ENOENT)
        return lr_fail(err, LR_EUNAVAILABLE, "%s cannot be read: %s", path, strerror(errno));
    if (file) {
        n = fscanf(file, "%" SCNd64, &next);
        (void)fclose(file);
        if (n != 1 || next < 0)
            return lr_fail(err, LR_EDATA, "%s holds no position; remove it to begin at 0", path);
    }
    *ret_next = next;
    return LR_OK;
}

/* A new file is on the disk before it takes the old one's place, so that there always is a whole
 * one, whatever happens. */
static lr_status save(const struct counter *self, int64_t next, struct lr_error *err)
{
    const char *path = self->settings->position_file;
    char fresh[4096];
    FILE *file;
    int bad;

    (void)snprintf(fresh, sizeof fresh, "%s.new", path);
    file = fopen(fresh, "we");
    bad = !file || fprintf(file, "%" PRId64 "\n", next) < 0 || fflush(file) != 0 ||
          fsync(fileno(file)) != 0;
    if (file)
        bad |= fclose(file) != 0;
    if (bad || rename(fresh, path) != 0)
        return lr_fail(err, LR_EUNAVAILABLE, "%s cannot be written: %s", path, strerror(errno));
    return LR_OK;
}

static lr_status commit(void *ctx, const struct lr_position *positions, uint32_t n, int32_t wait,
                        struct lr_error *err)
{
    const struct counter *self = ctx;

    (void)wait; /* it is stored when this returns, asked for or not */
    return n > 0 ? save(self, positions[0].next, err) : LR_OK;
}

static lr_status committed(void *ctx, struct lr_position *positions, uint32_t n,
                           struct lr_error *err)
{
    return n > 0 ? load(ctx, &positions[0].next, err) : LR_OK;
}

static lr_status seek(void *ctx, const struct lr_position *positions, uint32_t n,
                      struct lr_error *err)
{
    struct counter *self = ctx;

    (void)err;
    if (n > 0)
        self->next = positions[0].next;
    return LR_OK;
}

static lr_status ends(void *ctx, struct lr_position *positions, uint32_t n, struct lr_error *err)
{
    const struct counter *self = ctx;

    (void)err;
    if (n > 0)
        positions[0].next = self->settings->count;
    return LR_OK;
}

/* ---- records ---------------------------------------------------------------------------- */

/* How many records may be handed out now, at most `most`; waits for the first one. */
static uint32_t wait_due(struct counter *self, uint32_t most, int64_t timeout_ns)
{
    int64_t every_ns = self->settings->every_ns;
    int64_t now_ns, left_ns, due;

    if (every_ns == 0 || most == 0)
        return most;
    now_ns = self->host->monotonic_ns(self->host->ctx);
    left_ns = self->due_ns - now_ns;
    if (left_ns > timeout_ns)
        left_ns = timeout_ns;
    if (left_ns > 0) {
        struct timespec pause = {.tv_sec = left_ns / NS_PER_S, .tv_nsec = left_ns % NS_PER_S};

        (void)nanosleep(&pause, NULL);
        now_ns = self->host->monotonic_ns(self->host->ctx);
    }
    if (now_ns < self->due_ns)
        return 0;
    due = (now_ns - self->due_ns) / every_ns + 1;
    if (due > most)
        due = most;
    self->due_ns += due * every_ns;
    return (uint32_t)due;
}

static lr_status fill(struct counter *self, struct lr_batch *batch, uint32_t n,
                      struct lr_error *err)
{
    char *text = self->host->memory(self->host->ctx, NULL, (size_t)n * RECORD_ROOM);

    if (!text)
        return lr_fail(err, LR_ENOMEM, "no memory for %u records", n);
    batch->hold = text;
    for (uint32_t i = 0; i < n; i++, text += RECORD_ROOM) {
        int64_t at = self->next++;
        int len =
            snprintf(text, RECORD_ROOM, "%" PRId64 ",%" PRId64 ",%" PRId64, at, at + 1, at + 2);

        *lr_batch_record(batch, i) = (struct lr_record){
            .value = text, .value_len = (uint32_t)len, .offset = at, .timestamp_ns = -1};
    }
    batch->count = n;
    batch->spans[0] = (struct lr_span){.stream = 0, .count = n, .next = self->next};
    batch->n_spans = 1;
    return LR_OK;
}

static lr_status poll(void *ctx, struct lr_batch *batch, uint32_t max_records, const int64_t *until,
                      uint32_t n_until, int64_t timeout_ns, const struct lr_event **ret_event,
                      struct lr_error *err)
{
    struct counter *self = ctx;
    uint32_t most = max_records < batch->capacity ? max_records : batch->capacity;
    int64_t end = self->settings->count;

    if (!self->assigned) {
        lr_status status = load(self, &self->next, err);

        self->stream.next = self->next;
        *ret_event = &self->assign;
        return status == LR_OK ? LR_REBALANCE : status;
    }
    if (self->next >= end)
        return LR_END;
    if (until && n_until > 0 && until[0] < end)
        end = until[0];
    if (most > end - self->next)
        most = self->next < end ? (uint32_t)(end - self->next) : 0;
    most = wait_due(self, most, timeout_ns);
    return most > 0 ? fill(self, batch, most, err) : LR_AGAIN;
}

static lr_status rebalanced(void *ctx, struct lr_error *err)
{
    struct counter *self = ctx;

    (void)err;
    self->assigned = 1;
    self->due_ns = self->host->monotonic_ns(self->host->ctx);
    return LR_OK;
}

static void release(void *ctx, struct lr_batch *batch)
{
    struct counter *self = ctx;

    (void)self->host->memory(self->host->ctx, batch->hold, 0);
    batch->hold = NULL;
}

/* ---- life ------------------------------------------------------------------------------- */

static void check(const void *values, uint32_t lanes, const struct lr_report *report)
{
    const struct settings *settings = values;
    char resource[4096];

    (void)lanes;
    (void)snprintf(resource, sizeof resource, "file:%s", settings->position_file);
    report->touches(report->ctx, LR_WRITES, resource, 0);
}

static lr_status create(const struct lr_host *host, const void *settings, void **ret_self,
                        struct lr_error *err)
{
    struct counter *self = host->memory(host->ctx, NULL, sizeof *self);

    if (!self)
        return lr_fail(err, LR_ENOMEM, "no memory for a counter");
    *self = (struct counter){.host = host, .settings = settings};
    self->stream = (struct lr_stream){.size = sizeof self->stream,
                                      .topic = "counter",
                                      .partition = -1,
                                      .end = self->settings->count};
    self->streams[0] = &self->stream;
    self->assign = (struct lr_event){.size = sizeof self->assign,
                                     .kind = LR_EVENT_ASSIGN,
                                     .n_streams = 1,
                                     .streams = self->streams};
    *ret_self = self;
    return LR_OK;
}

static void destroy(void *ctx)
{
    struct counter *self = ctx;

    if (self)
        (void)self->host->memory(self->host->ctx, self, 0);
}

static const struct lr_option options[] = {
    {.name = "count",
     .doc = "How many records there are in all",
     .initial = "10",
     .range = "0..1_000_000_000_000",
     .type = LR_OPT_INT,
     .offset = offsetof(struct settings, count)},
    {.name = "every",
     .doc = "Time between two records. 0: as fast as they are taken",
     .initial = "0",
     .range = "0..1h",
     .type = LR_OPT_DURATION,
     .offset = offsetof(struct settings, every_ns)},
    {.name = "position_file",
     .doc = "Where the committed position is kept; remove it to begin at 0 again",
     .type = LR_OPT_PATH,
     .flags = LR_OPT_REQUIRED,
     .offset = offsetof(struct settings, position_file)},
};

static const struct lr_source source = {
    .size = sizeof source,
    .caps = LR_SOURCE_REPLAY | LR_SOURCE_ENDS,
    .poll = poll,
    .rebalanced = rebalanced,
    .release = release,
    .commit = commit,
    .committed = committed,
    .seek = seek,
    .ends = ends,
};

static const struct lr_plugin plugin = {
    .size = sizeof plugin,
    .kind = LR_SOURCE,
    .name = "source_counter",
    .summary = "counts",
    .options = options,
    .option_size = sizeof options[0],
    .n_options = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct settings),
    .ops = &source,
    .check = check,
    .create = create,
    .destroy = destroy,
};

static const struct lr_plugin *const plugins[] = {&plugin};

static const struct lr_module module = {
    .size = sizeof module,
    .abi_min = 1,
    .abi_built = LRHOST_ABI,
    .n_plugins = sizeof plugins / sizeof plugins[0],
    .name = "source_counter",
    .version = "1",
    .license = "MIT",
    .plugins = plugins,
};

LRHOST_MODULE(module, 1)
