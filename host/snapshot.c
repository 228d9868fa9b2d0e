/* SPDX-License-Identifier: MIT
 *
 * What monitors see: totals of all lanes summed up, the metrics of every instance, and the
 * engines' progress records. Runs on the main thread; lanes never wait for it.
 */
#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline.h"

#define S_NS INT64_C(1000000000)
#define NOTES 16u
#define FIGURES 24u
#define NAME 48u
#define SOONEST_NS (10 * INT64_C(1000000)) /* between two snapshots */
#define LATEST_NS (3600 * S_NS)
#define IDLE_TICK_NS (100 * INT64_C(1000000))

struct lrh_progress_note {
    uint32_t lane, n;
    int64_t wall_ns;
    double values[FIGURES];
    char names[FIGURES][NAME];
};

static int64_t load(const int64_t *cell)
{
    return __atomic_load_n(cell, __ATOMIC_RELAXED);
}

/* ---- progress records ------------------------------------------------------------------- */

void lrh_pipeline_note(struct lrh_pipeline *pipeline, const struct lr_progress *progress)
{
    struct lrh_progress_note *note;

    if (!pipeline->monitor_instance)
        return;
    (void)pthread_mutex_lock(&pipeline->mutex);
    if (!pipeline->notes)
        pipeline->notes = calloc(NOTES, sizeof *pipeline->notes);
    if (pipeline->notes && pipeline->n_notes == NOTES) { /* the monitor is slow: drop the oldest */
        memmove(pipeline->notes, pipeline->notes + 1, (NOTES - 1) * sizeof *pipeline->notes);
        pipeline->n_notes--;
    }
    if (pipeline->notes) {
        note = &pipeline->notes[pipeline->n_notes++];
        note->lane = progress->lane;
        note->wall_ns = progress->wall_ns;
        note->n = progress->n_figures < FIGURES ? progress->n_figures : FIGURES;
        for (uint32_t i = 0; i < note->n; i++) {
            const struct lr_figure *figure =
                (const void *)((const char *)progress->figures + (size_t)i * progress->figure_size);

            note->values[i] = figure->value;
            (void)snprintf(note->names[i], NAME, "%s", figure->name);
        }
    }
    (void)pthread_mutex_unlock(&pipeline->mutex);
}

static void tell_progress(struct lrh_pipeline *pipeline, const struct lr_monitor *ops, void *self)
{
    struct lrh_progress_note notes[NOTES];
    uint32_t n = 0;

    (void)pthread_mutex_lock(&pipeline->mutex);
    n = pipeline->n_notes;
    if (n)
        memcpy(notes, pipeline->notes, n * sizeof notes[0]);
    pipeline->n_notes = 0;
    (void)pthread_mutex_unlock(&pipeline->mutex);
    if (!ops->progress)
        return;
    for (uint32_t i = 0; i < n; i++) {
        struct lr_figure figures[FIGURES];
        struct lr_progress progress = {sizeof progress, notes[i].lane,     notes[i].wall_ns,
                                       figures,         sizeof figures[0], notes[i].n};

        for (uint32_t f = 0; f < notes[i].n; f++)
            figures[f] =
                (struct lr_figure){sizeof figures[f], 0, notes[i].names[f], notes[i].values[f]};
        ops->progress(self, &progress);
    }
}

/* ---- metrics ---------------------------------------------------------------------------- */

struct metric_list {
    struct lr_metric *items;
    uint32_t n, room;
};

static void add_metric(struct metric_list *list, struct lr_metric metric)
{
    if (list->n == list->room) {
        uint32_t room = list->room ? list->room * 2 : 64;
        struct lr_metric *grown = realloc(list->items, room * sizeof *grown);

        if (!grown)
            return;
        list->items = grown;
        list->room = room;
    }
    metric.size = sizeof metric;
    list->items[list->n++] = metric;
}

static void add_cells(struct metric_list *list, const struct lrh_instance *instance, int32_t lane)
{
    for (const struct lrh_metric_cell *c = instance ? instance->cells : NULL; c; c = c->next)
        add_metric(list, (struct lr_metric){.kind = c->kind,
                                            .name = c->name,
                                            .help = c->help,
                                            .section = instance->section,
                                            .lane = lane,
                                            .value = (double)load(&c->value)});
}

