/* SPDX-License-Identifier: MIT
 *
 * The driver of the latency benchmark: writes records to one topic at the times of a schedule and
 * reads what a system makes of them from another one.
 *
 *   driver SERVERS TO FROM [OPTIONS]     TO = FROM: driver and broker alone
 *
 * Open loop: record i is due at start + (i / burst) * burst / rate, whatever became of the ones
 * before, and its latency is its arrival minus that time. A system that stands still is thus
 * charged for every record that had to wait, and so is a driver that sends late, which is why its
 * own slip is told.
 *
 * The number of a record is written into the digits of its first feature ("1.234567" is number
 * 1234567), which every system passes through as it is: "f0,...,fn;label" becomes
 * "f0,...,fn;label;prediction;t1". No header, no time in the record, no clock but ours.
 *
 * librdkafka puts one partition into a produce request, so a driver that spreads a burst over ten
 * partitions sends ten requests a millisecond and measures how the broker copes with them.
 * Here a burst goes to one partition, the next burst to the next (--spread: to several). Keys are
 * dealt out the same way (driver_keys.c).
 *
 * Before the schedule begins, probes are sent until one comes out. Prints one line of JSON, times
 * in milliseconds.
 */
#include <getopt.h>
#include <inttypes.h>
#include <lrhost/error.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "driver.h"
#include "plugins/common/draw.h"
#include "plugins/generator/print.h"

#define BURST_MAX 1024
#define KEYS_MAX 1000000
#define PROBES (SEQUENCE_MAX - 100000) /* numbers from here on are probes */
#define PROBE_NS (100 * MS)
#define MALLOC_FAILED "out of memory"

struct writer {
    const struct plan *plan;
    rd_kafka_t *rk;
    rd_kafka_topic_t *topic;
    struct draw draw;
    struct printer printer;
    int64_t units[FEATURES], label;
    char text[BURST_MAX][(FEATURES + 1) * PRINT_ROOM];
    struct keys keys;
    char key[BURST_MAX][KEY_ROOM];
    rd_kafka_message_t out[BURST_MAX];
    uint64_t bursts;
    int64_t *slip_ns; /* [bursts] */
    uint64_t failed;
};

/* ---- records ------------------------------------------------------------------------------ */

static void write_record(struct writer *w, uint32_t i, uint64_t seq, int32_t partition)
{
    rd_kafka_message_t *m = &w->out[i];
    char *end;

    draw_units(&w->draw, seq, w->units, &w->label);
    w->label += ((int64_t)seq - w->units[0]) / FEATURES; /* it is their mean */
    w->units[0] = (int64_t)seq;
    end = print_record(&w->printer, w->text[i], w->units, FEATURES, &w->label);
    *m = (rd_kafka_message_t){
        .payload = w->text[i], .len = (size_t)(end - w->text[i]), .partition = partition};
    if (w->plan->keys) {
        m->key = w->key[i];
        m->key_len = keys_take(&w->keys, partition, seq, w->key[i]);
    }
}

static void send_burst(struct writer *w, uint64_t first, uint32_t n, uint64_t turn)
{
    uint32_t partitions = (uint32_t)w->plan->partitions, spread = w->plan->spread;

    for (uint32_t i = 0; i < n; i++)
        write_record(w, i, first + i, (int32_t)((turn * spread + i % spread) % partitions));
    if (rd_kafka_produce_batch(w->topic, 0, RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_PARTITION, w->out,
                               (int)n) != (int)n)
        die("the driver's own queue is full: the broker does not keep up");
    (void)rd_kafka_poll(w->rk, 0);
}

/* ---- the schedule ------------------------------------------------------------------------- */

static void sleep_until(int64_t at_ns)
{
    struct timespec t = {at_ns / (1000 * MS), at_ns % (1000 * MS)};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) != 0) {
    }
}

static void not_delivered(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
    struct writer *w = opaque;

    (void)rk;
    if (m->err && ++w->failed == 1)
        (void)fprintf(stderr, "driver: not delivered: %s\n", rd_kafka_err2str(m->err));
}

static void open_writer(struct writer *w, const struct plan *plan)
{
    static const char *const properties[][2] = {
        {"linger.ms", "0"},
        {"acks", "all"},
        {"sticky.partitioning.linger.ms", "0"},
        {"queue.buffering.max.messages", "2000000"},
        {"delivery.report.only.error", "true"},
        {NULL, NULL},
    };
    struct draw_config config = {.features = FEATURES,
                                 .decimals = DRAW_DECIMALS,
                                 .distribution = DRAW_UNIFORM,
                                 .domain = DRAW_RECORDS,
                                 .seed = 42};
    rd_kafka_conf_t *conf = client_conf(plan->servers, properties);
    struct lr_error err = LR_ERROR_INIT;

    w->plan = plan;
    rd_kafka_conf_set_dr_msg_cb(conf, not_delivered);
    rd_kafka_conf_set_opaque(conf, w);
    w->rk = client_open(RD_KAFKA_PRODUCER, conf);
    w->topic = rd_kafka_topic_new(w->rk, plan->to, NULL);
    if (draw_init(&w->draw, &config, &err) != LR_OK)
        die("%s", err.text);
    printer_init(&w->printer, DRAW_DECIMALS);
    keys_deal(&w->keys, plan);
    w->bursts = (plan->count + plan->burst - 1) / plan->burst;
    w->slip_ns = calloc(w->bursts, sizeof *w->slip_ns);
    if (!w->slip_ns)
        die(MALLOC_FAILED);
}

