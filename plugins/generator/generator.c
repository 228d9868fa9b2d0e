/* SPDX-License-Identifier: MIT
 *
 * Source `generator`: labelled vectors as text, "f0,f1,...,fn;label", from a seed.
 *
 * Record i of the sequence depends on (settings, i) alone (plugins/common/draw.h). Lane k of n
 * makes the records k, k + n, k + 2n, ..., so that all lanes together send the same records
 * however many they are. Each lane is one stream, whose offsets count its own records.
 *
 * With `rate` it is an open loop: record i is due at (first poll) + schedule(i), its t0 is that
 * moment even when it leaves later, and how much later is measured ("slip"). Lanes share
 * nothing, so each has its own first poll; they lie within the host's start-up of each other.
 *
 * It declares no REPLAY although it could compute any record again: there is no place where
 * it would keep a position across a restart, and a record that was due an hour ago cannot be
 * sent on time any more.
 */
#include "generator.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "print.h"
#include "schedule.h"

/* A batch's text is not larger than this, if one record fits. */
#define TEXT_MAX (UINT32_C(16) << 20)

struct generator {
    const struct lr_host *host;
    const struct generator_settings *settings;
    struct draw draw;
    struct printer printer;
    struct text_pool pool;
    int64_t *units;     /* [features] scratch */
    size_t record_room; /* longest record */

    struct lr_stream stream;
    const struct lr_stream *streams[1];
    struct lr_event event;
    int32_t announced; /* the stream was handed over */

    uint64_t next;   /* record of the whole sequence */
    int64_t offset;  /* of this lane's stream */
    int64_t end;     /* the offset where it stops; INT64_MAX: never */
    int32_t paced;   /* there is a rate */
    int32_t running; /* the two origins are set */
    int64_t origin_mono_ns, origin_wall_ns;
    struct schedule schedule;
    int64_t due_ns; /* of record `next`, from the origin */
    int timer;
    int32_t timer_armed;

    uint64_t paced_records;
    int64_t slip_max_ns;
    double slip_sum_ns;
    int64_t *slip_max_cell, *slip_total_cell;
};

/* ---- life ----------------------------------------------------------------------------- */

static int64_t lane_end(const struct generator_settings *s, const struct lr_host *host)
{
    if (s->count == LR_UNSET)
        return INT64_MAX;
    return s->count > host->lane ? (s->count - host->lane - 1) / host->lanes + 1 : 0;
}

static void destroy(void *self)
{
    struct generator *g = self;

    if (!g)
        return;
    text_pool_finish(&g->pool);
    draw_finish(&g->draw);
    free(g->units);
    free(g);
}

static lr_status create(const struct lr_host *host, const void *settings, void **ret_self,
                        struct lr_error *err)
{
    const struct generator_settings *s = settings;
    struct generator *g = calloc(1, sizeof *g);
    lr_status status;

    if (!g)
        return lr_fail(err, LR_ENOMEM, "out of memory for a generator");
    g->host = host;
    g->settings = s;
    g->timer = -1;
    status = generator_init_draw(&g->draw, s, err);
    if (status == LR_OK) {
        g->units = calloc((size_t)s->features, sizeof *g->units);
        if (!g->units)
            status =
                lr_fail(err, LR_ENOMEM, "out of memory for %lld features", (long long)s->features);
    }
    if (status) {
        destroy(g);
        return status;
    }
    printer_init(&g->printer, (uint32_t)s->decimals);
    g->record_room = ((size_t)s->features + 1) * PRINT_ROOM;
    g->next = host->lane;
    g->end = lane_end(s, host);
    g->stream = (struct lr_stream){.size = sizeof g->stream,
                                   .id = host->lane,
                                   .topic = "generator",
                                   .partition = (int32_t)host->lane,
                                   .end = s->count == LR_UNSET ? -1 : g->end};
    g->streams[0] = &g->stream;
    g->event = (struct lr_event){
        .size = sizeof g->event, .kind = LR_EVENT_ASSIGN, .n_streams = 1, .streams = g->streams};
    g->paced = !isnan(s->rate);
    if (g->paced) {
        schedule_init(&g->schedule, s->arrival, s->rate, (uint64_t)s->burst, (uint64_t)s->seed);
        g->slip_max_cell = host->metric(host->ctx, LR_GAUGE, "generator_slip_max_nanoseconds",
                                        "Longest time between a record's due time and its send");
        g->slip_total_cell = host->metric(host->ctx, LR_COUNTER, "generator_slip_nanoseconds_total",
                                          "Time between due time and send, summed over records");
    }
    *ret_self = g;
    return LR_OK;
}

