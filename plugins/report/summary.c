/* SPDX-License-Identifier: MIT
 *
 * A tally in words and as JSON; see summary.h.
 */
#include "summary.h"

#include <inttypes.h>
#include <math.h>

#include "plugins/common/flatjson.h"

#define NS_PER_MS 1e6
#define NS_PER_S 1e9

static const struct {
    const char *name;
    double share;
} quantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}};

static double duration_s(const struct tally *tally)
{
    return tally->last_ns > tally->first_ns ? (double)(tally->last_ns - tally->first_ns) / NS_PER_S
                                            : 0;
}

/* NaN when all came at once. */
static double rate(const struct tally *tally)
{
    double seconds = duration_s(tally);

    return seconds > 0 ? (double)tally->records / seconds : NAN;
}

static double mean_ms(const struct histogram *histogram)
{
    return histogram->count ? histogram->sum / (double)histogram->count / NS_PER_MS : NAN;
}

static double extreme_ms(const struct histogram *histogram, int64_t value)
{
    return histogram->count ? (double)value / NS_PER_MS : NAN;
}

static double mse(const struct fit *fit)
{
    return fit->n ? fit->squared_error / (double)fit->n : NAN;
}

/* NaN when the labels are all the same. */
static double r2(const struct fit *fit)
{
    return fit->variation > 0 ? 1 - fit->squared_error / fit->variation : NAN;
}

static const char *t0_source(const struct tally *tally)
{
    if (tally->t0_carried && tally->t0_timestamp)
        return "mixed";
    if (tally->t0_carried)
        return "carried";
    return tally->t0_timestamp ? "timestamp" : "none";
}

static uint64_t missing(const struct tally *tally)
{
    if (tally->numbered == 0)
        return 0;
    return (uint64_t)(tally->highest - tally->lowest + 1) - (tally->numbered - tally->duplicates);
}

/* ---- words ------------------------------------------------------------------------------ */

__attribute__((format(printf, 2, 3))) static void say(const struct lr_host *host,
                                                      const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    host->log(host->ctx, LR_LOG_NOTICE, text);
}

static const char *grain_name(const struct grain *grain)
{
    return grain->ns == 1 ? "ns" : grain->ns == 1000 ? "us" : "ms";
}

static void say_latency(const struct lr_host *host, const char *what, const char *whence,
                        const struct histogram *histogram, const struct grain *grain)
{
    if (histogram->count == 0)
        return;
    say(host,
        "latency %s in ms (%s, clock in %s): average %.3f, median %.3f, p90 %.3f, p99 %.3f, "
        "p99.9 %.3f, max %.3f, min %.3f",
        what, whence, grain_name(grain), mean_ms(histogram),
        histogram_quantile(histogram, 0.5) / NS_PER_MS,
        histogram_quantile(histogram, 0.9) / NS_PER_MS,
        histogram_quantile(histogram, 0.99) / NS_PER_MS,
        histogram_quantile(histogram, 0.999) / NS_PER_MS, extreme_ms(histogram, histogram->max),
        extreme_ms(histogram, histogram->min));
    if (histogram->negative)
        say(host,
            "%" PRIu64 " of them below zero: the clocks that set the two times disagree, or one of "
            "them is coarse",
            histogram->negative);
}

