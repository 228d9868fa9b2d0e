/* SPDX-License-Identifier: MIT
 *
 * A table of options, for reading: `lrhost describe`, docs/configuration.md and docs/man.
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

/* A manual page about a module, in mdoc; `plugin`: only the plugins of this name, "": all. */
void lrh_describe_man(FILE *out, const struct lr_module *module, const char *plugin);

/* The part of such a page about the host's own keys, headed by ".Ss". */
void lrh_describe_man_section(FILE *out, const char *sections, const char *summary,
                              const struct lrh_options *table);

/* What may stand behind the '=', for people: "auto|key|input", "DURATION". */
const char *lrh_describe_placeholder(const struct lr_option *option);

/* "required; default: 100ms; at least 0", or "". */
#define LRH_FACTS 512
const char *lrh_describe_facts(const struct lr_option *option, char *text, size_t size);

#endif
