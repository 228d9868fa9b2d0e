/* SPDX-License-Identifier: MIT
 *
 * What a test has at hand in its child: findings, instances, batches.
 *
 * Instances are made with the user's options. Where those do not do (one is missing, check() or
 * start() refuses them, a service is not there), the test is skipped with the plugin's own
 * sentence: that says nothing about the plugin.
 */
#include <dirent.h>
#include <lrhost/error.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "verify.h"

/* ---- what is said --------------------------------------------------------------------------- */

void lrh_finding(struct lrh_kit *kit, const char *rule, const char *format, ...)
{
    struct lrh_verdict *verdict = kit->verdict;
    uint32_t i = 0;
    va_list args;

    while (i < verdict->n_findings && strcmp(verdict->findings[i].rule, rule) != 0)
        i++;
    if (i < verdict->n_findings || i == LRH_MAX_FINDINGS)
        return; /* the first one of a rule says it */
    va_start(args, format);
    (void)vsnprintf(verdict->findings[i].text, sizeof verdict->findings[i].text, format, args);
    va_end(args);
    (void)snprintf(verdict->findings[i].rule, sizeof verdict->findings[i].rule, "%s", rule);
    verdict->n_findings++;
}

/* What an instance does that nobody is using is the other one's doing. */
static void on_breach(void *ctx, const char *rule, const char *message)
{
    const struct lrh_subject *s = ctx;

    if (s->kit->idle == &s->fake)
        lrh_finding(s->kit, "life.instances", "it used the host of its other instance: %s",
                    message);
    else
        lrh_finding(s->kit, rule, "%s", message);
}

void lrh_doing(struct lrh_kit *kit, const char *rule, const char *format, ...)
{
    va_list args;

    (void)snprintf(kit->verdict->rule, sizeof kit->verdict->rule, "%s",
                   kit->crash_rule ? kit->crash_rule : rule);
    va_start(args, format);
    (void)vsnprintf(kit->verdict->doing, sizeof kit->verdict->doing, format, args);
    va_end(args);
}

void lrh_note(struct lrh_kit *kit, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(kit->verdict->note, sizeof kit->verdict->note, format, args);
    va_end(args);
}

void lrh_skip(struct lrh_kit *kit, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(kit->verdict->note, sizeof kit->verdict->note, format, args);
    va_end(args);
    kit->verdict->skipped = 1;
    lrh_done(kit);
}

/* Under a leak sanitizer (a module built with it, its library preloaded) the child asks it. */
extern int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

void lrh_done(struct lrh_kit *kit)
{
    if (__lsan_do_recoverable_leak_check && kit->verdict->n_findings == 0 &&
        __lsan_do_recoverable_leak_check() != 0)
        lrh_finding(kit, "leak.memory", "LeakSanitizer found leaks; its report is above");
    kit->verdict->done = 1;
    (void)fflush(NULL);
    _exit(0);
}

int64_t lrh_real_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static uint32_t count_names(const char *folder, const char *but)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    uint32_t n = 0;

    while (dir && (entry = readdir(dir)) != NULL) {
        char name[300], target[16] = "";

        (void)snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
        n += !but || readlink(name, target, sizeof target - 1) < 0 ||
             strncmp(target, but, strlen(but)) != 0;
    }
    if (dir)
        (void)closedir(dir);
    return n;
}

uint32_t lrh_count_threads(void)
{
    return count_names("/proc/self/task", NULL);
}

/* Events, timers and epoll sets reach nothing outside of the process. */
uint32_t lrh_count_open(void)
{
    return count_names("/proc/self/fd", "anon_inode:");
}

uint32_t lrh_count_files(void)
{
    return count_names("/proc/self/fd", NULL);
}

/* ---- instances ------------------------------------------------------------------------------ */

