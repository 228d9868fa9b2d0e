/* SPDX-License-Identifier: MIT
 *
 * A plugin under test, as a pipeline would hold it: its module is loaded from
 * $BUILD/plugins/NAME.so through the one exported symbol, its settings are made by the host's own
 * option code, and the host table below notes what it is told.
 */
#ifndef TESTS_PLUG_H
#define TESTS_PLUG_H

#include <lrhost/lrhost.h>

#define PLUG_SETTLES 4096
#define PLUG_LOGS 64
#define PLUG_CELLS 8

struct plug_settle {
    uint64_t token;
    uint32_t count;
    int32_t outcome;
};

struct plug {
    const struct lr_plugin *plugin;
    void *self;
    struct lr_error err;
    struct lr_host host;
    struct lrh_settings *settings;
    /* What the host table answers. */
    int64_t wall_ns, monotonic_ns;
    int32_t stopping;
    /* What it was told. */
    struct plug_settle settles[PLUG_SETTLES];
    uint32_t n_settles;
    uint64_t delivered; /* records */
    char logs[PLUG_LOGS][512];
    uint32_t n_logs;
    int64_t cells[PLUG_CELLS];
    uint32_t n_cells;
    uint32_t n_problems; /* of check */
    char problem[256];   /* the last one's option and sentence */
};

/* What the pipeline of the plugins to come promises; 0: the host does not say. */
extern int32_t plug_guarantee;

/* Finds the plugin of a kind in a module; fails the test when there is none. */
const struct lr_plugin *plug_find(const char *module, uint32_t kind);

/* Settings from "key=value" lines, then check, then create. `lanes` 0 counts as 1. */
lr_status plug_create(struct plug *plug, const char *module, uint32_t kind, const char *settings,
                      uint32_t lane, uint32_t lanes);
lr_status plug_start(struct plug *plug);
void plug_stop(struct plug *plug);
/* Harmless twice, and on a zeroed object. */
void plug_destroy(struct plug *plug);

/* A log line that contains `text`, or NULL. */
const char *plug_logged(const struct plug *plug, const char *text);

/* A whole file as a string (static memory), "" when there is none. */
const char *plug_file(const char *path);
/* The text after `"key": ` in a flat JSON file, up to the line's end, without a comma or quotes
 * (static memory); "" when there is none. */
const char *plug_json(const char *path, const char *key);
void plug_save(const char *path, const void *data, size_t len);
/* Puts a descriptor into the place of another; returns what brings back what was there. */
int plug_place(int fd, int place);
void plug_put_back(int kept, int place);
/* A fresh folder below $TMPDIR (static memory). */
const char *plug_folder(void);

#endif
