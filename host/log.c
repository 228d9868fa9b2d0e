/* SPDX-License-Identifier: MIT
 *
 * A line is built on the caller's stack, outside the lock, escaped so that it is one line of valid
 * UTF-8 whatever a plugin passes; only the write is under the lock. Writing is
 * best effort: a log that cannot be written must not stop a pipeline, so a full pipe or a closed
 * descriptor loses the line.
 */
#include "log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "escape.h"

#define NAME_BYTES 100 /* of a pipeline or a section */
#define ERASE "\r\033[K"
#define ERASE_BYTES (sizeof ERASE - 1)

/* Escaped, one byte can become six. */
#define HEAD_BYTES (2 * 6 * NAME_BYTES + 200) /* time, level, who */
#define LINE_BYTES (HEAD_BYTES + 6 * LRH_LOG_MESSAGE)
#define TAIL_BYTES 8 /* ..."} and the newline */

struct lrh_log {
    int fd;
    int is_journal;
    int is_terminal;
    atomic_int level;
    atomic_int format;
    atomic_int prefix;
    pthread_mutex_t lock; /* one line at a time */
};

/* ---- a bounded line ------------------------------------------------------------------ */

/* With room before the line for what a terminal needs: all goes out in one write. */
struct line {
    size_t n;
    char erase[ERASE_BYTES];
    char data[LINE_BYTES + TAIL_BYTES];
};

static void put(struct line *line, const char *text)
{
    size_t n = strlen(text), room = LINE_BYTES + TAIL_BYTES - line->n;

    n = n < room ? n : room;
    memcpy(line->data + line->n, text, n);
    line->n += n;
}

/* Escaped; cut behind `longest` bytes, never inside a character. */
static void put_escaped(struct line *line, const char *text, int mode, size_t longest)
{
    const char *from = text;
    char unit[LRH_ESCAPE_UNIT];
    size_t used, n;

    for (; *text; text += used) {
        n = lrh_escape_unit(text, mode, unit, &used);
        if ((size_t)(text - from) + used > longest || n > LINE_BYTES - line->n) {
            put(line, "...");
            return;
        }
        memcpy(line->data + line->n, unit, n);
        line->n += n;
    }
}

static void put_time(struct line *line, int utc)
{
    struct timespec now;
    struct tm parts;
    char text[64];
    size_t n;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (utc)
        (void)gmtime_r(&now.tv_sec, &parts);
    else
        (void)localtime_r(&now.tv_sec, &parts);
    n = strftime(text, sizeof text - 8, utc ? "%Y-%m-%dT%H:%M:%S" : "%H:%M:%S", &parts);
    (void)snprintf(text + n, sizeof text - n, ".%03d%s", (int)(now.tv_nsec / 1000000),
                   utc ? "Z" : "");
    put(line, text);
}

/* ---- the three formats --------------------------------------------------------------- */
static const char *level_name(int32_t level)
{
    static const char *const names[] = {"error", "warning", "notice", "info", "debug"};

    if (level < LR_LOG_ERROR)
        return names[0];
    return names[level > LR_LOG_DEBUG ? 4 : level - LR_LOG_ERROR];
}

static void put_lane(struct line *line, const char *before, int32_t lane)
{
    char text[16];

    if (lane < 0)
        return;
    (void)snprintf(text, sizeof text, "%d", (int)lane);
    put(line, before);
    put(line, text);
}

static void text_line(struct line *line, const struct lrh_log_from *from, int32_t level,
                      const char *message, int journal)
{
    if (!journal) {
        put_time(line, 0);
        put(line, " ");
    }
    put(line, level_name(level));
    if (from->pipeline || from->section)
        put(line, " ");
    if (from->pipeline)
        put_escaped(line, from->pipeline, LRH_ESCAPE_PLAIN, NAME_BYTES);
    if (from->pipeline && from->section)
        put(line, "/");
    if (from->section)
        put_escaped(line, from->section, LRH_ESCAPE_PLAIN, NAME_BYTES);
    put_lane(line, " lane ", from->lane);
    put(line, ": ");
    put_escaped(line, message, LRH_ESCAPE_PLAIN, LRH_LOG_MESSAGE);
}

static void quoted(struct line *line, const char *before, const char *text, size_t longest)
{
    if (!text)
        return;
    put(line, before);
    put(line, "\"");
    put_escaped(line, text, LRH_ESCAPE_QUOTED, longest);
    put(line, "\"");
}

/* logfmt goes without quotes where nothing could be mistaken. */
static void word(struct line *line, const char *before, const char *text)
{
    int plain = text && *text;

    if (!text)
        return;
    for (const char *c = text; *c && plain; c++)
        plain = (unsigned char)*c > ' ' && !strchr("=\"\\\x7f", *c);
    if (!plain) {
        quoted(line, before, text, NAME_BYTES);
        return;
    }
    put(line, before);
    put_escaped(line, text, LRH_ESCAPE_QUOTED, NAME_BYTES);
}

