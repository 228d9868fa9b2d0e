/* SPDX-License-Identifier: MIT
 *
 * The one file that knows inih. inih says what is a section, a key and a value; this file stands
 * around it, because a stock inih reads into a line of 200 bytes, splits what is longer without a
 * word, cuts section names at 49 bytes, cuts values at " ;", joins indented lines, says nothing
 * of empty or repeated sections, and counts lines wrong in the border cases. None of its build
 * options and none of a distribution's extra globals are relied upon.
 *
 * inih asks the reader below for its lines, one a call. The reader
 *  - walks the physical lines itself, so file:line is always its own;
 *  - refuses control characters, and then uses a few of them as marks of its own: blanks travel as
 *    BLANK and TAB, so that inih finds nothing to trim, to cut or to join;
 *  - hands a long line over in pieces, the second and later ones as what inih takes for an
 *    indented continuation; the handler puts them together again;
 *  - follows each [header] with a key named HEADER, so that the handler hears of every section.
 */
#include "config.h"

#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "config_store.h"

#define HEADER "\x01"
#define GUARD '\x02' /* begins a continued piece, which may itself begin with ';' */
#define BLANK '\x03'
#define TAB '\x04'

enum line_kind { NOTHING, COMMENT, SECTION, KEY };

struct reading {
    struct lrh_config *config;
    struct lrh_problems *problems;
    const char *at, *end; /* the text behind the line */

    uint32_t line; /* its number, from 1 */
    enum line_kind kind;
    const char *text; /* the line without blanks at its ends */
    size_t n, given;  /* its length; how much of it inih has */
    int header_due;   /* HEADER is to be sent */
    int answered;     /* inih found the key */

    uint32_t n_counted; /* headers and keys */
    int lost;           /* not below a usable [header] */
    int none;           /* no [header] at all so far */
    uint32_t section;
    char key[LRH_CONFIG_KEY + 1];
    char *value; /* room for the longest line */
    size_t n_value;
    int stop;
    lr_status status;
};

static void problem(struct reading *r, const char *text)
{
    lrh_problems_add(r->problems, r->config->path, r->line, "%s", text);
}

/* ---- from inih --------------------------------------------------------------------- */

/* Copies what inih gives, marks undone; returns the length. `out` may be NULL. */
static size_t decode(char *out, const char *text)
{
    size_t n = 0;

    for (; *text; text++) {
        if (*text == GUARD)
            continue;
        if (out)
            out[n] = (char)(*text == BLANK ? ' ' : *text == TAB ? '\t' : *text);
        n++;
    }
    return n;
}

/* Cuts blanks at both ends, in place. */
static char *trim(char *text)
{
    size_t n;

    text += strspn(text, " \t");
    for (n = strlen(text); n && strchr(" \t", text[n - 1]);)
        text[--n] = '\0';
    return text;
}

/* A [header] was read; `given` is what inih made of it, judged against the line itself. */
static void take_header(struct reading *r, const char *given)
{
    const char *close = memchr(r->text, ']', r->n), *rest;
    char buffer[LRH_CONFIG_NAME + 1], *name;
    size_t n;

    r->lost = 1;
    r->none = 0;
    if (!close) {
        problem(r, "a section's header lacks its ']'");
        return;
    }
    n = (size_t)(close - r->text) - 1;
    if (n > LRH_CONFIG_NAME || decode(NULL, given) != n) {
        lrh_problems_add(r->problems, r->config->path, r->line,
                         "the section name '%.*s...' is longer than %u bytes", 40, r->text + 1,
                         LRH_CONFIG_NAME);
        return;
    }
    for (rest = close + 1; rest < r->text + r->n && strchr(" \t", *rest);)
        rest++;
    if (rest < r->text + r->n && *rest != ';' && *rest != '#') {
        problem(r, "there is text behind the ']' of a section's header");
        return;
    }
    buffer[decode(buffer, given)] = '\0';
    name = trim(buffer);
    if (!*name) {
        problem(r, "a section's header has no name between '[' and ']'");
        return;
    }
    r->status = lrh_config_open(r->config, name, r->line, r->problems, &r->section);
    r->lost = r->status != LR_OK;
}

static int handler(void *user, const char *section, const char *name, const char *value)
{
    struct reading *r = user;

    if (!name || !value) /* builds of inih that announce sections or keys without '=' */
        return 1;
    if (strcmp(name, HEADER) == 0) {
        take_header(r, section);
        return 1;
    }
    if (!r->answered) {
        size_t n = decode(NULL, name);

        if (n > LRH_CONFIG_KEY) /* unanswered: judge_line says so */
            return 1;
        r->key[decode(r->key, name)] = '\0';
        r->n_value = 0;
        r->answered = 1;
    }
    r->n_value += decode(r->value + r->n_value, value);
    return 1;
}

/* ---- to inih ------------------------------------------------------------------------ */

/* The line is behind us: what came of it? */
static void judge_line(struct reading *r)
{
    const char *key;

    if (r->kind != KEY)
        return;
    r->kind = NOTHING;
    if (!r->answered) {
        if (memchr(r->text, '=', r->n) || memchr(r->text, ':', r->n))
            lrh_problems_add(r->problems, r->config->path, r->line,
                             "the key '%.40s...' is longer than %u bytes", r->text, LRH_CONFIG_KEY);
        else
            problem(r, "this is no [section], key = value or comment; a value ends with its line, "
                       "which may be as long as needed"); /* not quoted: it may be a secret */
        return;
    }
    key = trim(r->key);
    r->value[r->n_value] = '\0';
    if (!*key)
        problem(r, "there is no key before the '='");
    else if (r->none)
        lrh_problems_add(r->problems, r->config->path, r->line,
                         "'%s' stands before the first [section]", key);
    else if (!r->lost)
        r->status = lrh_config_put(r->config, r->section, key, r->value, r->line, r->problems);
}

