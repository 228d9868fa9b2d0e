/* SPDX-License-Identifier: MIT
 *
 * The Kafka sink: life of an instance, and its descriptor. See sink.h.
 */
#include <stdlib.h>

#include "sink.h"

/* Room for what a record costs beyond value and key: batch and record overhead, t0. */
#define OVERHEAD 512
#define MESSAGE_MAX_BYTES 1000000 /* librdkafka's default of message.max.bytes */
#define LINGER_WORTH_FLUSHING_MS 5

static lr_status sink_poll(void *self, int64_t timeout_ns, struct lr_error *err)
{
    (void)timeout_ns; /* there is a descriptor */
    return report_serve(((struct sink *)self)->producer, err);
}

static int sink_fd(void *self)
{
    return ((struct sink *)self)->producer->bell.fd;
}

/* librdkafka drops its linger while a flush is running, so the flush has to last a moment. */
static lr_status sink_flush(void *self, struct lr_error *err)
{
    struct producer *p = ((struct sink *)self)->producer;

    (void)err;
    gather_flush(p);
    if (p->linger_ms >= LINGER_WORTH_FLUSHING_MS && p->messages > 0)
        (void)rd_kafka_flush(p->rk, 1);
    return LR_OK;
}

static uint64_t sink_max_record_bytes(void *self)
{
    const struct sink *sink = self;
    const char *text = property_value(&sink->settings->common, "message.max.bytes");
    int64_t bytes = text ? strtoll(text, NULL, 10) : MESSAGE_MAX_BYTES;

    return bytes > OVERHEAD ? (uint64_t)(bytes - OVERHEAD) : 1;
}

static lr_status sink_attach(void *self, void *main_self, struct lr_error *err)
{
    struct sink *sink = self, *main_sink = main_self;
    const char *ours = sink->producer->wire.servers, *theirs = main_sink->producer->wire.servers;

    if (strcmp(ours, theirs) != 0)
        return lr_fail(err, LR_ECONFIG,
                       "dead letters go through the sink's own client, so both need the same "
                       "kafka.bootstrap.servers ('%s' here, '%s' there)",
                       ours, theirs);
    producer_unref(sink->producer);
    sink->producer = producer_ref(main_sink->producer);
    sink->mark = DEAD_BIT;
    sink->producer->sinks[1] = sink;
    return LR_OK;
}

void sink_close_topic(struct sink *sink)
{
    gather_drop(sink, LR_ABANDONED); /* what was not delivered in time */
    if (sink->topic)
        rd_kafka_topic_destroy(sink->topic);
    sink->topic = NULL;
}

lr_status sink_open_topic(struct sink *sink, struct lr_error *err)
{
    rd_kafka_topic_conf_t *conf = rd_kafka_default_topic_conf_dup(sink->producer->rk);

    sink->chosen = -1;
    sink->known = 0;
    rd_kafka_topic_conf_set_partitioner_cb(conf, partitioner_partition);
    rd_kafka_topic_conf_set_opaque(conf, sink);
    sink->topic = rd_kafka_topic_new(sink->producer->rk, sink->settings->topic, conf);
    if (!sink->topic)
        return lr_fail(err, LR_ECONFIG, "topic '%s': %s", sink->settings->topic,
                       rd_kafka_err2str(rd_kafka_last_error()));
    return LR_OK;
}

static void serve(void *ctx)
{
    (void)report_serve(ctx, NULL);
}

/* The group goes on joining meanwhile. */
static lr_status await_transactions(struct producer *p, struct lr_error *err)
{
    const struct lr_host *host = p->wire.host;
    int64_t give_up_ns = wire_now(&p->wire) + p->wire.settings->connect_timeout_ns;
    lr_status status = LR_AGAIN;

    while (status == LR_AGAIN && !host->stopping(host->ctx)) {
        status = producer_replace(p, err); /* only initializes one that is not broken */
        if (status == LR_AGAIN && wire_now(&p->wire) >= give_up_ns)
            status = lr_fail(err, LR_EUNAVAILABLE,
                             "no transaction coordinator of %s was ready for '%s' within %g s",
                             p->wire.servers, p->id,
                             (double)p->wire.settings->connect_timeout_ns / (double)SECOND);
    }
    return status;
}

static lr_status sink_start(void *self, struct lr_error *err)
{
    struct sink *sink = self;
    struct producer *p = sink->producer;
    const char *topic = sink->settings->topic;
    lr_status status = LR_OK;

    if (embedded_is(&sink->settings->common))
        status = embedded_topic(topic, sink->settings->common.partitions, err);
    if (status == LR_OK)
        status = producer_start(p, err);
    if (status != LR_OK)
        return status;
    sink->started = 1;
    status = sink_open_topic(sink, err);
    if (status == LR_OK)
        status = wire_await(&p->wire, p->rk, topic, serve, p, &sink->n_partitions, err);
    if (status == LR_OK && p->id[0])
        status = await_transactions(p, err);
    if (status == LR_OK && p->failed != LR_OK)
        status = lr_fail(err, p->failed, "%s", p->failure.text);
    return status == LR_AGAIN ? LR_OK : status; /* stopping: nothing will be written */
}

static void sink_stop(void *self, int64_t deadline_ns)
{
    struct sink *sink = self;

    if (!sink->started)
        return;
    sink->started = 0;
    producer_stop(sink->producer, deadline_ns);
    sink_close_topic(sink);
}

