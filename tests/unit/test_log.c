/* SPDX-License-Identifier: MIT
 *
 * The log: each format, what a hostile message becomes, cuts, levels, the journal's prefix, a
 * terminal, and lines of two threads that do not mix.
 */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/log.h"

static int ends[2]; /* a pipe: [0] is read here, [1] is the log's */
static struct lrh_log *log_;
static char got[65536];

static void begin(int32_t format, int journald)
{
    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    CU_ASSERT_EQUAL_FATAL(lrh_log_create(ends[1], &log_), LR_OK);
    lrh_log_set_format(log_, format, journald);
}

static void end(void)
{
    lrh_log_destroy(log_);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

/* What was written since the last call. */
static const char *taken(void)
{
    ssize_t n = read(ends[0], got, sizeof got - 1);

    got[n > 0 ? n : 0] = '\0';
    return got;
}

static int equal(const char *a, const char *b)
{
    if (strcmp(a, b) == 0)
        return 1;
    (void)printf("\n    got:    %s\n    wanted: %s\n", a, b);
    return 0;
}

/* Cuts a time of the given form ('0' stands for a digit) out of the text; 0: it is not there. */
static int cut_time(char *text, const char *form)
{
    size_t n = strlen(form);

    if (strlen(text) < n)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return 0;
    memmove(text, text + n, strlen(text + n) + 1);
    return 1;
}

#define UTC "0000-00-00T00:00:00.000Z"

static const struct lrh_log_from whole = {"scoring", "source", 1}, pipeline = {"scoring", NULL, -1},
                                 section = {NULL, "sink", 0}, odd = {"a b", "x\"\n=\\", -1};

static const struct {
    const struct lrh_log_from *from;
    int32_t level;
    const char *message;
    const char *text, *logfmt, *json;
} lines[] = {
    {&whole, LR_LOG_WARNING, "message", " warning scoring/source lane 1: message\n",
     " level=warning pipeline=scoring section=source lane=1 msg=\"message\"\n",
     "\",\"level\":\"warning\",\"pipeline\":\"scoring\",\"section\":\"source\",\"lane\":1,"
     "\"message\":\"message\"}\n"},
    {&pipeline, LR_LOG_ERROR, "", " error scoring: \n", " level=error pipeline=scoring msg=\"\"\n",
     "\",\"level\":\"error\",\"pipeline\":\"scoring\",\"message\":\"\"}\n"},
    {&section, LR_LOG_NOTICE, "m", " notice sink lane 0: m\n",
     " level=notice section=sink lane=0 msg=\"m\"\n",
     "\",\"level\":\"notice\",\"section\":\"sink\",\"lane\":0,\"message\":\"m\"}\n"},
    {NULL, LR_LOG_INFO, "a\nb\t\"c\"\\\r\001\x7f\033[2J",
     " info: a\\nb\\t\"c\"\\\\r\\u0001\\u007f\\u001b[2J\n",
     " level=info msg=\"a\\nb\\t\\\"c\\\"\\\\\\r\\u0001\\u007f\\u001b[2J\"\n",
     "\",\"level\":\"info\",\"message\":\"a\\nb\\t\\\"c\\\"\\\\\\r\\u0001\\u007f\\u001b[2J\"}\n"},
    /* UTF-8: good; C1; overlong; surrogate; above U+10FFFF; cut; a stray byte before a letter */
    {NULL, LR_LOG_INFO,
     "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80 \xc2\x85 \xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80 "
     "\xff"
     "a\xe2\x82",
     " info: \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80 \\u0085 \xef\xbf\xbd\xef\xbf\xbd "
     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd "
     "\xef\xbf\xbd"
     "a\xef\xbf\xbd\xef\xbf\xbd\n",
     NULL, NULL},
    {&odd, LR_LOG_INFO, "m", " info a b/x\"\\n=\\: m\n",
     " level=info pipeline=\"a b\" section=\"x\\\"\\n=\\\\\" msg=\"m\"\n",
     "\",\"level\":\"info\",\"pipeline\":\"a b\",\"section\":\"x\\\"\\n=\\\\\",\"message\":\"m\"}"
     "\n"},
};

static void test_lines(void)
{
    static const struct {
        int32_t format;
        const char *before, *time;
    } formats[] = {{LRH_LOG_TEXT, "", "00:00:00.000"},
                   {LRH_LOG_LOGFMT, "time=", UTC},
                   {LRH_LOG_JSON, "{\"time\":\"", UTC}};

    for (size_t f = 0; f < 3; f++) {
        begin(formats[f].format, 0);
        for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
            const char *wanted[] = {lines[i].text, lines[i].logfmt, lines[i].json};
            size_t n = strlen(formats[f].before);

            lrh_log_write(log_, lines[i].from, lines[i].level, lines[i].message);
            CU_ASSERT(strncmp(taken(), formats[f].before, n) == 0);
            CU_ASSERT(cut_time(got + n, formats[f].time));
            if (wanted[f])
                CU_ASSERT(equal(got + n, wanted[f]));
        }
        end();
    }
}

