/* SPDX-License-Identifier: MIT
 *
 * One position that survives the process, in the file of option `path`.
 */
#ifndef ZOO_STORE_H
#define ZOO_STORE_H

#include "life.h"

static int64_t kept_position = -1; /* of a plugin that keeps it in memory, which is wrong */

static inline void store_name(const struct life *life, const char *end, char *name, size_t size)
{
    (void)snprintf(name, size, "%s-%u%s", life->settings->path ? life->settings->path : "/dev/null",
                   life->host->lane, end);
}

static inline lr_status store_position(struct life *life, int64_t next, struct lr_error *err)
{
    char name[512], fresh[512];
    FILE *out;

#if WRONG_store || WRONG_positions
    kept_position = next;
    return LR_OK;
#endif
    store_name(life, "", name, sizeof name);
    store_name(life, ".new", fresh, sizeof fresh);
    out = fopen(fresh, "we");
    if (!out)
        return lr_fail(err, LR_EUNAVAILABLE, "%s cannot be written; set option path", fresh);
    (void)fprintf(out, "%lld\n", (long long)next);
    if (fclose(out) != 0 || rename(fresh, name) != 0)
        return lr_fail(err, LR_EUNAVAILABLE, "%s cannot be written", name);
    return LR_OK;
}

/* -1: nothing is stored. */
static inline int64_t stored_position(const struct life *life)
{
    long long next = -1;
    char name[512];
    FILE *in;

#if WRONG_store || WRONG_positions
    return kept_position;
#endif
    store_name(life, "", name, sizeof name);
    in = fopen(name, "re");
    if (in && fscanf(in, "%lld", &next) != 1)
        next = -1;
    if (in)
        (void)fclose(in);
    return next;
}

#endif
