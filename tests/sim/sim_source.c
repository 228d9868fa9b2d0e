/* SPDX-License-Identifier: MIT
 *
 * The simulated source: a member of the group. Spans come in any order and may repeat a stream;
 * gaps are reported with the records before them or later by a span of their own. An event is
 * raised in the middle of a poll, so that what was gathered is handed over first. The group may
 * also move on without our knowledge: then commits are refused until the event comes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "life.h"

static void raise_event(struct sim_source *source, int32_t kind, const int32_t *chosen)
{
    struct world *world = source->world;
    uint32_t n = 0;

    for (uint32_t s = 0; s < STREAMS; s++) {
        if (!chosen[s])
            continue;
        source->listed[n++] = &source->streams[s];
        if (kind == LR_EVENT_LOST)
            world_own(world, s, PEER);
        if (kind == LR_EVENT_ASSIGN)
            world_own(world, s, US);
        source->streams[s].next = world->committed[s];
        source->streams[s].end = world->ends[s];
    }
    if (n == 0)
        return;
    source->event = kind;
    source->report = (struct lr_event){sizeof source->report, kind, n, 0, source->listed};
    source->stale = 0;
    world->figures.rebalances++;
    if (kind == LR_EVENT_LOST) {
        world->generation++;
        world->figures.losses++;
        world->dirty = 1;
    }
    world_trace(world, "event %s, %u streams from %u on",
                kind == LR_EVENT_LOST     ? "lost"
                : kind == LR_EVENT_ASSIGN ? "assign"
                                          : "revoke",
                n, source->listed[0]->id);
}

/* A random event that is possible. One or several streams. */
static void disturb(struct sim_source *source)
{
    struct world *world = source->world;
    int32_t chosen[STREAMS], mine = 0, others = 0;
    uint32_t pick = world_draw(world, 3), many = world_draw(world, 2);

    for (uint32_t s = 0; s < STREAMS; s++) {
        mine += source->mine[s];
        others += !source->mine[s];
    }
    if (world->setup.positions && pick == 2)
        pick = 1; /* one writer: nobody can take a stream away behind its back */
    if ((pick > 0 && !mine) || (pick == 0 && !others))
        return;
    for (uint32_t s = 0; s < STREAMS; s++)
        chosen[s] = source->mine[s] == (pick > 0) && (many || world_draw(world, 2));
    raise_event(source,
                pick == 0   ? LR_EVENT_ASSIGN
                : pick == 1 ? LR_EVENT_REVOKE
                            : LR_EVENT_LOST,
                chosen);
}

/* Streams that are ours and not assigned yet come; the peer's, if it gives them back. */
static void join(struct sim_source *source)
{
    struct world *world = source->world;
    int32_t chosen[STREAMS];

    for (uint32_t s = 0; s < STREAMS; s++)
        chosen[s] =
            !source->mine[s] &&
            (world->owner[s] == US || (world->owner[s] == NOBODY && !world_draw(world, 5)) ||
             (world->gives_back && world->owner[s] == PEER && !world_draw(world, 60)));
    raise_event(source, LR_EVENT_ASSIGN, chosen);
}

/* ---- reading ---------------------------------------------------------------------------- */

static void value_of(const struct world *world, uint32_t s, int64_t offset, char *ret_value)
{
    int kind = world->kind[s][offset];

    (void)snprintf(ret_value, VALUE_MAX, "%u:%lld%s", s, (long long)offset,
                   kind == BROKEN  ? "?"
                   : kind == LARGE ? " a long value"
                                   : "");
}

static void add_record(struct sim_source *source, struct lr_batch *batch, struct hold *hold,
                       uint32_t s)
{
    struct lr_record *record = lr_batch_record(batch, batch->count);
    char *value = hold->values[batch->count];
    int empty = source->world->kind[s][source->at[s]] == EMPTY;

    value_of(source->world, s, source->at[s], value);
    *record = (struct lr_record){.value = empty ? NULL : value,
                                 .key = value,
                                 .offset = source->at[s],
                                 .timestamp_ns = -1,
                                 .value_len = empty ? 0 : (uint32_t)strlen(value),
                                 .key_len = (uint32_t)strlen(value),
                                 .stream = s,
                                 .flags = empty ? LR_RECORD_NULL : 0};
    batch->t0[batch->count] = -1;
    batch->count++;
}

