/* SPDX-License-Identifier: MIT
 *
 * See watch.h.
 */
#include "watch.h"

#include <inttypes.h>
#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "state.h"

#define S_NS INT64_C(1000000000)
#define FEEDS 4             /* looks in a watchdog's time, at least */
#define SOON_NS (S_NS / 20) /* between two looks while a group is joined */
#define SOONEST_NS (S_NS / 100)
#define RATE_NS (S_NS / 2)
#define PATIENCE_NS (10 * S_NS)
#define LONGER "EXTEND_TIMEOUT_USEC=60000000" /* well over PATIENCE_NS */

struct lrh_watched {
    char path[PATH_MAX]; /* of the state file; empty: none */
    struct lrh_state state;
    int64_t rated_ns, rated_read; /* when the rate was last made, and of which count */
    int64_t commits;
    int32_t stuck;     /* it was said */
    int32_t written;   /* a state file, at least once */
    int32_t unwritten; /* it was said */
};

static int64_t now_ns(void)
{
    return lrh_system_real.monotonic_ns(NULL);
}

static double wall_s(void)
{
    return (double)lrh_system_real.wall_ns(NULL) / 1e9;
}

static void prepare(struct lrh_watched *watched, const struct lrh_pipeline *pipeline,
                    struct lrh_log *log)
{
    struct lrh_log_from from = {pipeline->name, "pipeline", -1};
    struct lr_error err = LR_ERROR_INIT;
    struct lrh_state *state = &watched->state;

    (void)snprintf(state->pipeline, sizeof state->pipeline, "%s", pipeline->name);
    (void)snprintf(state->instance, sizeof state->instance, "%s", pipeline->instance_name);
    (void)snprintf(state->config, sizeof state->config, "%s", pipeline->config->path);
    state->pid = getpid();
    state->started = wall_s();
    state->lag = -1;
    if (lrh_state_path(pipeline->name, pipeline->instance_name, watched->path, &err) == LR_OK)
        return;
    watched->path[0] = '\0';
    lrh_log_printf(log, &from, LR_LOG_INFO,
                   "no state file, so `lrhost status` will not see this run: %s", err.text);
}

lr_status lrh_watch_init(struct lrh_watch *watch, struct lrh_log *log,
                         struct lrh_pipeline **pipelines, size_t n)
{
    *watch = (struct lrh_watch){.log = log, .pipelines = pipelines, .n = n, .every_ns = S_NS};
    lrh_notify_init(&watch->notify);
    if (watch->notify.watchdog_ns && watch->notify.watchdog_ns / FEEDS < watch->every_ns)
        watch->every_ns = watch->notify.watchdog_ns / FEEDS;
    if (watch->every_ns < SOONEST_NS)
        watch->every_ns = SOONEST_NS; /* no look is free */
    watch->each = calloc(n, sizeof *watch->each);
    if (!watch->each)
        return LR_ENOMEM;
    for (size_t i = 0; i < n; i++)
        prepare(&watch->each[i], pipelines[i], log);
    return LR_OK;
}

void lrh_watch_finish(struct lrh_watch *watch)
{
    for (size_t i = 0; watch->each && i < watch->n; i++)
        if (watch->each[i].written)
            lrh_state_remove(watch->each[i].path, watch->each[i].state.pid);
    free(watch->each);
    watch->each = NULL;
    lrh_notify_finish(&watch->notify);
}

/* ---- lanes ------------------------------------------------------------------------------ */

static int64_t load(const int64_t *cell)
{
    return __atomic_load_n(cell, __ATOMIC_RELAXED);
}

/* Has the lane turned since the last look? If not, it is woken. Returns when it last did. */
static int64_t look_at_lane(struct lrh_lane_thread *thread, int64_t now)
{
    int64_t turns;

    if (__atomic_load_n(&thread->work, __ATOMIC_ACQUIRE) != LRH_WORK_GOES_ON) {
        thread->turned_ns = 0; /* not yet, or no more: nothing to turn */
        return now;
    }
    turns = load(&lrh_lane_totals(thread->lane)->turns);
    if (turns != thread->turns || thread->turned_ns == 0) {
        thread->turns = turns;
        thread->turned_ns = now;
    } else {
        lrh_lane_wake(thread->lane);
    }
    return thread->turned_ns;
}

