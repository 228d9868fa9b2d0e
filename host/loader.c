/* SPDX-License-Identifier: MIT
 *
 * From a file to a module, in this order: trust_open (who may write it), elf_check (is it whole, is
 * it ours), dlopen, handshake, judge, adopt. Finding the file is search.c's part.
 *
 * What is loaded must be what was checked, so dlopen is given the checked descriptor's name under
 * /proc and never looks the file up again. The descriptor stays open for good: the C library knows
 * a library by the name it was opened with, and a reused number would return the wrong module.
 * (/proc/PID, not /proc/self, so that debuggers and symbolizers can open that name, too.)
 * By such a name $ORIGIN would mean /proc/PID/fd. A module whose run path speaks of $ORIGIN, or
 * that is linked with -z origin because it looks for files beside itself, is therefore opened by
 * its real path, and then the checked descriptor must lead to the very same library, which the C
 * library tells by device and inode. In between only root and the running user could have put
 * another file there: nobody else can write to any folder above it. The libraries that it brings
 * along get the same checks first (beside.h).
 */
#include "loader.h"

#include <dlfcn.h>
#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "beside.h"
#include "elfcheck.h"
#include "suggest.h"
#include "trust.h"

struct lrh_loader {
    struct lrh_search search;
};

/* Modules stay mapped until the process ends and are asked for their descriptor once per process.
 * So this list belongs to the process, as dlopen's own does, and not to a loader. */
static struct loaded {
    struct loaded *next;
    dev_t device;
    ino_t inode;
    int fd;                        /* never closed */
    const struct lr_module *given; /* NULL: it declined */
    struct lr_module *module;      /* our copy; NULL: not judged to be good yet */
} *all_loaded;

lr_status lrh_loader_create(const char *plugin_path, struct lrh_loader **ret_loader,
                            struct lr_error *err)
{
    struct lrh_loader *loader = calloc(1, sizeof *loader);

    if (!loader || lrh_search_init(&loader->search, plugin_path) != LR_OK) {
        free(loader);
        return lr_fail(err, LR_ENOMEM, "out of memory");
    }
    *ret_loader = loader;
    return LR_OK;
}

void lrh_loader_destroy(struct lrh_loader *loader)
{
    if (!loader)
        return;
    lrh_search_finish(&loader->search);
    free(loader);
}

static struct loaded *find_loaded(const struct stat *st)
{
    struct loaded *l = all_loaded;

    while (l && (l->device != st->st_dev || l->inode != st->st_ino))
        l = l->next;
    return l;
}

/* dlerror's sentence without the name that we gave. */
static lr_status cannot_load(const char *name, struct lr_error *err)
{
    const char *text = dlerror();
    size_t n = strlen(name);

    if (!text)
        text = "unknown reason";
    if (strncmp(text, name, n) == 0 && strncmp(text + n, ": ", 2) == 0)
        text += n + 2;
    return lr_fail(
        err, LR_ECONFIG, "cannot be loaded: %s%s", text,
        strstr(text, "failed to map segment") ? " (is its file system mounted with noexec?)" : "");
}

static lr_status open_library(int fd, const char *real, const struct lrh_elf_facts *facts,
                              void **ret_handle, struct lr_error *err)
{
    const int flags = RTLD_NOW | RTLD_LOCAL;
    char name[64];
    void *handle;

    (void)snprintf(name, sizeof name, "/proc/%ld/fd/%d", (long)getpid(), fd);
    if (!facts->uses_origin) {
        handle = dlopen(name, flags);
        if (!handle)
            return cannot_load(name, err);
    } else {
        /* perhaps it is there already, because another library needs it */
        handle = dlopen(name, flags | RTLD_NOLOAD);
        if (!handle) {
            handle = dlopen(real, flags);
            if (!handle)
                return cannot_load(real, err);
            if (dlopen(name, flags | RTLD_NOLOAD) != handle)
                return lr_fail(err, LR_EUNTRUSTED,
                               "not trusted: the file was replaced while it was being loaded; "
                               "start again");
        }
    }
    *ret_handle = handle;
    return LR_OK;
}

/* Checks, opens and asks for the descriptor. Takes over `fd` when it succeeds. */
static lr_status load(int fd, const struct stat *st, const char *real, struct loaded **ret_loaded,
                      struct lr_error *err)
{
    struct lrh_elf_facts facts;
    struct lrh_elf_needs needs;
    struct loaded *loaded;
    void *handle = NULL, *symbol;
    lr_module_fn entry;
    lr_status status = lrh_elf_look(fd, 1, &facts, &needs, err);

    if (status == LR_OK && facts.uses_origin)
        status = lrh_beside_check(real, &needs, err);
    if (status != LR_OK)
        return status;
    loaded = calloc(1, sizeof *loaded);
    if (!loaded)
        return lr_fail(err, LR_ENOMEM, "out of memory");
    status = open_library(fd, real, &facts, &handle, err);
    if (status != LR_OK) {
        free(loaded);
        return status;
    }
    /* From here on it is mapped, so it is remembered, whatever it says. */
    *loaded = (struct loaded){all_loaded, st->st_dev, st->st_ino, fd, NULL, NULL};
    all_loaded = loaded;
    *ret_loaded = loaded;
    symbol = dlsym(handle, LRHOST_MODULE_SYMBOL);
    if (symbol) {
        memcpy(&entry, &symbol, sizeof entry); /* C has no cast from data to function */
        loaded->given = entry(LRHOST_ABI);
    }
    return LR_OK;
}

