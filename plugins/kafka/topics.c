/* SPDX-License-Identifier: MIT
 *
 * Topics: `lrhost topics create|list|delete FILE` by librdkafka's admin API, and the check of a
 * topic's name. Creating what is there and deleting what is not are no errors: each command says
 * what the state is now.
 */
#include <ctype.h>
#include <poll.h>
#include <regex.h>
#include <stdlib.h>

#include "kafka.h"

#define NAME_MAX_LEN 249
#define NEWS_MS 20
#define LEADER_MS 1000

/* ---- check ------------------------------------------------------------------------------ */

static int name_is_good(const char *topic)
{
    size_t n = strlen(topic);

    if (n == 0 || n > NAME_MAX_LEN || strcmp(topic, ".") == 0 || strcmp(topic, "..") == 0)
        return 0;
    for (; *topic; topic++)
        if (!isalnum((unsigned char)*topic) && !strchr("._-", *topic))
            return 0;
    return 1;
}

void topics_check(const struct kafka_settings *settings, const char *topic, int32_t direction,
                  const struct lr_report *report)
{
    char text[512];

    if (*topic == '^' && direction == LR_READS) {
        regex_t expression;
        int code = regcomp(&expression, topic, REG_EXTENDED | REG_NOSUB);

        if (code == 0) {
            regfree(&expression);
            return;
        }
        (void)snprintf(text, sizeof text, "'%.300s' is not a regular expression", topic);
        report->problem(report->ctx, "topic", text);
        return;
    }
    if (!name_is_good(topic)) {
        (void)snprintf(text, sizeof text,
                       "'%.260s' cannot be a topic's name (letters, digits, '.', '_' and '-', at "
                       "most %d)",
                       topic, NAME_MAX_LEN);
        report->problem(report->ctx, "topic", text);
        return;
    }
    if (embedded_is(settings))
        (void)snprintf(text, sizeof text, "topic '%s' of the embedded broker", topic);
    else
        (void)snprintf(text, sizeof text, "topic:%s", topic);
    report->touches(report->ctx, direction, text, embedded_is(settings) ? LR_PROCESS_ONLY : 0);
}

/* ---- one topic's present state ---------------------------------------------------------- */

static void serve_nothing(void *ctx)
{
    rd_kafka_poll(ctx, 0); /* errors reach the wire */
}

/* *ret_partitions 0: there is none. */
static lr_status count_partitions(struct wire *wire, rd_kafka_t *rk, const char *topic,
                                  int32_t *ret_partitions, struct lr_error *err)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topic, NULL);
    rd_kafka_resp_err_t code;
    lr_status status = LR_OK;

    if (!rkt)
        return lr_fail(err, LR_ECONFIG, "topic '%s': %s", topic,
                       rd_kafka_err2str(rd_kafka_last_error()));
    code = rd_kafka_metadata(rk, 0, rkt, &metadata, (int)(wire->settings->connect_timeout_ns / MS));
    rd_kafka_topic_destroy(rkt);
    if (code)
        return wire_fail(wire, err);
    *ret_partitions = 0;
    if (metadata->topic_cnt == 1) {
        code = metadata->topics[0].err;
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            *ret_partitions = metadata->topics[0].partition_cnt;
        else if (code != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
            status = wire_fail_topic(wire, topic, code, err);
    }
    rd_kafka_metadata_destroy(metadata);
    return status;
}

/* The controller knows of a topic before the broker that is asked, which hears of it later. */
static lr_status await_partitions(struct wire *wire, rd_kafka_t *rk, const char *topic,
                                  int32_t *ret_partitions, struct lr_error *err)
{
    int64_t give_up_ns = wire_now(wire) + wire->settings->connect_timeout_ns;
    lr_status status;

    for (;;) {
        status = count_partitions(wire, rk, topic, ret_partitions, err);
        if (status != LR_OK || *ret_partitions > 0)
            return status;
        if (wire_now(wire) >= give_up_ns)
            return lr_fail(
                err, LR_EUNAVAILABLE,
                "topic '%s' is there, but the broker at %s knows none of its partitions; "
                "it may be on its way out: try again",
                topic, wire->servers);
        (void)poll(NULL, 0, NEWS_MS);
    }
}

/* The brokers hear later that they lead the partitions of a new topic; who writes before that may
 * meet KAFKA-15591 (report.c). Best effort: another answer is not waited for. librdkafka does not
 * ask anew about what it knows not to be there; count_partitions does. */
static void await_leaders(struct wire *wire, rd_kafka_t *rk, const char *topic)
{
    int64_t give_up_ns = wire_now(wire) + wire->settings->connect_timeout_ns, low, high;
    int32_t n = (int32_t)wire->settings->partitions, i = 0, known;
    struct lr_error ignored = LR_ERROR_INIT;

    while (i < n && wire_now(wire) < give_up_ns) {
        switch (rd_kafka_query_watermark_offsets(rk, topic, i, &low, &high, LEADER_MS)) {
        case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
        case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
            (void)poll(NULL, 0, NEWS_MS);
            (void)count_partitions(wire, rk, topic, &known, &ignored);
            break;
        case RD_KAFKA_RESP_ERR_NO_ERROR:
            i++;
            break;
        default:
            return;
        }
    }
}

/* ---- create and delete ------------------------------------------------------------------ */

