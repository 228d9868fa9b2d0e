/* SPDX-License-Identifier: MIT
 *
 * lrhost ABI v1: versions, status codes, errors, the module and plugin descriptors.
 *
 * A module is one .so file [module.elf] [module.loads] that nobody but root and the user can have
 * written [module.trusted]. It exports exactly one symbol, lrhost_module_v1 [module.exports], and
 * never links to the host: everything it needs arrives in struct lr_host. A module holds one or
 * more plugins [module.descriptor]; a plugin implements one kind (see source.h, codec.h, engine.h,
 * model.h, sink.h, monitor.h).
 *
 * Rules for every struct of these headers:
 *  - it begins with `size`, set by whoever fills it to sizeof as compiled there;
 *    new members are appended only; a reader takes the smaller of both sizes and
 *    treats what is missing as zero (NULL: hook not offered) [abi.host-size];
 *  - it is never embedded by value in another one; arrays of growing structs travel
 *    with their element size. struct lr_position, lr_span, lr_bytes, lr_header and
 *    lr_pair have no size: they are frozen for good;
 *  - members have fixed width; enum and bool do not occur; reserved members are 0.
 *
 * Tags in the comments of every function:
 *  [required] or [optional: what its absence means],
 *  [main] called on the pipeline's main thread, [lane] on the lane's own thread,
 *  [any] from any thread, also at the same time.
 * Pointers given to a function are borrowed until it returns unless the comment says
 * otherwise. Times are nanoseconds; "wall" is since the Unix epoch, UTC.
 *
 * Words in brackets with a dot in them, such as [life.instances], name rules that `lrhost verify`
 * checks; `lrhost verify --list` prints them all. For every plugin: it does not end the process
 * [process.exit], and valgrind finds nothing in it [memory.valgrind].
 */
#ifndef LRHOST_ABI_H
#define LRHOST_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The ABI these headers describe. A module states the range it can live with. */
#define LRHOST_ABI 1u

/* ---- status ---------------------------------------------------------------------
 * 0: done. Positive: an ordinary outcome of the function that documents it.
 * Negative: an error; the function filled its struct lr_error with a sentence [error.sentence].
 * A function returns what its comment says, or an error [status.range]. */
typedef int32_t lr_status;

#define LR_OK 0
#define LR_AGAIN 1     /* nothing now, or no room now; ask later */
#define LR_END 2       /* no more, ever; lane.read: the plan is done, or the source ended */
#define LR_FULL 3      /* lane.read: every batch of the lane is in the engine's hands */
#define LR_RESET 4     /* lane verbs: discard what you hold, forget your plan, start over */
#define LR_REBALANCE 5 /* source.poll: see the event; streams change owner */
#define LR_ABORT 6     /* sink.commit: the transaction cannot commit; abort and replay */
#define LR_IN_DOUBT 7  /* sink.commit: may or may not have happened; restart the sink */

#define LR_EINTERNAL (-1)    /* a defect, ours or the plugin's                  exit 70 */
#define LR_ENOMEM (-2)       /* out of memory                                   exit 70 */
#define LR_ECONFIG (-3)      /* a setting is wrong or cannot be honoured        exit 78 */
#define LR_EDATA (-4)        /* the data is wrong, or gone                      exit 65 */
#define LR_EUNAVAILABLE (-5) /* a broker, file or device cannot be reached      exit 69 */
#define LR_EFENCED (-6)      /* replaced by another instance, or given up       exit 75 */
#define LR_EUNTRUSTED (-7)   /* a module that must not be loaded                exit 77 */
#define LR_EUSAGE (-8)       /* the command line                                exit 64 */

/* A sentence for the person who reads it: what happened, where, what to do. Owned by
 * the caller of the function that fills it; bounded; always NUL-terminated. */
struct lr_error {
    uint32_t size; /* sizeof(struct lr_error) of the owner */
    uint32_t reserved;
    char text[1016];
};

/* ---- options --------------------------------------------------------------------
 * A plugin's options are one const table [options.table]. The host parses, checks, documents and
 * suggests from it, and writes the values, typed, into memory of `settings_size` bytes
 * that it hands to create(); it lives until after destroy(). */
