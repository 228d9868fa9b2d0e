/* SPDX-License-Identifier: MIT
 *
 * See state.h. One table says what is written, read and printed.
 */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <lrhost/error.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "escape.h"
#include "identity.h"

#define NAME_MOST 100 /* bytes of a name that stand in the file's */
#define LINE_MOST (PATH_MAX + 64)
#define LINES_MOST 100

#define TEXT 0
#define COUNT 1
#define SECONDS 2

#define FIELD(kind, name)                                                                          \
    {                                                                                              \
        #name, kind, offsetof(struct lrh_state, name), sizeof((struct lrh_state *)0)->name         \
    }

static const struct field {
    const char *key;
    int kind;
    size_t offset, size;
} fields[] = {
    FIELD(TEXT, pipeline),
    FIELD(TEXT, instance),
    FIELD(TEXT, config),
    FIELD(TEXT, state),
    FIELD(COUNT, pid),
    FIELD(COUNT, lanes),
    FIELD(COUNT, streams),
    FIELD(COUNT, records_read),
    FIELD(COUNT, records_delivered),
    FIELD(COUNT, records_bad),
    FIELD(COUNT, dead_letters),
    FIELD(COUNT, lag),
    FIELD(SECONDS, records_per_second),
    FIELD(SECONDS, started),
    FIELD(SECONDS, updated),
    FIELD(SECONDS, last_commit),
    FIELD(SECONDS, stalled_seconds),
};
#define N_FIELDS (sizeof fields / sizeof fields[0])

/* ---- where ------------------------------------------------------------------------------ */

/* Returns 1 when anyone could have made it and so it is to be looked at. */
static int own_folder(char folder[PATH_MAX])
{
    const char *given = getenv("RUNTIME_DIRECTORY"), *user = getenv("XDG_RUNTIME_DIR");
    const char *tmp = getenv("TMPDIR");

    if (given && given[0] == '/') { /* several are parted by colons; the first is meant */
        (void)snprintf(folder, PATH_MAX, "%.*s", (int)strcspn(given, ":"), given);
        return 0;
    }
    if (user && user[0] == '/')
        (void)snprintf(folder, PATH_MAX, "%s/lrhost", user);
    else if (geteuid() == 0)
        (void)snprintf(folder, PATH_MAX, "/run/lrhost");
    else
        (void)snprintf(folder, PATH_MAX, "%s/lrhost-%u", tmp && tmp[0] == '/' ? tmp : "/tmp",
                       (unsigned)geteuid());
    return 1;
}

/* PIPELINE.INSTANCE.state; what cannot stand in a file's name becomes '_'. Names that do not stand
 * there as they are get a hash, or two of them could have one file. */
static void file_name(const char *pipeline, const char *instance, char *name, size_t size)
{
    int changed = strlen(pipeline) > NAME_MOST || strlen(instance) > NAME_MOST;
    size_t n;

    (void)snprintf(name, size, "%.*s.%.*s", NAME_MOST, pipeline, NAME_MOST, instance);
    for (char *p = name; *p; p++)
        if (*p == '/' || (unsigned char)*p < ' ') {
            *p = '_';
            changed = 1;
        }
    n = strlen(name);
    if (changed)
        (void)snprintf(name + n, size - n, ".%016" PRIx64 ".state",
                       lrh_identity_hash(pipeline, instance));
    else
        (void)snprintf(name + n, size - n, ".state");
}

static lr_status join(char path[PATH_MAX], const char *folder, const char *pipeline,
                      const char *instance)
{
    char name[2 * NAME_MOST + 32];

    file_name(pipeline, instance, name, sizeof name);
    return snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX ? LR_OK : LR_EUNAVAILABLE;
}

/* In a folder such as /tmp someone else may have been first. */
static int is_safe(const char *folder)
{
    struct stat st;

    return lstat(folder, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
           !(st.st_mode & 022);
}

lr_status lrh_state_path(const char *pipeline, const char *instance, char path[PATH_MAX],
                         struct lr_error *err)
{
    char folder[PATH_MAX];
    int ours = own_folder(folder);

    if (ours && mkdir(folder, 0755) != 0 && errno != EEXIST)
        return lr_fail(err, LR_EUNAVAILABLE, "cannot make %s: %s", folder, strerror(errno));
    if (access(folder, F_OK) != 0)
        return lr_fail(err, LR_EUNAVAILABLE, "%s: %s", folder, strerror(errno));
    if (ours && !is_safe(folder))
        return lr_fail(err, LR_EUNAVAILABLE, "%s is not a folder that only we can write to",
                       folder);
    if (join(path, folder, pipeline, instance) != LR_OK)
        return lr_fail(err, LR_EUNAVAILABLE, "%s: the path is too long", folder);
    return LR_OK;
}

/* ---- writing ---------------------------------------------------------------------------- */

static const void *value_of(const struct lrh_state *state, const struct field *field)
{
    return (const char *)state + field->offset;
}

static void print_value(const struct lrh_state *state, const struct field *field, FILE *out)
{
    const void *value = value_of(state, field);
    int64_t count;
    double seconds;

    switch (field->kind) {
    case TEXT:
        lrh_escape_plain(out, value);
        break;
    case COUNT:
        memcpy(&count, value, sizeof count);
        (void)fprintf(out, "%" PRId64, count);
        break;
    default:
        memcpy(&seconds, value, sizeof seconds);
        (void)fprintf(out, "%.3f", seconds);
    }
}

void lrh_state_print(const struct lrh_state *state, FILE *out)
{
    for (size_t i = 0; i < N_FIELDS; i++) {
        (void)fprintf(out, "%s=", fields[i].key);
        print_value(state, &fields[i], out);
        (void)fputc('\n', out);
    }
}

void lrh_state_print_json(const struct lrh_state *state, FILE *out)
{
    for (size_t i = 0; i < N_FIELDS; i++) {
        (void)fprintf(out, "%s\"%s\": ", i ? ", " : "{", fields[i].key);
        if (fields[i].kind == TEXT)
            lrh_escape_json(out, value_of(state, &fields[i]));
        else
            print_value(state, &fields[i], out);
    }
    (void)fputs("}\n", out);
}

lr_status lrh_state_write(const struct lrh_state *state, const char *path, struct lr_error *err)
{
    char beside[PATH_MAX + 8];
    FILE *out = NULL;
    int fd, failed;

    (void)snprintf(beside, sizeof beside, "%s.new", path);
    fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd >= 0 && !(out = fdopen(fd, "w")))
        (void)close(fd);
    if (!out)
        return lr_fail(err, LR_EUNAVAILABLE, "%s: %s", beside, strerror(errno));
    lrh_state_print(state, out);
    failed = ferror(out);
    failed |= fclose(out) != 0;
    if (!failed && rename(beside, path) == 0)
        return LR_OK;
    (void)lr_fail(err, LR_EUNAVAILABLE, "cannot write %s: %s", path, strerror(errno));
    (void)unlink(beside);
    return LR_EUNAVAILABLE;
}

