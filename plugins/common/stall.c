/* SPDX-License-Identifier: MIT
 *
 * Waits in the log; see stall.h.
 */
#include "stall.h"

#define SECOND INT64_C(1000000000)
#define AGAIN_NS (60 * SECOND)
#define TEXT_ROOM 4300 /* a path and some words */

void stall_wait(struct stall *stall, const struct lr_host *host, const struct stall_words *words,
                const char *subject, int64_t patience_ns)
{
    int64_t now = host->monotonic_ns(host->ctx);
    char text[TEXT_ROOM];

    if (!stall->waiting) {
        stall->waiting = 1;
        stall->told = 0;
        stall->since_ns = now;
    }
    if (now - stall->since_ns < patience_ns || (stall->ever && now - stall->said_ns < AGAIN_NS))
        return;
    if (stall->told)
        (void)snprintf(text, sizeof text, "%s %s after %lld s", words->lasts, subject,
                       (long long)((now - stall->since_ns) / SECOND));
    else
        (void)snprintf(text, sizeof text, "%s %s; waiting", words->begins, subject);
    stall->told = stall->ever = 1;
    stall->said_ns = now;
    host->log(host->ctx, LR_LOG_WARNING, text);
}

void stall_over(struct stall *stall, const struct lr_host *host, const struct stall_words *words,
                const char *subject)
{
    char text[TEXT_ROOM];

    if (stall->waiting && stall->told) {
        (void)snprintf(text, sizeof text, "%s %s after %lld s", words->over, subject,
                       (long long)((host->monotonic_ns(host->ctx) - stall->since_ns) / SECOND));
        host->log(host->ctx, LR_LOG_NOTICE, text);
    }
    stall->waiting = stall->told = 0;
}