/* The promise under which check() is content: the usual one first. */
static void choose_guarantee(struct lrh_kit *kit, struct lrh_subject *s)
{
    static const int32_t order[] = {LR_AT_LEAST_ONCE, LR_EXACTLY_ONCE, LR_AT_MOST_ONCE};
    struct lr_fake *fake = &s->fake;
    char first[sizeof fake->problem] = "";

    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (kit->guarantee && order[i] != kit->guarantee)
            continue;
        fake->host.guarantee = order[i];
        fake->n_problems = 0;
        lrh_doing(kit, "check.quiet", "check() judges the settings");
        lr_fake_check(fake);
        if (fake->n_problems == 0)
            return;
        if (!first[0])
            (void)snprintf(first, sizeof first, "%s", fake->problem);
    }
    lrh_skip(kit, "check() refuses the settings: %s (--option KEY=VALUE sets one)", first);
}

void lrh_subject_init(struct lrh_kit *kit, struct lrh_subject *s, uint32_t lane, uint32_t lanes)
{
    static const char *const sections[] = {"",      "source", "codec",  "engine",
                                           "model", "sink",   "monitor"};
    struct lr_fake *fake = &s->fake;

    memset(s, 0, sizeof *s);
    lr_fake_init(fake);
    fake->plugin = kit->plugin;
    fake->on_breach = on_breach;
    fake->breach_ctx = s;
    s->kit = kit;
    fake->host.pipeline = "verify";
    fake->host.section = sections[kit->plugin->kind];
    fake->host.lane = lane;
    fake->host.lanes = lanes;
    fake->real_clock = 1;
    s->next_token = 1000;
    s->stream = (struct lr_stream){
        .size = sizeof s->stream, .topic = "fake", .partition = (int32_t)lane, .end = -1};
    s->streams[0] = &s->stream;
    if (!lr_fake_settings(fake, kit->settings, "."))
        lrh_skip(kit, "the settings do not do: %s (--option KEY=VALUE sets one)", fake->err.text);
    choose_guarantee(kit, s);
    s->transactional = kit->plugin->kind == LR_SINK && fake->host.guarantee == LR_EXACTLY_ONCE &&
                       (lrh_sink_of(s)->caps & LR_SINK_TRANSACTIONS);
}

void lrh_subject_failed(struct lrh_kit *kit, const struct lrh_subject *s, lr_status status,
                        const char *what, const char *rule)
{
    const char *said = s->fake.err.text[0] ? s->fake.err.text : "it gives no reason";

    if (kit->verdict->n_findings)
        lrh_done(kit);
    if (status == LR_EUNAVAILABLE)
        lrh_skip(kit, "needs something that is not there: %s says: %s", what, said);
    if (status == LR_ECONFIG || status == LR_EDATA)
        lrh_skip(kit, "the settings do not do: %s says: %s (--option KEY=VALUE sets one)", what,
                 said);
    lrh_finding(kit, rule, "%s failed with %d: %s", what, status, said);
    lrh_done(kit);
}

static void describe(struct lrh_kit *kit, struct lrh_subject *s)
{
    lr_status status;

    s->schema = (struct lr_schema){.size = sizeof s->schema};
    lrh_doing(kit, "model.describe", "describe after create");
    status = lrh_model_of(s)->describe(s->fake.self, &s->schema, &s->fake.err);
    if (status != LR_OK)
        lrh_subject_failed(kit, s, status, "describe", "model.describe");
    if (s->schema.n_outputs == 0) {
        lrh_finding(kit, "model.describe", "describe says that the model has no output");
        lrh_done(kit);
    }
    if (s->schema.n_features == 0)
        s->schema.n_features = 3;
}

/* A codec is asked without a model first, since its options may say how many features there are;
 * then a fresh one is bound as with a model. */
