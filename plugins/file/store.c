/* SPDX-License-Identifier: MIT
 *
 * A folder of segments. A transaction has parts (hidden files, one for each stream with results),
 * new positions, and dead letters in a second folder. It becomes true in one moment:
 *
 *   1. the parts are synced, then both folders (so their names are on the disk too)
 *   2. .positions is replaced by one that holds the new positions and a line "rename PART SEGMENT"
 *      for each part; the folder is synced                                     <- committed
 *   3. the parts are renamed
 *
 * A crash before 2 leaves parts that no line names: the next start removes them, and the source
 * reads again from the old positions. A crash after 2 leaves lines whose parts are still there:
 * the next start renames them before anything is read. A crash inside 2 is one of the two, since
 * a rename is. Lines are forgotten by a later commit, after the sync of step 1 made their renames
 * durable. So segments can be taken away as soon as they appear, and .positions is the memory;
 * where it was lost, the newest segment that is still there stands in for it.
 *
 * Lanes share a folder and streams move between them. Steps 2 and 3 are under one lock, and a
 * commit whose stream stands elsewhere than where its transaction began (a lane that lost the
 * stream and does not know it yet) is aborted. Another process is refused by a lock on .lock.
 */
#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal.h"
#include "replace.h"

#define PATH_MOST 8500

struct store {
    struct store *next;
    char *path;
    char *owner; /* pipeline and section */
    dev_t device;
    ino_t inode;
    uint32_t users;
    int lock_fd;
    pthread_mutex_t mutex; /* of .positions and the names it owes */
};

/* Every folder that this process holds: a lock belongs to a process, not to a lane. */
static pthread_mutex_t all_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct store *all;

const char *store_path(const struct store *store)
{
    return store->path;
}

/* ---- opening ---------------------------------------------------------------------------- */

static lr_status make_folder(const char *path, struct lr_error *err)
{
    char parent[PATH_MOST];
    struct stat about;

    if (mkdir(path, 0777) == 0) {
        (void)snprintf(parent, sizeof parent, "%s", path);
        return sync_folder(dirname(parent), err);
    }
    if (errno != EEXIST)
        return lr_fail(err, LR_EUNAVAILABLE, "cannot make the folder %s: %s", path,
                       strerror(errno));
    if (stat(path, &about) == 0 && !S_ISDIR(about.st_mode))
        return lr_fail(err, LR_ECONFIG, "%s is not a folder; mode = segments writes into one",
                       path);
    return LR_OK;
}

static lr_status lock_folder(struct store *store, const struct lr_host *host, struct lr_error *err)
{
    char path[PATH_MOST], who[256] = "";
    ssize_t n;

    (void)snprintf(path, sizeof path, "%s/.lock", store->path);
    store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (store->lock_fd < 0)
        return lr_fail(err, LR_EUNAVAILABLE, "cannot write %s: %s", path, strerror(errno));
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return lr_fail(err, LR_EUNAVAILABLE, "cannot lock %s: %s", path, strerror(errno));
        n = pread(store->lock_fd, who, sizeof who - 1, 0);
        who[n > 0 ? strcspn(who, "\n") : 0] = '\0';
        return lr_fail(err, LR_EUNAVAILABLE, "another process writes into %s: %s", store->path,
                       who[0] ? who : "it did not say who it is");
    }
    (void)snprintf(who, sizeof who, "pid %lld, pipeline %s, instance %s\n", (long long)getpid(),
                   host->pipeline, host->instance);
    if (ftruncate(store->lock_fd, 0) != 0 ||
        pwrite(store->lock_fd, who, strlen(who), 0) != (ssize_t)strlen(who)) {
        /* Only a courtesy to whom it refuses. */
    }
    return LR_OK;
}

/* Gives what was committed the names it is owed. */
static lr_status finish_names(struct store *store, struct lr_error *err)
{
    struct journal journal;
    lr_status status;

    (void)pthread_mutex_lock(&store->mutex);
    status = journal_load(&journal, store->path, err);
    if (status == LR_OK) {
        if (journal.n_renames > 0) /* .positions may be newer than what the disk has of it */
            status = sync_folder(store->path, err);
        if (status == LR_OK)
            status = journal_pay(&journal, store->path, err);
        journal_finish(&journal);
    }
    (void)pthread_mutex_unlock(&store->mutex);
    return status == LR_AGAIN ? LR_EUNAVAILABLE : status;
}

