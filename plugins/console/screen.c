/* SPDX-License-Identifier: MIT
 *
 * Standard error, shared; see screen.h.
 *
 * The status is a single line without a newline, drawn as "\r", erase to the end of the line
 * (ECMA-48 EL), text, "\r", and never wider than the terminal. So nobody needs to know where it
 * stands: a log line takes its place, wholly if it begins with EL, and the next drawing follows
 * below. A block of several lines would have to be moved up over, and every log line in
 * between would break the count. Several pipelines of one process therefore share the one line,
 * each with a part of it, by way of a list of this module: its one piece of global state, as
 * there is one standard error. A monitor is the one kind of plugin whose job is to print.
 */
#include "screen.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LINE_START "\r\x1b[K"
#define RED "\x1b[31m"
#define PLAIN "\x1b[m"
#define WIDTH_UNKNOWN 80
#define WIDTH_MIN 20 /* narrower, nothing is drawn */
#define LINE_ROOM 2048

struct screen_row {
    struct screen_row *next;
    struct status status;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct screen_row *rows; /* in order of joining */

int screen_is_live(void)
{
    const char *term = getenv("TERM");

    return isatty(STDERR_FILENO) == 1 && term && *term && strcmp(term, "dumb") != 0;
}

static int may_colour(void)
{
    const char *no = getenv("NO_COLOR");

    return !no || !*no;
}

/* The one place that writes. */
static void put(const char *text, size_t len)
{
    while (len > 0) {
        ssize_t sent = write(STDERR_FILENO, text, len);

        if (sent <= 0)
            return; /* nobody is there to be told */
        text += sent;
        len -= (size_t)sent;
    }
}

static size_t width(void)
{
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return WIDTH_UNKNOWN;
    return size.ws_col;
}

/* At most `columns` characters of UTF-8; returns the bytes. */
static size_t fit(const char *text, size_t columns)
{
    size_t i = 0;

    for (; text[i]; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80 && columns-- == 0)
            break;
    return i;
}

/* All rows in one line. */
static void join_rows(char *text, size_t room, int *ret_trouble)
{
    size_t used = 0, n = 0;

    text[0] = '\0';
    *ret_trouble = 0;
    for (const struct screen_row *row = rows; row; row = row->next)
        n += row->status.state != 0;
    for (const struct screen_row *row = rows; row; row = row->next) {
        char part[STATUS_ROOM];
        int len;

        if (row->status.state == 0)
            continue;
        if (n == 1)
            status_long(&row->status, part, sizeof part);
        else
            status_short(&row->status, part, sizeof part);
        len = snprintf(text + used, room - used, "%s%s", used ? " | " : "", part);
        if (len > 0)
            used += (size_t)len < room - used ? (size_t)len : room - used - 1;
        *ret_trouble |= row->status.bad > 0 || row->status.state == LR_STATE_FAILED;
    }
}

static void draw(void)
{
    char text[LINE_ROOM], out[LINE_ROOM + 32];
    size_t columns = width();
    int trouble, coloured, len;

    if (columns < WIDTH_MIN)
        return;
    join_rows(text, sizeof text, &trouble);
    coloured = trouble && may_colour();
    len = snprintf(out, sizeof out, LINE_START "%s%.*s%s\r", coloured ? RED : "",
                   (int)fit(text, columns - 1), text, coloured ? PLAIN : "");
    if (len > 0)
        put(out, (size_t)len < sizeof out ? (size_t)len : sizeof out - 1);
}

static void print_line(const char *text)
{
    char out[LINE_ROOM];
    int len = snprintf(out, sizeof out, "%s%.*s\n", screen_is_live() ? LINE_START : "",
                       LINE_ROOM - 16, text);

    if (len > 0)
        put(out, (size_t)len);
}

struct screen_row *screen_join(void)
{
    struct screen_row *row = calloc(1, sizeof *row), **link = &rows;

    if (!row)
        return NULL;
    status_init(&row->status);
    (void)pthread_mutex_lock(&lock);
    while (*link)
        link = &(*link)->next;
    *link = row;
    (void)pthread_mutex_unlock(&lock);
    return row;
}

void screen_leave(struct screen_row *row)
{
    struct screen_row **link = &rows;

    if (!row)
        return;
    (void)pthread_mutex_lock(&lock);
    while (*link != row)
        link = &(*link)->next;
    *link = row->next;
    (void)pthread_mutex_unlock(&lock);
    free(row);
}

void screen_draw(struct screen_row *row, const struct status *status)
{
    (void)pthread_mutex_lock(&lock);
    row->status = *status;
    draw();
    (void)pthread_mutex_unlock(&lock);
}

void screen_print_last(struct screen_row *row, const char *text)
{
    (void)pthread_mutex_lock(&lock);
    status_init(&row->status);
    print_line(text);
    for (const struct screen_row *other = rows; other; other = other->next) {
        if (other->status.state != 0) {
            draw();
            break;
        }
    }
    (void)pthread_mutex_unlock(&lock);
}

void screen_print(const char *text)
{
    (void)pthread_mutex_lock(&lock);
    print_line(text);
    (void)pthread_mutex_unlock(&lock);
}
