/* SPDX-License-Identifier: MIT
 *
 * Where a lane sleeps, and what keeps its source and sinks alive meanwhile. One poll(2) watches the
 * host's wake-up, the sinks and the source; a sink that is silent is told of here. See lane.h.
 */
#include "lane_private.h"

#include <lrhost/error.h>
#include <unistd.h>

#define MS INT64_C(1000000)

static void learn_fds(struct lrh_lane *lane)
{
    const struct lrh_lane_config *c = &lane->config;

    lane->source_fd = c->source.ops->fd ? c->source.ops->fd(c->source.self) : -1;
    lane->sink_fd = c->sink.ops->fd ? c->sink.ops->fd(c->sink.self) : -1;
    lane->dead_fd = c->dead.ops && c->dead.ops->fd ? c->dead.ops->fd(c->dead.self) : -1;
    lane->fds_known = 1;
}

int lrh__lane_source_fd(struct lrh_lane *lane)
{
    if (!lane->fds_known)
        learn_fds(lane);
    return lane->source_fd;
}

#define SILENT_NS (10000 * MS) /* of a sink that has something to settle */
#define STILL_SILENT_NS (60000 * MS)

/* A disk that is full, a broker that is away, a reader that is slow: to the lane they look alike.
 * Said once, then once a minute, and when it is over. */
static void watch_sink(struct lrh_lane *lane)
{
    int64_t now = lane_mono(lane);

    if (lane->totals.in_flight == 0 || lane->silent_since_ns == 0 ||
        lane->settles != lane->settles_seen) {
        if (lane->silent_since_ns && lane->say_silent_ns > lane->silent_since_ns + SILENT_NS)
            lrh__lane_log(lane, LR_LOG_NOTICE, "the sink goes on after %.1f s",
                          (double)(now - lane->silent_since_ns) / 1e9);
        lane->settles_seen = lane->settles;
        lane->silent_since_ns = now;
        lane->say_silent_ns = now + SILENT_NS;
    } else if (now >= lane->say_silent_ns) {
        lane->say_silent_ns = now + STILL_SILENT_NS;
        lrh__lane_log(lane, LR_LOG_WARNING,
                      "the sink has settled nothing for %lld s; %lld records wait for it, and "
                      "reading waits with them",
                      (long long)((now - lane->silent_since_ns) / (1000 * MS)),
                      (long long)lane->totals.in_flight);
    }
}

/* One poll(2) over the host's wake-up, the sinks and, if `reading`, the source. */
void lrh__lane_doze(struct lrh_lane *lane, int64_t timeout_ns, int reading)
{
    struct pollfd fds[4] = {{lane->wake_fd, POLLIN, 0}};
    nfds_t n = 1;
    uint64_t counter;

    ADD(lane, turns, 1);
    watch_sink(lane);
    if (!lane->fds_known)
        learn_fds(lane);
    if (lane->sink_fd >= 0)
        fds[n++] = (struct pollfd){lane->sink_fd, POLLIN, 0};
    if (lane->dead_fd >= 0)
        fds[n++] = (struct pollfd){lane->dead_fd, POLLIN, 0};
    if (reading && lane->source_fd >= 0)
        fds[n++] = (struct pollfd){lane->source_fd, POLLIN, 0};
    if (lane->totals.in_flight > 0 && lane->sink_fd < 0 && timeout_ns > SLICE_SETTLE_NS)
        timeout_ns = SLICE_SETTLE_NS;
    lane->config.system->sleep(lane->config.system->ctx, fds, n, timeout_ns);
    if (fds[0].revents && read(lane->wake_fd, &counter, sizeof counter) < 0) {
        /* Someone else's wake-up was taken before; nothing to do. */
    }
}

/* Delivers the settles that are due. */
lr_status lrh__lane_poll_sinks(struct lrh_lane *lane)
{
    const struct lrh_sink_part *sinks[2] = {&lane->config.sink, &lane->config.dead};

    for (int i = 0; i < 2; i++) {
        const struct lrh_sink_part *sink = sinks[i];
        struct lr_error err = LR_ERROR_INIT;
        lr_status status;

        if (!sink->ops || !sink->ops->poll)
            continue;
        status = sink->ops->poll(sink->self, 0, &err);
        if (status < 0) {
            lr_context(&err, i ? "dead_letter" : "sink");
            return lrh__lane_fail(lane, status, &err);
        }
    }
    return lane->status;
}

/* Keeps the source alive without taking records; notes an event. */
lr_status lrh__lane_poll_source(struct lrh_lane *lane)
{
    const struct lrh_source_part *source = &lane->config.source;
    struct lr_error err = LR_ERROR_INIT;
    lr_status status;

    if (lane->busy || lane->event || lane->at_end)
        return LR_OK;
    status = source->ops->poll(source->self, &lane->idle, 0, NULL, 0, 0, &lane->event, &err);
    if (status < 0) {
        lr_context(&err, "source");
        return lrh__lane_fail(lane, status, &err);
    }
    if (status != LR_REBALANCE)
        lane->event = NULL;
    lane->at_end = status == LR_END;
    return LR_OK;
}

lr_status lrh__lane_serve(struct lrh_lane *lane, int64_t timeout_ns)
{
    lr_status status = lrh__lane_poll_sinks(lane);

    if (status == LR_OK)
        status = lrh__lane_poll_source(lane);
    if (status != LR_OK || timeout_ns <= 0)
        return status;
    lrh__lane_doze(lane, timeout_ns < SLICE_NS ? timeout_ns : SLICE_NS, 0);
    return lrh__lane_poll_sinks(lane);
}