static void add_verbs(struct metric_list *list, const struct lrh_totals *totals, int32_t lane)
{
    static const char *const names[] = {
        "lrhost_plan_seconds_total",  "lrhost_read_seconds_total",  "lrhost_score_seconds_total",
        "lrhost_write_seconds_total", "lrhost_drain_seconds_total", "lrhost_commit_seconds_total"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        add_metric(list, (struct lr_metric){.kind = LR_COUNTER,
                                            .name = names[i],
                                            .help = "Time that the lane spent in this verb",
                                            .section = "lane",
                                            .lane = lane,
                                            .value = (double)load(&totals->verb_ns[i]) / 1e9});
}

static void collect_metrics(struct lrh_pipeline *pipeline, struct metric_list *list)
{
    (void)pthread_mutex_lock(&pipeline->mutex);
    add_cells(list, pipeline->model_instance, -1);
    for (uint32_t i = 0; i < pipeline->n_lanes; i++) {
        const struct lrh_lane_thread *thread = &pipeline->lanes[i];

        for (uint32_t p = 0; p < LRH_PARTS; p++)
            add_cells(list, thread->instances[p], (int32_t)i);
        add_verbs(list, lrh_lane_totals(thread->lane), (int32_t)i);
    }
    (void)pthread_mutex_unlock(&pipeline->mutex);
}

/* ---- snapshot --------------------------------------------------------------------------- */

int64_t lrh_pipeline_sum(const struct lrh_pipeline *pipeline, struct lr_snapshot *snapshot)
{
    int64_t first = 0, last = 0;

    snapshot->lag = -1;
    for (uint32_t i = 0; i < pipeline->n_lanes; i++) {
        const struct lrh_lane *lane = pipeline->lanes[i].lane;
        const struct lrh_totals *t = lane ? lrh_lane_totals(lane) : NULL;
        int64_t lag, begun, read;

        if (!t)
            continue; /* its creation failed */
        lag = load(&t->lag);
        begun = load(&t->first_read_ns);
        read = load(&t->last_read_ns);
        snapshot->records_read += (uint64_t)load(&t->read);
        snapshot->records_scored += (uint64_t)load(&t->scored);
        snapshot->records_written += (uint64_t)load(&t->written);
        snapshot->records_delivered += (uint64_t)load(&t->delivered);
        snapshot->records_bad += (uint64_t)load(&t->bad);
        snapshot->dead_letters += (uint64_t)load(&t->dead_letters);
        snapshot->bytes_read += (uint64_t)load(&t->read_bytes);
        snapshot->batches += (uint64_t)load(&t->batches);
        snapshot->commits += (uint64_t)load(&t->commits);
        snapshot->rewinds += (uint64_t)load(&t->rewinds);
        snapshot->rebalances += (uint64_t)load(&t->rebalances);
        snapshot->in_flight += (uint64_t)load(&t->in_flight);
        snapshot->streams += (uint32_t)load(&t->streams);
        if (lag >= 0)
            snapshot->lag = (snapshot->lag < 0 ? 0 : snapshot->lag) + lag;
        if (begun && (!first || begun < first))
            first = begun;
        last = read > last ? read : last;
    }
    if (first)
        snapshot->elapsed_ns = pipeline->system->monotonic_ns(pipeline->system->ctx) - first;
    return last;
}

/* Nothing came for `idle` ns, and nothing is on its way. */
static void stop_idle(struct lrh_pipeline *pipeline, int64_t now, int64_t idle)
{
    struct lrh_log_from from = {pipeline->name, "pipeline", -1};
    struct lr_snapshot sums = {0};
    int64_t last = lrh_pipeline_sum(pipeline, &sums);

    /* A group that is dealing its partitions out is not idle, nor is a lane that goes back. */
    for (uint32_t i = 0; i < pipeline->n_lanes; i++) {
        const struct lrh_totals *totals = lrh_lane_totals(pipeline->lanes[i].lane);
        int64_t moved = load(&totals->recovering) ? now : load(&totals->last_rebalance_ns);

        last = last && moved > last ? moved : last;
    }
    if (!last || sums.in_flight || sums.streams == 0 || now - last <= idle)
        return;
    lrh_log_printf(pipeline->log, &from, LR_LOG_INFO, "no record for %.3g s: stopping",
                   (double)idle / 1e9);
    lrh_pipeline_stop(pipeline, pipeline->settings->shutdown_timeout_ns);
}

int64_t lrh_pipeline_tick(struct lrh_pipeline *pipeline, int now_please)
{
    struct lrh_instance *monitor = pipeline->monitor_instance;
    const struct lr_monitor *ops = monitor ? monitor->plugin->ops : NULL;
    int64_t now = pipeline->system->monotonic_ns(pipeline->system->ctx);
    int64_t idle = pipeline->settings->stop_when_idle_ns, next = INT64_MAX, every = S_NS;
    struct lr_snapshot snapshot = {.size = sizeof snapshot};
    struct metric_list list = {0};

    if (pipeline->retired)
        lrh_pipeline_retire(pipeline, 0);
    if (idle != LR_UNSET && pipeline->state == LR_STATE_RUNNING) {
        stop_idle(pipeline, now, idle);
        next = now + IDLE_TICK_NS;
    }
    if (pipeline->retired)
        next = now + IDLE_TICK_NS;
    if (!ops || !monitor->ready)
        return next;
    if (ops->interval_ns)
        every = ops->interval_ns(monitor->self);
    every = every < SOONEST_NS ? SOONEST_NS : every > LATEST_NS ? LATEST_NS : every;
    if (now_please || now >= pipeline->snapshot_due_ns) {
        (void)lrh_pipeline_sum(pipeline, &snapshot);
        snapshot.state = pipeline->state;
        snapshot.pipeline = pipeline->name;
        snapshot.instance = pipeline->instance_name;
        snapshot.wall_ns = pipeline->system->wall_ns(pipeline->system->ctx);
        snapshot.lanes = pipeline->n_lanes;
        collect_metrics(pipeline, &list);
        snapshot.metrics = list.items;
        snapshot.metric_size = sizeof *list.items;
        snapshot.n_metrics = list.n;
        tell_progress(pipeline, ops, monitor->self);
        ops->snapshot(monitor->self, &snapshot);
        free(list.items);
        pipeline->snapshot_due_ns = now + every;
    }
    return next < pipeline->snapshot_due_ns ? next : pipeline->snapshot_due_ns;
}
