/* SPDX-License-Identifier: MIT
 *
 * @NAME@: an engine of lrhost. Takes at most `max_batch` records at a time and commits after each
 * of these batches.
 *
 * An engine decides when, and the lane's verbs do the work, so it can neither lose a record nor
 * commit one too early. Every hook of an engine is in this file. [required]: the host refuses a
 * module without it. [optional: ...]: what it means when it is left out (NULL). [main], [lane]:
 * the thread that calls it; each lane has an engine of its own. The contract is in the comments of
 * lrhost/engine.h and lrhost/abi.h; `make test` holds the plugin to it.
 */
#include <lrhost/lrhost.h>

#define PATIENCE_NS 1000000000 /* longest wait for a record; a stop request ends it sooner */
#define PAUSE_NS 1000000       /* when every batch of the lane is in use */

/* What the INI file may say. The host fills it from the table `options` at the end. */
struct settings {
    int64_t max_batch;
};

struct engine {
    const struct lr_host *host;
    const struct settings *settings;
};

/* ---- work ------------------------------------------------------------------------------- */

/* [required] [lane] Works until a stop is requested or the source has ended. Any verb may return
 * LR_RESET: what is held is void, so it is discarded, and everything begins anew. */
static lr_status run(void *ctx, const struct lr_lane *lane, struct lr_error *err)
{
    struct engine *self = ctx;
    uint32_t most = (uint32_t)self->settings->max_batch;

    (void)err; /* the host knows what its verbs returned */
    while (!lane->stop_requested(lane->ctx)) {
        struct lr_batch *batch = NULL;
        lr_status status = lane->read(lane->ctx, most, PATIENCE_NS, &batch);

        if (status == LR_END)
            break;
        if (status == LR_FULL)
            status = lane->drain(lane->ctx, PAUSE_NS);
        if (batch && status == LR_OK)
            status = lane->score(lane->ctx, batch);
        if (batch && status == LR_OK)
            status = lane->write(lane->ctx, &batch); /* takes the batch: it is NULL now */
        if (status == LR_OK)
            status = lane->commit(lane->ctx);
        if (batch)
            lane->discard(lane->ctx, &batch);
        if (status < 0)
            return status;
    }
    return LR_OK;
}

static const struct lr_engine engine = {.size = sizeof engine, .run = run};

/* ---- life ------------------------------------------------------------------------------- */

/* [optional: the table says it all] [main] Judges settings beyond the table. No side effects:
 * `lrhost check` calls it, too. */
static void check(const void *values, uint32_t lanes, const struct lr_report *report)
{
    const struct settings *settings = values;

    (void)lanes;
    if (settings->max_batch == 1 && report->guarantee == LR_EXACTLY_ONCE)
        report->warning(report->ctx, "max_batch", "1 makes a transaction of every single record");
}

/* [required] [main] Memory, and nothing else: no threads, no files, no network. */
static lr_status create(const struct lr_host *host, const void *settings, void **ret_self,
                        struct lr_error *err)
{
    struct engine *self = host->memory(host->ctx, NULL, sizeof *self);

    if (!self)
        return lr_fail(err, LR_ENOMEM, "no memory for the engine");
    *self = (struct engine){.host = host, .settings = settings};
    *ret_self = self;
    return LR_OK;
}

/* [optional: nothing to start] [lane] */
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
    struct engine *self = ctx;

    if (self)
        (void)self->host->memory(self->host->ctx, self, 0);
}

/* ---- what the host reads first ---------------------------------------------------------- */

static const struct lr_option options[] = {
    {.name = "max_batch",
     .doc = "Most records that are scored, written and committed together",
     .initial = "1024",
     .range = "1..1_000_000",
     .type = LR_OPT_INT,
     .offset = offsetof(struct settings, max_batch)},
};

static const struct lr_plugin plugin = {
    .size = sizeof plugin,
    .kind = LR_ENGINE,
    .name = "@NAME@",
    .summary = "commits after every batch",
    .options = options,
    .option_size = sizeof options[0],
    .n_options = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct settings),
    .ops = &engine,
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