static void logfmt_line(struct line *line, const struct lrh_log_from *from, int32_t level,
                        const char *message)
{
    put(line, "time=");
    put_time(line, 1);
    put(line, " level=");
    put(line, level_name(level));
    word(line, " pipeline=", from->pipeline);
    word(line, " section=", from->section);
    put_lane(line, " lane=", from->lane);
    quoted(line, " msg=", message, LRH_LOG_MESSAGE);
}

static void json_line(struct line *line, const struct lrh_log_from *from, int32_t level,
                      const char *message)
{
    put(line, "{\"time\":\"");
    put_time(line, 1);
    put(line, "\",\"level\":\"");
    put(line, level_name(level));
    put(line, "\"");
    quoted(line, ",\"pipeline\":", from->pipeline, NAME_BYTES);
    quoted(line, ",\"section\":", from->section, NAME_BYTES);
    put_lane(line, ",\"lane\":", from->lane);
    quoted(line, ",\"message\":", message, LRH_LOG_MESSAGE);
    put(line, "}");
}

/* ---- out ------------------------------------------------------------------------------ */
static void write_all(int fd, const char *data, size_t n)
{
    while (n) {
        ssize_t did = write(fd, data, n);

        if (did < 0 && errno == EINTR)
            continue;
        if (did <= 0)
            return;
        data += did;
        n -= (size_t)did;
    }
}

void lrh_log_write(struct lrh_log *log, const struct lrh_log_from *from, int32_t level,
                   const char *message)
{
    static const struct lrh_log_from nobody = {NULL, NULL, -1};
    struct line line;
    int saved = errno, prefix, format;
    char priority[8];

    if (!log || !message || level > atomic_load_explicit(&log->level, memory_order_relaxed))
        return;
    if (!from)
        from = &nobody;
    line.n = 0;
    prefix = atomic_load_explicit(&log->prefix, memory_order_relaxed);
    format = atomic_load_explicit(&log->format, memory_order_relaxed);
    if (prefix) {
        (void)snprintf(priority, sizeof priority, "<%d>", level < 0 ? 0 : (int)level & 7);
        put(&line, priority);
    }
    if (format == LRH_LOG_JSON)
        json_line(&line, from, level, message);
    else if (format == LRH_LOG_LOGFMT)
        logfmt_line(&line, from, level, message);
    else
        text_line(&line, from, level, message, prefix);
    line.data[line.n++] = '\n';
    (void)pthread_mutex_lock(&log->lock);
    if (log->is_terminal) { /* a monitor's live line may stand there */
        memcpy(line.erase, ERASE, ERASE_BYTES);
        write_all(log->fd, line.erase, ERASE_BYTES + line.n);
    } else {
        write_all(log->fd, line.data, line.n);
    }
    (void)pthread_mutex_unlock(&log->lock);
    errno = saved;
}

void lrh_log_printf(struct lrh_log *log, const struct lrh_log_from *from, int32_t level,
                    const char *format, ...)
{
    char message[LRH_LOG_MESSAGE + 8]; /* longer than is kept, so that a cut is seen */
    va_list args;

    if (!log || level > atomic_load_explicit(&log->level, memory_order_relaxed))
        return;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    lrh_log_write(log, from, level, message);
}

/* ---- life ----------------------------------------------------------------------------- */

/* systemd says in JOURNAL_STREAM, as device:inode, which stream leads to the journal. */
static int leads_to_journal(int fd)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat st;

    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(fd, &st) == 0 &&
           (unsigned long long)st.st_dev == device && (unsigned long long)st.st_ino == inode;
}

lr_status lrh_log_create(int fd, struct lrh_log **ret_log)
{
    struct lrh_log *log = calloc(1, sizeof *log);

    if (!log)
        return LR_ENOMEM;
    if (pthread_mutex_init(&log->lock, NULL) != 0) {
        free(log);
        return LR_ENOMEM;
    }
    log->fd = fd;
    log->is_journal = leads_to_journal(fd);
    log->is_terminal = isatty(fd);
    atomic_init(&log->level, LR_LOG_INFO);
    atomic_init(&log->format, LRH_LOG_TEXT);
    atomic_init(&log->prefix, log->is_journal);
    *ret_log = log;
    return LR_OK;
}

void lrh_log_destroy(struct lrh_log *log)
{
    if (!log)
        return;
    (void)pthread_mutex_destroy(&log->lock);
    free(log);
}

void lrh_log_set_level(struct lrh_log *log, int32_t level)
{
    atomic_store_explicit(&log->level, level, memory_order_relaxed);
}

void lrh_log_set_format(struct lrh_log *log, int32_t format, int journald)
{
    atomic_store_explicit(&log->format, format, memory_order_relaxed);
    atomic_store_explicit(&log->prefix, journald < 0 ? log->is_journal : journald,
                          memory_order_relaxed);
}

int32_t lrh_log_level(const char *name)
{
    for (int32_t level = LR_LOG_ERROR; name && level <= LR_LOG_DEBUG; level++)
        if (strcmp(name, level_name(level)) == 0)
            return level;
    return -1;
}
