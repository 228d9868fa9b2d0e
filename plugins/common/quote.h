/* SPDX-License-Identifier: MIT
 *
 * A piece of a record for a sentence about it: short, printable ASCII only, in quotation marks.
 * Sentences end up in logs and in headers of dead letters, and a record may hold anything.
 */
#ifndef COMMON_QUOTE_H
#define COMMON_QUOTE_H

#include <stddef.h>

#define QUOTE_BYTES 24 /* quoted of a longer piece, "..." behind them */
#define QUOTE_ROOM (QUOTE_BYTES * 4 + sizeof "''...")

static inline void quote_bytes(const char *begin, const char *end, char out[QUOTE_ROOM])
{
    static const char hex[] = "0123456789abcdef";
    int cut = end - begin > QUOTE_BYTES;

    if (cut)
        end = begin + QUOTE_BYTES;
    *out++ = '\'';
    for (; begin != end; begin++) {
        unsigned char byte = (unsigned char)*begin;

        if (byte >= ' ' && byte < 0x7f && byte != '\\' && byte != '\'') {
            *out++ = (char)byte;
        } else {
            *out++ = '\\';
            *out++ = 'x';
            *out++ = hex[byte >> 4];
            *out++ = hex[byte & 15];
        }
    }
    for (int dots = cut ? 3 : 0; dots > 0; dots--)
        *out++ = '.';
    *out++ = '\'';
    *out = '\0';
}

#endif
