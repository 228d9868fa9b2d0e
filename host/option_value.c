/* SPDX-License-Identifier: MIT
 *
 * The types of options. Numbers are values.c's; here are ranges, choices, lists, paths and secrets.
 * A secret is read when the settings are made, so that a missing file is a configuration error and
 * not a failure at the first login; its text stays out of every message, and the process that holds
 * it writes no core file and shows its memory to nobody but root.
 */
#include "option_value.h"

#include <errno.h>
#include <fcntl.h>
#include <lrhost/error.h>
#include <math.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options.h"
#include "suggest.h"

#define SECRET_BYTES 65536 /* a larger file is not a password */

static const struct {
    const char *name;
    size_t size;
} types[] = {
    [LR_OPT_BOOL] = {"bool", sizeof(int32_t)},         [LR_OPT_INT] = {"int", sizeof(int64_t)},
    [LR_OPT_FLOAT] = {"float", sizeof(double)},        [LR_OPT_SIZE] = {"size", sizeof(int64_t)},
    [LR_OPT_DURATION] = {"duration", sizeof(int64_t)}, [LR_OPT_STRING] = {"string", sizeof(char *)},
    [LR_OPT_ENUM] = {"enum", sizeof(int32_t)},         [LR_OPT_PATH] = {"path", sizeof(char *)},
    [LR_OPT_LIST] = {"list", sizeof(char **)},         [LR_OPT_SECRET] = {"secret", sizeof(char *)},
    [LR_OPT_PREFIX] = {"prefix", sizeof(void *)},
};

size_t lrh_option_size(uint32_t type)
{
    return type < sizeof types / sizeof *types ? types[type].size : 0;
}

const char *lrh_option_type(uint32_t type)
{
    return type < sizeof types / sizeof *types ? types[type].name : NULL;
}

union lrh_option_value lrh_option_unset(uint32_t type)
{
    union lrh_option_value value = {.data = NULL};

    if (type == LR_OPT_INT || type == LR_OPT_SIZE || type == LR_OPT_DURATION)
        value.i64 = LR_UNSET;
    else if (type == LR_OPT_FLOAT)
        value.f64 = (double)NAN;
    else if (type == LR_OPT_BOOL || type == LR_OPT_ENUM)
        value.i32 = type == LR_OPT_ENUM ? -1 : 0;
    return value;
}

/* ---- numbers and their ranges -------------------------------------------------------- */
static lr_status parse_number(uint32_t type, const char *text, union lrh_option_value *ret_value,
                              struct lr_error *err)
{
    switch (type) {
    case LR_OPT_BOOL:
        return lrh_value_bool(text, &ret_value->i32, err);
    case LR_OPT_INT:
        return lrh_value_int(text, &ret_value->i64, err);
    case LR_OPT_FLOAT:
        return lrh_value_float(text, &ret_value->f64, err);
    case LR_OPT_SIZE:
        return lrh_value_size(text, &ret_value->i64, err);
    default:
        return lrh_value_duration(text, &ret_value->i64, err);
    }
}

static int below(uint32_t type, const union lrh_option_value *a, const union lrh_option_value *b)
{
    return type == LR_OPT_FLOAT ? a->f64 < b->f64 : a->i64 < b->i64;
}

/* Reads "low..high"; *ret_has: bit 0 there is a low bound, bit 1 a high one. */
static lr_status read_range(const struct lr_option *option, union lrh_option_value bounds[2],
                            int *ret_has, struct lr_error *err)
{
    const char *dots = strstr(option->range, "..");
    char low[64];
    lr_status status = LR_OK;

    *ret_has = 0;
    if (!dots || (size_t)(dots - option->range) >= sizeof low)
        return lr_fail(err, LR_ECONFIG, "the range '%s' is not low..high", option->range);
    memcpy(low, option->range, (size_t)(dots - option->range));
    low[dots - option->range] = '\0';
    if (*low) {
        *ret_has |= 1;
        status = parse_number(option->type, low, &bounds[0], err);
    }
    if (status == LR_OK && dots[2]) {
        *ret_has |= 2;
        status = parse_number(option->type, dots + 2, &bounds[1], err);
    }
    return status;
}

lr_status lrh_option_judge_range(const struct lr_option *option, struct lr_error *err)
{
    union lrh_option_value bounds[2];
    int has;
    lr_status status = read_range(option, bounds, &has, err);

    if (status == LR_OK && has == 3 && below(option->type, &bounds[1], &bounds[0]))
        return lr_fail(err, LR_ECONFIG, "the range '%s' is empty", option->range);
    return status;
}

