/* SPDX-License-Identifier: MIT
 *
 * Dead letters of a batch: each is a batch of one with the original value, key and headers, and
 * why it was set aside in headers of its own. They go out with their batch, inside the same
 * transaction; what they need lives in the flight until they are settled.
 */
#include "lane_private.h"

#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000000)
#define DEAD_HEADERS 7

/* A dead letter in the flight's memory: its value and headers must live until it is settled. */
struct letter {
    struct lr_header headers[DEAD_HEADERS];
    struct bad_row why;
    char partition[16], offset[24], timestamp[24];
    struct lr_bytes value;
};

static struct lr_header text_header(const char *name, const char *value)
{
    return (struct lr_header){name, value, (uint32_t)strlen(value), 0};
}

static char *letter_fill(const struct lrh_lane *lane, struct letter *letter,
                         const struct bad_row *why, const struct lr_record *record, char *bytes)
{
    const struct lr_stream *stream = lane->ledger.infos[record->stream];

    letter->why = *why;
    (void)snprintf(letter->partition, sizeof letter->partition, "%d", stream->partition);
    (void)snprintf(letter->offset, sizeof letter->offset, "%lld", (long long)record->offset);
    (void)snprintf(letter->timestamp, sizeof letter->timestamp, "%lld",
                   record->timestamp_ns < 0 ? -1LL : (long long)(record->timestamp_ns / MS));
    letter->headers[0] = text_header("lrhost.error.class", letter->why.reason);
    letter->headers[1] = text_header("lrhost.error.message", letter->why.message);
    letter->headers[2] = text_header("lrhost.error.stage", letter->why.stage);
    letter->headers[3] = text_header("lrhost.orig.topic", stream->topic);
    letter->headers[4] = text_header("lrhost.orig.partition", letter->partition);
    letter->headers[5] = text_header("lrhost.orig.offset", letter->offset);
    letter->headers[6] = text_header("lrhost.orig.timestamp", letter->timestamp);
    letter->value = (struct lr_bytes){record->value ? bytes : NULL, record->value_len, 0};
    if (record->value && record->value_len)
        memcpy(bytes, record->value, record->value_len);
    return bytes + record->value_len;
}

lr_status lrh__lane_write_letters(struct lrh_lane *lane, struct work *work, struct flight *flight,
                                  uint64_t token)
{
    const struct lr_batch *batch = &work->batch;
    struct lr_error err = LR_ERROR_INIT;
    size_t size = work->n_bad * sizeof(struct letter);
    struct letter *letters;
    char *bytes;
    uint32_t span = 0;

    if (work->n_bad == 0 || lane->config.on_bad != LRH_BAD_DEAD_LETTER)
        return LR_OK;
    for (uint32_t i = 0; i < work->n_bad; i++)
        size += lr_batch_record(batch, work->bad[i].index)->value_len;
    letters = flight->dead_memory = malloc(size);
    if (!letters)
        return lrh__lane_fail(
            lane, lr_fail(&err, LR_ENOMEM, "out of memory for %u dead letters", work->n_bad), &err);
    bytes = (char *)(letters + work->n_bad);
    for (uint32_t i = 0; i < work->n_bad; i++) {
        struct lr_record *record = lr_batch_record(batch, work->bad[i].index);
        struct lr_record copy = *record;
        struct lr_batch dead = *batch;
        lr_status status;

        bytes = letter_fill(lane, &letters[i], &work->bad[i], record, bytes);
        copy.flags &= ~LR_RECORD_BAD;
        dead.records = &copy;
        dead.record_size = sizeof copy;
        dead.count = dead.capacity = 1;
        dead.n_spans = 0;
        dead.encoded = &letters[i].value;
        dead.added = letters[i].headers;
        dead.n_added = DEAD_HEADERS;
        dead.token = token + work->bad[i].index;
        dead.out = batch->out + (size_t)work->bad[i].index * batch->out_stride;
        dead.t0 = &batch->t0[work->bad[i].index];
        dead.t1 = &batch->t1[work->bad[i].index];
        dead.y = &batch->y[work->bad[i].index];
        dead.x = batch->x + (size_t)work->bad[i].index * batch->x_stride;
        while (span > 0 && work->bad[i].index < flight->spans[span - 1].end)
            span--; /* rows set aside by the write come after those of decode */
        while (flight->spans[span].end <= work->bad[i].index)
            span++;
        status = lrh__lane_hand_over(lane, &lane->config.dead, &dead, flight, &flight->spans[span],
                                     0, 1);
        if (status != LR_OK)
            return status;
    }
    return LR_OK;
}
