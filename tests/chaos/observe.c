/* SPDX-License-Identifier: MIT
 *
 * The judge: reads what went in and what came out, and counts what is missing or came twice.
 *
 *   observe BROKERS IN OUT [--dead TOPIC] [--uncommitted] [--strict] [--spread]
 *           [--since PARTITION:OFFSET,...]
 *     --dead         dead letters are results, too; their origin headers are compared
 *     --uncommitted  sees what transactions have not committed, or aborted
 *     --strict       a record that comes again is out of order
 *     --spread       any partition may hold a result: no order is expected
 *     --since        results are owed from these offsets on only (partitions not named: all)
 *
 * A record is known by a hash of its bytes (the input is checked to be unique), a result
 * "f,..;label;prediction;t1" by what stands before its last two ';'. Prints one line of key=value;
 * what is wrong is named record by record on standard error (the first ones). Judges nothing: exit
 * 0 when it could look, 2 when not.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

#define FEATURES 12
#define NAMED 12 /* stretches that are named */
#define PARTITIONS_MAX 256

struct entry {
    uint64_t hash; /* 0: free */
    int64_t offset;
    int32_t partition;
    uint32_t seen;
};

struct judge {
    const char *in;
    struct entry *table;
    size_t room, n;
    int32_t n_in, n_out;
    int strict, spread;
    int64_t since[PARTITIONS_MAX];
    int64_t *reached; /* by output and input partition: the offset seen last */
    int64_t in_twice, out, dead, foreign, early, disorder, misplaced, dead_wrong, dead_good;
};

/* ---- the table of inputs ---------------------------------------------------------------- */

/* FNV-1a over 8 bytes at a time, then mixed: fast, and 64 bits of a million records collide once in
 * tens of millions of runs. */
static uint64_t hash_of(const void *data, size_t len)
{
    const unsigned char *at = data;
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ len;

    for (; len >= 8; len -= 8, at += 8) {
        uint64_t word;

        memcpy(&word, at, 8);
        h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 32;
    }
    for (; len > 0; len--)
        h = (h ^ *at++) * UINT64_C(0x100000001b3);
    h ^= h >> 33;
    h *= UINT64_C(0xff51afd7ed558ccd);
    h ^= h >> 33;
    return h ? h : 1;
}

static struct entry *find(const struct judge *j, uint64_t hash)
{
    size_t at = hash & (j->room - 1);

    while (j->table[at].hash && j->table[at].hash != hash)
        at = (at + 1) & (j->room - 1);
    return &j->table[at];
}

static void grow(struct judge *j)
{
    struct entry *old = j->table;
    size_t n = j->room;

    j->room = n ? n * 2 : 1u << 16;
    j->table = calloc(j->room, sizeof *j->table);
    if (!j->table)
        die("out of memory for %zu records", j->n);
    for (size_t i = 0; i < n; i++)
        if (old[i].hash)
            *find(j, old[i].hash) = old[i];
    free(old);
}

static void take_input(void *ctx, const rd_kafka_message_t *m)
{
    struct judge *j = ctx;
    struct entry *e;

    if (j->n * 2 >= j->room)
        grow(j);
    if (m->partition >= PARTITIONS_MAX)
        die("more than %d partitions", PARTITIONS_MAX);
    e = find(j, hash_of(m->payload, m->len));
    if (e->hash) {
        j->in_twice++;
        return;
    }
    *e = (struct entry){hash_of(m->payload, m->len), m->offset, m->partition, 0};
    if (m->partition >= j->n_in)
        j->n_in = m->partition + 1;
    j->n++;
}

/* ---- results ---------------------------------------------------------------------------- */

static void name_once(const char *what, int64_t n, const rd_kafka_message_t *m)
{
    if (n <= NAMED)
        (void)fprintf(stderr, "%s: %s[%d] offset %" PRId64 ": %.*s\n", what,
                      rd_kafka_topic_name(m->rkt), m->partition, m->offset,
                      m->len > 160 ? 160 : (int)m->len, (const char *)m->payload);
}