const char *lrh_option_range_text(const char *range, char *buffer, size_t size)
{
    const char *dots = strstr(range, "..");

    if (dots == range)
        (void)snprintf(buffer, size, "at most %s", dots + 2);
    else if (dots && !dots[2])
        (void)snprintf(buffer, size, "at least %.*s", (int)(dots - range), range);
    else
        (void)snprintf(buffer, size, "%s", range);
    return buffer;
}

static lr_status check_range(const struct lr_option *option, const char *text,
                             const union lrh_option_value *value, struct lr_error *err)
{
    union lrh_option_value bounds[2];
    char buffer[160];
    int has;
    lr_status status = read_range(option, bounds, &has, err);

    if (status == LR_OK && (((has & 1) && below(option->type, value, &bounds[0])) ||
                            ((has & 2) && below(option->type, &bounds[1], value))))
        return lr_fail(err, LR_ECONFIG, "%s is out of range; accepted is %s", text,
                       lrh_option_range_text(option->range, buffer, sizeof buffer));
    return status;
}

/* ---- choices ------------------------------------------------------------------------ */
const char *lrh_option_choice(const char *choices, int32_t i, size_t *ret_length)
{
    for (; i > 0; i--) {
        choices += strcspn(choices, "|");
        if (!*choices)
            return NULL;
        choices++;
    }
    *ret_length = strcspn(choices, "|");
    return choices;
}

static lr_status parse_enum(const struct lr_option *option, const char *text, int32_t *ret_value,
                            struct lr_error *err)
{
    struct lrh_suggestion suggestion = {.word = text};
    char names[16][64], hint[128], list[512];
    const char *name;
    size_t n, used = 0;

    list[0] = '\0';
    for (int32_t i = 0; (name = lrh_option_choice(option->choices, i, &n)); i++) {
        if (n == strlen(text) && memcmp(name, text, n) == 0) {
            *ret_value = i;
            return LR_OK;
        }
        if (used < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%.*s", i ? ", " : "",
                                     (int)n, name);
        if (i < 16 && n < sizeof names[0]) {
            (void)snprintf(names[i], sizeof names[i], "%.*s", (int)n, name);
            lrh_suggest(&suggestion, names[i]);
        }
    }
    return lr_fail(err, LR_ECONFIG, "'%s' is none of %s%s", text, list,
                   lrh_suggest_text(&suggestion, hint, sizeof hint));
}

/* ---- text ---------------------------------------------------------------------------- */
static lr_status parse_list(const char *text, struct lrh_arena *arena, const void **ret_data,
                            struct lr_error *err)
{
    char *copy = lrh_arena_copy(arena, text, strlen(text));
    size_t n = 1, used = 0;
    char **items;

    for (const char *c = text; *c; c++)
        n += *c == ',';
    items = lrh_arena_alloc(arena, (n + 1) * sizeof *items);
    if (!copy || !items)
        return lr_fail(err, LR_ENOMEM, "out of memory");
    while (*text && copy) { /* an empty text is an empty list */
        char *item = strsep(&copy, ","), *end;

        item += strspn(item, " \t");
        for (end = item + strlen(item); end > item && strchr(" \t", end[-1]);)
            *--end = '\0';
        if (!*item)
            return lr_fail(err, LR_ECONFIG, "'%s' holds an empty item (write a, b, c)", text);
        items[used++] = item;
    }
    *ret_data = items;
    return LR_OK;
}

static char *absolute(const char *path, const char *folder, struct lrh_arena *arena)
{
    size_t n = strlen(path), head = strlen(folder);
    char *copy;

    if (*path == '/')
        return lrh_arena_copy(arena, path, n);
    copy = lrh_arena_alloc(arena, head + 1 + n + 1);
    if (copy)
        (void)sprintf(copy, "%s%s%s", folder, head && folder[head - 1] == '/' ? "" : "/", path);
    return copy;
}

