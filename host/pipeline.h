/* SPDX-License-Identifier: MIT
 *
 * A pipeline: what one INI file describes, from its text to its last commit.
 *
 *   pipeline_load.c   resolve: plugins and typed settings, or every mistake at once
 *   pipeline_check.c  judge what was resolved: guarantee, bad records
 *   pipeline_fit.c    do several pipelines fit together?
 *   pipeline_create.c instances, and how they are wired
 *   pipeline.c        start, run, stop: the lanes' threads
 *   reload.c          a new model beside the old one
 *   snapshot.c        what monitors see
 *   instance.c        the host table of one plugin instance
 *
 * Order: create all; start the lanes' threads, which start source and sink (so that a consumer
 * joins its group while the model trains on the main thread); run when all are ready; stop in
 * reverse.
 */
#ifndef LRHOST_PIPELINE_H
#define LRHOST_PIPELINE_H

#include <lrhost/lrhost.h>
#include <pthread.h>

#include "arena.h"
#include "config.h"
#include "lane.h"
#include "loader.h"
#include "log.h"
#include "options.h"
#include "settings.h"

/* The parts of a pipeline, in the order data flows. */
#define LRH_PART_SOURCE 0
#define LRH_PART_CODEC 1
#define LRH_PART_ENGINE 2
#define LRH_PART_MODEL 3
#define LRH_PART_SINK 4
#define LRH_PART_DEAD 5
#define LRH_PART_MONITOR 6
#define LRH_PARTS 7

struct lrh_part {
    const char *section;            /* "source" ... */
    const struct lrh_section *text; /* NULL: the section is not there */
    struct lrh_settings *own;       /* the host's keys: lrh_part_options and its like */
    const char *name;               /* what `plugin =` says, or the default */
    const struct lr_plugin *plugin; /* NULL: none */
    struct lrh_settings *settings;  /* the plugin's */
    struct lrh_entry said;          /* what the command line says to it, */
    struct lrh_section asked;       /* and a section that holds it */
};

/* A resource that a part reads or writes (struct lr_report). */
struct lrh_touch {
    const char *resource;
    const char *section;
    int32_t direction;
    uint32_t flags;
    int identity_fd; /* holds our name there (identity.h); -1: not held */
};

/* Where a lane's work stands. */
#define LRH_WORK_AHEAD 0
#define LRH_WORK_GOES_ON 1
#define LRH_WORK_OVER 2

/* A lane and its instances. */
struct lrh_lane_thread {
    struct lrh_pipeline *pipeline;
    struct lrh_instance *instances[LRH_PARTS]; /* NULL: not per lane, or none */
    struct lrh_lane *lane;
    pthread_t thread;
    int32_t running; /* the thread is to be joined */
    int32_t work;    /* atomic, LRH_WORK_*: the engine's, until what it left is committed */
    int64_t turns, turned_ns; /* as watch.c saw them last */
};

struct lrh_pipeline {
    struct lrh_config *config;
    struct lrh_settings *own;
    const struct lrh_pipeline_settings *settings;
    struct lrh_part parts[LRH_PARTS];
    char name[128], instance_name[256];
    char stem[256]; /* the file's name without .ini */
    int32_t guarantee, on_bad, on_null;
    int32_t broken_text; /* what seems to be missing may stand where it could not be read */
    int32_t learn;
    int32_t untrusted; /* a module was refused for who could have written it */
    struct lrh_touch *touches;
    uint32_t n_touches;

    /* From here on: a running one. */
    struct lrh_log *log;
    const struct lrh_system *system;
    uint32_t n_lanes;
    struct lrh_lane_thread *lanes;
    struct lrh_instance *model_instance, *monitor_instance;
    struct lrh_model_part *model;     /* present one; lanes read the pointer with acquire */
    struct lrh_pipeline *model_owner; /* whose settings the model uses; NULL: this one's */
    struct lrh_retired *retired;      /* replaced models that a lane may still use */
    struct lr_schema schema;
    struct lrh_arena memory; /* resources; names of the schema: codecs keep them, models go */
    int32_t decode, encode;
    pthread_t main;            /* creates, trains, destroys */
    void (*attend)(void *ctx); /* looks for signals while a model trains; NULL: none */
    void *attend_ctx;
    int64_t attend_due_ns;