/* Until a probe has come out at the other end. */
static double probe(struct writer *w, struct reader *reader)
{
    int64_t began = now_ns(), last = 0;

    for (uint64_t i = 0; !__atomic_load_n(&reader->probed, __ATOMIC_ACQUIRE); sleep_until(last)) {
        last = now_ns() + PROBE_NS;
        if (last - began > w->plan->ready_ns)
            die("no record came out of '%s' within %.0f s", w->plan->from,
                (double)w->plan->ready_ns / 1e9);
        send_burst(w, PROBES + i % 100000, 1, i);
        i++;
    }
    return (double)(now_ns() - began) / 1e9;
}

static void run_schedule(struct writer *w, struct reader *reader)
{
    const struct plan *plan = w->plan;
    int64_t start = now_ns() + 200 * MS;

    __atomic_store_n(&reader->start_ns, start, __ATOMIC_RELEASE);
    for (uint64_t b = 0; b < w->bursts; b++) {
        uint64_t first = b * plan->burst, left = plan->count - first;

        sleep_until(start + due_ns(plan, first));
        w->slip_ns[b] = now_ns() - start - due_ns(plan, first);
        send_burst(w, first, left < plan->burst ? (uint32_t)left : plan->burst, b);
    }
    (void)rd_kafka_flush(w->rk, 60000);
}

/* ---- the report --------------------------------------------------------------------------- */

