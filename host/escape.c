/* SPDX-License-Identifier: MIT
 *
 * UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. A byte that
 * begins no valid sequence is replaced alone, so that what follows it is kept. The control
 * characters are C0, DEL and C1 (RFC 8259 wants C0 escaped; a terminal obeys C1 too).
 */
#include "escape.h"

#include <string.h>

/* Length of the valid sequence that begins here, and its code point; 0: there is none. The
 * text's NUL ends every sequence. */
static size_t sequence(const unsigned char *s, unsigned *ret_code)
{
    static const unsigned lowest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = s[0] < 0x80             ? 1
               : (s[0] & 0xe0) == 0xc0 ? 2
               : (s[0] & 0xf0) == 0xe0 ? 3
               : (s[0] & 0xf8) == 0xf0 ? 4
                                       : 0;
    unsigned code;

    if (n <= 1) {
        *ret_code = s[0];
        return n;
    }
    code = s[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (s[i] & 0x3f);
    }
    if (code < lowest[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    *ret_code = code;
    return n;
}

size_t lrh_escape_unit(const char *text, int mode, char out[LRH_ESCAPE_UNIT], size_t *ret_used)
{
    static const char digits[] = "0123456789abcdef";
    unsigned code = 0;
    size_t n = sequence((const unsigned char *)text, &code);
    const char *letter;

    *ret_used = n ? n : 1;
    if (n == 0) {
        memcpy(out, "\xef\xbf\xbd", 3);
        return 3;
    }
    if ((code == '"' || code == '\\') && mode == LRH_ESCAPE_QUOTED) {
        out[0] = '\\';
        out[1] = (char)code;
        return 2;
    }
    if (code >= 0x20 && (code < 0x7f || code > 0x9f)) {
        memcpy(out, text, n);
        return n;
    }
    letter = code ? strchr("\nn\tt\rr", (int)code) : NULL;
    out[0] = '\\';
    if (letter) {
        out[1] = letter[1];
        return 2;
    }
    memcpy(out + 1, "u00", 3);
    out[4] = digits[code >> 4 & 15];
    out[5] = digits[code & 15];
    return 6;
}

void lrh_escape_plain(FILE *out, const char *text)
{
    char unit[LRH_ESCAPE_UNIT];
    size_t used;

    for (; *text; text += used) {
        size_t n = lrh_escape_unit(text, LRH_ESCAPE_PLAIN, unit, &used);

        (void)fwrite(unit, 1, n, out);
    }
}

void lrh_escape_json(FILE *out, const char *text)
{
    char unit[LRH_ESCAPE_UNIT];
    size_t used;

    if (!text) {
        (void)fputs("null", out);
        return;
    }
    (void)fputc('"', out);
    for (; *text; text += used) {
        size_t n = lrh_escape_unit(text, LRH_ESCAPE_QUOTED, unit, &used);

        (void)fwrite(unit, 1, n, out);
    }
    (void)fputc('"', out);
}
