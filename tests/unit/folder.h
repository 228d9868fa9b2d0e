/* SPDX-License-Identifier: MIT
 *
 * A folder of its own for a test that works on files, and functions to run a piece of a test in a
 * child process, so that a signal is a failed check and not the end of the tests.
 */
#ifndef TESTS_FOLDER_H
#define TESTS_FOLDER_H

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64]; /* set by folder_make */

/* mkdtemp in the system's temporary folder; others may look into it. */
static inline int folder_make(void)
{
    (void)strcpy(folder, "/tmp/lrhost-test-XXXXXX");
    return mkdtemp(folder) && chmod(folder, 0755) == 0 ? 0 : -1;
}

static inline int folder_drop(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    (void)remove(path);
    return 0;
}

static inline int folder_remove(void)
{
    return nftw(folder, folder_drop, 16, FTW_DEPTH | FTW_PHYS);
}

/* A name in the folder; a few at a time. */
static inline const char *in_folder(const char *name)
{
    static char names[8][PATH_MAX];
    static unsigned next;
    char *to = names[next++ % 8];

    (void)snprintf(to, PATH_MAX, "%s/%s", folder, name);
    return to;
}

/* A module that was built for the tests. */
static inline const char *built(const char *name)
{
    static char names[8][PATH_MAX];
    static unsigned next;
    const char *build = getenv("BUILD");
    char *to = names[next++ % 8];

    (void)snprintf(to, PATH_MAX, "%s/tests/plugins/%s", build ? build : "build", name);
    return to;
}

/* The whole of a file in memory of exactly its size; NULL on failure. */
static inline unsigned char *file_read(const char *path, size_t *ret_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    unsigned char *bytes = NULL;
    struct stat st;

    if (fd >= 0 && fstat(fd, &st) == 0 && (bytes = malloc((size_t)st.st_size)) != NULL &&
        read(fd, bytes, (size_t)st.st_size) != st.st_size) {
        free(bytes);
        bytes = NULL;
    }
    if (fd >= 0)
        (void)close(fd);
    if (bytes)
        *ret_size = (size_t)st.st_size;
    return bytes;
}

/* Replaces a file by a new one (a new inode: a mapped old one is left alone). */
static inline int file_write(const char *path, const void *bytes, size_t size)
{
    int fd, ok;

    (void)unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    ok = fd >= 0 && write(fd, bytes, size) == (ssize_t)size;
    if (fd >= 0)
        (void)close(fd);
    return ok ? 0 : -1;
}

static inline int file_copy(const char *from, const char *to)
{
    size_t size = 0;
    unsigned char *bytes = file_read(from, &size);
    int failed = !bytes || file_write(to, bytes, size) != 0;

    free(bytes);
    return failed ? -1 : 0;
}

/* Runs `run` in a child; its return value, or 1000 + the signal that ended it. */
static inline int in_child(int (*run)(void *ctx), void *ctx)
{
    int status;
    pid_t pid;

    (void)fflush(NULL);
    pid = fork();
    if (pid < 0)
        return 2000;
    if (pid == 0) {
        (void)alarm(20);
        exit(run(ctx));
    }
    if (waitpid(pid, &status, 0) != pid)
        return 2001;
    return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

#endif
