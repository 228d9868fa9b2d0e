/* SPDX-License-Identifier: MIT
 *
 * Names of segments: KEY.START-END.txt, where the key is the stream's topic and partition (of a
 * file: its path), and START and END are positions of 20 digits, so that names sort as positions
 * do. What is no letter, digit, '.', '_' or '-' is written as %XX; of a key that would be too
 * long for a file's name the end goes, and a hash of the whole stands in its place.
 */
#ifndef FILE_NAMES_H
#define FILE_NAMES_H

#include <lrhost/lrhost.h>

#define KEY_ROOM 201  /* a key with its NUL */
#define NAME_ROOM 256 /* a name with its NUL */
#define PART_PREFIX ".part-"

/* `keep`: bytes that stand for themselves besides the usual ones. 0 if it does not fit. */
int escape_name(const char *text, const char *keep, char *out, size_t size);
/* Undoes it in place. */
void unescape_name(char *text);

void key_name(const struct lr_stream *stream, char key[KEY_ROOM]);
/* The name of a segment while it is written, and at last. */
void part_name(const char *key, uint32_t lane, int64_t start, char name[NAME_ROOM]);
int is_part_name(const char *name);
void segment_name(const char *key, int64_t start, int64_t end, char name[NAME_ROOM]);
/* Is it the name of a segment of `key`? Then where it ends, else -1. */
int64_t segment_end(const char *name, const char *key);

#endif
