/* SPDX-License-Identifier: MIT
 *
 * `lrhost verify`: does a plugin keep the rules of the SDK's headers?
 *
 *   verify.c    arguments -> tests -> an exit code
 *   child.c     one test, one process
 *   report.c    what was found, for people and as JSON
 *   rules.c     every rule: its id, the kinds it is for, its sentence
 *   tests.c     every test: its name, the kinds it is for
 *   kit.c subject.c   what a test uses: findings, batches; instances
 *   hooks.c     counts and fails what a module takes from the C library
 *   module.c life.c use.c   tests of every kind
 *   model.c codec.c sink.c source.c reader.c engine.c monitor.c   tests of one kind
 *
 * A test runs in a child of its own, which loads the module anew, so that a crash, an exit and a
 * call that does not come back are results like any other. Child and parent share one struct
 * lrh_verdict: before each call a test says what it does and which rule a crash would break, so
 * the parent can name both afterwards.
 */
#ifndef LRHOST_VERIFY_H
#define LRHOST_VERIFY_H

#include <lrhost/testing.h>

#include "host/loader.h"
#include "host/system.h"

#define LRH_MAX_FINDINGS 8
#define LRH_MAX_SETTINGS_TEXT 8192
#define LRH_VERIFY_PLUGINS 64
#define LRH_VERIFY_FOLDER 256 /* bytes of the name of a test's folder */
#define LRH_KIND(kind) (1u << (kind))
#define LRH_ANY_KIND 0x7eu
#define LRH_OF_MODULE 1u /* a rule or test of the module as a whole */

struct lrh_finding {
    char rule[48];
    char text[600];
};

/* What a child says; lies in shared memory. */
struct lrh_verdict {
    int32_t done;
    int32_t skipped;
    uint32_t n_findings;
    uint32_t n_plugins; /* test `load` only */
    char rule[48];      /* a crash from now on breaks this one */
    char doing[200];    /* by doing this */
    char note[600];     /* why it was skipped, or what was done */
    struct lrh_finding findings[LRH_MAX_FINDINGS];
    struct {
        uint32_t kind;
        char name[64];
    } plugins[LRH_VERIFY_PLUGINS];
};

/* What the command line asks for. */
struct lrh_verify {
    struct lrh_loader *loader;
    const char *module;
    const char *plugin;  /* NULL: every one */
    const char *only;    /* NULL: every test */
    const char *records; /* a file of records for codecs; NULL: numbers as text */
    const char *options[64];
    uint32_t n_options;
    uint32_t seconds; /* for each test; 0: its own */
    int32_t json, leaks, list, quick;
};

/* One child's work. */
struct lrh_kit {
    const struct lrh_verify *args;
    const struct lr_module *module;
    const struct lr_plugin *plugin;
    struct lrh_verdict *verdict;
    const char *crash_rule;     /* a crash breaks this one, whatever is being done; NULL: as said */
    int32_t guarantee;          /* that instances are made for; 0: the first that does */
    const struct lr_fake *idle; /* an instance that is not used at the moment */
    char scratch[LRH_VERIFY_FOLDER]; /* an empty folder of this test */
    char settings[LRH_MAX_SETTINGS_TEXT];
};

struct lrh_test {
    const char *name;
    uint32_t kinds; /* LRH_KIND bits */
    uint32_t seconds;
    void (*run)(struct lrh_kit *kit);
    const char *what;
};
extern const struct lrh_test lrh_tests[]; /* ends with name NULL */

struct lrh_rule {
    const char *id;
    uint32_t kinds;
    const char *header; /* where it stands */
    const char *sentence;
};
extern const struct lrh_rule lrh_rules[]; /* ends with id NULL */

/* `lrhost verify ...`; prints its results to standard output. LR_EDATA: there are findings. */
extern const char lrh_verify_usage[]; /* of its --help */
lr_status lrh_command_verify(int argc, char **argv, struct lr_error *err);

/* ---- child.c ---- */
#define VALGRIND_EXIT 99
#define VALGRIND_FOLDER "LRHOST_VERIFY_VALGRIND" /* where its reports go; set: it runs */

/* Runs a test of the module's plugin `index` and says what came of it. */
void lrh_run_test(const struct lrh_verify *args, const struct lrh_test *test, uint32_t index,
                  struct lrh_verdict *verdict);
