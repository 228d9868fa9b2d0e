/* SPDX-License-Identifier: MIT
 *
 * @NAME@: a codec of lrhost. Reads "f0,f1,...,fn", whatever follows a semicolon being passed over,
 * and writes the same record with ";prediction" behind it.
 *
 * Every hook of a codec is in this file. [required]: the host refuses a module without it.
 * [optional: ...]: what it means when it is left out (NULL). [main], [lane]: the thread that calls
 * it; each lane has a codec of its own. The contract is in the comments of lrhost/codec.h and
 * lrhost/abi.h; `make test` holds the plugin to it.
 */
#include <lrhost/lrhost.h>
#include <math.h>
#include <stdlib.h>

#define NUMBER_ROOM 64 /* longest number that is read, or written with %.17g */

/* What the INI file may say. The host fills it from the table `options` at the end. */
struct settings {
    int64_t features;
};

struct codec {
    const struct lr_host *host;
    const struct settings *settings;
    uint32_t n_features;
    int32_t scored; /* a model fills the outputs */
};

/* ---- records ---------------------------------------------------------------------------- */

/* [required] [main] Agrees with the model on the number of features; without a model the codec's
 * own option tells it. *ret_given: the columns that decode will fill. */
static lr_status bind(void *ctx, struct lr_schema *schema, uint32_t wanted, int32_t scored,
                      uint32_t *ret_given, struct lr_error *err)
{
    struct codec *self = ctx;
    int64_t own = self->settings->features;

    if (own != LR_UNSET && schema->n_features && own != schema->n_features)
        return lr_fail(err, LR_ECONFIG,
                       "features = %lld, but the model takes %u: leave it out, or change one of "
                       "them",
                       (long long)own, schema->n_features);
    if (!schema->n_features && own != LR_UNSET)
        schema->n_features = (uint32_t)own;
    if ((scored || wanted & LR_COLUMN_FEATURES) && !schema->n_features)
        return lr_fail(err, LR_ECONFIG,
                       "without a model nobody knows how many features there are: "
                       "set features");
    self->n_features = schema->n_features;
    self->scored = scored;
    *ret_given = LR_COLUMN_FEATURES;
    return LR_OK;
}

/* The number between begin and end, which is the whole of it: 1, else 0. A record's bytes are not
 * a C string: they end where value_len says. */
static int read_number(const char *begin, const char *end, double *ret_number)
{
    char text[NUMBER_ROOM], *stop;
    size_t len = (size_t)(end - begin);

    if (len == 0 || len >= sizeof text)
        return 0;
    memcpy(text, begin, len);
    text[len] = '\0';
    *ret_number = strtod(text, &stop);
    return stop == text + len && isfinite(*ret_number);
}

static const char *find(const char *begin, const char *end, char what)
{
    const char *found = begin < end ? memchr(begin, what, (size_t)(end - begin)) : NULL;

    return found ? found : end;
}

static void decode_record(struct codec *self, struct lr_batch *batch, uint32_t i)
{
    const struct lr_record *record = lr_batch_record(batch, i);
    const char *at = record->value, *end = find(at, at + record->value_len, ';');
    double *x = batch->x + (size_t)i * batch->x_stride;
    char message[80];
    uint32_t n;

    for (n = 0; n < self->n_features && at <= end; n++) {
        const char *comma = find(at, end, ',');

        if (!read_number(at, comma, &x[n])) {
            (void)snprintf(message, sizeof message, "feature %u is no finite number", n);
            self->host->bad_record(self->host->ctx, i, "parse", message);
            return;
        }
        at = comma + 1;
    }
    if (n == self->n_features && at > end)
        return;
    (void)snprintf(message, sizeof message, "it has %s than %u features",
                   n < self->n_features ? "fewer" : "more", self->n_features);
    self->host->bad_record(self->host->ctx, i, "features", message);
}

/* [required] [lane] Bytes to columns. A record that cannot be read is reported, and the others go
 * on; an error return means that the codec itself is broken. */
static lr_status decode(void *ctx, struct lr_batch *batch, struct lr_error *err)
{
    (void)err;
    for (uint32_t i = 0; i < batch->count; i++)
        if (!(lr_batch_record(batch, i)->flags & LR_RECORD_NULL))
            decode_record(ctx, batch, i);
    return LR_OK;
}

/* [required] [lane] At most that many bytes will encode write. */
static size_t encode_bound(void *ctx, const struct lr_batch *batch)
{
    size_t bound = (size_t)batch->count * (batch->n_outputs + 1) * NUMBER_ROOM;

    (void)ctx;
    for (uint32_t i = 0; i < batch->count; i++)
        bound += lr_batch_record(batch, i)->value_len;
    return bound;
}

/* [required] [lane] Columns to bytes. The bytes stay where they are until the sink has settled
 * the record. */
static lr_status encode(void *ctx, struct lr_batch *batch, void *memory, size_t size,
                        struct lr_error *err)
{
    const struct codec *self = ctx;
    char *out = memory, *end = out + size;

    (void)err;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct lr_record *record = lr_batch_record(batch, i);
        char *begin = out;

        if (record->flags & (LR_RECORD_NULL | LR_RECORD_BAD)) {
            batch->encoded[i] = (struct lr_bytes){.data = NULL};
            continue;
        }
        if (record->value_len > 0)
            memcpy(out, record->value, record->value_len);
        out += record->value_len;
        for (uint32_t k = 0; self->scored && k < batch->n_outputs; k++)
            out += snprintf(out, (size_t)(end - out), "%c%.17g", k ? ',' : ';',
                            batch->out[(size_t)i * batch->out_stride + k]);
        batch->encoded[i] = (struct lr_bytes){.data = begin, .len = (uint32_t)(out - begin)};
    }
    return LR_OK;
}

static const struct lr_codec codec = {
    .size = sizeof codec,
    .bind = bind,
    .decode = decode,
    .encode_bound = encode_bound,
    .encode = encode,
};

/* ---- life ------------------------------------------------------------------------------- */

/* [optional: the table says it all] [main] Judges settings beyond the table. No side effects:
 * `lrhost check` calls it, too. */
static void check(const void *values, uint32_t lanes, const struct lr_report *report)
{
    const struct settings *settings = values;

    (void)lanes;
    if (settings->features != LR_UNSET && settings->features > 1000)
        report->warning(report->ctx, "features", "so many are slow to read one by one");
}

/* [required] [main] Memory, and nothing else: no threads, no files, no network. */
static lr_status create(const struct lr_host *host, const void *settings, void **ret_self,
                        struct lr_error *err)
{
    struct codec *self = host->memory(host->ctx, NULL, sizeof *self);

    if (!self)
        return lr_fail(err, LR_ENOMEM, "no memory for the codec");
    *self = (struct codec){.host = host, .settings = settings};
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
    struct codec *self = ctx;

    if (self)
        (void)self->host->memory(self->host->ctx, self, 0);
}

/* ---- what the host reads first ---------------------------------------------------------- */

static const struct lr_option options[] = {
    {.name = "features",
     .doc = "How many numbers a record has. Unset: as many as the model takes",
     .range = "1..65536",
     .type = LR_OPT_INT,
     .offset = offsetof(struct settings, features)},
};

static const struct lr_plugin plugin = {
    .size = sizeof plugin,
    .kind = LR_CODEC,
    .name = "@NAME@",
    .summary = "numbers with commas, and the prediction behind a semicolon",
    .options = options,
    .option_size = sizeof options[0],
    .n_options = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct settings),
    .ops = &codec,
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
