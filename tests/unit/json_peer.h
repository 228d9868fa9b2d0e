/* SPDX-License-Identifier: MIT
 *
 * The JSON codec's job done by jansson, for comparison: which bytes are a valid object, and the
 * numbers at a, b.c and v[1] in it, 0 where there is none.
 */
#ifndef TESTS_JSON_PEER_H
#define TESTS_JSON_PEER_H

#include <jansson.h>
#include <stdint.h>
#include <string.h>

#define PEER_SETTINGS "features=a,b.c,v[1]&on_missing=0&on_mistyped=0"

#define PEER_BAD 0
#define PEER_GOOD 1
/* jansson knows no numbers beyond a double's and no NUL in names, and steps over NUL bytes. */
#define PEER_UNSURE 2

#define PEER_FLAGS (JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL)

/* *ret_twice: a name stands twice somewhere. */
static inline int peer_read(const void *bytes, size_t len, double x[3], int *ret_twice)
{
    json_error_t error;
    json_t *root, *strict;
    int code;

    if (len && memchr(bytes, 0, len))
        return PEER_UNSURE;
    root = json_loadb(bytes, len, PEER_FLAGS, &error);
    code = (int)json_error_code(&error);
    if (!root)
        return code == json_error_numeric_overflow || code == json_error_null_byte_in_key ||
                       code == json_error_stack_overflow
                   ? PEER_UNSURE
                   : PEER_BAD;
    x[0] = json_number_value(json_object_get(root, "a"));
    x[1] = json_number_value(json_object_get(json_object_get(root, "b"), "c"));
    x[2] = json_number_value(json_array_get(json_object_get(root, "v"), 1));
    code = json_is_object(root) ? PEER_GOOD : PEER_BAD;
    json_decref(root);
    strict = json_loadb(bytes, len, PEER_FLAGS | JSON_REJECT_DUPLICATES, &error);
    *ret_twice = strict == NULL;
    json_decref(strict);
    return code;
}

#endif