/* ---- reading ---------------------------------------------------------------------------- */

static void take_line(struct lrh_state *state, char *line)
{
    char *equals = strchr(line, '=');

    line[strcspn(line, "\n")] = '\0';
    if (!equals)
        return;
    *equals = '\0';
    for (size_t i = 0; i < N_FIELDS; i++) {
        char *value = (char *)state + fields[i].offset;
        int64_t count = strtoll(equals + 1, NULL, 10);
        double seconds = strtod(equals + 1, NULL);

        if (strcmp(line, fields[i].key) != 0)
            continue;
        if (fields[i].kind == TEXT)
            (void)snprintf(value, fields[i].size, "%s", equals + 1);
        else
            memcpy(value, fields[i].kind == COUNT ? (void *)&count : &seconds, sizeof count);
    }
}

/* A service writes its own and root reads it: what is no file, or has no end, holds up nobody. */
static FILE *open_state(const char *path)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    FILE *in = NULL;
    struct stat st;

    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        in = fdopen(fd, "r");
    if (fd >= 0 && !in)
        (void)close(fd);
    return in;
}

static int read_state(const char *path, struct lrh_state *state)
{
    FILE *in = open_state(path);
    char *line = malloc(LINE_MOST);

    *state = (struct lrh_state){0};
    for (int i = 0; in && line && i < LINES_MOST && fgets(line, LINE_MOST, in); i++)
        take_line(state, line);
    free(line);
    if (in)
        (void)fclose(in);
    return in != NULL;
}

void lrh_state_remove(const char *path, int64_t pid)
{
    struct lrh_state state;

    if (read_state(path, &state) && state.pid == pid)
        (void)unlink(path);
}

lr_status lrh_state_find(const char *pipeline, const char *instance, const char *stem,
                         struct lrh_state *ret_state, struct lr_error *err)
{
    char folders[3][PATH_MAX], path[PATH_MAX];
    struct lrh_state state;
    size_t first = own_folder(folders[0]) && !is_safe(folders[0]); /* anybody's: not read */

    (void)snprintf(folders[1], PATH_MAX, "/run/lrhost/%s", stem);
    (void)snprintf(folders[2], PATH_MAX, "/run/lrhost");
    *ret_state = (struct lrh_state){0};
    for (size_t i = first; i < 3; i++)
        if (join(path, folders[i], pipeline, instance) == LR_OK && read_state(path, &state) &&
            state.updated > ret_state->updated)
            *ret_state = state;
    if (ret_state->updated > 0)
        return LR_OK;
    for (size_t i = first; i < 3; i++)
        if (join(path, folders[i], pipeline, instance) == LR_OK && access(path, R_OK) != 0 &&
            errno == EACCES)
            return lr_fail(err, LR_EUNAVAILABLE, "%s is not for this user to read; ask as root",
                           path);
    if (strcmp(folders[0], folders[2]) == 0)
        return lr_fail(err, LR_EUNAVAILABLE, "not running: no state file in %s or %s", folders[2],
                       folders[1]);
    return lr_fail(err, LR_EUNAVAILABLE, "not running: no state file in %s, %s or %s", folders[0],
                   folders[1], folders[2]);
}

const char *lrh_state_complaint(const struct lrh_state *state, double now, char *text, size_t size)
{
    double age = now - state->updated;

    if (age > LRH_STATE_FRESH_S || age < -LRH_STATE_FRESH_S)
        (void)snprintf(text, size, "not running: its last word is %.0f s old (process %" PRId64 ")",
                       age, state->pid);
    else if (strcmp(state->state, "running") != 0)
        (void)snprintf(text, size, "%s", state->state);
    else if (state->stalled_seconds > LRH_STATE_STALL_S)
        (void)snprintf(text, size, "stuck: a lane has not turned for %.0f s",
                       state->stalled_seconds);
    else
        return NULL;
    return text;
}
