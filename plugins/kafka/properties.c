/* SPDX-License-Identifier: MIT
 *
 * librdkafka's properties: which exist here, who knows them, which the user must not set and
 * which weaken what lrhost promises.
 *
 * librdkafka tells a property's role only in its documentation, which it can print
 * (rd_kafka_conf_properties_show); that text is the list, so it is always the one of the library
 * that is loaded. Values are judged by setting them on a scratch configuration.
 */
#include <stdlib.h>

#include "kafka.h"

/* What lrhost does by itself, and what would break a promise in silence. */
static const struct {
    const char *name;
    const char *why;
} refusals[] = {
    {"enable.auto.commit", "lrhost commits by itself, and only what was delivered"},
    {"auto.commit.enable", "lrhost commits by itself, and only what was delivered"},
    {"auto.commit.interval.ms", "lrhost commits by itself; say [engine] commit_interval"},
    {"enable.auto.offset.store", "lrhost commits by itself, and only what was delivered"},
    {"offset.store.method", "positions are stored by the group"},
    {"offset.store.path", "positions are stored by the group"},
    {"offset.store.sync.interval.ms", "positions are stored by the group"},
    {"auto.offset.reset", "say start = earliest or start = latest; where records are missing, "
                          "lrhost stops instead of skipping in silence"},
    {"enable.partition.eof", "lrhost needs it to see where a plan ends"},
    {"transactional.id", "lrhost makes it from pipeline, instance and lane"},
    {"group.instance.id",
     "lrhost makes it from pipeline, instance and lane; say [pipeline] instance "
     "and [source] membership"},
    {"partitioner", "say partition = auto, key, input or sticky"},
    {"partitioner_cb", "say partition = auto, key, input or sticky"},
    {"queuing.strategy", "order is part of what lrhost promises"},
    {"delivery.report.only.error", "lrhost needs to know of every delivery"},
    {"test.mock.num.brokers", "say kafka.bootstrap.servers = embedded"},
    {"plugin.library.paths", "it loads code that lrhost has not checked"},
    {"ssl.engine.location", "it loads code that lrhost has not checked"},
    {"log.queue", "librdkafka's log lines go to lrhost's log as they come"},
};

const char *property_refusal(const char *name)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        if (strcmp(refusals[i].name, name) == 0)
            return refusals[i].why;
    return NULL;
}

const char *property_value(const struct kafka_settings *settings, const char *name)
{
    const char *value = NULL;

    for (const struct lr_pair *p = settings->properties; p && p->name; p++)
        if (strcmp(p->name, name) == 0)
            value = p->value;
    return value;
}

char *property_list(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    if (!stream)
        return NULL;
    rd_kafka_conf_properties_show(stream);
    if (fclose(stream) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* A row is "name     |  P  | range ..."; returns where the next one begins, NULL at the end. */
static const char *next_row(const char *at, const char **ret_name, size_t *ret_len,
                            uint32_t *ret_roles)
{
    while (at && *at) {
        const char *name = at, *end = strchr(at, '\n'), *bar = strchr(at, '|');
        const char *role;

        at = end ? end + 1 : name + strlen(name);
        if (!bar || bar > at || *name == '-')
            continue;
        role = bar + 1 + strspn(bar + 1, " ");
        *ret_name = name;
        *ret_len = strcspn(name, " |");
        *ret_roles = *role == 'P'   ? ROLE_PRODUCER
                     : *role == 'C' ? ROLE_CONSUMER
                                    : ROLE_PRODUCER | ROLE_CONSUMER;
        return at;
    }
    return NULL;
}

uint32_t property_roles(const char *list, const char *name)
{
    const char *row = NULL;
    uint32_t roles = 0, all = 0;
    size_t len = 0, wanted = strlen(name);

    /* A name may stand in both tables (global, topic): then its roles add up. */
    while ((list = next_row(list, &row, &len, &roles)))
        if (len == wanted && strncmp(row, name, len) == 0)
            all |= roles;
    return all;
}

/* ---- suggestions ------------------------------------------------------------------------ */

#define NAME_MAX_LEN 64

/* Edit distance (Levenshtein), with one row of the table in memory. */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t row[NAME_MAX_LEN + 1];

    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t left_above = row[0];

        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t above = row[j], best = left_above + (a[i - 1] != b[j - 1]);

            if (above + 1 < best)
                best = above + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            left_above = above;
            row[j] = best;
        }
    }
    return row[m];
}

/* "; did you mean 'kafka.linger.ms'?", or nothing. */
static void suggest(const char *list, const char *name, char *buffer, size_t size)
{
    const char *row = NULL, *best = NULL;
    size_t wanted = strlen(name), len = 0, best_len = 0, limit = wanted / 3 + 1;
    uint32_t roles;

    buffer[0] = '\0';
    while (wanted <= NAME_MAX_LEN && (list = next_row(list, &row, &len, &roles))) {
        size_t d = len <= NAME_MAX_LEN ? distance(name, wanted, row, len) : limit + 1;

        if (d <= limit) {
            limit = d > 0 ? d - 1 : 0;
            best = row;
            best_len = len;
        }
    }
    if (best)
        (void)snprintf(buffer, size, "; did you mean 'kafka.%.*s'?", (int)best_len, best);
}

