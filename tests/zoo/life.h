/* SPDX-License-Identifier: MIT
 *
 * The life that every plugin of the zoo leads: one instance with a copy of a name, one metric. It
 * keeps the rules unless a WRONG_... is defined (tests/zoo/zoo.txt says which and how each is to be
 * found); what differs from the right plugin stands between #if and #else.
 */
#ifndef ZOO_LIFE_H
#define ZOO_LIFE_H

#include <fcntl.h>
#include <lrhost/lrhost.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#ifndef WRONG_leak_thread
#define WRONG_leak_thread 0
#endif

struct settings {
    int64_t size;
    const char *path;
};

static const struct lr_option options[] = {
    {.name = "size",
#if WRONG_undocumented
     .doc = "",
#else
     .doc = "How much of it there is",
#endif
#if WRONG_default
     .initial = "0",
#else
     .initial = "3",
#endif
     .range = "1..1000",
     .type = LR_OPT_INT,
     .offset = offsetof(struct settings, size)},
    {.name = "path",
     .doc = "A file for what has to survive the process",
     .type = LR_OPT_PATH,
     .offset = offsetof(struct settings, path)},
};

/* What a kind adds to it stands in struct zoo, which the file of the kind defines. */
struct life {
    const struct lr_host *host;
    const struct settings *settings;
    char *name;
    int64_t *cell;
    int dead;
};
static void *zoo_of(struct life *life);
static size_t zoo_size(void);

static inline void nap(int64_t ns)
{
    (void)nanosleep(&(struct timespec){ns / 1000000000, ns % 1000000000}, NULL);
}

static inline void *zoo_thread(void *ctx)
{
    while (WRONG_leak_thread)
        nap(1000000000);
    return ctx;
}

static inline void start_thread(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, zoo_thread, NULL) == 0)
        (void)pthread_detach(thread);
}

#if WRONG_thread_local
static _Thread_local struct life *mine;
#endif

static void check(const void *settings, uint32_t lanes, const struct lr_report *report)
{
#if WRONG_check
    static int asked;

    if (asked++)
        report->problem(report->ctx, "size", "is asked for too often");
#endif
    (void)settings;
    (void)lanes;
    (void)report;
}

static lr_status create(const struct lr_host *host, const void *settings, void **ret_self,
                        struct lr_error *err)
{
    struct life *life;

#if WRONG_static
    static struct life *only;
    if (!only)
        only = calloc(1, zoo_size());
    life = only;
#else
    life = calloc(1, zoo_size());
#endif
#if WRONG_create_self
    *ret_self = NULL;
#endif
#if WRONG_error
    if (!life)
        return LR_ENOMEM;
#endif
    if (!life)
        return lr_fail(err, LR_ENOMEM, "no memory");
    life->name = malloc(8);
#if WRONG_create_memory
    strcpy(life->name, "zoo");
#elif WRONG_create_leak
    if (!life->name)
        return lr_fail(err, LR_ENOMEM, "no memory for a name");
#else
    if (!life->name) {
        free(life);
        return lr_fail(err, LR_ENOMEM, "no memory for a name");
    }
#endif
#if WRONG_grown /* not wrong: what the C library moves is no leak */
    static char text[] = "a line that does not fit into the eight bytes of a name";
    FILE *in = fmemopen(text, sizeof text, "r");
    size_t room = 8;
    char *grown;

    if (getline(&life->name, &room, in) < 0)
        room = 0;
    (void)fclose(in);
    grown = reallocarray(life->name, 1000, 50);
    life->name = grown ? grown : life->name;
#endif
#if WRONG_create_thread
    start_thread();
#endif
#if WRONG_create_file
    (void)close(open("/dev/null", O_RDONLY));
#endif
#if WRONG_create_fortified
    life->dead = O_RDONLY; /* flags that are no constant take another way into the C library */
    (void)close(openat(AT_FDCWD, "/dev/null", *(volatile int *)&life->dead));
#endif
#if WRONG_host_size
    life->dead = (int)((const volatile struct lr_host *)host)->budget;
#endif
    life->host = host;
    life->settings = settings;
    life->dead = 0;
    *ret_self = life;
#if WRONG_thread_local
    mine = life;
#endif
    return LR_OK;
}

