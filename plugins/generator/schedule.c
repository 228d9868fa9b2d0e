/* SPDX-License-Identifier: MIT
 *
 * Due times; see schedule.h.
 */
#include "schedule.h"

#include "plugins/common/draw.h"

void schedule_init(struct schedule *schedule, int32_t arrival, double rate, uint64_t burst,
                   uint64_t seed)
{
    *schedule = (struct schedule){0};
    schedule->arrival = arrival;
    schedule->period_ns = 1e9 / rate;
    schedule->burst = burst;
    schedule->origin = random_origin(seed, DRAW_ARRIVALS);
}

static int64_t poisson_due_ns(struct schedule *schedule, uint64_t index)
{
    for (; schedule->summed <= index; schedule->summed++) {
        double unit = random_unit(random_at(schedule->origin, schedule->summed));
        int64_t whole;

        schedule->part_ns -= random_log(1.0 - unit) * schedule->period_ns;
        whole = (int64_t)schedule->part_ns;
        schedule->whole_ns += whole;
        schedule->part_ns -= (double)whole;
    }
    return schedule->whole_ns;
}

int64_t schedule_due_ns(struct schedule *schedule, uint64_t index)
{
    if (schedule->arrival == ARRIVAL_POISSON)
        return poisson_due_ns(schedule, index);
    if (schedule->arrival == ARRIVAL_BURST)
        index -= index % schedule->burst;
    return (int64_t)((double)index * schedule->period_ns);
}
