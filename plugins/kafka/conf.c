/* SPDX-License-Identifier: MIT
 *
 * One place where a librdkafka client is configured: our defaults, what the embedded broker
 * needs, the user's properties, and last what the user must not change.
 *
 * The defaults are for low latency without loss, measured with librdkafka 2.0.2: short fetch
 * waits, because a broker answers nothing else on a connection while a fetch waits; read_committed,
 * because librdkafka derives from it that offsets of open transactions are not used. How much is
 * read ahead is decided in ahead.c.
 */
#include <ctype.h>
#include <stdlib.h>

#include "kafka.h"

struct setting {
    uint32_t roles;
    const char *name;
    const char *value;
};

static const struct setting defaults[] = {
    {ROLE_CONSUMER, "isolation.level", "read_committed"},
    {ROLE_CONSUMER, "partition.assignment.strategy", "range"},
    {ROLE_CONSUMER, "session.timeout.ms", "6000"},
    {ROLE_CONSUMER, "heartbeat.interval.ms", "1000"},
    {ROLE_CONSUMER, "fetch.wait.max.ms", "100"},
    /* As the Java client; librdkafka's 10 s make a broker's restart cost seconds more. */
    {ROLE_CONSUMER | ROLE_PRODUCER, "reconnect.backoff.max.ms", "1000"},
    {ROLE_PRODUCER, "acks", "all"},
    {ROLE_PRODUCER, "enable.idempotence", "true"},
    {ROLE_PRODUCER, "batch.num.messages", "100000"},
    {ROLE_PRODUCER, "sticky.partitioning.linger.ms", "0"}, /* partitioner.c does it */
};

/* A record waits as long as it takes: giving up is the host's business. */
static const struct setting patient[] = {
    {ROLE_PRODUCER, "message.timeout.ms", "0"},
};

/* A broker answers "concurrent transactions" until the marks of the last one are written, some
 * milliseconds; librdkafka asks again after retry.backoff.ms. message.timeout.ms follows
 * transaction.timeout.ms by itself. */
static const struct setting transactions[] = {
    {ROLE_PRODUCER, "transaction.timeout.ms", "10000"},
    {ROLE_PRODUCER, "retry.backoff.ms", "10"},
};

/* The mock cluster holds an empty fetch for its full wait, and drops old records early. */
static const struct setting embedded[] = {
    {ROLE_CONSUMER, "fetch.wait.max.ms", "10"},
};

static const struct setting forced[] = {
    {ROLE_CONSUMER, "enable.auto.commit", "false"},
    {ROLE_CONSUMER, "enable.auto.offset.store", "false"},
    {ROLE_CONSUMER, "auto.offset.reset", "error"},
    {ROLE_CONSUMER, "enable.partition.eof", "true"},
};

static lr_status set(rd_kafka_conf_t *conf, const char *name, const char *value,
                     struct lr_error *err)
{
    char text[512];

    if (rd_kafka_conf_set(conf, name, value, text, sizeof text) == RD_KAFKA_CONF_OK)
        return LR_OK;
    return lr_fail(err, LR_ECONFIG, "kafka.%s: %s", name,
                   secret_is(name) ? "librdkafka does not accept this value" : text);
}

static lr_status set_all(rd_kafka_conf_t *conf, uint32_t role, const struct setting *table,
                         size_t n, struct lr_error *err)
{
    lr_status status = LR_OK;

    for (size_t i = 0; i < n && status == LR_OK; i++)
        if (table[i].roles & role)
            status = set(conf, table[i].name, table[i].value, err);
    return status;
}

static lr_status set_user(const struct wire *wire, rd_kafka_conf_t *conf, uint32_t role,
                          struct lr_error *err)
{
    char *list = property_list();
    lr_status status = LR_OK;

    if (!list)
        return lr_fail(err, LR_ENOMEM, "no memory for the list of librdkafka's properties");
    for (const struct lr_pair *p = wire->settings->properties; p && p->name; p++) {
        const char *why = property_refusal(p->name);
        uint32_t roles = property_roles(list, p->name);
        char *value;

        if (why) {
            status = lr_fail(err, LR_ECONFIG, "kafka.%s must not be set: %s", p->name, why);
            break;
        }
        if (roles && !(roles & role))
            continue;
        secret_guard(p->name);
        status = secret_is(p->name) ? secret_resolve(p->name, p->value, &value, err) : LR_OK;
        if (status != LR_OK)
            break;
        status = set(conf, p->name, secret_is(p->name) ? value : p->value, err);
        if (secret_is(p->name))
            free(value);
        if (status != LR_OK)
            break;
    }
    free(list);
    return status;
}

/* Idempotence needs acks = all; whoever weakens acks (and was warned) loses it, too. */
static lr_status weaken(const struct kafka_settings *settings, rd_kafka_conf_t *conf,
                        struct lr_error *err)
{
    if (property_is_acks_all(settings) || property_value(settings, "enable.idempotence"))
        return LR_OK;
    return set(conf, "enable.idempotence", "false", err);
}

/* Kafka takes letters, digits, '.', '_' and '-' in a member's name. */
void member_name(const struct lr_host *host, char *name, size_t size)
{
    (void)snprintf(name, size, "%.100s-%.100s-%u", host->pipeline ? host->pipeline : "",
                   host->instance ? host->instance : "", host->lane);
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && !strchr("._-", *name))
            *name = '_';
}

static lr_status set_identity(const struct wire *wire, rd_kafka_conf_t *conf, struct lr_error *err)
{
    const struct lr_host *host = wire->host;
    char id[256];

    if (property_value(wire->settings, "client.id"))
        return LR_OK;
    (void)snprintf(id, sizeof id, "lrhost-%s-%s-%u", host->pipeline ? host->pipeline : "",
                   host->section ? host->section : "", host->lane);
    return set(conf, "client.id", id, err);
}

lr_status conf_create(struct wire *wire, uint32_t role, rd_kafka_conf_t **ret_conf,
                      struct lr_error *err)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    const char *servers;
    lr_status status;

    status = set_all(conf, role, defaults, sizeof defaults / sizeof defaults[0], err);
    if (status == LR_OK && role == ROLE_TRANSACTIONS)
        status =
            set_all(conf, role, transactions, sizeof transactions / sizeof transactions[0], err);
    else if (status == LR_OK)
        status = set_all(conf, role, patient, sizeof patient / sizeof patient[0], err);
    if (status == LR_OK && embedded_is(wire->settings))
        status = set_all(conf, role, embedded, sizeof embedded / sizeof embedded[0], err);
    if (status == LR_OK)
        status = set_user(wire, conf, role, err);
    if (status == LR_OK && role == ROLE_PRODUCER)
        status = weaken(wire->settings, conf, err);
    if (status == LR_OK)
        status = set_all(conf, role, forced, sizeof forced / sizeof forced[0], err);
    if (status == LR_OK && embedded_is(wire->settings)) {
        status = embedded_servers(&servers, err);
        if (status == LR_OK)
            status = set(conf, "bootstrap.servers", servers, err);
    }
    if (status == LR_OK)
        status = set_identity(wire, conf, err);
    if (status != LR_OK) {
        rd_kafka_conf_destroy(conf);
        return status;
    }
    wire_attach(wire, conf);
    *ret_conf = conf;
    return LR_OK;
}
