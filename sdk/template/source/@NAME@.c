/* SPDX-License-Identifier: MIT
 *
 * @NAME@: a source of lrhost. Makes `count` records "i,i+1,i+2" and then ends.
 *
 * Every hook of a source is in this file. [required]: the host refuses a module without it.
 * [optional: ...]: what it means when it is left out (NULL); where that is the safest choice it
 * is left out here. [main], [lane]: the thread that calls it; each lane has a source of its own.
 * The contract is in the comments of lrhost/source.h and lrhost/abi.h; `make test` holds the
 * plugin to it.
 */
#include <inttypes.h>
#include <lrhost/lrhost.h>

#define RECORD_ROOM 72 /* three numbers of 64 bits, and what is between them */

/* What the INI file may say. The host fills it from the table `options` at the end. */
struct settings {
    int64_t count;
};

struct source {
    const struct lr_host *host;
    const struct settings *settings;
    struct lr_stream stream;
    const struct lr_stream *streams[1];
    struct lr_event assign;
    int32_t assigned; /* the host has taken the stream over */
    int64_t next;     /* position: the next record to hand out */
};

/* ---- records ---------------------------------------------------------------------------- */

/* Fills a batch with records from self->next on. Their bytes live in one block, batch->hold. */
static lr_status fill(struct source *self, struct lr_batch *batch, uint32_t n, struct lr_error *err)
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

/* [required] [lane] The next records. A source that has to wait for them does so here, for
 * timeout_ns at most, or offers an fd and never waits. */
static lr_status poll(void *ctx, struct lr_batch *batch, uint32_t max_records, const int64_t *until,
                      uint32_t n_until, int64_t timeout_ns, const struct lr_event **ret_event,
                      struct lr_error *err)
{
    struct source *self = ctx;
    uint32_t most = max_records < batch->capacity ? max_records : batch->capacity;
    int64_t end = self->settings->count;

    (void)timeout_ns;
    if (!self->assigned) {
        *ret_event = &self->assign;
        return LR_REBALANCE;
    }
    if (self->next >= end)
        return LR_END;
    if (until && n_until > 0 && until[0] < end)
        end = until[0]; /* an engine's plan ends there */
    if (self->next + most > end)
        most = self->next < end ? (uint32_t)(end - self->next) : 0;
    return most > 0 ? fill(self, batch, most, err) : LR_AGAIN;
}

/* [required] [lane] The host has done what the event asks for. */
static lr_status rebalanced(void *ctx, struct lr_error *err)
{
    struct source *self = ctx;

    (void)err;
    self->assigned = 1;
    return LR_OK;
}

/* [optional: nothing held] [lane] The bytes of a batch are not needed any more. */
static void release(void *ctx, struct lr_batch *batch)
{
    struct source *self = ctx;

    (void)self->host->memory(self->host->ctx, batch->hold, 0);
    batch->hold = NULL;
}

/* ---- positions -------------------------------------------------------------------------- */

/* [required with LR_SOURCE_REPLAY] [lane] What is stored, or where it begins. Nothing is stored
 * here, so every run begins at 0. A source that goes on after a restart has a commit, too, and a
 * store outside of the process, a file or its server, which this asks. */
static lr_status committed(void *ctx, struct lr_position *positions, uint32_t n,
                           struct lr_error *err)
{
    (void)ctx;
    (void)err;
    for (uint32_t i = 0; i < n; i++)
        positions[i].next = 0;
    return LR_OK;
}

/* [required with LR_SOURCE_REPLAY] [lane] Reading goes on there. */
static lr_status seek(void *ctx, const struct lr_position *positions, uint32_t n,
                      struct lr_error *err)
{
    struct source *self = ctx;

    (void)err;
    for (uint32_t i = 0; i < n; i++)
        self->next = positions[i].next;
    return LR_OK;
}

/* [optional: micro-batches end where there is nothing more at the moment] [lane] */
static lr_status ends(void *ctx, struct lr_position *positions, uint32_t n, struct lr_error *err)
{
    const struct source *self = ctx;

    (void)err;
    for (uint32_t i = 0; i < n; i++)
        positions[i].next = self->settings->count;
    return LR_OK;
}

static const struct lr_source source = {
    .size = sizeof source,
    /* The same records can be read again (REPLAY), and they come to an end (ENDS). Without
     * REPLAY leave out committed and seek; the guarantee is then at_most_once. */
    .caps = LR_SOURCE_REPLAY | LR_SOURCE_ENDS,
    .transaction_domain = NULL, /* no sink commits its positions as a group member's */
    .fd = NULL,                 /* [optional: never blocks, or blocks in poll only] */
    .poll = poll,
    .rebalanced = rebalanced,
    .release = release,
    .commit = NULL, /* [optional: nothing to store] */
    .committed = committed,
    .seek = seek,
    .ends = ends,
    .group_token = NULL, /* [optional: no transactions] */
};

/* ---- life ------------------------------------------------------------------------------- */

/* [optional: the table says it all] [main] Wrong settings, and what will be read. No side
 * effects: `lrhost check` calls it, too. */
static void check(const void *values, uint32_t lanes, const struct lr_report *report)
{
    const struct settings *settings = values;

    (void)lanes;
    if (settings->count == 0)
        report->warning(report->ctx, "count", "0 makes no records at all");
}

/* [required] [main] Memory, and nothing else: no threads, no files, no network. */
static lr_status create(const struct lr_host *host, const void *settings, void **ret_self,
                        struct lr_error *err)
{
    struct source *self = host->memory(host->ctx, NULL, sizeof *self);

    if (!self)
        return lr_fail(err, LR_ENOMEM, "no memory for the source");
    *self = (struct source){.host = host, .settings = settings};
    self->stream = (struct lr_stream){.size = sizeof self->stream,
                                      .topic = "@NAME@",
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

/* [optional: nothing to start] [lane] Opens, connects. What takes long asks host->stopping ten
 * times a second. */
static lr_status start(void *ctx, struct lr_error *err)
{
    (void)ctx;
    (void)err;
    return LR_OK;
}

/* [optional: nothing to stop] [lane] Gives back what start took, also when start failed. */
static void stop(void *ctx, int64_t deadline_ns)
{
    (void)ctx;
    (void)deadline_ns;
}

/* [required] [main] NULL is harmless. */
static void destroy(void *ctx)
{
    struct source *self = ctx;

    if (self)
        (void)self->host->memory(self->host->ctx, self, 0);
}

/* ---- what the host reads first ---------------------------------------------------------- */

static const struct lr_option options[] = {
    {.name = "count",
     .doc = "How many records there are",
     .initial = "10",
     .range = "0..1_000_000_000_000",
     .type = LR_OPT_INT,
     .offset = offsetof(struct settings, count)},
};

static const struct lr_plugin plugin = {
    .size = sizeof plugin,
    .kind = LR_SOURCE,
    .name = "@NAME@",
    .summary = "counts",
    .options = options,
    .option_size = sizeof options[0],
    .n_options = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct settings),
    .ops = &source,
    .check = check,
    .create = create,
    .start = start,
    .stop = stop,
    .destroy = destroy,
    .topics = NULL, /* [optional: has no topics] */
};

static const struct lr_plugin *const plugins[] = {&plugin};

static const struct lr_module module = {
    .size = sizeof module,
    .abi_min = 1, /* the oldest host that will do */
    .abi_built = LRHOST_ABI,
    .n_plugins = sizeof plugins / sizeof plugins[0],
    .name = "@NAME@", /* the file's name without .so */
    .version = "0.1.0",
    .license = "MIT",
    .plugins = plugins,
};

LRHOST_MODULE(module, 1)
