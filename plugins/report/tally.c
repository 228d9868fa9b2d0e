/* SPDX-License-Identifier: MIT
 *
 * What a listener counts; see tally.h. Means and variations of parts are joined by the pairwise
 * formulas of Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing
 * Sample Variances" (1979), equation 2.1: no cancellation, and no division per record.
 */
#include "tally.h"

#include <math.h>

#define NS_PER_US 1000
#define NS_PER_MS 1000000

void tally_reset(struct tally *tally)
{
    *tally = (struct tally){.first_ns = INT64_MAX,
                            .last_ns = INT64_MIN,
                            .t0_grain = {NS_PER_MS},
                            .t1_grain = {NS_PER_MS},
                            .lowest = INT64_MAX,
                            .highest = INT64_MIN};
    histogram_reset(&tally->t0);
    histogram_reset(&tally->t1);
}

static void fit_merge(struct fit *into, const struct fit *from)
{
    double n = (double)(into->n + from->n), delta = from->mean - into->mean;

    if (from->n == 0)
        return;
    into->squared_error += from->squared_error;
    into->variation += from->variation + delta * delta * ((double)into->n * (double)from->n / n);
    into->mean += delta * ((double)from->n / n);
    into->n += from->n;
}

static int64_t lower(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t higher(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void tally_merge(struct tally *into, const struct tally *from)
{
    into->records += from->records;
    into->nulls += from->nulls;
    into->first_ns = lower(into->first_ns, from->first_ns);
    into->last_ns = higher(into->last_ns, from->last_ns);
    into->t0_carried += from->t0_carried;
    into->t0_timestamp += from->t0_timestamp;
    into->t0_grain.ns = lower(into->t0_grain.ns, from->t0_grain.ns);
    into->t1_grain.ns = lower(into->t1_grain.ns, from->t1_grain.ns);
    histogram_add(&into->t0, &from->t0);
    histogram_add(&into->t1, &from->t1);
    fit_merge(&into->fit, &from->fit);
    into->numbered += from->numbered;
    into->unnumbered += from->unnumbered;
    into->duplicates += from->duplicates;
    into->lowest = lower(into->lowest, from->lowest);
    into->highest = higher(into->highest, from->highest);
}

static void note_grain(struct grain *grain, int64_t time_ns)
{
    while (grain->ns > 1 && time_ns % grain->ns != 0)
        grain->ns /= NS_PER_US;
}

static void tally_times(struct tally *tally, const struct lr_batch *batch, uint32_t i)
{
    int64_t t3 = batch->read_ns;

    if (batch->t0 && batch->t0[i] >= 0) {
        int64_t t0 = batch->t0[i];

        histogram_record(&tally->t0, t3 - t0);
        note_grain(&tally->t0_grain, t0);
        if (t0 == lr_batch_record(batch, i)->timestamp_ns)
            tally->t0_timestamp++;
        else
            tally->t0_carried++;
    }
    if (batch->t1 && batch->t1[i] >= 0 && batch->t1[i] != t3) {
        histogram_record(&tally->t1, t3 - batch->t1[i]);
        note_grain(&tally->t1_grain, batch->t1[i]);
    }
}

/* Both are there and are numbers. */
static int has_pair(const struct lr_batch *batch, uint32_t i)
{
    return !(lr_batch_record(batch, i)->flags & (LR_RECORD_NULL | LR_RECORD_BAD)) &&
           isfinite(batch->y[i]) && isfinite(batch->out[(size_t)i * batch->out_stride]);
}

static void tally_fit(struct tally *tally, const struct lr_batch *batch, uint32_t first,
                      uint32_t end)
{
    struct fit part = {0};
    double sum = 0;

    if (!batch->y || !batch->out || batch->n_outputs == 0)
        return;
    for (uint32_t i = first; i < end; i++) {
        if (has_pair(batch, i)) {
            double error = batch->out[(size_t)i * batch->out_stride] - batch->y[i];

            part.n++;
            part.squared_error += error * error;
            sum += batch->y[i];
        }
    }
    if (part.n == 0)
        return;
    part.mean = sum / (double)part.n;
    for (uint32_t i = first; i < end; i++) {
        if (has_pair(batch, i)) {
            double off = batch->y[i] - part.mean;

            part.variation += off * off;
        }
    }
    fit_merge(&tally->fit, &part);
}

/* The number in a field of the value's text ("17", or "17.0" as a feature prints); -1: none. */
static int64_t read_number(const struct lr_record *record, uint32_t field, int64_t limit)
{
    const char *at = record->value, *end = at + record->value_len, *digits;
    int64_t number = 0;

    for (; field > 0 && at < end; at++)
        field -= *at == ',' || *at == ';';
    for (digits = at; at < end && *at >= '0' && *at <= '9' && number < limit; at++)
        number = number * 10 + (*at - '0');
    if (at == digits || field > 0 || number >= limit)
        return -1;
    if (at < end && *at == '.')
        for (at++; at < end && *at == '0';)
            at++;
    return at == end || *at == ',' || *at == ';' || *at == '\r' ? number : -1;
}

static void tally_number(struct tally *tally, const struct sequence *sequence,
                         const struct lr_record *record)
{
    int64_t number = read_number(record, sequence->field, sequence->limit);
    uint64_t bit, before;

    if (number < 0) {
        tally->unnumbered++;
        return;
    }
    bit = (uint64_t)1 << (number % 64);
    before = __atomic_fetch_or(&sequence->bits[number / 64], bit, __ATOMIC_RELAXED);
    tally->numbered++;
    tally->duplicates += (before & bit) != 0;
    tally->lowest = lower(tally->lowest, number);
    tally->highest = higher(tally->highest, number);
}

void tally_batch(struct tally *tally, const struct sequence *sequence, const struct lr_batch *batch,
                 uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        const struct lr_record *record = lr_batch_record(batch, i);

        if (record->flags & LR_RECORD_NULL) {
            tally->nulls++;
            continue;
        }
        tally->records++;
        tally_times(tally, batch, i);
        if (sequence->bits)
            tally_number(tally, sequence, record);
    }
    tally_fit(tally, batch, first, first + count);
    tally->first_ns = lower(tally->first_ns, batch->read_ns);
    tally->last_ns = higher(tally->last_ns, batch->read_ns);
}
