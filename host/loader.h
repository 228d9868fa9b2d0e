/* SPDX-License-Identifier: MIT
 *
 * Name or path -> module -> plugin: find the file, trust it (trust.h), look into its ELF header and
 * ABI note before any of its code can run (elfcheck.h), load it, shake hands, judge its descriptor.
 * The one file that includes dlfcn.h is loader.c. Modules are never unloaded.
 */
#ifndef LRHOST_LOADER_H
#define LRHOST_LOADER_H

#include <lrhost/abi.h>

struct lrh_loader;

/* `plugin_path`: folders to search, colon-separated, first hit wins (LRHOST_PLUGIN_PATH, then
 * "plugins" beside the program, then the installed plugin folder; see lrh_loader_default_path). */
lr_status lrh_loader_create(const char *plugin_path, struct lrh_loader **ret_loader,
                            struct lr_error *err);
/* Forgets what it knows; loaded modules stay mapped. */
void lrh_loader_destroy(struct lrh_loader *loader);

/* The folders that a program searches when nothing else is said; malloc'ed. */
char *lrh_loader_default_path(void);

/* Loads (or finds loaded) a module. `name`: "kafka", or a path with a slash, relative to
 * `folder`. The error is one sentence: not found (with what is there and a suggestion), not
 * trusted (LR_EUNTRUSTED), not a module, too new, half filled (LR_ECONFIG). */
lr_status lrh_loader_module(struct lrh_loader *loader, const char *name, const char *folder,
                            const struct lr_module **ret_module, struct lr_error *err);

/* The plugin of a kind in the module that `name` names: the one called like the module, or
 * "module/plugin" for another one. */
lr_status lrh_loader_plugin(struct lrh_loader *loader, uint32_t kind, const char *name,
                            const char *folder, const struct lr_plugin **ret_plugin,
                            struct lr_error *err);

/* Calls `visit` for every .so of the search path, sorted by name; `module` is NULL and `error`
 * set for one that cannot be loaded. */
void lrh_loader_each(struct lrh_loader *loader,
                     void (*visit)(void *ctx, const char *file, const struct lr_module *module,
                                   const char *error),
                     void *ctx);

/* "source", "codec", ...; NULL for a number that is no kind. */
const char *lrh_kind_name(uint32_t kind);

/* Judges a descriptor and its option tables: everything required is there, names are sane, kinds
 * known, ops as large as their oldest form. The one place that knows what is required. */
lr_status lrh_module_judge(const struct lr_module *module, const char *file,
                           struct lr_error *err);

#endif
