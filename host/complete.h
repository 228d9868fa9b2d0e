/* SPDX-License-Identifier: MIT
 *
 * What could stand at the end of a command line, for the completions of shells
 * (packaging/completions): `lrhost __complete WORD...`. They know no command, option or plugin
 * themselves.
 */
#ifndef LRHOST_COMPLETE_H
#define LRHOST_COMPLETE_H

#include <stdio.h>

#include "loader.h"

/* `words`: those behind the program's name; the last one is to be completed and may be empty.
 * Writes lines of "CANDIDATE<tab>DESCRIPTION", and ":files" where a file could stand. A candidate
 * that ends in "." or "=" goes on. `usage`: the text of --help, which says what commands and
 * options there are; for a command with options of its own, that of its --help. */
void lrh_complete(struct lrh_loader *loader, const char *usage, char *const *words, size_t n,
                  FILE *out);

#endif
