/* SPDX-License-Identifier: MIT
 *
 * An object without the fields that are added anew: for `existing = replace`, from the first record
 * on that has such a field. The object was decoded, so it is valid, and finding where its members
 * end takes no more than counting brackets and stepping over strings.
 */
#include <string.h>

#include "json.h"
#include "token.h"

/* Behind the string whose quotation mark is at p. */
static const char *skip_string(const char *p, const char *end)
{
    for (p++; p != end && *p != '"'; p++)
        if (*p == '\\' && p + 1 != end)
            p++;
    return p == end ? p : p + 1;
}

/* The comma or the brace that ends the member at p. */
static const char *skip_member(const char *p, const char *end)
{
    uint32_t depth = 0;

    while (p != end && (depth > 0 || *p != ',')) {
        if (*p == '"') {
            p = skip_string(p, end);
            continue;
        }
        if (*p == '{' || *p == '[')
            depth++;
        else if (*p == '}' || *p == ']')
            depth--;
        p++;
    }
    return p;
}

/* Whether the key whose quotation mark is at p names an added field. */
static int is_added(const struct json *json, const char *p, const char *end)
{
    /* No escape is shorter than the byte it stands for, so a longer key cannot be one of them. */
    char name[6 * JSON_NAME_MOST + 8];
    const char *behind = skip_string(p, end);
    size_t len;

    if ((size_t)(behind - p) > sizeof name || !json_unescape(p + 1, behind, name, &len))
        return 0;
    for (uint32_t i = 0; i < json->layout.n_append; i++) {
        const char *added = json->settings->names[json->layout.append[i]];

        if (strlen(added) == len && memcmp(added, name, len) == 0)
            return 1;
    }
    return 0;
}

char *json_strip(const struct json *json, const char *begin, const char *end, char *out,
                 uint32_t *ret_members)
{
    const char *p = begin + 1;

    *ret_members = 0;
    while (p < end) {
        const char *key = json_skip_blanks(p, end), *next;

        if (key == end) { /* an empty object */
            memcpy(out, p, (size_t)(end - p));
            return out + (end - p);
        }
        next = skip_member(key, end);
        if (!is_added(json, key, end)) {
            if ((*ret_members)++)
                *out++ = ',';
            memcpy(out, p, (size_t)(next - p));
            out += next - p;
        }
        p = next == end ? end : next + 1;
    }
    return out;
}
