/* SPDX-License-Identifier: MIT
 *
 * lrhost status: is the pipeline of this INI file running, and well? Reads the file's [pipeline]
 * section for the names and then the state file, loads no plugin, and so is cheap enough to be
 * the health check of a container.
 */
#include <lrhost/error.h>

#include "commands.h"
#include "escape.h"
#include "state.h"

static int is_broken(const struct lrh_pipeline *pipeline, const char *key)
{
    const struct lrh_entry *entry = lrh_settings_origin(pipeline->own, key);

    return entry && entry->broken;
}

/* What is wrong elsewhere in the file is no matter here: a variable that only the service knows,
 * say. In a name it is, or another pipeline would be looked for. */
static lr_status identify(const struct lrh_run *run, const char *path,
                          struct lrh_problems *problems, struct lrh_pipeline **ret_pipeline)
{
    lr_status status = lrh_pipeline_identify(run, path, problems, ret_pipeline);

    if (status == LR_OK &&
        (is_broken(*ret_pipeline, "name") || is_broken(*ret_pipeline, "instance")))
        return LR_ECONFIG;
    if (status == LR_OK)
        lrh_problems_finish(problems);
    return status;
}

/* "scoring (host): running; 1000 records/s, lag 12, streams 10, last commit 0.4 s ago"; text of the
 * state file may be anybody's. */
static void print_line(const struct lrh_state *state, const char *complaint, double now)
{
    lrh_escape_plain(stdout, state->pipeline);
    (void)printf(" (");
    lrh_escape_plain(stdout, state->instance);
    (void)printf("): ");
    lrh_escape_plain(stdout, complaint ? complaint : state->state);
    (void)printf("; %.0f records/s, lag ", state->records_per_second);
    if (state->lag < 0)
        (void)printf("unknown");
    else
        (void)printf("%lld", (long long)state->lag);
    (void)printf(", streams %lld, read %lld, bad %lld", (long long)state->streams,
                 (long long)state->records_read, (long long)state->records_bad);
    if (state->last_commit > 0)
        (void)printf(", last commit %.1f s ago\n", now - state->last_commit);
    else
        (void)printf(", no commit yet\n");
}

static lr_status tell(const struct lrh_pipeline *pipeline, const char *path, int format,
                      struct lrh_problems *problems)
{
    double now = (double)lrh_system_real.wall_ns(NULL) / 1e9;
    struct lr_error err = LR_ERROR_INIT;
    const char *complaint;
    char text[128];
    struct lrh_state state;
    lr_status status;

    status = lrh_state_find(pipeline->name, pipeline->instance_name, pipeline->stem, &state, &err);
    if (status != LR_OK) {
        lrh_problems_add(problems, path, 0, "%s (%s): %s", pipeline->name, pipeline->instance_name,
                         err.text);
        return status;
    }
    complaint = lrh_state_complaint(&state, now, text, sizeof text);
    if (format == LRH_FORMAT_JSON)
        lrh_state_print_json(&state, stdout);
    else
        print_line(&state, complaint, now);
    return complaint ? LR_EUNAVAILABLE : LR_OK;
}

lr_status lrh_command_status(const struct lrh_run *run, char *const *paths, size_t n, int format)
{
    lr_status worst = LR_OK;

    for (size_t i = 0; i < n; i++) {
        struct lrh_problems problems = {0};
        struct lrh_pipeline *pipeline = NULL;
        lr_status status = identify(run, paths[i], &problems, &pipeline);

        if (status == LR_OK)
            status = tell(pipeline, paths[i], format, &problems);
        lrh_problems_print(&problems, stderr);
        lrh_problems_finish(&problems);
        worst = worst == LR_OK ? status : worst;
        lrh_pipeline_destroy(pipeline);
    }
    return worst;
}