void summary_log(const struct lr_host *host, const struct tally *tally, int32_t numbered)
{
    double per_second = rate(tally);

    if (isnan(per_second))
        say(host, "total %" PRIu64 " messages, all at once", tally->records);
    else
        say(host, "total %" PRIu64 " messages, duration %.3f s, %.1f messages/s", tally->records,
            duration_s(tally), per_second);
    say_latency(host, "t3-t0",
                tally->t0_carried == 0     ? "t0 is the record's timestamp"
                : tally->t0_timestamp == 0 ? "t0 came with the record: when it was due"
                                           : "t0 came with some records, else their timestamp",
                &tally->t0, &tally->t0_grain);
    say_latency(host, "t3-t1", "t1 came with the record: when the scoring job read it", &tally->t1,
                &tally->t1_grain);
    if (tally->fit.n)
        say(host, "prediction against label over %" PRIu64 " messages: MSE %.6g, R2 %.6f",
            tally->fit.n, mse(&tally->fit), r2(&tally->fit));
    if (numbered)
        say(host,
            "sequence: %" PRIu64 " numbers, %" PRIu64 " duplicates, %" PRIu64 " missing between "
            "the lowest and the highest, %" PRIu64 " messages without a number",
            tally->numbered - tally->duplicates, tally->duplicates, missing(tally),
            tally->unnumbered);
    if (tally->nulls)
        say(host, "%" PRIu64 " messages had no value and are in no figure", tally->nulls);
}

/* ---- JSON ------------------------------------------------------------------------------- */

static void put_latency(struct flatjson *json, const char *name, const struct histogram *histogram,
                        const struct grain *grain)
{
    char key[48];

#define KEY(suffix) (snprintf(key, sizeof key, "latency_%s_%s", name, suffix) > 0 ? key : "")
    flatjson_integer(json, KEY("count"), (int64_t)histogram->count);
    flatjson_integer(json, KEY("clock_ns"), histogram->count ? grain->ns : 0);
    flatjson_integer(json, KEY("negative"), (int64_t)histogram->negative);
    flatjson_number(json, KEY("mean_ms"), mean_ms(histogram));
    for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++) {
        (void)snprintf(key, sizeof key, "latency_%s_%s_ms", name, quantiles[i].name);
        flatjson_number(json, key, histogram_quantile(histogram, quantiles[i].share) / NS_PER_MS);
    }
    flatjson_number(json, KEY("min_ms"), extreme_ms(histogram, histogram->min));
    flatjson_number(json, KEY("max_ms"), extreme_ms(histogram, histogram->max));
#undef KEY
}

lr_status summary_save(const char *path, const struct lr_host *host, const struct tally *tally,
                       int32_t numbered, int32_t final, struct lr_error *err)
{
    int32_t any = tally->records + tally->nulls > 0;
    struct flatjson json;

    flatjson_begin(&json);
    flatjson_text(&json, "schema", "lrhost-report/1");
    flatjson_text(&json, "pipeline", host->pipeline);
    flatjson_text(&json, "instance", host->instance);
    flatjson_bool(&json, "final", final);
    flatjson_integer(&json, "records", (int64_t)tally->records);
    flatjson_integer(&json, "null_records", (int64_t)tally->nulls);
    flatjson_integer(&json, "first_ns", any ? tally->first_ns : 0);
    flatjson_integer(&json, "last_ns", any ? tally->last_ns : 0);
    flatjson_number(&json, "duration_seconds", duration_s(tally));
    flatjson_number(&json, "records_per_second", rate(tally));
    flatjson_text(&json, "t0_source", t0_source(tally));
    put_latency(&json, "t0", &tally->t0, &tally->t0_grain);
    put_latency(&json, "t1", &tally->t1, &tally->t1_grain);
    flatjson_integer(&json, "fit_records", (int64_t)tally->fit.n);
    flatjson_number(&json, "mse", mse(&tally->fit));
    flatjson_number(&json, "r2", r2(&tally->fit));
    if (numbered) {
        flatjson_integer(&json, "sequence_distinct",
                         (int64_t)(tally->numbered - tally->duplicates));
        flatjson_integer(&json, "sequence_duplicates", (int64_t)tally->duplicates);
        flatjson_integer(&json, "sequence_missing", (int64_t)missing(tally));
        flatjson_integer(&json, "sequence_unnumbered", (int64_t)tally->unnumbered);
        flatjson_integer(&json, "sequence_lowest", tally->numbered ? tally->lowest : -1);
        flatjson_integer(&json, "sequence_highest", tally->numbered ? tally->highest : -1);
    }
    return flatjson_finish(&json, path, err);
}