/* Makes the descriptor readable in `delay_ns`; 0: at once. */
static void arm_timer(struct generator *g, int64_t delay_ns)
{
    struct itimerspec when = {0};

    if (delay_ns < 1)
        delay_ns = 1; /* 0 would disarm it */
    when.it_value.tv_sec = delay_ns / 1000000000;
    when.it_value.tv_nsec = delay_ns % 1000000000;
    (void)timerfd_settime(g->timer, 0, &when, NULL);
    g->timer_armed = 1;
}

static lr_status start(void *self, struct lr_error *err)
{
    struct generator *g = self;

    g->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (g->timer < 0)
        return lr_fail(err, LR_EUNAVAILABLE, "no timer from the system: %s", strerror(errno));
    arm_timer(g, 0);
    return LR_OK;
}

static void stop(void *self, int64_t deadline_ns)
{
    struct generator *g = self;
    char line[200];

    (void)deadline_ns;
    if (g->timer >= 0)
        (void)close(g->timer);
    g->timer = -1;
    if (!g->paced_records)
        return;
    (void)snprintf(line, sizeof line,
                   "sent %llu records at %g/s over all lanes; slip behind schedule: mean %.1f us, "
                   "max %.1f us",
                   (unsigned long long)g->paced_records, g->settings->rate,
                   g->slip_sum_ns / (double)g->paced_records / 1e3, (double)g->slip_max_ns / 1e3);
    g->host->log(g->host->ctx, LR_LOG_INFO, line);
}

/* ---- reading -------------------------------------------------------------------------- */

static int fd(void *self)
{
    return ((struct generator *)self)->timer;
}

/* Nothing is wanted now: an expired timer would only keep the lane from sleeping. The next poll
 * that wants records arms it again, if need be. */
static void quieten(struct generator *g)
{
    uint64_t expirations;

    if (g->timer_armed && read(g->timer, &expirations, sizeof expirations) > 0)
        g->timer_armed = 0;
}

/* How many records' text a batch may have. */
static uint32_t batch_room(const struct generator *g, const struct lr_batch *batch)
{
    size_t fit = g->record_room < TEXT_MAX ? TEXT_MAX / g->record_room : 1;

    return fit < batch->capacity ? (uint32_t)fit : batch->capacity;
}

/* How many records this poll may make: by room, plan and count. */
static uint32_t room_for(const struct generator *g, const struct lr_batch *batch,
                         uint32_t max_records, const int64_t *until, uint32_t n_until)
{
    int64_t n = batch_room(g, batch), end = g->end;

    if (until && g->stream.id < n_until && until[g->stream.id] < end)
        end = until[g->stream.id];
    if (n > max_records)
        n = max_records;
    if (n > end - g->offset)
        n = end - g->offset;
    return n > 0 ? (uint32_t)n : 0;
}

/* The origin is the first poll, not start: a model may train in between. */
static void set_origin(struct generator *g)
{
    g->origin_mono_ns = g->host->monotonic_ns(g->host->ctx);
    g->origin_wall_ns = g->host->wall_ns(g->host->ctx);
    g->running = 1;
    if (g->paced)
        g->due_ns = schedule_due_ns(&g->schedule, g->next);
}

static void note_slip(struct generator *g, int64_t slip_ns)
{
    g->paced_records++;
    g->slip_sum_ns += (double)slip_ns;
    if (slip_ns > g->slip_max_ns)
        g->slip_max_ns = slip_ns;
}

