/* SPDX-License-Identifier: MIT
 *
 * See client.h. Everything waits for at most CLIENT_PATIENCE_MS without progress.
 */
#include "client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define AT_ONCE 2000
#define MS INT64_C(1000000)

void die(const char *format, ...)
{
    va_list args;

    (void)fprintf(stderr, "%s: ", program_invocation_short_name);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
    exit(2);
}

int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / MS;
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[256];

    if (rd_kafka_conf_set(conf, name, value, text, sizeof text) != RD_KAFKA_CONF_OK)
        die("%s", text);
}

/* Brokers come and go here; their absence is no news. */
static void keep_quiet(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk;
    if (getenv("CHAOS_CLIENT_LOG"))
        (void)fprintf(stderr, "%d %s %s\n", level, facility, text);
}

static rd_kafka_t *open_client(rd_kafka_type_t type, rd_kafka_conf_t *conf, const char *brokers)
{
    char text[256];
    rd_kafka_t *rk;

    set(conf, "bootstrap.servers", brokers);
    set(conf, "reconnect.backoff.ms", "20");
    set(conf, "reconnect.backoff.max.ms", "200");
    rd_kafka_conf_set_log_cb(conf, keep_quiet);
    rk = rd_kafka_new(type, conf, text, sizeof text);
    if (!rk)
        die("%s", text);
    return rk;
}

rd_kafka_t *client_consumer(const char *brokers, const char *group, int committed)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *rk;

    set(conf, "group.id", group ? group : "lrhost-chaos-nobody");
    set(conf, "enable.auto.commit", "false");
    set(conf, "enable.partition.eof", "true");
    set(conf, "auto.offset.reset", "error");
    set(conf, "isolation.level", committed ? "read_committed" : "read_uncommitted");
    set(conf, "queued.min.messages", "1000000");
    set(conf, "queued.max.messages.kbytes", "32768");
    set(conf, "fetch.wait.max.ms", "20");
    set(conf, "fetch.error.backoff.ms", "50");
    rk = open_client(RD_KAFKA_CONSUMER, conf, brokers);
    (void)rd_kafka_poll_set_consumer(rk);
    return rk;
}

rd_kafka_t *client_producer(const char *brokers)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    set(conf, "enable.idempotence", "true");
    set(conf, "linger.ms", "20");
    return open_client(RD_KAFKA_PRODUCER, conf, brokers);
}

/* 0: not now. */
static int32_t try_partitions(rd_kafka_t *rk, const char *topic)
{
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topic, NULL);
    const struct rd_kafka_metadata *metadata;
    int32_t n = 0;

    if (rd_kafka_metadata(rk, 0, rkt, &metadata, 2000) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        const rd_kafka_metadata_topic_t *t = metadata->topics;

        n = metadata->topic_cnt == 1 && !t->err ? t->partition_cnt : 0;
        for (int i = 0; i < t->partition_cnt && n; i++)
            if (t->partitions[i].leader < 0)
                n = 0;
        rd_kafka_metadata_destroy(metadata);
    }
    rd_kafka_topic_destroy(rkt);
    return n;
}

int32_t client_partitions(rd_kafka_t *rk, const char *topic)
{
    int64_t give_up = now_ms() + CLIENT_PATIENCE_MS;
    int32_t n;

    while ((n = try_partitions(rk, topic)) == 0) {
        if (now_ms() >= give_up)
            die("topic '%s' cannot be looked at", topic);
        (void)usleep(50000);
    }
    return n;
}

void client_ends(rd_kafka_t *rk, const char *topic, int32_t partition, int64_t *ret_low,
                 int64_t *ret_high)
{
    int64_t give_up = now_ms() + CLIENT_PATIENCE_MS;
    rd_kafka_resp_err_t code;

    while ((code = rd_kafka_query_watermark_offsets(rk, topic, partition, ret_low, ret_high,
                                                    5000)) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (now_ms() >= give_up)
            die("%s[%d]: no offsets: %s", topic, partition, rd_kafka_err2str(code));
        (void)usleep(50000);
    }
}

/* ---- reading all ------------------------------------------------------------------------ */

struct reading {
    rd_kafka_t *rk;
    const char *topic;
    int32_t n;     /* partitions */
    int32_t open;  /* of them not at their end yet */
    int64_t *ends; /* -1: reached */
};

/* Assigns all partitions from their beginning; those that hold nothing are at their end. */
static int64_t begin_reading(struct reading *r, rd_kafka_t *all)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(r->n);
    int64_t hanging = 0;

    for (int32_t p = 0; p < r->n; p++) {
        int64_t low, stable, high, unused;

        client_ends(r->rk, r->topic, p, &low, &stable);
        client_ends(all, r->topic, p, &unused, &high);
        hanging += high > stable ? high - stable : 0;
        r->ends[p] = stable > low ? stable : -1;
        if (stable <= low)
            continue;
        rd_kafka_topic_partition_list_add(list, r->topic, p)->offset = low;
        r->open++;
    }
    if (list->cnt > 0 && rd_kafka_assign(r->rk, list))
        die("topic '%s' cannot be assigned", r->topic);
    rd_kafka_topic_partition_list_destroy(list);
    return hanging;
}

/* What is not a record. */
static void take_event(struct reading *r, const rd_kafka_message_t *m)
{
    if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        if (r->ends[m->partition] >= 0 && m->offset >= r->ends[m->partition]) {
            r->ends[m->partition] = -1;
            r->open--;
        }
    } else if (m->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
        die("%s[%d]: %s", r->topic, m->partition, rd_kafka_message_errstr(m));
    }
}

int64_t client_read(const char *brokers, const char *topic, int committed,
                    void (*visit)(void *ctx, const rd_kafka_message_t *m), void *ctx)
{
    struct reading r = {.rk = client_consumer(brokers, NULL, committed), .topic = topic};
    rd_kafka_t *all = client_consumer(brokers, NULL, 0);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(r.rk);
    int64_t hanging, give_up = now_ms() + CLIENT_PATIENCE_MS;
    static rd_kafka_message_t *messages[AT_ONCE];

    r.n = client_partitions(r.rk, topic);
    r.ends = calloc((size_t)r.n, sizeof *r.ends);
    if (!r.ends)
        die("out of memory");
    hanging = begin_reading(&r, all);
    while (r.open > 0) {
        ssize_t got = rd_kafka_consume_batch_queue(queue, 50, messages, AT_ONCE);

        for (ssize_t i = 0; i < got; i++) {
            if (messages[i]->err)
                take_event(&r, messages[i]);
            else
                visit(ctx, messages[i]);
            rd_kafka_message_destroy(messages[i]);
        }
        if (got > 0)
            give_up = now_ms() + CLIENT_PATIENCE_MS;
        else if (now_ms() >= give_up)
            die("topic '%s': no record in %d s, %d partitions are not read to their end", topic,
                CLIENT_PATIENCE_MS / 1000, r.open);
    }
    rd_kafka_queue_destroy(queue);
    free(r.ends);
    rd_kafka_destroy(all);
    rd_kafka_destroy(r.rk);
    return hanging;
}