/* A folder below TMPDIR; not 0: none can be made. */
int lrh_make_folder(char *ret_path, size_t size);
void lrh_remove_folder(const char *path);

/* ---- report.c ---- */
struct lrh_verify_totals {
    uint32_t ok, failed, skipped;
};
void lrh_report_begin(const struct lrh_verify *args);
void lrh_report_test(const struct lrh_verify *args, uint32_t kind, const char *plugin,
                     const char *test, const struct lrh_verdict *verdict,
                     struct lrh_verify_totals *totals);
void lrh_report_end(const struct lrh_verify *args, const struct lrh_verify_totals *totals);
void lrh_report_list(const struct lrh_verify *args);

/* ---- kit.c: in a child ---- */
__attribute__((format(printf, 3, 4))) void lrh_finding(struct lrh_kit *kit, const char *rule,
                                                       const char *format, ...);
/* What comes next, and the rule that it would break to crash there or not to come back. */
__attribute__((format(printf, 3, 4))) void lrh_doing(struct lrh_kit *kit, const char *rule,
                                                     const char *format, ...);
/* This test cannot be made here: the child ends. */
__attribute__((noreturn, format(printf, 2, 3))) void lrh_skip(struct lrh_kit *kit,
                                                              const char *format, ...);
__attribute__((format(printf, 2, 3))) void lrh_note(struct lrh_kit *kit, const char *format, ...);
/* The child ends; whatever was found counts. */
__attribute__((noreturn)) void lrh_done(struct lrh_kit *kit);
static inline int64_t lrh_real_ns(void)
{
    return lrh_system_real.monotonic_ns(NULL);
}

/* An instance. One of many, if `lanes` is above 1. */
struct lrh_subject {
    struct lr_fake fake;
    struct lrh_kit *kit;
    struct lr_schema schema; /* a model's; or what a codec is bound to */
    uint32_t given;          /* columns that a codec fills */
    int32_t transactional;   /* a sink that works in transactions only */
    int64_t position;        /* a sink's: where its one stream stands */
    struct lr_stream stream;
    const struct lr_stream *streams[1];
    uint64_t next_token;
    int32_t assigned; /* a source's first event was answered */
};

/* Settings and host; skips where they do not do. */
void lrh_subject_init(struct lrh_kit *kit, struct lrh_subject *subject, uint32_t lane,
                      uint32_t lanes);
/* create, then what comes between create and start: describe, bind. A failure that the settings
 * are to blame for skips the test, another one is a finding and ends it. */
void lrh_subject_create(struct lrh_kit *kit, struct lrh_subject *subject);
void lrh_subject_start(struct lrh_kit *kit, struct lrh_subject *subject);
/* Whether check() is content with the settings under this promise. */
int lrh_can_promise(struct lrh_kit *kit, int32_t guarantee);
/* What a sink stored of its one stream; `unknown` where nothing is. */
int64_t lrh_recover(struct lrh_kit *kit, struct lrh_subject *subject, int64_t unknown);
/* A sink that stores positions is asked for them, as at every assignment. Part of start. */
void lrh_subject_assign(struct lrh_kit *kit, struct lrh_subject *subject);
void lrh_subject_open(struct lrh_kit *kit, struct lrh_subject *subject); /* all of it, one lane */
void lrh_subject_close(struct lrh_kit *kit, struct lrh_subject *subject);
/* What a failed create or start means; returns only where the test can go on. */
void lrh_subject_failed(struct lrh_kit *kit, const struct lrh_subject *subject, lr_status status,
                        const char *what, const char *rule);
/* Uses it a little, as its kind is used. `rule`: what a crash breaks. */
void lrh_use(struct lrh_kit *kit, struct lrh_subject *subject, const char *rule);

static inline const struct lr_model *lrh_model_of(const struct lrh_subject *s)
{
    return s->fake.plugin->ops;
}
static inline const struct lr_codec *lrh_codec_of(const struct lrh_subject *s)
{
    return s->fake.plugin->ops;
}
static inline const struct lr_sink *lrh_sink_of(const struct lrh_subject *s)
{
    return s->fake.plugin->ops;
}
static inline const struct lr_source *lrh_source_of(const struct lrh_subject *s)
{
    return s->fake.plugin->ops;
}

static inline int lrh_same_bits(double x, double y)
{
    uint64_t a, b;

    memcpy(&a, &x, sizeof a);
    memcpy(&b, &y, sizeof b);
    return a == b;
}

