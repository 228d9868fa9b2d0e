/* SPDX-License-Identifier: MIT
 *
 * What is read ahead: how much, and that the fetcher goes on in time.
 *
 * The host says how many bytes of memory this source may use. librdkafka needs some 300 bytes for
 * a message besides the bytes of the message, which no limit of its counts, so all limits are small
 * parts of it. A partition is fetched while less than `queued` lies in its queue, and one answer
 * of a broker brings at most `part` of each partition and `fetch` in all; so one queue for all of
 * them never holds more than queued + fetch. What is set apart at a plan's end (fetch.c) has its
 * own queue, of at most queued + part; these are shared by all lanes, as the partitions are.
 *
 * A fetcher that finds the queue full sleeps. From 2.2 on the time can be set; before, it is
 * up to a second, unless something happens on the broker's connection. What happens then is a
 * question from us, when at least half of `queued` was taken and less than half is left: the ends
 * of our partitions, whose answer nobody waits for. It costs one small request for each fetch under
 * load, and none when there is little to read.
 */
#include <stdlib.h>

#include "source.h"

#define MIB (INT64_C(1) << 20)
#define BUDGET (32 * MIB)  /* of a host that does not say */
#define FETCH_PART 8       /* of the budget: one answer; */
#define PARTITION_PART 256 /* of the budgets of all lanes: of one partition in it */
#define FETCH_LEAST MIB    /* librdkafka's message.max.bytes must fit */
#define FETCH_MOST (50 * MIB)
#define PARTITION_LEAST (MIB / 8)
#define PARTITION_MOST MIB /* Kafka's own default */
#define RECORD_LEAST 32    /* bytes; smaller ones are bounded by their number */

static int64_t budget_of(const struct lr_host *host)
{
    if (host->size < offsetof(struct lr_host, budget) + sizeof host->budget || host->budget <= 0)
        return BUDGET;
    return host->budget;
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* Unless the user has said it; some properties have two names. */
static lr_status set(const struct source *s, rd_kafka_conf_t *conf, const char *name,
                     const char *alias, int64_t value, struct lr_error *err)
{
    char digits[24], text[256];

    if (property_value(s->wire.settings, name) || property_value(s->wire.settings, alias))
        return LR_OK;
    (void)snprintf(digits, sizeof digits, "%lld", (long long)value);
    if (rd_kafka_conf_set(conf, name, digits, text, sizeof text) == RD_KAFKA_CONF_OK)
        return LR_OK;
    return lr_fail(err, LR_EINTERNAL, "%s: %s", name, text);
}

static int64_t get(const rd_kafka_conf_t *conf, const char *name)
{
    char text[64];
    size_t size = sizeof text;

    return rd_kafka_conf_get(conf, name, text, &size) ? INT64_MAX / 2048 : strtoll(text, NULL, 10);
}

lr_status ahead_configure(struct source *s, rd_kafka_conf_t *conf, struct lr_error *err)
{
    int64_t budget = budget_of(s->host);
    int64_t fetch = clamp(budget / FETCH_PART, FETCH_LEAST, FETCH_MOST);
    int64_t part = clamp(budget * s->host->lanes / PARTITION_PART, PARTITION_LEAST, PARTITION_MOST);
    int64_t queued = part / 2;
    lr_status status;
    char text[256];

    status = set(s, conf, "queued.max.messages.kbytes", "", queued / 1024, err);
    if (status == LR_OK)
        status = set(s, conf, "queued.min.messages", "", queued / RECORD_LEAST, err);
    if (status == LR_OK)
        status = set(s, conf, "fetch.max.bytes", "message.max.bytes", fetch, err);
    if (status == LR_OK)
        status = set(s, conf, "max.partition.fetch.bytes", "fetch.message.max.bytes", part, err);
    s->ahead.max_bytes = get(conf, "queued.max.messages.kbytes") * 1024;
    s->ahead.max_records = get(conf, "queued.min.messages");
    s->ahead.wakes = !property_value(s->wire.settings, "fetch.queue.backoff.ms") &&
                     rd_kafka_conf_set(conf, "fetch.queue.backoff.ms", "10", text, sizeof text) !=
                         RD_KAFKA_CONF_OK;
    return status;
}

void ahead_wake(struct source *s)
{
    struct ahead *a = &s->ahead;
    rd_kafka_topic_partition_list_t *list;
    int64_t left;

    if (!a->wakes || (2 * a->bytes < a->max_bytes && 2 * a->records < a->max_records))
        return;
    left = (int64_t)rd_kafka_queue_length(s->records);
    if (2 * left >= a->max_records || 2 * left * (a->bytes / a->records) >= a->max_bytes)
        return;
    a->bytes = a->records = 0;
    list = rd_kafka_topic_partition_list_new((int)s->n_owned);
    for (uint32_t i = 0; i < s->n_owned; i++)
        rd_kafka_topic_partition_list_add(list, s->owned[i]->topic, s->owned[i]->info.partition)
            ->offset = RD_KAFKA_OFFSET_END;
    (void)rd_kafka_offsets_for_times(s->rk, list, 0);
    rd_kafka_topic_partition_list_destroy(list);
}
