/* SPDX-License-Identifier: MIT
 *
 * The Kafka source: poll, and the descriptor. See source.h.
 *
 * poll never calls back into the host and never blocks for long: it serves librdkafka's events,
 * then hands over a noted rebalance, else what lies in the partition queues. max_records 0 leaves
 * records where they are, and their arrival rings no second time: the host looks again anyway
 * before it sleeps.
 */
#include <poll.h>
#include <stdlib.h>

#include "source.h"

#define SERVE_NS SECOND /* librdkafka wants to be polled even when nothing happens */

/* ---- events ----------------------------------------------------------------------------- */

static void fail(struct source *s, lr_status status)
{
    if (s->failed == LR_OK)
        s->failed = status;
}

/* An error of the consumer as a whole. */
static void take_error(struct source *s, const rd_kafka_message_t *m)
{
    char text[512];

    switch (m->err) {
    case RD_KAFKA_RESP_ERR__FATAL:
        (void)rd_kafka_fatal_error(s->rk, text, sizeof text);
        member_break(s, text);
        break;
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
        fail(s, lr_fail(&s->failure, LR_EUNAVAILABLE,
                        "the broker at %s does not let this user be in group '%s'", s->wire.servers,
                        property_value(s->wire.settings, "group.id")));
        break;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        fail(s, lr_fail(&s->failure, LR_EUNAVAILABLE,
                        "the broker at %s does not let this user read: %s", s->wire.servers,
                        rd_kafka_message_errstr(m)));
        break;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART: /* said by start, or the topic is young */
        wire_log(&s->wire, LR_LOG_INFO, "%s", rd_kafka_message_errstr(m));
        break;
    default:
        wire_log(&s->wire, LR_LOG_WARNING, "%s", rd_kafka_message_errstr(m));
    }
}

static void update_gauges(struct source *s)
{
    int64_t lag = 0;

    for (uint32_t i = 0; i < s->n_owned; i++) {
        struct stream *st = s->owned[i];
        int64_t low, high;

        if (rd_kafka_get_watermark_offsets(s->rk, st->topic, st->info.partition, &low, &high) ||
            high < 0)
            continue;
        st->info.end = high;
        lag += high > st->position ? high - st->position : 0;
    }
    lr_metric_set(s->lag, lag);
    lr_metric_set(s->assigned, s->n_owned);
}

void source_serve(void *ctx)
{
    struct source *s = ctx;
    int64_t now;

    if (rd_kafka_queue_length(s->events) == 0) {
        now = wire_now(&s->wire);
        if (now < s->serve_due_ns)
            return;
        s->serve_due_ns = now + SERVE_NS;
        if (s->announced) {
            wire_watch(&s->wire, s->rk);
            cover_look(s);
        }
        streams_lead(s);
        update_gauges(s);
    }
    do {
        rd_kafka_message_t *m = rd_kafka_consumer_poll(s->rk, 0);

        if (!m)
            break;
        if (m->err)
            take_error(s, m);
        rd_kafka_message_destroy(m);
    } while (rd_kafka_queue_length(s->events) > 0);
}

/* ---- poll ------------------------------------------------------------------------------- */

static void wait_bell(struct source *s, int64_t timeout_ns)
{
    struct pollfd fd = {.fd = s->bell.fd, .events = POLLIN};
    int64_t ms = (timeout_ns + MS - 1) / MS;

    (void)poll(&fd, 1, ms > INT32_MAX ? INT32_MAX : (int)ms);
}

static lr_status look(struct source *s, struct lr_batch *batch, uint32_t max, const int64_t *until,
                      uint32_t n_until, const struct lr_event **ret_event, struct lr_error *err)
{
    struct hold *hold;
    lr_status status;
    int more;

    bell_hush(&s->bell);
    if (!s->rk) /* its replacement did not start */
        return LR_AGAIN;
    source_serve(s);
    if (s->failed != LR_OK)
        return lr_fail(err, s->failed, "%s", s->failure.text);
    if (s->reopen) {
        status = member_replace(s, err);
        if (status != LR_OK)
            return status;
    }
    if (s->fatal && s->noted == LR_EVENT_ASSIGN && !s->resolved)
        rebalance_finish(s);
    if (s->fatal && !s->noted)
        rebalance_lose(s);
    if (s->noted) {
        status = rebalance_event(s, ret_event, err);
        if (status == LR_AGAIN) {
            wait_bell(s, 20 * MS); /* whoever was asked had no answer: not at once again */
            bell_ring(&s->bell);
        }
        return status;
    }
    if (max == 0 || s->n_owned == 0)
        return LR_AGAIN;
    hold = hold_get(s, batch->capacity);
    if (!hold)
        return lr_fail(err, LR_ENOMEM, "no memory for a batch of %u messages", batch->capacity);
    batch->hold = hold;
    status = fetch(s, batch, max, until, n_until, &more, err);
    if (status == LR_OK && batch->n_spans > 0) {
        if (more)
            bell_ring(&s->bell);
        return LR_OK;
    }
    hold_put(s, hold);
    batch->hold = NULL;
    batch->count = batch->n_spans = 0;
    return status == LR_OK ? LR_AGAIN : status;
}

