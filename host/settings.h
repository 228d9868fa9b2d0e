/* SPDX-License-Identifier: MIT
 *
 * The host's own options, as tables of the same form as a plugin's: [pipeline], and the keys
 * that the host reads in every section that names a plugin.
 */
#ifndef LRHOST_SETTINGS_H
#define LRHOST_SETTINGS_H

#include "options.h"

/* [pipeline] */
struct lrh_pipeline_settings {
    const char *name; /* NULL: the file's name */
    const char *instance;
    int64_t lanes;
    int32_t guarantee; /* 0 auto, LR_AT_MOST_ONCE ... */
    int32_t on_bad;    /* 0 auto, LRH_BAD_* */
    int32_t on_null;   /* 0 pass, 1 skip, 2 bad */
    int32_t log_level; /* 0 unset, then LR_LOG_ERROR .. by position */
    int64_t max_batch;
    int64_t memory;                             /* bytes, of all lanes together */
    int64_t max_in_flight, max_in_flight_bytes; /* of a lane; less than 1: memory decides */
    int64_t shutdown_timeout_ns;
    int64_t stop_when_idle_ns;
    double max_bad_ratio;
    int64_t bad_window; /* records */
};
extern const struct lrh_options lrh_pipeline_options;

/* What every section with a plugin has. */
struct lrh_part_settings {
    const char *plugin;
};
extern const struct lrh_options lrh_part_options;   /* it must be named */
extern const struct lrh_options lrh_codec_options;  /* text when nothing is said */
extern const struct lrh_options lrh_engine_options; /* streaming when nothing is said */

/* [model] */
struct lrh_model_settings {
    struct lrh_part_settings part;
    int32_t learn;
};
extern const struct lrh_options lrh_model_options;

/* All of them, for `lrhost describe`. */
struct lrh_host_section {
    const char *sections, *summary;
    const struct lrh_options *table;
};
extern const struct lrh_host_section lrh_host_sections[]; /* ends with sections NULL */

#endif
