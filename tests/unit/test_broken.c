/* SPDX-License-Identifier: MIT
 *
 * The loader and modules that are broken on purpose (tests/plugins/): each gives its one sentence,
 * also when it is asked for a second time.
 */
#include "unit/loader_rig.h"

static const struct broken {
    const char *name;
    const char *sentence;
} broken[] = {
    {"nosymbol", "nosymbol.so: does not export lrhost_module_v1;"},
    {"nonote", "nonote.so: is not an lrhost module: it carries no ABI note;"},
    {"future", "future.so: needs lrhost ABI 2 or newer; this lrhost offers 1 (upgrade lrhost)"},
    {"abirange", "abirange.so: needs lrhost ABI 7 or newer; this lrhost offers 1"},
    {"declining", "declining.so: declines to work with lrhost ABI 1"},
    {"needing", "needing.so: cannot be loaded: undefined symbol: nobody_offers_this"},
    {"short_module", "short_module.so: describes itself in a struct of 16 bytes; it needs at "},
    {"short_plugin", "plugin 1 of the module is a struct of 64 bytes; it needs at least 96"},
    {"short_ops", "monitor 'short_ops' (its ops) is a struct of 8 bytes; it needs at least 16, "},
    {"nocreate", "nocreate.so: monitor 'nocreate' does not offer 'create', which is required"},
    {"noseek", "source 'noseek' (its ops) does not offer 'seek', which is required by what it "},
    {"noops", "noops.so: monitor 'noops' has no ops: point them to a struct lr_monitor"},
    {"badkind", "plugin 'badkind' is of kind 99, which this lrhost does not know"},
    {"badname", "plugin 1 of the module has no usable name"},
    {"nosummary", "monitor 'nosummary' has no summary of one line"},
    {"wrongname", "wrongname.so: calls itself 'other', which is not its file's name;"},
    {"firstname", "is called 'firstname' but its first plugin 'other'"},
    {"empty", "empty.so: holds 0 plugins; a module has 1 to 64"},
    {"nullplugins", "nullplugins.so: holds 1 plugins at NULL"},
    {"nullplugin", "nullplugin.so: plugin 1 of the module is NULL"},
    {"twice", "twice.so: holds the monitor 'twice' twice"},
    {"badoptions", "monitor 'badoptions': option 'count': its default: 12 is out of range"},
    {"badoffset", "monitor 'badoffset': option 'count' lies outside of the settings"},
    {"nooptions", "monitor 'nooptions' has no usable option table: 2 options of 56 bytes at NULL"},
};

static void test_broken(void)
{
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        char file[64];

        (void)snprintf(file, sizeof file, "%s.so", broken[i].name);
        put(file, file);
        for (int again = 0; again < 2; again++) {
            CU_ASSERT_EQUAL(load(broken[i].name, NULL), LR_ECONFIG);
            CU_ASSERT(says(broken[i].sentence));
            CU_ASSERT_PTR_NULL(strchr(err.text, '\n'));
            CU_ASSERT_EQUAL(strncmp(err.text, folder, strlen(folder)), 0); /* where it is */
        }
    }
}

static void test_not_a_module(void)
{
    CU_ASSERT_EQUAL(file_write(in_folder("text.so"), "hello", 5), 0);
    CU_ASSERT_EQUAL(load("text", NULL), LR_ECONFIG);
    CU_ASSERT(says("text.so: is not an ELF file"));
    CU_ASSERT_EQUAL(file_write(in_folder("nothing.so"), "", 0), 0);
    CU_ASSERT_EQUAL(load("nothing", NULL), LR_ECONFIG);
    CU_ASSERT(says("nothing.so: is empty"));
}

static void test_failing_create(void)
{
    const struct lr_plugin *plugin = NULL;
    void *self = &err;

    put("failing.so", "failing.so");
    CU_ASSERT_EQUAL(find(LR_MONITOR, "failing", &plugin), LR_OK); /* nothing to object to yet */
    CU_ASSERT_FATAL(plugin != NULL);
    CU_ASSERT_EQUAL(plugin->create(NULL, NULL, &self, &err), LR_ECONFIG);
    CU_ASSERT(says("it fails on purpose"));
    CU_ASSERT_PTR_EQUAL(self, &err); /* untouched */
}

static void test_untrusted(void)
{
    put("good.so", "untrusted.so");
    CU_ASSERT_EQUAL(chmod(in_folder("untrusted.so"), 0666), 0);
    CU_ASSERT_EQUAL(load("untrusted", NULL), LR_EUNTRUSTED);
    CU_ASSERT(says("chmod "));
    CU_ASSERT_EQUAL(symlink("good.so", in_folder("link.so")), 0);
    CU_ASSERT_EQUAL(load("link", NULL), LR_EUNTRUSTED);
    CU_ASSERT(says("is a symbolic link (to good.so)"));
}

static CU_TestInfo tests[] = {
    {"broken", test_broken},
    {"not a module", test_not_a_module},
    {"failing create", test_failing_create},
    {"untrusted", test_untrusted},
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    CU_SuiteInfo suites[] = {
        {"broken", setup, teardown, NULL, NULL, tests},
        CU_SUITE_INFO_NULL,
    };

    (void)umask(0022);
    return unit_main(suites, argc, argv);
}
