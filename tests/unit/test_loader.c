/* SPDX-License-Identifier: MIT
 *
 * The loader from a name to a plugin, with modules that are in order (test_broken.c has the
 * others). dlopen is replaced by one that can swap the file at the last moment, because what is
 * loaded must be what was checked.
 */
#include <dlfcn.h>

#include "unit/loader_rig.h"

static const char *swap_from, *swap_to; /* NULL: swap nothing */

/* In place of the C library's. */
__attribute__((visibility("default"))) void *dlopen(const char *name, int flags)
{
    static void *(*real)(const char *, int);

    if (!real) {
        void *symbol = dlsym(RTLD_NEXT, "dlopen");
        memcpy(&real, &symbol, sizeof real);
    }
    if (swap_from && rename(swap_from, swap_to) == 0)
        swap_from = NULL;
    CU_ASSERT((flags & (RTLD_NOW | RTLD_GLOBAL)) == RTLD_NOW);
    return real(name, flags);
}

/* ---- good ones ------------------------------------------------------------------------------- */

static void test_good(void)
{
    const struct lr_module *module = NULL;
    const struct lr_plugin *plugin = NULL, *second = NULL;
    void *self = NULL;

    put("good.so", "good.so");
    CU_ASSERT_FATAL(load("good", &module) == LR_OK);
    CU_ASSERT_STRING_EQUAL(module->name, "good");
    CU_ASSERT_EQUAL(module->n_plugins, 2);
    CU_ASSERT_EQUAL(module->size, sizeof(struct lr_module));
    CU_ASSERT_EQUAL(find(LR_MONITOR, "good", &plugin), LR_OK);
    CU_ASSERT_PTR_EQUAL(plugin, module->plugins[0]);
    CU_ASSERT_STRING_EQUAL(plugin->options[0].name, "count");
    CU_ASSERT_EQUAL(find(LR_MONITOR, "good/second", &second), LR_OK);
    CU_ASSERT_PTR_EQUAL(second, module->plugins[1]);
    CU_ASSERT_EQUAL(plugin->create(NULL, NULL, &self, &err), LR_OK);
    CU_ASSERT_EQUAL(plugin->start(self, &err), LR_OK);
    plugin->destroy(self);

    CU_ASSERT_EQUAL(find(LR_SOURCE, "good", &plugin), LR_ECONFIG);
    CU_ASSERT(says("module 'good' has no source 'good'. It has: monitor 'good', monitor 'second'"));
    CU_ASSERT_EQUAL(find(LR_MONITOR, "good/secnod", &plugin), LR_ECONFIG);
    CU_ASSERT(says("no monitor 'secnod'; did you mean 'second'?"));
}

static void test_old_form(void)
{
    const struct lr_plugin *plugin = NULL;
    const struct lr_monitor *ops;

    put("oldform.so", "oldform.so");
    CU_ASSERT_FATAL(find(LR_MONITOR, "oldform", &plugin) == LR_OK);
    CU_ASSERT_EQUAL(plugin->size, sizeof *plugin);
    CU_ASSERT(plugin->topics == NULL); /* there in memory, but beyond its size */
    CU_ASSERT(plugin->start == NULL && plugin->stop == NULL);
    ops = plugin->ops;
    CU_ASSERT_EQUAL(ops->size, sizeof *ops);
    CU_ASSERT(ops->snapshot != NULL);
    CU_ASSERT(ops->progress == NULL && ops->interval_ns == NULL);
}

/* One file is one module, however it is reached, and is asked once. */
static void test_same_twice(void)
{
    const struct lr_module *first = NULL, *again = NULL;
    struct lrh_loader *kept = loader;

    put("counting.so", "counting.so");
    CU_ASSERT_EQUAL(mkdir(in_folder("other"), 0755), 0);
    CU_ASSERT_EQUAL(link(in_folder("counting.so"), in_folder("other/counting.so")), 0);
    CU_ASSERT_EQUAL(symlink("other", in_folder("alias")), 0);
    CU_ASSERT_FATAL(load("counting", &first) == LR_OK);
    CU_ASSERT_EQUAL(load("./counting.so", &again), LR_OK);
    CU_ASSERT_PTR_EQUAL(again, first);
    CU_ASSERT_EQUAL(load("./other/../counting", &again), LR_OK);
    CU_ASSERT_PTR_EQUAL(again, first);
    CU_ASSERT_EQUAL(load("alias/counting.so", &again), LR_OK);
    CU_ASSERT_PTR_EQUAL(again, first);
    CU_ASSERT_EQUAL(load(in_folder("other/counting.so"), &again), LR_OK);
    CU_ASSERT_PTR_EQUAL(again, first);
    /* also for another loader of the same process */
    CU_ASSERT_EQUAL(lrh_loader_create(folder, &loader, &err), LR_OK);
    CU_ASSERT_EQUAL(load("counting", &again), LR_OK);
    CU_ASSERT_PTR_EQUAL(again, first);
    lrh_loader_destroy(loader);
    loader = kept;
}

