/* SPDX-License-Identifier: MIT
 *
 * Standard error, shared by the console monitors of a process and the host's log.
 */
#ifndef CONSOLE_SCREEN_H
#define CONSOLE_SCREEN_H

#include "status.h"

struct screen_row; /* one pipeline's place */

/* NULL: no memory. */
struct screen_row *screen_join(void);
void screen_leave(struct screen_row *row);

/* Not 0: standard error is a terminal that can be drawn on. */
int screen_is_live(void);

/* Takes over the pipeline's figures and draws the status line anew. */
void screen_draw(struct screen_row *row, const struct status *status);
/* A line that stays: the pipeline is done and leaves the status line. */
void screen_print_last(struct screen_row *row, const char *text);
/* A line that stays. */
void screen_print(const char *text);

#endif
