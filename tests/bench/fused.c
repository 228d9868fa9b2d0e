/* SPDX-License-Identifier: MIT
 *
 * The reference of the in-process benchmark: generate, parse, predict, print, in one loop over
 * the same records, with no host, no plugins, no batches and no ledger around it. What lrhost
 * needs beyond this is the price of its boundaries.
 *
 *   fused COUNT [FEATURES]     prints: records cpu_seconds wall_seconds checksum
 */
#include <lrhost/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugins/common/draw.h"
#include "plugins/common/number.h"
#include "plugins/generator/print.h"

static double seconds(clockid_t clock)
{
    struct timespec t;

    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* One record: text in, "text;prediction;t1" out. Returns the length, 0 for a bad record. */
static size_t score(const char *text, size_t n, const double *w, uint32_t features, double *x,
                    int64_t t1_ms, char *out)
{
    const char *p = text, *end = text + n;
    double label, y = 1e-4;
    char *o = out;

    if (number_parse_row(&p, end, ',', x, features) != features || p == end || *p != ';' ||
        number_parse(p + 1, end, &label) != end)
        return 0;
    for (uint32_t j = 0; j < features; j++)
        y += w[j] * x[j];
    memcpy(o, text, n);
    o += n;
    *o++ = ';';
    o += number_print(y, o);
    *o++ = ';';
    o += number_print_i64(t1_ms, o);
    return (size_t)(o - out);
}

int main(int argc, char **argv)
{
    uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000, sum = 0;
    uint32_t features = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 12;
    struct draw_config config = {.features = features,
                                 .decimals = DRAW_DECIMALS,
                                 .distribution = DRAW_UNIFORM,
                                 .domain = DRAW_RECORDS,
                                 .seed = 42,
                                 .noise = 0.01};
    struct lr_error err = LR_ERROR_INIT;
    struct printer *printer = malloc(sizeof *printer);
    int64_t *units = calloc(features, sizeof *units), label;
    double *w = calloc(features, sizeof *w), *x = calloc(features, sizeof *x);
    char *text = malloc((features + 1) * PRINT_ROOM);
    char *out = malloc((features + 1) * PRINT_ROOM + 128);
    double cpu, wall;
    struct draw draw;

    if (!printer || !units || !w || !x || !text || !out || draw_init(&draw, &config, &err) != LR_OK)
        return 70;
    printer_init(printer, DRAW_DECIMALS);
    for (uint32_t j = 0; j < features; j++)
        w[j] = 1.0 / features + j * 1e-6;
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    wall = seconds(CLOCK_MONOTONIC);
    for (uint64_t i = 0; i < count; i++) {
        char *end;

        draw_units(&draw, i, units, &label);
        end = print_record(printer, text, units, features, &label);
        sum += score(text, (size_t)(end - text), w, features, x,
                     INT64_C(1700000000000) + (int64_t)(i >> 10), out);
    }
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    wall = seconds(CLOCK_MONOTONIC) - wall;
    (void)printf("%llu %.6f %.6f %llu\n", (unsigned long long)count, cpu, wall,
                 (unsigned long long)sum);
    draw_finish(&draw);
    free(printer);
    free(units);
    free(w);
    free(x);
    free(text);
    free(out);
    return 0;
}