static int64_t look_at_lanes(struct lrh_pipeline *pipeline, int64_t now)
{
    int64_t slowest = now;

    for (uint32_t i = 0; i < pipeline->n_lanes; i++) {
        int64_t turned = look_at_lane(&pipeline->lanes[i], now);

        slowest = turned < slowest ? turned : slowest;
    }
    return slowest;
}

/* Every source has said what it reads, be it nothing: a group that is joined says so. A lane that
 * was given its word a moment ago has not taken it up yet. */
static int is_ready(const struct lrh_pipeline *pipeline)
{
    if (pipeline->state != LR_STATE_RUNNING)
        return pipeline->state > LR_STATE_RUNNING;
    for (uint32_t i = 0; i < pipeline->n_lanes; i++) {
        const struct lrh_lane_thread *thread = &pipeline->lanes[i];

        if (__atomic_load_n(&thread->work, __ATOMIC_ACQUIRE) != LRH_WORK_OVER &&
            load(&lrh_lane_totals(thread->lane)->last_rebalance_ns) == 0)
            return 0;
    }
    return 1;
}

/* ---- the state of a pipeline ------------------------------------------------------------ */

static void say_stuck(struct lrh_watch *watch, struct lrh_watched *watched)
{
    struct lrh_log_from from = {watched->state.pipeline, "pipeline", -1};
    int stuck = watched->state.stalled_seconds > LRH_STATE_STALL_S;

    if (stuck && !watched->stuck)
        lrh_log_printf(watch->log, &from, LR_LOG_WARNING,
                       "a lane has not turned for %.0f s; it waits inside a plugin",
                       watched->state.stalled_seconds);
    else if (!stuck && watched->stuck)
        lrh_log_write(watch->log, &from, LR_LOG_NOTICE, "every lane turns again");
    watched->stuck = stuck;
}

/* A run that is refused at its beginning leaves alone what another one of its name has written. */
static int is_refused(struct lrh_pipeline *pipeline)
{
    return !pipeline->lanes || lrh_pipeline_failed(pipeline, NULL) != LR_OK;
}

static void write_state(struct lrh_watch *watch, struct lrh_watched *watched,
                        struct lrh_pipeline *pipeline)
{
    struct lrh_log_from from = {watched->state.pipeline, "pipeline", -1};
    struct lr_error err = LR_ERROR_INIT;
    int failed;

    if (!watched->path[0] || (!watched->written && is_refused(pipeline)))
        return;
    failed = lrh_state_write(&watched->state, watched->path, &err) != LR_OK;
    if (failed && !watched->unwritten)
        lrh_log_printf(watch->log, &from, LR_LOG_WARNING,
                       "`lrhost status` does not see this run for now: %s", err.text);
    else if (!failed && watched->unwritten)
        lrh_log_write(watch->log, &from, LR_LOG_NOTICE, "the state file is written again");
    watched->written |= !failed;
    watched->unwritten = failed;
}

static const char *state_name(struct lrh_pipeline *pipeline)
{
    if (pipeline->state > LR_STATE_RUNNING)
        return "stopping";
    if (pipeline->state == LR_STATE_RUNNING && lrh_pipeline_finished(pipeline))
        return "stopped"; /* its input ended, and another one of this process goes on */
    return is_ready(pipeline) ? "running" : "starting";
}

/* A look that comes early, because a state changed, makes no rate: it would be that of a moment. */
static void take_rate(struct lrh_watched *watched, int64_t read, int64_t now)
{
    int64_t ns = now - watched->rated_ns;

    if (watched->rated_ns && ns < RATE_NS)
        return;
    if (watched->rated_ns)
        watched->state.records_per_second =
            (double)(read - watched->rated_read) / ((double)ns / 1e9);
    watched->rated_ns = now;
    watched->rated_read = read;
}

static void take_figures(struct lrh_watched *watched, struct lrh_pipeline *pipeline, int64_t now)
{
    struct lrh_state *state = &watched->state;
    struct lr_snapshot sums = {.size = sizeof sums};

    lrh_pipeline_sum(pipeline, &sums);
    state->updated = wall_s();
    take_rate(watched, (int64_t)sums.records_read, now);
    if ((int64_t)sums.commits != watched->commits)
        state->last_commit = state->updated;
    watched->commits = (int64_t)sums.commits;
    state->lanes = pipeline->n_lanes;
    state->streams = sums.streams;
    state->records_read = (int64_t)sums.records_read;
    state->records_delivered = (int64_t)sums.records_delivered;
    state->records_bad = (int64_t)sums.records_bad;
    state->dead_letters = (int64_t)sums.dead_letters;
    state->lag = sums.lag;
    (void)snprintf(state->state, sizeof state->state, "%s", state_name(pipeline));
}