/* The C library matches by name: were a descriptor's number used a second time, it would hand out
 * the module that was loaded by that number before. */
static void test_number_reused(void)
{
    struct lrh_loader *kept = loader;
    const struct lr_module *module = NULL;
    static const char *const names[] = {"good", "failing", "oldform"};

    CU_ASSERT_EQUAL(mkdir(in_folder("reuse"), 0755), 0);
    put("good.so", "reuse/good.so");
    put("failing.so", "reuse/failing.so");
    put("oldform.so", "reuse/oldform.so");
    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(lrh_loader_create(in_folder("reuse"), &loader, &err), LR_OK);
        CU_ASSERT_EQUAL(load(names[i], &module), LR_OK);
        CU_ASSERT_STRING_EQUAL(module->name, names[i]);
        lrh_loader_destroy(loader);
    }
    loader = kept;
}

/* ---- run paths and files that change ----------------------------------------------------------
 */

static void test_origin(void)
{
    const struct lr_plugin *plugin = NULL, *again = NULL;

    CU_ASSERT_EQUAL(mkdir(in_folder("beside"), 0755), 0);
    put("origin.so", "beside/origin.so");
    CU_ASSERT_EQUAL(find(LR_MONITOR, "beside/origin.so", &plugin), LR_ECONFIG);
    CU_ASSERT(says("beside/origin.so: cannot be loaded: libhelper.so: cannot open shared object"));
    put("libhelper.so", "beside/libhelper.so");
    CU_ASSERT_FATAL(find(LR_MONITOR, "beside/origin.so", &plugin) == LR_OK);
    CU_ASSERT_EQUAL(plugin->start(NULL, &err), LR_OK);
    CU_ASSERT_EQUAL(find(LR_MONITOR, "./beside/origin", &again), LR_OK);
    CU_ASSERT_PTR_EQUAL(again, plugin);
}

/* The file is checked, and then another one is put in its place. */
static void test_swapped(void)
{
    const struct lr_plugin *plugin = NULL;
    void *self = NULL;

    CU_ASSERT_EQUAL(mkdir(in_folder("swap"), 0755), 0);
    put("good.so", "swap/good.so");
    put("failing.so", "swap/new.so");
    swap_from = in_folder("swap/new.so");
    swap_to = in_folder("swap/good.so");
    CU_ASSERT_FATAL(find(LR_MONITOR, "./swap/good", &plugin) == LR_OK);
    CU_ASSERT_PTR_NULL(swap_from);
    CU_ASSERT_STRING_EQUAL(plugin->name, "good"); /* what was checked */
    CU_ASSERT_EQUAL(plugin->create(NULL, NULL, &self, &err), LR_OK);

    put("origin.so", "swap/origin.so");
    put("origin.so", "swap/new.so");
    put("libhelper.so", "swap/libhelper.so");
    swap_from = in_folder("swap/new.so");
    swap_to = in_folder("swap/origin.so");
    CU_ASSERT_EQUAL(find(LR_MONITOR, "./swap/origin", &plugin), LR_EUNTRUSTED);
    CU_ASSERT_PTR_NULL(swap_from);
    CU_ASSERT(says("the file was replaced while it was being loaded"));
}

/* ---- names and the search path ----------------------------------------------------------------
 */

static void test_not_found(void)
{
    put("good.so", "good.so");
    CU_ASSERT_EQUAL(load("godo", NULL), LR_ECONFIG);
    CU_ASSERT(says("no module 'godo'; did you mean 'good'? There is: "));
    CU_ASSERT(says(folder));
    CU_ASSERT_EQUAL(load("zzzzzzzz", NULL), LR_ECONFIG);
    CU_ASSERT(says("no module 'zzzzzzzz'. There is: "));
    CU_ASSERT(says("; it may be a package of its own, lrhost-zzzzzzzz"));
    CU_ASSERT_EQUAL(load("./zzz.so", NULL), LR_ECONFIG);
    CU_ASSERT(says("/zzz.so: No such file"));
    CU_ASSERT_EQUAL(load("plugins/mine", NULL), LR_ECONFIG); /* taken for module/plugin */
    CU_ASSERT(says("no module 'plugins'"));
    CU_ASSERT(says("a path begins with ./ or / or ends in .so"));
}

static void test_names(void)
{
    static const char *const wrong[] = {"",        "/",     ".",          "..",   "a/b/c",
                                        ".hidden", "good/", "./good.so/", "/.so/"};
    static const char *const right[] = {"good",           "good/second",  "./good.so",
                                        "good.so",        "./good",       "./good.so/second",
                                        "good.so/second", "../%s/good.so"};
    const struct lr_plugin *plugin;

    put("good.so", "good.so");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        plugin = NULL;
        CU_ASSERT_EQUAL(find(LR_MONITOR, wrong[i], &plugin), LR_ECONFIG);
        CU_ASSERT_PTR_NULL(plugin);
        CU_ASSERT(err.text[0] != '\0');
    }
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        char name[128];
        const char *mark = strstr(right[i], "%s");

        (void)snprintf(name, sizeof name, "%.*s%s%s",
                       mark ? (int)(mark - right[i]) : (int)strlen(right[i]), right[i],
                       mark ? strrchr(folder, '/') + 1 : "", mark ? mark + 2 : "");
        plugin = NULL;
        CU_ASSERT_EQUAL(find(LR_MONITOR, name, &plugin), LR_OK);
        CU_ASSERT_PTR_NOT_NULL_FATAL(plugin);
        CU_ASSERT_STRING_EQUAL(plugin->name, strstr(name, "second") ? "second" : "good");
    }
}

