/* SPDX-License-Identifier: MIT
 *
 * Name or path -> module -> plugin: find the file, trust it (trust.h), look into it before any of
 * its code can run (elfcheck.h), load it, shake hands, judge its descriptor, and copy it.
 * The one file that includes dlfcn.h is loader.c. Modules are never unloaded.
 *
 * What `plugin =` may say:
 *
 *     kafka             module kafka of the search path, its plugin kafka
 *     text/json         module text of the search path, its plugin json
 *     ./my.so  ../my    a path: it begins with "/", "./" or "../", or ends in ".so"; relative to
 *     lib/my.so         the folder of the INI file; ".so" may be left out
 *     ./my.so/json      the same with a plugin: what follows ".so/"
 *
 * All structs that come from here (module, plugin, options, ops) are the host's own copies in
 * today's size: what a module of an older ABI does not have is zero, so a reader need not look at
 * any `size`.
 */
#ifndef LRHOST_LOADER_H
#define LRHOST_LOADER_H

#include <lrhost/abi.h>

#include "search.h"

struct lrh_loader;

/* `plugin_path`: folders to search, colon-separated, first hit wins (LRHOST_PLUGIN_PATH, then
 * "plugins" beside the program, then the installed plugin folder; see lrh_loader_default_path). */
lr_status lrh_loader_create(const char *plugin_path, struct lrh_loader **ret_loader,
                            struct lr_error *err);
/* Forgets the search path; loaded modules and their descriptors stay for good. */
void lrh_loader_destroy(struct lrh_loader *loader);

/* The folders that a program searches when nothing else is said; malloc'ed, NULL: no memory. */
char *lrh_loader_default_path(void);

/* Loads (or finds loaded) a module. `name`: see above, without a plugin; `folder` NULL: the
 * current one. The error is one sentence: not found (with what is there and a suggestion), not
 * trusted (LR_EUNTRUSTED), not a module, too new, half filled (LR_ECONFIG). [main] */
lr_status lrh_loader_module(struct lrh_loader *loader, const char *name, const char *folder,
                            const struct lr_module **ret_module, struct lr_error *err);

/* The file that `name` names, without opening it, and the plugin ("": the module's own). [main] */
lr_status lrh_loader_find(const struct lrh_loader *loader, const char *name, const char *folder,
                          struct lrh_wanted *ret_wanted, char ret_path[LRH_SEARCH_PATH],
                          struct lr_error *err);

/* The plugin of a kind in the module that `name` names: the one called like the module, or the
 * one that is named. [main] */
lr_status lrh_loader_plugin(struct lrh_loader *loader, uint32_t kind, const char *name,
                            const char *folder, const struct lr_plugin **ret_plugin,
                            struct lr_error *err);

/* Calls `visit` with every .so of the search path, sorted by name; loads none of them. A file
 * behind another one of the same name is not shown: it cannot be loaded by name. [main] */
void lrh_loader_each(const struct lrh_loader *loader, void (*visit)(void *ctx, const char *path),
                     void *ctx);

/* "source", "codec", ...; NULL for a number that is no kind. */
const char *lrh_kind_name(uint32_t kind);

/* Not 0: a module or plugin may be called so (a-z, 0-9, - and _). */
int lrh_is_plugin_name(const char *name);

/* Judges a descriptor as a module hands it out, and its option tables: everything required is
 * there, names are sane and fit `file` ("NAME.so", or a path), kinds known, structs as large as
 * their oldest form. The one place that knows what is required. The sentence is meant to follow
 * the file's name and a colon. */
lr_status lrh_module_judge(const struct lr_module *module, const char *file, struct lr_error *err);

/* A copy of a judged descriptor and all below it, in today's sizes; NULL: no memory. One block:
 * free() ends it. Functions, names and texts stay the module's. */
struct lr_module *lrh_module_adopt(const struct lr_module *module);

#endif