#define LR_OPT_BOOL 1     /* int32_t       yes|no|true|false|on|off|1|0 */
#define LR_OPT_INT 2      /* int64_t       12  -3  1_000_000 */
#define LR_OPT_FLOAT 3    /* double        0.5  1e-3 */
#define LR_OPT_SIZE 4     /* int64_t       bytes: 64MiB  1GB  512 */
#define LR_OPT_DURATION 5 /* int64_t       nanoseconds: 100ms  1.5s  2min  1h  0 */
#define LR_OPT_STRING 6   /* const char * */
#define LR_OPT_ENUM 7     /* int32_t       index into `choices` */
#define LR_OPT_PATH 8     /* const char *  absolute, or made so from the INI file's folder */
#define LR_OPT_LIST 9     /* const char *const *  comma separated, NULL-terminated */
#define LR_OPT_SECRET 10  /* const char *  from file:PATH or env:NAME; never printed */
#define LR_OPT_PREFIX                                                                              \
    11 /* const struct lr_pair *  every key that begins with `name`,                               \
          the name cut off, ended by an entry whose name is NULL */

#define LR_OPT_REQUIRED 1u /* an error where it is missing */
#define LR_OPT_ADVANCED 2u /* documented after the ordinary ones */
#define LR_OPT_RELOAD 4u   /* a changed value is taken over at SIGHUP */

/* What an INT, SIZE, DURATION without value and default holds; a FLOAT holds NaN, a BOOL 0, an
 * ENUM -1, the pointer types NULL (PREFIX: an empty list). */
#define LR_UNSET INT64_MIN

struct lr_option {
    const char *name;    /* as written in the INI file; LR_OPT_PREFIX: with its dot */
    const char *doc;     /* one or two sentences, no trailing full stop needed */
    const char *initial; /* default, as text, parsed by the same rules; NULL: none */
    const char *range;   /* "1..1024", "0..", "..1"; bounds as text of the type; NULL: any */
    const char *choices; /* LR_OPT_ENUM: "auto|key|input" */
    uint32_t type;       /* LR_OPT_* */
    uint32_t flags;      /* LR_OPT_REQUIRED ... */
    uint32_t offset;     /* offsetof(struct settings, member) */
    uint32_t reserved;
};

struct lr_pair { /* frozen */
    const char *name;
    const char *value;
};

/* What a pipeline promises for each record. */
#define LR_AT_MOST_ONCE 1
#define LR_AT_LEAST_ONCE 2
#define LR_EXACTLY_ONCE 3

/* Where check() puts what it finds. */
#define LR_READS 1
#define LR_WRITES 2
#define LR_PROCESS_ONLY                                                                            \
    1u /* lives in this process alone: who reads it needs a pipeline of the                        \
          same command that writes it */
#define LR_BY_NAME                                                                                 \
    2u /* knows this process by the names of pipeline and instance: a second                       \
          process of the same names on this host is refused */

struct lr_report {
    uint32_t size;
    uint32_t reserved;
    void *ctx;
    /* One wrong setting: the option's name as written ("kafka.linger.ms"), and a sentence
     * without file and line, which the host adds. Call it once for each mistake. */
    void (*problem)(void *ctx, const char *option, const char *message);
    /* The same for something that works but is unwise. */
    void (*warning)(void *ctx, const char *option, const char *message);
    /* A resource the instance will read or write, "topic:orders", "file:/tmp/x", "stdin:";
     * lets the host see that pipelines of one command fit together: one that is written must
     * not be written twice where it is a file, and standard input has one reader. `flags`:
     * LR_PROCESS_ONLY, LR_BY_NAME. */
    void (*touches)(void *ctx, int32_t direction, const char *resource, uint32_t flags);
    int32_t guarantee; /* of the pipeline: LR_AT_MOST_ONCE ...; 0: not known yet */
    int32_t reserved2;
};

/* ---- descriptors ---------------------------------------------------------------- */
#define LR_SOURCE 1
#define LR_CODEC 2
#define LR_ENGINE 3
#define LR_MODEL 4
#define LR_SINK 5
#define LR_MONITOR 6

struct lr_host; /* host.h */

#define LR_TOPICS_CREATE 1
#define LR_TOPICS_LIST 2
#define LR_TOPICS_DELETE 3

/* One plugin. Life of an instance:
 *
 *     check?  create -> start -> (kind's functions) -> stop -> destroy
 *                 \________________________________/^      /
 *                              a failed create ends here: nothing more is called
 *
 * stop is called whenever start was, also when start failed [life.stop]. Sources, codecs, engines
 * and sinks have one instance per lane: created and destroyed on [main], started, used
 * and stopped on that lane's thread [life.threads]. Models and monitors have one instance per
 * pipeline and live on [main], except where their header says otherwise. Instances share nothing
 * that one of them could spoil [life.instances], and a process may hold one after the other
 * [life.thousand] [leak.memory] [leak.files] [leak.threads]. */