/* A batch as the subject's schema wants it; no memory ends the test. */
struct lr_fake_batch *lrh_batch(struct lrh_kit *kit, const struct lrh_subject *subject,
                                struct lr_fake_shape shape, uint64_t seed);
/* A batch for a sink: values, outputs and encoded bytes, which lie in *ret_bytes. Those are given
 * back with the process: a sink that uses them too long is found in the test `borrow`, alone. */
struct lr_fake_batch *lrh_sink_batch(struct lrh_kit *kit, struct lrh_subject *subject,
                                     uint32_t count, struct lr_fake_pages *ret_bytes);
/* The values of a batch for a codec: records it can read. */
void lrh_fill_records(struct lrh_kit *kit, const struct lrh_subject *subject,
                      struct lr_fake_batch *batch);
/* Threads and descriptors of this process. */
uint32_t lrh_count_threads(void);
uint32_t lrh_count_files(void);
uint32_t lrh_count_open(void); /* without events and timers */

/* ---- hooks.c ---- */
struct lrh_hooked {
    uint64_t allocations; /* calls so far */
    int64_t blocks;       /* taken and not given back */
    uint64_t threads;     /* pthread_create */
    uint64_t files;       /* open, fopen, socket ... */
    const char *last_file;
};
/* Watches the module that `inside` points into; 0 when nothing of it could be hooked. */
int lrh_hooks_install(const void *inside);
struct lrh_hooked lrh_hooks_state(void);
/* The n-th allocation from now on fails; 0: none. */
void lrh_hooks_fail(uint64_t nth);
/* `free` where a descriptor names it as its destroy: the hooked one. */
void (*lrh_hooks_free(void (*destroy)(void *)))(void *);

/* ---- tests ---- */
void lrh_test_load(struct lrh_kit *kit);
void lrh_test_create(struct lrh_kit *kit);
void lrh_test_life(struct lrh_kit *kit);
void lrh_test_thousand(struct lrh_kit *kit);
void lrh_test_allocations(struct lrh_kit *kit);
void lrh_test_stop(struct lrh_kit *kit);
void lrh_test_old_host(struct lrh_kit *kit);
void lrh_test_threads(struct lrh_kit *kit);
void lrh_test_instances(struct lrh_kit *kit);
void lrh_test_model_describe(struct lrh_kit *kit);
void lrh_test_model_sizes(struct lrh_kit *kit);
void lrh_test_model_strides(struct lrh_kit *kit);
void lrh_test_model_memory(struct lrh_kit *kit);
void lrh_test_model_values(struct lrh_kit *kit);
void lrh_test_model_exact(struct lrh_kit *kit);
void lrh_test_model_same(struct lrh_kit *kit);
void lrh_test_model_lanes(struct lrh_kit *kit);
void lrh_test_model_learn(struct lrh_kit *kit);
void lrh_test_codec_bind(struct lrh_kit *kit);
void lrh_test_codec_records(struct lrh_kit *kit);
void lrh_test_codec_batches(struct lrh_kit *kit);
void lrh_test_codec_strides(struct lrh_kit *kit);
void lrh_test_codec_hostile(struct lrh_kit *kit);
void lrh_test_codec_bound(struct lrh_kit *kit);
void lrh_test_sink_settles(struct lrh_kit *kit);
void lrh_test_sink_borrow(struct lrh_kit *kit);
void lrh_test_sink_pressure(struct lrh_kit *kit);
void lrh_test_sink_stops(struct lrh_kit *kit);
void lrh_test_sink_transactions(struct lrh_kit *kit);
void lrh_test_sink_kill(struct lrh_kit *kit);
void lrh_test_source_polls(struct lrh_kit *kit);
void lrh_test_source_limits(struct lrh_kit *kit);
void lrh_test_source_borrow(struct lrh_kit *kit);
void lrh_test_source_replay(struct lrh_kit *kit);
void lrh_test_source_commit(struct lrh_kit *kit);
void lrh_test_source_lanes(struct lrh_kit *kit);
void lrh_test_engine_flow(struct lrh_kit *kit);
void lrh_test_engine_verbs(struct lrh_kit *kit);
void lrh_test_engine_stop(struct lrh_kit *kit);
void lrh_test_monitor_snapshots(struct lrh_kit *kit);

#endif
