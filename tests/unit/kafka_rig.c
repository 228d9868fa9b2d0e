/* SPDX-License-Identifier: MIT
 *
 * See kafka_rig.h.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kafka_rig.h"

#define MS INT64_C(1000000)

static int64_t clock_ns(clockid_t id)
{
    struct timespec now;

    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 * MS + now.tv_nsec;
}

int64_t rig_now(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

int32_t rig_guarantee;
const char *rig_instance = "here";

/* ---- the fake host ---------------------------------------------------------------------- */

static void rig_log(void *ctx, int32_t level, const char *message)
{
    struct rig_host *h = ctx;
    static char lock;
    size_t n;

    while (__atomic_test_and_set(&lock, __ATOMIC_ACQUIRE))
        ;
    n = strlen(h->log);
    if (level <= LR_LOG_INFO && n + strlen(message) + 2 < sizeof h->log)
        (void)sprintf(h->log + n, "%s\n", message);
    __atomic_clear(&lock, __ATOMIC_RELEASE);
    if (!h->quiet && level <= LR_LOG_NOTICE)
        (void)printf("    %s: %s\n", h->host.section, message);
}

static int64_t rig_wall(void *ctx)
{
    (void)ctx;
    return clock_ns(CLOCK_REALTIME);
}

static int64_t rig_monotonic(void *ctx)
{
    (void)ctx;
    return rig_now();
}

static int32_t rig_stopping(void *ctx)
{
    return ((struct rig_host *)ctx)->stopping;
}

static void *rig_memory(void *ctx, void *ptr, size_t size)
{
    (void)ctx;
    if (size)
        return realloc(ptr, size);
    free(ptr);
    return NULL;
}

static int64_t *rig_cell(void *ctx, int32_t kind, const char *name, const char *help)
{
    struct rig_host *h = ctx;

    (void)kind;
    (void)help;
    h->cell_names[h->n_cells] = name;
    return &h->cells[h->n_cells++];
}

static void rig_settle(void *ctx, uint64_t token, uint32_t count, int32_t outcome)
{
    struct rig_host *h = ctx;

    h->settled[outcome] += count;
    h->last_token = token + count - 1;
    for (uint64_t i = 0; h->fates && i < count && token + i < h->n_fates; i++) {
        h->twice += h->fates[token + i] != 0;
        h->fates[token + i] = (uint8_t)(outcome + 1);
    }
}

/* ---- settings --------------------------------------------------------------------------- */

static char *keep(struct rig *rig, size_t *used, const char *text, size_t len)
{
    char *copy = rig->text + *used;

    if (*used + len + 1 > sizeof rig->text)
        exit(70);
    memcpy(copy, text, len);
    copy[len] = '\0';
    *used += len + 1;
    return copy;
}

static int64_t number(const char *text)
{
    char *unit;
    int64_t value = strtoll(text, &unit, 10);

    if (strcmp(unit, "ms") == 0)
        value *= MS;
    else if (strcmp(unit, "s") == 0)
        value *= 1000 * MS;
    return value;
}

static int32_t choice(const char *choices, const char *text)
{
    int32_t index = 0;

    for (; choices; choices = strchr(choices, '|'), choices += choices != NULL, index++)
        if (strncmp(choices, text, strlen(text)) == 0 && strchr("|", choices[strlen(text)]))
            return index;
    exit(70);
}

static void set(struct rig *rig, const struct lr_option *option, char *value)
{
    void *at = rig->settings + option->offset;
    uint32_t n = 0;

    switch (option->type) {
    case LR_OPT_ENUM:
        *(int32_t *)at = choice(option->choices, value);
        return;
    case LR_OPT_INT:
    case LR_OPT_DURATION:
        *(int64_t *)at = number(value);
        return;
    case LR_OPT_STRING:
        *(const char **)at = value;
        return;
    case LR_OPT_LIST:
        for (char *item = strtok(value, ", "); item; item = strtok(NULL, ", "))
            rig->lists[n++] = item;
        rig->lists[n] = NULL;
        *(const char *const **)at = rig->lists;
        return;
    default:
        exit(70);
    }
}

