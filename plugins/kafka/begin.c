/* SPDX-License-Identifier: MIT
 *
 * Where a partition begins: at the group's stored position; without one at `start`; and once in
 * a run where `rewind` says.
 *
 * librdkafka's own auto.offset.reset is "error", because it cannot tell a fresh group from records
 * that are gone. What is found here is a number, never "the end": two questions at different
 * times have different answers, and what lies between would be lost. For the same reason
 * a beginning at the end, and a rewind, are stored in the group before the first record is read.
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "source.h"

#define ASK_MS 500 /* one blocking question to a broker */

/* ---- times ------------------------------------------------------------------------------ */

/* "+02:00", "-0530" is no RFC 3339, "Z". Returns 0 when it is none. */
static int parse_zone(const char *text, int *ret_seconds)
{
    int hours, minutes, used = 0;

    if ((*text == 'Z' || *text == 'z') && text[1] == '\0') {
        *ret_seconds = 0;
        return 1;
    }
    if ((*text != '+' && *text != '-') ||
        sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2)
        return 0;
    if (used != 5 || text[6] != '\0' || hours > 23 || minutes > 59)
        return 0;
    *ret_seconds = (*text == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return 1;
}

static int parse_rfc3339(const char *text, int64_t *ret_ms)
{
    struct tm tm = {0};
    int used = 0, zone, ms = 0, scale = 100;
    char separator;

    if (sscanf(text, "%4d-%2d-%2d%c%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &separator,
               &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &used) != 7 ||
        used != 19 || !strchr("Tt ", separator) || tm.tm_mon < 1 || tm.tm_mon > 12 ||
        tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
        return 0;
    text += used;
    if (*text == '.') {
        for (text++; *text >= '0' && *text <= '9'; text++, scale /= 10)
            ms += (*text - '0') * scale;
    }
    if (!parse_zone(text, &zone))
        return 0;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *ret_ms = ((int64_t)timegm(&tm) - zone) * 1000 + ms;
    return 1;
}

lr_status begin_parse(const char *text, int64_t *ret_timestamp, struct lr_error *err)
{
    char *end;

    if (strcmp(text, "earliest") == 0)
        *ret_timestamp = RD_KAFKA_OFFSET_BEGINNING;
    else if (strcmp(text, "latest") == 0)
        *ret_timestamp = RD_KAFKA_OFFSET_END;
    else if (*text && text[strspn(text, "0123456789")] == '\0' && strlen(text) < 16)
        *ret_timestamp = strtoll(text, &end, 10);
    else if (!parse_rfc3339(text, ret_timestamp))
        return lr_fail(err, LR_ECONFIG,
                       "'%.100s' is no place to begin: write earliest, latest, a time such as "
                       "2025-01-31T08:00:00Z, or milliseconds since 1970",
                       text);
    return LR_OK;
}

/* ---- asking brokers --------------------------------------------------------------------- */

lr_status begin_offsets_at(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list, int64_t timestamp,
                           int timeout_ms, struct lr_error *err)
{
    rd_kafka_resp_err_t code;
    int beyond = 0;

    for (int i = 0; i < list->cnt; i++)
        list->elems[i].offset = timestamp;
    code = rd_kafka_offsets_for_times(rk, list, timeout_ms);
    for (int i = 0; i < list->cnt && !code; i++) {
        code = list->elems[i].err;
        beyond |= !code && list->elems[i].offset < 0;
    }
    if (!code && beyond && timestamp >= 0) { /* no record that young: the end it is */
        rd_kafka_topic_partition_list_t *ends = rd_kafka_topic_partition_list_copy(list);
        lr_status status = begin_offsets_at(rk, ends, RD_KAFKA_OFFSET_END, timeout_ms, err);

        for (int i = 0; i < list->cnt && status == LR_OK; i++)
            if (list->elems[i].offset < 0)
                list->elems[i].offset = ends->elems[i].offset;
        rd_kafka_topic_partition_list_destroy(ends);
        return status;
    }
    if (!code && !beyond)
        return LR_OK;
    if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
        return lr_fail(err, LR_EUNAVAILABLE, "the broker does not let this user read the topic");
    (void)lr_fail(err, LR_AGAIN, "%s", code ? rd_kafka_err2str(code) : "no offset in the answer");
    return LR_AGAIN;
}

static lr_status ask_stored(struct source *s, rd_kafka_topic_partition_list_t *list,
                            struct lr_error *err)
{
    rd_kafka_resp_err_t code = rd_kafka_committed(s->rk, list, ASK_MS);

    for (int i = 0; i < list->cnt && !code; i++)
        code = list->elems[i].err;
    if (!code)
        return LR_OK;
    if (code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
        return lr_fail(err, LR_EUNAVAILABLE,
                       "the broker at %s does not let this user be in group '%s'", s->wire.servers,
                       property_value(s->wire.settings, "group.id"));
    (void)lr_fail(err, LR_AGAIN, "%s", rd_kafka_err2str(code));
    return LR_AGAIN;
}

/* ---- without a stored position ---------------------------------------------------------- */

/* What a stored position's metadata says; 0: nothing. */
static int32_t read_founded(const rd_kafka_topic_partition_t *p)
{
    char text[sizeof FOUNDED + 16];
    long n;

    if (p->offset < 0 || !p->metadata || p->metadata_size < sizeof FOUNDED ||
        p->metadata_size >= sizeof text || memcmp(p->metadata, FOUNDED, sizeof FOUNDED - 1) != 0)
        return 0;
    memcpy(text, p->metadata, p->metadata_size);
    text[p->metadata_size] = '\0';
    n = strtol(text + sizeof FOUNDED - 1, NULL, 10);
    return n > 0 && n <= INT32_MAX ? (int32_t)n : 0;
}

int32_t begin_count_partitions(struct source *s, const char *topic)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(s->rk, topic, NULL);
    int32_t n = 0;

    if (rkt && rd_kafka_metadata(s->rk, 0, rkt, &metadata, ASK_MS) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (metadata->topic_cnt == 1)
            n = metadata->topics[0].partition_cnt;
        rd_kafka_metadata_destroy(metadata);
    }
    if (rkt)
        rd_kafka_topic_destroy(rkt);
    return n;
}

/* How many partitions the topic had when the group began. A group without any position begins now;
 * else its positions say it. A group whose positions do not say it (another program stored them)
 * is not new, so for it every other partition was added later: 0. */
static lr_status find_founded(struct source *s, const char *topic, int32_t *ret_founded,
                              struct lr_error *err)
{
    int32_t count = begin_count_partitions(s, topic), stored = 0, founded = 0;
    rd_kafka_topic_partition_list_t *all;
    lr_status status;

    if (count == 0)
        return lr_fail(err, LR_AGAIN, "topic '%s' does not answer", topic), LR_AGAIN;
    all = rd_kafka_topic_partition_list_new(count);
    for (int32_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(all, topic, i);
    status = ask_stored(s, all, err);
    for (int i = 0; i < all->cnt && status == LR_OK; i++) {
        int32_t said = read_founded(&all->elems[i]);

        stored += all->elems[i].offset >= 0;
        if (said > 0 && (founded == 0 || said < founded))
            founded = said;
    }
    rd_kafka_topic_partition_list_destroy(all);
    *ret_founded = stored ? founded : count;
    return status;
}

/* Of a topic that only a pattern names: it appeared while we ran. */
static int is_late(const struct source *s, const struct stream *st)
{
    for (uint32_t i = 0; s->settings->topics[i]; i++)
        if (strcmp(s->settings->topics[i], st->topic) == 0)
            return 0;
    return 1;
}

/* start = latest is meant for what was there when the group began: a partition that was added
 * later, even while nobody of the group ran, is read from its first record. */
static lr_status start_of(struct source *s, struct stream *st, int64_t *ret_where,
                          struct lr_error *err)
{
    lr_status status;

    *ret_where = RD_KAFKA_OFFSET_BEGINNING;
    if (s->settings->start == START_EARLIEST)
        return LR_OK;
    status = find_founded(s, st->topic, &st->founded, err);
    if (status == LR_OK && st->info.partition < st->founded && !(s->announced && is_late(s, st)))
        *ret_where = RD_KAFKA_OFFSET_END;
    return status;
}

/* Stores positions as commits do, with what they say of the group's beginning. */
static lr_status store_marked(struct source *s, const rd_kafka_topic_partition_list_t *list,
                              struct lr_error *err)
{
    rd_kafka_topic_partition_list_t *marked = rd_kafka_topic_partition_list_new(list->cnt);
    lr_status status;

    for (int i = 0; i < list->cnt; i++)
        stream_put(marked, stream_find(s, list->elems[i].topic, list->elems[i].partition),
                   list->elems[i].offset);
    status = positions_store(s, marked, wire_now(&s->wire) + ASK_MS * MS, err);
    rd_kafka_topic_partition_list_destroy(marked);
    return status;
}

/* Sets the offsets of those that have no stored position and begin at `where`. */
static lr_status begin_at(struct source *s, rd_kafka_topic_partition_list_t *list, int64_t where,
                          struct lr_error *err)
{
    rd_kafka_topic_partition_list_t *fresh = rd_kafka_topic_partition_list_new(list->cnt);
    lr_status status = LR_OK;

    for (int i = 0; i < list->cnt && status == LR_OK; i++) {
        const rd_kafka_topic_partition_t *p = &list->elems[i];
        int64_t begins = where;

        if (p->offset >= 0)
            continue;
        status = start_of(s, stream_find(s, p->topic, p->partition), &begins, err);
        if (begins == where)
            rd_kafka_topic_partition_list_add(fresh, p->topic, p->partition);
    }
    if (fresh->cnt > 0 && status == LR_OK) {
        status = begin_offsets_at(s->rk, fresh, where, ASK_MS, err);
        if (status == LR_OK && where == RD_KAFKA_OFFSET_END && s->noted)
            status = store_marked(s, fresh, err);
    }
    for (int i = 0; i < fresh->cnt && status == LR_OK; i++) {
        const rd_kafka_topic_partition_t *p = &fresh->elems[i];

        stream_find(s, p->topic, p->partition)->begin = p->offset;
        rd_kafka_topic_partition_list_find(list, p->topic, p->partition)->offset = p->offset;
    }
    rd_kafka_topic_partition_list_destroy(fresh);
    return status;
}

lr_status begin_positions(struct source *s, rd_kafka_topic_partition_list_t *list,
                          struct lr_error *err)
{
    lr_status status = ask_stored(s, list, err);

    for (int i = 0; i < list->cnt && status == LR_OK; i++) {
        rd_kafka_topic_partition_t *p = &list->elems[i];
        struct stream *st = stream_get(s, p->topic, p->partition);

        if (!st)
            return lr_fail(err, LR_ENOMEM, "no memory for %d partitions", list->cnt);
        if (p->offset >= 0)
            st->founded = read_founded(p);
        else if (st->begin != NO_OFFSET)
            p->offset = st->begin;
    }
    if (status == LR_OK)
        status = begin_at(s, list, RD_KAFKA_OFFSET_BEGINNING, err);
    if (status == LR_OK)
        status = begin_at(s, list, RD_KAFKA_OFFSET_END, err);
    return status;
}

/* ---- rewind ----------------------------------------------------------------------------- */

/* Which partitions were rewound in this process. Global, because a partition may move between
 * lanes, each of which has the same `rewind`, and it is meant once for a run. */
static struct {
    pthread_mutex_t mutex;
    struct rewound {
        struct rewound *next;
        char key[];
    } *first;
} rewound = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* Was it rewound? With `mark`: it is now. */
static int was_rewound(const struct source *s, const rd_kafka_topic_partition_t *p, int mark)
{
    char key[768];
    struct rewound *at;

    (void)snprintf(key, sizeof key, "%s/%s/%s/%d", s->host->pipeline,
                   property_value(s->wire.settings, "group.id"), p->topic, p->partition);
    (void)pthread_mutex_lock(&rewound.mutex);
    for (at = rewound.first; at && strcmp(at->key, key) != 0; at = at->next)
        ;
    if (!at && mark) {
        struct rewound *fresh = malloc(sizeof *fresh + strlen(key) + 1);

        if (fresh) {
            memcpy(fresh->key, key, strlen(key) + 1);
            fresh->next = rewound.first;
            rewound.first = fresh;
        }
    }
    (void)pthread_mutex_unlock(&rewound.mutex);
    return at != NULL;
}

lr_status begin_rewind(struct source *s, rd_kafka_topic_partition_list_t *list,
                       struct lr_error *err)
{
    rd_kafka_topic_partition_list_t *due;
    int64_t timestamp;
    lr_status status;

    if (!s->settings->rewind || !*s->settings->rewind)
        return LR_OK;
    status = begin_parse(s->settings->rewind, &timestamp, err);
    if (status != LR_OK)
        return status;
    due = rd_kafka_topic_partition_list_new(list->cnt);
    for (int i = 0; i < list->cnt; i++)
        if (!was_rewound(s, &list->elems[i], 0))
            rd_kafka_topic_partition_list_add(due, list->elems[i].topic, list->elems[i].partition);
    if (due->cnt > 0) {
        status = begin_offsets_at(s->rk, due, timestamp, ASK_MS, err);
        if (status == LR_OK)
            status = store_marked(s, due, err);
    }
    for (int i = 0; i < due->cnt && status == LR_OK; i++) {
        const rd_kafka_topic_partition_t *p = &due->elems[i];

        rd_kafka_topic_partition_list_find(list, p->topic, p->partition)->offset = p->offset;
        (void)was_rewound(s, p, 1);
    }
    rd_kafka_topic_partition_list_destroy(due);
    return status;
}