static lr_status source_poll(void *self, struct lr_batch *batch, uint32_t max_records,
                             const int64_t *until, uint32_t n_until, int64_t timeout_ns,
                             const struct lr_event **ret_event, struct lr_error *err)
{
    struct source *s = self;
    lr_status status;

    batch->count = batch->n_spans = 0;
    batch->hold = NULL;
    batch->header = record_header;
    batch->header_domain = kafka_domain;
    status = look(s, batch, max_records, until, n_until, ret_event, err);
    if (status == LR_AGAIN && timeout_ns > 0) {
        wait_bell(s, timeout_ns);
        status = look(s, batch, max_records, until, n_until, ret_event, err);
    }
    return status;
}

static void source_release(void *self, struct lr_batch *batch)
{
    if (batch->hold)
        hold_put(self, batch->hold);
    batch->hold = NULL;
}

static int source_fd(void *self)
{
    return ((struct source *)self)->bell.fd;
}

static lr_status source_group_token(void *self, struct lr_group_token *ret_token,
                                    struct lr_error *err)
{
    struct source *s = self;

    if (s->proof.metadata)
        rd_kafka_consumer_group_metadata_destroy(s->proof.metadata);
    s->proof = (struct group_proof){s, rd_kafka_consumer_group_metadata(s->rk)};
    if (!s->proof.metadata)
        return lr_fail(err, LR_EINTERNAL, "the consumer is in no group");
    ret_token->data = &s->proof;
    ret_token->len = sizeof s->proof;
    return LR_OK;
}

/* ---- create, check, descriptor ---------------------------------------------------------- */

static lr_status source_create(const struct lr_host *host, const void *settings, void **ret_self,
                               struct lr_error *err)
{
    struct source *s = calloc(1, sizeof *s);

    if (!s)
        return lr_fail(err, LR_ENOMEM, "no memory for a Kafka source");
    s->host = host;
    s->settings = settings;
    s->look = record_can_look();
    wire_init(&s->wire, host, &s->settings->common);
    s->failure = (struct lr_error)LR_ERROR_INIT;
    if (!bell_init(&s->bell)) {
        free(s);
        return lr_fail(err, LR_EINTERNAL, "no descriptor for a Kafka source");
    }
    s->lag = host->metric(host->ctx, LR_GAUGE, "kafka_lag_records",
                          "records of the assigned partitions that were not read yet");
    s->assigned = host->metric(host->ctx, LR_GAUGE, "kafka_assigned_partitions",
                               "partitions that this member of the group reads");
    s->commit_failures = host->metric(host->ctx, LR_COUNTER, "kafka_commit_failures_total",
                                      "positions that were not stored when asked");
    s->dropped = host->metric(host->ctx, LR_COUNTER, "kafka_stale_records_total",
                              "fetched records that lay before the position and were dropped");
    s->missing = host->metric(host->ctx, LR_COUNTER, "kafka_missing_records_total",
                              "records that were gone before they were read");
    s->replacements = host->metric(host->ctx, LR_COUNTER, "kafka_consumers_replaced_total",
                                   "clients that could not go on and were replaced");
    *ret_self = s;
    return LR_OK;
}

static void source_destroy(void *self)
{
    struct source *s = self;

    if (!s)
        return;
    streams_finish(s);
    holds_finish(s);
    bell_finish(&s->bell);
    free(s);
}