static void bind_codec(struct lrh_kit *kit, struct lrh_subject *s)
{
    const struct lr_codec *codec = lrh_codec_of(s);
    struct lr_schema schema = {.size = sizeof schema};
    uint32_t given = 0, features = 3;
    lr_status status;

    lrh_doing(kit, "codec.bind", "bind without a model");
    if (codec->bind(s->fake.self, &schema, LR_COLUMN_FEATURES | LR_COLUMN_LABEL, 0, &given,
                    &s->fake.err) == LR_OK &&
        schema.n_features)
        features = schema.n_features;
    s->fake.plugin->destroy(s->fake.self);
    s->fake.self = NULL;
    status = lr_fake_create_only(&s->fake);
    if (status != LR_OK)
        lrh_subject_failed(kit, s, status, "create", "life.create");
    s->schema = (struct lr_schema){.size = sizeof s->schema};
    s->schema.n_features = features;
    s->schema.n_outputs = 1;
    s->given = 0;
    lrh_doing(kit, "codec.bind", "bind with a model of %u features", features);
    status = codec->bind(s->fake.self, &s->schema, LR_COLUMN_FEATURES | LR_COLUMN_LABEL, 1,
                         &s->given, &s->fake.err);
    if (status != LR_OK)
        lrh_subject_failed(kit, s, status, "bind", "codec.bind");
}

void lrh_subject_create(struct lrh_kit *kit, struct lrh_subject *s)
{
    lr_status status;

    lrh_doing(kit, "life.create", "create");
    status = lr_fake_create_only(&s->fake);
    if (status != LR_OK)
        lrh_subject_failed(kit, s, status, "create", "life.create");
    if (kit->plugin->kind == LR_MODEL)
        describe(kit, s);
    else if (kit->plugin->kind == LR_CODEC)
        bind_codec(kit, s);
}

int64_t lrh_recover(struct lrh_kit *kit, struct lrh_subject *s, int64_t unknown)
{
    struct lr_position position = {.stream = 0, .next = unknown};
    lr_status status;

    status = lrh_sink_of(s)->recover(s->fake.self, s->streams, &position, 1, &s->fake.err);
    if (status != LR_OK)
        lrh_subject_failed(kit, s, status, "recover", "sink.positions");
    return position.next;
}

int lrh_can_promise(struct lrh_kit *kit, int32_t guarantee)
{
    static struct lrh_subject s;
    struct lr_fake *fake = &s.fake;

    lr_fake_init(fake);
    fake->plugin = kit->plugin;
    fake->host.lanes = 1;
    fake->host.guarantee = guarantee;
    if (lr_fake_settings(fake, kit->settings, "."))
        lr_fake_check(fake);
    lr_fake_destroy(fake);
    return fake->n_problems == 0;
}

void lrh_subject_start(struct lrh_kit *kit, struct lrh_subject *s)
{
    lr_status status;

    lrh_doing(kit, "life.start", "start");
    status = lr_fake_start(&s->fake);
    if (status != LR_OK)
        lrh_subject_failed(kit, s, status, "start", "life.start");
    lrh_subject_assign(kit, s);
}

void lrh_subject_assign(struct lrh_kit *kit, struct lrh_subject *s)
{
    if (!s->transactional || !(lrh_sink_of(s)->caps & LR_SINK_POSITIONS))
        return;
    lrh_doing(kit, "sink.positions", "recover after start");
    s->position = lrh_recover(kit, s, 0);
}

void lrh_subject_open(struct lrh_kit *kit, struct lrh_subject *s)
{
    lrh_subject_init(kit, s, 0, 1);
    lrh_subject_create(kit, s);
    lrh_subject_start(kit, s);
}

void lrh_subject_close(struct lrh_kit *kit, struct lrh_subject *s)
{
    lrh_doing(kit, "life.stop", "stop");
    lr_fake_stop(&s->fake);
    lrh_doing(kit, "life.destroy", "destroy after stop");
    lr_fake_destroy(&s->fake);
}

/* ---- batches -------------------------------------------------------------------------------- */

struct lr_fake_batch *lrh_batch(struct lrh_kit *kit, const struct lrh_subject *s,
                                struct lr_fake_shape shape, uint64_t seed)
{
    struct lr_fake_batch *batch = NULL;

