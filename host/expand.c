/* SPDX-License-Identifier: MIT
 *
 * A value is literal but for four things.
 *  - "text" in double quotes loses them: that is how blanks at the ends and " ;" are written. A
 *    value that begins with a quote ends with one and holds no other.
 *  - " ;" and " #" are refused outside quotes: whether a comment or a part of the value was
 *    meant cannot be known, and either guess is silently wrong for somebody. `separator = ;` is
 *    plain.
 *  - ${NAME} is the environment's NAME and an error when that is unset; ${NAME:-default} is
 *    `default` when NAME is unset or empty, as in a shell. A default holds no further "${".
 *  - $${ is a literal "${". Any other '$' is a '$'.
 * Text that comes from the environment is taken as it is: no quotes, no replacement in it.
 */
#include "expand.h"

#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* ';' or '#' that would read as a comment, or NULL. */
static const char *find_comment(const char *text)
{
    for (const char *c = text; *c; c++) {
        if (*c != ';' && *c != '#')
            continue;
        if (c == text ? is_blank(c[1]) : is_blank(c[-1]))
            return c;
    }
    return NULL;
}

char *lrh_unquote(char *text, int comments, struct lr_error *err)
{
    const char *comment;
    size_t n;

    while (is_blank(*text))
        text++;
    n = strlen(text);
    while (n && is_blank(text[n - 1]))
        n--;
    text[n] = '\0';
    if (text[0] == '"') {
        if (n < 2 || strchr(text + 1, '"') != text + n - 1) {
            (void)lr_fail(err, LR_ECONFIG,
                          "a value that begins with a double quote must end with one and hold "
                          "no other; a comment stands on a line of its own");
            return NULL;
        }
        text[n - 1] = '\0';
        return text + 1;
    }
    comment = comments ? find_comment(text) : NULL;
    if (comment) {
        (void)lr_fail(err, LR_ECONFIG,
                      "'%c' with a blank beside it in a value: put a comment on a line of its "
                      "own, or a value that holds it in double quotes",
                      *comment);
        return NULL;
    }
    return text;
}

/* ---- ${NAME} ---------------------------------------------------------------------- */
struct builder {
    char *data;
    size_t n, room;
};

static int append(struct builder *out, const char *text, size_t n)
{
    if (out->room - out->n < n) {
        size_t room = (out->n + n) * 2;
        char *data = realloc(out->data, room);

        if (!data)
            return 0;
        out->data = data;
        out->room = room;
    }
    if (n)
        memcpy(out->data + out->n, text, n);
    out->n += n;
    return 1;
}

static int name_length(const char *text)
{
    int n = 0;

    while (n < 255 &&
           (text[n] == '_' || (text[n] >= 'A' && text[n] <= 'Z') ||
            (text[n] >= 'a' && text[n] <= 'z') || (n && text[n] >= '0' && text[n] <= '9')))
        n++;
    return n;
}

/* `text` stands behind "${". Appends the replacement; *ret_end: behind the '}'. */
static lr_status replace(const char *text, struct builder *out, const char **ret_end,
                         struct lr_error *err)
{
    const char *close = strchr(text, '}'), *value, *initial;
    int n = name_length(text);
    char name[256];

    if (!close)
        return lr_fail(err, LR_ECONFIG, "'${' without its '}' (a literal '${' is written '$${')");
    if (n > 0 && text[n] == ':' && text[n + 1] == '-')
        initial = text + n + 2;
    else if (n > 0 && text + n == close)
        initial = NULL;
    else
        return lr_fail(err, LR_ECONFIG,
                       /* not quoted: it may be a password */
                       "a '${' begins neither ${NAME} nor ${NAME:-default}; NAME is made of "
                       "letters, digits and '_' (a literal '${' is written '$${')");
    if (initial && memmem(initial, (size_t)(close - initial), "${", 2))
        return lr_fail(err, LR_ECONFIG, "the default of '${%.*s:-...}' cannot hold another '${'", n,
                       text);
    memcpy(name, text, (size_t)n);
    name[n] = '\0';
    value = getenv(name);
    if (!value && !initial)
        return lr_fail(err, LR_ECONFIG,
                       "the environment variable %s is not set; set it, or write a default: "
                       "${%s:-default}",
                       name, name);
    *ret_end = close + 1;
    if (initial && (!value || !*value))
        return append(out, initial, (size_t)(close - initial)) ? LR_OK : LR_ENOMEM;
    return append(out, value, strlen(value)) ? LR_OK : LR_ENOMEM;
}

lr_status lrh_expand(const char *text, struct lrh_arena *arena, const char **ret_text,
                     uint32_t *ret_replaced, struct lr_error *err)
{
    struct builder out = {NULL, 0, 0};
    lr_status status = LR_OK;
    uint32_t replaced = 0;
    char *copy;

    while (status == LR_OK && *text) {
        size_t plain = strcspn(text, "$");

        if (text[plain] == '$' && text[plain + 1] == '{') {
            status = append(&out, text, plain) ? LR_OK : LR_ENOMEM;
            if (status == LR_OK)
                status = replace(text + plain + 2, &out, &text, err);
            replaced = 1;
            continue;
        }
        if (text[plain] == '$') {
            int literal = text[plain + 1] == '$' && text[plain + 2] == '{';

            if (!append(&out, text, plain + 1) || (literal && !append(&out, "{", 1)))
                status = LR_ENOMEM;
            text += plain + (literal ? 3 : 1);
            continue;
        }
        status = append(&out, text, plain) ? LR_OK : LR_ENOMEM;
        text += plain;
    }
    copy = status == LR_OK ? lrh_arena_copy(arena, out.data, out.n) : NULL;
    free(out.data);
    if (status == LR_OK && !copy)
        status = LR_ENOMEM;
    if (status == LR_ENOMEM)
        return lr_fail(err, status, "out of memory");
    if (status == LR_OK) {
        *ret_text = copy;
        *ret_replaced = replaced;
    }
    return status;
}
