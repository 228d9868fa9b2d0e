/* SPDX-License-Identifier: MIT
 *
 * What an administrator does with a cluster, as far as the attacks need it.
 *
 *   ask BROKERS up                            exit 0 when a broker answers
 *   ask BROKERS create TOPIC PARTITIONS COPIES
 *   ask BROKERS delete TOPIC...
 *   ask BROKERS grow TOPIC PARTITIONS         more partitions
 *   ask BROKERS trim TOPIC PARTITION OFFSET   deletes what lies before
 *   ask BROKERS fill TOPIC FILE               one record per line
 *   ask BROKERS ends TOPIC                    "PARTITION LOW HIGH" lines
 *   ask BROKERS leaders TOPIC                 "PARTITION BROKER" lines
 *   ask BROKERS group GROUP TOPIC             "PARTITION STORED HIGH" lines; -1001: none stored
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

#define ADMIN_MS 15000

struct asked {
    const char *brokers, *topic;
    char **words; /* after the topic */
    int n;
    rd_kafka_t *rk;
};

static int64_t number(const struct asked *a, int i)
{
    return i < a->n ? strtoll(a->words[i], NULL, 10) : 0;
}

/* ---- admin requests --------------------------------------------------------------------- */

/* The first error in the answer, NULL when there is none. */
static const char *trouble(rd_kafka_event_t *event)
{
    const rd_kafka_topic_result_t **topics = NULL;
    size_t n = 0;

    if (!event)
        return "no answer";
    if (rd_kafka_event_error(event))
        return rd_kafka_event_error_string(event);
    switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_CREATETOPICS_RESULT:
        topics = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &n);
        break;
    case RD_KAFKA_EVENT_DELETETOPICS_RESULT:
        topics = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &n);
        break;
    case RD_KAFKA_EVENT_CREATEPARTITIONS_RESULT:
        topics = rd_kafka_CreatePartitions_result_topics(
            rd_kafka_event_CreatePartitions_result(event), &n);
        break;
    default:
        break;
    }
    for (size_t i = 0; i < n; i++)
        if (rd_kafka_topic_result_error(topics[i]))
            return rd_kafka_err2str(rd_kafka_topic_result_error(topics[i]));
    return NULL;
}

static void finish(rd_kafka_queue_t *queue, const char *what)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ADMIN_MS);
    const char *text = trouble(event);

    if (text)
        die("%s: %s", what, text);
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
}

static void do_create(const struct asked *a)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(a->rk);
    char text[256];
    rd_kafka_NewTopic_t *topic =
        rd_kafka_NewTopic_new(a->topic, (int)number(a, 0), (int)number(a, 1), text, sizeof text);

    if (!topic)
        die("%s", text);
    rd_kafka_CreateTopics(a->rk, &topic, 1, NULL, queue);
    finish(queue, a->topic);
    rd_kafka_NewTopic_destroy(topic);
    (void)client_partitions(a->rk, a->topic);
}

static void do_delete(const struct asked *a)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(a->rk);
    rd_kafka_DeleteTopic_t *topic = rd_kafka_DeleteTopic_new(a->topic);

    rd_kafka_DeleteTopics(a->rk, &topic, 1, NULL, queue);
    finish(queue, a->topic);
    rd_kafka_DeleteTopic_destroy(topic);
}

static void do_grow(const struct asked *a)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(a->rk);
    char text[256];
    rd_kafka_NewPartitions_t *more =
        rd_kafka_NewPartitions_new(a->topic, (size_t)number(a, 0), text, sizeof text);

    if (!more)
        die("%s", text);
    rd_kafka_CreatePartitions(a->rk, &more, 1, NULL, queue);
    finish(queue, a->topic);
    rd_kafka_NewPartitions_destroy(more);
}

static void do_trim(const struct asked *a)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(a->rk);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_DeleteRecords_t *wish;

    rd_kafka_topic_partition_list_add(list, a->topic, (int32_t)number(a, 0))->offset = number(a, 1);
    wish = rd_kafka_DeleteRecords_new(list);
    rd_kafka_DeleteRecords(a->rk, &wish, 1, NULL, queue);
    finish(queue, a->topic);
    rd_kafka_DeleteRecords_destroy(wish);
    rd_kafka_topic_partition_list_destroy(list);
}

/* ---- records ---------------------------------------------------------------------------- */