struct lr_plugin {
    uint32_t size;
    uint32_t kind;       /* LR_SOURCE ... */
    const char *name;    /* what `plugin =` says; the module's file name for its first one */
    const char *summary; /* one line */
    const struct lr_option *options;
    uint32_t option_size; /* sizeof(struct lr_option) */
    uint32_t n_options;
    uint32_t settings_size;
    uint32_t reserved;
    const void *ops; /* struct lr_source, lr_codec, ... as `kind` says */

    /* [optional: the table says it all] [main] Judges settings beyond the table. No side
     * effect, no network, no instance [check.quiet]. `lanes`: the pipeline's lanes. */
    void (*check)(const void *settings, uint32_t lanes, const struct lr_report *report);

    /* [required] [main] Makes an instance [life.create]. No threads and no I/O here
     * [create.threads] [create.io]. `host` and `settings` stay valid until destroy returned.
     * *ret_self is untouched on failure [create.self]; without memory it fails and leaves nothing
     * behind [create.memory] [create.leak]. */
    lr_status (*create)(const struct lr_host *host, const void *settings, void **ret_self,
                        struct lr_error *err);

    /* [optional: nothing to start] [lane], models and monitors [main]. Opens, connects,
     * trains [life.start]. May block; then it asks host->stopping at least every 100 ms
     * [start.stopping]. Without memory it fails, and stop follows [start.memory]. What the kind
     * offers works from here to stop [life.use]. */
    lr_status (*start)(void *self, struct lr_error *err);

    /* [optional] Same thread as start. Gives back what start took: leaves the group, closes
     * files. Everything that was to be settled has been, or is given up [sink.stop]. Bounded by
     * deadline_ns on host->monotonic_ns [stop.deadline]. */
    void (*stop)(void *self, int64_t deadline_ns);

    /* [required] [main] With and without a start before it [life.destroy]. NULL is harmless
     * [destroy.null]. */
    void (*destroy)(void *self);

    /* [optional: has no topics] [main] `lrhost topics create|list|delete FILE`. Says what it
     * did through host->log at LR_LOG_NOTICE. `verb`: LR_TOPICS_*. */
    lr_status (*topics)(const struct lr_host *host, const void *settings, int32_t verb,
                        struct lr_error *err);
};

struct lr_module {
    uint32_t size;
    uint32_t abi_min;   /* lowest ABI whose host can run this module */
    uint32_t abi_built; /* LRHOST_ABI when it was compiled */
    uint32_t n_plugins;
    const char *name;    /* the file name without .so */
    const char *version; /* the module's own, free text */
    const char *license; /* SPDX expression */
    const struct lr_plugin *const *plugins;
};

/* The one exported symbol. [main] Called once per process; returns a pointer to static
 * memory that stays valid for good (modules are never unloaded), or NULL to decline. */
typedef const struct lr_module *(*lr_module_fn)(uint32_t host_abi);
#define LRHOST_MODULE_SYMBOL "lrhost_module_v1"

/* The ABI range once more, as an ELF note that the host reads before any code of the
 * module can run: name "lrhost", type 1, descriptor {abi_min, abi_built}. */
#define LRHOST_NOTE_TYPE 1u
struct lr_abi_note {
    uint32_t namesz, descsz, type;
    char name[8];
    uint32_t abi_min, abi_built;
};

#if defined(__cplusplus)
#define LRHOST_EXTERN_C extern "C"
#else
#define LRHOST_EXTERN_C extern
#endif

/* Writes the note and the entry point of a module. `descriptor`: struct lr_module. */
#define LRHOST_MODULE(descriptor, lowest_abi)                                                      \
    LRHOST_EXTERN_C __attribute__((visibility("hidden")))                                          \
    const struct lr_abi_note lrhost_abi_note;                                                      \
    __attribute__((section(".note.lrhost"), used, aligned(4)))                                     \
    const struct lr_abi_note lrhost_abi_note = {                                                   \
        7, 8, LRHOST_NOTE_TYPE, "lrhost", (lowest_abi), LRHOST_ABI};                               \
    LRHOST_EXTERN_C __attribute__((visibility("default"))) const struct lr_module *                \
    lrhost_module_v1(uint32_t host_abi);                                                           \
    const struct lr_module *lrhost_module_v1(uint32_t host_abi)                                    \
    {                                                                                              \
        return host_abi >= (lowest_abi) ? &(descriptor) : NULL;                                    \
    }

#ifdef __cplusplus
}
#endif
#endif
