/* SPDX-License-Identifier: MIT
 *
 * Host-internal: how a configuration grows while config.c reads it.
 */
#ifndef LRHOST_CONFIG_STORE_H
#define LRHOST_CONFIG_STORE_H

#include "config.h"

/* An empty one; NULL: no memory. `folder` as in lrh_config_parse. */
struct lrh_config *lrh_config_new(const char *name, const char *folder);

/* Finds or adds a section; a second [header] for one name is a problem. */
lr_status lrh_config_open(struct lrh_config *config, const char *name, uint32_t line,
                          struct lrh_problems *problems, uint32_t *ret_section);

/* Adds "key = value" to a section; `value` is the text right of the '=', changed in place. What is
 * wrong with it becomes a problem; only LR_ENOMEM is returned. */
lr_status lrh_config_put(struct lrh_config *config, uint32_t section, const char *key, char *value,
                         uint32_t line, struct lrh_problems *problems);

/* One --set. */
lr_status lrh_config_override(struct lrh_config *config, const struct lrh_override *override,
                              struct lrh_problems *problems);

#endif
