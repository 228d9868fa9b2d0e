/* SPDX-License-Identifier: MIT
 *
 * One life: create everything, run the engine, close the lane, stop, and look for leaks. After a
 * crash nothing of this is reached; the memory of the dead is freed when the history is over.
 */
#include "life.h"

#include <stdlib.h>
#include <string.h>

#include "engines.h"
#include "host/lane_private.h"
#include "mutants.h"

static void log_line(void *ctx, int32_t level, const char *message)
{
    (void)level;
    world_trace(ctx, "lane: %s", message);
}

static lr_status restart_sink(void *ctx, struct lr_error *err)
{
    struct world *world = ctx;
    struct life *life = world->life;

    (void)err;
    world_call(world);
    world_fence(world);
    while (life->sink.n)
        sim_sink_settle(&life->sink, life->sink.n - 1, 1, LR_ABANDONED);
    sim_sink_start(&life->sink);
    sim_sink_start(&life->dead);
    return LR_OK;
}

static int64_t life_wall(void *ctx)
{
    const struct lrh_system *system = &((struct life *)ctx)->system;

    return system->wall_ns(system->ctx);
}

static int64_t life_monotonic(void *ctx)
{
    const struct lrh_system *system = &((struct life *)ctx)->system;

    return system->monotonic_ns(system->ctx);
}

static int64_t *life_metric(void *ctx, int32_t kind, const char *name, const char *help)
{
    (void)kind;
    (void)name;
    (void)help;
    return &((struct life *)ctx)->cell;
}

static void create_lane(struct life *life)
{
    struct world *world = life->world;
    struct lr_error err = LR_ERROR_INIT;
    struct lrh_lane_config config = {
        .lanes = 1,
        .pipeline = "sim",
        .guarantee = world->setup.guarantee,
        .on_bad = world->on_bad,
        .on_null = world->on_null,
        .max_batch = BATCH,
        .n_features = 1,
        .decode = 1,
        .encode = world->encodes,
        .max_in_flight = 1 + world_draw(world, 40),
        .max_in_flight_bytes = world_draw(world, 3) ? 1 << 20 : world_draw(world, 60),
        .source = {&life->source_ops, &life->source},
        .codec = {&life->codec_ops, life},
        .sink = {&life->sink_ops, &life->sink},
        .system = world_system(world, &life->system),
        .ctx = world,
        .log = log_line,
        .restart_sink = restart_sink,
    };

    if (world->on_bad == LRH_BAD_DEAD_LETTER)
        config.dead = (struct lrh_sink_part){&life->dead_ops, &life->dead};
    if (lrh_lane_create(&config, &life->lane, &err) != LR_OK)
        world_fail(world, "lane: %s", err.text);
}

static struct life *life_new(struct world *world)
{
    struct life *life = calloc(1, sizeof *life);

    if (!life)
        world_fail(world, "out of memory");
    life->next = world->life;
    world->life = life;
    life->world = world;
    sim_source_init(&life->source, world, &life->source_base);
    sim_sink_init(&life->sink, life, &life->sink, 0, &life->sink_base);
    sim_sink_init(&life->dead, life, world->attached ? &life->sink : &life->dead, 1,
                  &life->dead_base);
    sim_codec_init(&life->codec_ops);
    life->source_ops = life->source_base;
    life->sink_ops = life->sink_base;
    life->dead_ops = life->dead_base;
    mutant_wrap(life);
    create_lane(life);
    life->host = (struct lr_host){.size = sizeof life->host,
                                  .abi = LRHOST_ABI,
                                  .ctx = life,
                                  .pipeline = "sim",
                                  .wall_ns = life_wall,
                                  .monotonic_ns = life_monotonic,
                                  .metric = life_metric,
                                  .guarantee = world->setup.guarantee};
    engine_create(life);
    return life;
}

static void look_for_leaks(struct world *world, const struct life *life)
{
    const struct lrh_lane *lane = life->lane;

    if (lane->n_free_works != WORKS)
        world_fail(world, "%u batches are still held", WORKS - lane->n_free_works);
    if (lane->totals.in_flight < 0)
        world_fail(world, "%lld records in flight", (long long)lane->totals.in_flight);
    if (lane->totals.in_flight > 0)
        return; /* given up at the deadline */
    if (lane->n_free_flights != lane->n_flights || lane->bytes_in_flight != 0)
        world_fail(world, "%u flights, %u of them free, %lld bytes", lane->n_flights,
                   lane->n_free_flights, (long long)lane->bytes_in_flight);
    if (life->sink.n || life->dead.n)
        world_fail(world, "records are not settled");
}

void life_run(struct world *world)
{
    struct life *life = life_new(world);
    struct lr_error err = LR_ERROR_INIT;
    lr_status status;
    int ended;

    world_call(world); /* lives without end are a hang too */
    world->lane = life->lane;
    world->stopped = 0;
    world->deadline_ns = 0;
    sim_sink_start(&life->sink);
    sim_sink_start(&life->dead);
    (void)engine_run(life); /* what the lane has to say, it says at the end */
    ended = lrh_lane_ended(life->lane) && !world->stopped;
    world_trace(world, "the engine returned");
    if (!world->deadline_ns)
        world->deadline_ns = world->monotonic_ns + 60000 * MS;
    status = lrh_lane_close(life->lane, world->deadline_ns, &err);
    world->lane = NULL;
    if (status != LR_OK)
        world_fail(world, "the lane failed: %s", err.text);
    if (life->sink.open && !life->sink.restart && world->monotonic_ns < world->deadline_ns)
        world_fail(world, "a transaction was left open");
    if (world->monotonic_ns >= world->deadline_ns)
        world->dirty = 1;
    look_for_leaks(world, life);
    if (ended && !world_done(world))
        world_fail(world, "the source ended, the lane said so, and not everything is through");
    sim_source_stop(&life->source);
    sim_sink_stop(&life->sink);
    sim_sink_stop(&life->dead);
}

void life_free_all(struct world *world)
{
    while (world->life) {
        struct life *life = world->life;

        world->life = life->next;
        lrh_lane_destroy(life->lane);
        if (life->engine)
            life->engine->destroy(life->engine_self);
        sim_source_finish(&life->source);
        free(life);
    }
}