    pthread_mutex_t mutex; /* the members below, and every instance's metrics */
    pthread_cond_t turn;
    uint32_t n_started, n_finished;
    uint32_t n_closed;  /* lanes whose work is over: settled and committed, or given up */
    int64_t closed_ns;  /* the last of them */
    int64_t stopped_ns; /* of the stop; main thread */
    int32_t go;         /* 0 wait, 1 run, -1 give up */
    lr_status status;   /* first error */
    struct lr_error error;
    struct lrh_progress_note *notes; /* progress records for the monitor, newest last */
    uint32_t n_notes;

    int32_t stopping;    /* atomic */
    int64_t deadline_ns; /* atomic; of a stop, monotonic */
    int32_t state;       /* LR_STATE_*, main thread */
    int64_t snapshot_due_ns;
    int wake_fd; /* the supervisor's; a finished lane writes to it */
};

/* What the command line said, for every pipeline of the process. */
struct lrh_run {
    struct lrh_loader *loader;
    struct lrh_log *log;
    const struct lrh_override *overrides;
    size_t n_overrides;
    int32_t log_level;  /* 0: the files decide */
    int32_t quiet;      /* monitors that have an option `quiet` get it */
    const char *rewind; /* sources that have an option `rewind` get it; NULL: not asked */
};

/* ---- pipeline_load.c, pipeline_check.c, pipeline_fit.c ---- */

/* Adds a problem at the place of a key, or of its section, or of the file. */
__attribute__((format(printf, 5, 6))) void
lrh_pipeline_problem(const struct lrh_pipeline *pipeline, struct lrh_problems *problems,
                     const char *section, const char *key, const char *format, ...);

/* Reads and judges one file. Everything wrong goes to `problems`. Starts nothing, touches no
 * network. LR_EUNTRUSTED when a module is not trusted, else LR_ECONFIG or LR_ENOMEM.
 * *ret_pipeline is set when there is anything to add findings to. */
lr_status lrh_pipeline_load(const struct lrh_run *run, const char *path,
                            struct lrh_problems *problems, struct lrh_pipeline **ret_pipeline);
/* The file's text and [pipeline], so that its names are known; loads no plugin. Mistakes of the
 * text go to `problems` and are no failure, as long as it could be read. Part of load. */
lr_status lrh_pipeline_identify(const struct lrh_run *run, const char *path,
                                struct lrh_problems *problems, struct lrh_pipeline **ret_pipeline);
/* Judges guarantee, bad-record policy and whether the parts fit. Part of load. */
void lrh_pipeline_judge(struct lrh_pipeline *pipeline, struct lrh_problems *problems);
/* Can what the command line asks for be done? Part of load. */
void lrh_pipeline_judge_rewind(const struct lrh_pipeline *pipeline, const struct lrh_run *run,
                               struct lrh_problems *problems);
/* Do the pipelines of one command fit together? Names the command that would. */
void lrh_pipelines_judge(const struct lrh_run *run, struct lrh_pipeline *const *pipelines, size_t n,
                         struct lrh_problems *problems);
void lrh_pipeline_destroy(struct lrh_pipeline *pipeline);

const char *lrh_guarantee_name(int32_t guarantee);
/* Bytes for what one lane reads ahead; as many are for what it has in flight. */
int64_t lrh_pipeline_budget(const struct lrh_pipeline *pipeline);

/* ---- pipeline_create.c ---- */

/* Instances of everything. */
lr_status lrh_pipeline_create(struct lrh_pipeline *pipeline, struct lrh_log *log,
                              const struct lrh_system *system, int wake_fd, struct lr_error *err);
/* ---- pipeline.c ---- */

/* Lanes' threads, which start source and sink. On failure the lanes end by themselves; join
 * as ever. */
