/* SPDX-License-Identifier: MIT
 *
 * The file source's settings and its two ways to read: reader.c (files that have an end) and
 * follow.c (files that grow and are rotated).
 */
#ifndef FILE_SOURCE_H
#define FILE_SOURCE_H

#include <lrhost/lrhost.h>

#include "parts.h"

#define BLOCK_SIZE (256u * 1024) /* read at once */

#define LOST_FAIL 0
#define LOST_EARLIEST 1

struct source_settings {
    const char *path;
    const char *position_file;
    int64_t max_record_bytes;
    int32_t follow;
    int32_t on_lost;
};

struct source_way {
    const struct lr_source *ops;
    lr_status (*create)(const struct lr_host *host, const void *settings, void **ret_self,
                        struct lr_error *err);
    lr_status (*start)(void *self, struct lr_error *err);
    void (*stop)(void *self, int64_t deadline_ns);
    void (*destroy)(void *self);
};

extern const struct source_way source_reader, source_follow;

#endif
