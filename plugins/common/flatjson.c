/* SPDX-License-Identifier: MIT
 *
 * A small JSON file; see flatjson.h.
 */
#include "flatjson.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#define NAME_ROOM 4096

static void put(struct flatjson *json, const char *text, size_t len)
{
    if (json->room - json->used <= len) {
        size_t room = 2 * (json->room + len) + 1024;
        char *grown = json->failed ? NULL : realloc(json->text, room);

        if (!grown) {
            json->failed = 1;
            return;
        }
        json->text = grown;
        json->room = room;
    }
    memcpy(json->text + json->used, text, len);
    json->used += len;
}

static void put_quoted(struct flatjson *json, const char *text)
{
    char escape[8];

    put(json, "\"", 1);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\') {
            put(json, "\\", 1);
            put(json, text, 1);
        } else if (c < 0x20) {
            (void)snprintf(escape, sizeof escape, "\\u%04x", (unsigned)c);
            put(json, escape, 6);
        } else {
            put(json, text, 1);
        }
    }
    put(json, "\"", 1);
}

static void put_key(struct flatjson *json, const char *key)
{
    const char *before = json->keys++ ? ",\n  " : "\n  ";

    put(json, before, strlen(before));
    put_quoted(json, key);
    put(json, ": ", 2);
}

void flatjson_begin(struct flatjson *json)
{
    *json = (struct flatjson){0};
    put(json, "{", 1);
}

void flatjson_text(struct flatjson *json, const char *key, const char *value)
{
    put_key(json, key);
    put_quoted(json, value);
}

void flatjson_integer(struct flatjson *json, const char *key, int64_t value)
{
    char text[32];

    put_key(json, key);
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    put(json, text, strlen(text));
}

void flatjson_bool(struct flatjson *json, const char *key, int32_t value)
{
    put_key(json, key);
    put(json, value ? "true" : "false", value ? 4 : 5);
}

void flatjson_number(struct flatjson *json, const char *key, double value)
{
    char text[40] = "null";

    put_key(json, key);
    if (isfinite(value)) {
        int digits = 15;

        do
            (void)snprintf(text, sizeof text, "%.*g", digits, value);
        while (strtod(text, NULL) != value && digits++ < 17);
    }
    put(json, text, strlen(text));
}

lr_status flatjson_finish(struct flatjson *json, const char *path, struct lr_error *err)
{
    lr_status status = LR_OK;
    char beside[NAME_ROOM];
    FILE *out = NULL;

    put(json, "\n}\n", 3);
    if (json->failed)
        status = lr_fail(err, LR_ENOMEM, "no memory to write %s", path);
    else if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside)
        status = lr_fail(err, LR_ECONFIG, "the file name %.60s... is too long", path);
    else if (!(out = fopen(beside, "we")))
        status = lr_fail(err, LR_EUNAVAILABLE, "cannot write %s: %s", beside, strerror(errno));
    if (out) {
        size_t written = fwrite(json->text, 1, json->used, out);
        int bad = fclose(out) != 0 || written != json->used;

        if (bad || rename(beside, path) != 0) {
            status = lr_fail(err, LR_EUNAVAILABLE, "cannot write %s: %s", path, strerror(errno));
            (void)unlink(beside);
        }
    }
    free(json->text);
    *json = (struct flatjson){0};
    return status;
}
