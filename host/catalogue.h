/* SPDX-License-Identifier: MIT
 *
 * What the modules of the search path say about themselves, as lines; see catalogue.c for the
 * commands list and describe (commands.h).
 */
#ifndef LRHOST_CATALOGUE_H
#define LRHOST_CATALOGUE_H

#include "loader.h"

#define LRH_LINES_NAMES 1 /* "NAME<tab>KIND: SUMMARY", what `plugin =` may say */
#define LRH_LINES_KEYS                                                                             \
    2                      /* "KEY=<tab>DOC": keys of `section`, of every plugin that may be there \
                            */
#define LRH_LINES_VALUES 3 /* "VALUE<tab>": what `key` may be, where that is a short list */

/* malloc'ed; NULL: no memory. Modules that cannot be loaded say nothing. [main] */
char *lrh_catalogue_lines(struct lrh_loader *loader, int what, const char *section,
                          const char *key);

#endif
