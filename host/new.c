/* SPDX-License-Identifier: MIT
 *
 * From templates to the folder of a new plugin; see new.h.
 *
 * Templates are installed files, so that they can be read and searched like any other: those of
 * template/all and of template/KIND are copied, and in names and texts alike words such as @NAME@
 * are replaced. They lie where they were installed, which is seen from the program's own place
 * first so that a prefix can be moved; a build folder has a link to those of the source.
 *
 * No identifier of C is made of the name, so every name of a plugin will do.
 */
#include "new.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loader.h"
#include "suggest.h"

#ifndef LRHOST_TEMPLATEDIR
#define LRHOST_TEMPLATEDIR "/usr/local/share/lrhost/template"
#endif

#define TEMPLATE_MAX (256 * 1024) /* bytes of one template */

struct words {
    const char *name;
    char program[PATH_MAX]; /* this program; "lrhost" when the system does not say */
    char folder[PATH_MAX];  /* of the templates */
    const char *verify;     /* settings that the template requires */
    char include[PATH_MAX]; /* of the headers */
    char library[PATH_MAX]; /* of the fake host */
};

/* ---- where things lie ------------------------------------------------------------------- */

static int is_folder(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

/* "BASE/TAIL" without links and dots: 1 when it is a folder, else 0. */
static int find_folder(const char *base, const char *tail, char ret_path[PATH_MAX])
{
    char path[PATH_MAX + 64];

    (void)snprintf(path, sizeof path, "%s%s", base, tail);
    return is_folder(path) && realpath(path, ret_path) != NULL;
}

static lr_status find_templates(struct words *words, struct lr_error *err)
{
    ssize_t n = readlink("/proc/self/exe", words->program, sizeof words->program - 1);
    char base[PATH_MAX], library[PATH_MAX + 32];
    char *slash;

    (void)strcpy(words->program + (n > 0 ? n : 0), n > 0 ? "" : "lrhost");
    (void)strcpy(base, words->program);
    slash = strrchr(base, '/');
    if (slash)
        *slash = '\0';
    /* "all/..": a folder that is only called template is not ours. */
    if (!(slash && (find_folder(base, "/template/all/..", words->folder) ||
                    find_folder(base, "/../share/lrhost/template/all/..", words->folder))) &&
        !find_folder(LRHOST_TEMPLATEDIR, "/all/..", words->folder))
        return lr_fail(err, LR_EUNAVAILABLE,
                       "the templates of new plugins are neither near %s nor in %s; the package "
                       "lrhost-dev (lrhost-devel) or `make install` puts them there",
                       words->program, LRHOST_TEMPLATEDIR);
    /* The fake host's library: beside the program of a build, else in the prefix. */
    (void)snprintf(library, sizeof library, "%s/liblrhost-testing.a", base);
    if (access(library, F_OK) == 0)
        (void)strcpy(words->library, base);
    else if (!find_folder(words->folder, "/../../../lib", words->library))
        (void)strcpy(words->library, "/usr/lib");
    if (!find_folder(words->folder, "/../include", words->include) &&
        !find_folder(words->folder, "/../../../include", words->include))
        (void)strcpy(words->include, "/usr/include");
    return LR_OK;
}

/* ---- one file --------------------------------------------------------------------------- */

/* Writes `text` with the words put in. */
static void put_text(FILE *out, const struct words *words, const char *text)
{
    const struct {
        const char *mark, *word;
    } marks[] = {{"@NAME@", words->name},
                 {"@VERIFY@", words->verify},
                 {"@INCLUDE@", words->include},
                 {"@LIBRARY@", words->library},
                 {"@LRHOST@", words->program}};
    const size_t n = sizeof marks / sizeof marks[0];

    while (*text) {
        size_t plain = strcspn(text, "@"), i = 0;

        (void)fwrite(text, 1, plain, out);
        text += plain;
        while (i < n && strncmp(text, marks[i].mark, strlen(marks[i].mark)) != 0)
            i++;
        if (i < n) {
            (void)fputs(marks[i].word, out);
            text += strlen(marks[i].mark);
        } else if (*text) {
            (void)fputc(*text++, out);
        }
    }
}

static lr_status read_template(const char *path, char **ret_text, struct lr_error *err)
{
    FILE *in = fopen(path, "re");
    char *text = in ? malloc(TEMPLATE_MAX) : NULL;
    size_t n = text ? fread(text, 1, TEMPLATE_MAX, in) : 0;
    int good = text && !ferror(in) && n < TEMPLATE_MAX;

    if (in)
        (void)fclose(in);
    if (!good) {
        free(text);
        return lr_fail(err, LR_EUNAVAILABLE, "the template %s cannot be read: %s", path,
                       n == TEMPLATE_MAX ? "it is too large" : strerror(errno));
    }
    text[n] = '\0';
    *ret_text = text;
    return LR_OK;
}

/* The file of the folder NAME that the template `file` becomes. */
static lr_status make_file(const struct words *words, const char *path, const char *file,
                           struct lr_error *err)
{
    char *text = NULL, *target = NULL;
    size_t size = 0;
    FILE *out, *name = open_memstream(&target, &size);
    int bad;
    lr_status status = name ? read_template(path, &text, err) : LR_ENOMEM;

    if (name) {
        (void)fprintf(name, "%s/", words->name);
        put_text(name, words, file);
        (void)fclose(name);
    }
    if (status == LR_OK) {
        out = fopen(target, "wxe");
        if (out)
            put_text(out, words, text);
        bad = !out || ferror(out);
        if ((out && fclose(out) != 0) || bad)
            status =
                lr_fail(err, LR_EUNAVAILABLE, "%s cannot be written: %s", target, strerror(errno));
    }
    free(text);
    free(target);
    return status;
}

/* ---- the folder ------------------------------------------------------------------------- */

/* Every file of template/`part`. */
static lr_status make_files(const struct words *words, const char *part, struct lr_error *err)
{
    char folder[PATH_MAX + 64], path[PATH_MAX + 64 + NAME_MAX + 2];
    const struct dirent *entry;
    lr_status status = LR_OK;
    DIR *dir;

    (void)snprintf(folder, sizeof folder, "%s/%s", words->folder, part);
    dir = opendir(folder);
    if (!dir)
        return lr_fail(err, LR_EUNAVAILABLE, "the templates in %s cannot be read: %s", folder,
                       strerror(errno));
    while (status == LR_OK && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        status = make_file(words, path, entry->d_name, err);
    }
    (void)closedir(dir);
    return status;
}

/* Of a folder that this call has made, and that nobody else has put anything into. */
static void remove_folder(const char *name)
{
    DIR *dir = opendir(name);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir)) != NULL)
        (void)unlinkat(dirfd(dir), entry->d_name, 0); /* "." and ".." refuse */
    if (dir)
        (void)closedir(dir);
    (void)rmdir(name);
}

