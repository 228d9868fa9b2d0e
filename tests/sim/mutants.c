/* SPDX-License-Identifier: MIT
 *
 * The mutants from outside: see mutants.h. A function here stands before the one of the fake that
 * it replaces, and makes the lane and its neighbour together behave as the name says.
 */
#include "mutants.h"

#include <stddef.h>

int sim_mutant; /* a mutated lane has no other way to know; set once per history */

const struct mutant mutants[MUTANTS] = {
    [MUTANT_none] = {"none", 0},
    [MUTANT_commit_before_settle] = {"commit before settle", 0},
    [MUTANT_abort_without_rewind] = {"abort without rewind", LR_EXACTLY_ONCE},
    [MUTANT_offsets_outside_transaction] = {"offsets outside the transaction", LR_EXACTLY_ONCE},
    [MUTANT_doubt_resolved_from_memory] = {"doubt resolved from memory", LR_EXACTLY_ONCE},
    [MUTANT_letter_in_own_transaction] = {"dead letter in a transaction of its own",
                                          LR_EXACTLY_ONCE},
    [MUTANT_letter_sent_at_read] = {"dead letter sent at read", LR_EXACTLY_ONCE},
    [MUTANT_one_record_retried_in_place] = {"one record retried in place", LR_AT_LEAST_ONCE},
    [MUTANT_plan_ends_by_record_offset] = {"end of plan by record offset", 0},
    [MUTANT_rebalance_answered_first] = {"rebalance answered before the finish", 0},
    [MUTANT_position_stored_after_write] = {"position stored after the write", LR_AT_MOST_ONCE},
    [MUTANT_stale_rows_written] = {"stale rows written after a revoke", 0},
    [MUTANT_written_out_of_order] = {"batches written out of order", 0},
    [MUTANT_plan_survives_revoke] = {"plan that survives a revoke", 0},
    [MUTANT_refusal_not_remembered] = {"refusal not remembered", 0},
    [MUTANT_commit_without_drain] = {"transaction committed without drain", LR_EXACTLY_ONCE},
    [MUTANT_lost_streams_committed] = {"lost streams committed", 0},
    [MUTANT_empty_plan_never_polls] = {"plan with nothing new that never polls", 0},
    [MUTANT_no_epoch] = {"no epoch", 0},
    [MUTANT_abort_not_awaited] = {"abort that is not awaited", LR_EXACTLY_ONCE},
};

static struct life *life_of(void *source)
{
    return (struct life *)(void *)((char *)source - offsetof(struct life, source));
}

/* ---- settles ---------------------------------------------------------------------------- */

/* What was taken counts as delivered. */
static lr_status early_write(void *self, const struct lr_batch *batch, uint32_t first,
                             uint32_t count, uint32_t *ret_taken, struct lr_error *err)
{
    struct sim_sink *sink = self, *main = sink->main;
    const struct lr_sink *base = sink->letters ? &sink->life->dead_base : &sink->life->sink_base;
    lr_status status = base->write(self, batch, first, count, ret_taken, err);

    for (uint32_t i = 0; i < main->n; i++) {
        struct pending *p = &main->queue[i];

        if (p->told || p->letter != sink->letters)
            continue;
        p->told = 1;
        if (p->letter)
            lrh_lane_settle_dead(p->life->lane, p->token, 1, LR_DELIVERED);
        else
            lrh_lane_settle(p->life->lane, p->token, 1, LR_DELIVERED);
    }
    return status;
}

/* ---- positions -------------------------------------------------------------------------- */

static lr_status committed_as_read(void *self, struct lr_position *positions, uint32_t n,
                                   struct lr_error *err)
{
    struct sim_source *source = self;

    (void)err;
    for (uint32_t i = 0; i < n; i++)
        positions[i].next = source->at[positions[i].stream];
    return LR_OK;
}

static lr_status commit_outside(void *self, const struct lr_position *positions, uint32_t n,
                                const struct lr_group_token *token, struct lr_error *err)
{
    struct life *life = ((struct sim_sink *)self)->life;
    lr_status status = life->sink_base.commit(self, positions, 0, token, err);

    if (status == LR_OK)
        (void)life->source_base.commit(&life->source, positions, n, 1, err);
    return status;
}

static lr_status commit_and_note(void *self, const struct lr_position *positions, uint32_t n,
                                 const struct lr_group_token *token, struct lr_error *err)
{
    struct life *life = ((struct sim_sink *)self)->life;
    lr_status status = life->sink_base.commit(self, positions, n, token, err);

    for (uint32_t i = 0; i < n && status == LR_OK; i++)
        life->known[positions[i].stream] = positions[i].next;
    return status;
}

static lr_status rebalanced_and_note(void *self, struct lr_error *err)
{
    struct life *life = life_of(self);

    for (uint32_t i = 0; i < life->source.report.n_streams; i++)
        life->known[life->source.listed[i]->id] = life->source.listed[i]->next;
    return life->source_base.rebalanced(self, err);
}

static lr_status committed_as_known(void *self, struct lr_position *positions, uint32_t n,
                                    struct lr_error *err)
{
    (void)err;
    for (uint32_t i = 0; i < n; i++)
        positions[i].next = life_of(self)->known[positions[i].stream];
    return LR_OK;
}

/* Keeps what it is to store until the next call. */
static lr_status commit_later(void *self, const struct lr_position *positions, uint32_t n,
                              int32_t wait, struct lr_error *err)
{
    struct life *life = life_of(self);

    for (uint32_t i = 0; i < n; i++) {
        struct lr_position before = {positions[i].stream, 0, life->known[positions[i].stream]};

        if (before.next > life->world->committed[before.stream] &&
            life->source_base.commit(self, &before, 1, wait, err) != LR_OK)
            return LR_AGAIN;
        life->known[positions[i].stream] = positions[i].next;
    }
    return LR_OK;
}

