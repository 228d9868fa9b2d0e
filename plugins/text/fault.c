/* SPDX-License-Identifier: MIT
 *
 * Sentences about bad records. They end up in logs and in headers of dead letters, and a record
 * may hold anything: what is quoted from it is short, and printable ASCII only.
 */
#include "text.h"

#include "plugins/common/quote.h"

int text_fault(struct text_fault *fault, const char *reason, const char *format, ...)
{
    va_list args;

    fault->reason = reason;
    va_start(args, format);
    (void)vsnprintf(fault->message, sizeof fault->message, format, args);
    va_end(args);
    return 0;
}

int text_fault_value(struct text_fault *fault, const char *reason, const char *name,
                     const char *begin, const char *end, const char *what)
{
    char quoted[QUOTE_ROOM];

    if (begin == end)
        return text_fault(fault, reason, "%.80s is empty", name);
    quote_bytes(begin, end, quoted);
    return text_fault(fault, reason, "%.80s: %s %s", name, quoted, what);
}

int text_fault_columns(struct text_fault *fault, const struct text_layout *layout, uint32_t found)
{
    char expected[80] = "";
    size_t n = 0;

    for (uint32_t i = 0; i < layout->n_columns; i++) {
        const char *name = column_name(layout->columns[i]);

        n += (size_t)snprintf(expected + n, sizeof expected - n, "%s%s", i ? ", " : "", name);
    }
    if (found > layout->n_columns)
        return text_fault(fault, FAULT_PARSE, "more columns than expected: %s", expected);
    return text_fault(fault, FAULT_PARSE, "%u column%s, but expected: %s", found,
                      found == 1 ? "" : "s", expected);
}
