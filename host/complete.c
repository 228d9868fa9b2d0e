/* SPDX-License-Identifier: MIT
 *
 * See complete.h. Commands and options are read off the text of --help, so that a command which is
 * explained is completed, too, and nothing is said twice. Its form:
 *
 *     usage: lrhost [COMMAND] ARGUMENT...     what it does
 *       -x, --option VALUE  what it does
 *
 * with two blanks or a line's end before the description. An ARGUMENT in capitals, or a VALUE, says
 * what may stand there (see `meanings`); a|b|c is a choice. Plugins and their keys are asked of the
 * modules, each in a process of its own.
 */
#include "complete.h"

#include <stdlib.h>
#include <string.h>

#include "catalogue.h"
#include "settings.h"

struct text {
    const char *at;
    size_t n;
};

#define TEXT(literal) ((struct text){literal, sizeof(literal) - 1})

struct completion {
    struct lrh_loader *loader;
    const char *usage;
    const char *word; /* what is there of it */
    const char *lead; /* "--set=": what is before it in the same word */
    FILE *out;
};

static int is(struct text text, const char *word)
{
    return strlen(word) == text.n && memcmp(text.at, word, text.n) == 0;
}

static void offer(const struct completion *c, struct text candidate, struct text description)
{
    size_t n = strlen(c->word);

    if (candidate.n >= n && memcmp(candidate.at, c->word, n) == 0)
        (void)fprintf(c->out, "%s%.*s\t%.*s\n", c->lead, (int)candidate.n, candidate.at,
                      (int)description.n, description.at);
}

static void offer_choices(const struct completion *c, struct text choices)
{
    while (choices.n > 0) {
        const char *bar = memchr(choices.at, '|', choices.n);
        size_t n = bar ? (size_t)(bar - choices.at) : choices.n;

        offer(c, (struct text){choices.at, n}, TEXT(""));
        n += bar != NULL;
        choices.at += n;
        choices.n -= n;
    }
}

/* ---- the text of --help ------------------------------------------------------------------ */

struct line {
    struct text words[8]; /* before the description */
    size_t n_words;
    struct text description;
};

/* One line of the usage; returns the next. */
static const char *read_line(const char *at, struct line *ret)
{
    const char *end = at + strcspn(at, "\n");

    *ret = (struct line){.n_words = 0};
    at += strspn(at, " ");
    while (at < end && ret->n_words < sizeof ret->words / sizeof ret->words[0]) {
        size_t n = strcspn(at, " \n");
        struct text word = {at, n - (n > 0 && at[n - 1] == ',')};

        ret->words[ret->n_words++] = word;
        at += n;
        n = strspn(at, " ");
        at += n;
        if (n > 1 && *at != '-') /* "-h, --help    -V, --version" goes on */
            break;
    }
    ret->description = (struct text){at, at < end ? (size_t)(end - at) : 0};
    return end + (*end == '\n');
}

/* The next command from *at on: 1, and what its line says; 0: no more. */
static int next_command(const char **at, struct line *ret)
{
    while (**at) {
        const char *line = *at;

        *at = read_line(line, ret);
        if (ret->n_words > 0 && is(ret->words[0], "usage:")) {
            ret->n_words--;
            memmove(ret->words, ret->words + 1, ret->n_words * sizeof ret->words[0]);
        }
        if (ret->n_words < 2 || !is(ret->words[0], "lrhost"))
            continue;
        if (ret->description.n == 0 && strspn(*at, " ") > 20) {
            const char *more = *at + strspn(*at, " ");

            ret->description = (struct text){more, strcspn(more, "\n")};
        }
        if (ret->words[1].at[0] == '[') { /* [run]: it may be left out */
            ret->words[1].at++;
            ret->words[1].n -= 2;
        }
        return 1;
    }
    return 0;
}

/* What the option is followed by; n 0: nothing, or there is no such option. */
static struct text value_of(const char *usage, struct text option)
{
    struct line line;

