/* SPDX-License-Identifier: MIT
 *
 * The producer: one librdkafka client behind the sink of results and, where it is attached, the
 * sink of dead letters.
 *
 * It starts with the first of its sinks and ends with the last. Delivery reports come as events
 * on its queue, whole batches at a time, and are served on the lane's thread only.
 */
#include <poll.h>
#include <stdlib.h>

#include "sink.h"

#define LEARN_MS 500
#define LINGER_MS "5" /* latency = throughput */

/* The name under which Kafka keeps our transactions; what it would not take becomes '_'. */
static void name_transactions(struct producer *p)
{
    const struct lr_host *host = p->wire.host;

    if (lr_guarantee(host) == LR_EXACTLY_ONCE && strcmp(host->section, "dead_letter") != 0)
        member_name(host, p->id, sizeof p->id);
}

lr_status producer_create(struct sink *sink, const struct kafka_settings *settings,
                          struct producer **ret_producer, struct lr_error *err)
{
    const struct lr_host *host = sink->host;
    struct producer *p = calloc(1, sizeof *p);

    if (!p)
        return lr_fail(err, LR_ENOMEM, "no memory for a Kafka producer");
    if (!offer_init(&p->offer)) {
        free(p);
        return lr_fail(err, LR_ENOMEM, "no memory for a Kafka producer");
    }
    if (!bell_init(&p->bell)) {
        offer_finish(&p->offer);
        free(p);
        return lr_fail(err, LR_EINTERNAL, "no descriptor for a Kafka producer");
    }
    wire_init(&p->wire, host, settings);
    p->failure = (struct lr_error)LR_ERROR_INIT;
    p->alone = NOBODY;
    p->refs = 1;
    p->sinks[0] = sink;
    name_transactions(p);
    p->aborts = host->metric(host->ctx, LR_COUNTER, "kafka_transactions_aborted_total",
                             "transactions that were aborted; their records were read again");
    p->replacements = host->metric(host->ctx, LR_COUNTER, "kafka_clients_replaced_total",
                                   "clients that could not go on and were replaced");
    p->commits = host->metric(host->ctx, LR_COUNTER, "kafka_transactions_committed_total",
                              "transactions that were committed");
    p->commit_us =
        host->metric(host->ctx, LR_COUNTER, "kafka_transaction_commit_microseconds_total",
                     "time the broker took for these commits, positions included; the "
                     "lane reads and writes nothing meanwhile");
    p->commit_us_max =
        host->metric(host->ctx, LR_GAUGE, "kafka_transaction_commit_microseconds_max",
                     "the longest of these commits");
    *ret_producer = p;
    return LR_OK;
}

struct producer *producer_ref(struct producer *p)
{
    p->refs++;
    return p;
}

void producer_unref(struct producer *p)
{
    if (!p || --p->refs > 0)
        return;
    bell_finish(&p->bell);
    offer_finish(&p->offer);
    free(p);
}

void producer_forget(struct producer *p, const struct sink *sink)
{
    for (int i = 0; i < 2; i++)
        if (p->sinks[i] == sink)
            p->sinks[i] = NULL;
    if (p->wire.host == sink->host)
        p->wire.host = p->sinks[0] ? p->sinks[0]->host : p->sinks[1] ? p->sinks[1]->host : NULL;
}

void producer_break(struct producer *p, const char *why)
{
    if (p->broken)
        return;
    p->broken = 1;
    wire_log(&p->wire, LR_LOG_WARNING, "the producer is replaced: %s", why);
}

void producer_fail(struct producer *p, rd_kafka_resp_err_t code, const char *topic)
{
    char text[512];

    if (p->failed != LR_OK)
        return;
    switch (code) {
    case RD_KAFKA_RESP_ERR__FATAL:
        if (!rd_kafka_fatal_error(p->rk, text, sizeof text))
            (void)snprintf(text, sizeof text, "%s", rd_kafka_err2str(code));
        producer_break(p, text);
        break;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION: /* so a deleted topic looks to a producer */
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        p->failed = lr_fail(&p->failure, LR_EUNAVAILABLE,
                            "topic '%s' does not exist at %s any more, or lost partitions; make it "
                            "with `lrhost topics create FILE`",
                            topic, p->wire.servers);
        break;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        p->failed = lr_fail(&p->failure, LR_EUNAVAILABLE,
                            "the broker at %s does not let this user write to topic '%s'",
                            p->wire.servers, topic);
        break;
    default:
        p->failed = lr_fail(&p->failure, wire_class(code), "topic '%s' at %s: %s", topic,
                            p->wire.servers, rd_kafka_err2str(code));
    }
}

/* A number of the client's own configuration. */
static int64_t conf_number(const struct producer *p, const char *name)
{
    char text[64];
    size_t size = sizeof text;

    if (rd_kafka_conf_get(rd_kafka_conf(p->rk), name, text, &size) != RD_KAFKA_CONF_OK)
        return 0;
    return strtoll(text, NULL, 10);
}

/* No linger: gather.c does better. */
static void set_linger(const struct producer *p, rd_kafka_conf_t *conf)
{
    char text[256];

    if (!property_value(p->wire.settings, "linger.ms") &&
        !property_value(p->wire.settings, "queue.buffering.max.ms"))
        (void)rd_kafka_conf_set(conf, "linger.ms",
                                p->latency == LATENCY_THROUGHPUT ? LINGER_MS : "0", text,
                                sizeof text);
}

/* ---- one client ------------------------------------------------------------------------- */

