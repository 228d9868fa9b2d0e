/* SPDX-License-Identifier: MIT
 *
 * The reference of the Kafka benchmark: the same job as lrhost's, fused by hand into one file with
 * no host, plugins, ledger, dead letters or metrics. Whatever lrhost needs beyond it is the
 * price of those.
 *
 *   reference raw   SERVERS GROUP FROM TO RECORDS               the records' bytes, unread
 *   reference score SERVERS GROUP FROM TO RECORDS MODEL.json    record;prediction;t1
 *
 * Relays RECORDS records at least once, ends when all are delivered and committed, and prints one
 * line. One thread beside librdkafka's own does everything, by the cheapest known ways: poll for
 * one message, take along what waits behind it, hand over copies as an array for one partition,
 * which changes every 10 ms, and read delivery reports as events. The client properties are those
 * of plugins/kafka/conf.c. The number parser and printer of plugins/common and the model file's
 * reader are lrhost's, since those would be the same by hand; the rest is not.
 *
 * At least once with out-of-order delivery needs a ledger of some kind; this one is the smallest:
 * an epoch is what was read in COMMIT_NS; its end is committed when it and all before are
 * delivered. An error of any kind ends the program; a rebalance is one.
 */
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <lrhost/error.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugins/common/number.h"
#include "plugins/common/row.h"
#include "plugins/linreg/store.h"

#define BATCH 1024
#define IN_FLIGHT 100000 /* lrhost's max_in_flight, librdkafka's queue.buffering.max.messages */
#define COMMIT_NS INT64_C(100000000)
#define TURN_NS INT64_C(10000000)
#define EPOCHS 64
#define PARTITIONS 64
#define FEATURES 64
#define RECORD_ROOM 1024 /* of an input record; a longer one ends the program */

struct epoch {
    uint64_t open; /* messages that are not delivered */
    int64_t next[PARTITIONS];
};

struct relay {
    rd_kafka_t *consumer, *producer;
    rd_kafka_queue_t *incoming, *reports;
    rd_kafka_topic_t *to;
    int32_t n_to, turn;
    int64_t turn_due_ns, commit_due_ns;
    const char *from;
    struct stored model; /* no weights: raw */
    struct row_way way;
    uint64_t total, read, delivered;
    uint64_t now, settled;    /* the open epoch, the first one that is not committed */
    int64_t next[PARTITIONS]; /* of the source; 0: nothing read */
    struct epoch epochs[EPOCHS];
    rd_kafka_message_t *in[BATCH], out[BATCH];
    char text[BATCH * (RECORD_ROOM + 2 * NUMBER_ROOM + 2)];
};

__attribute__((format(printf, 1, 2), noreturn)) static void die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)fputs("reference: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    exit(1);
}

static int64_t now_ns(clockid_t clock)
{
    struct timespec t;

    (void)clock_gettime(clock, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* ---- clients ------------------------------------------------------------------------------ */

static const char *const consumer_properties[][2] = {
    {"isolation.level", "read_committed"},
    {"partition.assignment.strategy", "range"},
    {"session.timeout.ms", "6000"},
    {"heartbeat.interval.ms", "1000"},
    {"queued.min.messages", "10000000"},
    /* As much as lrhost: it has 4096 for each of 10 partitions, but here all share one queue, and
     * librdkafka compares the whole of it with this. */
    {"queued.max.messages.kbytes", "40960"},
    {"fetch.wait.max.ms", "100"},
    {"reconnect.backoff.max.ms", "1000"},
    {"enable.auto.commit", "false"},
    {"enable.auto.offset.store", "false"},
    {"auto.offset.reset", "earliest"}, /* lrhost does the same by itself */
    {NULL, NULL},
};

static const char *const producer_properties[][2] = {
    {"reconnect.backoff.max.ms", "1000"},
    {"acks", "all"},
    {"enable.idempotence", "true"},
    {"batch.num.messages", "100000"},
    {"sticky.partitioning.linger.ms", "0"},
    {"linger.ms", "0"},
    {"message.timeout.ms", "0"},
    {NULL, NULL},
};

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[512];

    if (rd_kafka_conf_set(conf, name, value, text, sizeof text) != RD_KAFKA_CONF_OK)
        die("%s", text);
}

static rd_kafka_t *client(rd_kafka_type_t type, const char *const (*properties)[2],
                          const char *servers, const char *group)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char text[512];
    rd_kafka_t *rk;

    for (; (*properties)[0]; properties++)
        set(conf, (*properties)[0], (*properties)[1]);
    set(conf, "bootstrap.servers", servers);
    if (group)
        set(conf, "group.id", group);
    else
        rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
    rk = rd_kafka_new(type, conf, text, sizeof text);
    if (!rk)
        die("%s", text);
    return rk;
}