    shape.n_features = s->schema.n_features ? s->schema.n_features : 3;
    shape.n_outputs = s->schema.n_outputs ? s->schema.n_outputs : 1;
    if (lr_fake_batch_create(&shape, seed, &batch) != LR_OK)
        lrh_skip(kit, "no memory for a batch of %u records", shape.count);
    return batch;
}

/* "1.25,3.5;2.375": what the text codec and the generator speak. */
static int text_record(char *text, size_t size, const double *x, uint32_t n)
{
    double sum = 0;
    int used = 0;

    for (uint32_t j = 0; j < n && used >= 0 && (size_t)used < size; j++) {
        used += snprintf(text + used, size - (size_t)used, "%s%.6f", j ? "," : "", x[j]);
        sum += x[j];
    }
    if ((size_t)used < size)
        used += snprintf(text + used, size - (size_t)used, ";%.6f", sum / (n ? n : 1));
    return (size_t)used < size ? used : (int)size - 1;
}

/* Line i of a file, counted round and round. Static memory. */
static const char *record_of_file(struct lrh_kit *kit, uint32_t i, uint32_t *ret_len)
{
    static char *text, *lines[4096];
    static uint32_t n;

    if (!text) {
        FILE *in = fopen(kit->args->records, "re");
        size_t size = 0;

        if (!in || getdelim(&text, &size, '\0', in) <= 0)
            lrh_skip(kit, "--records %s: cannot be read", kit->args->records);
        (void)fclose(in);
        for (char *line = strtok(text, "\n"); line && n < 4096; line = strtok(NULL, "\n"))
            lines[n++] = line;
    }
    *ret_len = (uint32_t)strlen(lines[i % n]);
    return lines[i % n];
}

void lrh_fill_records(struct lrh_kit *kit, const struct lrh_subject *s, struct lr_fake_batch *batch)
{
    const size_t room = 32 * ((size_t)s->schema.n_features + 2);
    char *text = malloc(room);
    lr_status status = text ? LR_OK : LR_ENOMEM;

    for (uint32_t i = 0; status == LR_OK && i < batch->batch.count; i++) {
        if (kit->args->records) {
            uint32_t len = 0;
            const char *line = record_of_file(kit, i, &len);

            status = lr_fake_batch_value(batch, i, line, len);
        } else {
            int len = text_record(text, room, lr_fake_x(batch, i), batch->batch.n_features);

            status = lr_fake_batch_value(batch, i, text, (uint32_t)len);
        }
    }
    free(text);
    if (status != LR_OK)
        lrh_skip(kit, "no memory for %u records", batch->batch.count);
}

struct lr_fake_batch *lrh_sink_batch(struct lrh_kit *kit, struct lrh_subject *s, uint32_t count,
                                     struct lr_fake_pages *ret_bytes)
{
    struct lr_fake_shape shape = {.count = count, .token = s->next_token};
    struct lr_fake_batch *batch = lrh_batch(kit, s, shape, s->next_token);
    const uint32_t room = 64;

    s->next_token += count;
    batch->batch.streams = s->streams;
    for (uint32_t i = 0; i < count; i++)
        lr_batch_record(&batch->batch, i)->offset = s->position + i;
    s->position += count;
    if (count)
        batch->batch.spans[0].next = s->position;
    lrh_fill_records(kit, s, batch);
    if (lr_fake_pages_init(ret_bytes, (size_t)room * count, 1) != LR_OK)
        lrh_skip(kit, "no memory for %u records", count);
    for (uint32_t i = 0; i < count; i++) {
        char *at = (char *)ret_bytes->at + (size_t)i * room;
        int len = snprintf(at, room, "%llu.5,2.25,3.125;2.0;1.75;1700000000000",
                           (unsigned long long)(batch->batch.token + i));

        batch->batch.encoded[i] = (struct lr_bytes){.data = at, .len = (uint32_t)len};
        batch->batch.y[i] = 2.0;
        *lr_fake_out(batch, i) = 1.75;
    }
    batch->batch.t2_ns = batch->batch.read_ns + 1000;
    return batch;
}
