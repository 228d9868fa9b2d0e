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

/* start = latest is meant for what was there when we came: a partition that appears later is
 * read from its first record. */
static int64_t start_of(const struct source *s, const struct stream *st)
{
    const char *const *topics = s->settings->topics;
    int32_t late = s->announced; /* of a topic that a pattern found */

    for (uint32_t i = 0; topics[i]; i++)
        if (strcmp(topics[i], st->topic) == 0)
            late = st->info.partition >= s->known[i];
    return s->settings->start == START_EARLIEST || late ? RD_KAFKA_OFFSET_BEGINNING
                                                        : RD_KAFKA_OFFSET_END;
}

/* Sets the offsets of those that have no stored position and begin at `where`. */
static lr_status begin_at(struct source *s, rd_kafka_topic_partition_list_t *list, int64_t where,
                          struct lr_error *err)
{
    rd_kafka_topic_partition_list_t *fresh = rd_kafka_topic_partition_list_new(list->cnt);
    lr_status status = LR_OK;

    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *p = &list->elems[i];
        const struct stream *st = stream_find(s, p->topic, p->partition);

        if (p->offset < 0 && start_of(s, st) == where)
            rd_kafka_topic_partition_list_add(fresh, p->topic, p->partition);
    }
    if (fresh->cnt > 0) {
        status = begin_offsets_at(s->rk, fresh, where, ASK_MS, err);
        if (status == LR_OK && where == RD_KAFKA_OFFSET_END && s->noted)
            status = positions_store(s, fresh, wire_now(&s->wire) + ASK_MS * MS, err);
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
        if (p->offset < 0 && st->begin != NO_OFFSET)
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
            status = positions_store(s, due, wire_now(&s->wire) + ASK_MS * MS, err);
    }
    for (int i = 0; i < due->cnt && status == LR_OK; i++) {
        const rd_kafka_topic_partition_t *p = &due->elems[i];

        rd_kafka_topic_partition_list_find(list, p->topic, p->partition)->offset = p->offset;
        (void)was_rewound(s, p, 1);
    }
    rd_kafka_topic_partition_list_destroy(due);
    return status;
}
