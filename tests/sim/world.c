/* SPDX-License-Identifier: MIT
 *
 * See world.h. The peer is perfect: it takes one record of a stream at a time, writes what is
 * expected of it and stores the position, in one step. So whatever is lost, doubled or out of
 * order was ours.
 */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- chance ----------------------------------------------------------------------------- */

/* splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014). */
static uint64_t next(struct world *world)
{
    uint64_t z = world->chance += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint32_t world_draw(struct world *world, uint32_t n)
{
    return (uint32_t)((next(world) >> 32) * n >> 32);
}

int world_fault(struct world *world, uint32_t per_mille)
{
    if (world->faults <= 0 || world_draw(world, 1000) >= per_mille)
        return 0;
    world->faults--;
    return 1;
}

static int32_t draw_kind(struct world *world)
{
    uint32_t n = world_draw(world, 40);

    return n < 5    ? CONTROL
           : n < 7  ? BROKEN
           : n < 8  ? REFUSED
           : n < 9  ? LARGE
           : n < 10 ? EMPTY
                    : PLAIN;
}

void world_init(struct world *world, const struct setup *setup, uint64_t seed)
{
    memset(world, 0, offsetof(struct world, outputs));
    memset(&world->n_outputs, 0, sizeof *world - offsetof(struct world, n_outputs));
    world->setup = *setup;
    world->seed = seed;
    world->chance = seed * UINT64_C(0xd1342543de82ef95);
    world->monotonic_ns = MS;
    world->on_bad = world_draw(world, 4) ? LRH_BAD_DEAD_LETTER : LRH_BAD_SKIP;
    world->on_null = LRH_NULL_PASS + (int32_t)world_draw(world, 3);
    world->slow = world_draw(world, 4) == 0;
    world->gives_back = world_draw(world, 2) == 0;
    world->finite = world_draw(world, 8) == 0;
    world->vague = world_draw(world, 4) == 0;
    world->attached = setup->guarantee == LR_EXACTLY_ONCE || world_draw(world, 2);
    world->source_fd = world_draw(world, 2) == 0;
    world->sink_fd = world_draw(world, 2) == 0;
    world->encodes = world_draw(world, 2) == 0;
    world->faults = (int32_t)world_draw(world, world_draw(world, 8) ? 9 : 60);
    for (uint32_t s = 0; s < STREAMS; s++) {
        world->owner[s] = world->finite || setup->positions || world_draw(world, 4) ? US : PEER;
        world->ends[s] = world->finite ? RECORDS : world_draw(world, RECORDS);
        for (uint32_t i = 0; i < RECORDS; i++)
            world->kind[s][i] = draw_kind(world);
        if (world_draw(world, 2))
            world->kind[s][RECORDS - 1] = CONTROL;
    }
}

/* ---- leaving ---------------------------------------------------------------------------- */

void world_trace(struct world *world, const char *format, ...)
{
    va_list args;

    if (!world->trace)
        return;
    va_start(args, format);
    (void)printf("%6u %8.1f ms  ", world->calls, (double)world->monotonic_ns / 1e6);
    (void)vprintf(format, args);
    (void)putchar('\n');
    va_end(args);
}

void world_fail(struct world *world, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(world->why, sizeof world->why, format, args);
    va_end(args);
    world_trace(world, "FAILED: %s", world->why);
    longjmp(world->leave, FAILED);
}

/* ---- time ------------------------------------------------------------------------------- */

static void move_peer(struct world *world, uint32_t s)
{
    int64_t at = world->peer_at[s];
    int kind;

    if (world->owner[s] != PEER || at >= world->ends[s] || world_draw(world, 3))
        return;
    kind = world_expects(world, s, at);
    if (kind != NOTHING)
        world_put(world, &(struct output){(int32_t)s, kind, VISIBLE, PEER, at, 0});
    world->peer_at[s] = world->committed[s] = at + 1;
}

static void move(struct world *world)
{
    if (++world->calls > CALLS_MAX)
        world_fail(world, "it does not end");
    for (uint32_t s = 0; s < STREAMS; s++) {
        if (world->ends[s] < RECORDS && world_draw(world, 4) == 0)
            world->ends[s]++;
        move_peer(world, s);
    }
    if (!world->lane || world->stopped)
        return;
    if (!world->finite && world_done(world)) {
        world->stopped = 1;
        lrh_lane_stop(world->lane);
    } else if (world_fault(world, 1)) {
        world->stopped = 1;
        world->figures.stops++;
        world->deadline_ns =
            world->monotonic_ns + (world_draw(world, 2) ? 60000 : world_draw(world, 40)) * MS;
        world_trace(world, "stop, until %.1f ms", (double)world->deadline_ns / 1e6);
        lrh_lane_set_deadline(world->lane, world->deadline_ns);
    }
}

void world_call(struct world *world)
{
    move(world);
    if (!world->quiet && world_fault(world, 4)) {
        world->figures.crashes++;
        world->dirty = 1;
        world_trace(world, "crash");
        longjmp(world->leave, CRASHED);
    }
}

static int64_t monotonic(void *ctx)
{
    struct world *world = ctx;

    if (++world->looks > LOOKS_MAX)
        world_fail(world, "it turns in a circle");
    return world->monotonic_ns += 100; /* no two looks are the same */
}

static int64_t wall(void *ctx)
{
    return INT64_C(1700000000000000000) + monotonic(ctx);
}

static void sleep_on(void *ctx, struct pollfd *fds, nfds_t n, int64_t timeout_ns)
{
    struct world *world = ctx;

    for (nfds_t i = 0; i < n; i++)
        fds[i].revents = 0;
    move(world);
    if (timeout_ns > 0) /* a descriptor may end it sooner */
        world->monotonic_ns += n > 1 && world_draw(world, 2) ? timeout_ns / 4 : timeout_ns;
}

const struct lrh_system *world_system(struct world *world, struct lrh_system *ret_system)
{
    *ret_system = (struct lrh_system){world, wall, monotonic, sleep_on};
    return ret_system;
}

/* ---- the store -------------------------------------------------------------------------- */

int world_expects(const struct world *world, uint32_t stream, int64_t offset)
{
    int bad = world->on_bad == LRH_BAD_DEAD_LETTER ? LETTER : NOTHING;

    switch (world->kind[stream][offset]) {
    case CONTROL:
        return NOTHING;
    case BROKEN:
    case REFUSED:
    case LARGE:
        return bad;
    case EMPTY:
        return world->on_null == LRH_NULL_PASS  ? RESULT
               : world->on_null == LRH_NULL_BAD ? bad
                                                : NOTHING;
    default:
        return RESULT;
    }
}

void world_put(struct world *world, const struct output *output)
{
    world_trace(world, "%s writes %s %d:%lld%s", output->who == PEER ? "peer" : "sink",
                output->kind == LETTER ? "letter" : "result", output->stream,
                (long long)output->offset, output->who == NOBODY ? " (late)" : "");
    if (world->n_outputs == OUTPUTS_MAX)
        world_fail(world, "output without end");
    world->outputs[world->n_outputs++] = *output;
    if (output->state == VISIBLE)
        world->seen[output->stream][output->offset]++;
}

void world_decide(struct world *world, int32_t transaction, int32_t state)
{
    world_trace(world, "transaction %d %s", transaction, state == VISIBLE ? "visible" : "aborted");
    for (uint32_t i = 0; i < world->n_outputs; i++) {
        struct output *output = &world->outputs[i];

        if (output->state != OPEN || output->transaction != transaction)
            continue;
        output->state = state;
        if (state == VISIBLE)
            world->seen[output->stream][output->offset]++;
    }
}

void world_fence(struct world *world)
{
    for (uint32_t i = 0; i < world->n_outputs; i++)
        if (world->outputs[i].state == OPEN)
            world->outputs[i].state = ABORTED;
}

void world_store(struct world *world, const struct lr_position *positions, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t s = positions[i].stream;

        world_trace(world, "stored %u:%lld", s, (long long)positions[i].next);
        if (s >= STREAMS || positions[i].next > RECORDS)
            world_fail(world, "a position that does not exist is committed");
        if (positions[i].next < world->committed[s])
            world_fail(world, "stream %u: committed %lld after %lld", s,
                       (long long)positions[i].next, (long long)world->committed[s]);
        for (int64_t at = world->committed[s];
             world->setup.guarantee != LR_AT_MOST_ONCE && at < positions[i].next; at++)
            if (world_expects(world, s, at) != NOTHING && !world->seen[s][at])
                world_fail(world, "%u:%lld is committed and not delivered", s, (long long)at);
        world->committed[s] = positions[i].next;
    }
}

