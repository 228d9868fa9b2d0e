/* SPDX-License-Identifier: MIT
 *
 * Fixed-point printing; see print.h.
 */
#include "print.h"

#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "a short number is assembled in a register with its first character lowest"
#endif

#define SHORT_DECIMALS 6
#define SHORT_END 10000000u /* one digit before the point */

void printer_init(struct printer *printer, uint32_t decimals)
{
    printer->decimals = decimals;
    for (uint32_t i = 0; i < 1000; i++)
        printer->pieces[i] = ('0' + i / 100) | ('0' + i / 10 % 10) << 8 | ('0' + i % 10) << 16;
}

/* "d.dddddd" of units < SHORT_END. */
static inline char *print_short(const struct printer *printer, char *out, uint32_t units)
{
    uint32_t thousands = units / 1000, whole = units / 1000000;
    uint64_t text = ('0' + whole) | (uint32_t)'.' << 8;

    text |= (uint64_t)printer->pieces[thousands - whole * 1000] << 16;
    text |= (uint64_t)printer->pieces[units - thousands * 1000] << 40;
    memcpy(out, &text, sizeof text);
    return out + sizeof text;
}

char *print_units(const struct printer *printer, char *out, int64_t units)
{
    char text[PRINT_NUMBER_MAX];
    char *p = text + sizeof text;
    uint64_t rest = units < 0 ? 0 - (uint64_t)units : (uint64_t)units;
    uint32_t written = 0;
    size_t len;

    do {
        *--p = (char)('0' + rest % 10);
        rest /= 10;
        if (++written == printer->decimals)
            *--p = '.';
    } while (rest > 0 || written <= printer->decimals);
    if (units < 0)
        *out++ = '-';
    len = (size_t)(text + sizeof text - p);
    memcpy(out, p, len);
    return out + len;
}

char *print_record(const struct printer *printer, char *out, const int64_t *units, uint32_t n,
                   const int64_t *label)
{
    uint64_t limit = printer->decimals == SHORT_DECIMALS ? SHORT_END : 0;

    for (uint32_t j = 0; j < n; j++) {
        if ((uint64_t)units[j] < limit)
            out = print_short(printer, out, (uint32_t)units[j]);
        else
            out = print_units(printer, out, units[j]);
        *out++ = ',';
    }
    if (!label)
        return out - 1;
    out[-1] = ';';
    return (uint64_t)*label < limit ? print_short(printer, out, (uint32_t)*label)
                                    : print_units(printer, out, *label);
}
