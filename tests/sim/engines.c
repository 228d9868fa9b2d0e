/* SPDX-License-Identifier: MIT
 *
 * See engines.h. The shipped engines are set through their own option tables, so that the
 * simulation needs to know names only.
 */
#include "engines.h"

#include <string.h>

const struct lr_module *sim_streaming_module(uint32_t host_abi);
const struct lr_module *sim_microbatch_module(uint32_t host_abi);

/* ---- eager ------------------------------------------------------------------------------ */

struct hand {
    struct lr_batch *batches[4];
    uint32_t n;
};

static void drop(const struct lr_lane *lane, struct hand *hand)
{
    for (uint32_t i = 0; i < hand->n; i++)
        lane->discard(lane->ctx, &hand->batches[i]);
    hand->n = 0;
}

static lr_status put_down(const struct lr_lane *lane, struct hand *hand)
{
    lr_status status = LR_OK;

    for (uint32_t i = 0; i < hand->n && status == LR_OK; i++) {
        status = lane->score(lane->ctx, hand->batches[i]);
        if (status == LR_OK)
            status = lane->write(lane->ctx, &hand->batches[i]);
    }
    for (uint32_t i = 0; i < hand->n; i++)
        if (hand->batches[i])
            lane->discard(lane->ctx, &hand->batches[i]);
    hand->n = 0;
    return status;
}

/* One plan. LR_RESET: it is void. */
static lr_status plan_through(struct world *world, const struct lr_lane *lane, struct hand *hand)
{
    lr_status status = lane->plan(lane->ctx, world_draw(world, 12));

    while (status == LR_OK) {
        status = lane->read(lane->ctx, 1 + world_draw(world, BATCH), 0, &hand->batches[hand->n]);
        if (status == LR_OK) {
            if (++hand->n == 4)
                status = put_down(lane, hand);
        } else if (status == LR_AGAIN && !lane->stop_requested(lane->ctx)) {
            status = LR_OK;
        }
    }
    if (status == LR_END)
        status = put_down(lane, hand);
    return status;
}

static lr_status run_eager(struct world *world, const struct lr_lane *lane)
{
    struct hand hand = {{NULL}, 0};
    lr_status status = LR_OK;

    while (status >= 0 && !lane->stop_requested(lane->ctx)) {
        status = plan_through(world, lane, &hand);
        if (status == LR_OK)
            status = lane->commit(lane->ctx);
        drop(lane, &hand);
    }
    return status < 0 ? status : LR_OK;
}

/* ---- hostile ---------------------------------------------------------------------------- */

#define HELD_MAX 9

static uint32_t hostile_read(struct world *world, const struct lr_lane *lane,
                             struct lr_batch **held, uint32_t n)
{
    if (world_draw(world, 3) == 0)
        (void)lane->plan(lane->ctx, world_draw(world, 9));
    if (lane->read(lane->ctx, world_draw(world, BATCH + 3), (int64_t)world_draw(world, 20) * MS,
                   &held[n]) == LR_OK)
        n++;
    return n;
}

static uint32_t hostile_write(struct world *world, const struct lr_lane *lane,
                              struct lr_batch **held, uint32_t n)
{
    uint32_t i = world_draw(world, n);
    struct lr_batch *void_one = held[i];

    if (world_draw(world, 3) == 0)
        (void)lane->score(lane->ctx, held[i]);
    if (world_draw(world, 30) == 0)
        lane->discard(lane->ctx, &held[i]);
    else if (lane->write(lane->ctx, &held[i]) == LR_ECONFIG)
        return n;
    if (world_draw(world, 8) == 0) { /* once more, and nothing at all */
        struct lr_batch *none = NULL;

        (void)lane->write(lane->ctx, &void_one);
        (void)lane->write(lane->ctx, &none);
        lane->discard(lane->ctx, &none);
        (void)lane->score(lane->ctx, void_one);
    }
    held[i] = held[n - 1];
    return n - 1;
}

static lr_status run_hostile(struct world *world, const struct lr_lane *lane)
{
    struct lr_batch *held[HELD_MAX + 1] = {NULL};
    uint32_t n = 0;

    while (!lane->stop_requested(lane->ctx) || world_draw(world, 4)) {
        uint32_t what = world_draw(world, 20);

        if (what < 9 && n < HELD_MAX)
            n = hostile_read(world, lane, held, n);
        else if (what < 16 && n > 0)
            n = hostile_write(world, lane, held, n);
        else if (what < 17)
            (void)lane->drain(lane->ctx, world_draw(world, 2) ? 0 : INT64_MAX);
        else if (what < 18)
            (void)lane->wait(lane->ctx, lane->now(lane->ctx) + (int64_t)world_draw(world, 30) * MS);
        else
            (void)lane->commit(lane->ctx);
    }
    return LR_OK; /* and keeps what it holds */
}

/* ---- all of them ------------------------------------------------------------------------ */

const struct sim_engine engines[ENGINES] = {
    {"streaming", sim_streaming_module, NULL},
    {"microbatch", sim_microbatch_module, NULL},
    {"eager", NULL, run_eager},
    {"hostile", NULL, run_hostile},
};

static void set(struct life *life, const char *name, int64_t value)
{
    for (uint32_t i = 0; i < life->engine->n_options; i++) {
        const struct lr_option *option = &life->engine->options[i];
        char *at = (char *)life->settings + option->offset;

        if (strcmp(option->name, name) != 0)
            continue;
        if (option->type == LR_OPT_ENUM)
            *(int32_t *)(void *)at = (int32_t)value;
        else
            *(int64_t *)(void *)at = value;
        return;
    }
    world_fail(life->world, "engine %s has no option %s", life->engine->name, name);
}

static void configure(struct life *life)
{
    struct world *world = life->world;

    if (life->engine->settings_size > sizeof life->settings)
        world_fail(world, "engine %s has more settings than fit", life->engine->name);
    set(life, "max_batch", world_draw(world, BATCH + 1));
    if (world->setup.engine == STREAMING) {
        set(life, "commit_interval", (int64_t)world_draw(world, 40) * MS);
        return;
    }
    set(life, "trigger", world_draw(world, 3) ? 0 : 1 + world_draw(world, 2));
    set(life, "processing_time", (int64_t)world_draw(world, 30) * MS);
    set(life, "max_records_per_trigger", world_draw(world, 20));
}

void engine_create(struct life *life)
{
    const struct sim_engine *engine = &engines[life->world->setup.engine];
    struct lr_error err = LR_ERROR_INIT;

    if (!engine->module)
        return;
    life->engine = engine->module(LRHOST_ABI)->plugins[0];
    configure(life);
    if (life->engine->create(&life->host, life->settings, &life->engine_self, &err) != LR_OK)
        world_fail(life->world, "engine: %s", err.text);
}

lr_status engine_run(struct life *life)
{
    const struct lr_lane *verbs = lrh_lane_verbs(life->lane);
    struct lr_error err = LR_ERROR_INIT;

    if (!life->engine)
        return engines[life->world->setup.engine].run(life->world, verbs);
    return ((const struct lr_engine *)life->engine->ops)->run(life->engine_self, verbs, &err);
}
