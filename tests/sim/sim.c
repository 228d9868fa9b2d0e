/* SPDX-License-Identifier: MIT
 *
 * Deterministic simulation of a lane: the host's real code against a simulated world. One seed is
 * one history of crashes, rebalances, aborts, late and failed settles; the same seed is the same
 * history, always.
 *
 *   sim seeds N [FIRST]                  N histories of every configuration, a table
 *   sim mutants N                        every mutant this program holds, at most N seeds each in
 *                                        each configuration until it is noticed
 *   sim replay CONFIG SEED [MUTANT]      one history, traced; MUTANT by number
 *
 * Each row runs in a process of its own, at most two at a time (SIM_JOBS), so that a mutant that
 * corrupts memory is noticed like any other.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engines.h"
#include "mutants.h"

#ifdef SIM_MUTATED
#define FIRST_MUTANT MUTANT_FIRST_IN_LANE
#define END_MUTANT MUTANTS
#else
#define FIRST_MUTANT (MUTANT_none + 1)
#define END_MUTANT MUTANT_FIRST_IN_LANE
#endif

#define ROWS_MAX 64
#define FAILURES_SHOWN 20 /* failures of a row after which it ends */

struct row {
    struct setup setup;
    char name[48];
    uint64_t first, n; /* seeds */
    uint64_t done, failed, first_failed, at;
    double seconds;
    struct figures figures;
    char why[256], where[48];
    pid_t pid;
};

/* ---- configurations --------------------------------------------------------------------- */

static const struct {
    const char *name;
    int32_t guarantee, positions;
} guarantees[] = {{"at_least_once", LR_AT_LEAST_ONCE, 0},
                  {"exactly_once", LR_EXACTLY_ONCE, 0},
                  {"exactly_once_file", LR_EXACTLY_ONCE, 1},
                  {"at_most_once", LR_AT_MOST_ONCE, 0}};
#define GUARANTEES (sizeof guarantees / sizeof guarantees[0])
#define CONFIGS (GUARANTEES * ENGINES)

static struct setup config_at(size_t i, char *ret_name, size_t room)
{
    size_t g = i / ENGINES, e = i % ENGINES;

    (void)snprintf(ret_name, room, "%s/%s", guarantees[g].name, engines[e].name);
    return (struct setup){guarantees[g].guarantee, (int32_t)e, guarantees[g].positions, 0};
}

/* ---- one history ------------------------------------------------------------------------ */

static int history(struct world *world, const struct setup *setup, uint64_t seed, int trace)
{
    int how;

    world_init(world, setup, seed);
    world->trace = trace;
    sim_mutant = setup->mutant;
    how = setjmp(world->leave);
    if (how == CRASHED) {
        world->lane = NULL;
        world_after_crash(world);
    }
    if (how != FAILED) {
        while (!world_done(world))
            life_run(world);
        world_judge(world);
    }
    life_free_all(world);
    return world->why[0] == '\0';
}

static void add_figures(struct figures *sum, const struct figures *one)
{
    sum->crashes += one->crashes;
    sum->rebalances += one->rebalances;
    sum->losses += one->losses;
    sum->aborts += one->aborts;
    sum->rewinds += one->rewinds;
    sum->doubts += one->doubts;
    sum->stops += one->stops;
    sum->ends += one->ends;
}

static double now_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Runs the seeds of a row; returns when too many have failed. */
static void run_seeds(struct row *row, struct world *world, uint64_t failures)
{
    for (uint64_t seed = row->first; seed < row->first + row->n; seed++) {
        row->at = seed;
        if (!history(world, &row->setup, seed, 0)) {
            if (!row->failed++) {
                row->first_failed = seed;
                (void)snprintf(row->why, sizeof row->why, "%s", world->why);
                (void)snprintf(row->where, sizeof row->where, "%s", row->name);
            }
            if (row->failed >= failures)
                return;
        }
        add_figures(&row->figures, &world->figures);
        row->done++;
    }
}

static void run_clean(struct row *row, struct world *world)
{
    run_seeds(row, world, FAILURES_SHOWN);
}

/* A mutant walks through all configurations until one notices it. */
static void run_mutant(struct row *row, struct world *world)
{
    int32_t mutant = row->setup.mutant;
    char name[48];

    memcpy(name, row->name, sizeof name);
    for (size_t i = 0; i < CONFIGS && !row->failed; i++) {
        row->setup = config_at(i, row->name, sizeof row->name);
        row->setup.mutant = mutant;
        if (!mutants[mutant].guarantee || mutants[mutant].guarantee == row->setup.guarantee)
            run_seeds(row, world, 1);
    }
    memcpy(row->name, name, sizeof name);
}

/* ---- rows in processes ------------------------------------------------------------------ */

static void start(struct row *row, void (*run)(struct row *row, struct world *world))
{
    pid_t pid;

    (void)fflush(stdout);
    pid = fork();
    if (pid == 0) {
        struct world *world = calloc(1, sizeof *world);
        double begun = now_s();

        if (!world)
            _exit(70);
        run(row, world);
        row->seconds = now_s() - begun;
        free(world);
        exit(0); /* not _exit: a leak checker wants to have its word */
    }
    row->pid = pid; /* the row is shared: the parent alone writes this */
}