static void do_fill(const struct asked *a)
{
    rd_kafka_t *rk = client_producer(a->brokers);
    FILE *file = fopen(a->words[0], "re");
    char *line = NULL;
    size_t room = 0;
    ssize_t n;

    if (!file)
        die("%s: cannot be read", a->words[0]);
    while ((n = getline(&line, &room, file)) > 0) {
        rd_kafka_resp_err_t code;

        n -= line[n - 1] == '\n';
        while ((code = rd_kafka_producev(
                    rk, RD_KAFKA_V_TOPIC(a->topic), RD_KAFKA_V_VALUE(line, (size_t)n),
                    RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END)) != 0) {
            if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL)
                die("%s: %s", a->topic, rd_kafka_err2str(code));
            (void)rd_kafka_poll(rk, 50);
        }
    }
    if (rd_kafka_flush(rk, 60000))
        die("%s: records were not delivered", a->topic);
    free(line);
    (void)fclose(file);
    rd_kafka_destroy(rk);
}

/* ---- looking ---------------------------------------------------------------------------- */

static void do_up(const struct asked *a)
{
    const struct rd_kafka_metadata *metadata;

    if (rd_kafka_metadata(a->rk, 0, NULL, &metadata, 3000))
        die("no broker of '%s' answers", a->brokers);
    (void)printf("%d\n", metadata->broker_cnt);
    rd_kafka_metadata_destroy(metadata);
}

static void do_ends(const struct asked *a)
{
    int32_t n = client_partitions(a->rk, a->topic);

    for (int32_t p = 0; p < n; p++) {
        int64_t low, high;

        client_ends(a->rk, a->topic, p, &low, &high);
        (void)printf("%d %" PRId64 " %" PRId64 "\n", p, low, high);
    }
}

static void do_leaders(const struct asked *a)
{
    rd_kafka_topic_t *topic = rd_kafka_topic_new(a->rk, a->topic, NULL);
    const struct rd_kafka_metadata *metadata;

    if (rd_kafka_metadata(a->rk, 0, topic, &metadata, 5000) || metadata->topic_cnt != 1)
        die("topic '%s' cannot be looked at", a->topic);
    for (int i = 0; i < metadata->topics[0].partition_cnt; i++)
        (void)printf("%d %d\n", metadata->topics[0].partitions[i].id,
                     metadata->topics[0].partitions[i].leader);
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(topic);
}

static void do_group(const struct asked *a)
{
    rd_kafka_t *rk = client_consumer(a->brokers, a->topic, 1);
    const char *topic = a->words[0];
    int32_t n = client_partitions(rk, topic);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(n);
    rd_kafka_resp_err_t code;

    for (int32_t p = 0; p < n; p++)
        rd_kafka_topic_partition_list_add(list, topic, p);
    code = rd_kafka_committed(rk, list, CLIENT_PATIENCE_MS);
    if (code)
        die("group '%s': %s", a->topic, rd_kafka_err2str(code));
    for (int32_t p = 0; p < n; p++) {
        int64_t low, high;

        client_ends(rk, topic, p, &low, &high);
        (void)printf("%d %" PRId64 " %" PRId64 "\n", p, list->elems[p].offset, high);
    }
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(rk);
}

static const struct {
    const char *name;
    int words; /* topic included */
    void (*run)(const struct asked *a);
} verbs[] = {
    {"up", 0, do_up},     {"create", 3, do_create},   {"delete", 1, do_delete},
    {"grow", 2, do_grow}, {"trim", 3, do_trim},       {"fill", 2, do_fill},
    {"ends", 1, do_ends}, {"leaders", 1, do_leaders}, {"group", 2, do_group},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 2 && i < sizeof verbs / sizeof verbs[0]; i++) {
        struct asked a = {.brokers = argv[1]};

        if (strcmp(argv[2], verbs[i].name) != 0 || argc < 3 + verbs[i].words)
            continue;
        a.rk = client_consumer(a.brokers, NULL, 0);
        a.topic = argc > 3 ? argv[3] : NULL;
        a.words = argv + (argc > 4 ? 4 : argc);
        a.n = argc > 4 ? argc - 4 : 0;
        verbs[i].run(&a);
        if (strcmp(argv[2], "delete") == 0)
            for (; a.n > 0; a.n--) {
                a.topic = *a.words++;
                verbs[i].run(&a);
            }
        rd_kafka_destroy(a.rk);
        return 0;
    }
    die("BROKERS up|create|delete|grow|trim|fill|ends|leaders|group ...");
}
