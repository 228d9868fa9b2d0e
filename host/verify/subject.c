/* SPDX-License-Identifier: MIT
 *
 * Instances under test. They are made with the user's options; where those do not do (one is
 * missing, check() or start() refuses them, a service is not there), the test is skipped with the
 * plugin's own sentence: that says nothing about the plugin.
 */
#include <lrhost/error.h>
#include <stdlib.h>

#include "verify.h"

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
    struct lr_fake *fake = &s->fake;

    memset(s, 0, sizeof *s);
    lr_fake_init(fake);
    fake->plugin = kit->plugin;
    fake->on_breach = on_breach;
    fake->breach_ctx = s;
    s->kit = kit;
    fake->host.pipeline = "verify";
    fake->host.section = lrh_kind_name(kit->plugin->kind);
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

#define NAMED 64u

/* f0, f1, ... as the model linreg has them; NULL for more than a test needs. */
static const char *const *feature_names(uint32_t n)
{
    static char texts[NAMED][8];
    static const char *names[NAMED];

    for (uint32_t i = 0; i < NAMED; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "f%u", i);
        names[i] = texts[i];
    }
    return n <= NAMED ? names : NULL;
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
    s->schema.feature_names = feature_names(features);
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