struct seen {
    char text[1024];
};

static void note(void *ctx, const char *path)
{
    struct seen *seen = ctx;
    size_t n = strlen(seen->text);

    (void)snprintf(seen->text + n, sizeof seen->text - n, "%s ",
                   path + strlen(in_folder("search")));
}

static void test_search(void)
{
    struct lrh_loader *kept = loader;
    const struct lr_module *first = NULL, *module = NULL;
    struct seen seen = {""};
    char path[512];

    CU_ASSERT_EQUAL(mkdir(in_folder("search"), 0755), 0);
    CU_ASSERT_EQUAL(mkdir(in_folder("search/a"), 0755), 0);
    CU_ASSERT_EQUAL(mkdir(in_folder("search/b"), 0755), 0);
    put("good.so", "search/a/good.so");
    put("good.so", "search/b/good.so");
    put("failing.so", "search/b/failing.so");
    put("empty.so", "search/b/empty.so");
    CU_ASSERT_EQUAL(file_write(in_folder("search/b/notes.txt"), "x", 1), 0);
    (void)snprintf(path, sizeof path, ":%s/none::%s/search/a:%s/search/b:", folder, folder, folder);
    CU_ASSERT_EQUAL(lrh_loader_create(path, &loader, &err), LR_OK);
    CU_ASSERT_EQUAL(load("good", &first), LR_OK);
    CU_ASSERT_EQUAL(load(in_folder("search/a/good.so"), &module), LR_OK);
    CU_ASSERT_PTR_EQUAL(module, first); /* the first folder wins */
    CU_ASSERT_EQUAL(load(in_folder("search/b/good.so"), &module), LR_OK);
    CU_ASSERT_PTR_NOT_EQUAL(module, first);
    CU_ASSERT_EQUAL(load("failing", NULL), LR_OK);
    lrh_loader_each(loader, note, &seen);
    CU_ASSERT_STRING_EQUAL(seen.text, "/b/empty.so /b/failing.so /a/good.so ");
    lrh_loader_destroy(loader);
    CU_ASSERT_EQUAL(lrh_loader_create("", &loader, &err), LR_OK);
    CU_ASSERT_EQUAL(load("good", NULL), LR_ECONFIG);
    CU_ASSERT(says("There is: none at all (search path: empty)"));
    lrh_loader_destroy(loader);
    loader = kept;
}

static void test_default_path(void)
{
    char *path, *slash, program[512];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);

    CU_ASSERT_FATAL(n > 0);
    program[n] = '\0';
    slash = strrchr(program, '/');
    *slash = '\0';
    CU_ASSERT_EQUAL(setenv("LRHOST_PLUGIN_PATH", "/one:/two", 1), 0);
    path = lrh_loader_default_path();
    CU_ASSERT_FATAL(path != NULL);
    CU_ASSERT_EQUAL(strncmp(path, "/one:/two:", 10), 0);
    CU_ASSERT_EQUAL(strncmp(path + 10, program, strlen(program)), 0);
    CU_ASSERT_EQUAL(strncmp(path + 10 + strlen(program), "/plugins:/", 10), 0);
    free(path);
    CU_ASSERT_EQUAL(unsetenv("LRHOST_PLUGIN_PATH"), 0);
    path = lrh_loader_default_path();
    CU_ASSERT_EQUAL(strncmp(path, program, strlen(program)), 0);
    free(path);
}

static void test_kinds(void)
{
    CU_ASSERT_STRING_EQUAL(lrh_kind_name(LR_SOURCE), "source");
    CU_ASSERT_STRING_EQUAL(lrh_kind_name(LR_MONITOR), "monitor");
    CU_ASSERT_PTR_NULL(lrh_kind_name(0));
    CU_ASSERT_PTR_NULL(lrh_kind_name(LR_MONITOR + 1));
    CU_ASSERT_PTR_NULL(lrh_kind_name(UINT32_MAX));
}

static CU_TestInfo tests[] = {
    {"good", test_good},
    {"old form", test_old_form},
    {"same twice", test_same_twice},
    {"number reused", test_number_reused},
    {"origin", test_origin},
    {"swapped", test_swapped},
    {"not found", test_not_found},
    {"names", test_names},
    {"search", test_search},
    {"default path", test_default_path},
    {"kinds", test_kinds},
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    CU_SuiteInfo suites[] = {
        {"loader", setup, teardown, NULL, NULL, tests},
        CU_SUITE_INFO_NULL,
    };

    (void)umask(0022);
    return unit_main(suites, argc, argv);
}