lr_status lrh_pipeline_start(struct lrh_pipeline *pipeline, struct lr_error *err);
/* Trains the model meanwhile, then starts the monitor. The same on failure. A stop on the way is
 * none. */
lr_status lrh_pipeline_train(struct lrh_pipeline *pipeline, struct lr_error *err);
/* Lets the lanes run when all of them are ready; returns 1 when it did. */
int lrh_pipeline_go(struct lrh_pipeline *pipeline);
/* The first error of any lane so far, and its sentence (`err` may be NULL). */
lr_status lrh_pipeline_failed(struct lrh_pipeline *pipeline, struct lr_error *err);
/* Asks all lanes to stop; `timeout_ns` for what is in flight. */
void lrh_pipeline_stop(struct lrh_pipeline *pipeline, int64_t timeout_ns);
/* A time that lies `timeout_ns` (0 ..) after `now_ns`, however long that is. */
static inline int64_t lrh_later(int64_t now_ns, int64_t timeout_ns)
{
    return timeout_ns < INT64_MAX - now_ns ? now_ns + timeout_ns : INT64_MAX;
}
/* Since when every lane's work is over and only its clients have to end; INT64_MAX: it is not. */
int64_t lrh_pipeline_closed(struct lrh_pipeline *pipeline);
/* Every lane is done (or never was). */
int lrh_pipeline_finished(struct lrh_pipeline *pipeline);
/* Joins the threads and stops the rest. Returns the first error of any lane. */
lr_status lrh_pipeline_join(struct lrh_pipeline *pipeline, struct lr_error *err);

/* ---- reload.c ---- */

/* A new model from `fresh` (the same file, read again) beside the old one; lanes take it up at
 * their next batch or plan. On failure the old one stays. Takes `fresh` in any case. */
lr_status lrh_pipeline_reload(struct lrh_pipeline *pipeline, struct lrh_pipeline *fresh,
                              struct lr_error *err);
/* Destroys replaced models that no lane uses any more; with `all`, every one. */
void lrh_pipeline_retire(struct lrh_pipeline *pipeline, int all);

/* ---- snapshot.c ---- */

/* Totals and lag over all lanes; fills nothing else of the snapshot. Returns the monotonic time of
 * the last record, 0: none yet. */
int64_t lrh_pipeline_sum(const struct lrh_pipeline *pipeline, struct lr_snapshot *snapshot);
/* Snapshot and progress to the monitor if due or `now`; idle stop. Returns when it wants to be
 * called again (monotonic ns). */
int64_t lrh_pipeline_tick(struct lrh_pipeline *pipeline, int now);
/* Keeps a copy of a progress record for the monitor. [lane] */
void lrh_pipeline_note(struct lrh_pipeline *pipeline, const struct lr_progress *progress);

/* ---- instance.c ---- */

struct lrh_instance {
    struct lr_host host;
    struct lrh_pipeline *pipeline;
    struct lrh_lane *lane; /* NULL for models and monitors */
    const struct lr_plugin *plugin;
    const char *section;
    void *self;
    int32_t lane_number; /* -1: one for the whole pipeline */
    int32_t started;     /* start was called: stop is due */
    int32_t ready;       /* and went well */
    struct lrh_metric_cell *cells;
    int64_t memory; /* bytes taken through host->memory; atomic */
};

struct lrh_metric_cell {
    struct lrh_metric_cell *next;
    int32_t kind;
    char name[96], help[160];
    int64_t value;
};

/* `lane` may be NULL and set later in instance->lane. */
lr_status lrh_instance_create(struct lrh_pipeline *pipeline, const struct lrh_part *part,
                              uint32_t lane, struct lrh_instance **ret_instance,
                              struct lr_error *err);
void lrh_instance_destroy(struct lrh_instance *instance);
lr_status lrh_instance_start(struct lrh_instance *instance, struct lr_error *err);
void lrh_instance_stop(struct lrh_instance *instance, int64_t deadline_ns);
/* Prepends "section 'plugin'" to an error. */
void lrh_instance_context(const struct lrh_instance *instance, struct lr_error *err);

#endif
