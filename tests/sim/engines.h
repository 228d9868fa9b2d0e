/* SPDX-License-Identifier: MIT
 *
 * The engines of the simulation: the two that are shipped, linked in, and two of its own.
 *
 *   eager    plans, reads several batches before it writes them, never waits
 *   hostile  random verbs in random order; ignores every status, discards live batches, holds
 *            batches across a RESET, forgets its plans. It may be slow; it must do no harm
 */
#ifndef SIM_ENGINES_H
#define SIM_ENGINES_H

#include "life.h"

struct sim_engine {
    const char *name;
    const struct lr_module *(*module)(uint32_t host_abi); /* NULL: run */
    lr_status (*run)(struct world *world, const struct lr_lane *lane);
};

#define ENGINES 4
#define STREAMING 0
#define MICROBATCH 1
#define EAGER 2
#define HOSTILE 3

extern const struct sim_engine engines[ENGINES];

void engine_create(struct life *life);
lr_status engine_run(struct life *life);

#endif
