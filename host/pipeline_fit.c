/* SPDX-License-Identifier: MIT
 *
 * Judges whether what is read and written fits together, within a pipeline and among several of one
 * command. No side effects. See pipeline.h.
 */
#include <glob.h>
#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline.h"

static int touches(const struct lrh_pipeline *pipeline, const char *resource, int32_t direction)
{
    for (uint32_t i = 0; i < pipeline->n_touches; i++)
        if (pipeline->touches[i].direction == direction &&
            strcmp(pipeline->touches[i].resource, resource) == 0)
            return 1;
    return 0;
}

#define NEIGHBOURS 64u /* INI files looked into */

/* An INI file beside `pipeline`'s that writes the resource; "" when there is none. */
static void find_writer(const struct lrh_run *run, const struct lrh_pipeline *pipeline,
                        const char *resource, char *found, size_t size)
{
    const char *slash = strrchr(pipeline->config->path, '/');
    int prefix = slash ? (int)(slash - pipeline->config->path + 1) : 0;
    char pattern[4096];
    glob_t files;

    found[0] = '\0';
    (void)snprintf(pattern, sizeof pattern, "%.*s*.ini", prefix, pipeline->config->path);
    if (glob(pattern, 0, NULL, &files) != 0)
        return;
    for (size_t i = 0; i < files.gl_pathc && i < NEIGHBOURS && !found[0]; i++) {
        struct lrh_run plain = {.loader = run->loader};
        struct lrh_problems unheard = {0};
        struct lrh_pipeline *other = NULL;

        if (lrh_pipeline_load(&plain, files.gl_pathv[i], &unheard, &other) == LR_OK &&
            touches(other, resource, LR_WRITES))
            (void)snprintf(found, size, "%s", files.gl_pathv[i]);
        lrh_pipeline_destroy(other);
        lrh_problems_finish(&unheard);
    }
    globfree(&files);
}

/* Two pipelines of one name would share client ids and metrics. */
static void judge_names(struct lrh_pipeline *const *pipelines, size_t n,
                        struct lrh_problems *problems)
{
    for (size_t p = 1; p < n; p++)
        for (size_t o = 0; o < p; o++)
            if (strcmp(pipelines[p]->name, pipelines[o]->name) == 0) {
                lrh_pipeline_problem(
                    pipelines[p], problems, "pipeline", "name",
                    "this pipeline is called '%s' like that of %s; give one of them "
                    "another 'name'",
                    pipelines[p]->name, pipelines[o]->config->path);
                break;
            }
}

/* What only one can have: standard input, and a file that is written. */
static int is_single(const struct lrh_touch *touch)
{
    return touch->direction == LR_READS ? strcmp(touch->resource, "stdin:") == 0
                                        : strncmp(touch->resource, "file:", 5) == 0;
}

/* Who has `pipelines[p]->touches[i]` before it does; NULL: nobody. */
static const struct lrh_touch *held_by(struct lrh_pipeline *const *pipelines, size_t p, uint32_t i,
                                       const char **ret_path)
{
    const struct lrh_touch *touch = &pipelines[p]->touches[i];

    for (size_t o = 0; o <= p; o++)
        for (uint32_t k = 0; k < (o < p ? pipelines[o]->n_touches : i); k++)
            if (pipelines[o]->touches[k].direction == touch->direction &&
                strcmp(pipelines[o]->touches[k].resource, touch->resource) == 0) {
                *ret_path = pipelines[o]->config->path;
                return &pipelines[o]->touches[k];
            }
    return NULL;
}

/* Who of the same pipeline reads the file that `touch` writes; NULL: nobody. Another pipeline may:
 * that is how two of them are chained. */
static const struct lrh_touch *read_back(const struct lrh_pipeline *pipeline,
                                         const struct lrh_touch *touch)
{
    for (uint32_t i = 0; touch->direction == LR_WRITES && i < pipeline->n_touches; i++)
        if (pipeline->touches[i].direction == LR_READS &&
            strcmp(pipeline->touches[i].resource, touch->resource) == 0)
            return &pipeline->touches[i];
    return NULL;
}

static void judge_single(struct lrh_pipeline *const *pipelines, size_t n,
                         struct lrh_problems *problems)
{
    int from_stdin = 0;

    for (size_t p = 0; p < n; p++)
        from_stdin |= strcmp(pipelines[p]->config->path, "-") == 0;
    for (size_t p = 0; p < n; p++) {
        for (uint32_t i = 0; i < pipelines[p]->n_touches; i++) {
            const struct lrh_touch *touch = &pipelines[p]->touches[i];
            const struct lrh_touch *other;
            const char *path = NULL;

            if (!is_single(touch))
                continue;
            other = read_back(pipelines[p], touch);
            if (other)
                lrh_pipeline_problem(
                    pipelines[p], problems, touch->section, NULL,
                    "%s is written here and read by [%s]; a pipeline must not write what it "
                    "reads",
                    touch->resource + 5, other->section);
            other = held_by(pipelines, p, i, &path);
            if (touch->direction == LR_READS && from_stdin)
                lrh_pipeline_problem(
                    pipelines[p], problems, touch->section, NULL,
                    "records cannot come from standard input when the configuration does");
            else if (other)
                lrh_pipeline_problem(
                    pipelines[p], problems, touch->section, NULL,
                    "%s is %s here and by [%s] of %s; only one can",
                    strncmp(touch->resource, "file:", 5) ? "standard input" : touch->resource + 5,
                    touch->direction == LR_READS ? "read" : "written", other->section, path);
        }
    }
}

void lrh_pipelines_judge(const struct lrh_run *run, struct lrh_pipeline *const *pipelines, size_t n,
                         struct lrh_problems *problems)
{
    judge_names(pipelines, n, problems);
    judge_single(pipelines, n, problems);
    for (size_t p = 0; p < n; p++) {
        for (uint32_t i = 0; i < pipelines[p]->n_touches; i++) {
            const struct lrh_touch *touch = &pipelines[p]->touches[i];
            char writer[512];
            int written = 0;

            if (touch->direction != LR_READS || !(touch->flags & LR_PROCESS_ONLY))
                continue;
            for (size_t o = 0; o < n; o++)
                written |= touches(pipelines[o], touch->resource, LR_WRITES);
            if (written)
                continue;
            find_writer(run, pipelines[p], touch->resource, writer, sizeof writer);
            lrh_pipeline_problem(
                pipelines[p], problems, touch->section, NULL,
                "%s lives in this process alone, and no pipeline here writes it; run it "
                "together with one that does: lrhost %s %s",
                touch->resource, writer[0] ? writer : "WRITER.ini", pipelines[p]->config->path);
        }
    }
}