/* A run of one stream. */
static void gather(struct sim_source *source, struct lr_batch *batch, struct hold *hold, uint32_t s,
                   uint32_t max, int64_t until)
{
    struct world *world = source->world;
    int64_t end = world->ends[s] < until ? world->ends[s] : until, from = source->at[s];
    uint32_t first = batch->count, run = 1 + world_draw(world, 4);

    while (run-- > 0 && source->at[s] < end) {
        if (world->kind[s][source->at[s]] != CONTROL) {
            if (batch->count == max || batch->count == batch->capacity)
                break;
            add_record(source, batch, hold, s);
        }
        source->at[s]++;
    }
    if (source->at[s] == from)
        return;
    batch->spans[batch->n_spans++] = (struct lr_span){s, batch->count - first, source->at[s]};
}

static int at_end(const struct sim_source *source)
{
    for (uint32_t s = 0; s < STREAMS; s++)
        if (!source->mine[s] || source->at[s] < RECORDS)
            return 0;
    return source->world->finite;
}

static lr_status source_poll(void *self, struct lr_batch *batch, uint32_t max, const int64_t *until,
                             uint32_t n_until, int64_t timeout_ns,
                             const struct lr_event **ret_event, struct lr_error *err)
{
    struct sim_source *source = self;
    struct world *world = source->world;
    struct hold *hold;

    (void)err;
    world_call(world);
    if (source->world->source_fd && timeout_ns > 0)
        world_fail(world, "a source with a descriptor is asked to wait");
    if (!source->event && source->stale)
        disturb(source);
    if (!source->event)
        join(source);
    if (source->event) {
        *ret_event = &source->report;
        return LR_REBALANCE;
    }
    batch->count = batch->n_spans = 0;
    if (max == 0) {
        if (!world->finite && world_fault(world, 30))
            disturb(source);
        return at_end(source) ? LR_END : LR_AGAIN;
    }
    hold = calloc(1, sizeof *hold);
    if (!hold)
        world_fail(world, "out of memory");
    for (int i = 0; i < 4 && !source->event && batch->n_spans < batch->span_capacity; i++) {
        uint32_t s = world_draw(world, STREAMS);

        if (source->mine[s])
            gather(source, batch, hold, s, max, until && s < n_until ? until[s] : INT64_MAX);
        if (!world->finite && world_fault(world, 40))
            disturb(source);
    }
    if (batch->n_spans == 0) {
        free(hold);
        if (source->event) {
            *ret_event = &source->report;
            return LR_REBALANCE;
        }
        if (at_end(source)) {
            world->figures.ends++;
            return LR_END;
        }
        world->monotonic_ns += world_draw(world, 2) ? timeout_ns : timeout_ns / 3;
        return LR_AGAIN;
    }
    hold->next = source->holds;
    source->holds = batch->hold = hold;
    source->n_holds++;
    world_trace(world, "poll: %u records, %u spans, first %u:%lld", batch->count, batch->n_spans,
                batch->spans[0].stream, batch->count ? (long long)batch->records[0].offset : -1LL);
    return LR_OK;
}

static void source_release(void *self, struct lr_batch *batch)
{
    struct sim_source *source = self;
    struct hold **at = &source->holds, *hold = batch->hold;

    while (*at && *at != hold)
        at = &(*at)->next;
    if (!*at)
        world_fail(source->world, "a batch is released that is not held");
    *at = hold->next;
    memset(hold, 'x', sizeof *hold);
    free(hold);
    source->n_holds--;
}

static lr_status source_rebalanced(void *self, struct lr_error *err)
{
    struct sim_source *source = self;
    struct world *world = source->world;

    (void)err;
    world_call(world);
    if (!source->event)
        world_fail(world, "rebalanced without an event");
    for (uint32_t i = 0; i < source->report.n_streams; i++) {
        uint32_t s = source->listed[i]->id;

        source->mine[s] = source->event == LR_EVENT_ASSIGN;
        source->at[s] = source->listed[i]->next;
        if (source->event == LR_EVENT_REVOKE)
            world_own(world, s, world->setup.positions ? NOBODY : PEER);
    }
    world_trace(world, "rebalanced");
    source->event = 0;
    source->generation = ++world->generation;
    return LR_OK;
}

/* ---- positions -------------------------------------------------------------------------- */

