/* SPDX-License-Identifier: MIT
 *
 * The file .positions of a folder of segments; see journal.h.
 */
#include "journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "replace.h"

#define PATH_MOST 8500 /* a folder and a name */
#define HEAD                                                                                       \
    "# lrhost: where each stream of this folder goes on. Without this file, records that\n"        \
    "# are in segments which were moved away would be written again.\n"
#define RENAME "rename "

void journal_finish(struct journal *journal)
{
    for (uint32_t i = 0; i < journal->n_renames; i++) {
        free(journal->renames[i].from);
        free(journal->renames[i].to);
    }
    free(journal->renames);
    free(journal->positions);
    *journal = (struct journal){0};
}

static int take_line(struct journal *journal, char *line, lr_status *status, struct lr_error *err)
{
    char *rest;
    int64_t next;

    if (*line == '\0' || *line == '#')
        return 1;
    if (strncmp(line, RENAME, strlen(RENAME)) == 0) {
        char *from = line + strlen(RENAME), *to = strchr(from, ' ');

        if (!to)
            return 0;
        *to++ = '\0';
        *status = journal_owe(journal, from, to, err);
        return 1;
    }
    errno = 0;
    next = strtoll(line, &rest, 10);
    if (errno != 0 || rest == line || *rest != ' ' || next < 0 || strlen(rest + 1) >= KEY_ROOM)
        return 0;
    *status = journal_set(journal, rest + 1, next, err);
    return 1;
}

lr_status journal_load(struct journal *journal, const char *folder, struct lr_error *err)
{
    char path[PATH_MOST], *text = NULL, *save = NULL;
    unsigned number = 0;
    lr_status status;

    *journal = (struct journal){0};
    (void)snprintf(path, sizeof path, "%s/" JOURNAL_NAME, folder);
    status = read_file(path, &text, err);
    if (status != LR_OK)
        return status == LR_END ? LR_OK : status;
    for (char *line = strtok_r(text, "\n", &save); line && status == LR_OK;
         line = strtok_r(NULL, "\n", &save)) {
        number++;
        if (!take_line(journal, line, &status, err))
            status = lr_fail(err, LR_EDATA,
                             "%s:%u: not a line of a position file (POSITION KEY); where to go on "
                             "is not known without it",
                             path, number);
    }
    free(text);
    if (status != LR_OK)
        journal_finish(journal);
    return status;
}

lr_status journal_save(const struct journal *journal, const char *folder, struct lr_error *err)
{
    struct text text = {0};
    char path[PATH_MOST];
    lr_status status;

    text_add(&text, "%s", HEAD);
    for (uint32_t i = 0; i < journal->n_positions; i++)
        text_add(&text, "%" PRId64 " %s\n", journal->positions[i].next, journal->positions[i].key);
    for (uint32_t i = 0; i < journal->n_renames; i++)
        text_add(&text, RENAME "%s %s\n", journal->renames[i].from, journal->renames[i].to);
    (void)snprintf(path, sizeof path, "%s/" JOURNAL_NAME, folder);
    status = text.failed ? lr_fail(err, LR_ENOMEM, "no memory for the positions of %u streams",
                                   journal->n_positions)
                         : replace_file(path, text.data, text.used, err);
    free(text.data);
    return status;
}

int64_t journal_find(const struct journal *journal, const char *key)
{
    for (uint32_t i = 0; i < journal->n_positions; i++)
        if (strcmp(journal->positions[i].key, key) == 0)
            return journal->positions[i].next;
    return -1;
}

lr_status journal_set(struct journal *journal, const char *key, int64_t next, struct lr_error *err)
{
    struct journal_position *grown;

    for (uint32_t i = 0; i < journal->n_positions; i++)
        if (strcmp(journal->positions[i].key, key) == 0) {
            journal->positions[i].next = next;
            return LR_OK;
        }
    grown = realloc(journal->positions, (journal->n_positions + 1) * sizeof *grown);
    if (!grown)
        return lr_fail(err, LR_ENOMEM, "no memory for one more stream");
    journal->positions = grown;
    grown += journal->n_positions++;
    (void)snprintf(grown->key, sizeof grown->key, "%s", key);
    grown->next = next;
    return LR_OK;
}

lr_status journal_owe(struct journal *journal, const char *from, const char *to,
                      struct lr_error *err)
{
    struct journal_rename *grown =
        realloc(journal->renames, (journal->n_renames + 1) * sizeof *grown);
    struct journal_rename add = {strdup(from), strdup(to)};

    if (grown)
        journal->renames = grown;
    if (!grown || !add.from || !add.to) {
        free(add.from);
        free(add.to);
        return lr_fail(err, LR_ENOMEM, "no memory for one more segment");
    }
    grown[journal->n_renames++] = add;
    return LR_OK;
}

static void full_path(const char *folder, const char *name, char path[PATH_MOST])
{
    char plain[PATH_MOST];

    if (!strchr(name, '/')) { /* its own folder, and the name is what it is called */
        (void)snprintf(path, PATH_MOST, "%s/%s", folder, name);
        return;
    }
    (void)snprintf(plain, sizeof plain, "%s", name);
    *strrchr(plain, '/') = '\0';
    unescape_name(plain);
    (void)snprintf(path, PATH_MOST, "%s%s", plain, strrchr(name, '/'));
}

/* Its folder is gone (moved, not mounted), so that a file is not there says nothing about it. */
static int lost_folder(const char *path, char folder[PATH_MOST])
{
    (void)snprintf(folder, PATH_MOST, "%s", path);
    *strrchr(folder, '/') = '\0';
    return access(folder[0] ? folder : "/", F_OK) != 0;
}

lr_status journal_pay(const struct journal *journal, const char *folder, struct lr_error *err)
{
    char from[PATH_MOST], to[PATH_MOST], parent[PATH_MOST];

    for (uint32_t i = 0; i < journal->n_renames; i++) {
        full_path(folder, journal->renames[i].from, from);
        full_path(folder, journal->renames[i].to, to);
        if (rename(from, to) == 0)
            continue;
        if (errno == ENOENT && lost_folder(from, parent))
            return lr_fail(err, LR_EUNAVAILABLE,
                           "the folder %s is not there, and %s in it is committed; put it back",
                           parent, strrchr(from, '/') + 1);
        if (errno != ENOENT)
            return lr_fail(err, errno == ENOSPC || errno == EDQUOT ? LR_AGAIN : LR_EUNAVAILABLE,
                           "cannot rename %s to %s: %s", from, to, strerror(errno));
    }
    return LR_OK;
}

void journal_forget(struct journal *journal, const char *folder)
{
    char from[PATH_MOST], parent[PATH_MOST];
    uint32_t kept = 0;

    for (uint32_t i = 0; i < journal->n_renames; i++) {
        struct journal_rename *owed = &journal->renames[i];

        full_path(folder, owed->from, from);
        if (access(from, F_OK) == 0 || lost_folder(from, parent)) {
            journal->renames[kept++] = *owed;
        } else {
            free(owed->from);
            free(owed->to);
        }
    }
    journal->n_renames = kept;
}