static lr_status judge_kind(const char *kind, const char *name, struct lr_error *err)
{
    struct lrh_suggestion near = {.word = kind};
    int swapped = 0;
    char text[64];

    for (uint32_t k = LR_SOURCE; k <= LR_MONITOR; k++) {
        if (strcmp(kind, lrh_kind_name(k)) == 0)
            return LR_OK;
        swapped |= strcmp(name, lrh_kind_name(k)) == 0;
        lrh_suggest(&near, lrh_kind_name(k));
    }
    if (swapped)
        return lr_fail(err, LR_EUSAGE, "the kind comes first: lrhost new %s %s", name, kind);
    return lr_fail(err, LR_EUSAGE,
                   "'%s' is no kind of plugin%s (there are source, codec, engine, model, sink and "
                   "monitor)",
                   kind, lrh_suggest_text(&near, text, sizeof text));
}

lr_status lrh_command_new(const char *kind, const char *name, struct lr_error *err)
{
    struct words words = {.name = name,
                          .verify = strcmp(kind, "sink") ? "" : "--option path={scratch}/lines"};
    lr_status status = judge_kind(kind, name, err);

    if (status == LR_OK && !lrh_is_plugin_name(name))
        return lr_fail(err, LR_EUSAGE,
                       "'%s' cannot be the name of a plugin: use a-z, 0-9, - and _, begin with a "
                       "letter or digit, and at most 63 of them",
                       name);
    if (status == LR_OK)
        status = find_templates(&words, err);
    if (status != LR_OK)
        return status;
    /* Not for others to write into, whatever the umask: a module in it would not be trusted. */
    if (mkdir(name, 0755) != 0)
        return errno == EEXIST
                   ? lr_fail(err, LR_EUSAGE, "%s is there already; take another name", name)
                   : lr_fail(err, LR_EUNAVAILABLE, "the folder %s cannot be made: %s", name,
                             strerror(errno));
    status = make_files(&words, "all", err);
    if (status == LR_OK)
        status = make_files(&words, kind, err);
    if (status != LR_OK) {
        remove_folder(name);
        return status;
    }
    (void)printf(
        "%s/ has a %s that builds and runs as it stands: %s.c, Makefile, %s.ini and a test\n"
        "\n"
        "  cd %s && make && make test\n"
        "  lrhost %s.ini\n",
        name, kind, name, name, name, name);
    return LR_OK;
}
