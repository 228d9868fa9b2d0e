/* SPDX-License-Identifier: MIT
 *
 * A folder of segments, shared by the lanes of this process and by nobody else: its lock, its
 * position file, and the one moment in which a transaction becomes true. See store.c.
 */
#ifndef FILE_STORE_H
#define FILE_STORE_H

#include "names.h"

struct store;

/* What a transaction does to one stream. */
struct store_change {
    const char *key;
    int64_t stored; /* what was stored when the transaction began, -1: nothing */
    int64_t next;
};

/* A segment that appears with it. */
struct store_segment {
    const struct store *store; /* whose folder: the main one, or that of the dead letters */
    char part[NAME_ROOM], name[NAME_ROOM];
};

#define STORE_NOT_YET 0   /* nothing happened */
#define STORE_IN_DOUBT 1  /* the next start finds out */
#define STORE_COMMITTED 2 /* it happened; names may still be owed */

/* Opens, locks and mends the folder, which is made if there is none. */
lr_status store_open(const struct lr_host *host, const char *path, struct store **ret_store,
                     struct lr_error *err);
void store_close(struct store *store);
const char *store_path(const struct store *store);

struct store_position {
    const char *key;
    int64_t stored; /* set: what the position file says; -1: nothing */
    int64_t next;   /* set: the same, or the end of a newer segment that is there */
};

/* Where streams go on according to the disk, never to memory. */
lr_status store_look(struct store *store, struct store_position *positions, uint32_t n,
                     struct lr_error *err);

/* The parts are written and synced. `dead`: the other folder, or NULL. *state says how far it
 * came; call again with it.
 *   LR_OK     committed, and all has its name
 *   LR_AGAIN  there is no space
 *   LR_ABORT  a stream was moved on by somebody else meanwhile */
lr_status store_commit(struct store *store, struct store *dead, const struct store_change *changes,
                       uint32_t n_changes, const struct store_segment *segments,
                       uint32_t n_segments, int32_t *state, struct lr_error *err);

#endif
