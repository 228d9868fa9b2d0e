/* SPDX-License-Identifier: MIT
 *
 * A table of options, for reading: `lrhost describe`, its --json, and docs/configuration.md.
 */
#ifndef LRHOST_DESCRIBE_H
#define LRHOST_DESCRIBE_H

#include <stdio.h>

#include "options.h"

/* `kind`: "source", "sink", ...; `name` and `summary`: the plugin's. */
void lrh_describe_text(FILE *out, const char *kind, const char *name, const char *summary,
                       const struct lrh_options *table);

/* One JSON object, without a newline behind it:
 * {"kind","name","summary","options":[{"name","type","default","range","choices","required",
 * "advanced","secret","reload","doc"}]}; default, range and choices are null where there is none.
 */
void lrh_describe_json(FILE *out, const char *kind, const char *name, const char *summary,
                       const struct lrh_options *table);

/* A section of a Markdown file, headed by "### ". */
void lrh_describe_markdown(FILE *out, const char *kind, const char *name, const char *summary,
                           const struct lrh_options *table);

#endif
