/* SPDX-License-Identifier: MIT
 *
 * A sink of the zoo: keeps what it takes in a queue, sends it at flush and poll, and stores
 * positions in its transactions.
 */
#include "store.h"

#define ROOM 256

struct zoo {
    struct life life;
    uint64_t token[ROOM];
    struct lr_bytes bytes[ROOM];
    uint32_t n, sum, running;
    const struct lr_batch *batch;
    struct lr_bytes last;
    uint64_t settled;
};

static size_t zoo_size(void)
{
    return sizeof(struct zoo);
}

static void *zoo_of(struct life *life)
{
    return life;
}

static void settle(struct zoo *zoo, uint64_t token, int32_t outcome)
{
    const struct lr_host *host = zoo->life.host;

    host->settle(host->ctx, token, 1, outcome);
    zoo->settled = token;
}

static uint32_t sum_of(const struct lr_bytes *bytes)
{
    const unsigned char *at = bytes->data;
    uint32_t sum = 0;

    for (uint32_t i = 0; i < bytes->len; i++)
        sum += at[i];
    return sum;
}

static void *settle_elsewhere(void *ctx)
{
    struct zoo *zoo = ctx;

    settle(zoo, zoo->token[0], LR_DELIVERED);
    return NULL;
}

/* Sends the queue, and says so. */
static void send_all(struct zoo *zoo, int32_t outcome)
{
#if WRONG_borrow
    if (zoo->n)
        zoo->sum += zoo->batch->count;
#endif
#if WRONG_encoded
    zoo->sum += sum_of(&zoo->last);
#endif
    for (uint32_t i = 0; i < zoo->n; i++) {
        zoo->sum += sum_of(&zoo->bytes[i]);
        zoo->last = zoo->bytes[i];
#if WRONG_missing
        if (zoo->token[i] == 1100)
            continue;
#endif
#if WRONG_thread
        pthread_t thread;
        if (i == 0 && pthread_create(&thread, NULL, settle_elsewhere, zoo) == 0) {
            (void)pthread_join(thread, NULL);
            continue;
        }
#endif
#if WRONG_outcome
        settle(zoo, zoo->token[i], 9);
#endif
        settle(zoo, zoo->token[i], outcome);
#if WRONG_once
        settle(zoo, zoo->token[i], outcome);
#endif
#if WRONG_stranger
        if (i + 1 == zoo->n)
            settle(zoo, zoo->token[i] + 1000000, outcome);
#endif
    }
    zoo->n = 0;
    (void)settle_elsewhere;
}

static lr_status take(void *self, const struct lr_batch *batch, uint32_t first, uint32_t count,
                      uint32_t *ret_taken, struct lr_error *err)
{
    struct zoo *zoo = self;
    uint32_t room = ROOM - zoo->n;

    (void)err;
    used(&zoo->life);
    zoo->batch = batch;
#if WRONG_again
    if (zoo->running)
        return LR_AGAIN;
    zoo->running = room == 0;
#endif
    if (!room)
        return LR_AGAIN;
    if (count > room)
        count = room;
    for (uint32_t i = first; i < first + count; i++) {
#if WRONG_null
        zoo->sum += *(const unsigned char *)batch->encoded[i].data;
#endif
        zoo->token[zoo->n] = batch->token + i;
        zoo->bytes[zoo->n++] = batch->encoded[i];
    }
    *ret_taken = count;
#if WRONG_taken
    *ret_taken = count + 1;
#endif
    return LR_OK;
}

static lr_status send_on(void *self, int64_t timeout_ns, struct lr_error *err)
{
    (void)timeout_ns;
    (void)err;
    send_all(self, LR_DELIVERED);
    return LR_OK;
}

static lr_status begin(void *self, struct lr_error *err)
{
    (void)self;
    (void)err;
    return LR_OK;
}

static lr_status commit(void *self, const struct lr_position *positions, uint32_t n,
                        const struct lr_group_token *token, struct lr_error *err)
{
    lr_status status = LR_OK;

    (void)token;
    for (uint32_t i = 0; status == LR_OK && i < n; i++)
        status = store_position(self, positions[i].next, err);
#if WRONG_transactions
    return LR_ABORT;
#endif
    return status;
}

static lr_status roll_back(void *self, struct lr_error *err)
{
    (void)err;
#if WRONG_abort
    ((struct zoo *)self)->n = 0;
#else
    send_all(self, LR_ABANDONED);
#endif
    return LR_OK;
}

static lr_status recover(void *self, const struct lr_stream *const *streams,
                         struct lr_position *positions, uint32_t n, struct lr_error *err)
{
    int64_t next = stored_position(self);

    (void)streams;
    (void)err;
    for (uint32_t i = 0; next >= 0 && i < n; i++)
        positions[i].next = next;
    return LR_OK;
}

static int fd(void *self)
{
    (void)self;
    return 999;
}

static lr_status sink_start(void *self, struct lr_error *err)
{
    struct zoo *zoo = self;

#if WRONG_kill
    char name[512];
    store_name(&zoo->life, ".lock", name, sizeof name);
    int lock = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);
    if (lock < 0 && zoo->life.settings->path)
        return lr_fail(err, LR_EINTERNAL, "%s is there", name);
    (void)close(lock);
#endif
#if WRONG_restart
    if (zoo->running++)
        return lr_fail(err, LR_EINTERNAL, "started already");
#endif
    (void)zoo;
    return start(self, err);
}

static void sink_stop(void *self, int64_t deadline_ns)
{
    struct zoo *zoo = self;

#if WRONG_kill
    char name[512];
    store_name(&zoo->life, ".lock", name, sizeof name);
    (void)unlink(name);
#endif
#if WRONG_stop_full
    if (zoo->n)
        abort();
#endif
    (void)zoo;
    stop(self, deadline_ns);
}
#if WRONG_outside
static void sink_destroy(void *self)
{
    struct zoo *zoo = self;

    for (uint32_t i = 0; zoo && i < zoo->n; i++)
        settle(zoo, zoo->token[i], LR_ABANDONED);
    destroy(self);
}
#undef ZOO_DESTROY
#define ZOO_DESTROY sink_destroy
#endif
#undef ZOO_START
#undef ZOO_STOP
#define ZOO_START sink_start
#define ZOO_STOP sink_stop

static const struct lr_sink ops = {.size = sizeof ops,
#if WRONG_caps
                                   .caps = LR_SINK_TRANSACTIONS | LR_SINK_POSITIONS,
#else
                                   .caps = LR_SINK_BYTES | LR_SINK_TRANSACTIONS | LR_SINK_POSITIONS,
#endif
#if WRONG_fd
                                   .fd = fd,
#endif
                                   .write = take,
                                   .poll = send_on,
                                   .begin = begin,
                                   .commit = commit,
                                   .abort = roll_back,
                                   .recover = recover};

ZOO_MODULE(LR_SINK, ops)