static void open_clients(struct relay *r, const char *servers, const char *group, const char *to)
{
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    const rd_kafka_metadata_t *metadata;
    rd_kafka_resp_err_t code;

    r->producer = client(RD_KAFKA_PRODUCER, producer_properties, servers, NULL);
    r->reports = rd_kafka_queue_get_main(r->producer);
    r->to = rd_kafka_topic_new(r->producer, to, NULL);
    code = rd_kafka_metadata(r->producer, 0, r->to, &metadata, 10000);
    if (code || metadata->topics[0].partition_cnt < 1)
        die("topic '%s': %s", to, code ? rd_kafka_err2str(code) : "no partitions");
    r->n_to = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);

    r->consumer = client(RD_KAFKA_CONSUMER, consumer_properties, servers, group);
    (void)rd_kafka_poll_set_consumer(r->consumer);
    r->incoming = rd_kafka_queue_get_consumer(r->consumer);
    rd_kafka_topic_partition_list_add(topics, r->from, RD_KAFKA_PARTITION_UA);
    code = rd_kafka_subscribe(r->consumer, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    if (code)
        die("topic '%s': %s", r->from, rd_kafka_err2str(code));
}

/* ---- deliveries and commits ----------------------------------------------------------------- */

static void settle(struct relay *r, rd_kafka_event_t *event)
{
    const rd_kafka_message_t *reports[256];
    size_t n;

    while ((n = rd_kafka_event_message_array(event, reports, 256)) > 0) {
        for (size_t i = 0; i < n; i++) {
            if (reports[i]->err)
                die("not delivered: %s", rd_kafka_err2str(reports[i]->err));
            r->epochs[(uintptr_t)reports[i]->_private].open--;
        }
        r->delivered += n;
    }
}

/* Whatever has been reported; waits for a first report at most wait_ms. */
static void serve(struct relay *r, int wait_ms)
{
    rd_kafka_event_t *event;

    while ((event = rd_kafka_queue_poll(r->reports, wait_ms))) {
        if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR)
            settle(r, event);
        else if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR)
            die("%s", rd_kafka_event_error_string(event));
        rd_kafka_event_destroy(event);
        wait_ms = 0;
    }
}

static void commit(struct relay *r, const int64_t *next, int async)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(PARTITIONS);
    rd_kafka_resp_err_t code;

    for (int32_t p = 0; p < PARTITIONS; p++)
        if (next[p] > 0)
            rd_kafka_topic_partition_list_add(list, r->from, p)->offset = next[p];
    code = rd_kafka_commit(r->consumer, list, async);
    rd_kafka_topic_partition_list_destroy(list);
    if (code)
        die("commit: %s", rd_kafka_err2str(code));
}

static void commit_if_due(struct relay *r, int64_t now)
{
    uint64_t before = r->settled;

    if (now < r->commit_due_ns)
        return;
    r->commit_due_ns = now + COMMIT_NS;
    if (r->now + 1 - r->settled < EPOCHS) /* else the open one goes on */
        memcpy(r->epochs[r->now++ % EPOCHS].next, r->next, sizeof r->next);
    while (r->settled < r->now && r->epochs[r->settled % EPOCHS].open == 0)
        r->settled++;
    if (r->settled != before)
        commit(r, r->epochs[(r->settled - 1) % EPOCHS].next, 1);
}

/* ---- records ------------------------------------------------------------------------------ */

static double score(const struct relay *r, const rd_kafka_message_t *m)
{
    const struct row_format format = {r->model.features, ',', ';'};
    const char *text = m->payload;
    double x[FEATURES], label, y = r->model.bias;

    if (!r->way.read(&format, text, text + m->len, x, &label) || isnan(label))
        die("a bad record at offset %" PRId64 " of partition %" PRId32, m->offset, m->partition);
    for (uint32_t j = 0; j < r->model.features; j++)
        y += r->model.weights[j] * x[j];
    return y;
}

/* "f0,...,fn;label" -> "f0,...,fn;label;prediction;t1", as many as are printed at once. Returns the
 * end of all. */
