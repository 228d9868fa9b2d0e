/* SPDX-License-Identifier: MIT
 *
 * The grammar of module names and the search path.
 *
 * Whether a word is a path is seen by the word alone, never by what happens to lie on the disk:
 * else a file could turn the meaning of a pipeline around. Empty parts of the search path are
 * skipped (elsewhere they mean the current folder, which is nobody's wish).
 */
#include "search.h"

#include <dirent.h>
#include <errno.h>
#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loader.h"
#include "suggest.h"

#ifndef LRHOST_PLUGINDIR
#define LRHOST_PLUGINDIR "/usr/local/lib/lrhost"
#endif

char *lrh_loader_default_path(void)
{
    /* Not from the environment of a caller with fewer rights. */
    const char *first = secure_getenv("LRHOST_PLUGIN_PATH");
    char program[LRH_SEARCH_PATH], *path = NULL, *slash;
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);

    program[n > 0 ? n : 0] = '\0';
    slash = strrchr(program, '/');
    if (slash)
        *slash = '\0';
    if (asprintf(&path, "%s%s%s%s%s", first ? first : "", first ? ":" : "", program,
                 slash ? "/plugins:" : "", LRHOST_PLUGINDIR) < 0)
        return NULL;
    return path;
}

lr_status lrh_search_init(struct lrh_search *search, const char *path)
{
    size_t room = 1;

    *search = (struct lrh_search){0};
    for (const char *c = path; *c; c++)
        room += *c == ':';
    search->text = strdup(path);
    search->folders = calloc(room, sizeof *search->folders);
    if (!search->text || !search->folders)
        goto no_memory;
    for (const char *at = path;; at++) {
        size_t n = strcspn(at, ":");

        if (n > 0) {
            search->folders[search->n_folders] = strndup(at, n);
            if (!search->folders[search->n_folders])
                goto no_memory;
            search->n_folders++;
        }
        at += n;
        if (*at == '\0')
            return LR_OK;
    }
no_memory:
    lrh_search_finish(search);
    return LR_ENOMEM;
}

void lrh_search_finish(struct lrh_search *search)
{
    for (size_t i = 0; i < search->n_folders; i++)
        free(search->folders[i]);
    free(search->folders);
    free(search->text);
    memset(search, 0, sizeof *search);
}

static int ends_in_so(const char *text, size_t n)
{
    return n >= 3 && memcmp(text + n - 3, ".so", 3) == 0;
}

static int begins_as_path(const char *name)
{
    return name[0] == '/' || strncmp(name, "./", 2) == 0 || strncmp(name, "../", 3) == 0;
}

lr_status lrh_search_parse(const char *name, const char *folder, struct lrh_wanted *ret_wanted,
                           struct lr_error *err)
{
    const char *slash = strrchr(name, '/'), *plugin = "";
    size_t n = strlen(name);
    int written;

    ret_wanted->is_path = begins_as_path(name) || ends_in_so(name, n);
    if (!ends_in_so(name, n) && slash && ends_in_so(name, (size_t)(slash - name))) {
        ret_wanted->is_path = 1;
        n = (size_t)(slash - name);
        plugin = slash + 1;
    } else if (!ret_wanted->is_path && slash) {
        n = (size_t)(slash - name);
        plugin = slash + 1;
    }
    if (n == 0 || n >= sizeof ret_wanted->file || strlen(plugin) >= sizeof ret_wanted->plugin ||
        (slash && plugin == slash + 1 && plugin[0] == '\0') ||
        (!ret_wanted->is_path &&
         (memchr(name, '/', n) || name[0] == '.' || n >= LRH_SEARCH_NAME - 4)))
        return lr_fail(err, LR_ECONFIG,
                       "'%s' names no plugin; write NAME, MODULE/NAME, or a path that begins with "
                       "./ or / or ends in .so",
                       name);
    (void)strcpy(ret_wanted->plugin, plugin);
    if (!ret_wanted->is_path)
        written = snprintf(ret_wanted->file, sizeof ret_wanted->file, "%.*s", (int)n, name);
    else
        written =
            snprintf(ret_wanted->file, sizeof ret_wanted->file, "%s%s%.*s%s",
                     name[0] == '/' || !folder ? "" : folder, name[0] == '/' || !folder ? "" : "/",
                     (int)n, name, ends_in_so(name, n) ? "" : ".so");
    if (written < 0 || (size_t)written >= sizeof ret_wanted->file)
        return lr_fail(err, LR_ECONFIG, "the path of a plugin is too long");
    return LR_OK;
}

