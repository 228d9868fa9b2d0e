/* SPDX-License-Identifier: MIT
 *
 * See settings.h.
 */
#include "settings.h"

#include <stddef.h>

#define TABLE(type, table)                                                                         \
    {                                                                                              \
        table, sizeof(struct lr_option), sizeof table / sizeof table[0], sizeof(struct type)       \
    }

#define AT(member) offsetof(struct lrh_pipeline_settings, member)
static const struct lr_option pipeline_table[] = {
    {.name = "name",
     .type = LR_OPT_STRING,
     .offset = AT(name),
     .doc = "Name of the pipeline in logs, metrics and client ids; default: the file's name"},
    {.name = "instance",
     .type = LR_OPT_STRING,
     .offset = AT(instance),
     .doc = "Name of this process among those that run the pipeline; default: the host's name"},
    {.name = "lanes",
     .type = LR_OPT_INT,
     .initial = "1",
     .range = "1..1024",
     .offset = AT(lanes),
     .doc = "Independent copies of source, codec, engine and sink, each on a thread of its own"},
    {.name = "guarantee",
     .type = LR_OPT_ENUM,
     .initial = "auto",
     .choices = "auto|at_most_once|at_least_once|exactly_once",
     .offset = AT(guarantee),
     .doc = "What a record may suffer; auto is at_least_once where the source can be read again, "
            "else at_most_once. One that source and sink cannot give is refused"},
    {.name = "on_bad_record",
     .type = LR_OPT_ENUM,
     .initial = "auto",
     .choices = "auto|dead_letter|skip|fail",
     .offset = AT(on_bad),
     .doc = "What becomes of a record that cannot be read; auto is dead_letter where there is a "
            "[dead_letter] section, and must be chosen where there is none"},
    {.name = "max_bad_ratio",
     .type = LR_OPT_FLOAT,
     .initial = "0.5",
     .range = "0..1",
     .offset = AT(max_bad_ratio),
     .doc = "A lane stops (exit 65, which no supervisor restarts) when more than this part of its "
            "last bad_window records was bad: it reads the wrong topic, or as the wrong format. 1: "
            "never"},
    {.name = "bad_window",
     .type = LR_OPT_INT,
     .initial = "1000",
     .range = "1..",
     .offset = AT(bad_window),
     .flags = LR_OPT_ADVANCED,
     .doc = "How many records are looked at together for max_bad_ratio"},
    {.name = "on_null",
     .type = LR_OPT_ENUM,
     .initial = "pass",
     .choices = "pass|skip|bad",
     .offset = AT(on_null),
     .doc = "What becomes of a record without a value: passed on unscored, left out, or bad"},
    {.name = "max_batch",
     .type = LR_OPT_INT,
     .initial = "1024",
     .range = "1..1048576",
     .offset = AT(max_batch),
     .doc = "Most records that a lane handles at once"},
    {.name = "memory",
     .type = LR_OPT_SIZE,
     .initial = "256MiB",
     .range = "1MiB..",
     .offset = AT(memory),
     .doc = "What all lanes together may use for records that were read ahead and records that are "
            "written and not yet settled, a half each, client library included; the process itself "
            "needs some 10 MiB more. Brokers that are far away may want more of it"},
    {.name = "max_in_flight",
     .type = LR_OPT_INT,
     .range = "1..",
     .offset = AT(max_in_flight),
     .flags = LR_OPT_ADVANCED,
     .doc = "Most records of a lane that are written and not yet settled; then writing waits. "
            "Default: what memory allows, at most 100000"},
    {.name = "max_in_flight_bytes",
     .type = LR_OPT_SIZE,
     .range = "1..",
     .offset = AT(max_in_flight_bytes),
     .flags = LR_OPT_ADVANCED,
     .doc = "The same, in bytes of output. Default: what memory allows"},
    {.name = "shutdown_timeout",
     .type = LR_OPT_DURATION,
     .initial = "30s",
     .range = "0..",
     .offset = AT(shutdown_timeout_ns),
     .doc = "How long a stop waits for what was written to be settled"},
    {.name = "stop_when_idle",
     .type = LR_OPT_DURATION,
     .range = "1ms..",
     .offset = AT(stop_when_idle_ns),
     .doc = "Ends the pipeline when, after its first record, none arrived for so long; for "
            "scripts and demos"},
    {.name = "log_level",
     .type = LR_OPT_ENUM,
     .initial = "unset",
     .choices = "unset|error|warning|notice|info|debug",
     .flags = LR_OPT_RELOAD,
     .offset = AT(log_level),
     .doc = "How much is logged; --log-level wins"},
};
#undef AT
const struct lrh_options lrh_pipeline_options = TABLE(lrh_pipeline_settings, pipeline_table);

#define PLUGIN_DOC                                                                                 \
    "Which plugin: a name (lrhost list shows them) or a path to a .so with a slash in it"

static const struct lr_option part_table[] = {
    {.name = "plugin",
     .type = LR_OPT_STRING,
     .flags = LR_OPT_REQUIRED,
     .offset = offsetof(struct lrh_part_settings, plugin),
     .doc = PLUGIN_DOC},
};
const struct lrh_options lrh_part_options = TABLE(lrh_part_settings, part_table);

static const struct lr_option codec_table[] = {
    {.name = "plugin",
     .type = LR_OPT_STRING,
     .initial = "text",
     .offset = offsetof(struct lrh_part_settings, plugin),
     .doc = PLUGIN_DOC "; none: bytes pass through"},
};
const struct lrh_options lrh_codec_options = TABLE(lrh_part_settings, codec_table);

static const struct lr_option engine_table[] = {
    {.name = "plugin",
     .type = LR_OPT_STRING,
     .initial = "streaming",
     .offset = offsetof(struct lrh_part_settings, plugin),
     .doc = PLUGIN_DOC},
};
const struct lrh_options lrh_engine_options = TABLE(lrh_part_settings, engine_table);

static const struct lr_option model_table[] = {
    {.name = "plugin",
     .type = LR_OPT_STRING,
     .flags = LR_OPT_REQUIRED,
     .offset = offsetof(struct lrh_model_settings, part.plugin),
     .doc = PLUGIN_DOC "; none: nothing is scored, as without the section"},
    {.name = "learn",
     .type = LR_OPT_BOOL,
     .initial = "no",
     .offset = offsetof(struct lrh_model_settings, learn),
     .doc = "Learn from each batch after it was predicted (prequential); lanes = 1"},
};
const struct lrh_options lrh_model_options = TABLE(lrh_model_settings, model_table);

const struct lrh_host_section lrh_host_sections[] = {
    {"pipeline", "What holds for the pipeline as a whole", &lrh_pipeline_options},
    {"source, sink, dead_letter, monitor", "Besides the options of their plugin",
     &lrh_part_options},
    {"codec", "Besides the options of its plugin", &lrh_codec_options},
    {"engine", "Besides the options of its plugin", &lrh_engine_options},
    {"model", "Besides the options of its plugin", &lrh_model_options},
    {NULL, NULL, NULL},
};