void world_own(struct world *world, uint32_t stream, int32_t owner)
{
    if (world->owner[stream] == owner)
        return;
    world_trace(world, "stream %u: owner %d", stream, owner);
    world->owner[stream] = owner;
    world->claim[stream]++;
    world->peer_at[stream] = world->committed[stream];
}

void world_after_crash(struct world *world)
{
    world->generation++;
    for (uint32_t s = 0; s < STREAMS; s++) {
        if (world->owner[s] == NOBODY)
            world_own(world, s, US);
        else if (world->owner[s] == US && !world->finite && !world->setup.positions &&
                 world_draw(world, 3) == 0)
            world_own(world, s, PEER);
    }
}

/* ---- the end ---------------------------------------------------------------------------- */

int world_done(const struct world *world)
{
    for (uint32_t s = 0; s < STREAMS; s++) {
        if (world->ends[s] < RECORDS)
            return 0;
        for (int64_t at = world->committed[s]; at < RECORDS; at++)
            if (world->kind[s][at] != CONTROL)
                return 0;
    }
    return 1;
}

static void judge_record(struct world *world, uint32_t s, int64_t at)
{
    int expected = world_expects(world, s, at);
    uint32_t n = world->seen[s][at];
    int at_most = world->setup.guarantee == LR_AT_MOST_ONCE;

    if (n == 0 && expected != NOTHING && (!at_most || !world->dirty))
        world_fail(world, "%u:%lld is lost", s, (long long)at);
    if (n > 0 && expected == NOTHING)
        world_fail(world, "%u:%lld should leave nothing", s, (long long)at);
    if (n > 1 && world->setup.guarantee != LR_AT_LEAST_ONCE)
        world_fail(world, "%u:%lld came %u times", s, (long long)at, n);
    if (n > 1 && !world->dirty)
        world_fail(world, "%u:%lld came %u times though nothing happened", s, (long long)at, n);
}

