/* SPDX-License-Identifier: MIT
 *
 * The least that each kind is used for, as the host does it. Tests of the life of an instance use
 * it between start and stop; what it does in detail is for the tests of its kind.
 */
#include <stdlib.h>
#include <time.h>

#include "verify.h"

#define SETTLE_NS (2 * INT64_C(1000000000))
#define RECORDS 3u

static void failed(struct lrh_kit *kit, const struct lrh_subject *s, lr_status status,
                   const char *what, const char *rule)
{
    if (status < 0)
        lrh_subject_failed(kit, s, status, what, rule);
}

static void use_model(struct lrh_kit *kit, struct lrh_subject *s, const char *rule)
{
    struct lr_fake_batch *b = lrh_batch(kit, s, (struct lr_fake_shape){.count = RECORDS}, 1);

    lrh_doing(kit, rule, "predict for %u records", RECORDS);
    failed(kit, s, lrh_model_of(s)->predict(s->fake.self, &b->batch, &s->fake.err), "predict",
           rule);
    lr_fake_batch_destroy(b);
}

static void use_codec(struct lrh_kit *kit, struct lrh_subject *s, const char *rule)
{
    struct lr_fake_batch *b =
        lrh_batch(kit, s, (struct lr_fake_shape){.count = RECORDS, .value_gap = 64}, 1);
    struct lr_fake_pages memory = {0};
    size_t size;

    lrh_fill_records(kit, s, b);
    lrh_doing(kit, rule, "decode %u records", RECORDS);
    failed(kit, s, lr_fake_decode(&s->fake, &b->batch), "decode", rule);
    for (uint32_t i = 0; i < RECORDS; i++)
        *lr_fake_out(b, i) = 1.5;
    lrh_doing(kit, rule, "encode %u records", RECORDS);
    size = lrh_codec_of(s)->encode_bound(s->fake.self, &b->batch);
    if (size < (size_t)1 << 30 && lr_fake_pages_init(&memory, size, 1) == LR_OK)
        failed(kit, s,
               lrh_codec_of(s)->encode(s->fake.self, &b->batch, memory.at, size, &s->fake.err),
               "encode", rule);
    lr_fake_pages_finish(&memory);
    lr_fake_batch_destroy(b);
}

static void use_sink(struct lrh_kit *kit, struct lrh_subject *s, const char *rule)
{
    struct lr_fake_pages bytes = {0};
    struct lr_fake_batch *b = lrh_sink_batch(kit, s, RECORDS, &bytes);
    uint32_t first = 0;
    lr_status status = LR_OK;

    lrh_doing(kit, rule, "write %u records", RECORDS);
    if (s->transactional)
        failed(kit, s, lr_fake_begin(&s->fake), "begin", rule);
    for (int tries = 0; first < RECORDS && tries < 100; tries++) {
        uint32_t taken = 0;

        status = lr_fake_write(&s->fake, &b->batch, first, RECORDS - first, &taken);
        failed(kit, s, status, "write", rule);
        first += taken;
        if (status == LR_AGAIN)
            failed(kit, s, lr_fake_poll(&s->fake, 10000000), "poll", rule);
    }
    lrh_doing(kit, rule, "wait until %u records are settled", RECORDS);
    failed(kit, s, lr_fake_drain(&s->fake, SETTLE_NS), "poll", rule);
    if (s->transactional) {
        const struct lr_position position = {.stream = 0, .next = s->position};

        lrh_doing(kit, rule, "commit");
        failed(kit, s, lr_fake_commit(&s->fake, &position, 1), "commit", rule);
    }
    lr_fake_batch_destroy(b);
}

static void use_source(struct lrh_kit *kit, struct lrh_subject *s, const char *rule)
{
    const struct lr_source *source = lrh_source_of(s);
    struct lr_fake_batch *b = lrh_batch(kit, s, (struct lr_fake_shape){.capacity = 16}, 1);
    const int64_t end = lrh_real_ns() + 200000000;
    lr_status status = LR_AGAIN;

    while (lrh_real_ns() < end && status != LR_OK && status != LR_END) {
        const struct lr_event *event = NULL;

        lrh_doing(kit, rule, "poll");
        status = source->poll(s->fake.self, &b->batch, 16, NULL, 0, source->fd ? 0 : 10000000,
                              &event, &s->fake.err);
        failed(kit, s, status, "poll", rule);
        if (status == LR_REBALANCE) {
            lrh_doing(kit, rule, "rebalanced");
            failed(kit, s, source->rebalanced(s->fake.self, &s->fake.err), "rebalanced", rule);
            s->assigned = 1;
        } else if (status == LR_AGAIN) {
            (void)nanosleep(&(struct timespec){0, 1000000}, NULL);
        }
    }
    if (status == LR_OK && source->release) {
        lrh_doing(kit, rule, "release");
        source->release(s->fake.self, &b->batch);
    }
    lr_fake_batch_destroy(b);
}

static void use_engine(struct lrh_kit *kit, struct lrh_subject *s, const char *rule)
{
    const struct lr_engine *engine = s->fake.plugin->ops;
    struct lr_fake_lane *lane = malloc(sizeof *lane);

    if (!lane)
        lrh_skip(kit, "no memory");
    lr_fake_lane_init(lane);
    lane->there = lane->total = 10;
    lane->stop_ns = 10000 * LR_FAKE_MS;
    lane->ends = 1;
    lane->cost_ns[LR_FAKE_READ] = lane->cost_ns[LR_FAKE_WRITE] = LR_FAKE_MS;
    lrh_doing(kit, rule, "run over 10 records");
    failed(kit, s, engine->run(s->fake.self, &lane->lane, &s->fake.err), "run", rule);
    free(lane);
}

static void use_monitor(struct lrh_kit *kit, struct lrh_subject *s, const char *rule)
{
    const struct lr_monitor *monitor = s->fake.plugin->ops;
    struct lr_snapshot snapshot = {.size = sizeof snapshot,
                                   .state = LR_STATE_STARTING,
                                   .pipeline = "verify",
                                   .instance = "here",
                                   .lanes = 1,
                                   .lag = -1,
                                   .metric_size = sizeof(struct lr_metric)};

    lrh_doing(kit, rule, "snapshot while starting");
    monitor->snapshot(s->fake.self, &snapshot);
    snapshot.state = LR_STATE_STOPPED;
    lrh_doing(kit, rule, "snapshot when stopped");
    monitor->snapshot(s->fake.self, &snapshot);
}

void lrh_use(struct lrh_kit *kit, struct lrh_subject *s, const char *rule)
{
    static void (*const uses[])(struct lrh_kit *, struct lrh_subject *, const char *) = {
        [LR_SOURCE] = use_source, [LR_CODEC] = use_codec, [LR_ENGINE] = use_engine,
        [LR_MODEL] = use_model,   [LR_SINK] = use_sink,   [LR_MONITOR] = use_monitor};

    uses[kit->plugin->kind](kit, s, rule);
}