static void test_levels(void)
{
    static const char *const names[] = {"error", "warning", "notice", "info", "debug"};

    begin(LRH_LOG_TEXT, 1);
    for (int32_t limit = LR_LOG_ERROR; limit <= LR_LOG_DEBUG; limit++) {
        CU_ASSERT_EQUAL(lrh_log_level(names[limit - LR_LOG_ERROR]), limit);
        lrh_log_set_level(log_, limit);
        for (int32_t level = LR_LOG_ERROR; level <= LR_LOG_DEBUG; level++) {
            lrh_log_printf(log_, NULL, level, "%d", (int)level);
            CU_ASSERT_EQUAL(*taken() != '\0', level <= limit);
        }
    }
    CU_ASSERT_EQUAL(lrh_log_level("warn"), -1);
    CU_ASSERT_EQUAL(lrh_log_level(NULL), -1);
    lrh_log_write(NULL, NULL, LR_LOG_ERROR, "dropped");
    lrh_log_printf(NULL, NULL, LR_LOG_ERROR, "dropped");
    end();
}

static void test_journal(void)
{
    struct stat st;
    char stream[64];

    begin(LRH_LOG_TEXT, 1);
    lrh_log_write(log_, &whole, LR_LOG_WARNING, "m");
    CU_ASSERT(equal(taken(), "<4>warning scoring/source lane 1: m\n"));
    lrh_log_set_format(log_, LRH_LOG_LOGFMT, 1);
    lrh_log_write(log_, NULL, LR_LOG_ERROR, "m");
    CU_ASSERT(strncmp(taken(), "<3>time=", 8) == 0);
    lrh_log_set_format(log_, LRH_LOG_TEXT, -1);
    lrh_log_write(log_, NULL, LR_LOG_ERROR, "m");
    CU_ASSERT(cut_time((char *)(uintptr_t)taken(), "00:00:00.000"));

    /* The environment says that this very pipe leads to the journal. */
    CU_ASSERT_EQUAL(fstat(ends[1], &st), 0);
    (void)snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)st.st_dev,
                   (unsigned long long)st.st_ino);
    CU_ASSERT_EQUAL(setenv("JOURNAL_STREAM", stream, 1), 0);
    lrh_log_destroy(log_);
    CU_ASSERT_EQUAL_FATAL(lrh_log_create(ends[1], &log_), LR_OK);
    lrh_log_write(log_, NULL, LR_LOG_INFO, "m");
    CU_ASSERT(equal(taken(), "<6>info: m\n"));
    CU_ASSERT_EQUAL(unsetenv("JOURNAL_STREAM"), 0);
    end();
}

