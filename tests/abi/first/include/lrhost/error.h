/* SPDX-License-Identifier: MIT
 *
 * Writing struct lr_error: set the sentence, prepend context from outside in.
 */
#ifndef LRHOST_ERROR_H
#define LRHOST_ERROR_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define LR_ERROR_INIT                                                                              \
    {                                                                                              \
        sizeof(struct lr_error), 0,                                                                \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/* Sets the sentence and returns `status`, so that a caller can write
 * return lr_fail(err, LR_EDATA, "..."). `err` may be NULL. */
__attribute__((format(printf, 3, 4))) static inline lr_status
lr_fail(struct lr_error *err, lr_status status, const char *format, ...)
{
    va_list args;

    if (err) {
        size_t room = err->size - offsetof(struct lr_error, text);
        va_start(args, format);
        (void)vsnprintf(err->text, room, format, args);
        va_end(args);
    }
    return status;
}

/* Puts "context: " before the sentence; what does not fit is cut at the end. */
__attribute__((format(printf, 2, 3))) static inline void lr_context(struct lr_error *err,
                                                                    const char *format, ...)
{
    char head[256];
    va_list args;
    size_t n, room, keep;
    int len;

    if (!err)
        return;
    va_start(args, format);
    len = vsnprintf(head, sizeof head, format, args);
    va_end(args);
    if (len < 0)
        return;
    n = (size_t)len < sizeof head ? (size_t)len : sizeof head - 1;
    room = err->size - offsetof(struct lr_error, text);
    if (n + 3 > room)
        return;
    keep = strlen(err->text);
    if (keep > room - n - 3)
        keep = room - n - 3;
    memmove(err->text + n + 2, err->text, keep);
    memcpy(err->text, head, n);
    memcpy(err->text + n, ": ", 2);
    err->text[n + 2 + keep] = '\0';
}

#ifdef __cplusplus
}
#endif
#endif
