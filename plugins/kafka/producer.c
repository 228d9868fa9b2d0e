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

lr_status producer_create(const struct lr_host *host, const struct kafka_settings *settings,
                          struct producer **ret_producer, struct lr_error *err)
{
    struct producer *p = calloc(1, sizeof *p);

    if (!p)
        return lr_fail(err, LR_ENOMEM, "no memory for a Kafka producer");
    if (!bell_init(&p->bell)) {
        free(p);
        return lr_fail(err, LR_EINTERNAL, "no descriptor for a Kafka producer");
    }
    wire_init(&p->wire, host, settings);
    p->failure = (struct lr_error)LR_ERROR_INIT;
    p->alone = NOBODY;
    p->refs = 1;
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
    free(p);
}

void producer_forget(struct producer *p, const struct lr_host *host)
{
    for (int i = 0; i < 2; i++)
        if (p->hosts[i] == host)
            p->hosts[i] = NULL;
    if (p->wire.host == host)
        p->wire.host = p->hosts[0] ? p->hosts[0] : p->hosts[1];
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
        p->failed = lr_fail(&p->failure, LR_EFENCED, "the producer cannot go on: %s", text);
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

/* librdkafka puts one partition into a request. One partition at a time needs no linger to make
 * large requests; many at a time without it are a flood of small ones. */
static void set_linger(const struct producer *p, rd_kafka_conf_t *conf)
{
    char text[256];

    if (!property_value(p->wire.settings, "linger.ms") &&
        !property_value(p->wire.settings, "queue.buffering.max.ms"))
        (void)rd_kafka_conf_set(conf, "linger.ms", p->spreads ? "1" : "0", text, sizeof text);
}

lr_status producer_start(struct producer *p, struct lr_error *err)
{
    rd_kafka_conf_t *conf;
    lr_status status;

    if (p->users > 0) {
        p->users++;
        return LR_OK;
    }
    status = conf_create(&p->wire, ROLE_PRODUCER, &conf, err);
    if (status != LR_OK)
        return status;
    set_linger(p, conf);
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
    status = wire_client(&p->wire, RD_KAFKA_PRODUCER, conf, &p->rk, err);
    if (status != LR_OK)
        return status;
    p->queue = rd_kafka_queue_get_main(p->rk);
    rd_kafka_queue_cb_event_enable(p->queue, bell_queue_cb, &p->bell);
    p->max_messages = conf_number(p, "queue.buffering.max.messages");
    p->max_bytes = conf_number(p, "queue.buffering.max.kbytes") * 1024;
    p->linger_ms = conf_number(p, "linger.ms");
    p->messages = p->bytes = 0;
    p->failed = LR_OK;
    p->alone = NOBODY;
    p->users = 1;
    return LR_OK;
}

static void serve_until_empty(struct producer *p, int64_t deadline_ns)
{
    struct pollfd fd = {.fd = p->bell.fd, .events = POLLIN};

    for (;;) {
        (void)report_serve(p, NULL);
        if (p->messages == 0 || wire_now(&p->wire) >= deadline_ns)
            return;
        (void)rd_kafka_flush(p->rk, 1); /* no lingering now */
        (void)poll(&fd, 1, 10);
    }
}

void producer_stop(struct producer *p, int64_t deadline_ns)
{
    serve_until_empty(p, deadline_ns);
    if (--p->users > 0)
        return;
    if (p->messages > 0) {
        wire_log(&p->wire, LR_LOG_WARNING,
                 "%lld records were not delivered in time and are given "
                 "up",
                 (long long)p->messages);
        (void)rd_kafka_purge(p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        serve_until_empty(p, wire_now(&p->wire) + SECOND);
    }
    rd_kafka_queue_cb_event_enable(p->queue, NULL, NULL);
    rd_kafka_queue_destroy(p->queue);
    rd_kafka_destroy(p->rk);
    p->queue = NULL;
    p->rk = NULL;
}