/* ---- check ------------------------------------------------------------------------------ */

static int is_one_of(const char *value, const char *a, const char *b)
{
    return strcmp(value, a) == 0 || strcmp(value, b) == 0;
}

int property_is_acks_all(const struct kafka_settings *settings)
{
    const char *acks = property_value(settings, "acks");

    if (!acks)
        acks = property_value(settings, "request.required.acks");
    return !acks || is_one_of(acks, "all", "-1");
}

/* Works, but gives less than it seems to. */
static const char *weakness(const char *name, const char *value)
{
    if (is_one_of(name, "acks", "request.required.acks") && !is_one_of(value, "all", "-1"))
        return "without acks = all a record that counts as delivered can be lost with its broker, "
               "and the producer is not idempotent";
    if (strcmp(name, "enable.idempotence") == 0 && !is_one_of(value, "true", "1"))
        return "without it a retry inside the client can double records or change their order";
    if (strcmp(name, "isolation.level") == 0 && strcmp(value, "read_uncommitted") == 0)
        return "records of transactions that are aborted later are read and scored, too";
    if (is_one_of(name, "retries", "message.send.max.retries") && strtol(value, NULL, 10) < 3)
        return "with so few retries every short disturbance makes the lane rewind";
    return NULL;
}

static void check_one(const char *list, rd_kafka_conf_t *scratch, const struct lr_pair *pair,
                      const struct lr_report *report)
{
    char option[128], text[512], near[128];
    const char *why = property_refusal(pair->name);
    const char *value = pair->value;
    char *resolved = NULL;

    (void)snprintf(option, sizeof option, "kafka.%s", pair->name);
    if (why) {
        (void)snprintf(text, sizeof text, "must not be set: %s", why);
        report->problem(report->ctx, option, text);
        return;
    }
    if (!property_roles(list, pair->name)) {
        suggest(list, pair->name, near, sizeof near);
        (void)snprintf(text, sizeof text, "librdkafka %s here does not know '%s'%s",
                       rd_kafka_version_str(), pair->name, near);
        report->problem(report->ctx, option, text);
        return;
    }
    secret_guard(pair->name);
    if (secret_is(pair->name)) {
        struct lr_error err = LR_ERROR_INIT;

        if (!secret_is_reference(value))
            report->warning(report->ctx, option,
                            "stands in the file for everyone to read; write file:PATH or env:NAME");
        if (secret_is_exposed(value)) {
            (void)snprintf(text, sizeof text,
                           "the mode of '%.400s' lets every user read it; chmod o-r", value + 5);
            report->warning(report->ctx, option, text);
        }
        if (secret_is_withheld(value))
            return;
        if (secret_resolve(pair->name, value, &resolved, &err) != LR_OK) {
            report->problem(report->ctx, option, err.text);
            return;
        }
        value = resolved;
    }
    if (rd_kafka_conf_set(scratch, pair->name, value, text, sizeof text) != RD_KAFKA_CONF_OK) {
        char sentence[sizeof text + 64];

        text[strcspn(text, "\n")] = '\0'; /* some of librdkafka's end in one */
        (void)snprintf(sentence, sizeof sentence, "librdkafka does not take this value%s%s",
                       resolved ? "" : ": ", resolved ? "" : text);
        report->problem(report->ctx, option, sentence);
    } else if (!resolved && (why = weakness(pair->name, value)))
        report->warning(report->ctx, option, why);
    free(resolved);
}

const char *scram_hint(const struct kafka_settings *settings, char *text, size_t size)
{
    const char *mechanism = property_value(settings, "sasl.mechanisms");

    if (!mechanism)
        mechanism = property_value(settings, "sasl.mechanism");
    text[0] = '\0';
    if (mechanism && strncmp(mechanism, "SCRAM-", 6) == 0 && rd_kafka_version() < 0x020601ff)
        (void)snprintf(text, size,
                       "librdkafka %s here cannot log in by SCRAM to Kafka 4.0 or newer, 2.6.1 can",
                       rd_kafka_version_str());
    return text;
}

void properties_check(const struct kafka_settings *settings, const struct lr_report *report)
{
    char *list = property_list();
    char hint[160];
    rd_kafka_conf_t *scratch = rd_kafka_conf_new();

    if (!property_value(settings, "bootstrap.servers") &&
        !property_value(settings, "metadata.broker.list"))
        report->problem(report->ctx, "kafka.bootstrap.servers",
                        "is missing: say host:port[,host:port], or `embedded` for a broker inside "
                        "this process");
    for (const struct lr_pair *p = settings->properties; list && p && p->name; p++)
        check_one(list, scratch, p, report);
    if (*scram_hint(settings, hint, sizeof hint))
        report->warning(report->ctx, "kafka.sasl.mechanisms", hint);
    rd_kafka_conf_destroy(scratch);
    free(list);
}