void rig_settings(struct rig *rig, const struct lr_plugin *plugin, const char *text)
{
    size_t used = 0;
    uint32_t n_pairs = 0;

    rig->plugin = plugin;
    memset(rig->settings, 0, sizeof rig->settings);
    memset(rig->pairs, 0, sizeof rig->pairs);
    for (uint32_t i = 0; i < plugin->n_options; i++) {
        const struct lr_option *o = &plugin->options[i];

        if (o->type == LR_OPT_PREFIX)
            *(const struct lr_pair **)(void *)(rig->settings + o->offset) = rig->pairs;
        else if (o->initial)
            set(rig, o, keep(rig, &used, o->initial, strlen(o->initial)));
    }
    while (*text) {
        size_t name = strcspn(text, "="), value = strcspn(text + name, "&") - 1;
        char *key = keep(rig, &used, text, name);
        char *copy = keep(rig, &used, text + name + 1, value);
        uint32_t i = 0;

        if (strncmp(key, "kafka.", 6) == 0) {
            rig->pairs[n_pairs++] = (struct lr_pair){key + 6, copy};
        } else {
            while (i < plugin->n_options && strcmp(plugin->options[i].name, key) != 0)
                i++;
            if (i == plugin->n_options)
                exit(70);
            set(rig, &plugin->options[i], copy);
        }
        text += name + 1 + value;
        text += *text == '&';
    }
}

/* ---- instances -------------------------------------------------------------------------- */

const char *rig_servers(void)
{
    const char *servers = getenv("KAFKA");

    return servers && *servers ? servers : "embedded";
}

int rig_is_embedded(void)
{
    return strcmp(rig_servers(), "embedded") == 0;
}

const char *rig_name(const char *stem)
{
    static char names[8][64];
    static uint32_t n;
    char *name = names[n++ % 8];

    (void)snprintf(name, sizeof names[0], "%s-%d-%u", stem, (int)getpid(), n);
    return name;
}

int rig_open(struct rig *rig, const struct lr_plugin *plugin, const char *section, uint32_t lane,
             uint32_t lanes, const char *text)
{
    char all[2048];
    lr_status status;

    memset(rig, 0, sizeof *rig);
    rig->err = (struct lr_error)LR_ERROR_INIT;
    if (strstr(text, "kafka.bootstrap.servers"))
        (void)snprintf(all, sizeof all, "%s", text);
    else
        (void)snprintf(all, sizeof all, "%s&kafka.bootstrap.servers=%s", text, rig_servers());
    rig_settings(rig, plugin, all);
    rig->host.host = (struct lr_host){.size = sizeof(struct lr_host),
                                      .abi = LRHOST_ABI,
                                      .ctx = &rig->host,
                                      .pipeline = "rig",
                                      .instance = rig_instance,
                                      .section = section,
                                      .lane = lane,
                                      .lanes = lanes,
                                      .log = rig_log,
                                      .wall_ns = rig_wall,
                                      .monotonic_ns = rig_monotonic,
                                      .stopping = rig_stopping,
                                      .memory = rig_memory,
                                      .metric = rig_cell,
                                      .settle = rig_settle,
                                      .guarantee = rig_guarantee};
    rig->host.quiet = getenv("RIG_LOG") == NULL;
    status = plugin->create(&rig->host.host, rig->settings, &rig->self, &rig->err);
    if (status != LR_OK)
        (void)printf("    create: %s\n", rig->err.text);
    return status;
}

int rig_start(struct rig *rig)
{
    lr_status status = rig->plugin->start(rig->self, &rig->err);

    if (status != LR_OK && !rig->host.quiet)
        (void)printf("    start: %s\n", rig->err.text);
    return status;
}

void rig_close(struct rig *rig)
{
    if (!rig->self)
        return;
    rig->plugin->stop(rig->self, rig_now() + 5000 * MS);
    rig->plugin->destroy(rig->self);
    rig->self = NULL;
}

const struct lr_source *rig_source(const struct rig *rig)
{
    return rig->plugin->ops;
}

const struct lr_sink *rig_sink(const struct rig *rig)
{
    return rig->plugin->ops;
}