/* "no module 'kafak'; did you mean 'kafka'? There is: file, kafka (search path: /a:/b)"
 * "no module 'json'. There is: file, kafka (search path: /a:/b); it may be a package of its own,
 * lrhost-json" */
static lr_status not_found(const struct lrh_search *search, const struct lrh_wanted *wanted,
                           struct lr_error *err)
{
    struct lrh_suggestion suggestion = {.word = wanted->file};
    struct lrh_found *found = NULL;
    char names[400] = "", nearest[128];
    const char *advice = "; it may be a package of its own, lrhost-", *package = wanted->file;
    size_t n = 0, used = 0;

    if (lrh_search_list(search, &found, &n) != LR_OK)
        return lr_fail(err, LR_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        char name[LRH_SEARCH_NAME];
        size_t length = strlen(found[i].name) - 3;

        (void)snprintf(name, sizeof name, "%.*s", (int)length, found[i].name);
        lrh_suggest(&suggestion, name);
        /* the suggestion borrows its best candidate, and `name` ends here */
        if (suggestion.best == name) {
            found[i].path[strlen(found[i].path) - 3] = '\0';
            suggestion.best = found[i].name;
        }
        if (used + length + 8 < sizeof names)
            used += (size_t)sprintf(names + used, "%s%s", used ? ", " : "", name);
        else if (used + 6 < sizeof names)
            used += (size_t)sprintf(names + used, ", ...");
    }
    if (wanted->plugin[0] || suggestion.best) {
        advice = wanted->plugin[0] ? "; a path begins with ./ or / or ends in .so" : "";
        package = "";
    }
    (void)lr_fail(
        err, LR_ECONFIG, "no module '%s'%s There is: %s (search path: %s)%s%s", wanted->file,
        suggestion.best ? lrh_suggest_text(&suggestion, nearest, sizeof nearest) : ".",
        n ? names : "none at all", search->n_folders ? search->text : "empty", advice, package);
    lrh_search_free(found, n);
    return LR_ECONFIG;
}

lr_status lrh_search_find(const struct lrh_search *search, const struct lrh_wanted *wanted,
                          char ret_path[LRH_SEARCH_PATH], struct lr_error *err)
{
    for (size_t i = 0; i < search->n_folders; i++) {
        struct stat st;
        int n = snprintf(ret_path, LRH_SEARCH_PATH, "%s/%s.so", search->folders[i], wanted->file);

        if (n > 0 && n < LRH_SEARCH_PATH && lstat(ret_path, &st) == 0)
            return LR_OK;
    }
    return not_found(search, wanted, err);
}

static int by_name(const void *a, const void *b)
{
    const struct lrh_found *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order ? order : (x->rank > y->rank) - (x->rank < y->rank);
}

/* Adds the modules of one folder. A folder that cannot be read has none. */
static lr_status list_folder(const char *folder, size_t rank, struct lrh_found **found, size_t *n)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    lr_status status = LR_OK;

    if (!dir)
        return LR_OK;
    while (status == LR_OK && (entry = readdir(dir)) != NULL) {
        size_t length = strlen(entry->d_name);
        struct lrh_found *more, one = {.rank = rank};

        if (length < 4 || entry->d_name[0] == '.' || !ends_in_so(entry->d_name, length))
            continue;
        more = realloc(*found, (*n + 1) * sizeof **found);
        if (more)
            *found = more;
        if (!more || asprintf(&one.path, "%s/%s", folder, entry->d_name) < 0) {
            status = LR_ENOMEM;
            break;
        }
        one.name = one.path + strlen(folder) + 1;
        (*found)[(*n)++] = one;
    }
    (void)closedir(dir);
    return status;
}

lr_status lrh_search_list(const struct lrh_search *search, struct lrh_found **ret_found,
                          size_t *ret_n)
{
    struct lrh_found *found = NULL;
    size_t n = 0, kept = 0;
    lr_status status = LR_OK;

    for (size_t i = 0; i < search->n_folders && status == LR_OK; i++)
        status = list_folder(search->folders[i], i, &found, &n);
    if (status != LR_OK) {
        lrh_search_free(found, n);
        return status;
    }
    if (n > 0)
        qsort(found, n, sizeof *found, by_name);
    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && strcmp(found[kept - 1].name, found[i].name) == 0)
            free(found[i].path); /* a later folder's: never reached by name */
        else
            found[kept++] = found[i];
    }
    *ret_found = found;
    *ret_n = kept;
    return LR_OK;
}

void lrh_search_free(struct lrh_found *found, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(found[i].path);
    free(found);
}