static lr_status start(void *self, struct lr_error *err)
{
    struct life *life = self;

    (void)err;
#if WRONG_metric_name
    life->cell = life->host->metric(life->host->ctx, LR_COUNTER, "seen", "Seen");
#else
    life->cell = life->host->metric(life->host->ctx, LR_COUNTER, "seen_total", "Seen");
#endif
#if WRONG_log
    life->host->log(life->host->ctx, LR_LOG_INFO, "started\nand ready\n");
#else
    life->host->log(life->host->ctx, LR_LOG_INFO, "started");
#endif
#if WRONG_log_level
    life->host->log(life->host->ctx, 9, "started");
#endif
#if WRONG_exit
    exit(3);
#endif
#if WRONG_leak_file
    (void)open("/dev/null", O_RDONLY);
#endif
#if WRONG_leak_thread
    start_thread();
#endif
#if WRONG_start_deaf
    nap(50000000);
    if (life->host->stopping(life->host->ctx))
        nap(2000000000);
#endif
#if WRONG_thread_local
    life->cell = mine->cell;
#endif
#if WRONG_start_memory
    char *text = malloc(16);
    strcpy(text, "ready");
    life->host->log(life->host->ctx, LR_LOG_INFO, text);
    free(text);
#endif
    return LR_OK;
}

static void stop(void *self, int64_t deadline_ns)
{
    (void)self;
    (void)deadline_ns;
#if WRONG_stop
    struct life *life = self;
    if (life->host->monotonic_ns(life->host->ctx) >= deadline_ns)
        nap(2500000000);
#endif
}

static void destroy(void *self)
{
    struct life *life = self;

#if !WRONG_destroy_null
    if (!life)
        return;
#endif
    life->dead = 1;
#if !WRONG_leak
    free(life->name);
    life->name = NULL;
#endif
#if !WRONG_static
    free(life);
#endif
}

/* A use of it: counts, and must not be called before create and after destroy. */
static void used(struct life *life)
{
#if WRONG_metric_when
    life->cell = life->host->metric(life->host->ctx, LR_COUNTER, "used_total", "Used");
#endif
    if (life->dead)
        abort();
    if (life->cell)
        lr_metric_add(life->cell, 1);
}

#if WRONG_export
extern int zoo_exported;
__attribute__((visibility("default"))) int zoo_exported;
#endif

/* A kind may have its own. */
#define ZOO_START start
#define ZOO_STOP stop
#define ZOO_DESTROY destroy

#define ZOO_MODULE(kind_, ops_)                                                                    \
    static const struct lr_plugin plugin = {.size = sizeof plugin,                                 \
                                            .kind = (kind_),                                       \
                                            .name = ZOO_NAME,                                      \
                                            .summary = "one of the zoo",                           \
                                            .options = options,                                    \
                                            .option_size = sizeof(struct lr_option),               \
                                            .n_options = 2,                                        \
                                            .settings_size = sizeof(struct settings),              \
                                            .ops = &(ops_),                                        \
                                            .check = check,                                        \
                                            .create = create,                                      \
                                            .start = ZOO_START,                                    \
                                            .stop = ZOO_STOP,                                      \
                                            .destroy = ZOO_DESTROY};                               \
    static const struct lr_plugin *const plugins[] = {&plugin};                                    \
    static const struct lr_module module = {.size = sizeof module,                                 \
                                            .abi_min = 1,                                          \
                                            .abi_built = LRHOST_ABI,                               \
                                            .n_plugins = 1,                                        \
                                            .name = ZOO_NAME,                                      \
                                            .version = ZOO_VERSION,                                \
                                            .license = "MIT",                                      \
                                            .plugins = plugins};                                   \
    LRHOST_MODULE(module, 1)

#if WRONG_version
#define ZOO_VERSION NULL
#else
#define ZOO_VERSION "1"
#endif

#endif
