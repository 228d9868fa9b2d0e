/* SPDX-License-Identifier: MIT
 *
 * The driver's clients and topics.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

#define TIMEOUT_MS 10000

void die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)fputs("driver: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    exit(1);
}

rd_kafka_conf_t *client_conf(const char *servers, const char *const (*properties)[2])
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char text[512];

    if (rd_kafka_conf_set(conf, "bootstrap.servers", servers, text, sizeof text))
        die("%s", text);
    for (; properties && (*properties)[0]; properties++)
        if (rd_kafka_conf_set(conf, (*properties)[0], (*properties)[1], text, sizeof text))
            die("%s", text);
    return conf;
}

rd_kafka_t *client_open(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char text[512];
    rd_kafka_t *rk = rd_kafka_new(type, conf, text, sizeof text);

    if (!rk)
        die("%s", text);
    return rk;
}

/* 0: there is no such topic. */
int32_t topic_partitions(rd_kafka_t *rk, const char *topic)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);
    const rd_kafka_metadata_t *metadata;
    rd_kafka_resp_err_t code = rd_kafka_metadata(rk, 0, handle, &metadata, TIMEOUT_MS);
    int32_t n;

    rd_kafka_topic_destroy(handle);
    if (code)
        die("topic '%s': %s", topic, rd_kafka_err2str(code));
    n = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    return n;
}

static void make_topic(rd_kafka_t *rk, const char *topic, int32_t partitions)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    char text[512];
    rd_kafka_NewTopic_t *wanted = rd_kafka_NewTopic_new(topic, partitions, 1, text, sizeof text);
    rd_kafka_event_t *event;
    int64_t give_up = now_ns() + TIMEOUT_MS * MS;

    if (!wanted)
        die("%s", text);
    rd_kafka_CreateTopics(rk, &wanted, 1, NULL, queue);
    event = rd_kafka_queue_poll(queue, TIMEOUT_MS);
    if (!event || rd_kafka_event_error(event))
        die("topic '%s' could not be made: %s", topic,
            event ? rd_kafka_event_error_string(event) : "no answer");
    rd_kafka_event_destroy(event);
    rd_kafka_NewTopic_destroy(wanted);
    rd_kafka_queue_destroy(queue);
    while (topic_partitions(rk, topic) != partitions) {
        if (now_ns() > give_up)
            die("topic '%s' was not made with %d partitions", topic, partitions);
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){0, 20 * MS}, NULL);
    }
}

void topics_prepare(struct plan *plan)
{
    rd_kafka_t *rk = client_open(RD_KAFKA_PRODUCER, client_conf(plan->servers, NULL));
    const char *topics[] = {plan->to, plan->from};

    for (int i = 0; i < 2; i++) {
        int32_t n = topic_partitions(rk, topics[i]);

        if (n > 0 && plan->partitions > 0 && n != plan->partitions)
            die("topic '%s' has %d partitions and not %d", topics[i], n, plan->partitions);
        if (n == 0 && plan->partitions == 0)
            die("topic '%s' does not exist; --partitions N makes it", topics[i]);
        if (n == 0)
            make_topic(rk, topics[i], plan->partitions);
    }
    plan->partitions = topic_partitions(rk, plan->to);
    if (plan->partitions > PARTITIONS_MAX)
        die("more than %d partitions", PARTITIONS_MAX);
    if (plan->spread > (uint32_t)plan->partitions)
        plan->spread = (uint32_t)plan->partitions;
    rd_kafka_destroy(rk);
}
