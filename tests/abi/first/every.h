/* SPDX-License-Identifier: MIT
 *
 * See every.c.
 */
#ifndef TESTS_ABI_EVERY_H
#define TESTS_ABI_EVERY_H

#include <lrhost/lrhost.h>

#define TEXT 16

struct settings {
    int64_t count, wait_ns, bytes;
    double offset;
    const char *path, *word;
    const char *const *list;
    const struct lr_pair *pairs;
    int32_t way, broken;
};

struct every {
    const struct lr_host *host;
    const struct settings *settings;
    struct lr_stream stream;
    const struct lr_stream *streams[1];
    struct lr_event event;
    int assigned;
    int64_t next, stored;
    char (*texts)[TEXT]; /* what was handed out; never reused, so release frees nothing */
    uint32_t released;
    FILE *out;
    int64_t *lines;
};

extern const struct lr_codec every_codec;
extern const struct lr_engine every_engine;
extern const struct lr_model every_model;
extern const struct lr_sink every_sink;
extern const struct lr_monitor every_monitor;

#endif