static void report(const struct writer *w, const struct reader *reader, double ready_s)
{
    const struct plan *plan = w->plan;
    uint64_t n = 0, warm_bursts = plan->warm / plan->burst, lost = 0;
    int64_t *sorted = calloc(plan->count + 1, sizeof *sorted);
    struct rusage used;

    if (!sorted)
        die(MALLOC_FAILED);
    for (uint64_t i = 0; i < plan->count; i++) {
        lost += reader->arrival_ns[i] == 0;
        if (i >= plan->warm && reader->arrival_ns[i])
            sorted[n++] = reader->arrival_ns[i] - reader->start_ns - due_ns(plan, i);
    }
    (void)getrusage(RUSAGE_SELF, &used);
    (void)printf("{\"label\": \"%s\", \"rate\": %g, \"burst\": %u, \"spread\": %u, "
                 "\"partitions\": %d, \"keys\": %u, \"scatter\": %d, \"isolation\": \"%s\", "
                 "\"seconds\": %g, "
                 "\"warmup\": %g, \"count\": %" PRIu64 ", \"lost\": %" PRIu64
                 ", \"duplicates\": %" PRIu64 ", \"not_delivered\": %" PRIu64 ", ",
                 plan->label, plan->rate, plan->burst, plan->spread, plan->partitions, plan->keys,
                 plan->scatter, plan->isolation, plan->seconds, plan->warmup, n, lost,
                 reader->duplicates, w->failed);
    print_percentiles("", sorted, n);
    (void)printf(", ");
    print_percentiles("slip_", w->slip_ns + warm_bursts, w->bursts - warm_bursts);
    (void)printf(", \"ready_s\": %.3f, \"driver_cpu_s\": %.3f}\n", ready_s,
                 (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                     (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
    free(sorted);
}

static void write_each(const struct plan *plan, const struct reader *reader)
{
    FILE *file = fopen(plan->each, "w");

    if (!file)
        die("%s cannot be written", plan->each);
    for (uint64_t i = 0; i < plan->count; i++) {
        int64_t due = due_ns(plan, i), at = reader->arrival_ns[i];

        (void)fprintf(file, "%.3f %.3f\n", (double)due / 1e6,
                      at ? (double)(at - reader->start_ns - due) / 1e6 : -1.0);
    }
    if (fclose(file))
        die("%s cannot be written", plan->each);
}

/* ---- main --------------------------------------------------------------------------------- */

static const char usage[] =
    "driver SERVERS TO FROM [--rate 10000] [--burst RECORDS] [--seconds 20] [--warmup 5]\n"
    "       [--partitions N] [--keys N [--scatter]] [--spread PARTITIONS]\n"
    "       [--isolation read_committed]\n"
    "       [--ready SECONDS] [--grace SECONDS] [--label TEXT] [--prepare]\n"
    "       [--each FILE]\n"
    "--burst: at most so many at once (default: what is due in a millisecond, at least 1)\n"
    "--partitions: topics that are missing are made with so many\n"
    "--keys: so many different keys (default: records have none)\n"
    "--scatter: any of them into any partition (default: as the Java client does it)\n"
    "--isolation: read_committed (default) or read_uncommitted\n"
    "--prepare: only makes the topics\n"
    "--each: a file for lines of `due_ms latency_ms`, warm-up included; -1: lost\n"
    "--ready: how long to wait for a first record (60); --grace: for the last ones (10)\n";

static double number(const char *text, double least, double most)
{
    char *end;
    double x = strtod(text, &end);

    if (end == text || *end || !(x >= least && x <= most))
        die("'%s' is no number from %g to %g\n%s", text, least, most, usage);
    return x;
}

static void read_arguments(struct plan *plan, int argc, char **argv)
{
    static const struct option options[] = {
        {"rate", 1, 0, 'r'},      {"burst", 1, 0, 'b'},   {"seconds", 1, 0, 's'},
        {"warmup", 1, 0, 'w'},    {"keys", 1, 0, 'k'},    {"partitions", 1, 0, 'p'},
        {"isolation", 1, 0, 'i'}, {"ready", 1, 0, 'R'},   {"spread", 1, 0, 'd'},
        {"grace", 1, 0, 'g'},     {"label", 1, 0, 'l'},   {"prepare", 0, 0, 'P'},
        {"each", 1, 0, 'e'},      {"scatter", 0, 0, 'S'}, {0},
    };
    double burst = 0;
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
        switch (c) {
        case 'r':
            plan->rate = number(optarg, 0.1, 1e6);
            break;
        case 'b':
            burst = number(optarg, 1, BURST_MAX);
            break;
        case 's':
            plan->seconds = number(optarg, 0.1, 3600);
            break;
        case 'w':
            plan->warmup = number(optarg, 0, 3600);
            break;
        case 'k':
            plan->keys = (uint32_t)number(optarg, 0, KEYS_MAX);
            break;
        case 'p':
            plan->partitions = (int32_t)number(optarg, 1, PARTITIONS_MAX);
            break;
        case 'd':
            plan->spread = (uint32_t)number(optarg, 1, PARTITIONS_MAX);
            break;
        case 'i':
            plan->isolation = optarg;
            break;
        case 'R':
            plan->ready_ns = (int64_t)(number(optarg, 0.1, 3600) * 1e9);
            break;
        case 'g':
            plan->grace_ns = (int64_t)(number(optarg, 0.1, 3600) * 1e9);
            break;
        case 'l':
            plan->label = optarg;
            break;
        case 'e':
            plan->each = optarg;
            break;
        case 'S':
            plan->scatter = 1;
            break;
        case 'P':
            plan->prepare = 1;
            break;
        default:
            die("usage:\n%s", usage);
        }
    if (argc - optind != 3)
        die("usage:\n%s", usage);
    plan->servers = argv[optind];
    plan->to = argv[optind + 1];
    plan->from = argv[optind + 2];
    plan->burst = burst > 0           ? (uint32_t)burst
                  : plan->rate > 2000 ? (uint32_t)(plan->rate / 1000)
                                      : 1;
    if (plan->burst > BURST_MAX)
        die("more than %d records a millisecond", BURST_MAX);
    plan->warm = (uint64_t)(plan->warmup * plan->rate);
    plan->count = plan->warm + (uint64_t)(plan->seconds * plan->rate);
    if (plan->count >= PROBES)
        die("more than %d records do not fit into a feature's digits", PROBES);
}

int main(int argc, char **argv)
{
    struct plan plan = {.rate = 10000,
                        .seconds = 20,
                        .warmup = 5,
                        .spread = 1,
                        .isolation = "read_committed",
                        .label = "",
                        .ready_ns = 60000 * MS,
                        .grace_ns = 10000 * MS};
    struct writer *w = calloc(1, sizeof *w);
    struct reader reader = {.plan = &plan};
    pthread_t thread;
    double ready_s;

    if (!w)
        die(MALLOC_FAILED);
    read_arguments(&plan, argc, argv);
    (void)prctl(PR_SET_TIMERSLACK, 1);
    topics_prepare(&plan);
    if (plan.prepare)
        return 0;
    open_writer(w, &plan);
    reader_open(&reader);
    if (pthread_create(&thread, NULL, reader_run, &reader) != 0)
        die("no thread for the reader");
    ready_s = probe(w, &reader);
    run_schedule(w, &reader);
    __atomic_store_n(&reader.give_up_ns, now_ns() + plan.grace_ns, __ATOMIC_RELEASE);
    (void)pthread_join(thread, NULL);
    report(w, &reader, ready_s);
    if (plan.each)
        write_each(&plan, &reader);
    return 0; /* the kernel is quicker at taking it all down */
}
