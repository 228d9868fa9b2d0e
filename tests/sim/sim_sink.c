/* SPDX-License-Identifier: MIT
 *
 * The simulated sink, its dead-letter twin, and the codec. See life.h for the two stages.
 *
 * Refusals are as rude as a real client's: a record that is refused takes neighbours in the queue
 * with it (RETRY_SINGLY); only alone it is called REJECTED, and by a `vague` sink not even then.
 * RETRY may hide that the record did arrive. Within a transaction any failure spoils it.
 */
#include <stdio.h>
#include <string.h>

#include "life.h"

#define LIMIT 16 /* max_record_bytes: LARGE values are longer */

/* ---- settling --------------------------------------------------------------------------- */

static void check_bytes(struct world *world, const struct pending *p)
{
    char head[24];
    int n = snprintf(head, sizeof head, "%d:%lld", p->stream, (long long)p->offset);

    if (p->data ? strncmp(p->data, head, (size_t)n) != 0
                : world->kind[p->stream][p->offset] != EMPTY)
        world_fail(world, "%d:%lld: the encoded bytes are wrong", p->stream, (long long)p->offset);
}

void sim_sink_settle(struct sim_sink *sink, uint32_t index, uint32_t count, int32_t outcome)
{
    struct pending first = sink->queue[index];

    if (first.life->in_place && outcome == LR_RETRY) {
        first.sent = 0;
        memmove(&sink->queue[index], &sink->queue[index + 1],
                (sink->n - index - 1) * sizeof sink->queue[0]);
        sink->queue[sink->n - 1] = first;
        return;
    }
    for (uint32_t i = 0; i < count && !first.told; i++)
        check_bytes(sink->world, &sink->queue[index + i]);
    memmove(&sink->queue[index], &sink->queue[index + count],
            (sink->n - index - count) * sizeof sink->queue[0]);
    sink->n -= count;
    world_trace(sink->world, "settle %d:%lld%s x%u outcome %d", first.stream,
                (long long)first.offset, first.letter ? " letter" : "", count, outcome);
    if (first.told)
        return;
    if (first.letter)
        lrh_lane_settle_dead(first.life->lane, first.token, count, outcome);
    else
        lrh_lane_settle(first.life->lane, first.token, count, outcome);
}

/* Settles one of those that were sent, and its neighbours with consecutive tokens. */
static void settle_some(struct sim_sink *sink)
{
    uint32_t at[QUEUE_MAX], n = 0, count = 1, i;

    for (i = 0; i < sink->n; i++)
        if (sink->queue[i].sent)
            at[n++] = i;
    if (n == 0)
        return;
    i = at[world_draw(sink->world, n)];
    while (i + count < sink->n && world_draw(sink->world, 3)) {
        const struct pending *p = &sink->queue[i + count], *first = &sink->queue[i];

        if (!p->sent || p->outcome != first->outcome || p->letter != first->letter ||
            p->token != first->token + count)
            break;
        count++;
    }
    sim_sink_settle(sink, i, count, sink->queue[i].outcome);
}

/* ---- sending ---------------------------------------------------------------------------- */

static void deliver(struct sim_sink *sink, const struct pending *p)
{
    struct world *world = sink->world;
    int ours = world->owner[p->stream] == US && world->claim[p->stream] == p->claim;
    int open = world->setup.guarantee == LR_EXACTLY_ONCE;

    world_put(world, &(struct output){p->stream, p->letter ? LETTER : RESULT, open ? OPEN : VISIBLE,
                                      ours ? US : NOBODY, p->offset, open ? sink->transaction : 0});
}

static void refuse(struct sim_sink *sink, uint32_t index)
{
    struct world *world = sink->world;
    uint32_t queued = 0;

    for (uint32_t i = 0; i < sink->n; i++)
        queued += !sink->queue[i].sent;
    world->dirty = sink->spoiled = 1;
    sink->queue[index].sent = 1;
    sink->queue[index].outcome = LR_REJECTED;
    if (queued == 1 && sink->n > 1 && !world->vague && world_draw(world, 2))
        return; /* known for the culprit though others are on their way */
    if (queued == 1 && sink->n == 1) {
        if (world->vague)
            sink->queue[index].outcome = LR_RETRY_SINGLY;
        return;
    }
    for (uint32_t i = index; i < sink->n && queued-- > 0; i++) {
        sink->queue[i].sent = 1;
        sink->queue[i].outcome = LR_RETRY_SINGLY;
        if (world_draw(world, 3) == 0)
            break;
    }
}

