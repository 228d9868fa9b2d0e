/* SPDX-License-Identifier: MIT
 *
 * What a pipeline does, in one line of text; see status.h. A figure that is 0 and would be
 * bad news otherwise (bad records, rewinds) is not mentioned.
 */
#include "status.h"

#define NS_PER_S 1e9

void status_init(struct status *status)
{
    *status = (struct status){.lag = -1, .batch_id = -1};
}

static double rate(uint64_t now, uint64_t before, int64_t ns)
{
    return ns > 0 && now > before ? (double)(now - before) * NS_PER_S / (double)ns : 0;
}

void status_update(struct status *status, const struct lr_snapshot *snapshot)
{
    int64_t since_ns = snapshot->wall_ns - status->wall_ns;

    if (status->state != 0 && since_ns > 0) {
        status->read_rate = rate(snapshot->records_read, status->read, since_ns);
        status->delivered_rate = rate(snapshot->records_delivered, status->delivered, since_ns);
    }
    (void)snprintf(status->pipeline, sizeof status->pipeline, "%s", snapshot->pipeline);
    status->state = snapshot->state;
    status->lanes = snapshot->lanes;
    status->wall_ns = snapshot->wall_ns;
    status->elapsed_ns = snapshot->elapsed_ns;
    status->read = snapshot->records_read;
    status->delivered = snapshot->records_delivered;
    status->bad = snapshot->records_bad;
    status->dead_letters = snapshot->dead_letters;
    status->in_flight = snapshot->in_flight;
    status->rewinds = snapshot->rewinds;
    status->lag = snapshot->lag;
}

void status_progress(struct status *status, const struct lr_progress *progress)
{
    for (uint32_t i = 0; i < progress->n_figures; i++) {
        const char *at = (const char *)progress->figures + (size_t)i * progress->figure_size;
        const struct lr_figure *figure = (const void *)at;

        if (strcmp(figure->name, "batchId") == 0)
            status->batch_id = (int64_t)figure->value;
        else if (strcmp(figure->name, "numInputRows") == 0)
            status->batch_rows = figure->value;
        else if (strcmp(figure->name, "durationMs.triggerExecution") == 0)
            status->batch_ms = figure->value;
    }
}

/* ---- text ------------------------------------------------------------------------------- */

void status_count(char *text, size_t room, double count)
{
    static const char *const units[] = {"", " k", " M", " G", " T"};
    size_t unit = 0;

    while (count >= 999.5 && unit + 1 < sizeof units / sizeof units[0]) {
        count /= 1000;
        unit++;
    }
    (void)snprintf(text, room, "%.*f%s",
                   unit == 0 || count >= 99.95 ? 0
                   : count >= 9.995            ? 1
                                               : 2,
                   count, units[unit]);
}

static const char *state_name(int32_t state)
{
    switch (state) {
    case LR_STATE_STARTING:
        return "starting";
    case LR_STATE_RUNNING:
        return "running";
    case LR_STATE_STOPPING:
        return "stopping";
    case LR_STATE_STOPPED:
        return "stopped";
    case LR_STATE_FAILED:
        return "failed";
    default:
        return "waiting";
    }
}

/* A line that is put together piece by piece; what does not fit is cut off. */
struct line {
    char *text;
    size_t used, room;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
    size_t left = line->room - line->used;
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(line->text + line->used, left, format, args);
    va_end(args);
    if (len > 0)
        line->used += (size_t)len < left ? (size_t)len : left - 1;
}

static void add_count(struct line *line, const char *what, double count)
{
    char text[32];

    status_count(text, sizeof text, count);
    add(line, "%s%s", what, text);
}

static void add_trouble(struct line *line, const struct status *status)
{
    if (status->bad)
        add_count(line, ", bad ", (double)status->bad);
    if (status->dead_letters)
        add_count(line, ", dead letters ", (double)status->dead_letters);
    if (status->rewinds)
        add_count(line, ", rewinds ", (double)status->rewinds);
}

void status_long(const struct status *status, char *text, size_t room)
{
    struct line line = {text, 0, room};

    add(&line, "%s: ", status->pipeline);
    if (status->state != LR_STATE_RUNNING)
        add(&line, "%s, ", state_name(status->state));
    add_count(&line, "read ", (double)status->read);
    add_count(&line, " (", status->read_rate);
    add_count(&line, "/s), delivered ", (double)status->delivered);
    add_count(&line, " (", status->delivered_rate);
    add_count(&line, "/s), in flight ", (double)status->in_flight);
    if (status->lag >= 0)
        add_count(&line, ", lag ", (double)status->lag);
    if (status->batch_id >= 0) {
        add(&line, ", batch %lld: ", (long long)status->batch_id);
        add_count(&line, "", status->batch_rows);
        add(&line, " rows in %.1f ms", status->batch_ms);
    }
    add_trouble(&line, status);
}

void status_short(const struct status *status, char *text, size_t room)
{
    struct line line = {text, 0, room};

    add(&line, "%s ", status->pipeline);
    if (status->state != LR_STATE_RUNNING) {
        add(&line, "%s", state_name(status->state));
    } else {
        add_count(&line, "", (double)status->delivered);
        add_count(&line, " (", status->delivered_rate);
        add(&line, "/s)");
    }
    if (status->lag > 0)
        add_count(&line, " lag ", (double)status->lag);
    if (status->bad)
        add_count(&line, " bad ", (double)status->bad);
}

void status_final(const struct status *status, char *text, size_t room)
{
    struct line line = {text, 0, room};
    double seconds = (double)status->elapsed_ns / NS_PER_S;

    add(&line, "%s: %s, read %llu, delivered %llu", status->pipeline, state_name(status->state),
        (unsigned long long)status->read, (unsigned long long)status->delivered);
    if (seconds > 0) {
        add(&line, " in %.1f s", seconds);
        add_count(&line, " (", (double)status->delivered / seconds);
        add(&line, "/s)");
    }
    add_trouble(&line, status);
}
