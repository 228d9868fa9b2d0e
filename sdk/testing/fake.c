/* SPDX-License-Identifier: MIT
 *
 * The host table of testing.h: answers from the struct that the test holds, notes what it is told,
 * and knows which calls of a plugin break a rule of the headers.
 *
 * Whatever can be called from any thread takes the mutex. Codecs and sinks may call settle and
 * bad_record only while one of their functions runs, on that function's thread; `inside` and
 * `caller` say which that is.
 */
#include <lrhost/testing.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#define FATE_TAKEN 1
#define FATE_SETTLED 2

static void breach_text(struct lr_fake *fake, const char *rule, const char *text)
{
    (void)pthread_mutex_lock(&fake->mutex);
    if (fake->n_breaches++ == 0) {
        (void)snprintf(fake->rule, sizeof fake->rule, "%s", rule);
        (void)snprintf(fake->breach, sizeof fake->breach, "%s", text);
    }
    if (fake->on_breach)
        fake->on_breach(fake->breach_ctx, rule, text);
    (void)pthread_mutex_unlock(&fake->mutex);
}

void lr_fake_breach(struct lr_fake *fake, const char *rule, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    breach_text(fake, rule, text);
}

/* ---- log, clocks, memory ----------------------------------------------------------------- */

static int is_utf8(const unsigned char *at)
{
    while (*at) {
        int more = *at < 0x80 ? 0 : *at >= 0xf0 ? 3 : *at >= 0xe0 ? 2 : 1;

        if ((*at >= 0x80 && *at < 0xc2) || *at > 0xf4)
            return 0;
        for (at++; more > 0; more--, at++)
            if ((*at & 0xc0) != 0x80)
                return 0;
    }
    return 1;
}

static void note_log(void *ctx, int32_t level, const char *message)
{
    struct lr_fake *fake = (struct lr_fake *)ctx;

    if (level < LR_LOG_ERROR || level > LR_LOG_DEBUG)
        lr_fake_breach(fake, "log.level", "it logs at level %d, which is none of LR_LOG_*", level);
    if (!message || strchr(message, '\n'))
        lr_fake_breach(fake, "log.line", "a log message is not one line: '%.100s'",
                       message ? message : "NULL");
    else if (!is_utf8((const unsigned char *)message))
        lr_fake_breach(fake, "log.line", "a log message is not UTF-8: '%.100s'", message);
    (void)pthread_mutex_lock(&fake->mutex);
    if (fake->n_logs < LR_FAKE_NOTES)
        (void)snprintf(fake->logs[fake->n_logs], sizeof fake->logs[0], "%s",
                       message ? message : "");
    fake->n_logs++;
    (void)pthread_mutex_unlock(&fake->mutex);
}

static int64_t real_ns(clockid_t clock)
{
    struct timespec t;

    (void)clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t tell_wall(void *ctx)
{
    struct lr_fake *fake = (struct lr_fake *)ctx;

    return fake->real_clock ? real_ns(CLOCK_REALTIME)
                            : __atomic_load_n(&fake->wall_ns, __ATOMIC_RELAXED);
}

static int64_t tell_monotonic(void *ctx)
{
    struct lr_fake *fake = (struct lr_fake *)ctx;

    return fake->real_clock ? real_ns(CLOCK_MONOTONIC)
                            : __atomic_load_n(&fake->monotonic_ns, __ATOMIC_RELAXED);
}

static int32_t tell_stopping(void *ctx)
{
    return __atomic_load_n(&((struct lr_fake *)ctx)->stopping, __ATOMIC_ACQUIRE);
}

static void *give_memory(void *ctx, void *ptr, size_t size)
{
    struct lr_fake *fake = (struct lr_fake *)ctx;
    int64_t before = ptr ? (int64_t)malloc_usable_size(ptr) : 0;
    void *grown = NULL;

    (void)pthread_mutex_lock(&fake->mutex);
    if (size == 0)
        free(ptr);
    else if (fake->fail_memory == 0 || --fake->fail_memory > 0)
        grown = realloc(ptr, size);
    if (size == 0 || grown)
        fake->memory += (grown ? (int64_t)malloc_usable_size(grown) : 0) - before;
    (void)pthread_mutex_unlock(&fake->mutex);
    return grown;
}

/* ---- metrics ------------------------------------------------------------------------------- */

static int is_metric_name(const char *name)
{
    return name && *name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name) &&
           !(*name >= '0' && *name <= '9');
}

