/* SPDX-License-Identifier: MIT
 *
 * The driver's reader. It is no member of a group: it reads all partitions from where they ended
 * when it came. A record has arrived when librdkafka hands it over; its batch is dated once.
 */
#include <stdlib.h>
#include <string.h>

#include "driver.h"

#define BATCH 4096
#define TIMEOUT_MS 10000

/* Where a partition ends; one that was just made has no leader for a moment. */
static int64_t end_of(rd_kafka_t *rk, const char *topic, int32_t partition)
{
    int64_t give_up = now_ns() + TIMEOUT_MS * MS, low, high;

    for (;;) {
        rd_kafka_resp_err_t code =
            rd_kafka_query_watermark_offsets(rk, topic, partition, &low, &high, TIMEOUT_MS);

        if (!code)
            return high;
        if (now_ns() > give_up)
            die("topic '%s': %s", topic, rd_kafka_err2str(code));
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){0, 20 * MS}, NULL);
    }
}

void reader_open(struct reader *r)
{
    const char *const properties[][2] = {
        {"group.id", "driver"}, /* librdkafka wants a name; nothing is ever committed */
        {"enable.auto.commit", "false"},
        {"isolation.level", r->plan->isolation},
        {"fetch.wait.max.ms", "10"},
        {"queued.min.messages", "10000000"}, /* a queue that is full makes it sleep a second */
        {NULL, NULL},
    };
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(PARTITIONS_MAX);
    rd_kafka_resp_err_t code;
    int32_t n;

    r->arrival_ns = calloc(r->plan->count + 1, sizeof *r->arrival_ns);
    if (!r->arrival_ns)
        die("out of memory");
    r->rk = client_open(RD_KAFKA_CONSUMER, client_conf(r->plan->servers, properties));
    (void)rd_kafka_poll_set_consumer(r->rk);
    r->queue = rd_kafka_queue_get_consumer(r->rk);
    n = topic_partitions(r->rk, r->plan->from);
    for (int32_t p = 0; p < n; p++)
        rd_kafka_topic_partition_list_add(list, r->plan->from, p)->offset =
            end_of(r->rk, r->plan->from, p);
    code = rd_kafka_assign(r->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (code)
        die("topic '%s': %s", r->plan->from, rd_kafka_err2str(code));
}

/* The number in "d.dddddd,"; -1: it is none of ours. */
static int64_t sequence(const rd_kafka_message_t *m)
{
    const char *text = m->payload;
    int64_t seq = 0;

    if (m->len < 9 || text[1] != '.' || text[8] != ',')
        return -1;
    for (int i = 0; i < 8; i++) {
        if (i == 1)
            continue;
        if (text[i] < '0' || text[i] > '9')
            return -1;
        seq = seq * 10 + (text[i] - '0');
    }
    return seq;
}

static void take(struct reader *r, const rd_kafka_message_t *m, int64_t now)
{
    int64_t seq;

    if (m->err) {
        (void)fprintf(stderr, "driver: %s\n", rd_kafka_message_errstr(m));
        return;
    }
    seq = sequence(m);
    if (seq < 0)
        die("a record of somebody else: %.*s", m->len > 160 ? 160 : (int)m->len,
            m->payload ? (const char *)m->payload : "");
    if ((uint64_t)seq >= r->plan->count) {
        __atomic_store_n(&r->probed, 1, __ATOMIC_RELEASE);
    } else if (r->arrival_ns[seq]) {
        r->duplicates++;
    } else {
        r->arrival_ns[seq] = now;
        r->seen++;
    }
}

void *reader_run(void *self)
{
    static rd_kafka_message_t *batch[BATCH];
    struct reader *r = self;

    while (r->seen < r->plan->count) {
        int64_t give_up = __atomic_load_n(&r->give_up_ns, __ATOMIC_ACQUIRE), now;
        ssize_t more = 0;

        batch[0] = rd_kafka_consumer_poll(r->rk, 100);
        if (batch[0])
            more = rd_kafka_consume_batch_queue(r->queue, 0, batch + 1, BATCH - 1);
        now = now_ns();
        for (ssize_t i = 0; batch[0] && i < 1 + (more > 0 ? more : 0); i++) {
            take(r, batch[i], now);
            rd_kafka_message_destroy(batch[i]);
        }
        if (give_up && now >= give_up)
            break;
    }
    return NULL;
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

void print_percentiles(const char *prefix, int64_t *values, uint64_t n)
{
    static const struct {
        const char *name;
        double part;
    } rows[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}, {"max", 1}};

    qsort(values, n, sizeof *values, ascending);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t rank = (uint64_t)((double)n * rows[i].part); /* so many are not larger */

        (void)printf("%s\"%s%s_ms\": %.3f", i ? ", " : "", prefix, rows[i].name,
                     n ? (double)values[rank ? rank - 1 : 0] / 1e6 : -1.0);
    }
}
