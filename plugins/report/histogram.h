/* SPDX-License-Identifier: MIT
 *
 * A log-linear histogram of durations: counts in buckets that are exact below 256 and then
 * never wider than 1/128 of their value, so a quantile read from it is off by less than 0.4 %.
 * Fixed size, no allocation, mergeable by addition. The idea is HdrHistogram's (Gil Tene,
 * "HdrHistogram", 2012; "How NOT to Measure Latency", 2013).
 */
#ifndef REPORT_HISTOGRAM_H
#define REPORT_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BITS 7 /* 2^7 buckets for each doubling */
#define HISTOGRAM_BUCKETS ((64 - HISTOGRAM_BITS) << HISTOGRAM_BITS)

struct histogram {
    uint64_t count;
    int64_t min, max;  /* exact; of nothing: INT64_MAX, INT64_MIN */
    uint64_t negative; /* of `count`: below 0 (clocks that disagree), counted as 0 */
    double sum;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_reset(struct histogram *histogram);
void histogram_add(struct histogram *into, const struct histogram *from);

/* The smallest value that at least `share` (0..1) of all are not above, as the middle of its
 * bucket; never outside min..max. NaN when there is none. */
double histogram_quantile(const struct histogram *histogram, double share);

static inline uint32_t histogram_bucket(int64_t value)
{
    uint64_t v = value < 0 ? 0 : (uint64_t)value;
    int shift = 63 - __builtin_clzll(v | ((uint64_t)1 << HISTOGRAM_BITS)) - HISTOGRAM_BITS;

    return ((uint32_t)shift << HISTOGRAM_BITS) + (uint32_t)(v >> shift);
}

static inline void histogram_record(struct histogram *histogram, int64_t value)
{
    histogram->count++;
    histogram->negative += value < 0;
    histogram->sum += (double)value;
    histogram->min = value < histogram->min ? value : histogram->min;
    histogram->max = value > histogram->max ? value : histogram->max;
    histogram->buckets[histogram_bucket(value)]++;
}

#endif