static int ends_in_total(const char *name)
{
    size_t n = strlen(name);

    return n > 6 && strcmp(name + n - 6, "_total") == 0;
}

static int64_t *give_metric(void *ctx, int32_t kind, const char *name, const char *help)
{
    struct lr_fake *fake = (struct lr_fake *)ctx;
    int64_t *cell = &fake->nowhere;

    if (!is_metric_name(name)) {
        lr_fake_breach(fake, "metric.name", "'%.60s' is no name of a metric", name ? name : "NULL");
        return cell;
    }
    if (kind != LR_COUNTER && kind != LR_GAUGE)
        lr_fake_breach(fake, "metric.name", "metric '%.60s' is of the unknown kind %d", name, kind);
    if ((kind == LR_COUNTER) != ends_in_total(name))
        lr_fake_breach(fake, "metric.name",
                       "metric '%.60s': the name of a counter, and of nothing else, ends in _total",
                       name);
    if (strncmp(name, "lrhost_", 7) == 0)
        lr_fake_breach(fake, "metric.name", "metric '%.60s': lrhost_ is put before it by the host",
                       name);
    if (!help || !*help)
        lr_fake_breach(fake, "metric.name", "metric '%.60s' has no help text", name);
    if (fake->inside != LR_FAKE_IN_LIFE)
        lr_fake_breach(fake, "metric.when",
                       "metric '%.60s' is asked for outside of create and start", name);
    (void)pthread_mutex_lock(&fake->mutex);
    for (uint32_t i = 0; i < fake->n_metrics && cell == &fake->nowhere; i++)
        if (strcmp(fake->metrics[i].name, name) == 0)
            cell = &fake->metrics[i].value;
    if (cell == &fake->nowhere && fake->n_metrics < LR_FAKE_METRICS) {
        struct lr_fake_metric *metric = &fake->metrics[fake->n_metrics++];

        (void)snprintf(metric->name, sizeof metric->name, "%s", name);
        metric->kind = kind;
        cell = &metric->value;
    }
    (void)pthread_mutex_unlock(&fake->mutex);
    return cell;
}

/* ---- settles and bad records ----------------------------------------------------------------- */

static void settle_tokens(struct lr_fake *fake, uint64_t token, uint32_t count)
{
    for (uint64_t t = token; t < token + count; t++) {
        unsigned char *fate = t >= fake->first_token && t - fake->first_token < fake->n_tokens
                                  ? &fake->tokens[t - fake->first_token]
                                  : NULL;

        if (fate && *fate == FATE_TAKEN) {
            *fate = FATE_SETTLED;
            continue;
        }
        if (fate && *fate == FATE_SETTLED)
            lr_fake_breach(fake, "sink.settle-once", "token %llu is settled a second time",
                           (unsigned long long)t);
        else
            lr_fake_breach(fake, "sink.settle-taken",
                           "token %llu is settled, but no record of that token was taken",
                           (unsigned long long)t);
        return;
    }
}

static void note_settle(void *ctx, uint64_t token, uint32_t count, int32_t outcome)
{
    struct lr_fake *fake = (struct lr_fake *)ctx;

    if (!pthread_equal(fake->caller, pthread_self()))
        lr_fake_breach(fake, "sink.settle-thread", "it settles on a thread of its own");
    else if (fake->inside != LR_FAKE_IN_SINK && fake->inside != LR_FAKE_IN_STOP)
        lr_fake_breach(fake, "sink.settle-inside",
                       "it settles outside of write, poll, flush, commit, abort and stop");
    if (outcome < LR_DELIVERED || outcome > LR_ABANDONED) {
        lr_fake_breach(fake, "sink.outcome", "it settles with the unknown outcome %d", outcome);
        return;
    }
    settle_tokens(fake, token, count);
    (void)pthread_mutex_lock(&fake->mutex);
    if (fake->n_settles < LR_FAKE_NOTES)
        fake->settles[fake->n_settles] = (struct lr_fake_settle){token, count, outcome};
    fake->n_settles++;
    fake->n_settled += count;
    fake->outcomes[outcome] += count;
    (void)pthread_mutex_unlock(&fake->mutex);
}

