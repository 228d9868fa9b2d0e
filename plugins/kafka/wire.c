/* SPDX-License-Identifier: MIT
 *
 * The wire to the brokers: librdkafka's log lines and errors, the bounded wait for a topic, and
 * the sentences for a broker that cannot be used.
 *
 * librdkafka never gives up and reports a failed connection as an event; what a person needs is
 * one sentence after a bounded time. So the last reason is kept here, and a refused login, which
 * no waiting mends, ends the wait at once.
 */
#include <time.h>

#include "kafka.h"

#define LOOK_MS 100        /* longest blocking call, so that a stop is seen */
#define PAUSE_NS (50 * MS) /* between two looks */
#define LOOK_AGAIN_NS SECOND
#define SAY_AGAIN_NS (60 * SECOND)
#define PATIENCE_NS SECOND /* a topic that is missing this long is worth a log line */

int64_t wire_now(const struct wire *wire)
{
    return wire->host->monotonic_ns(wire->host->ctx);
}

void wire_log(const struct wire *wire, int32_t level, const char *format, ...)
{
    char text[900];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    wire->host->log(wire->host->ctx, level, text);
}

/* ---- callbacks -------------------------------------------------------------------------- */

#define QUOTED "sasl.oauthbearer.config"

/* librdkafka quotes what it cannot read of this property, which is a secret. */
static void without_secret(const char *text, char *to, size_t size)
{
    const char *at = text ? strstr(text, QUOTED) : NULL;

    if (at)
        (void)snprintf(to, size, "%.*s" QUOTED " (what follows may quote it)", (int)(at - text),
                       text);
    else
        (void)snprintf(to, size, "%s", text ? text : "");
}

/* From any thread. What stops a pipeline is said by us; to librdkafka every lost connection is
 * an error, to a person it is a warning. */
static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    const struct wire *wire = rd_kafka_opaque(rk);
    static const char *const said_by_us[] = {
        "FAIL", "GETPID", /* tried again by librdkafka; an outage is said by wire_watch */
        "TXNERR", "FATAL" /* what becomes of it is said where it is decided */
    };
    int32_t mapped = level <= 2   ? LR_LOG_ERROR
                     : level <= 4 ? LR_LOG_WARNING
                     : level <= 6 ? LR_LOG_INFO
                                  : LR_LOG_DEBUG;
    char plain[900];

    for (size_t i = 0; i < sizeof said_by_us / sizeof said_by_us[0]; i++)
        if (strcmp(facility, said_by_us[i]) == 0)
            mapped = LR_LOG_INFO;
    without_secret(text, plain, sizeof plain);
    if (wire)
        wire_log(wire, mapped, "librdkafka: %s: %s", facility, plain);
}

void wire_note_error(struct wire *wire, rd_kafka_resp_err_t code, const char *text)
{
    if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION)
        wire->login_refused = 1;
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && wire->down_ns == 0)
        wire->down_ns = wire->say_down_ns = wire_now(wire);
    /* "1/1 brokers are down" says less than why. */
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && wire->last)
        return;
    wire->last = code;
    without_secret(text, wire->last_text, sizeof wire->last_text);
}

void wire_watch(struct wire *wire, rd_kafka_t *rk)
{
    const struct rd_kafka_metadata *metadata;
    int64_t now;

    if (wire->down_ns == 0)
        return;
    now = wire_now(wire);
    if (now >= wire->look_ns) {
        wire->look_ns = now + LOOK_AGAIN_NS;
        if (rd_kafka_metadata(rk, 0, NULL, &metadata, LOOK_MS) == RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_metadata_destroy(metadata);
            if (wire->say_down_ns > wire->down_ns)
                wire_log(wire, LR_LOG_NOTICE, "brokers of %s answer again after %.1f s",
                         wire->servers, (double)(now - wire->down_ns) / (double)SECOND);
            wire->down_ns = 0;
            return;
        }
    }
    if (now < wire->say_down_ns)
        return;
    wire_log(wire, LR_LOG_WARNING, "no broker of %s answers (%s), for %.0f s now; waiting",
             wire->servers, wire->last_text, (double)(now - wire->down_ns) / (double)SECOND);
    wire->say_down_ns = now + SAY_AGAIN_NS;
}

static void on_error(rd_kafka_t *rk, int code, const char *text, void *opaque)
{
    (void)rk;
    wire_note_error(opaque, code, text);
}

void wire_init(struct wire *wire, const struct lr_host *host, const struct kafka_settings *settings)
{
    *wire = (struct wire){.host = host, .settings = settings};
    wire->servers = property_value(settings, "bootstrap.servers");
    if (!wire->servers)
        wire->servers = property_value(settings, "metadata.broker.list");
    if (!wire->servers)
        wire->servers = "(no kafka.bootstrap.servers)";
}

void wire_attach(struct wire *wire, rd_kafka_conf_t *conf)
{
    rd_kafka_conf_set_opaque(conf, wire);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_error_cb(conf, on_error);
}

lr_status wire_client(struct wire *wire, rd_kafka_type_t type, rd_kafka_conf_t *conf,
                      rd_kafka_t **ret_rk, struct lr_error *err)
{
    char text[512];
    rd_kafka_t *rk = rd_kafka_new(type, conf, text, sizeof text);

    if (!rk) { /* properties that do not go together, a certificate that cannot be read */
        rd_kafka_conf_destroy(conf);
        return lr_fail(err, LR_ECONFIG, "librdkafka refuses these properties: %s", text);
    }
    wire->last = RD_KAFKA_RESP_ERR_NO_ERROR;
    wire->login_refused = 0;
    *ret_rk = rk;
    return LR_OK;
}

/* ---- sentences -------------------------------------------------------------------------- */