/* ---- what the service manager is told --------------------------------------------------- */

static const char *common_state(const struct lrh_watch *watch)
{
    const char *first = watch->each[0].state.state;

    for (size_t i = 1; i < watch->n; i++)
        if (strcmp(first, watch->each[i].state.state) != 0)
            return "partly running";
    return first;
}

static void tell_status(const struct lrh_watch *watch)
{
    char text[256], lag[32] = "unknown";
    double rate = 0;
    int64_t behind = -1;
    int64_t streams = 0;

    for (size_t i = 0; i < watch->n; i++) {
        const struct lrh_state *state = &watch->each[i].state;

        rate += state->records_per_second;
        streams += state->streams;
        if (state->lag >= 0)
            behind = (behind < 0 ? 0 : behind) + state->lag;
    }
    if (behind >= 0)
        (void)snprintf(lag, sizeof lag, "%" PRId64, behind);
    (void)snprintf(text, sizeof text, "STATUS=%s: %.0f records/s, lag %s, streams %" PRId64,
                   common_state(watch), rate, lag, streams);
    (void)lrh_notify_send(&watch->notify, text);
}

static void tell_manager(struct lrh_watch *watch, int64_t now, int64_t slowest)
{
    int ready = 1, joining = 1, stopping = 1;

    for (size_t i = 0; i < watch->n; i++) {
        ready &= is_ready(watch->pipelines[i]);
        joining &= watch->pipelines[i]->state == LR_STATE_RUNNING;
        stopping &= watch->pipelines[i]->state > LR_STATE_RUNNING;
    }
    if (ready && !watch->ready && !stopping)
        watch->ready = lrh_notify_send(&watch->notify, "READY=1");
    if (stopping && !watch->leaving)
        watch->leaving = lrh_notify_send(&watch->notify, "STOPPING=1");
    tell_status(watch);
    if (slowest <= watch->fed_ns)
        return; /* a lane did not turn since */
    watch->fed_ns = now;
    if (watch->notify.watchdog_ns)
        (void)lrh_notify_send(&watch->notify, "WATCHDOG=1");
    /* A group waits for its other members, however long those take. */
    if (joining && !watch->ready && now >= watch->patience_ns &&
        lrh_notify_send(&watch->notify, LONGER))
        watch->patience_ns = now + PATIENCE_NS;
}

/* ---- the look --------------------------------------------------------------------------- */

/* A change of state is told at once, the rest once a second. */
static int has_news(const struct lrh_watch *watch)
{
    for (size_t i = 0; i < watch->n; i++)
        if (strcmp(watch->each[i].state.state, state_name(watch->pipelines[i])) != 0)
            return 1;
    return 0;
}

int64_t lrh_watch_look(struct lrh_watch *watch)
{
    int64_t now = now_ns(), slowest = now;

    if (now < watch->due_ns && !has_news(watch))
        return watch->due_ns;
    for (size_t i = 0; i < watch->n; i++) {
        struct lrh_watched *watched = &watch->each[i];
        int64_t turned = look_at_lanes(watch->pipelines[i], now);

        slowest = turned < slowest ? turned : slowest;
        watched->state.stalled_seconds = (double)(now - turned) / 1e9;
        take_figures(watched, watch->pipelines[i], now);
        say_stuck(watch, watched);
        write_state(watch, watched, watch->pipelines[i]);
    }
    tell_manager(watch, now, slowest);
    watch->due_ns = now + (watch->ready ? watch->every_ns : SOON_NS);
    return watch->due_ns;
}

void lrh_watch_reloading(struct lrh_watch *watch)
{
    char text[80];

    if (!watch->ready || watch->leaving)
        return;
    (void)snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, now_ns() / 1000);
    if (lrh_notify_send(&watch->notify, text))
        watch->reloading = 1;
}

void lrh_watch_reloaded(struct lrh_watch *watch)
{
    if (watch->reloading)
        watch->ready = 0; /* to be said again */
    watch->reloading = 0;
    watch->due_ns = 0;
}
