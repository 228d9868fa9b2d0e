/* SPDX-License-Identifier: MIT
 *
 * The process's log: one line per event to standard error. Formats: text (for people), logfmt,
 * json; with journald's <n> priority prefix when asked or when standard error is the journal. On a
 * terminal a line first erases what stands in its row, such as a monitor's live status.
 * The only file below main that writes to standard error.
 *
 *   text    12:03:04.123 warning scoring/source lane 1: message      (local time)
 *   logfmt  time=2026-01-02T11:03:04.123Z level=warning pipeline=scoring ... msg="message"
 *   json    {"time":"...","level":"warning","pipeline":"scoring","section":"source","lane":1,
 *            "message":"..."}
 */
#ifndef LRHOST_LOG_H
#define LRHOST_LOG_H

#include <lrhost/host.h>

#define LRH_LOG_TEXT 0
#define LRH_LOG_LOGFMT 1
#define LRH_LOG_JSON 2

#define LRH_LOG_MESSAGE 4096 /* longer ones are cut, with "..." behind */

struct lrh_log; /* thread-safe; one write(2) per line, so lines never mix */

/* Begins with level info, text, and the journal's prefix when fd is connected to it. */
lr_status lrh_log_create(int fd, struct lrh_log **ret_log);
void lrh_log_destroy(struct lrh_log *log);
void lrh_log_set_level(struct lrh_log *log, int32_t level); /* LR_LOG_*; from any thread */
/* `journald`: 1 the <n> prefix, 0 none, -1 when fd is connected to the journal. With it a text line
 * has no time: the journal knows. */
void lrh_log_set_format(struct lrh_log *log, int32_t format, int journald);

/* Who speaks; every part may be NULL, lane -1 for none. */
struct lrh_log_from {
    const char *pipeline;
    const char *section;
    int32_t lane;
};
/* [any] `log` NULL: dropped. `from` may be NULL. */
void lrh_log_write(struct lrh_log *log, const struct lrh_log_from *from, int32_t level,
                   const char *message);
__attribute__((format(printf, 4, 5))) void lrh_log_printf(struct lrh_log *log,
                                                          const struct lrh_log_from *from,
                                                          int32_t level, const char *format, ...);
/* "error", "warning", ... -> LR_LOG_*; -1: no such level. */
int32_t lrh_log_level(const char *name);

#endif