/* Nothing is owed any more: the parts that are left were never committed. */
static lr_status remove_parts(const struct store *store, const struct lr_host *host,
                              struct lr_error *err)
{
    char text[PATH_MOST + 100], path[PATH_MOST];
    const struct dirent *entry;
    lr_status status = LR_OK;
    uint32_t removed = 0;
    DIR *folder;

    folder = opendir(store->path);
    if (!folder)
        return lr_fail(err, LR_EUNAVAILABLE, "cannot read %s: %s", store->path, strerror(errno));
    while ((entry = readdir(folder)) != NULL && status == LR_OK) {
        if (!is_part_name(entry->d_name))
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", store->path, entry->d_name);
        if (unlink(path) != 0)
            status = lr_fail(err, LR_EUNAVAILABLE, "cannot remove %s: %s", path, strerror(errno));
        removed++;
    }
    (void)closedir(folder);
    if (removed > 0 && status == LR_OK) {
        (void)snprintf(text, sizeof text,
                       "removed %u parts of a transaction that was not committed from %s", removed,
                       store->path);
        host->log(host->ctx, LR_LOG_INFO, text);
    }
    return status;
}

static void drop(struct store *store)
{
    if (--store->users > 0)
        return;
    for (struct store **link = &all; *link; link = &(*link)->next)
        if (*link == store) {
            *link = store->next;
            break;
        }
    if (store->lock_fd >= 0)
        (void)close(store->lock_fd);
    (void)pthread_mutex_destroy(&store->mutex);
    free(store->path);
    free(store->owner);
    free(store);
}

/* The one that is open, or a new one without a lock (users 0). */
static lr_status find(const struct lr_host *host, const char *path, struct store **ret_store,
                      struct lr_error *err)
{
    char owner[512];
    struct store *store;
    struct stat about;

    if (stat(path, &about) != 0)
        return lr_fail(err, LR_EUNAVAILABLE, "cannot read %s: %s", path, strerror(errno));
    (void)snprintf(owner, sizeof owner, "[%s] of pipeline %s", host->section, host->pipeline);
    for (store = all; store; store = store->next) {
        if (store->device != about.st_dev || store->inode != about.st_ino)
            continue;
        if (strcmp(store->owner, owner) != 0)
            return lr_fail(err, LR_ECONFIG, "%s writes into %s already", store->owner, path);
        *ret_store = store;
        return LR_OK;
    }
    store = calloc(1, sizeof *store);
    if (store)
        *store = (struct store){.path = strdup(path),
                                .owner = strdup(owner),
                                .device = about.st_dev,
                                .inode = about.st_ino,
                                .next = all,
                                .lock_fd = -1};
    if (!store || !store->path || !store->owner) {
        if (store)
            free(store->path);
        free(store);
        return lr_fail(err, LR_ENOMEM, "no memory for the folder %s", path);
    }
    (void)pthread_mutex_init(&store->mutex, NULL);
    all = store;
    *ret_store = store;
    return LR_OK;
}

lr_status store_open(const struct lr_host *host, const char *path, struct store **ret_store,
                     struct lr_error *err)
{
    struct store *store = NULL;
    lr_status status;
    int first = 0;

    (void)pthread_mutex_lock(&all_mutex);
    status = make_folder(path, err);
    if (status == LR_OK)
        status = find(host, path, &store, err);
    if (status == LR_OK) {
        first = store->users++ == 0;
        if (first)
            status = lock_folder(store, host, err);
        if (status == LR_OK)
            status = finish_names(store, err);
        if (status == LR_OK && first)
            status = remove_parts(store, host, err);
        if (status != LR_OK)
            drop(store);
    }
    (void)pthread_mutex_unlock(&all_mutex);
    if (status == LR_OK)
        *ret_store = store;
    return status;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    (void)pthread_mutex_lock(&all_mutex);
    drop(store);
    (void)pthread_mutex_unlock(&all_mutex);
}

/* ---- looking ---------------------------------------------------------------------------- */

