/* SPDX-License-Identifier: MIT
 *
 * The commands of the program but run. Each returns a status whose exit code main knows.
 */
#ifndef LRHOST_COMMANDS_H
#define LRHOST_COMMANDS_H

#include <stdio.h>

#include "supervise.h"

#define LRH_FORMAT_TEXT 0
#define LRH_FORMAT_JSON 1
#define LRH_FORMAT_MARKDOWN 2
#define LRH_FORMAT_MAN 3

/* Loads every file and judges them one by one and together; mistakes are printed to `out`.
 * *ret_pipelines (malloc'ed, n of them, NULL where there is none) is the caller's. */
lr_status lrh_load_all(const struct lrh_run *run, char *const *paths, size_t n, FILE *out,
                       struct lrh_pipeline ***ret_pipelines);
void lrh_unload_all(struct lrh_pipeline **pipelines, size_t n);

lr_status lrh_command_run(const struct lrh_run *run, char *const *paths, size_t n,
                          struct lr_error *err);
lr_status lrh_command_check(const struct lrh_run *run, char *const *paths, size_t n,
                            struct lr_error *err);
/* The two that only look at modules: each is loaded in a process of its own (catalogue.c).
 * `names`: only what `plugin =` may say, one a line. */
lr_status lrh_command_list(const struct lrh_run *run, int names, struct lr_error *err);
/* `name` NULL: the host's own sections and every plugin; not for LRH_FORMAT_MAN. */
lr_status lrh_command_describe(const struct lrh_run *run, const char *name, int format,
                               struct lr_error *err);
/* Prints what running pipelines say of themselves, and a sentence for each that does not run;
 * LR_EUNAVAILABLE unless all are well. */
lr_status lrh_command_status(const struct lrh_run *run, char *const *paths, size_t n, int format);
lr_status lrh_command_topics(const struct lrh_run *run, int32_t verb, const char *path,
                             struct lr_error *err);

#endif
