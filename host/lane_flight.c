/* SPDX-License-Identifier: MIT
 *
 * Flights, what outlives a write (see lane_private.h), and back-pressure: how many of them, of
 * their records and bytes may be unsettled. Flights are made when first needed and then kept.
 */
#include "lane_private.h"

#include <lrhost/error.h>
#include <stdlib.h>

#define MS INT64_C(1000000)

static struct flight *flight_new(struct lrh_lane *lane)
{
    struct flight *flight = calloc(1, sizeof *flight);

    if (!flight)
        return NULL;
    flight->spans = calloc(lane->works[0].batch.span_capacity, sizeof *flight->spans);
    if (!flight->spans) {
        free(flight);
        return NULL;
    }
    lane->flights[lane->n_flights] = flight;
    lane->free_flights[lane->n_free_flights++] = (uint16_t)lane->n_flights++;
    return flight;
}

void lrh__flight_release(struct lrh_lane *lane, uint32_t number)
{
    struct flight *flight = lane->flights[number];

    lane->bytes_in_flight -= flight->bytes;
    flight->bytes = 0;
    flight->count = 0;
    flight->serial = (flight->serial + 1) & 0x7fffffff; /* late settles no longer match */
    if (flight->dead_memory) {
        free(flight->dead_memory);
        flight->dead_memory = NULL;
    }
    lane->free_flights[lane->n_free_flights++] = (uint16_t)number;
}

/* Is there room for another batch, by records, bytes and flights? One batch alone always fits,
 * however large. */
static int has_room(struct lrh_lane *lane, uint32_t count)
{
    if (lane->totals.in_flight == 0)
        return 1;
    if (lane->totals.in_flight + count > lane->config.max_in_flight ||
        lane->bytes_in_flight >= lane->config.max_in_flight_bytes)
        return 0;
    return lane->n_free_flights > 0 || lane->n_flights < FLIGHTS_MAX;
}

/* Back-pressure. Afterwards there is room, or a reason not to write. */
lr_status lrh__lane_wait_for_room(struct lrh_lane *lane, uint32_t count)
{
    while (!has_room(lane, count)) {
        if (lane->recover || lrh__lane_late(lane))
            return LR_AGAIN;
        if (lrh__lane_flush(lane) != LR_OK || lrh__lane_serve(lane, 100 * MS) != LR_OK)
            return lane->status;
    }
    if (lane->n_free_flights == 0 && !flight_new(lane)) {
        struct lr_error err = LR_ERROR_INIT;

        return lrh__lane_fail(lane, lr_fail(&err, LR_ENOMEM, "out of memory for a batch"), &err);
    }
    return LR_OK;
}
