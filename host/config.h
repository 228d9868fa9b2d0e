/* SPDX-License-Identifier: MIT
 *
 * INI text -> sections, keys and values, each with the file and line it came from. Knows no
 * plugin. ${NAME} and ${NAME:-default} are replaced here; --set comes on top.
 */
#ifndef LRHOST_CONFIG_H
#define LRHOST_CONFIG_H

#include <lrhost/abi.h>

#include "problems.h"

struct lrh_entry {
    const char *key;
    const char *value; /* environment replaced, blanks at the ends trimmed */
    const char *file;  /* as given on the command line; "--set" for an override */
    uint32_t line;     /* 0 for an override */
};

struct lrh_section {
    const char *name;
    const char *file;
    uint32_t line; /* of its [header] */
    uint32_t n_entries;
    struct lrh_entry *entries; /* in file order, keys unique */
};

struct lrh_config {
    const char *path;   /* as given */
    const char *folder; /* absolute; relative paths start here */
    uint32_t n_sections;
    struct lrh_section *sections; /* in file order, names unique */
    void *memory;                 /* private */
};

/* An override: "section.key=value". The section ends at the first dot, the key at the '='. */
struct lrh_override {
    const char *text;
};

/* Reads `path` ("-": standard input). Everything wrong with the text goes into `problems`,
 * and then LR_ECONFIG is returned; *ret_config is NULL on any failure to read at all, else a
 * configuration of what could be read, so that later checks can add their findings. Both
 * are to be destroyed by the caller. */
lr_status lrh_config_load(const char *path, const struct lrh_override *overrides,
                          size_t n_overrides, struct lrh_problems *problems,
                          struct lrh_config **ret_config);
void lrh_config_destroy(struct lrh_config *config);

/* NULL when there is none. */
const struct lrh_section *lrh_config_section(const struct lrh_config *config, const char *name);
const struct lrh_entry *lrh_section_entry(const struct lrh_section *section, const char *key);

#endif
