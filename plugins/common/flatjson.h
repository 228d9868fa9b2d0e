/* SPDX-License-Identifier: MIT
 *
 * A small JSON file: one object, one key per line, no nesting, so that grep and awk read it as
 * well as a parser. Made in memory, then put in place by rename: a reader sees an old file or a
 * new one. Not for the data path.
 */
#ifndef PLUGINS_FLATJSON_H
#define PLUGINS_FLATJSON_H

#include <lrhost/lrhost.h>

struct flatjson {
    char *text;
    size_t used, room;
    int32_t failed; /* no memory */
    uint32_t keys;
};

void flatjson_begin(struct flatjson *json);
void flatjson_text(struct flatjson *json, const char *key, const char *value);
void flatjson_integer(struct flatjson *json, const char *key, int64_t value);
void flatjson_bool(struct flatjson *json, const char *key, int32_t value);
/* The shortest of 15 to 17 digits that reads back as the same double; null for NaN and
 * infinities, which JSON does not know. */
void flatjson_number(struct flatjson *json, const char *key, double value);
/* Puts the object into `path` and frees the memory. */
lr_status flatjson_finish(struct flatjson *json, const char *path, struct lr_error *err);

#endif