/* ---- events ----------------------------------------------------------------------------- */

static lr_status poll_and_answer(void *self, struct lr_batch *batch, uint32_t max,
                                 const int64_t *until, uint32_t n_until, int64_t timeout_ns,
                                 const struct lr_event **ret_event, struct lr_error *err)
{
    struct life *life = life_of(self);
    lr_status status;

    if (life->early) {
        *ret_event = &life->source.report;
        return LR_REBALANCE;
    }
    status = life->source_base.poll(self, batch, max, until, n_until, timeout_ns, ret_event, err);
    if (status == LR_REBALANCE && life->source.event == LR_EVENT_REVOKE) {
        (void)life->source_base.rebalanced(self, err);
        life->early = 1;
    }
    return status;
}

static lr_status answer_once(void *self, struct lr_error *err)
{
    struct life *life = life_of(self);

    if (!life->early)
        return life->source_base.rebalanced(self, err);
    life->early = 0;
    return LR_OK;
}

/* The position after a record is its offset + 1, and a gap alone is no position. */
static lr_status poll_by_offset(void *self, struct lr_batch *batch, uint32_t max,
                                const int64_t *until, uint32_t n_until, int64_t timeout_ns,
                                const struct lr_event **ret_event, struct lr_error *err)
{
    lr_status status = life_of(self)->source_base.poll(self, batch, max, until, n_until, timeout_ns,
                                                       ret_event, err);
    uint32_t n = 0, records = 0;

    if (status != LR_OK)
        return status;
    for (uint32_t i = 0; i < batch->n_spans; i++) {
        struct lr_span span = batch->spans[i];

        if (span.count == 0)
            continue;
        records += span.count;
        span.next = lr_batch_record(batch, records - 1)->offset + 1;
        batch->spans[n++] = span;
    }
    batch->n_spans = n;
    return LR_OK;
}

/* ---- dead letters ----------------------------------------------------------------------- */

static lr_status write_in_own(void *self, const struct lr_batch *batch, uint32_t first,
                              uint32_t count, uint32_t *ret_taken, struct lr_error *err)
{
    struct sim_sink *dead = self;

    if (!dead->open)
        (void)dead->life->sink_base.begin(dead, err);
    return dead->life->dead_base.write(self, batch, first, count, ret_taken, err);
}

static lr_status commit_both(void *self, const struct lr_position *positions, uint32_t n,
                             const struct lr_group_token *token, struct lr_error *err)
{
    struct life *life = ((struct sim_sink *)self)->life;
    lr_status status = LR_OK;

    if (life->dead.open)
        status = life->sink_base.commit(&life->dead, positions, 0, token, err);
    if (status == LR_IN_DOUBT) {
        world_decide(life->world, life->dead.transaction, ABORTED);
        life->dead.open = life->dead.restart = 0;
        status = LR_ABORT;
    }
    return status == LR_OK ? life->sink_base.commit(self, positions, n, token, err) : status;
}

static lr_status abort_both(void *self, struct lr_error *err)
{
    struct life *life = ((struct sim_sink *)self)->life;

    if (life->dead.open)
        (void)life->sink_base.abort(&life->dead, err);
    return life->sink_base.abort(self, err);
}

void mutant_sees_broken(struct life *life, const struct lr_record *record)
{
    struct world *world = life->world;

    if (MUTANT(letter_sent_at_read) && world->on_bad == LRH_BAD_DEAD_LETTER)
        world_put(world, &(struct output){(int32_t)record->stream, LETTER, VISIBLE, US,
                                          record->offset, 0});
}

static lr_status write_nowhere(void *self, const struct lr_batch *batch, uint32_t first,
                               uint32_t count, uint32_t *ret_taken, struct lr_error *err)
{
    struct sim_sink *dead = self;
    const struct lr_record *record = lr_batch_record(batch, first);

    if (dead->world->kind[record->stream][record->offset] != BROKEN)
        return dead->life->dead_base.write(self, batch, first, count, ret_taken, err);
    *ret_taken = 1;
    lrh_lane_settle_dead(dead->life->lane, batch->token + first, 1, LR_DELIVERED);
    return LR_OK;
}

/* ---- choice ----------------------------------------------------------------------------- */

void mutant_wrap(struct life *life)
{
    switch (sim_mutant) {
    case MUTANT_commit_before_settle:
        life->sink_ops.write = life->dead_ops.write = early_write;
        break;
    case MUTANT_abort_without_rewind:
        life->source_ops.committed = committed_as_read;
        break;
    case MUTANT_offsets_outside_transaction:
        life->sink_ops.commit = commit_outside;
        break;
    case MUTANT_doubt_resolved_from_memory:
        life->sink_ops.commit = commit_and_note;
        life->source_ops.rebalanced = rebalanced_and_note;
        life->source_ops.committed = committed_as_known;
        break;
    case MUTANT_letter_in_own_transaction:
        life->dead.main = &life->dead;
        life->dead_ops.write = write_in_own;
        life->sink_ops.commit = commit_both;
        life->sink_ops.abort = abort_both;
        break;
    case MUTANT_letter_sent_at_read:
        life->dead_ops.write = write_nowhere;
        break;
    case MUTANT_one_record_retried_in_place:
        life->in_place = 1;
        break;
    case MUTANT_plan_ends_by_record_offset:
        life->source_ops.poll = poll_by_offset;
        break;
    case MUTANT_rebalance_answered_first:
        life->source_ops.poll = poll_and_answer;
        life->source_ops.rebalanced = answer_once;
        break;
    case MUTANT_position_stored_after_write:
        life->source_ops.commit = commit_later;
        break;
    default:
        break;
    }
}