/* Finds the next line and its kind; 0 at the end of the text. */
static int next_line(struct reading *r)
{
    const char *newline;

    if (r->at == r->end)
        return 0;
    newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
    r->text = r->at;
    r->n = (size_t)((newline ? newline : r->end) - r->at);
    r->at = newline ? newline + 1 : r->end;
    r->line++;
    if (newline && r->n && r->text[r->n - 1] == '\r')
        r->n--;
    while (r->n && strchr(" \t", r->text[r->n - 1]))
        r->n--;
    for (; r->n && strchr(" \t", *r->text); r->n--)
        r->text++;
    r->given = 0;
    r->answered = 0;
    r->kind = r->n == 0                            ? NOTHING
              : *r->text == ';' || *r->text == '#' ? COMMENT
              : *r->text == '['                    ? SECTION
                                                   : KEY;
    r->header_due = r->kind == SECTION;
    for (size_t i = 0; i < r->n; i++) {
        unsigned char c = (unsigned char)r->text[i];

        if ((c >= 0x20 && c != 0x7f) || c == '\t')
            continue;
        lrh_problems_add(r->problems, r->config->path, r->line,
                         "there is a control character (0x%02x) in the line", c);
        if (r->kind == SECTION) {
            r->lost = 1;
            r->none = 0;
        }
        r->kind = NOTHING;
        r->header_due = 0;
        r->n = 0;
    }
    if (r->kind < SECTION || ++r->n_counted <= LRH_CONFIG_LINES)
        return 1;
    lrh_problems_add(r->problems, r->config->path, r->line,
                     "more than %u sections and keys; the rest is not read", LRH_CONFIG_LINES);
    r->kind = NOTHING;
    return 0;
}

/* inih's reader: one line of at most `size` - 1 bytes with its '\n', or NULL at the end. */
static char *reader(char *buffer, int size, void *user)
{
    struct reading *r = user;
    char *out = buffer;
    size_t n, room = (size_t)size - 4; /* " ", GUARD, "\n", NUL */

    if (r->kind == KEY && r->answered && r->given < r->n) {
        *out++ = ' ';
        *out++ = GUARD;
    } else if (r->header_due && r->given) {
        r->header_due = 0;
        return strcpy(buffer, HEADER "=\n");
    } else {
        judge_line(r);
        r->stop |= r->status != LR_OK || !next_line(r);
        if (r->stop)
            return NULL;
    }
    n = r->n - r->given < room ? r->n - r->given : room;
    for (size_t i = 0; i < n; i++) {
        char c = r->text[r->given + i];

        *out++ = (char)(c == ' ' ? BLANK : c == '\t' ? TAB : c);
    }
    r->given += n;
    *out++ = '\n';
    *out = '\0';
    return buffer;
}

static lr_status read_text(struct reading *r, size_t size)
{
    static const unsigned char mark[] = {0xef, 0xbb, 0xbf};
    const void *nul = memchr(r->at, '\0', size);

    if (size >= 2 && (memcmp(r->at, "\xff\xfe", 2) == 0 || memcmp(r->at, "\xfe\xff", 2) == 0)) {
        lrh_problems_add(r->problems, r->config->path, 0,
                         "this is UTF-16 text; save the file as UTF-8");
        return LR_OK;
    }
    if (nul) {
        lrh_problems_add(r->problems, r->config->path, 0,
                         "there is a NUL byte at offset %zu: not an INI file but binary data, or "
                         "UTF-16 text, which is to be saved as UTF-8",
                         (size_t)((const char *)nul - r->at));
        return LR_OK;
    }
    if (size >= sizeof mark && memcmp(r->at, mark, sizeof mark) == 0)
        r->at += sizeof mark;
    r->value = malloc(size + 1);
    if (!r->value)
        return LR_ENOMEM;
    while (!r->stop) { /* once, but for builds of inih that stop at a line they dislike */
        const char *before = r->at;

        if (ini_parse_stream(reader, r, handler, r) < 0 || (!r->stop && r->at == before)) {
            r->status = r->status ? r->status : LR_ENOMEM;
            break;
        }
    }
    free(r->value);
    return r->status;
}

lr_status lrh_config_parse(const char *name, const void *text, size_t size, const char *folder,
                           const struct lrh_override *overrides, size_t n_overrides,
                           struct lrh_problems *problems, struct lrh_config **ret_config)
{
    struct reading r = {.problems = problems, .none = 1, .lost = 1};
    size_t errors = problems->n_errors;
    lr_status status = LR_ENOMEM;

    *ret_config = NULL;
    r.config = lrh_config_new(name, folder);
    if (r.config) {
        r.at = size ? text : "";
        r.end = r.at + size;
        status = read_text(&r, size);
    }
    for (size_t i = 0; status == LR_OK && i < n_overrides; i++)
        status = lrh_config_override(r.config, &overrides[i], problems);
    if (status != LR_OK) {
        lrh_config_destroy(r.config);
        lrh_problems_add(problems, name, 0, "out of memory");
        return status;
    }
    *ret_config = r.config;
    return problems->n_errors > errors ? LR_ECONFIG : LR_OK;
}
