/* SPDX-License-Identifier: MIT
 *
 * The file sink's settings and its two ways to write: append.c (one file of lines) and segments.c
 * (a folder of whole files, each a part of a transaction).
 */
#ifndef FILE_SINK_H
#define FILE_SINK_H

#include <lrhost/lrhost.h>

#include "parts.h"

#define LANE_MARK "{lane}"
#define PATH_ROOM 4096

#define MODE_APPEND 0
#define MODE_TRUNCATE 1
#define MODE_SEGMENTS 2

#define SYNC_AUTO 0
#define SYNC_NONE 1
#define SYNC_BATCH 2

struct sink_settings {
    const char *path;
    int32_t mode;
    int32_t sync;
};

struct append;

lr_status append_create(const struct lr_host *host, const struct sink_settings *settings,
                        struct append **ret_self, struct lr_error *err);
void append_destroy(struct append *self);
lr_status append_start(struct append *self, struct lr_error *err);
void append_stop(struct append *self);
lr_status append_write(struct append *self, const struct lr_batch *batch, uint32_t first,
                       uint32_t count, uint32_t *ret_taken, struct lr_error *err);
lr_status append_poll(struct append *self, struct lr_error *err);
lr_status append_flush(struct append *self, struct lr_error *err);

struct segments;

lr_status segments_create(const struct lr_host *host, const struct sink_settings *settings,
                          struct segments **ret_self, struct lr_error *err);
void segments_destroy(struct segments *self);
lr_status segments_start(struct segments *self, struct lr_error *err);
void segments_stop(struct segments *self);
/* `self` holds the dead letters of `main`. */
void segments_attach(struct segments *self, struct segments *main);
lr_status segments_write(struct segments *self, const struct lr_batch *batch, uint32_t first,
                         uint32_t count, uint32_t *ret_taken, struct lr_error *err);
lr_status segments_commit(struct segments *self, const struct lr_position *positions, uint32_t n,
                          struct lr_error *err);
lr_status segments_abort(struct segments *self, struct lr_error *err);
lr_status segments_recover(struct segments *self, const struct lr_stream *const *streams,
                           struct lr_position *positions, uint32_t n, struct lr_error *err);

#endif