static lr_status load_file(const char *path, const struct lr_module **ret_module,
                           struct lr_error *err)
{
    struct loaded *loaded = NULL;
    struct stat st;
    char *real = NULL;
    int fd = -1;
    lr_status status = lrh_trust_open(path, &fd, &real, err);

    if (status != LR_OK)
        return status;
    if (fstat(fd, &st) != 0) {
        status = lr_fail(err, LR_ECONFIG, "cannot be read");
        goto failed;
    }
    loaded = find_loaded(&st);
    if (!loaded) {
        status = load(fd, &st, real, &loaded, err);
        if (!loaded)
            goto failed;
        fd = -1;
    }
    status = lrh_module_judge(loaded->given, real, err);
    if (status != LR_OK)
        goto failed;
    if (!loaded->module)
        loaded->module = lrh_module_adopt(loaded->given);
    if (!loaded->module) {
        status = lr_fail(err, LR_ENOMEM, "out of memory");
        goto failed;
    }
    *ret_module = loaded->module;
    if (fd >= 0)
        (void)close(fd);
    free(real);
    return LR_OK;

failed:
    lr_context(err, "%s", real);
    if (fd >= 0)
        (void)close(fd);
    free(real);
    return status;
}

lr_status lrh_loader_find(const struct lrh_loader *loader, const char *name, const char *folder,
                          struct lrh_wanted *ret_wanted, char ret_path[LRH_SEARCH_PATH],
                          struct lr_error *err)
{
    lr_status status = lrh_search_parse(name, folder, ret_wanted, err);

    if (status == LR_OK && ret_wanted->is_path)
        (void)strcpy(ret_path, ret_wanted->file);
    else if (status == LR_OK)
        status = lrh_search_find(&loader->search, ret_wanted, ret_path, err);
    return status;
}

lr_status lrh_loader_module(struct lrh_loader *loader, const char *name, const char *folder,
                            const struct lr_module **ret_module, struct lr_error *err)
{
    struct lrh_wanted wanted;
    char path[LRH_SEARCH_PATH];
    lr_status status = lrh_loader_find(loader, name, folder, &wanted, path, err);

    return status == LR_OK ? load_file(path, ret_module, err) : status;
}

/* "module 'text' has no source 'text'; it has: codec 'text'" */
static lr_status not_in_module(const struct lr_module *module, uint32_t kind, const char *name,
                               struct lr_error *err)
{
    struct lrh_suggestion suggestion = {.word = name};
    const char *kind_name = lrh_kind_name(kind);
    char has[512] = "", nearest[128];
    size_t used = 0;

    for (uint32_t i = 0; i < module->n_plugins; i++) {
        const struct lr_plugin *p = module->plugins[i];
        int n = snprintf(has + used, sizeof has - used, "%s%s '%s'", i ? ", " : "",
                         lrh_kind_name(p->kind), p->name);

        if (p->kind == kind)
            lrh_suggest(&suggestion, p->name);
        if (n < 0 || (size_t)n >= sizeof has - used)
            break;
        used += (size_t)n;
    }
    return lr_fail(err, LR_ECONFIG, "module '%s' has no %s '%s'%s It has: %s", module->name,
                   kind_name ? kind_name : "such kind as", name,
                   suggestion.best ? lrh_suggest_text(&suggestion, nearest, sizeof nearest) : ".",
                   has);
}

lr_status lrh_loader_plugin(struct lrh_loader *loader, uint32_t kind, const char *name,
                            const char *folder, const struct lr_plugin **ret_plugin,
                            struct lr_error *err)
{
    const struct lr_module *module = NULL;
    struct lrh_wanted wanted;
    const char *plugin;
    char path[LRH_SEARCH_PATH];
    lr_status status = lrh_loader_find(loader, name, folder, &wanted, path, err);

    if (status == LR_OK)
        status = load_file(path, &module, err);
    if (status != LR_OK)
        return status;
    plugin = wanted.plugin[0] ? wanted.plugin : module->name;
    for (uint32_t i = 0; i < module->n_plugins; i++)
        if (module->plugins[i]->kind == kind && strcmp(module->plugins[i]->name, plugin) == 0) {
            *ret_plugin = module->plugins[i];
            return LR_OK;
        }
    return not_in_module(module, kind, plugin, err);
}

void lrh_loader_each(const struct lrh_loader *loader, void (*visit)(void *ctx, const char *path),
                     void *ctx)
{
    struct lrh_found *found = NULL;
    size_t n = 0;

    if (lrh_search_list(&loader->search, &found, &n) != LR_OK)
        return;
    for (size_t i = 0; i < n; i++)
        visit(ctx, found[i].path);
    lrh_search_free(found, n);
}
