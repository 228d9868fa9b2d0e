/* SPDX-License-Identifier: MIT
 *
 * Numbers and strings as RFC 8259 has them. What simdjson hands out as a token is only where one
 * begins and the next one does; these say whether it is right. Nothing looks at `end` or beyond.
 */
#ifndef JSON_TOKEN_H
#define JSON_TOKEN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline int json_is_digit(const char *p, const char *end)
{
    return p != end && *p >= '0' && *p <= '9';
}

static inline int json_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static inline const char *json_skip_blanks(const char *p, const char *end)
{
    while (p != end && json_is_blank(*p))
        p++;
    return p;
}

/* The end of the number at p, or NULL. */
static inline const char *json_number_end(const char *p, const char *end)
{
    if (p != end && *p == '-')
        p++;
    if (!json_is_digit(p, end))
        return NULL;
    if (*p++ != '0')
        while (json_is_digit(p, end))
            p++;
    if (p != end && *p == '.') {
        if (!json_is_digit(++p, end))
            return NULL;
        while (json_is_digit(p, end))
            p++;
    }
    if (p != end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p != end && (*p == '+' || *p == '-'))
            p++;
        if (!json_is_digit(p, end))
            return NULL;
        while (json_is_digit(p, end))
            p++;
    }
    return p;
}

/* Four hexadecimal digits, or a number beyond 0xffff. */
static inline uint32_t json_hex4(const char *p, const char *end)
{
    uint32_t code = 0;

    if (end - p < 4)
        return UINT32_MAX;
    for (int i = 0; i < 4; i++) {
        char c = p[i], lower = (char)(c | 0x20);

        if (c >= '0' && c <= '9')
            code = code << 4 | (uint32_t)(c - '0');
        else if (lower >= 'a' && lower <= 'f')
            code = code << 4 | (uint32_t)(lower - 'a' + 10);
        else
            return UINT32_MAX;
    }
    return code;
}

/* As UTF-8; returns the end. */
static inline char *json_put_utf8(uint32_t code, char *out)
{
    if (code < 0x80) {
        *out++ = (char)code;
        return out;
    }
    if (code < 0x800) {
        *out++ = (char)(0xc0 | code >> 6);
    } else {
        if (code < 0x10000) {
            *out++ = (char)(0xe0 | code >> 12);
        } else {
            *out++ = (char)(0xf0 | code >> 18);
            *out++ = (char)(0x80 | (code >> 12 & 0x3f));
        }
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
    }
    *out++ = (char)(0x80 | (code & 0x3f));
    return out;
}

/* What follows "\u" at *p, halves of a pair taken together; moves *p. NULL: wrong. */
static inline char *json_unescape_unicode(const char **p, const char *end, char *out)
{
    uint32_t code = json_hex4(*p, end), low;

    if (code > 0xffff || (code >= 0xdc00 && code <= 0xdfff))
        return NULL;
    *p += 4;
    if (code >= 0xd800 && code <= 0xdbff) {
        if (end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u')
            return NULL;
        low = json_hex4(*p + 2, end);
        if (low < 0xdc00 || low > 0xdfff)
            return NULL;
        *p += 6;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    return json_put_utf8(code, out);
}

/* The string whose first byte behind the quotation mark is at p, without its escapes, to `out`,
 * which has room for as many bytes as the string has. Returns what follows the closing mark, or
 * NULL. Does not look for control characters and wrong UTF-8. */
static inline const char *json_unescape(const char *p, const char *end, char *out, size_t *ret_len)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char *begin = out;

    while (p != end && *p != '"') {
        const char *escape;

        if (*p != '\\') {
            *out++ = *p++;
            continue;
        }
        if (++p == end)
            return NULL;
        if (*p == 'u') {
            p++;
            out = json_unescape_unicode(&p, end, out);
            if (!out)
                return NULL;
            continue;
        }
        escape = *p ? strchr(from, *p) : NULL;
        if (!escape)
            return NULL;
        *out++ = to[escape - from];
        p++;
    }
    if (p == end)
        return NULL;
    *ret_len = (size_t)(out - begin);
    return p + 1;
}

#endif