/* Input offsets must ascend in every partition of results. */
static void take_order(struct judge *j, const struct entry *e, const rd_kafka_message_t *m)
{
    int64_t *reached = &j->reached[m->partition * PARTITIONS_MAX + e->partition];

    if (j->spread)
        return;
    if (m->partition != e->partition % j->n_out && ++j->misplaced)
        name_once("in another partition", j->misplaced, m);
    if (e->offset < *reached && (e->seen == 0 || j->strict) && ++j->disorder)
        name_once("out of order", j->disorder, m);
    if (e->offset > *reached)
        *reached = e->offset;
}

static void take_result(void *ctx, const rd_kafka_message_t *m)
{
    struct judge *j = ctx;
    const char *text = m->payload;
    size_t n = m->len;
    struct entry *e;

    j->out++;
    for (int i = 0; i < 2 && n > 0; i++) {
        while (n > 0 && text[n - 1] != ';')
            n--;
        n -= n > 0;
    }
    e = find(j, hash_of(text, n));
    if (!e->hash) {
        j->foreign++;
        name_once("never put in", j->foreign, m);
        return;
    }
    take_order(j, e, m);
    j->early += e->offset < j->since[e->partition];
    e->seen++;
}

static int is_header(const rd_kafka_message_t *m, const char *name, const char *wanted)
{
    rd_kafka_headers_t *headers;
    const void *value;
    size_t len;

    return !rd_kafka_message_headers(m, &headers) &&
           !rd_kafka_header_get_last(headers, name, &value, &len) && len == strlen(wanted) &&
           memcmp(value, wanted, len) == 0;
}

/* An own look, with no code of lrhost: FEATURES finite numbers, perhaps a label. */
static int is_good(const rd_kafka_message_t *m)
{
    char text[4096], *at = text;

    if (m->len >= sizeof text)
        return 0;
    memcpy(text, m->payload, m->len);
    text[m->len] = '\0';
    for (int i = 0; i < FEATURES; i++) {
        char *end;
        double x = strtod(at, &end);

        if (end == at || x - x != 0 || (i + 1 < FEATURES && *end != ','))
            return 0;
        at = i + 1 < FEATURES ? end + 1 : end;
    }
    if (*at == ';')
        (void)strtod(at + 1, &at);
    return *at == '\0';
}

static void take_dead(void *ctx, const rd_kafka_message_t *m)
{
    struct judge *j = ctx;
    struct entry *e = find(j, hash_of(m->payload, m->len));
    char partition[16], offset[24];

    j->dead++;
    if (!e->hash) {
        j->foreign++;
        name_once("dead, and never put in", j->foreign, m);
        return;
    }
    (void)snprintf(partition, sizeof partition, "%d", e->partition);
    (void)snprintf(offset, sizeof offset, "%" PRId64, e->offset);
    if (!(is_header(m, "lrhost.orig.topic", j->in) &&
          is_header(m, "lrhost.orig.partition", partition) &&
          is_header(m, "lrhost.orig.offset", offset)) &&
        ++j->dead_wrong)
        name_once("wrong origin", j->dead_wrong, m);
    if (is_good(m) && ++j->dead_good)
        name_once("nothing wrong with it", j->dead_good, m);
    e->seen++;
}

/* ---- the count -------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->partition != y->partition)
        return x->partition < y->partition ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* "lost: in[3] 100..180, 81 records" */
static void name_stretches(const struct judge *j, const char *what, const struct entry *list,
                           size_t n)
{
    int named = 0;

    for (size_t first = 0, last; first < n && named < NAMED; first = last + 1, named++) {
        for (last = first; last + 1 < n && list[last + 1].partition == list[first].partition &&
                           list[last + 1].offset == list[last].offset + 1;)
            last++;
        (void)fprintf(stderr, "%s: %s[%d] %" PRId64 "..%" PRId64 ", %zu records\n", what, j->in,
                      list[first].partition, list[first].offset, list[last].offset,
                      last - first + 1);
    }
}

