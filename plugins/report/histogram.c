/* SPDX-License-Identifier: MIT
 *
 * A log-linear histogram; see histogram.h. Bucket b < 256 holds the value b. From there on,
 * bucket b = 128 * shift + m with m in 128..255 holds the values whose leading bits are m:
 * m << shift up to ((m + 1) << shift) - 1.
 */
#include "histogram.h"

#include <math.h>
#include <string.h>

void histogram_reset(struct histogram *histogram)
{
    memset(histogram, 0, sizeof *histogram);
    histogram->min = INT64_MAX;
    histogram->max = INT64_MIN;
}

void histogram_add(struct histogram *into, const struct histogram *from)
{
    into->count += from->count;
    into->negative += from->negative;
    into->sum += from->sum;
    into->min = from->min < into->min ? from->min : into->min;
    into->max = from->max > into->max ? from->max : into->max;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        into->buckets[i] += from->buckets[i];
}

static double middle(uint32_t bucket)
{
    uint32_t shift = 0, lead = bucket;

    if (bucket >= 2u << HISTOGRAM_BITS) {
        shift = (bucket >> HISTOGRAM_BITS) - 1;
        lead = bucket - (shift << HISTOGRAM_BITS);
    }
    return ldexp((double)lead, (int)shift) + (ldexp(1.0, (int)shift) - 1) / 2;
}

double histogram_quantile(const struct histogram *histogram, double share)
{
    double rank = ceil(share * (double)histogram->count), value;
    uint64_t target, seen = 0;
    uint32_t bucket = 0;

    if (histogram->count == 0)
        return NAN;
    target = rank < 1 ? 1 : (uint64_t)rank;
    target = target > histogram->count ? histogram->count : target;
    while ((seen += histogram->buckets[bucket]) < target)
        bucket++;
    value = middle(bucket);
    value = value > (double)histogram->max ? (double)histogram->max : value;
    return value < (double)histogram->min ? (double)histogram->min : value;
}
