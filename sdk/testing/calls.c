/* SPDX-License-Identifier: MIT
 *
 * Calls of a codec and a sink that keep account: which function runs, which records were taken, how
 * each was settled.
 */
#include <lrhost/testing.h>
#include <stdlib.h>
#include <time.h>

#define FATE_NONE 0
#define FATE_TAKEN 1
#define POLL_NS (10 * INT64_C(1000000))

static const struct lr_sink *sink_of(const struct lr_fake *fake)
{
    return (const struct lr_sink *)fake->plugin->ops;
}

/* A negative status comes with a sentence. */
static lr_status judge(struct lr_fake *fake, const char *what, lr_status status)
{
    if (status < 0 && !fake->err.text[0])
        lr_fake_breach(fake, "error.sentence", "%s returned %d without a sentence", what, status);
    if (status < LR_EUSAGE || status > LR_IN_DOUBT)
        lr_fake_breach(fake, "status.range", "%s returned %d, which is none of LR_*", what, status);
    return status;
}

lr_status lr_fake_decode(struct lr_fake *fake, struct lr_batch *batch)
{
    const struct lr_codec *codec = (const struct lr_codec *)fake->plugin->ops;
    lr_status status;

    fake->n_bad = 0;
    fake->batch_count = batch->count;
    fake->err.text[0] = '\0';
    lr_fake_enter(fake, LR_FAKE_IN_CODEC);
    status = judge(fake, "decode", codec->decode(fake->self, batch, &fake->err));
    lr_fake_enter(fake, LR_FAKE_OUTSIDE);
    for (uint32_t i = 0; i < fake->n_bad && i < LR_FAKE_NOTES; i++)
        lr_batch_record(batch, fake->bad[i].index)->flags |= LR_RECORD_BAD;
    return status;
}

/* Room for the fates of tokens up to `end`. */
static int make_room(struct lr_fake *fake, uint64_t token, uint64_t end)
{
    if (!fake->n_tokens)
        fake->first_token = token;
    if (end - fake->first_token > fake->room) {
        uint64_t room = 2 * (end - fake->first_token);
        unsigned char *grown = (unsigned char *)realloc(fake->tokens, room);

        if (!grown)
            return 0;
        memset(grown + fake->room, FATE_NONE, room - fake->room);
        fake->tokens = grown;
        fake->room = room;
    }
    if (fake->n_tokens < end - fake->first_token)
        fake->n_tokens = end - fake->first_token;
    return 1;
}

static void set_fates(struct lr_fake *fake, uint64_t token, uint32_t from, uint32_t to,
                      unsigned char fate)
{
    for (uint32_t i = from; i < to; i++)
        fake->tokens[token + i - fake->first_token] = fate;
}

/* Records count as taken from the moment of the call on, since settles may come inside it. */
lr_status lr_fake_write(struct lr_fake *fake, const struct lr_batch *batch, uint32_t first,
                        uint32_t count, uint32_t *ret_taken)
{
    const uint64_t token = batch->token + first;
    uint32_t taken = 0;
    lr_status status;

    *ret_taken = 0;
    if (!make_room(fake, token, token + count))
        return LR_ENOMEM;
    set_fates(fake, token, 0, count, FATE_TAKEN);
    fake->err.text[0] = '\0';
    lr_fake_enter(fake, LR_FAKE_IN_SINK);
    status = judge(fake, "write",
                   sink_of(fake)->write(fake->self, batch, first, count, &taken, &fake->err));
    lr_fake_enter(fake, LR_FAKE_OUTSIDE);
    if (status == LR_OK && (taken == 0 || taken > count))
        lr_fake_breach(fake, "sink.taken", "write returned LR_OK and took %u of %u records", taken,
                       count);
    else if (status == LR_AGAIN && taken != 0)
        lr_fake_breach(fake, "sink.taken", "write returned LR_AGAIN and took %u records", taken);
    if (status != LR_OK)
        taken = 0;
    if (taken > count)
        taken = count;
    for (uint32_t i = taken; i < count; i++)
        if (fake->tokens[token + i - fake->first_token] != FATE_TAKEN) {
            lr_fake_breach(fake, "sink.settle-taken",
                           "token %llu is settled, but write did not take its record",
                           (unsigned long long)(token + i));
            break;
        }
    set_fates(fake, token, taken, count, FATE_NONE);
    *ret_taken = taken;
    return status;
}

lr_status lr_fake_poll(struct lr_fake *fake, int64_t timeout_ns)
{
    lr_status status;

    if (!sink_of(fake)->poll)
        return LR_OK;
    fake->err.text[0] = '\0';
    lr_fake_enter(fake, LR_FAKE_IN_SINK);
    status = judge(fake, "poll", sink_of(fake)->poll(fake->self, timeout_ns, &fake->err));
    lr_fake_enter(fake, LR_FAKE_OUTSIDE);
    return status;
}

lr_status lr_fake_flush(struct lr_fake *fake)
{
    lr_status status;

    if (!sink_of(fake)->flush)
        return LR_OK;
    fake->err.text[0] = '\0';
    lr_fake_enter(fake, LR_FAKE_IN_SINK);
    status = judge(fake, "flush", sink_of(fake)->flush(fake->self, &fake->err));
    lr_fake_enter(fake, LR_FAKE_OUTSIDE);
    return status;
}

lr_status lr_fake_begin(struct lr_fake *fake)
{
    fake->err.text[0] = '\0';
    return judge(fake, "begin", sink_of(fake)->begin(fake->self, &fake->err));
}

lr_status lr_fake_commit(struct lr_fake *fake, const struct lr_position *positions, uint32_t n)
{
    lr_status status;

    fake->err.text[0] = '\0';
    lr_fake_enter(fake, LR_FAKE_IN_SINK);
    do
        status = judge(fake, "commit",
                       sink_of(fake)->commit(fake->self, positions, n, NULL, &fake->err));
    while (status == LR_AGAIN);
    lr_fake_enter(fake, LR_FAKE_OUTSIDE);
    return status;
}

lr_status lr_fake_abort(struct lr_fake *fake)
{
    lr_status status;

    fake->err.text[0] = '\0';
    lr_fake_enter(fake, LR_FAKE_IN_SINK);
    do
        status = judge(fake, "abort", sink_of(fake)->abort(fake->self, &fake->err));
    while (status == LR_AGAIN);
    lr_fake_enter(fake, LR_FAKE_OUTSIDE);
    if (status == LR_OK && lr_fake_unsettled(fake))
        lr_fake_breach(fake, "sink.abort-settles",
                       "abort returned LR_OK and left %llu records unsettled",
                       (unsigned long long)lr_fake_unsettled(fake));
    return status;
}

uint64_t lr_fake_unsettled(const struct lr_fake *fake)
{
    uint64_t n = 0;

    for (uint64_t i = 0; i < fake->n_tokens; i++)
        n += fake->tokens[i] == FATE_TAKEN;
    return n;
}

static int64_t real_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

lr_status lr_fake_drain(struct lr_fake *fake, int64_t timeout_ns)
{
    const int64_t end = real_now() + timeout_ns;
    const int has_fd = sink_of(fake)->fd != NULL;
    lr_status status = LR_OK;

    while (status >= 0 && lr_fake_unsettled(fake)) {
        if (real_now() >= end)
            return LR_AGAIN;
        status = lr_fake_flush(fake);
        if (status >= 0)
            status = lr_fake_poll(fake, has_fd ? 0 : POLL_NS);
        lr_fake_sleep(fake, POLL_NS);
        if (lr_fake_unsettled(fake))
            (void)nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    return status < 0 ? status : LR_OK;
}