static char *score_some(struct relay *r, size_t first, uint32_t n, const char *t1, size_t t1_len,
                        char *out)
{
    struct row_text printed[ROW_PRINT_MOST];
    double y[ROW_PRINT_MOST];

    for (uint32_t k = 0; k < n; k++)
        y[k] = score(r, r->in[first + k]);
    if (r->way.print)
        r->way.print(y, 1, n, printed);
    for (uint32_t k = 0; k < n; k++) {
        const rd_kafka_message_t *m = r->in[first + k];
        char *begin = out;

        memcpy(out, m->payload, m->len);
        out += m->len;
        *out++ = ';';
        if (r->way.print) {
            memcpy(out, printed[k].text, NUMBER_ROOM);
            out += printed[k].len;
        } else {
            out += number_print(y[k], out);
        }
        memcpy(out, t1, t1_len);
        out += t1_len;
        r->out[first + k].payload = begin;
        r->out[first + k].len = (size_t)(out - begin);
    }
    return out;
}

static void relay_batch(struct relay *r, size_t n, int64_t now)
{
    char t1[NUMBER_ROOM] = ";", *text = r->text;
    size_t t1_len = 1 + number_print_i64(now_ns(CLOCK_REALTIME) / 1000000, t1 + 1);
    struct epoch *epoch = &r->epochs[r->now % EPOCHS];

    for (size_t i = 0; i < n; i++) {
        rd_kafka_message_t *m = r->in[i], *out = &r->out[i];

        if (m->err || m->partition >= PARTITIONS || m->len > RECORD_ROOM)
            die("%s", m->err ? rd_kafka_message_errstr(m) : "a record that is too long");
        *out = (rd_kafka_message_t){
            .payload = m->payload, .len = m->len, ._private = (void *)(uintptr_t)(r->now % EPOCHS)};
        r->next[m->partition] = m->offset + 1;
    }
    for (size_t i = 0; r->model.weights && i < n; i += ROW_PRINT_MOST)
        text = score_some(r, i, n - i < ROW_PRINT_MOST ? (uint32_t)(n - i) : ROW_PRINT_MOST, t1,
                          t1_len, text);
    if (now >= r->turn_due_ns) {
        r->turn = (r->turn + 1) % r->n_to;
        r->turn_due_ns = now + TURN_NS;
    }
    while (r->read + n - r->delivered > IN_FLIGHT)
        serve(r, 100);
    if (rd_kafka_produce_batch(r->to, r->turn, RD_KAFKA_MSG_F_COPY, r->out, (int)n) != (int)n)
        die("a record was not taken");
    for (size_t i = 0; i < n; i++)
        rd_kafka_message_destroy(r->in[i]);
    epoch->open += n;
    r->read += n;
}

static void run(struct relay *r)
{
    while (r->read < r->total) {
        ssize_t more;
        int64_t now;

        r->in[0] = rd_kafka_consumer_poll(r->consumer, 100);
        now = now_ns(CLOCK_MONOTONIC);
        if (r->in[0]) {
            more = rd_kafka_consume_batch_queue(r->incoming, 0, r->in + 1, BATCH - 1);
            relay_batch(r, 1 + (size_t)(more > 0 ? more : 0), now);
        }
        serve(r, 0);
        commit_if_due(r, now);
    }
    while (r->delivered < r->read)
        serve(r, 100);
    commit(r, r->next, 0);
}

int main(int argc, char **argv)
{
    struct relay *r = calloc(1, sizeof *r);
    struct lr_error err = LR_ERROR_INIT;
    int scores = argc == 8 && strcmp(argv[1], "score") == 0;

    if (!r || !(scores || (argc == 7 && strcmp(argv[1], "raw") == 0)))
        die("raw SERVERS GROUP FROM TO RECORDS, or score ... RECORDS MODEL.json");
    if (scores && store_load(argv[7], &r->model, &err) != LR_OK)
        die("%s: %s", argv[7], err.text);
    r->way = row_best(getenv(ROW_WAY_VARIABLE));
    if (r->model.features > FEATURES)
        die("%s: more than %d features", argv[7], FEATURES);
    r->from = argv[4];
    r->total = strtoull(argv[6], NULL, 10);
    open_clients(r, argv[2], argv[3], argv[5]);
    run(r);
    (void)printf("%" PRIu64 " records delivered\n", r->delivered);
    (void)rd_kafka_consumer_close(r->consumer);
    rd_kafka_queue_destroy(r->incoming);
    rd_kafka_queue_destroy(r->reports);
    rd_kafka_topic_destroy(r->to);
    rd_kafka_destroy(r->consumer);
    rd_kafka_destroy(r->producer);
    free(r->model.weights);
    free(r);
    return 0;
}