    while (*usage) {
        usage = read_line(usage, &line);
        if (line.n_words == 0 || line.words[0].at[0] != '-')
            continue;
        for (size_t i = 0; i < line.n_words; i++)
            if (line.words[i].n == option.n && memcmp(line.words[i].at, option.at, option.n) == 0) {
                struct text last = line.words[line.n_words - 1];

                return last.at[0] == '-' ? TEXT("") : last;
            }
    }
    return TEXT("");
}

static void offer_options(const struct completion *c)
{
    const char *at = c->usage;
    struct line line;

    while (*at) {
        at = read_line(at, &line);
        if (line.n_words == 0 || line.words[0].at[0] != '-')
            continue;
        for (size_t i = 0; i < line.n_words; i++)
            if (line.words[i].at[0] == '-' && (line.words[i].n > 2 || strcmp(c->word, "-") == 0))
                offer(c, line.words[i], line.description);
    }
}

static void offer_commands(const struct completion *c)
{
    const char *at = c->usage;
    struct line line;

    while (next_command(&at, &line))
        offer(c, line.words[1], line.description);
}

/* ---- what modules say -------------------------------------------------------------------- */

static const char *const kinds = "source|codec|engine|model|sink|monitor";

/* Calls `visit` with each section that the host knows. */
static void each_section(const struct completion *c,
                         void (*visit)(const struct completion *c, struct text section,
                                       const struct lrh_host_section *host))
{
    for (const struct lrh_host_section *s = lrh_host_sections; s->sections; s++)
        for (const char *at = s->sections; *at; at += strspn(at, ", ")) {
            struct text section = {at, strcspn(at, ",")};

            visit(c, section, s);
            at += section.n;
        }
}

static void offer_section(const struct completion *c, struct text section,
                          const struct lrh_host_section *host)
{
    offer(c, section, (struct text){host->summary, strlen(host->summary)});
}

static void offer_section_dot(const struct completion *c, struct text section,
                              const struct lrh_host_section *host)
{
    char text[64];
    int n = snprintf(text, sizeof text, "%.*s.", (int)section.n, section.at);

    offer(c, (struct text){text, (size_t)n}, (struct text){host->summary, strlen(host->summary)});
}

/* Lines of "NAME<tab>DESCRIPTION", each once. */
static void offer_lines(const struct completion *c, const char *lines)
{
    for (const char *at = lines; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        size_t n = strcspn(at, "\t\n");
        const char *behind = at + n + (at[n] == '\t'), *seen = lines;

        while (seen < at && (strncmp(seen, at, n) != 0 || seen[n] != '\t')) {
            seen += strcspn(seen, "\n");
            seen += *seen == '\n';
        }
        if (seen == at)
            offer(c, (struct text){at, n}, (struct text){behind, strcspn(behind, "\n")});
    }
}

static void offer_plugins(const struct completion *c)
{
    char *lines = lrh_catalogue_lines(c->loader, LRH_LINES_NAMES, NULL, NULL);

    if (lines)
        offer_lines(c, lines);
    free(lines);
}

/* SECTION.KEY=VALUE, as far as it is there. */
static void offer_setting(const struct completion *c)
{
    const char *dot = strchr(c->word, '.'), *equals = dot ? strchr(dot, '=') : NULL;
    struct completion rest = *c;
    char section[64], key[128], *lines, *lead = NULL;

    if (!dot) {
        each_section(c, offer_section_dot);
        return;
    }
    (void)snprintf(section, sizeof section, "%.*s", (int)(dot - c->word), c->word);
    (void)snprintf(key, sizeof key, "%.*s", equals ? (int)(equals - dot - 1) : 0, dot + 1);
    lines =
        lrh_catalogue_lines(c->loader, equals ? LRH_LINES_VALUES : LRH_LINES_KEYS, section, key);
    rest.word = equals ? equals + 1 : dot + 1;
    if (lines && asprintf(&lead, "%s%.*s", c->lead, (int)(rest.word - c->word), c->word) > 0) {
        rest.lead = lead;
        offer_lines(&rest, lines);
    }
    free(lead);
    free(lines);
}