/* The one result of an event of either kind; the text lives as long as the event. */
static rd_kafka_resp_err_t result_of(rd_kafka_event_t *event, const char **ret_text)
{
    const rd_kafka_topic_result_t **results = NULL;
    const rd_kafka_CreateTopics_result_t *created = rd_kafka_event_CreateTopics_result(event);
    const rd_kafka_DeleteTopics_result_t *deleted = rd_kafka_event_DeleteTopics_result(event);
    size_t n = 0;

    *ret_text = rd_kafka_event_error_string(event);
    if (rd_kafka_event_error(event))
        return rd_kafka_event_error(event);
    if (created)
        results = rd_kafka_CreateTopics_result_topics(created, &n);
    else if (deleted)
        results = rd_kafka_DeleteTopics_result_topics(deleted, &n);
    if (n == 0)
        return RD_KAFKA_RESP_ERR__FAIL;
    if (rd_kafka_topic_result_error_string(results[0]))
        *ret_text = rd_kafka_topic_result_error_string(results[0]);
    return rd_kafka_topic_result_error(results[0]);
}

static lr_status finish(struct wire *wire, rd_kafka_queue_t *queue, const char *verb,
                        const char *topic, rd_kafka_resp_err_t harmless, int *ret_harmless,
                        struct lr_error *err)
{
    int timeout_ms = (int)(wire->settings->connect_timeout_ns / MS);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, timeout_ms);
    const char *text = "no answer";
    rd_kafka_resp_err_t code = event ? result_of(event, &text) : RD_KAFKA_RESP_ERR__TIMED_OUT;
    lr_status status = LR_OK;

    *ret_harmless = code == harmless;
    if (code && code != harmless)
        status = lr_fail(err, wire_class(code), "topic '%s' could not be %s: %s", topic, verb,
                         text ? text : rd_kafka_err2str(code));
    if (event)
        rd_kafka_event_destroy(event);
    return status;
}

static lr_status create_one(struct wire *wire, rd_kafka_t *rk, rd_kafka_queue_t *queue,
                            const char *topic, struct lr_error *err)
{
    const struct kafka_settings *s = wire->settings;
    char text[256] = "";
    int there = 0;
    int32_t partitions = 0;
    rd_kafka_NewTopic_t *wish =
        rd_kafka_NewTopic_new(topic, (int)s->partitions, (int)s->replication, text, sizeof text);
    lr_status status;

    if (!wish)
        return lr_fail(err, LR_ECONFIG, "topic '%s' cannot be made: %s", topic, text);
    rd_kafka_CreateTopics(rk, &wish, 1, NULL, queue);
    rd_kafka_NewTopic_destroy(wish);
    status =
        finish(wire, queue, "made", topic, RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS, &there, err);
    if (status == LR_OK && there)
        status = await_partitions(wire, rk, topic, &partitions, err);
    if (status != LR_OK)
        return status;
    if (there) {
        wire_log(wire, LR_LOG_NOTICE, "topic '%s' exists, %d partitions", topic, partitions);
        return LR_OK;
    }
    await_leaders(wire, rk, topic);
    wire_log(wire, LR_LOG_NOTICE, "topic '%s' made, %lld partitions, replication %lld", topic,
             (long long)s->partitions, (long long)s->replication);
    return LR_OK;
}

static lr_status delete_one(struct wire *wire, rd_kafka_t *rk, rd_kafka_queue_t *queue,
                            const char *topic, struct lr_error *err)
{
    rd_kafka_DeleteTopic_t *wish = rd_kafka_DeleteTopic_new(topic);
    int missing = 0;
    lr_status status;

    rd_kafka_DeleteTopics(rk, &wish, 1, NULL, queue);
    rd_kafka_DeleteTopic_destroy(wish);
    status = finish(wire, queue, "deleted", topic, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
                    &missing, err);
    if (status == LR_OK)
        wire_log(wire, LR_LOG_NOTICE, "topic '%s' %s", topic,
                 missing ? "does not exist" : "deleted");
    return status;
}

static lr_status list_one(struct wire *wire, rd_kafka_t *rk, const char *topic,
                          struct lr_error *err)
{
    int32_t partitions;
    lr_status status = count_partitions(wire, rk, topic, &partitions, err);

    if (status != LR_OK)
        return status;
    if (partitions)
        wire_log(wire, LR_LOG_NOTICE, "topic '%s' exists, %d partitions", topic, partitions);
    else
        wire_log(wire, LR_LOG_NOTICE, "topic '%s' does not exist", topic);
    return LR_OK;
}

lr_status topics_run(const struct lr_host *host, const struct kafka_settings *settings,
                     const char *const *topics, int32_t verb, struct lr_error *err)
{
    struct wire wire;
    rd_kafka_conf_t *conf;
    rd_kafka_queue_t *queue;
    rd_kafka_t *rk;
    lr_status status;

    wire_init(&wire, host, settings);
    if (embedded_is(settings)) {
        wire_log(&wire, LR_LOG_NOTICE,
                 "the embedded broker lives in one process and its topics are made when a pipeline "
                 "starts; there is nothing to do");
        return LR_OK;
    }
    /* A consumer, because looking at a topic with a producer could make it. */
    status = conf_create(&wire, ROLE_CONSUMER, &conf, err);
    if (status == LR_OK)
        status = wire_client(&wire, RD_KAFKA_CONSUMER, conf, &rk, err);
    if (status != LR_OK)
        return status;
    queue = rd_kafka_queue_new(rk);
    status = wire_await(&wire, rk, NULL, serve_nothing, rk, NULL, err);
    for (; status == LR_OK && topics && *topics; topics++) {
        if (**topics == '^')
            wire_log(&wire, LR_LOG_NOTICE, "'%s' is a pattern; it names no topic to make or delete",
                     *topics);
        else if (verb == LR_TOPICS_CREATE)
            status = create_one(&wire, rk, queue, *topics, err);
        else if (verb == LR_TOPICS_DELETE)
            status = delete_one(&wire, rk, queue, *topics, err);
        else
            status = list_one(&wire, rk, *topics, err);
    }
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(rk);
    return status == LR_AGAIN ? lr_fail(err, LR_EUNAVAILABLE, "stopped") : status;
}