void rig_batch_init(struct rig_batch *rb)
{
    memset(rb, 0, sizeof *rb);
    rb->batch = (struct lr_batch){.size = sizeof rb->batch,
                                  .record_size = sizeof rb->records[0],
                                  .capacity = RIG_ROOM,
                                  .records = rb->records,
                                  .spans = rb->spans,
                                  .span_capacity = sizeof rb->spans / sizeof rb->spans[0],
                                  .t0 = rb->t0,
                                  .t1 = rb->t1,
                                  .encoded = rb->encoded};
}

int64_t rig_metric(const struct rig *rig, const char *name)
{
    for (uint32_t i = 0; i < rig->host.n_cells; i++)
        if (strcmp(rig->host.cell_names[i], name) == 0)
            return rig->host.cells[i];
    return -1;
}

/* ---- loops ------------------------------------------------------------------------------ */

static void doze(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    (void)poll(&p, 1, ms);
}

lr_status rig_poll(struct rig *rig, struct rig_batch *rb, uint32_t max, const int64_t *until,
                   uint32_t n_until, int timeout_ms, const struct lr_event **ret_event)
{
    const struct lr_source *ops = rig_source(rig);
    int64_t deadline = rig_now() + timeout_ms * MS;

    for (;;) {
        int64_t left = deadline - rig_now();
        lr_status status =
            ops->poll(rig->self, &rb->batch, max, until, n_until, 0, ret_event, &rig->err);

        if (status != LR_AGAIN || left <= 0)
            return status;
        doze(ops->fd(rig->self), left > 1000 * MS ? 1000 : (int)(left / MS) + 1);
    }
}

int rig_join(struct rig *rig, uint32_t partitions, int timeout_ms)
{
    static struct rig_batch none;
    int64_t deadline = rig_now() + timeout_ms * MS;
    uint32_t have = 0;

    rig_batch_init(&none);
    while (rig_now() < deadline) {
        const struct lr_event *event = NULL;
        lr_status status = rig_poll(rig, &none, 0, NULL, 0, 200, &event);

        if (status < 0) {
            (void)printf("    join: %s\n", rig->err.text);
            return status;
        }
        if (status != LR_REBALANCE)
            continue;
        have += event->kind == LR_EVENT_ASSIGN ? event->n_streams : 0;
        have -= event->kind == LR_EVENT_ASSIGN ? 0 : event->n_streams;
        status = rig_source(rig)->rebalanced(rig->self, &rig->err);
        if (status != LR_OK)
            return status;
        if (have == partitions)
            return 0;
    }
    (void)printf("    join: %u of %u partitions after %d ms\n", have, partitions, timeout_ms);
    return -1;
}

int rig_write_all(struct rig *rig, struct rig_batch *rb, uint32_t count, int timeout_ms)
{
    const struct lr_sink *ops = rig_sink(rig);
    int64_t deadline = rig_now() + timeout_ms * MS;
    uint64_t before = 0, now = 0;
    uint32_t done = 0;

    rb->batch.count = count;
    for (int i = 0; i < 8; i++)
        before += rig->host.settled[i];
    while (now - before < count || now == 0) {
        uint32_t taken = 0;
        lr_status status = LR_OK;

        if (done < count)
            status = ops->write(rig->self, &rb->batch, done, count - done, &taken, &rig->err);
        done += taken;
        if (status >= 0)
            status = ops->poll(rig->self, 0, &rig->err);
        if (status < 0) {
            (void)printf("    write: %s\n", rig->err.text);
            return status;
        }
        now = 0;
        for (int i = 0; i < 8; i++)
            now += rig->host.settled[i];
        if (now - before >= count)
            return 0;
        if (rig_now() > deadline) {
            (void)printf("    write: %llu of %u settled\n", (unsigned long long)(now - before),
                         count);
            return -1;
        }
        doze(ops->fd(rig->self), 20);
    }
    return 0;
}

int rig_settled(struct rig *rig, int32_t outcome, uint64_t count, int timeout_ms)
{
    int64_t deadline = rig_now() + timeout_ms * MS;

    while (rig->host.settled[outcome] < count && rig_now() < deadline) {
        if (rig_sink(rig)->poll(rig->self, 0, &rig->err) < 0) {
            (void)printf("    poll: %s\n", rig->err.text);
            return -1;
        }
        doze(rig_sink(rig)->fd(rig->self), 20);
    }
    return rig->host.settled[outcome] == count ? 0 : -1;
}