/* Order: the last copies of a stream's results stand in the order of their offsets. Late writes
 * after a loss do not count: no one promises their order. */
static void judge_order(struct world *world, uint32_t s)
{
    int64_t last[RECORDS], newest = -1;

    memset(last, -1, sizeof last);
    for (uint32_t i = 0; i < world->n_outputs; i++) {
        const struct output *output = &world->outputs[i];

        if (output->stream == (int32_t)s && output->state == VISIBLE && output->kind == RESULT &&
            output->who != NOBODY)
            last[output->offset] = i;
    }
    for (int64_t at = 0; at < RECORDS; at++) {
        if (last[at] < 0)
            continue;
        if (last[at] < newest)
            world_fail(world, "%u:%lld is out of order", s, (long long)at);
        newest = last[at];
    }
}

void world_judge(struct world *world)
{
    for (uint32_t i = 0; i < world->n_outputs; i++) {
        const struct output *output = &world->outputs[i];

        if (output->state == VISIBLE &&
            output->kind != world_expects(world, (uint32_t)output->stream, output->offset))
            world_fail(world, "%d:%lld went the wrong way", output->stream,
                       (long long)output->offset);
    }
    for (uint32_t s = 0; s < STREAMS; s++) {
        for (int64_t at = 0; at < RECORDS; at++)
            judge_record(world, s, at);
        judge_order(world, s);
    }
}
