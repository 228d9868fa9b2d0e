/* SPDX-License-Identifier: MIT
 *
 * The table of streams: a number for every partition that this instance has ever had.
 *
 * Numbers are never reused for another partition, because a settle or a commit may come after
 * the partition has left. A partition that comes back gets its old number.
 */
#include <stdlib.h>

#include "source.h"

struct stream *stream_find(struct source *s, const char *topic, int32_t partition)
{
    for (uint32_t i = 0; i < s->n_streams; i++)
        if (s->streams[i]->info.partition == partition && strcmp(s->streams[i]->topic, topic) == 0)
            return s->streams[i];
    return NULL;
}

static int grow(void ***table, uint32_t n, uint32_t *room)
{
    uint32_t more = *room ? *room * 2 : 64;
    void **grown;

    if (n < *room)
        return 1;
    grown = realloc(*table, more * sizeof *grown);
    if (!grown)
        return 0;
    *table = grown;
    *room = more;
    return 1;
}

struct stream *stream_get(struct source *s, const char *topic, int32_t partition)
{
    struct stream *st = stream_find(s, topic, partition);

    if (st || !grow((void ***)&s->streams, s->n_streams, &s->stream_room))
        return st;
    st = calloc(1, sizeof *st);
    if (!st)
        return NULL;
    st->topic = strdup(topic);
    if (!st->topic) {
        free(st);
        return NULL;
    }
    st->begin = st->eof = NO_OFFSET;
    st->info = (struct lr_stream){.size = sizeof st->info,
                                  .id = s->n_streams,
                                  .topic = st->topic,
                                  .partition = partition,
                                  .end = -1};
    s->streams[s->n_streams++] = st;
    return st;
}

void stream_forget_kept(struct stream *st)
{
    for (; st->at_kept < st->n_kept; st->at_kept++)
        rd_kafka_message_destroy(st->kept[st->at_kept]);
    st->at_kept = st->n_kept = 0;
}

/* Ours from now on: the partition's queue leads into the common one. */
lr_status stream_take(struct source *s, struct stream *st, int64_t position, struct lr_error *err)
{
    if (!st->queue && !grow((void ***)&s->owned, s->n_owned, &s->owned_room))
        return lr_fail(err, LR_ENOMEM, "no memory for %u partitions", s->n_owned + 1);
    if (!st->queue) {
        st->queue = rd_kafka_queue_get_partition(s->rk, st->topic, st->info.partition);
        if (!st->queue)
            return lr_fail(err, LR_EINTERNAL, "%s[%d] has no queue", st->topic, st->info.partition);
        rd_kafka_queue_forward(st->queue, s->records);
        s->owned[s->n_owned++] = st;
    }
    st->position = st->info.next = position;
    st->eof = NO_OFFSET;
    st->settled = 0;
    return LR_OK;
}

/* librdkafka ends the leading of a queue when it stops a fetcher, some time after it was told to,
 * and a fetcher that is started again finds it ended. */
void streams_lead(struct source *s)
{
    for (uint32_t i = 0; i < s->n_owned; i++)
        if (!s->owned[i]->apart)
            rd_kafka_queue_forward(s->owned[i]->queue, s->records);
}

void stream_drop(struct source *s, struct stream *st)
{
    if (!st->queue)
        return;
    rd_kafka_queue_forward(st->queue, NULL);
    rd_kafka_queue_destroy(st->queue);
    st->queue = NULL;
    st->rkt = NULL;
    st->apart = 0;
    stream_forget_kept(st);
    for (uint32_t i = 0; i < s->n_owned; i++)
        if (s->owned[i] == st) {
            s->owned[i] = s->owned[--s->n_owned];
            break;
        }
}

void stream_put(rd_kafka_topic_partition_list_t *list, const struct stream *st, int64_t offset)
{
    rd_kafka_topic_partition_t *p =
        rd_kafka_topic_partition_list_add(list, st->topic, st->info.partition);
    char text[sizeof FOUNDED + 16];

    p->offset = offset;
    if (st->founded <= 0)
        return;
    (void)snprintf(text, sizeof text, FOUNDED "%d", st->founded);
    p->metadata = strdup(text); /* the list's from now on */
    p->metadata_size = p->metadata ? strlen(text) : 0;
}

lr_status stream_list(struct source *s, const struct lr_position *positions, uint32_t n,
                      rd_kafka_topic_partition_list_t **ret_list, struct lr_error *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);

    for (uint32_t i = 0; i < n; i++) {
        const struct stream *st;

        if (positions[i].stream >= s->n_streams) {
            rd_kafka_topic_partition_list_destroy(list);
            return lr_fail(err, LR_EINTERNAL, "stream %u was never handed over",
                           positions[i].stream);
        }
        st = s->streams[positions[i].stream];
        stream_put(list, st, positions[i].next);
    }
    *ret_list = list;
    return LR_OK;
}

void streams_finish(struct source *s)
{
    while (s->n_owned)
        stream_drop(s, s->owned[s->n_owned - 1]);
    for (uint32_t i = 0; i < s->n_streams; i++) {
        free(s->streams[i]->kept);
        free(s->streams[i]->topic);
        free(s->streams[i]);
    }
    free(s->streams);
    free(s->owned);
    s->streams = s->owned = NULL;
    s->n_streams = s->stream_room = s->n_owned = s->owned_room = 0;
}
