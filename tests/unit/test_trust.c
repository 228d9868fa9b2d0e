/* SPDX-License-Identifier: MIT
 *
 * Who may have written a module: owners, permissions, links, for root and for others. What another
 * user sees is tried in a child that has become that user, where the tests run as root.
 */
#include "host/trust.h"

#include <grp.h>
#include <lrhost/error.h>

#include "unit/folder.h"
#include "unit/unit.h"

#define USER 54321u
#define OTHER 54322u
#define GROUP 54399u

static struct lr_error err;

static lr_status trust(const char *path)
{
    char *real = NULL;
    int fd = -1;
    lr_status status;

    err = (struct lr_error)LR_ERROR_INIT;
    status = lrh_trust_open(path, &fd, &real, &err);
    if (status == LR_OK) {
        CU_ASSERT(fd >= 0 && real != NULL && real[0] == '/');
        CU_ASSERT(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    } else {
        CU_ASSERT(fd == -1 && real == NULL);
        CU_ASSERT(err.text[0] != '\0');
    }
    if (fd >= 0)
        (void)close(fd);
    free(real);
    return status;
}

static int says(const char *text)
{
    if (strstr(err.text, text))
        return 1;
    (void)printf("\nexpected \"%s\" in \"%s\"\n", text, err.text);
    return 0;
}

/* What chmod the sentence prints is run, and must mend it. */
static void mend(const char *path)
{
    const char *command = strstr(err.text, "chmod ");

    CU_ASSERT_FATAL(command != NULL);
    CU_ASSERT_EQUAL(system(command), 0);
    CU_ASSERT_EQUAL(trust(path), LR_OK);
}

static void setup(const char *sub, const char **ret_folder, const char **ret_file)
{
    char name[64];

    (void)snprintf(name, sizeof name, "%s/m.so", sub);
    *ret_folder = in_folder(sub);
    *ret_file = in_folder(name);
    CU_ASSERT_FATAL(mkdir(*ret_folder, 0755) == 0);
    CU_ASSERT_FATAL(file_write(*ret_file, "x", 1) == 0);
    CU_ASSERT_EQUAL(chmod(*ret_file, 0644), 0);
}

static void test_plain(void)
{
    const char *dir, *file;
    char *real = NULL, *expected;
    int fd = -1;

    setup("plain", &dir, &file);
    CU_ASSERT_EQUAL(trust(file), LR_OK); /* below the sticky /tmp of root */
    CU_ASSERT_EQUAL(symlink("plain", in_folder("linked")), 0);
    CU_ASSERT_EQUAL(lrh_trust_open(in_folder("linked/../linked/./m.so"), &fd, &real, &err), LR_OK);
    expected = realpath(file, NULL);
    CU_ASSERT_STRING_EQUAL(real, expected);
    (void)close(fd);
    free(real);
    free(expected);
}

static void test_writable_by_all(void)
{
    const char *dir, *file;

    setup("all writes", &dir, &file); /* the blank must be quoted in the command */
    CU_ASSERT_EQUAL(chmod(file, 0646), 0);
    CU_ASSERT_EQUAL(trust(file), LR_EUNTRUSTED);
    CU_ASSERT(says("everyone may write to the file /tmp/"));
    CU_ASSERT(says("chmod o-w '/tmp/"));
    mend(file);
    CU_ASSERT_EQUAL(chmod(dir, 0757), 0);
    CU_ASSERT_EQUAL(trust(file), LR_EUNTRUSTED);
    CU_ASSERT(says("everyone may write to the folder /tmp/"));
    mend(file);
    CU_ASSERT_EQUAL(chmod(dir, 0777), 0);
    CU_ASSERT_EQUAL(trust(file), LR_EUNTRUSTED);
    CU_ASSERT(says("chmod go-w"));
    mend(file);
}

static void test_quotes(void)
{
    const char *dir, *file;

    setup("it's $HOME", &dir, &file);
    CU_ASSERT_EQUAL(chmod(dir, 0757), 0);
    CU_ASSERT_EQUAL(trust(file), LR_EUNTRUSTED);
    mend(file);
}

static void test_grandparent(void)
{
    const char *dir, *file, *sub, *deep;

    setup("above", &dir, &file);
    setup("above/below", &sub, &deep);
    CU_ASSERT_EQUAL(chmod(dir, 0757), 0);
    CU_ASSERT_EQUAL(trust(deep), LR_EUNTRUSTED);
    CU_ASSERT(says("/above;"));
    /* The real folders count, not the way that leads there. */
    CU_ASSERT_EQUAL(symlink(sub, in_folder("short cut")), 0);
    CU_ASSERT_EQUAL(trust(in_folder("short cut/m.so")), LR_EUNTRUSTED);
    CU_ASSERT(says("/above;"));
    mend(deep);
}

static void test_group(void)
{
    const char *dir, *file;

    setup("group", &dir, &file);
    CU_ASSERT_EQUAL(chmod(file, 0664), 0);
    if (geteuid() != 0) { /* a private group: umask 0002 */
        CU_ASSERT_EQUAL(chmod(dir, 0775), 0);
        CU_ASSERT_EQUAL(trust(file), LR_OK);
        return;
    }
    CU_ASSERT_EQUAL(trust(file), LR_EUNTRUSTED);
    CU_ASSERT(says("a group of users may write to the file"));
    mend(file);
    CU_ASSERT_EQUAL(chmod(dir, 0775), 0);
    CU_ASSERT_EQUAL(trust(file), LR_EUNTRUSTED);
    CU_ASSERT(says("chmod g-w /tmp/"));
    mend(file);
}

static void test_link(void)
{
    const char *dir, *file;

    setup("link", &dir, &file);
    CU_ASSERT_EQUAL(symlink("m.so", in_folder("link/n.so")), 0);
    CU_ASSERT_EQUAL(trust(in_folder("link/n.so")), LR_EUNTRUSTED);
    CU_ASSERT(says("symbolic link (to m.so)"));
    CU_ASSERT_EQUAL(symlink("nowhere", in_folder("link/gone.so")), 0);
    CU_ASSERT_EQUAL(trust(in_folder("link/gone.so")), LR_EUNTRUSTED);
}

static void test_no_file(void)
{
    CU_ASSERT_EQUAL(trust(in_folder("none.so")), LR_ECONFIG);
    CU_ASSERT(says("No such file"));
    CU_ASSERT_EQUAL(trust(in_folder("none/none.so")), LR_ECONFIG);
    CU_ASSERT_EQUAL(mkdir(in_folder("dir.so"), 0755), 0);
    CU_ASSERT_EQUAL(trust(in_folder("dir.so")), LR_ECONFIG);
    CU_ASSERT(says("not a regular file"));
    CU_ASSERT_EQUAL(mkfifo(in_folder("fifo.so"), 0644), 0);
    CU_ASSERT_EQUAL(trust(in_folder("fifo.so")), LR_ECONFIG); /* and does not hang */
    CU_ASSERT_EQUAL(trust("/"), LR_ECONFIG);
    CU_ASSERT_EQUAL(trust(""), LR_ECONFIG);
}

/* ---- as another user ----------------------------------------------------------------------- */

struct as_user {
    const char *path;
    lr_status expected;
    const char *text;
};

static int trust_as_user(void *ctx)
{
    const struct as_user *a = ctx;
    const gid_t groups[] = {GROUP};
    lr_status status;
    char *real = NULL;
    int fd = -1, wrong;

    err = (struct lr_error)LR_ERROR_INIT;
    if (setgroups(1, groups) != 0 || setegid(USER) != 0 || seteuid(USER) != 0)
        return 9;
    status = lrh_trust_open(a->path, &fd, &real, &err);
    free(real);
    wrong = status != a->expected || (a->text && !says(a->text));
    if (wrong)
        (void)printf("\n%s: status %d, \"%s\"\n", a->path, status, err.text);
    (void)fflush(NULL);
    _exit(wrong); /* a leak check at exit could not look into its own process any more */
}

static void expect(const char *path, lr_status expected, const char *text)
{
    struct as_user a = {path, expected, text};

    CU_ASSERT_EQUAL(in_child(trust_as_user, &a), 0);
}

static void own(const char *path, uid_t uid, gid_t gid, mode_t mode)
{
    CU_ASSERT_EQUAL(chown(path, uid, gid), 0);
    CU_ASSERT_EQUAL(chmod(path, mode), 0);
}

static void test_other_user(void)
{
    const char *dir, *file;

    if (geteuid() != 0)
        return; /* nobody else to become */
    setup("user", &dir, &file);
    expect(file, LR_OK, NULL); /* all root's */
    own(dir, USER, USER, 0775);
    own(file, USER, USER, 0664);
    expect(file, LR_OK, NULL);                   /* umask 0002, private group */
    CU_ASSERT_EQUAL(trust(file), LR_EUNTRUSTED); /* root does not trust the user */
    CU_ASSERT(says("belongs to user 54321"));
    CU_ASSERT(says("chown 0 /tmp/"));
    own(file, 0, GROUP, 0664);
    expect(file, LR_OK, NULL); /* a volume of a container: one of the user's groups */
    own(file, USER, OTHER, 0664);
    expect(file, LR_EUNTRUSTED, "chmod g-w ");
    own(file, OTHER, USER, 0644);
    expect(file, LR_EUNTRUSTED, "belongs to user 54322");
    own(file, USER, USER, 0644);
    own(dir, OTHER, USER, 0755);
    expect(file, LR_EUNTRUSTED, "the folder /tmp/");
    own(dir, USER, OTHER, 0775);
    expect(file, LR_EUNTRUSTED, "a group of users");
}

static void test_sticky(void)
{
    const char *dir, *file;

    if (geteuid() != 0)
        return;
    setup("sticky", &dir, &file);
    own(dir, 0, GROUP, 01777);
    CU_ASSERT_EQUAL(trust(file), LR_OK);
    expect(file, LR_OK, NULL);
    own(dir, 0, OTHER, 01770 | 07);
    expect(file, LR_OK, NULL);
    own(dir, USER, USER, 01777); /* sticky, but its owner could rename */
    expect(file, LR_EUNTRUSTED, "everyone may write");
    own(dir, 0, 0, 0755);
    own(file, 0, 0, 01666); /* the bit says nothing on a file */
    CU_ASSERT_EQUAL(trust(file), LR_EUNTRUSTED);
}

static CU_TestInfo tests[] = {
    {"plain", test_plain},     {"writable by all", test_writable_by_all},
    {"quotes", test_quotes},   {"grandparent", test_grandparent},
    {"group", test_group},     {"link", test_link},
    {"no file", test_no_file}, {"other user", test_other_user},
    {"sticky", test_sticky},   CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    CU_SuiteInfo suites[] = {
        {"trust", folder_make, folder_remove, NULL, NULL, tests},
        CU_SUITE_INFO_NULL,
    };

    (void)umask(0022);
    return unit_main(suites, argc, argv);
}
