/* SPDX-License-Identifier: MIT
 *
 * A table of options, for reading: `lrhost describe` and docs/configuration.md.
 */
#ifndef LRHOST_DESCRIBE_H
#define LRHOST_DESCRIBE_H

#include <stdio.h>

#include "options.h"

/* `kind`: "source", "sink", ...; `name` and `summary`: the plugin's. */
void lrh_describe_text(FILE *out, const char *kind, const char *name, const char *summary,
                       const struct lrh_options *table);

/* A section of a Markdown file, headed by "### ". */
void lrh_describe_markdown(FILE *out, const char *kind, const char *name, const char *summary,
                           const struct lrh_options *table);

#endif