/* ---- what may stand there ---------------------------------------------------------------- */

static const struct {
    const char *word, *choices;
} meanings[] = {{"LEVEL", "error|warning|notice|info|debug"},
                {"FORMAT", "text|logfmt|json"},
                {"WHERE", "earliest|latest"}};

/* `what`: an argument or a value, as --help writes it. */
static void offer_meaning(const struct completion *c, struct text what)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (is(what, meanings[i].word)) {
            offer_choices(c, (struct text){meanings[i].choices, strlen(meanings[i].choices)});
            return;
        }
    if (is(what, "PLUGIN")) {
        offer_plugins(c);
        each_section(c, offer_section);
    } else if (is(what, "MODULE")) {
        offer_plugins(c);
        (void)fputs(":files\n", c->out);
    } else if (is(what, "KIND")) {
        offer_choices(c, (struct text){kinds, strlen(kinds)});
    } else if (is(what, "SECTION.KEY=VALUE")) {
        offer_setting(c);
    } else if (memchr(what.at, '|', what.n)) {
        offer_choices(c, what);
    } else if (what.n > 0 && (is(what, "FILE") || memchr(what.at, '/', what.n))) {
        (void)fputs(":files\n", c->out);
    }
}

/* The n-th argument of a command, without what says that it may be left out or repeated. */
static struct text argument(const struct line *line, size_t n)
{
    struct text last = TEXT(""), it = TEXT("");
    size_t seen = 0;

    for (size_t i = 2; i < line->n_words; i++) {
        struct text word = line->words[i];
        int repeats = 0;

        if (word.at[0] == '-' || strncmp(word.at, "[-", 2) == 0)
            continue;
        while (word.n > 0 && strchr("[", word.at[0]) && word.at[0])
            word.at++, word.n--;
        while (word.n > 0 && strchr(".]", word.at[word.n - 1])) {
            repeats |= word.at[word.n - 1] == '.';
            word.n--;
        }
        if (seen++ == n)
            it = word;
        last = repeats ? word : TEXT("");
    }
    return it.n > 0 ? it : last;
}

static void offer_argument(const struct completion *c, const char *command, size_t n)
{
    const char *at = c->usage;
    struct line line;

    while (next_command(&at, &line))
        if (is(line.words[1], command)) {
            offer_meaning(c, argument(&line, n));
            return;
        }
    (void)fputs(":files\n", c->out); /* it is a file, and so may be the next */
}

void lrh_complete(struct lrh_loader *loader, const char *usage, char *const *words, size_t n,
                  FILE *out)
{
    struct completion c = {loader, usage, n > 0 ? words[n - 1] : "", "", out};
    const char *command = NULL, *equals = strchr(c.word, '=');
    struct text value = TEXT("");
    char *lead = NULL;
    size_t arguments = 0;

    for (size_t i = 0; i + 1 < n; i++) {
        struct text word = {words[i], strlen(words[i])};

        if (value.n > 0) {
            value = TEXT(""); /* this word was it */
        } else if (word.at[0] == '-' && word.n > 1) {
            value = memchr(word.at, '=', word.n) ? TEXT("") : value_of(usage, word);
        } else if (!command) {
            command = words[i];
        } else {
            arguments++;
        }
    }
    if (value.n > 0) {
        offer_meaning(&c, value);
    } else if (c.word[0] == '-' && equals) {
        if (asprintf(&lead, "%.*s", (int)(equals - c.word + 1), c.word) < 0)
            return;
        value = value_of(usage, (struct text){c.word, (size_t)(equals - c.word)});
        c.lead = lead;
        c.word = equals + 1;
        offer_meaning(&c, value);
        free(lead);
    } else if (c.word[0] == '-') {
        offer_options(&c);
    } else if (!command) {
        offer_commands(&c);
        (void)fputs(":files\n", out);
    } else {
        offer_argument(&c, command, arguments);
    }
}