/* Makes at most n records, those that are due by now_ns (from the origin). */
static uint32_t fill(struct generator *g, struct lr_batch *batch, uint32_t n, int64_t now_ns,
                     int64_t unpaced_wall_ns, char *text)
{
    uint32_t step = g->host->lanes;
    int32_t label = g->settings->label;
    double slip_before = g->slip_sum_ns;
    uint32_t i;

    for (i = 0; i < n && (!g->paced || g->due_ns <= now_ns); i++) {
        struct lr_record *record = lr_batch_record(batch, i);
        int64_t wall_ns = g->paced ? g->origin_wall_ns + g->due_ns : unpaced_wall_ns;
        int64_t label_units;
        char *end;

        draw_units(&g->draw, g->next, g->units, &label_units);
        end = print_record(&g->printer, text, g->units, g->draw.features,
                           label ? &label_units : NULL);
        *record = (struct lr_record){.value = text,
                                     .value_len = (uint32_t)(end - text),
                                     .offset = g->offset + i,
                                     .timestamp_ns = wall_ns,
                                     .stream = g->stream.id};
        if (batch->t0)
            batch->t0[i] = wall_ns;
        text = end;
        g->next += step;
        if (g->paced) {
            note_slip(g, now_ns - g->due_ns);
            g->due_ns = schedule_due_ns(&g->schedule, g->next);
        }
    }
    if (g->paced && i > 0) {
        lr_metric_set(g->slip_max_cell, g->slip_max_ns);
        lr_metric_add(g->slip_total_cell, (int64_t)(g->slip_sum_ns - slip_before));
    }
    return i;
}

static lr_status poll(void *self, struct lr_batch *batch, uint32_t max_records,
                      const int64_t *until, uint32_t n_until, int64_t timeout_ns,
                      const struct lr_event **ret_event, struct lr_error *err)
{
    struct generator *g = self;
    struct text_buffer *buffer;
    int64_t now_ns, wall_ns;
    uint32_t n;

    (void)timeout_ns; /* the lane sleeps on fd */
    if (!g->announced) {
        *ret_event = &g->event;
        return LR_REBALANCE;
    }
    if (g->offset >= g->end)
        return LR_END;
    n = room_for(g, batch, max_records, until, n_until);
    if (n == 0) {
        quieten(g);
        return LR_AGAIN;
    }
    if (!g->running)
        set_origin(g);
    now_ns = g->host->monotonic_ns(g->host->ctx) - g->origin_mono_ns;
    if (g->paced && g->due_ns > now_ns) {
        arm_timer(g, g->due_ns - now_ns);
        return LR_AGAIN;
    }
    wall_ns = g->paced ? 0 : g->host->wall_ns(g->host->ctx);
    buffer = text_pool_take(&g->pool, batch_room(g, batch) * g->record_room);
    if (!buffer)
        return lr_fail(err, LR_ENOMEM, "out of memory for the text of %u records",
                       batch_room(g, batch));
    n = fill(g, batch, n, now_ns, wall_ns, buffer->text);
    g->offset += n;
    g->stream.next = g->offset;
    batch->count = n;
    batch->spans[0] = (struct lr_span){g->stream.id, n, g->offset};
    batch->n_spans = 1;
    batch->hold = buffer;
    return LR_OK;
}

static lr_status rebalanced(void *self, struct lr_error *err)
{
    (void)err;
    ((struct generator *)self)->announced = 1;
    return LR_OK;
}

static void release(void *self, struct lr_batch *batch)
{
    text_pool_give(&((struct generator *)self)->pool, batch->hold);
    batch->hold = NULL;
}

/* ---- descriptor ----------------------------------------------------------------------- */

static const struct lr_source ops = {
    .size = sizeof ops,
    .caps = LR_SOURCE_SPLIT | LR_SOURCE_ENDS,
    .fd = fd,
    .poll = poll,
    .rebalanced = rebalanced,
    .release = release,
};

static const struct lr_plugin plugin = {
    .size = sizeof plugin,
    .kind = LR_SOURCE,
    .name = "generator",
    .summary = "Makes labelled records from a seed, as fast as possible or on a schedule",
    .options = generator_options,
    .option_size = sizeof(struct lr_option),
    .n_options = GENERATOR_OPTIONS,
    .settings_size = sizeof(struct generator_settings),
    .ops = &ops,
    .check = generator_check,
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
    .n_plugins = 1,
    .name = "generator",
    .version = LRHOST_VERSION,
    .license = "MIT",
    .plugins = plugins,
};
LRHOST_MODULE(module, 1)
