/* SPDX-License-Identifier: MIT
 *
 * The reference of the in-process benchmark: generate (or read lines), parse, predict, print (and
 * write), in one loop over the same records, with no host, no plugins, no ledger and no metrics
 * around it. What lrhost needs beyond this is the price of its boundaries.
 *
 *   fused COUNT [FEATURES]     generated records, the result is dropped
 *   fused FILE RESULT          lines of 12 features and a label
 *
 * Prints: records cpu_seconds wall_seconds bytes_of_output
 */
#include <fcntl.h>
#include <lrhost/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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

#define FEATURES 12
#define CHUNK (1u << 20) /* of a file */
#define RESULT_ROOM (2 * NUMBER_ROOM + 2)

/* Records go through the loop in groups of a few, as many as are printed at once; 1 where the
 * processor prints one by one. */
struct loop {
    struct row_way way;
    struct row_format format;
    uint32_t group;
    double *w, *x;
    double y[ROW_PRINT_MOST];
    struct row_text printed[ROW_PRINT_MOST];
    const char *begin[ROW_PRINT_MOST], *end[ROW_PRINT_MOST];
    int64_t t1_ms; /* as text: */
    char t1[NUMBER_ROOM];
    size_t t1_len;
    uint64_t records, bytes;
};

/* Text in, lines of "text;prediction;t1" out, for `n` records. Returns their end, NULL: a bad one.
 */
static char *score(struct loop *loop, uint32_t n, int64_t t1_ms, char *out)
{
    double label;
    char *o = out;

    if (t1_ms != loop->t1_ms) {
        loop->t1_ms = t1_ms;
        loop->t1[0] = ';';
        loop->t1_len = 1 + number_print_i64(t1_ms, loop->t1 + 1);
        loop->t1[loop->t1_len++] = '\n';
    }
    for (uint32_t k = 0; k < n; k++) {
        double y = 1e-4;

        if (!loop->way.read(&loop->format, loop->begin[k], loop->end[k], loop->x, &label))
            return NULL;
        for (uint32_t j = 0; j < loop->format.n; j++)
            y += loop->w[j] * loop->x[j];
        loop->y[k] = y;
    }
    if (loop->way.print)
        loop->way.print(loop->y, 1, n, loop->printed);
    for (uint32_t k = 0; k < n; k++) {
        size_t size = (size_t)(loop->end[k] - loop->begin[k]);

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
        memcpy(o, loop->t1, sizeof loop->t1);
        o += loop->t1_len;
    }
    loop->records += n;
    loop->bytes += (uint64_t)(o - out);
    return o;
}

/* ---- generated records ----------------------------------------------------------------------- */

static int generate(struct loop *loop, uint64_t count)
{
    const uint32_t features = loop->format.n;
    const struct draw_config config = {.features = features,
                                       .decimals = DRAW_DECIMALS,
                                       .distribution = DRAW_UNIFORM,
                                       .domain = DRAW_RECORDS,
                                       .seed = 42,
                                       .noise = 0.01};
    const size_t room = (features + 1) * PRINT_ROOM;
    struct lr_error err = LR_ERROR_INIT;
    struct printer *printer = malloc(sizeof *printer);
    int64_t *units = calloc(features, sizeof *units), label;
    char *text = malloc(room * ROW_PRINT_MOST);
    char *out = malloc((room + RESULT_ROOM) * ROW_PRINT_MOST);
    struct draw draw;
    int good = printer && units && text && out && draw_init(&draw, &config, &err) == LR_OK;

    if (good) {
        printer_init(printer, DRAW_DECIMALS);
        for (uint64_t i = 0; i < count && good;) {
            char *end = text;
            uint32_t n = 0;

            for (; n < loop->group && i < count; n++, i++) {
                draw_units(&draw, i, units, &label);
                loop->begin[n] = end;
                end = print_record(printer, end, units, features, &label);
                loop->end[n] = end;
            }
            good = score(loop, n, INT64_C(1700000000000) + (int64_t)(i >> 10), out) != NULL;
        }
        draw_finish(&draw);
    }
    free(printer);
    free(units);
    free(text);
    free(out);
    return good;
}

/* ---- lines of a file ------------------------------------------------------------------------- */

/* The whole lines of text .. end; returns how many bytes they are, -1: a bad one. */
static ssize_t score_lines(struct loop *loop, const char *text, const char *end, char *out,
                           char **ret_out)
{
    const char *p = text, *line;
    uint32_t n = 0;

    while ((line = memchr(p, '\n', (size_t)(end - p)))) {
        loop->begin[n] = p;
        loop->end[n++] = line;
        p = line + 1;
        if (n == loop->group) {
            out = score(loop, n, INT64_C(1700000000000), out);
            n = 0;
            if (!out)
                return -1;
        }
    }
    if (n > 0)
        out = score(loop, n, INT64_C(1700000000000), out);
    *ret_out = out;
    return out ? p - text : -1;
}

static int relay(struct loop *loop, const char *from, const char *to)
{
    int in = open(from, O_RDONLY), result = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    /* A line has two bytes for each number at least. */
    char *text = malloc(CHUNK), *out = malloc(CHUNK + CHUNK / (2 * FEATURES) * RESULT_ROOM), *end;
    size_t held = 0;
    ssize_t more = 0, used;
    int good = in >= 0 && result >= 0 && text && out;

    while (good && (more = read(in, text + held, CHUNK - held)) > 0) {
        held += (size_t)more;
        used = score_lines(loop, text, text + held, out, &end);
        good = used > 0 && write(result, out, (size_t)(end - out)) == end - out;
        if (good) {
            held -= (size_t)used;
            memmove(text, text + used, held);
        }
    }
    (void)close(in);
    (void)close(result);
    free(text);
    free(out);
    return good && more == 0 && held == 0;
}

int main(int argc, char **argv)
{
    int files = argc > 2 && strtoull(argv[1], NULL, 10) == 0, good;
    uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    uint32_t features = argc > 2 && !files ? (uint32_t)strtoul(argv[2], NULL, 10) : FEATURES;
    struct loop loop = {.way = row_best(getenv(ROW_WAY_VARIABLE)),
                        .format = {features, ',', ';'},
                        .w = calloc(features, sizeof(double)),
                        .x = calloc(features, sizeof(double))};
    double cpu, wall;

    if (!loop.w || !loop.x)
        return 70;
    for (uint32_t j = 0; j < features; j++)
        loop.w[j] = 1.0 / features + j * 1e-6;
    loop.group = loop.way.print ? ROW_PRINT_MOST : 1;
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    wall = seconds(CLOCK_MONOTONIC);
    good = files ? relay(&loop, argv[1], argv[2]) : generate(&loop, count);
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    wall = seconds(CLOCK_MONOTONIC) - wall;
    (void)printf("%llu %.6f %.6f %llu\n", (unsigned long long)loop.records, cpu, wall,
                 (unsigned long long)loop.bytes);
    free(loop.w);
    free(loop.x);
    return good ? 0 : 65;
}
