/* SPDX-License-Identifier: MIT
 *
 * See commands.h. Results go to standard output; mistakes and the log to standard error.
 */
#include "commands.h"

#include <lrhost/error.h>
#include <stdlib.h>

/* ---- loading ---------------------------------------------------------------------------- */

static void judge_together(const struct lrh_run *run, struct lrh_pipeline *const *pipelines,
                           size_t n, struct lrh_problems *problems)
{
    int rewound = 0;

    for (size_t i = 0; i < n; i++)
        rewound |= pipelines[i]->parts[LRH_PART_SOURCE].said.key != NULL;
    if (run->rewind && !rewound)
        lrh_problems_add(problems, "--rewind", 0, "no source here can be rewound");
    lrh_pipelines_judge(run, pipelines, n, problems);
}

lr_status lrh_load_all(const struct lrh_run *run, char *const *paths, size_t n, FILE *out,
                       struct lrh_pipeline ***ret_pipelines)
{
    struct lrh_problems problems = {0};
    struct lrh_pipeline **pipelines = calloc(n, sizeof(struct lrh_pipeline *));
    lr_status status = LR_OK;

    if (!pipelines)
        return LR_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        lr_status loaded = lrh_pipeline_load(run, paths[i], &problems, &pipelines[i]);

        status = status == LR_EUNTRUSTED || loaded == LR_OK ? status : loaded;
    }
    if (status == LR_OK)
        judge_together(run, pipelines, n, &problems);
    if (status == LR_OK && problems.n_errors)
        status = LR_ECONFIG;
    lrh_problems_print(&problems, out);
    lrh_problems_finish(&problems);
    *ret_pipelines = pipelines;
    return status;
}

void lrh_unload_all(struct lrh_pipeline **pipelines, size_t n)
{
    for (size_t i = 0; pipelines && i < n; i++)
        lrh_pipeline_destroy(pipelines[i]);
    free(pipelines);
}

/* ---- run, check ------------------------------------------------------------------------- */

lr_status lrh_command_run(const struct lrh_run *run, char *const *paths, size_t n,
                          struct lr_error *err)
{
    struct lrh_pipeline **pipelines = NULL;
    lr_status status = lrh_load_all(run, paths, n, stderr, &pipelines);

    for (size_t i = 0; status == LR_OK && !run->log_level && i < n; i++)
        if (pipelines[i]->settings->log_level)
            lrh_log_set_level(run->log, pipelines[i]->settings->log_level + LR_LOG_ERROR - 1);
    if (status == LR_OK)
        status = lrh_supervise(run, pipelines, n, err);
    lrh_unload_all(pipelines, n);
    return status;
}

/* Makes every instance and wires them, which starts nothing, so that parts which do not fit are
 * found here and not at the start. */
lr_status lrh_command_check(const struct lrh_run *run, char *const *paths, size_t n,
                            struct lr_error *err)
{
    struct lrh_pipeline **pipelines = NULL;
    lr_status status = lrh_load_all(run, paths, n, stderr, &pipelines);

    for (size_t i = 0; status == LR_OK && i < n; i++) {
        status = lrh_pipeline_create(pipelines[i], NULL, &lrh_system_real, -1, err);
        (void)lrh_pipeline_join(pipelines[i], NULL);
        if (status == LR_OK)
            (void)printf("%s: good: %s, %s, lanes = %lld\n", paths[i], pipelines[i]->name,
                         lrh_guarantee_name(pipelines[i]->guarantee),
                         (long long)pipelines[i]->settings->lanes);
    }
    lrh_unload_all(pipelines, n);
    return status;
}

/* ---- topics ----------------------------------------------------------------------------- */

static void topics_log(void *ctx, int32_t level, const char *message)
{
    (void)ctx;
    if (level <= LR_LOG_NOTICE)
        (void)fprintf(level < LR_LOG_NOTICE ? stderr : stdout, "%s\n", message);
}

static int64_t topics_wall(void *ctx)
{
    (void)ctx;
    return lrh_system_real.wall_ns(NULL);
}

static int64_t topics_monotonic(void *ctx)
{
    (void)ctx;
    return lrh_system_real.monotonic_ns(NULL);
}

static int32_t topics_stopping(void *ctx)
{
    (void)ctx;
    return 0;
}

static void *topics_memory(void *ctx, void *ptr, size_t size)
{
    (void)ctx;
    if (size)
        return realloc(ptr, size);
    free(ptr);
    return NULL;
}

static int64_t *topics_metric(void *ctx, int32_t kind, const char *name, const char *help)
{
    static __thread int64_t nowhere;

    (void)ctx;
    (void)kind;
    (void)name;
    (void)help;
    return &nowhere;
}

lr_status lrh_command_topics(const struct lrh_run *run, int32_t verb, const char *path,
                             struct lr_error *err)
{
    struct lrh_pipeline **pipelines = NULL;
    char *paths[1] = {(char *)(uintptr_t)path};
    struct lrh_problems problems = {0};
    lr_status status;
    int asked = 0;

    pipelines = calloc(1, sizeof(struct lrh_pipeline *));
    if (!pipelines)
        return LR_ENOMEM;
    status = lrh_pipeline_load(run, paths[0], &problems, &pipelines[0]);
    lrh_problems_print(&problems, stderr);
    lrh_problems_finish(&problems);
    for (uint32_t i = 0; i < LRH_PARTS && status == LR_OK; i++) {
        const struct lrh_part *part = &pipelines[0]->parts[i];
        struct lr_host host = {.size = sizeof host,
                               .abi = LRHOST_ABI,
                               .pipeline = pipelines[0]->name,
                               .instance = pipelines[0]->instance_name,
                               .section = part->section,
                               .lanes = 1,
                               .log = topics_log,
                               .wall_ns = topics_wall,
                               .monotonic_ns = topics_monotonic,
                               .stopping = topics_stopping,
                               .memory = topics_memory,
                               .metric = topics_metric};

        if (!part->plugin || !part->plugin->topics)
            continue;
        asked = 1;
        status = part->plugin->topics(&host, lrh_settings_values(part->settings), verb, err);
        if (status != LR_OK)
            lr_context(err, "%s: [%s]", path, part->section);
    }
    if (status == LR_OK && !asked)
        status = lr_fail(err, LR_ECONFIG, "%s: no part of it has topics", path);
    lrh_unload_all(pipelines, 1);
    return status;
}
