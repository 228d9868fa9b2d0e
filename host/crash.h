/* SPDX-License-Identifier: MIT
 *
 * A process that dies of a defect says so: one line to standard error, then what would have
 * happened anyway (a core dump, the exit by signal that a supervisor sees).
 */
#ifndef LRHOST_CRASH_H
#define LRHOST_CRASH_H

/* For signals that nobody handles yet (a sanitizer handles some). */
void lrh_crash_say(void);

/* Takes that back, in a process whose end is told by another one. */
void lrh_crash_hush(void);

#endif
