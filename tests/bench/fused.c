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
#include "plugins/common/row.h"
#include "plugins/generator/print.h"

static double seconds(clockid_t clock)
{
    struct timespec t;

    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Records go through the loop in groups of a few, as many as are printed at once; 1 where the
 * processor prints one by one. */
struct loop {
    struct row_way way;
    struct row_format format;
    uint32_t group;
    const double *w;
    double *x;
    double y[ROW_PRINT_MOST];
    struct row_text printed[ROW_PRINT_MOST];
    char *text, *begin[ROW_PRINT_MOST], *end[ROW_PRINT_MOST];
    char *out;
};

/* Text in, "text;prediction;t1" out, for `n` records. Returns the length of all. */
static size_t score(struct loop *loop, uint32_t n, int64_t t1_ms)
{
    size_t len = 0;
    double label;

    for (uint32_t k = 0; k < n; k++) {
        double y = 1e-4;

        if (!loop->way.read(&loop->format, loop->begin[k], loop->end[k], loop->x, &label))
            return 0;
        for (uint32_t j = 0; j < loop->format.n; j++)
            y += loop->w[j] * loop->x[j];
        loop->y[k] = y;
    }
    if (loop->way.print)
        loop->way.print(loop->y, 1, n, loop->printed);
    for (uint32_t k = 0; k < n; k++) {
        size_t size = (size_t)(loop->end[k] - loop->begin[k]);
        char *o = loop->out;

        memcpy(o, loop->begin[k], size);
        o += size;
        *o++ = ';';
        if (loop->way.print) {
            for (uint32_t at = 0; at < NUMBER_ROOM; at += 8)
                memcpy(o + at, loop->printed[k].text + at, 8);
            o += loop->printed[k].len;
        } else {
            o += number_print(loop->y[k], o);
        }
        *o++ = ';';
        o += number_print_i64(t1_ms, o);
        len += (size_t)(o - loop->out);
    }
    return len;
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
    struct loop loop = {.way = row_best(getenv(ROW_WAY_VARIABLE)),
                        .format = {features, ',', ';'},
                        .w = w,
                        .x = x,
                        .text = malloc((features + 1) * PRINT_ROOM * ROW_PRINT_MOST),
                        .out = malloc((features + 1) * PRINT_ROOM + 128)};
    double cpu, wall;
    struct draw draw;

    if (!printer || !units || !w || !x || !loop.text || !loop.out ||
        draw_init(&draw, &config, &err) != LR_OK)
        return 70;
    printer_init(printer, DRAW_DECIMALS);
    for (uint32_t j = 0; j < features; j++)
        w[j] = 1.0 / features + j * 1e-6;
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    wall = seconds(CLOCK_MONOTONIC);
    loop.group = loop.way.print ? ROW_PRINT_MOST : 1;
    for (uint64_t i = 0; i < count;) {
        char *end = loop.text;
        uint32_t n = 0;

        for (; n < loop.group && i < count; n++, i++) {
            draw_units(&draw, i, units, &label);
            loop.begin[n] = end;
            end = print_record(printer, end, units, features, &label);
            loop.end[n] = end;
        }
        sum += score(&loop, n, INT64_C(1700000000000) + (int64_t)(i >> 10));
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
    free(loop.text);
    free(loop.out);
    return 0;
}
