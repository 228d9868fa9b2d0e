/* SPDX-License-Identifier: MIT
 *
 * The file .positions of a folder of segments, in memory: where each stream goes on, and which
 * names the last transactions still owe.
 *
 *   POSITION KEY
 *   rename FROM TO      (names in this folder, or escaped paths)
 *
 * It is replaced as a whole, and that is the moment in which a transaction is committed.
 */
#ifndef FILE_JOURNAL_H
#define FILE_JOURNAL_H

#include "names.h"

#define JOURNAL_NAME ".positions"

struct journal_position {
    char key[KEY_ROOM];
    int64_t next;
};

struct journal_rename {
    char *from, *to;
};

struct journal {
    struct journal_position *positions;
    struct journal_rename *renames;
    uint32_t n_positions, n_renames;
};

void journal_finish(struct journal *journal);
/* No such file: an empty one. `folder` is where it lies. */
lr_status journal_load(struct journal *journal, const char *folder, struct lr_error *err);
/* LR_AGAIN: there is no space. An error: the old or the new is there. */
lr_status journal_save(const struct journal *journal, const char *folder, struct lr_error *err);

/* -1: nothing is stored. */
int64_t journal_find(const struct journal *journal, const char *key);
lr_status journal_set(struct journal *journal, const char *key, int64_t next, struct lr_error *err);
lr_status journal_owe(struct journal *journal, const char *from, const char *to,
                      struct lr_error *err);
/* Does what is owed, as far as it is not done yet. LR_AGAIN: there is no space. */
lr_status journal_pay(const struct journal *journal, const char *folder, struct lr_error *err);
/* Forgets what is done. */
void journal_forget(struct journal *journal, const char *folder);

#endif
