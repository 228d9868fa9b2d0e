/* SPDX-License-Identifier: MIT
 *
 * The file behind a configuration: read whole, before anything is judged. What cannot be read is a
 * problem like any other, said in the words of the person who named the file. Pipes work, standard
 * input is "-"; relative paths in them start at the working directory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"

/* The rest of fd, at most LRH_CONFIG_BYTES; NULL: errno. EFBIG: more than that. */
static char *read_all(int fd, size_t *ret_size)
{
    size_t n = 0, room = 1u << 14;
    char *text = malloc(room);

    while (text) {
        ssize_t got = read(fd, text + n, room - n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        n += (size_t)got;
        if (got == 0) {
            *ret_size = n;
            return text;
        }
        if (n == room) {
            char *more = n > LRH_CONFIG_BYTES ? NULL : realloc(text, room *= 2);

            if (!more) {
                errno = n > LRH_CONFIG_BYTES ? EFBIG : ENOMEM;
                break;
            }
            text = more;
        }
    }
    free(text);
    return NULL;
}

/* The absolute folder of a path; malloc'ed, NULL: errno. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder, *real;

    if (!slash)
        return realpath(".", NULL);
    folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
    if (!folder)
        return NULL;
    real = realpath(folder, NULL);
    free(folder);
    return real;
}

static void say(struct lrh_problems *problems, const char *path, int error)
{
    char buffer[128];

    switch (error) {
    case ENOENT:
    case ENOTDIR:
        lrh_problems_add(problems, path, 0, "there is no such file");
        return;
    case EACCES:
        lrh_problems_add(problems, path, 0, "this user may not read the file (permission denied)");
        return;
    case EISDIR:
        lrh_problems_add(problems, path, 0, "this is a folder; name an INI file in it");
        return;
    case EFBIG:
        lrh_problems_add(problems, path, 0, "the file is larger than %u MiB: not an INI file",
                         LRH_CONFIG_BYTES >> 20);
        return;
    default:
        lrh_problems_add(problems, path, 0, "cannot read the file: %s",
                         strerror_r(error, buffer, sizeof buffer));
    }
}

lr_status lrh_config_load(const char *path, const struct lrh_override *overrides,
                          size_t n_overrides, struct lrh_problems *problems,
                          struct lrh_config **ret_config)
{
    int input = strcmp(path, "-") == 0;
    int fd = input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    char *text = NULL, *folder = NULL;
    lr_status status = LR_ECONFIG;
    struct stat st;
    size_t size = 0;

    *ret_config = NULL;
    if (fd >= 0 && fstat(fd, &st) == 0)
        text = read_all(fd, &size);
    if (text && S_ISREG(st.st_mode) && !input)
        folder = folder_of(path);
    if (!text || (S_ISREG(st.st_mode) && !input && !folder))
        say(problems, path, errno);
    else
        status = lrh_config_parse(path, text, size, folder, overrides, n_overrides, problems,
                                  ret_config);
    free(folder);
    free(text);
    if (fd >= 0 && !input)
        (void)close(fd);
    return status;
}
