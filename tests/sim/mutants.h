/* SPDX-License-Identifier: MIT
 *
 * Mutants: what the lane, or a neighbour it relies on, could do wrong. Each must be noticed by
 * the simulation in at least one configuration. Two kinds:
 *
 *  - from outside: single functions of the plugin tables are replaced (mutants.c);
 *  - in the lane: a copy of the host's files is changed line by line (mutate.sh) and linked to the
 *    second program, sim_mutants. The shipped files know nothing of it.
 */
#ifndef SIM_MUTANTS_H
#define SIM_MUTANTS_H

#include "life.h"
#include "mutant_ids.h"

struct mutant {
    const char *name;
    int32_t guarantee; /* LRH_*: the only one that forbids it; 0: all do */
};

extern const struct mutant mutants[MUTANTS];

void mutant_wrap(struct life *life);
/* The codec found a record that it cannot read. */
void mutant_sees_broken(struct life *life, const struct lr_record *record);

#endif