static lr_status sink_create(const struct lr_host *host, const void *settings, void **ret_self,
                             struct lr_error *err)
{
    struct sink *sink = calloc(1, sizeof *sink);
    lr_status status;

    if (!sink)
        return lr_fail(err, LR_ENOMEM, "no memory for a Kafka sink");
    sink->host = host;
    sink->settings = settings;
    status = producer_create(sink, &sink->settings->common, &sink->producer, err);
    if (status != LR_OK) {
        free(sink);
        return status;
    }
    sink->producer->latency = sink->settings->latency;
    *ret_self = sink;
    return LR_OK;
}

static void sink_destroy(void *self)
{
    struct sink *sink = self;

    if (!sink)
        return;
    producer_forget(sink->producer, sink);
    producer_unref(sink->producer);
    free(sink);
}

static void check_guarantee(const struct sink_settings *s, const struct lr_report *report)
{
    const char *idempotence = property_value(&s->common, "enable.idempotence");
    const char *servers = property_value(&s->common, "bootstrap.servers");
    char text[256];

    if (report->guarantee != LR_EXACTLY_ONCE)
        return;
    if (embedded_is(&s->common)) {
        report->problem(report->ctx, "kafka.bootstrap.servers",
                        "exactly_once needs a real broker; the transactions of the embedded one "
                        "do nothing");
        return;
    }
    (void)snprintf(text, sizeof text, "transactions at %.200s", servers ? servers : "");
    report->touches(report->ctx, LR_WRITES, text, LR_BY_NAME);
    if (!property_is_acks_all(&s->common))
        report->problem(report->ctx,
                        property_value(&s->common, "acks") ? "kafka.acks"
                                                           : "kafka.request.required.acks",
                        "exactly_once needs acks = all");
    if (idempotence && strcmp(idempotence, "true") != 0 && strcmp(idempotence, "1") != 0)
        report->problem(report->ctx, "kafka.enable.idempotence",
                        "exactly_once needs an idempotent producer");
}

static void sink_check(const void *settings, uint32_t lanes, const struct lr_report *report)
{
    const struct sink_settings *s = settings;

    (void)lanes;
    properties_check(&s->common, report);
    if (s->topic)
        topics_check(&s->common, s->topic, LR_WRITES, report);
    check_guarantee(s, report);
}

static lr_status sink_topics(const struct lr_host *host, const void *settings, int32_t verb,
                             struct lr_error *err)
{
    const struct sink_settings *s = settings;
    const char *const topics[] = {s->topic, NULL};

    return topics_run(host, &s->common, topics, verb, err);
}

static const struct lr_option options[] = {
    {.name = "topic",
     .doc = "Topic to write to. A broker may make it by itself; else `lrhost topics create FILE`",
     .type = LR_OPT_STRING,
     .flags = LR_OPT_REQUIRED,
     .offset = offsetof(struct sink_settings, topic)},
    {.name = "partition",
     .doc = "Which partition a record goes to. auto: by its key where it has one, as the Java "
            "client does it, else sticky. key: by its key, an error without one. input: the number "
            "it was read from, modulo the number of output partitions, so that order is kept. "
            "sticky: one until others are under way to it, or for 10 ms, then the next (under "
            "exactly_once: one for a transaction, or 1024 records of it)",
     .initial = "auto",
     .choices = "auto|key|input|sticky",
     .type = LR_OPT_ENUM,
     .offset = offsetof(struct sink_settings, partition)},
    {.name = "latency",
     .doc = "low: a record goes to the broker at once. balanced: the same when nothing is under "
            "way, else records gather until half of it is answered, so that the broker is not "
            "flooded with small requests. throughput: records gather for 5 ms. kafka.linger.ms, "
            "where it is given, wins",
     .initial = "balanced",
     .choices = "low|balanced|throughput",
     .type = LR_OPT_ENUM,
     .offset = offsetof(struct sink_settings, latency)},
    {.name = "t0_header",
     .doc = "Whether header lrhost.t0 tells when the record was due to be sent, in nanoseconds "
            "since 1970. auto: where that is known and is not the Kafka timestamp of the input",
     .initial = "auto",
     .choices = "auto|yes|no",
     .type = LR_OPT_ENUM,
     .flags = LR_OPT_ADVANCED,
     .offset = offsetof(struct sink_settings, t0_header)},
    KAFKA_COMMON_OPTIONS,
};

static const struct lr_sink sink_ops = {
    .size = sizeof sink_ops,
    .caps = LR_SINK_BYTES | LR_SINK_DURABLE | LR_SINK_TRANSACTIONS,
    .transaction_domain = kafka_domain,
    .fd = sink_fd,
    .max_record_bytes = sink_max_record_bytes,
    .attach = sink_attach,
    .write = produce_write,
    .poll = sink_poll,
    .flush = sink_flush,
    .begin = transaction_begin,
    .commit = transaction_commit,
    .abort = transaction_abort,
};

const struct lr_plugin kafka_sink_plugin = {
    .size = sizeof kafka_sink_plugin,
    .kind = LR_SINK,
    .name = "kafka",
    .summary = "writes to a topic, at least once or in transactions",
    .options = options,
    .option_size = sizeof options[0],
    .n_options = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct sink_settings),
    .ops = &sink_ops,
    .check = sink_check,
    .create = sink_create,
    .start = sink_start,
    .stop = sink_stop,
    .destroy = sink_destroy,
    .topics = sink_topics,
};