static void note_bad(void *ctx, uint32_t index, const char *reason, const char *message)
{
    struct lr_fake *fake = (struct lr_fake *)ctx;
    uint32_t i = 0;

    if (fake->inside != LR_FAKE_IN_CODEC || !pthread_equal(fake->caller, pthread_self())) {
        lr_fake_breach(fake, "codec.bad-inside", "it reports a bad record outside of decode");
        return;
    }
    if (index >= fake->batch_count) {
        lr_fake_breach(fake, "codec.bad-index",
                       "it reports record %u as bad; the batch has %u records", index,
                       fake->batch_count);
        return;
    }
    if (!reason || !*reason || strcspn(reason, " \t\n") != strlen(reason) || !message || !*message)
        lr_fake_breach(fake, "codec.bad-reason",
                       "a bad record's reason is not one word, or its message is missing: '%.60s'",
                       reason ? reason : "NULL");
    while (i < fake->n_bad && i < LR_FAKE_NOTES && fake->bad[i].index != index)
        i++;
    if (i < fake->n_bad && i < LR_FAKE_NOTES)
        lr_fake_breach(fake, "codec.bad-index", "it reports record %u as bad twice", index);
    if (fake->n_bad < LR_FAKE_NOTES) {
        struct lr_fake_bad *bad = &fake->bad[fake->n_bad];

        bad->index = index;
        (void)snprintf(bad->reason, sizeof bad->reason, "%s", reason ? reason : "");
        (void)snprintf(bad->message, sizeof bad->message, "%s", message ? message : "");
    }
    fake->n_bad++;
}

/* ---- the test's side ------------------------------------------------------------------------- */

void lr_fake_init(struct lr_fake *fake)
{
    memset(fake, 0, sizeof *fake);
    (void)pthread_mutex_init(&fake->mutex, NULL);
    fake->caller = pthread_self();
    fake->err.size = sizeof fake->err;
    fake->wall_ns = fake->monotonic_ns = 1000000000;
    fake->host = (struct lr_host){
        .size = sizeof fake->host,
        .abi = LRHOST_ABI,
        .ctx = fake,
        .pipeline = "fake",
        .instance = "here",
        .section = "section",
        .lane = 0,
        .lanes = 1,
        .log = note_log,
        .wall_ns = tell_wall,
        .monotonic_ns = tell_monotonic,
        .stopping = tell_stopping,
        .memory = give_memory,
        .metric = give_metric,
        .settle = note_settle,
        .bad_record = note_bad,
        .guarantee = LR_AT_LEAST_ONCE,
    };
}

void lr_fake_enter(struct lr_fake *fake, int32_t inside)
{
    fake->caller = pthread_self();
    fake->inside = inside;
}

void lr_fake_sleep(struct lr_fake *fake, int64_t ns)
{
    __atomic_add_fetch(&fake->wall_ns, ns, __ATOMIC_RELAXED);
    __atomic_add_fetch(&fake->monotonic_ns, ns, __ATOMIC_RELAXED);
}

const char *lr_fake_logged(const struct lr_fake *fake, const char *text)
{
    for (uint32_t i = 0; i < fake->n_logs && i < LR_FAKE_NOTES; i++)
        if (strstr(fake->logs[i], text))
            return fake->logs[i];
    return NULL;
}

int64_t lr_fake_metric_value(const struct lr_fake *fake, const char *name)
{
    for (uint32_t i = 0; i < fake->n_metrics; i++)
        if (strcmp(fake->metrics[i].name, name) == 0)
            return __atomic_load_n(&fake->metrics[i].value, __ATOMIC_RELAXED);
    return 0;
}