static void check_guarantee(const struct source_settings *s, const struct lr_report *report)
{
    const char *level = property_value(&s->common, "isolation.level");

    if (report->guarantee != LR_EXACTLY_ONCE)
        return;
    if (level && strcmp(level, "read_committed") != 0)
        report->problem(report->ctx, "kafka.isolation.level",
                        "exactly_once needs read_committed, also for input that is in no "
                        "transaction: librdkafka derives from it that positions of open "
                        "transactions are not used");
}

static void source_check(const void *settings, uint32_t lanes, const struct lr_report *report)
{
    const struct source_settings *s = settings;
    const char *group = property_value(&s->common, "group.id");
    struct lr_error err = LR_ERROR_INIT;
    const char *servers = property_value(&s->common, "bootstrap.servers");
    int64_t timestamp;
    char text[512];

    (void)lanes;
    properties_check(&s->common, report);
    if (!group)
        report->problem(report->ctx, "kafka.group.id",
                        "is missing: the group that shares the work and remembers how far it is");
    if (s->rewind && *s->rewind && begin_parse(s->rewind, &timestamp, &err) != LR_OK)
        report->problem(report->ctx, "rewind", err.text);
    for (const char *const *t = s->topics; t && *t; t++)
        topics_check(&s->common, *t, LR_READS, report);
    check_guarantee(s, report);
    if (group && !embedded_is(&s->common)) { /* which knows us by our name */
        (void)snprintf(text, sizeof text, "group:%.200s at %.200s", group, servers ? servers : "");
        report->touches(report->ctx, LR_READS, text, LR_BY_NAME);
    }
}

static lr_status source_topics(const struct lr_host *host, const void *settings, int32_t verb,
                               struct lr_error *err)
{
    const struct source_settings *s = settings;

    return topics_run(host, &s->common, s->topics, verb, err);
}

static const struct lr_option options[] = {
    {.name = "topic",
     .doc = "Topics to read, separated by commas; one that begins with ^ is a regular expression",
     .type = LR_OPT_LIST,
     .flags = LR_OPT_REQUIRED,
     .offset = offsetof(struct source_settings, topics)},
    {.name = "start",
     .doc = "Where a new group begins. A partition that is added to a topic later is read from its "
            "first record in any case",
     .initial = "earliest",
     .choices = "earliest|latest",
     .type = LR_OPT_ENUM,
     .offset = offsetof(struct source_settings, start)},
    {.name = "on_lost_offsets",
     .doc =
         "What to do when the records that come next are gone (retention passed the group): stop "
         "and say how many are missing, or go on with the first one that is left, or with those "
         "that are written from now on",
     .initial = "fail",
     .choices = "fail|earliest|latest",
     .type = LR_OPT_ENUM,
     .offset = offsetof(struct source_settings, lost)},
    {.name = "membership",
     .doc =
         "static: the group keeps the place of this instance for session.timeout.ms, so that a "
         "restart moves no partition; for instances that keep their names. dynamic: a stop hands "
         "the partitions over at once; for instances whose names change",
     .initial = "static",
     .choices = "static|dynamic",
     .type = LR_OPT_ENUM,
     .offset = offsetof(struct source_settings, membership)},
    {.name = "rewind",
     .doc = "Sets the group's positions once, at the start of this run: earliest, latest, a time "
            "(2025-01-31T08:00:00Z) or milliseconds since 1970. Meant for the command line",
     .type = LR_OPT_STRING,
     .flags = LR_OPT_ADVANCED,
     .offset = offsetof(struct source_settings, rewind)},
    KAFKA_COMMON_OPTIONS,
};

static const struct lr_source source = {
    .size = sizeof source,
    .caps = LR_SOURCE_REPLAY | LR_SOURCE_SPLIT,
    .transaction_domain = kafka_domain,
    .fd = source_fd,
    .poll = source_poll,
    .rebalanced = rebalance_answer,
    .release = source_release,
    .commit = positions_commit,
    .committed = positions_committed,
    .seek = positions_seek,
    .ends = positions_ends,
    .group_token = source_group_token,
};

const struct lr_plugin kafka_source_plugin = {
    .size = sizeof kafka_source_plugin,
    .kind = LR_SOURCE,
    .name = "kafka",
    .summary = "reads topics as a member of a consumer group",
    .options = options,
    .option_size = sizeof options[0],
    .n_options = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct source_settings),
    .ops = &source,
    .check = source_check,
    .create = source_create,
    .start = member_start,
    .stop = member_stop,
    .destroy = source_destroy,
    .topics = source_topics,
};