/* Sorts the table, so nothing can be looked up afterwards. */
static void count(struct judge *j, int64_t hanging)
{
    int64_t owed = 0, again = 0, n_lost = 0, n_twice = 0;
    struct entry *lost = calloc(j->n + 1, sizeof *lost), *twice = calloc(j->n + 1, sizeof *twice);

    if (!lost || !twice)
        die("out of memory for %zu records", j->n);
    for (size_t i = 0; i < j->room; i++) {
        const struct entry *e = &j->table[i];

        if (!e->hash)
            continue;
        owed += e->offset >= j->since[e->partition];
        if (e->seen == 0 && e->offset >= j->since[e->partition])
            lost[n_lost++] = *e;
        if (e->seen > 1) {
            again += e->seen - 1;
            twice[n_twice++] = *e;
        }
    }
    qsort(lost, (size_t)n_lost, sizeof *lost, by_place);
    qsort(twice, (size_t)n_twice, sizeof *twice, by_place);
    name_stretches(j, "lost", lost, (size_t)n_lost);
    name_stretches(j, "twice", twice, (size_t)n_twice);
    free(lost);
    free(twice);
    (void)printf("in=%zu owed=%" PRId64 " in_twice=%" PRId64 " out=%" PRId64 " dead=%" PRId64
                 " lost=%" PRId64 " duplicated=%" PRId64 " foreign=%" PRId64 " early=%" PRId64
                 " disorder=%" PRId64 " misplaced=%" PRId64 " dead_wrong=%" PRId64
                 " dead_good=%" PRId64 " hanging=%" PRId64 "\n",
                 j->n, owed, j->in_twice, j->out, j->dead, n_lost, again, j->foreign, j->early,
                 j->disorder, j->misplaced, j->dead_wrong, j->dead_good, hanging);
}

static void parse_since(struct judge *j, const char *text)
{
    while (*text) {
        char *end;
        long partition = strtol(text, &end, 10);

        if (*end != ':' || partition < 0 || partition >= PARTITIONS_MAX)
            die("--since wants PARTITION:OFFSET,...");
        j->since[partition] = strtoll(end + 1, &end, 10);
        text = *end == ',' ? end + 1 : end;
        if (*end && *end != ',')
            die("--since wants PARTITION:OFFSET,...");
    }
}

int main(int argc, char **argv)
{
    static struct judge j;
    const char *dead = NULL;
    int committed = 1;
    int64_t hanging;
    rd_kafka_t *rk;

    if (argc < 4)
        die("BROKERS IN OUT [--dead TOPIC] [--uncommitted] [--strict] [--spread] [--since P:O,..]");
    for (int i = 4; i < argc; i++) {
        if (strcmp(argv[i], "--dead") == 0 && i + 1 < argc)
            dead = argv[++i];
        else if (strcmp(argv[i], "--since") == 0 && i + 1 < argc)
            parse_since(&j, argv[++i]);
        else if (strcmp(argv[i], "--uncommitted") == 0)
            committed = 0;
        else if (strcmp(argv[i], "--strict") == 0)
            j.strict = 1;
        else if (strcmp(argv[i], "--spread") == 0)
            j.spread = 1;
        else
            die("what is '%s'?", argv[i]);
    }
    j.in = argv[2];
    grow(&j);
    rk = client_consumer(argv[1], NULL, committed);
    j.n_out = client_partitions(rk, argv[3]);
    rd_kafka_destroy(rk);
    j.reached = malloc(sizeof *j.reached * (size_t)j.n_out * PARTITIONS_MAX);
    if (!j.reached)
        die("out of memory");
    for (size_t i = 0; i < (size_t)j.n_out * PARTITIONS_MAX; i++)
        j.reached[i] = -1;
    hanging = client_read(argv[1], argv[2], committed, take_input, &j);
    hanging += client_read(argv[1], argv[3], committed, take_result, &j);
    if (dead)
        hanging += client_read(argv[1], dead, committed, take_dead, &j);
    count(&j, hanging);
    return 0;
}
