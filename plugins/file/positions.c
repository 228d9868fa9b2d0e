/* SPDX-License-Identifier: MIT
 *
 * The position file; see positions.h. Every save costs one small synced file, as often as the
 * engine commits.
 */
#include "positions.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "names.h"
#include "replace.h"

/* ---- identity --------------------------------------------------------------------------- */

static uint64_t hash(const unsigned char *data, size_t n) /* FNV-1a */
{
    uint64_t h = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < n; i++)
        h = (h ^ data[i]) * UINT64_C(1099511628211);
    return h;
}

int identity_of(int fd, struct identity *ret_id)
{
    struct stat about;

    if (fstat(fd, &about) != 0)
        return 0;
    *ret_id = (struct identity){
        .device = (uint64_t)about.st_dev, .inode = (uint64_t)about.st_ino, .known = 1};
    identity_extend(fd, IDENTITY_MOST, ret_id);
    return 1;
}

int identity_begins(int fd, const struct identity *id)
{
    unsigned char first[IDENTITY_MOST];

    return pread(fd, first, id->len, 0) == (ssize_t)id->len && hash(first, id->len) == id->hash;
}

void identity_extend(int fd, int64_t most, struct identity *id)
{
    unsigned char first[IDENTITY_MOST];
    ssize_t n = pread(fd, first, most < IDENTITY_MOST ? (size_t)most : IDENTITY_MOST, 0);

    if (n < (ssize_t)id->len || (id->len > 0 && hash(first, id->len) != id->hash))
        return; /* another life of it */
    id->len = (uint32_t)n;
    id->hash = hash(first, (size_t)n);
}

/* ---- load ------------------------------------------------------------------------------- */

static int take_identity(const char *text, struct file_position *position)
{
    struct identity *id = &position->id;
    char more[8] = "";
    int n = sscanf(text, "%" SCNu64 ":%" SCNu64 ":%" SCNu32 ":%" SCNx64 ":%7s", &id->device,
                   &id->inode, &id->len, &id->hash, more);

    id->known = 1;
    position->over = strcmp(more, "over") == 0;
    position->old = position->over || strcmp(more, "old") == 0;
    return n >= 4 && id->len <= IDENTITY_MOST && (n == 4 || position->old);
}

static int take_line(char *line, struct file_position *position)
{
    char *rest, *path;
    int64_t next;

    errno = 0;
    next = strtoll(line, &rest, 10);
    if (errno != 0 || rest == line || *rest != ' ' || next < 0)
        return 0;
    path = rest + 1;
    if (*path >= '0' && *path <= '9') { /* paths are absolute */
        rest = strchr(path, ' ');
        if (!rest)
            return 0;
        *rest = '\0';
        if (!take_identity(path, position))
            return 0;
        path = rest + 1;
    }
    if (*path == '%')
        unescape_name(path);
    position->path = path;
    position->next = next;
    return 1;
}

lr_status positions_load(const char *file, struct positions *ret_positions, struct lr_error *err)
{
    struct positions positions = {0};
    lr_status status = read_file(file, &positions.text, err);
    uint32_t room = 0;
    char *save = NULL;

    *ret_positions = (struct positions){0};
    if (status != LR_OK)
        return status == LR_END ? LR_OK : status;
    for (const char *at = positions.text; *at; at++)
        room += *at == '\n';
    positions.list = calloc((size_t)room + 1, sizeof *positions.list);
    if (!positions.list)
        status = lr_fail(err, LR_ENOMEM, "no memory for %u positions", room);
    for (char *line = strtok_r(positions.text, "\n", &save); line && status == LR_OK;
         line = strtok_r(NULL, "\n", &save))
        if (!take_line(line, &positions.list[positions.n++]))
            status = lr_fail(err, LR_EDATA,
                             "%s:%u: not a line of a position file (POSITION PATH); remove the "
                             "file to read everything again",
                             file, positions.n);
    if (status == LR_OK)
        *ret_positions = positions;
    else
        positions_finish(&positions);
    return status;
}

void positions_finish(struct positions *positions)
{
    free(positions->list);
    free(positions->text);
    *positions = (struct positions){0};
}

/* ---- save ------------------------------------------------------------------------------- */

static void add_path(struct text *text, const char *path)
{
    char escaped[3 * 4096];

    if (strchr(path, '\n') && escape_name(path, "", escaped, sizeof escaped))
        path = escaped;
    text_add(text, "%s\n", path);
}

lr_status positions_save(const char *file, const struct file_position *positions, uint32_t n,
                         struct lr_error *err)
{
    struct text text = {0};
    lr_status status;

    text_add(&text, "%s", "");
    for (uint32_t i = 0; i < n; i++) {
        const struct identity *id = &positions[i].id;

        text_add(&text, "%" PRId64 " ", positions[i].next);
        if (id->known)
            text_add(&text, "%" PRIu64 ":%" PRIu64 ":%" PRIu32 ":%" PRIx64 "%s ", id->device,
                     id->inode, id->len, id->hash,
                     positions[i].over  ? ":over"
                     : positions[i].old ? ":old"
                                        : "");
        add_path(&text, positions[i].path);
    }
    status = text.failed ? lr_fail(err, LR_ENOMEM, "no memory for %u positions", n)
                         : replace_file(file, text.data, text.used, err);
    free(text.data);
    return status == LR_OK ? sync_folder_of(file, err) : status;
}