static void finish(struct row *row, int code)
{
    row->pid = 0;
    if (code == 0)
        return;
    if (!row->failed++)
        row->first_failed = row->at;
    if (WIFSIGNALED(code))
        (void)snprintf(row->why, sizeof row->why, "seed %llu: the process died of signal %d",
                       (unsigned long long)row->at, WTERMSIG(code));
    else
        (void)snprintf(row->why, sizeof row->why, "the process ended with status %d",
                       WEXITSTATUS(code));
    (void)snprintf(row->where, sizeof row->where, "%s", row->name);
}

static void run_all(struct row *rows, uint32_t n, void (*run)(struct row *, struct world *),
                    void (*print)(const struct row *))
{
    const char *wish = getenv("SIM_JOBS");
    uint32_t jobs = wish ? (uint32_t)strtoul(wish, NULL, 10) : 2;
    uint32_t started = 0, running = 0, printed = 0;

    while (printed < n) {
        int code = 0;
        pid_t pid;

        for (; started < n && running < (jobs ? jobs : 1); running++)
            start(&rows[started++], run);
        pid = wait(&code);
        for (uint32_t i = 0; i < started; i++)
            if (rows[i].pid == pid) {
                finish(&rows[i], code);
                running--;
            }
        while (printed < started && rows[printed].pid == 0)
            print(&rows[printed++]);
    }
}

/* ---- tables ----------------------------------------------------------------------------- */

static void print_clean(const struct row *row)
{
    const struct figures *f = &row->figures;

    (void)printf("%-29s %8llu %6llu %8llu %8llu %7llu %7llu %8llu %6llu %6llu %6llu %6.1f s\n",
                 row->name, (unsigned long long)row->done, (unsigned long long)row->failed,
                 (unsigned long long)f->crashes, (unsigned long long)f->rebalances,
                 (unsigned long long)f->losses, (unsigned long long)f->aborts,
                 (unsigned long long)f->rewinds, (unsigned long long)f->doubts,
                 (unsigned long long)f->stops, (unsigned long long)f->ends, row->seconds);
    if (row->failed)
        (void)printf("    seed %llu: %s\n", (unsigned long long)row->first_failed, row->why);
    (void)fflush(stdout);
}

static void print_mutant(const struct row *row)
{
    if (row->failed)
        (void)printf("%-42s noticed by %s, seed %llu: %s\n", row->name, row->where,
                     (unsigned long long)row->first_failed, row->why);
    else
        (void)printf("%-42s NOT NOTICED in %llu histories\n", row->name,
                     (unsigned long long)row->done);
    (void)fflush(stdout);
}

static int seeds(struct row *rows, uint64_t n, uint64_t first)
{
    uint64_t done = 0, failed = 0;
    uint32_t used = 0;
    const char *only = getenv("SIM_ONLY");

    (void)printf("%-29s %8s %6s %8s %8s %7s %7s %8s %6s %6s %6s\n", "configuration", "seeds",
                 "failed", "crashes", "rebal.", "lost", "aborts", "seeks", "doubts", "stops",
                 "ends");
    for (uint32_t i = 0; i < CONFIGS; i++) {
        struct row *row = &rows[used];

        row->setup = config_at(i, row->name, sizeof row->name);
        row->first = first;
        row->n = n;
        used += !only || strstr(row->name, only);
    }
    run_all(rows, used, run_clean, print_clean);
    for (uint32_t i = 0; i < used; i++) {
        done += rows[i].done;
        failed += rows[i].failed;
    }
    (void)printf("%llu histories, %llu failed\n", (unsigned long long)done,
                 (unsigned long long)failed);
    return failed != 0;
}

static int hunt(struct row *rows, uint64_t n)
{
    uint32_t count = 0, missed = 0;

    for (int m = FIRST_MUTANT; m < END_MUTANT; m++) {
        struct row *row = &rows[count++];

        row->setup.mutant = m;
        row->first = 1;
        row->n = n;
        (void)snprintf(row->name, sizeof row->name, "%2d %s", m, mutants[m].name);
    }
    run_all(rows, count, run_mutant, print_mutant);
    for (uint32_t i = 0; i < count; i++)
        missed += rows[i].failed == 0;
    (void)printf("%u mutants, %u not noticed\n", count, missed);
    return missed != 0;
}

static int replay(const char *config, uint64_t seed, int mutant)
{
    static struct world world;

    for (size_t i = 0; i < CONFIGS; i++) {
        char name[48];
        struct setup setup = config_at(i, name, sizeof name);

        if (strcmp(name, config) != 0)
            continue;
        setup.mutant = mutant;
        if (history(&world, &setup, seed, 1)) {
            (void)printf("all promises kept\n");
            return 0;
        }
        (void)printf("%s\n", world.why);
        return 1;
    }
    (void)fprintf(stderr, "no configuration '%s'\n", config);
    return 64;
}

int main(int argc, char **argv)
{
    struct row *rows = mmap(NULL, ROWS_MAX * sizeof *rows, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (rows == MAP_FAILED)
        return 70;
    if (argc >= 3 && strcmp(argv[1], "seeds") == 0)
        return seeds(rows, strtoull(argv[2], NULL, 10), argc > 3 ? strtoull(argv[3], NULL, 10) : 1);
    if (argc >= 3 && strcmp(argv[1], "mutants") == 0)
        return hunt(rows, strtoull(argv[2], NULL, 10));
    if (argc >= 4 && strcmp(argv[1], "replay") == 0)
        return replay(argv[2], strtoull(argv[3], NULL, 10),
                      argc > 4 ? (int)strtol(argv[4], NULL, 10) : 0);
    (void)fprintf(stderr,
                  "sim seeds N [FIRST] | sim mutants N | sim replay CONFIG SEED [MUTANT]\n");
    return 64;
}
