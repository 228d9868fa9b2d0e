/* SPDX-License-Identifier: MIT
 *
 * An open-loop schedule: when record i is due, in ns since the first one was asked for. It
 * depends on i and the seed alone, never on when earlier records were sent, so a slow receiver
 * cannot slow the sender down and hide its own latency (coordinated omission).
 *
 *   constant   i / rate
 *   burst      `burst` records at once, as many bursts as give the rate on average
 *   poisson    gaps are exponential with mean 1 / rate; the sum of the gaps 0 .. i
 */
#ifndef PLUGINS_GENERATOR_SCHEDULE_H
#define PLUGINS_GENERATOR_SCHEDULE_H

#include <stdint.h>

#define ARRIVAL_CONSTANT 0
#define ARRIVAL_POISSON 1
#define ARRIVAL_BURST 2
#define ARRIVALS "constant|poisson|burst" /* in that order */

struct schedule {
    int32_t arrival;
    double period_ns; /* 1 / rate */
    uint64_t burst;
    /* poisson: the gaps before number `summed` are in whole_ns + part_ns */
    uint64_t origin, summed;
    int64_t whole_ns;
    double part_ns; /* [0, 1): no rounding error grows with time */
};

/* `rate` in records per second, above 0; `burst` at least 1. */
void schedule_init(struct schedule *schedule, int32_t arrival, double rate, uint64_t burst,
                   uint64_t seed);

/* `index` must not fall from call to call (poisson sums up the gaps it skips, so every lane
 * sees the same schedule). */
int64_t schedule_due_ns(struct schedule *schedule, uint64_t index);

#endif
