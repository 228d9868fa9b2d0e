/* SPDX-License-Identifier: MIT
 *
 * A loader over a folder of its own, for the tests of the loader.
 */
#ifndef TESTS_LOADER_RIG_H
#define TESTS_LOADER_RIG_H

#include <lrhost/lrhost.h>

#include "host/loader.h"
#include "unit/folder.h"
#include "unit/unit.h"

static struct lrh_loader *loader;
static struct lr_error err;

static inline int setup(void)
{
    err = (struct lr_error)LR_ERROR_INIT;
    return folder_make() != 0 || lrh_loader_create(folder, &loader, &err) != LR_OK;
}

static inline int teardown(void)
{
    lrh_loader_destroy(loader);
    lrh_loader_destroy(NULL);
    return folder_remove();
}

static inline lr_status load(const char *name, const struct lr_module **ret_module)
{
    const struct lr_module *module = NULL;
    lr_status status;

    err = (struct lr_error)LR_ERROR_INIT;
    status = lrh_loader_module(loader, name, folder, &module, &err);
    CU_ASSERT((status == LR_OK) == (module != NULL));
    CU_ASSERT((status == LR_OK) == (err.text[0] == '\0'));
    if (ret_module)
        *ret_module = module;
    return status;
}

static inline lr_status find(uint32_t kind, const char *name, const struct lr_plugin **ret_plugin)
{
    err = (struct lr_error)LR_ERROR_INIT;
    return lrh_loader_plugin(loader, kind, name, folder, ret_plugin, &err);
}

static inline int says(const char *text)
{
    if (strstr(err.text, text))
        return 1;
    (void)printf("\nexpected \"%s\" in \"%s\"\n", text, err.text);
    return 0;
}

/* Puts a module that was built for the tests into the folder. */
static inline void put(const char *from, const char *to)
{
    const char *path = in_folder(to);

    CU_ASSERT_FATAL(file_copy(built(from), path) == 0);
    CU_ASSERT_EQUAL(chmod(path, 0644), 0);
}

#endif
