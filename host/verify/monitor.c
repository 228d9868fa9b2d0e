/* SPDX-License-Identifier: MIT
 *
 * Tests of monitors: every state, metrics and progress records of any number, in arrays whose
 * elements are larger than the ones the monitor knows, in memory that is taken away afterwards.
 */
#include <math.h>
#include <stdlib.h>

#include "verify.h"

#define METRICS 40u
#define GAP 24u /* bytes behind each element, as a newer host would have */

static struct lrh_subject a;
static int lent; /* what a call gets is taken away afterwards */

static void fill_metrics(char *at)
{
    static const struct lr_metric plain[] = {
        {.kind = LR_COUNTER, .name = "lrhost_records_total", .section = "source", .value = 1e15},
        {.kind = LR_GAUGE, .name = "lrhost_lag", .section = "source", .lane = 3, .value = NAN},
        {.kind = LR_GAUGE, .name = "lrhost_odd", .section = "sink", .lane = -1, .value = -INFINITY},
    };

    memset(at, 0xee, METRICS * (sizeof(struct lr_metric) + GAP));
    for (uint32_t i = 0; i < METRICS; i++) {
        struct lr_metric metric = plain[i % 3];

        metric.size = sizeof metric + GAP;
        metric.help = "A metric";
        memcpy(at + i * (sizeof metric + GAP), &metric, sizeof metric);
    }
}

static void snapshot_in(struct lrh_kit *kit, int32_t state, uint64_t records, uint32_t n_metrics)
{
    const struct lr_monitor *monitor = kit->plugin->ops;
    struct lr_fake_pages pages = {0}, metrics = {0};
    struct lr_snapshot *snapshot;

    if (lr_fake_pages_init(&pages, sizeof *snapshot, 8) != LR_OK ||
        lr_fake_pages_init(&metrics, METRICS * (sizeof(struct lr_metric) + GAP), 8) != LR_OK)
        lrh_skip(kit, "no memory");
    fill_metrics(metrics.at);
    snapshot = pages.at;
    *snapshot = (struct lr_snapshot){.size = sizeof *snapshot,
                                     .state = state,
                                     .pipeline = "verify",
                                     .instance = "here",
                                     .wall_ns = 1700000000000000000,
                                     .elapsed_ns = records ? 1000000000 : 0,
                                     .lanes = 2,
                                     .records_read = records,
                                     .records_written = records,
                                     .records_delivered = records,
                                     .lag = records ? (int64_t)(records / 2) : -1,
                                     .metrics = n_metrics ? metrics.at : NULL,
                                     .metric_size = sizeof(struct lr_metric) + GAP,
                                     .n_metrics = n_metrics};
    lrh_doing(kit, "monitor.snapshot", "snapshot in state %d with %u metrics", state, n_metrics);
    monitor->snapshot(a.fake.self, snapshot);
    if (lent) {
        lr_fake_pages_protect(&pages, LR_FAKE_NO_ACCESS);
        lr_fake_pages_protect(&metrics, LR_FAKE_NO_ACCESS);
    }
}

static void progress_of(struct lrh_kit *kit, uint32_t n)
{
    const struct lr_monitor *monitor = kit->plugin->ops;
    const size_t step = sizeof(struct lr_figure) + GAP;
    struct lr_fake_pages figures = {0};
    struct lr_progress progress = {.size = sizeof progress,
                                   .lane = 1,
                                   .wall_ns = 1700000000000000000,
                                   .figure_size = (uint32_t)step,
                                   .n_figures = n};

    if (!monitor->progress)
        return;
    if (lr_fake_pages_init(&figures, step * (n ? n : 1), 8) != LR_OK)
        lrh_skip(kit, "no memory");
    memset(figures.at, 0xee, step * (n ? n : 1));
    for (uint32_t i = 0; i < n; i++) {
        const struct lr_figure figure = {.size = (uint32_t)step,
                                         .name = i % 2 ? "numInputRows" : "durationMs.addBatch",
                                         .value = i % 3 ? (double)i : NAN};

        memcpy((char *)figures.at + i * step, &figure, sizeof figure);
    }
    progress.figures = n ? figures.at : NULL;
    lrh_doing(kit, "monitor.snapshot", "progress with %u figures", n);
    monitor->progress(a.fake.self, &progress);
    if (lent)
        lr_fake_pages_protect(&figures, LR_FAKE_NO_ACCESS);
}

void lrh_test_monitor_snapshots(struct lrh_kit *kit)
{
    const struct lr_monitor *monitor = kit->plugin->ops;

    lrh_subject_open(kit, &a);
    if (monitor->interval_ns) {
        lrh_doing(kit, "monitor.interval", "interval_ns");
        if (monitor->interval_ns(a.fake.self) < 0)
            lrh_finding(kit, "monitor.interval", "interval_ns gives %lld",
                        (long long)monitor->interval_ns(a.fake.self));
    }
    for (lent = 0; lent < 2; lent++) {
        kit->crash_rule = lent ? "monitor.borrow" : NULL;
        for (int32_t state = LR_STATE_STARTING; state <= LR_STATE_FAILED; state++) {
            snapshot_in(kit, state, 0, 0);
            progress_of(kit, 3);
            snapshot_in(kit, state, state == LR_STATE_FAILED ? UINT64_MAX / 2 : 12345, METRICS);
            progress_of(kit, 0);
        }
    }
    lrh_subject_close(kit, &a);
}
