/* SPDX-License-Identifier: MIT
 *
 * Text that came from anywhere -> text that is safe where it goes: valid UTF-8, and no control
 * character that could end a line, break JSON or steer a terminal.
 */
#ifndef LRHOST_ESCAPE_H
#define LRHOST_ESCAPE_H

#include <stddef.h>
#include <stdio.h>

#define LRH_ESCAPE_PLAIN 0  /* control characters become \n, \t, \r or \u00XX */
#define LRH_ESCAPE_QUOTED 1 /* and " and \ get a backslash: JSON strings, logfmt values */

#define LRH_ESCAPE_UNIT 8 /* bytes that one unit has at most */

/* The first character of `text`, which is not empty, into `out` (no NUL); *ret_used bytes of `text`
 * were read; returns the bytes written. Bytes that are no UTF-8 become U+FFFD. */
size_t lrh_escape_unit(const char *text, int mode, char out[LRH_ESCAPE_UNIT], size_t *ret_used);

/* The text in plain form. */
void lrh_escape_plain(FILE *out, const char *text);
/* "text" with quotes; null without them for NULL. */
void lrh_escape_json(FILE *out, const char *text);

#endif