/* The next of the queue meets its fate. */
void sim_sink_send(struct sim_sink *sink)
{
    struct world *world = sink->world;
    struct pending *p;
    uint32_t i = 0;

    while (i < sink->n && sink->queue[i].sent)
        i++;
    if (i == sink->n)
        return;
    p = &sink->queue[i];
    if (!p->letter && world->kind[p->stream][p->offset] == REFUSED) {
        refuse(sink, i);
        return;
    }
    p->sent = 1;
    p->outcome = LR_DELIVERED;
    if (world_fault(world, 15)) {
        world->dirty = sink->spoiled = 1;
        p->outcome = LR_RETRY;
        if (world_draw(world, 2) || world->setup.guarantee == LR_EXACTLY_ONCE)
            return;
    }
    deliver(sink, p);
}

static uint32_t unsent(const struct sim_sink *sink)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < sink->n; i++)
        n += !sink->queue[i].sent;
    return n;
}

/* ---- the ABI ---------------------------------------------------------------------------- */

static void check_record(struct sim_sink *sink, const struct lr_batch *batch, uint32_t i)
{
    const struct lr_record *record = lr_batch_record(batch, i);
    struct world *world = sink->world;
    char key[24];
    int n = snprintf(key, sizeof key, "%u:%lld", record->stream, (long long)record->offset);

    if (record->flags & LR_RECORD_BAD)
        world_fail(world, "a bad record is written");
    if (record->stream >= STREAMS || strncmp(record->key, key, (size_t)n) != 0)
        world_fail(world, "%s: its memory was released", key);
    if (batch->streams[record->stream]->partition != (int32_t)record->stream)
        world_fail(world, "%s: its stream is not known", key);
    if (!sink->letters && batch->encoded[i].len + record->key_len > LIMIT)
        world_fail(world, "%s is too large to be written", key);
    if (sink->letters && (batch->n_added < 7 || strcmp(batch->added[3].value, "topic") != 0))
        world_fail(world, "%s: the dead letter has no origin", key);
}

static lr_status sink_write(void *self, const struct lr_batch *batch, uint32_t first,
                            uint32_t count, uint32_t *ret_taken, struct lr_error *err)
{
    struct sim_sink *sink = self, *main = sink->main;
    struct world *world = sink->world;
    uint32_t taken = 0;

    (void)err;
    world_call(world);
    if (count == 0)
        world_fail(world, "a write of nothing");
    if (world->setup.guarantee == LR_EXACTLY_ONCE && (!main->open || main->again || main->aborting))
        world_fail(world, "a write outside of a transaction");
    while (taken < count && main->n < main->room && (taken == 0 || world_draw(world, 6))) {
        uint32_t i = first + taken++;
        const struct lr_record *record = lr_batch_record(batch, i);

        check_record(sink, batch, i);
        world_trace(world, "write %u:%lld%s", record->stream, (long long)record->offset,
                    sink->letters ? " letter" : "");
        main->queue[main->n++] = (struct pending){.token = batch->token + i,
                                                  .data = batch->encoded[i].data,
                                                  .life = sink->life,
                                                  .offset = record->offset,
                                                  .stream = (int32_t)record->stream,
                                                  .letter = sink->letters,
                                                  .claim = world->claim[record->stream]};
        if (world_draw(world, 4) == 0) {
            world_call(world);
            sim_sink_send(main);
            if (world_draw(world, 2))
                settle_some(main); /* inside write */
        }
    }
    *ret_taken = taken;
    return taken ? LR_OK : LR_AGAIN;
}

static lr_status sink_poll(void *self, int64_t timeout_ns, struct lr_error *err)
{
    struct sim_sink *sink = ((struct sim_sink *)self)->main;
    struct world *world = sink->world;

    (void)err;
    (void)timeout_ns;
    world_call(world);
    if (world->slow && world_draw(world, 20))
        return LR_OK;
    for (uint32_t n = world_draw(world, 4); n > 0; n--) {
        if (world_draw(world, 2))
            sim_sink_send(sink);
        else
            settle_some(sink);
    }
    return LR_OK;
}

static lr_status sink_flush(void *self, struct lr_error *err)
{
    struct sim_sink *sink = ((struct sim_sink *)self)->main;

    (void)err;
    world_call(sink->world);
    if (sink->world->slow && world_draw(sink->world, 4))
        return LR_OK;
    while (unsent(sink))
        sim_sink_send(sink);
    return LR_OK;
}

static lr_status sink_begin(void *self, struct lr_error *err)
{
    struct sim_sink *sink = self;

    (void)err;
    world_call(sink->world);
    if (sink->open || sink->restart)
        world_fail(sink->world, "begin inside a transaction");
    sink->open = 1;
    sink->spoiled = sink->again = 0;
    sink->transaction = ++sink->world->transactions;
    return LR_OK;
}

