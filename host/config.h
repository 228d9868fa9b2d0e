/* SPDX-License-Identifier: MIT
 *
 * INI text -> sections, keys and values, each with the file and line it came from. Knows no
 * plugin. ${NAME} and ${NAME:-default} are replaced here; --set comes on top.
 *
 * The rules, all of them: one [section] or `key = value` (or `key: value`) a line, as long as it
 * needs to be; ';' or '#' in front makes a comment line; blanks in front of a line mean nothing,
 * and a value ends with its line; expand.h says what a value may hold. Sections and keys occur
 * once. A byte-order mark and CRLF line ends are fine.
 */
#ifndef LRHOST_CONFIG_H
#define LRHOST_CONFIG_H

#include <lrhost/abi.h>
#include <string.h>

#include "problems.h"

#define LRH_CONFIG_BYTES (16u << 20) /* a larger file is not an INI file */
#define LRH_CONFIG_LINES 10000u      /* sections and keys together */
#define LRH_CONFIG_NAME 49u          /* longest section name, bytes (what inih keeps) */
#define LRH_CONFIG_KEY 128u          /* longest key, bytes */

struct lrh_entry {
    const char *key;
    const char *value;    /* environment replaced, blanks at the ends trimmed */
    const char *file;     /* as given on the command line; "--set" for an override */
    uint32_t line;        /* 0 for an override */
    uint32_t environment; /* not 0: a ${NAME} was replaced in it */
    uint32_t broken;      /* not 0: already reported; the key is there, the value is no use */
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

/* An override: "section.key=value". The section ends at the first dot, the key at the '='. The
 * last one of several for the same key counts. */
struct lrh_override {
    const char *text;
};

/* Reads `path` ("-": standard input). Everything wrong with the text goes into `problems`,
 * and then LR_ECONFIG is returned; *ret_config is NULL on any failure to read at all (which is
 * a problem too), else a configuration of what could be read, so that later checks can add
 * their findings. Both are to be destroyed by the caller. LR_ENOMEM: *ret_config is NULL. */
lr_status lrh_config_load(const char *path, const struct lrh_override *overrides,
                          size_t n_overrides, struct lrh_problems *problems,
                          struct lrh_config **ret_config);

/* The same on a text in memory. `name` stands for the path in messages; `folder` is absolute, or
 * NULL for the working directory. */
lr_status lrh_config_parse(const char *name, const void *text, size_t size, const char *folder,
                           const struct lrh_override *overrides, size_t n_overrides,
                           struct lrh_problems *problems, struct lrh_config **ret_config);
void lrh_config_destroy(struct lrh_config *config);

/* NULL when there is none. */
const struct lrh_section *lrh_config_section(const struct lrh_config *config, const char *name);
static inline const struct lrh_entry *lrh_section_entry(const struct lrh_section *section,
                                                        const char *key)
{
    for (uint32_t i = 0; section && i < section->n_entries; i++)
        if (strcmp(section->entries[i].key, key) == 0)
            return &section->entries[i];
    return NULL;
}

#endif
