/* SPDX-License-Identifier: MIT
 *
 * @NAME@: a sink of lrhost. Adds one line per record to the file `path`.
 *
 * Every hook of a sink is in this file. [required]: the host refuses a module without it.
 * [optional: ...]: what it means when it is left out (NULL); where that is the safest choice it
 * is left out here. [main], [lane]: the thread that calls it; each lane has a sink of its own.
 * The contract is in the comments of lrhost/sink.h and lrhost/abi.h; `make test` holds the
 * plugin to it.
 */
#include <errno.h>
#include <lrhost/lrhost.h>

/* What the INI file may say. The host fills it from the table `options` at the end. */
struct settings {
    const char *path;
};

struct sink {
    const struct lr_host *host;
    const struct settings *settings;
    FILE *file; /* NULL: not started */
};

/* ---- records ---------------------------------------------------------------------------- */

/* [required] [lane] Takes as many records as there is room for, in order, and says later (here:
 * at once) through host->settle what became of each of them. DELIVERED is a promise: the host
 * then forgets the record. */
static lr_status take(void *ctx, const struct lr_batch *batch, uint32_t first, uint32_t count,
                      uint32_t *ret_taken, struct lr_error *err)
{
    struct sink *self = ctx;

    for (uint32_t i = first; i < first + count; i++) {
        const struct lr_bytes *value = &batch->encoded[i];

        if (value->len > 0)
            (void)fwrite(value->data, 1, value->len, self->file);
        (void)fputc('\n', self->file);
    }
    if (fflush(self->file) != 0 || ferror(self->file))
        return lr_fail(err, LR_EUNAVAILABLE, "%s cannot be written: %s", self->settings->path,
                       strerror(errno));
    self->host->settle(self->host->ctx, batch->token + first, count, LR_DELIVERED);
    *ret_taken = count;
    return LR_OK;
}

static const struct lr_sink sink = {
    .size = sizeof sink,
    .caps = LR_SINK_BYTES,      /* it reads encoded[] */
    .wants = 0,                 /* columns that it must have; with LR_SINK_COLUMNS */
    .may_want = 0,              /* columns that it uses where there are any */
    .transaction_domain = NULL, /* commits nobody else's positions */
    .fd = NULL,                 /* [optional: settles come inside write, or poll is called] */
    .max_record_bytes = NULL,   /* [optional: no limit] */
    .attach = NULL,             /* [optional: no dead letters in another sink's transaction] */
    .write = take,
    .poll = NULL,    /* [optional: write settles everything] */
    .flush = NULL,   /* [optional: nothing is buffered] */
    .begin = NULL,   /* [required with LR_SINK_TRANSACTIONS, as commit and abort] */
    .commit = NULL,  /* stores results and positions together */
    .abort = NULL,   /* settles what is open as LR_ABANDONED */
    .recover = NULL, /* [required with LR_SINK_POSITIONS] says which positions are stored */
};

/* ---- life ------------------------------------------------------------------------------- */

/* [optional: the table says it all] [main] Wrong settings, and files that will be written. No
 * side effects: `lrhost check` calls it, too. */
static void check(const void *values, uint32_t lanes, const struct lr_report *report)
{
    const struct settings *settings = values;
    char resource[4096];

    if (lanes > 1)
        report->problem(report->ctx, "path", "lanes would write into one file: set lanes = 1");
    (void)snprintf(resource, sizeof resource, "file:%s", settings->path);
    report->touches(report->ctx, LR_WRITES, resource, 0);
}

/* [required] [main] Memory, and nothing else: no threads, no files, no network. */
static lr_status create(const struct lr_host *host, const void *settings, void **ret_self,
                        struct lr_error *err)
{
    struct sink *self = host->memory(host->ctx, NULL, sizeof *self);

    if (!self)
        return lr_fail(err, LR_ENOMEM, "no memory for the sink");
    *self = (struct sink){.host = host, .settings = settings};
    *ret_self = self;
    return LR_OK;
}

/* [optional: nothing to start] [lane] Opens, connects. What takes long asks host->stopping ten
 * times a second. */
static lr_status start(void *ctx, struct lr_error *err)
{
    struct sink *self = ctx;

    self->file = fopen(self->settings->path, "ae");
    if (!self->file)
        return lr_fail(err, LR_EUNAVAILABLE, "%s cannot be opened: %s", self->settings->path,
                       strerror(errno));
    return LR_OK;
}

/* [optional: nothing to stop] [lane] Gives back what start took, also when start failed. May be
 * followed by another start. */
static void stop(void *ctx, int64_t deadline_ns)
{
    struct sink *self = ctx;

    (void)deadline_ns;
    if (self->file)
        (void)fclose(self->file);
    self->file = NULL;
}

/* [required] [main] NULL is harmless. */
static void destroy(void *ctx)
{
    struct sink *self = ctx;

    if (self)
        (void)self->host->memory(self->host->ctx, self, 0);
}

/* ---- what the host reads first ---------------------------------------------------------- */

static const struct lr_option options[] = {
    {.name = "path",
     .doc = "File that records are added to, one line each",
     .type = LR_OPT_PATH,
     .flags = LR_OPT_REQUIRED,
     .offset = offsetof(struct settings, path)},
};

static const struct lr_plugin plugin = {
    .size = sizeof plugin,
    .kind = LR_SINK,
    .name = "@NAME@",
    .summary = "adds lines to a file",
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