static lr_status source_commit(void *self, const struct lr_position *positions, uint32_t n,
                               int32_t wait, struct lr_error *err)
{
    struct sim_source *source = self;
    struct world *world = source->world;

    (void)wait;
    (void)err;
    world_call(world);
    if (!world->finite && !world->setup.positions && world_fault(world, 10)) {
        world->generation++;
        source->stale = 1;
    }
    if (source->generation != world->generation) {
        world->dirty = 1;
        return LR_AGAIN;
    }
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < i; j++)
            if (positions[i].stream == positions[j].stream)
                world_fail(world, "a stream is committed twice in one call");
    world_store(world, positions, n);
    world_call(world);
    return LR_OK;
}

static lr_status source_committed(void *self, struct lr_position *positions, uint32_t n,
                                  struct lr_error *err)
{
    struct sim_source *source = self;

    (void)err;
    world_call(source->world);
    if (world_fault(source->world, 50))
        return LR_AGAIN;
    for (uint32_t i = 0; i < n; i++)
        positions[i].next =
            source->world->setup.positions ? 0 : source->world->committed[positions[i].stream];
    return LR_OK;
}

static lr_status source_seek(void *self, const struct lr_position *positions, uint32_t n,
                             struct lr_error *err)
{
    struct sim_source *source = self;

    (void)err;
    world_call(source->world);
    source->world->figures.rewinds++;
    for (uint32_t i = 0; i < n; i++) {
        if (positions[i].next < 0 || positions[i].next > RECORDS)
            world_fail(source->world, "seek to a position that does not exist");
        world_trace(source->world, "seek %u:%lld", positions[i].stream,
                    (long long)positions[i].next);
        source->at[positions[i].stream] = positions[i].next;
    }
    return LR_OK;
}

static lr_status source_ends(void *self, struct lr_position *positions, uint32_t n,
                             struct lr_error *err)
{
    struct sim_source *source = self;

    (void)err;
    world_call(source->world);
    source->asked = !source->asked && world_draw(source->world, 3) == 0;
    if (source->asked)
        return LR_AGAIN;
    for (uint32_t i = 0; i < n; i++)
        positions[i].next = source->world->ends[positions[i].stream];
    return LR_OK;
}

static lr_status source_token(void *self, struct lr_group_token *ret_token, struct lr_error *err)
{
    struct sim_source *source = self;

    (void)err;
    if (!source->world->finite && world_fault(source->world, 10)) {
        source->world->generation++;
        source->stale = 1;
    }
    *ret_token =
        (struct lr_group_token){sizeof *ret_token, sizeof source->generation, &source->generation};
    return LR_OK;
}

static int source_fd(void *self)
{
    return ((struct sim_source *)self)->world->source_fd ? 1000 : -1;
}

void sim_source_init(struct sim_source *source, struct world *world, struct lr_source *ret_ops)
{
    *source = (struct sim_source){.world = world, .generation = ++world->generation};
    for (uint32_t s = 0; s < STREAMS; s++)
        source->streams[s] =
            (struct lr_stream){sizeof source->streams[s], s, "topic", (int32_t)s, 0, 0, -1};
    *ret_ops = (struct lr_source){.size = sizeof *ret_ops,
                                  .caps = LR_SOURCE_REPLAY | LR_SOURCE_SPLIT,
                                  .fd = source_fd,
                                  .poll = source_poll,
                                  .rebalanced = source_rebalanced,
                                  .release = source_release,
                                  .commit = source_commit,
                                  .committed = source_committed,
                                  .seek = source_seek,
                                  .ends = source_ends,
                                  .group_token = source_token};
    if (world->finite && world->seed % 2)
        ret_ops->ends = NULL;
}

/* Leaves the group: some of its streams go to the peer. */
void sim_source_stop(struct sim_source *source)
{
    struct world *world = source->world;

    if (source->n_holds)
        world_fail(world, "%u batches were not released", source->n_holds);
    world->generation++;
    for (uint32_t s = 0; s < STREAMS; s++)
        if (world->owner[s] == NOBODY)
            world_own(world, s, US);
        else if (world->owner[s] == US && !world->finite && !world->setup.positions &&
                 world_draw(world, 3) == 0)
            world_own(world, s, PEER);
}

void sim_source_finish(struct sim_source *source)
{
    while (source->holds) {
        struct hold *hold = source->holds;

        source->holds = hold->next;
        free(hold);
    }
}
