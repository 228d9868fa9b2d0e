/* SPDX-License-Identifier: MIT
 *
 * See beside.h. The run path is read as the C library reads it: entries in order, DT_RPATH holds
 * for what the libraries need in turn, $ORIGIN is the folder in which a file was found. A library
 * is often a link to the file of its full version: then what counts is where the link is and where
 * it leads.
 *
 * Left out: what lies elsewhere (system libraries, LD_LIBRARY_PATH), which is the administrator's,
 * and the subfolders glibc-hwcaps.
 */
#include "beside.h"

#include <limits.h>
#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trust.h"

#define MAX_LIBRARIES 128u
#define MAX_DEPTH 16u
#define MAX_NAME 256 /* of struct lrh_elf_needs */

struct walk {
    struct {
        dev_t device;
        ino_t inode;
    } seen[MAX_LIBRARIES];
    uint32_t n;
};

/* A run path, and what $ORIGIN means in it. `outer`, if any, holds too. */
struct place {
    const struct place *outer;
    const char *run_path;
    const char *origin;
    uint32_t hands_on; /* it holds for what the libraries need */
    uint32_t depth;
};

/* The n-th entry as a folder; 0: there is none of that number; -1: not one with $ORIGIN. */
static int entry(const struct place *place, uint32_t n, char *to, size_t size)
{
    static const char *const words[] = {"$ORIGIN", "${ORIGIN}"};
    const char *at = place->run_path;

    for (; n > 0; n--) {
        at += strcspn(at, ":");
        if (*at++ == '\0')
            return 0;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t skip = strlen(words[i]);

        if (strncmp(at, words[i], skip) == 0 && strchr("/:", at[skip])) {
            int length = (int)strcspn(at + skip, ":");
            int written = snprintf(to, size, "%s%.*s", place->origin, length, at + skip);

            return written > 0 && (size_t)written < size ? 1 : -1;
        }
    }
    return -1;
}

static lr_status check_all(struct walk *walk, const struct place *place,
                           const struct lrh_elf_needs *needs, struct lr_error *err);

/* 1: it was there already. */
static int remember(struct walk *walk, const struct stat *st)
{
    for (uint32_t i = 0; i < walk->n; i++)
        if (walk->seen[i].device == st->st_dev && walk->seen[i].inode == st->st_ino)
            return 1;
    if (walk->n < MAX_LIBRARIES) {
        walk->seen[walk->n].device = st->st_dev;
        walk->seen[walk->n++].inode = st->st_ino;
    }
    return 0;
}

/* A library that was found, and what it needs. */
static lr_status check_one(struct walk *walk, const struct place *from, const char *folder,
                           const char *path, struct lr_error *err)
{
    struct lrh_elf_needs needs;
    struct place place = {from->hands_on ? from : from->outer, needs.run_path, folder, 0,
                          from->depth + 1};
    char *target = realpath(path, NULL), *real = NULL;
    int fd = -1;
    lr_status status = lrh_trust_folder(folder, err);

    if (status == LR_OK)
        status = lrh_trust_open(target ? target : path, &fd, &real, err);
    if (status == LR_OK)
        status = lrh_elf_look(fd, 0, NULL, &needs, err);
    if (status != LR_OK)
        lr_context(err, "its library %s", path);
    if (fd >= 0)
        (void)close(fd);
    free(real);
    free(target);
    if (status != LR_OK)
        return status;
    if (place.depth == MAX_DEPTH || walk->n == MAX_LIBRARIES)
        return lr_fail(
            err, LR_ECONFIG,
            "brings more than %u libraries along, or in a chain of more than %u, which is "
            "more than is looked at",
            MAX_LIBRARIES, MAX_DEPTH);
    place.hands_on = needs.hands_on;
    return check_all(walk, &place, &needs, err);
}

static lr_status check_needed(struct walk *walk, const struct place *place, const char *name,
                              struct lr_error *err)
{
    char folder[PATH_MAX], path[PATH_MAX + MAX_NAME + 1];

    for (const struct place *p = place; p; p = p->outer) {
        int found;

        for (uint32_t i = 0; (found = entry(p, i, folder, sizeof folder)) != 0; i++) {
            struct stat st;

            if (found < 0)
                continue;
            (void)snprintf(path, sizeof path, "%s/%s", folder, name);
            if (stat(path, &st) != 0)
                continue;
            return remember(walk, &st) ? LR_OK : check_one(walk, place, folder, path, err);
        }
    }
    return LR_OK;
}

static lr_status check_all(struct walk *walk, const struct place *place,
                           const struct lrh_elf_needs *needs, struct lr_error *err)
{
    lr_status status = LR_OK;

    if (needs->overflow && (place->outer || strchr(place->run_path, '$')))
        return lr_fail(
            err, LR_ECONFIG,
            "needs more than %u libraries, or has a run path of more than %zu bytes; with "
            "$ORIGIN in it each is looked at, and that is too much",
            LRH_ELF_NEEDED, sizeof needs->run_path - 1);
    for (uint32_t i = 0; i < needs->n && status == LR_OK; i++)
        if (!strchr(needs->needed[i], '/')) /* a path of its own is not searched */
            status = check_needed(walk, place, needs->needed[i], err);
    return status;
}

lr_status lrh_beside_check(const char *real, const struct lrh_elf_needs *needs,
                           struct lr_error *err)
{
    const char *slash = strrchr(real, '/');
    struct place place = {.run_path = needs->run_path, .hands_on = needs->hands_on};
    struct walk walk = {.n = 0};
    char *origin = strndup(real, slash ? (size_t)(slash - real) : 0);
    lr_status status;

    if (!origin)
        return lr_fail(err, LR_ENOMEM, "out of memory");
    place.origin = origin;
    status = check_all(&walk, &place, needs, err);
    free(origin);
    return status;
}