static lr_status open_client(struct producer *p, struct lr_error *err)
{
    rd_kafka_conf_t *conf;
    char text[256];
    lr_status status =
        conf_create(&p->wire, p->id[0] ? ROLE_TRANSACTIONS : ROLE_PRODUCER, &conf, err);

    if (status != LR_OK)
        return status;
    set_linger(p, conf);
    if (p->id[0] &&
        rd_kafka_conf_set(conf, "transactional.id", p->id, text, sizeof text) != RD_KAFKA_CONF_OK) {
        rd_kafka_conf_destroy(conf);
        return lr_fail(err, LR_ECONFIG, "kafka.transactional.id '%s': %s", p->id, text);
    }
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
    status = wire_client(&p->wire, RD_KAFKA_PRODUCER, conf, &p->rk, err);
    if (status != LR_OK)
        return status;
    p->queue = rd_kafka_queue_get_main(p->rk);
    rd_kafka_queue_cb_event_enable(p->queue, bell_queue_cb, &p->bell);
    p->max_messages = conf_number(p, "queue.buffering.max.messages");
    p->max_bytes = conf_number(p, "queue.buffering.max.kbytes") * 1024;
    p->linger_ms = conf_number(p, "linger.ms");
    p->timeout_ns = conf_number(p, "transaction.timeout.ms") * MS;
    p->acks_all = property_is_acks_all(p->wire.settings);
    p->messages = p->bytes = p->gathered = p->wave = p->wave_ns = 0;
    p->gathers = p->latency == LATENCY_BALANCED && p->linger_ms == 0;
    p->failed = LR_OK;
    p->broken = p->initialized = 0;
    p->transaction = TXN_NONE;
    p->alone = NOBODY;
    return LR_OK;
}

static void serve_until_empty(struct producer *p, int64_t deadline_ns)
{
    struct pollfd fd = {.fd = p->bell.fd, .events = POLLIN};

    for (;;) {
        (void)report_serve(p, NULL);
        if (p->messages == 0 || wire_now(&p->wire) >= deadline_ns)
            return;
        gather_flush(p);
        (void)rd_kafka_flush(p->rk, 1); /* no lingering now */
        (void)poll(&fd, 1, 10);
    }
}

/* Gives up what is not delivered, and the client. */
static void close_client(struct producer *p)
{
    if (!p->rk)
        return;            /* its replacement did not start */
    offer_void(&p->offer); /* waits */
    p->purging = 1;
    if (p->messages > 0) {
        (void)rd_kafka_purge(p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        serve_until_empty(p, wire_now(&p->wire) + SECOND);
    }
    p->purging = 0;
    for (int i = 0; i < 2; i++)
        if (p->sinks[i])
            sink_close_topic(p->sinks[i]);
    rd_kafka_queue_cb_event_enable(p->queue, NULL, NULL);
    rd_kafka_queue_destroy(p->queue);
    rd_kafka_destroy(p->rk);
    p->queue = NULL;
    p->rk = NULL;
    p->messages = p->bytes = 0;
}

/* ---- replacement ------------------------------------------------------------------------ */

static lr_status too_often(const struct producer *p, struct lr_error *err)
{
    if (!p->id[0])
        return lr_fail(err, LR_EFENCED,
                       "the producer had to be replaced %u times in a short time; given up for now",
                       p->replaced.n);
    return lr_fail(err, LR_EFENCED,
                   "the producer '%s' had to be replaced %u times in a short time; another process "
                   "uses the same names of pipeline and instance, or transactions take longer "
                   "than kafka.transaction.timeout.ms",
                   p->id, p->replaced.n);
}

/* A record for a partition that the client does not know yet would put partition -1 into the
 * transaction (librdkafka 2.0.2, rd_kafka_produce_batch). */
static lr_status learn_topics(struct producer *p)
{
    for (int i = 0; i < 2; i++) {
        struct sink *sink = p->sinks[i];
        const struct rd_kafka_metadata *metadata;

        if (!sink || !sink->started || sink->known)
            continue;
        if (rd_kafka_metadata(p->rk, 0, sink->topic, &metadata, LEARN_MS))
            return LR_AGAIN;
        sink->known = metadata->topic_cnt == 1 && metadata->topics[0].partition_cnt > 0;
        rd_kafka_metadata_destroy(metadata);
        if (!sink->known)
            return LR_AGAIN;
    }
    return LR_OK;
}

lr_status producer_replace(struct producer *p, struct lr_error *err)
{
    lr_status status = LR_OK;

    if (p->broken) {
        replaced_count(&p->replaced, wire_now(&p->wire));
        if (p->replaced.n > CLIENTS_MAX)
            return too_often(p, err);
        lr_metric_add(p->replacements, 1);
        close_client(p);
        status = open_client(p, err);
        for (int i = 0; i < 2 && status == LR_OK; i++)
            if (p->sinks[i] && p->sinks[i]->started)
                status = sink_open_topic(p->sinks[i], err);
    }
    if (status == LR_OK && p->id[0] && !p->initialized)
        status = transaction_init(p, err);
    return status == LR_OK && p->id[0] ? learn_topics(p) : status;
}

/* ---- start and stop --------------------------------------------------------------------- */

lr_status producer_start(struct producer *p, struct lr_error *err)
{
    lr_status status;

    if (p->users > 0) {
        p->users++;
        return LR_OK;
    }
    status = open_client(p, err);
    if (status == LR_OK)
        p->users = 1;
    return status;
}

void producer_stop(struct producer *p, int64_t deadline_ns)
{
    if (p->rk && (!p->id[0] || p->transaction == TXN_NONE)) /* else it is void anyway */
        serve_until_empty(p, deadline_ns);
    if (--p->users > 0)
        return;
    if (p->messages > 0 && !p->id[0])
        wire_log(&p->wire, LR_LOG_WARNING,
                 "%lld records were not delivered in time and are given up",
                 (long long)p->messages);
    close_client(p);
}