static int stale(const struct sim_sink *sink, const struct lr_group_token *token)
{
    int32_t generation;

    if (sink->world->setup.positions)
        return 0;
    memcpy(&generation, token->data, sizeof generation);
    return generation != sink->world->generation;
}

static lr_status sink_commit(void *self, const struct lr_position *positions, uint32_t n,
                             const struct lr_group_token *token, struct lr_error *err)
{
    struct sim_sink *sink = self;
    struct world *world = sink->world;
    int doubt, done;

    (void)err;
    world_call(world);
    if (!sink->open || sink->restart || sink->aborting)
        world_fail(world, "commit outside of a transaction");
    while (unsent(sink))
        sim_sink_send(sink);
    if (world_fault(world, 40)) {
        world->monotonic_ns += 10 * MS;
        sink->again = 1;
        return LR_AGAIN;
    }
    if (sink->spoiled || stale(sink, token) || world_fault(world, 40)) {
        sink->spoiled = 1;
        sink->again = 0;
        return LR_ABORT;
    }
    doubt = world_fault(world, 60);
    done = !doubt || world_draw(world, 2);
    if (done) {
        world_decide(world, sink->transaction, VISIBLE);
        world_store(world, positions, n);
    }
    sink->open = doubt;
    sink->restart = doubt;
    world_call(world);
    world->figures.doubts += (uint64_t)doubt;
    sink->again = 0;
    return doubt ? LR_IN_DOUBT : LR_OK;
}

static lr_status sink_abort(void *self, struct lr_error *err)
{
    struct sim_sink *sink = self;
    struct world *world = sink->world;

    (void)err;
    world_call(world);
    if (!sink->open || sink->restart)
        world_fail(world, "abort outside of a transaction");
    if (sink->again)
        world_fail(world, "abort of a transaction that is being committed");
    if (world_fault(world,
                    150)) { /* the broker is slow; nothing else may happen until it is done */
        sink->aborting = 1;
        if (sink->n && world_draw(world, 2))
            sim_sink_settle(sink, sink->n - 1, 1, LR_ABANDONED);
        return LR_AGAIN;
    }
    sink->aborting = 0;
    world->figures.aborts++;
    world->dirty = 1;
    world_decide(world, sink->transaction, ABORTED);
    sink->open = 0;
    while (sink->n)
        sim_sink_settle(sink, sink->n - 1, 1, LR_ABANDONED);
    return LR_OK;
}

static lr_status sink_recover(void *self, const struct lr_stream *const *streams,
                              struct lr_position *positions, uint32_t n, struct lr_error *err)
{
    struct sim_sink *sink = self;

    (void)err;
    world_call(sink->world);
    for (uint32_t i = 0; i < n; i++) {
        if (streams[positions[i].stream]->id != positions[i].stream)
            world_fail(sink->world, "recover is asked about unknown streams");
        positions[i].next = sink->world->committed[positions[i].stream];
    }
    return LR_OK;
}

static uint64_t sink_limit(void *self)
{
    return ((struct sim_sink *)self)->letters ? 0 : LIMIT;
}

static int sink_fd(void *self)
{
    return ((struct sim_sink *)self)->world->sink_fd ? 1001 : -1;
}

void sim_sink_init(struct sim_sink *sink, struct life *life, struct sim_sink *main, int letters,
                   struct lr_sink *ret_ops)
{
    *sink = (struct sim_sink){.world = life->world, .life = life, .letters = letters, .main = main};
    sink->room = 2 + world_draw(life->world, QUEUE_MAX - 2);
    *ret_ops = (struct lr_sink){.size = sizeof *ret_ops,
                                .caps = LR_SINK_BYTES | LR_SINK_DURABLE,
                                .fd = sink_fd,
                                .max_record_bytes = sink_limit,
                                .write = sink_write,
                                .poll = sink_poll,
                                .flush = sink_flush};
    if (life->world->setup.guarantee == LR_EXACTLY_ONCE) {
        ret_ops->caps |= LR_SINK_TRANSACTIONS;
        ret_ops->begin = sink_begin;
        ret_ops->commit = sink_commit;
        ret_ops->abort = sink_abort;
    }
    if (life->world->setup.positions) {
        ret_ops->caps |= LR_SINK_POSITIONS;
        ret_ops->recover = sink_recover;
    }
}

void sim_sink_start(struct sim_sink *sink)
{
    world_trace(sink->world, "sink starts");
    if (sink->main == sink)
        world_fence(sink->world);
    sink->open = sink->restart = sink->spoiled = sink->again = sink->aborting = 0;
}

void sim_sink_stop(struct sim_sink *sink)
{
    sink->n = 0;
}