lr_status wire_class(rd_kafka_resp_err_t code)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
        return LR_EFENCED;
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION: /* an invalid name */
    case RD_KAFKA_RESP_ERR_INVALID_GROUP_ID:
        return LR_ECONFIG;
    default:
        return LR_EUNAVAILABLE;
    }
}

lr_status wire_fail(const struct wire *wire, struct lr_error *err)
{
    double seconds = (double)wire->settings->connect_timeout_ns / (double)SECOND;
    char text[160];
    const char *hint = scram_hint(wire->settings, text, sizeof text);

    if (wire->login_refused)
        return lr_fail(err, LR_EUNAVAILABLE,
                       "the broker at %s refused the login: %s; check kafka.security.protocol, "
                       "kafka.sasl.mechanisms, kafka.sasl.username and kafka.sasl.password%s%s",
                       wire->servers, wire->last_text, *hint ? "; " : "", hint);
    if (wire->last == RD_KAFKA_RESP_ERR__SSL || strstr(wire->last_text, "SSL routines"))
        return lr_fail(
            err, LR_EUNAVAILABLE,
            "no TLS connection to '%s' within %g s: %s; check kafka.ssl.ca.location, that "
            "the broker's certificate names the host as kafka.bootstrap.servers does, "
            "and whether it wants one of ours (kafka.ssl.certificate.location)",
            wire->servers, seconds, wire->last_text);
    return lr_fail(err, LR_EUNAVAILABLE,
                   "no broker of '%s' answered within %g s%s%s; check kafka.bootstrap.servers, and "
                   "that the broker runs and speaks kafka.security.protocol = %s",
                   wire->servers, seconds, wire->last ? ": " : "",
                   wire->last ? wire->last_text : "",
                   property_value(wire->settings, "security.protocol")
                       ? property_value(wire->settings, "security.protocol")
                       : "plaintext");
}

static lr_status fail_missing(const struct wire *wire, const char *topic, struct lr_error *err)
{
    return lr_fail(err, LR_EUNAVAILABLE,
                   "topic '%s' does not exist at %s (waited %g s); make it with `lrhost topics "
                   "create FILE`, or check the name",
                   topic, wire->servers,
                   (double)wire->settings->connect_timeout_ns / (double)SECOND);
}

lr_status wire_fail_topic(const struct wire *wire, const char *topic, rd_kafka_resp_err_t code,
                          struct lr_error *err)
{
    if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
        return lr_fail(err, LR_EUNAVAILABLE,
                       "the broker at %s does not let this user use topic '%s'", wire->servers,
                       topic);
    return lr_fail(err, wire_class(code), "topic '%s' at %s: %s", topic, wire->servers,
                   rd_kafka_err2str(code));
}

/* ---- waiting ---------------------------------------------------------------------------- */

/* LR_OK: usable; LR_AGAIN: not yet, *ret_missing says whether the topic is what is missing. */
static lr_status look(struct wire *wire, rd_kafka_t *rk, rd_kafka_topic_t *rkt, int *ret_missing,
                      int32_t *ret_partitions, struct lr_error *err)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code = rd_kafka_metadata(rk, 0, rkt, &metadata, LOOK_MS);
    lr_status status = LR_AGAIN;

    *ret_missing = 0;
    if (code)
        return LR_AGAIN;
    if (!rkt) {
        status = LR_OK;
    } else if (metadata->topic_cnt == 1) {
        const struct rd_kafka_metadata_topic *topic = &metadata->topics[0];

        if (topic->err == RD_KAFKA_RESP_ERR_NO_ERROR && topic->partition_cnt > 0) {
            if (ret_partitions)
                *ret_partitions = topic->partition_cnt;
            status = LR_OK;
        } else if (topic->err == RD_KAFKA_RESP_ERR_NO_ERROR ||
                   topic->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
                   topic->err == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
            *ret_missing = 1;
        } else {
            status = wire_fail_topic(wire, rd_kafka_topic_name(rkt), topic->err, err);
        }
    }
    rd_kafka_metadata_destroy(metadata);
    return status;
}

lr_status wire_await(struct wire *wire, rd_kafka_t *rk, const char *topic, void (*serve)(void *ctx),
                     void *ctx, int32_t *ret_partitions, struct lr_error *err)
{
    const struct timespec pause = {0, PAUSE_NS};
    const struct lr_host *host = wire->host;
    rd_kafka_topic_t *rkt = topic ? rd_kafka_topic_new(rk, topic, NULL) : NULL;
    int64_t begun = wire_now(wire), waited = 0;
    int missing = 0, said = 0;
    lr_status status;

    if (topic && !rkt)
        return wire_fail_topic(wire, topic, rd_kafka_last_error(), err);
    for (;;) {
        status = look(wire, rk, rkt, &missing, ret_partitions, err);
        serve(ctx);
        if (status != LR_AGAIN)
            break;
        waited = wire_now(wire) - begun;
        if (wire->login_refused || waited >= wire->settings->connect_timeout_ns) {
            status = missing ? fail_missing(wire, topic, err) : wire_fail(wire, err);
            break;
        }
        if (host->stopping(host->ctx))
            break;
        if (missing && !said && waited >= PATIENCE_NS) {
            said = 1;
            wire_log(wire, LR_LOG_NOTICE,
                     "topic '%s' does not exist yet; waiting for it at most "
                     "%g s",
                     topic, (double)wire->settings->connect_timeout_ns / (double)SECOND);
        }
        (void)nanosleep(&pause, NULL);
    }
    if (rkt)
        rd_kafka_topic_destroy(rkt);
    if (status == LR_OK) {
        wire->last = RD_KAFKA_RESP_ERR_NO_ERROR;
        wire->login_refused = 0;
    }
    return status;
}
