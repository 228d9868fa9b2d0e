/* SPDX-License-Identifier: MIT
 *
 * From what `plugin =` says to a file: the grammar of module names (see loader.h) and the search
 * path. Knows nothing of what a file holds.
 */
#ifndef LRHOST_SEARCH_H
#define LRHOST_SEARCH_H

#include <limits.h>
#include <lrhost/abi.h>

#define LRH_SEARCH_PATH PATH_MAX
#define LRH_SEARCH_NAME 256 /* a file's name with its 0 */

struct lrh_search {
    char *text; /* as given, for messages */
    char **folders;
    size_t n_folders;
};

struct lrh_wanted {
    int is_path;
    char file[LRH_SEARCH_PATH];   /* a path that ends in .so, or the module's name */
    char plugin[LRH_SEARCH_NAME]; /* "": the one called like the module */
};

struct lrh_found {
    char *path;
    const char *name; /* within path */
    size_t rank;      /* of its folder */
};

lr_status lrh_search_init(struct lrh_search *search, const char *path);
void lrh_search_finish(struct lrh_search *search);

lr_status lrh_search_parse(const char *name, const char *folder, struct lrh_wanted *ret_wanted,
                           struct lr_error *err);

/* The first file of that name on the path. The error says what there is instead. */
lr_status lrh_search_find(const struct lrh_search *search, const struct lrh_wanted *wanted,
                          char ret_path[LRH_SEARCH_PATH], struct lr_error *err);

/* Every .so that can be found by name, sorted; LR_ENOMEM is the only error. */
lr_status lrh_search_list(const struct lrh_search *search, struct lrh_found **ret_found,
                          size_t *ret_n);
void lrh_search_free(struct lrh_found *found, size_t n);

#endif