static lr_status read_secret(const char *path, struct lrh_arena *arena, const void **ret_data,
                             struct lr_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    char *text = lrh_arena_alloc(arena, SECRET_BYTES + 1), buffer[128];
    ssize_t got = 0;
    size_t n = 0;

    if (fd < 0 || !text)
        goto failed;
    do {
        got = read(fd, text + n, SECRET_BYTES - n);
        n += got > 0 ? (size_t)got : 0;
    } while (got > 0 || (got < 0 && errno == EINTR));
    if (got < 0)
        goto failed;
    (void)close(fd);
    if (n == SECRET_BYTES || memchr(text, '\0', n))
        return lr_fail(err, LR_ECONFIG, "the secret file '%s' %s", path,
                       n == SECRET_BYTES ? "is too long (64 KiB or more)" : "holds a NUL byte");
    if (n && text[n - 1] == '\n')
        n--;
    if (n && text[n - 1] == '\r')
        n--;
    text[n] = '\0';
    if (n == 0)
        return lr_fail(err, LR_ECONFIG, "the secret file '%s' is empty", path);
    *ret_data = text;
    return LR_OK;
failed:
    (void)lr_fail(err, LR_ECONFIG, "cannot read the secret file '%s': %s", path,
                  strerror_r(text ? errno : ENOMEM, buffer, sizeof buffer));
    if (fd >= 0)
        (void)close(fd);
    return text ? LR_ECONFIG : LR_ENOMEM;
}

int lrh_option_is_reference(const char *text)
{
    return strncmp(text, "file:", 5) == 0 || strncmp(text, "env:", 4) == 0;
}

const char *lrh_option_rooted(const char *text, const char *folder, struct lrh_arena *arena)
{
    const char *path;
    char *rooted;

    if (strncmp(text, "file:", 5) != 0 || text[5] == '/')
        return text;
    path = absolute(text + 5, folder, arena);
    rooted = path ? lrh_arena_alloc(arena, 5 + strlen(path) + 1) : NULL;
    if (rooted)
        (void)sprintf(rooted, "file:%s", path);
    return rooted;
}

int lrh_option_is_exposed(const char *text, const char *folder, struct lrh_arena *arena)
{
    const char *path = strncmp(text, "file:", 5) == 0 ? absolute(text + 5, folder, arena) : NULL;
    struct stat st;

    return path && stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IROTH);
}

static lr_status parse_secret(const char *text, const char *folder, struct lrh_arena *arena,
                              const void **ret_data, struct lr_error *err)
{
    (void)prctl(PR_SET_DUMPABLE, 0);
    if (strncmp(text, "file:", 5) == 0) {
        const char *path = absolute(text + 5, folder, arena);

        return path ? read_secret(path, arena, ret_data, err)
                    : lr_fail(err, LR_ENOMEM, "out of memory");
    }
    if (strncmp(text, "env:", 4) == 0) {
        const char *name = text + 4;

        text = getenv(name);
        if (!text)
            return lr_fail(err, LR_ECONFIG, "the environment variable '%s' is not set", name);
    }
    *ret_data = lrh_arena_copy(arena, text, strlen(text));
    return *ret_data ? LR_OK : lr_fail(err, LR_ENOMEM, "out of memory");
}

lr_status lrh_option_parse(const struct lr_option *option, const char *text, const char *folder,
                           struct lrh_arena *arena, union lrh_option_value *ret_value,
                           struct lr_error *err)
{
    union lrh_option_value value = {.data = NULL};
    lr_status status = LR_OK;

    if (!*text && (option->type == LR_OPT_PATH || option->type == LR_OPT_SECRET))
        return lr_fail(err, LR_ECONFIG, "there is no value behind the '='");
    switch (option->type) {
    case LR_OPT_STRING:
        value.data = lrh_arena_copy(arena, text, strlen(text));
        break;
    case LR_OPT_PATH:
        value.data = absolute(text, folder, arena);
        break;
    case LR_OPT_ENUM:
        status = parse_enum(option, text, &value.i32, err);
        break;
    case LR_OPT_LIST:
        status = parse_list(text, arena, &value.data, err);
        break;
    case LR_OPT_SECRET:
        status = parse_secret(text, folder, arena, &value.data, err);
        break;
    default:
        status = parse_number(option->type, text, &value, err);
        if (status == LR_OK && option->range)
            status = check_range(option, text, &value, err);
    }
    if (status == LR_OK && (option->type == LR_OPT_STRING || option->type == LR_OPT_PATH) &&
        !value.data)
        return lr_fail(err, LR_ENOMEM, "out of memory");
    if (status == LR_OK)
        *ret_value = value;
    return status;
}
