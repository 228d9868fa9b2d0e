/* SPDX-License-Identifier: MIT
 *
 * Names of segments; see names.h.
 */
#include "names.h"

#include <inttypes.h>
#include <stdlib.h>

#define DIGITS 20
#define SUFFIX ".txt"
#define TAIL_LEN (1 + DIGITS + 1 + DIGITS + 4) /* .START-END.txt */

static int is_plain(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

int escape_name(const char *text, const char *keep, char *out, size_t size)
{
    size_t used = 0;

    for (const char *at = text; *at; at++) {
        unsigned char c = (unsigned char)*at;
        int plain = (is_plain(c) && (c != '.' || at > text)) || strchr(keep, c);

        if (used + (plain ? 1 : 3) >= size)
            return 0;
        used += (size_t)snprintf(out + used, size - used, plain ? "%c" : "%%%02X", c);
    }
    out[used] = '\0';
    return 1;
}

void unescape_name(char *text)
{
    char *to = text;

    for (const char *at = text; *at; at++) {
        char hex[3] = {0};

        if (*at == '%' && at[1] && at[2]) {
            memcpy(hex, at + 1, 2);
            *to++ = (char)strtol(hex, NULL, 16);
            at += 2;
        } else {
            *to++ = *at;
        }
    }
    *to = '\0';
}

static uint64_t hash(const char *text) /* FNV-1a */
{
    uint64_t h = UINT64_C(14695981039346656037);

    while (*text)
        h = (h ^ (unsigned char)*text++) * UINT64_C(1099511628211);
    return h;
}

void key_name(const struct lr_stream *stream, char key[KEY_ROOM])
{
    char escaped[3 * 4096], partition[16] = "", tail[40];
    size_t room;

    if (stream->partition >= 0)
        (void)snprintf(partition, sizeof partition, "-%" PRId32, stream->partition);
    if (!escape_name(stream->topic, "", escaped, sizeof escaped))
        escaped[sizeof escaped - 1] = '\0'; /* its beginning, and the hash of the whole */
    (void)snprintf(tail, sizeof tail, "%s", partition);
    room = KEY_ROOM - 1 - strlen(tail);
    if (strlen(escaped) > room) {
        (void)snprintf(tail, sizeof tail, "%%%016" PRIX64 "%s", hash(stream->topic), partition);
        room = KEY_ROOM - 1 - strlen(tail);
    }
    (void)snprintf(key, KEY_ROOM, "%.*s%s", (int)room, escaped, tail);
}

void part_name(const char *key, uint32_t lane, int64_t start, char name[NAME_ROOM])
{
    (void)snprintf(name, NAME_ROOM, PART_PREFIX "%" PRIu32 "-%" PRId64 "-%s", lane, start, key);
}

int is_part_name(const char *name)
{
    size_t digits;

    if (strncmp(name, PART_PREFIX, strlen(PART_PREFIX)) != 0)
        return 0;
    name += strlen(PART_PREFIX);
    for (int i = 0; i < 2; i++) { /* lane and start */
        digits = strspn(name, "0123456789");
        if (digits == 0 || name[digits] != '-')
            return 0;
        name += digits + 1;
    }
    return 1;
}

void segment_name(const char *key, int64_t start, int64_t end, char name[NAME_ROOM])
{
    (void)snprintf(name, NAME_ROOM, "%s.%0*" PRId64 "-%0*" PRId64 SUFFIX, key, DIGITS, start,
                   DIGITS, end);
}

int64_t segment_end(const char *name, const char *key)
{
    size_t len = strlen(key);
    const char *at = name + len;

    if (strncmp(name, key, len) != 0 || strlen(at) != TAIL_LEN || at[0] != '.' ||
        strspn(at + 1, "0123456789") != DIGITS || at[1 + DIGITS] != '-' ||
        strspn(at + 2 + DIGITS, "0123456789") != DIGITS ||
        strcmp(at + 2 + DIGITS + DIGITS, SUFFIX) != 0)
        return -1;
    return strtoll(at + 2 + DIGITS, NULL, 10);
}
