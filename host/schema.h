/* SPDX-License-Identifier: MIT
 *
 * Option tables as a JSON Schema (draft 2020-12): `lrhost describe --json`.
 */
#ifndef LRHOST_SCHEMA_H
#define LRHOST_SCHEMA_H

#include <stdio.h>

#include "options.h"

/* One definition, in one line without a newline: "KIND.NAME":{...}; in NAME a '/' becomes a '.'.
 * `kind`: "source", ..., or "section" for the host's own keys; `name`: what `plugin =` says, or the
 * section; then neither is a path, and both are of a-z, 0-9, _, - and /. */
void lrh_schema_definition(FILE *out, const char *kind, const char *name, const char *summary,
                           const struct lrh_options *table);

/* The document. `definitions`: of the above, separated by ",\n". `is_whole`: all of them, so that
 * a pipeline is described; else one section, which is as one of the definitions says. */
void lrh_schema_document(FILE *out, const char *definitions, int is_whole);

#endif
