/* SPDX-License-Identifier: MIT
 *
 * Foreign code in a process of its own: what crashes, hangs, exits or prints there is a sentence
 * here. For commands that only look at modules; a pipeline runs its plugins in the host's process.
 */
#ifndef LRHOST_CHILD_H
#define LRHOST_CHILD_H

#include <lrhost/abi.h>
#include <stdio.h>

/* What came of it. */
struct lrh_answer {
    char *text; /* what the work wrote to `out`; malloc'ed; NULL when it failed */
    size_t n;
    /* The beginning of what else was printed, as one line without control characters; "": nothing.
     * A module may not print when it is loaded. */
    char noise[240];
};

/* Runs `work` in a child process, with empty input and both standard outputs caught, and waits at
 * most ten seconds. Returns what `work` returned, with its sentence; LR_EINTERNAL when the process
 * ended in another way or did not end, in a sentence about `what`. Call it while there is one
 * thread only. [main] `ret_answer` is filled in any case; lrh_answer_finish ends it. */
lr_status lrh_child_ask(lr_status (*work)(void *ctx, FILE *out, struct lr_error *err), void *ctx,
                        const char *what, struct lrh_answer *ret_answer, struct lr_error *err);
void lrh_answer_finish(struct lrh_answer *answer);

#endif