/* Longer than is kept: cut with "...", still one valid line, in the worst case of escaping too. */
static void test_long(void)
{
    static const char *const units[] = {"x", "\001", "\xc3\xa4", "\"", "\xff"};
    static const char *const shown[] = {"x", "\\u0001", "\xc3\xa4", "\\\"", "\xef\xbf\xbd"};
    static char message[8192], wanted[65536];

    for (size_t u = 0; u < 5; u++) {
        struct lrh_log_from from = {message, message, 7};
        size_t n = strlen(units[u]), kept = LRH_LOG_MESSAGE / n, m = 0;
        char *body;

        for (size_t i = 0; i + n < sizeof message; i += n)
            memcpy(message + i, units[u], n + 1);
        for (size_t i = 0; i < kept; i++)
            m += (size_t)sprintf(wanted + m, "%s", shown[u]);
        (void)sprintf(wanted + m, "...\"}\n");
        begin(LRH_LOG_JSON, 1);
        lrh_log_write(log_, &from, LR_LOG_INFO, message);
        body = strstr(taken(), "\"lane\":7,\"message\":\"");
        CU_ASSERT_PTR_NOT_NULL_FATAL(body);
        CU_ASSERT(strcmp(body + strlen("\"lane\":7,\"message\":\""), wanted) == 0);
        lrh_log_printf(log_, NULL, LR_LOG_INFO, "%s", message);
        body = strstr(taken(), "\"info\",\"message\":\"");
        CU_ASSERT_PTR_NOT_NULL_FATAL(body);
        CU_ASSERT(strcmp(body + strlen("\"info\",\"message\":\""), wanted) == 0);
        end();
    }
}

/* A line on a terminal first erases a monitor's live status. */
static void test_terminal(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY), terminal;

    CU_ASSERT_FATAL(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
    CU_ASSERT_FATAL(terminal >= 0);
    CU_ASSERT_EQUAL_FATAL(lrh_log_create(terminal, &log_), LR_OK);
    lrh_log_set_format(log_, LRH_LOG_TEXT, 1);
    lrh_log_write(log_, NULL, LR_LOG_INFO, "m");
    ends[0] = master;
    CU_ASSERT(equal(taken(), "\r\033[K<6>info: m\r\n"));
    lrh_log_destroy(log_);
    (void)close(terminal);
    (void)close(master);
}

static void *speak(void *arg)
{
    char message[200];

    memset(message, *(const char *)arg, sizeof message - 1);
    message[sizeof message - 1] = '\0';
    for (int i = 0; i < 50; i++)
        lrh_log_write(log_, NULL, LR_LOG_INFO, message);
    return NULL;
}

static void test_threads(void)
{
    pthread_t threads[2];
    size_t n = 0;

    begin(LRH_LOG_TEXT, 1);
    for (size_t i = 0; i < 2; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, speak, i ? "b" : "a"), 0);
    for (size_t i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(pthread_join(threads[i], NULL), 0);
    (void)taken();
    for (char *line = strtok(got, "\n"); line; line = strtok(NULL, "\n"), n++) {
        CU_ASSERT_EQUAL(strlen(line), strlen("<6>info: ") + 199);
        CU_ASSERT_EQUAL(strspn(line + 9, "a") + strspn(line + 9, "b"), 199);
    }
    CU_ASSERT_EQUAL(n, 100);
    end();
}

/* Nobody reads: the line is lost, the caller goes on, errno is untouched. */
static void test_cannot_write(void)
{
    begin(LRH_LOG_TEXT, 0);
    (void)close(ends[1]);
    ends[1] = -1;
    errno = 0;
    lrh_log_write(log_, NULL, LR_LOG_ERROR, "m");
    CU_ASSERT_EQUAL(errno, 0);
    end();
}

static CU_TestInfo tests[] = {
    {"lines", test_lines},
    {"levels", test_levels},
    {"journal", test_journal},
    {"long", test_long},
    {"terminal", test_terminal},
    {"threads", test_threads},
    {"cannot write", test_cannot_write},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"log", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

int main(int argc, char **argv)
{
    (void)unsetenv("JOURNAL_STREAM");
    return unit_main(suites, argc, argv);
}