static lr_status look_at_segments(const struct store *store, struct store_position *positions,
                                  uint32_t n, struct lr_error *err)
{
    DIR *folder = opendir(store->path);
    const struct dirent *entry;

    if (!folder)
        return lr_fail(err, LR_EUNAVAILABLE, "cannot read %s: %s", store->path, strerror(errno));
    while ((entry = readdir(folder)) != NULL)
        for (uint32_t i = 0; i < n; i++) {
            int64_t end = segment_end(entry->d_name, positions[i].key);

            positions[i].next = end > positions[i].next ? end : positions[i].next;
        }
    (void)closedir(folder);
    return LR_OK;
}

lr_status store_look(struct store *store, struct store_position *positions, uint32_t n,
                     struct lr_error *err)
{
    struct journal journal;
    lr_status status;

    (void)pthread_mutex_lock(&store->mutex);
    status = journal_load(&journal, store->path, err);
    for (uint32_t i = 0; i < n && status == LR_OK; i++)
        positions[i].stored = positions[i].next = journal_find(&journal, positions[i].key);
    if (status == LR_OK) {
        journal_finish(&journal);
        status = look_at_segments(store, positions, n, err);
    }
    (void)pthread_mutex_unlock(&store->mutex);
    return status;
}

/* ---- commit ----------------------------------------------------------------------------- */

static int stands_elsewhere(const struct journal *journal, const struct store_change *changes,
                            uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (journal_find(journal, changes[i].key) != changes[i].stored)
            return 1;
    return 0;
}

static lr_status owe(struct journal *journal, const struct store *store,
                     const struct store_segment *segment, struct lr_error *err)
{
    char folder[3 * 4096] = "", from[3 * 4096 + NAME_ROOM + 1], to[3 * 4096 + NAME_ROOM + 1];
    int other = segment->store != store;

    if (other && !escape_name(segment->store->path, "/", folder, sizeof folder))
        return lr_fail(err, LR_ECONFIG, "the name of the folder %s is too long",
                       segment->store->path);
    (void)snprintf(from, sizeof from, "%s%s%s", folder, other ? "/" : "", segment->part);
    (void)snprintf(to, sizeof to, "%s%s%s", folder, other ? "/" : "", segment->name);
    return journal_owe(journal, from, to, err);
}

/* The moment itself. */
static lr_status decide(struct store *store, struct journal *journal,
                        const struct store_change *changes, uint32_t n_changes,
                        const struct store_segment *segments, uint32_t n_segments, int32_t *state,
                        struct lr_error *err)
{
    lr_status status = LR_OK;

    journal_forget(journal, store->path);
    for (uint32_t i = 0; i < n_changes && status == LR_OK; i++)
        status = journal_set(journal, changes[i].key, changes[i].next, err);
    for (uint32_t i = 0; i < n_segments && status == LR_OK; i++)
        status = owe(journal, store, &segments[i], err);
    if (status != LR_OK)
        return status;
    *state = STORE_IN_DOUBT;
    status = journal_save(journal, store->path, err);
    if (status == LR_AGAIN)
        *state = STORE_NOT_YET;
    if (status == LR_OK)
        status = sync_folder(store->path, err);
    if (status == LR_OK)
        *state = STORE_COMMITTED;
    return status;
}

lr_status store_commit(struct store *store, struct store *dead, const struct store_change *changes,
                       uint32_t n_changes, const struct store_segment *segments,
                       uint32_t n_segments, int32_t *state, struct lr_error *err)
{
    struct journal journal;
    lr_status status;

    (void)pthread_mutex_lock(&store->mutex);
    status = journal_load(&journal, store->path, err);
    if (status == LR_OK) {
        if (*state == STORE_NOT_YET && stands_elsewhere(&journal, changes, n_changes))
            status = lr_fail(err, LR_ABORT, "a stream was moved on by another lane");
        if (status == LR_OK && *state == STORE_NOT_YET) {
            status = sync_folder(store->path, err);
            if (status == LR_OK && dead)
                status = sync_folder(dead->path, err);
            if (status == LR_OK)
                status =
                    decide(store, &journal, changes, n_changes, segments, n_segments, state, err);
        }
        if (status == LR_OK)
            status = journal_pay(&journal, store->path, err);
        journal_finish(&journal);
    }
    (void)pthread_mutex_unlock(&store->mutex);
    return status;
}
