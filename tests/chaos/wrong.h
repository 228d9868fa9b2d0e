/* SPDX-License-Identifier: MIT
 *
 * Which wrong behaviour the module made by wrong.sh shows: LRHOST_WRONG names one, or none. See
 * wrong.sh; the shipped code knows nothing of this.
 */
#ifndef CHAOS_WRONG_H
#define CHAOS_WRONG_H

#include <stdlib.h>
#include <string.h>

static inline int wrong(const char *name)
{
    const char *asked = getenv("LRHOST_WRONG");

    return asked && strcmp(asked, name) == 0;
}

/* True at every fifth call. */
static inline int wrong_fifth(void)
{
    static unsigned calls;

    return __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) % 5 == 0;
}

/* Takes 256 bytes for each of n records, touches them, and forgets them. */
static inline void wrong_leak(unsigned n)
{
    static char *volatile kept;

    for (unsigned i = 0; i < n; i++) {
        kept = malloc(256);
        if (kept)
            memset(kept, 1, 256);
    }
}

#endif
