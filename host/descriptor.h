/* SPDX-License-Identifier: MIT
 *
 * What the host knows about the structs of a plugin: for each kind, how large its ops are today and
 * which functions they must offer. Shared by judge.c (what a module hands out) and adopt.c (the
 * copies that the rest of the host reads).
 */
#ifndef LRHOST_DESCRIPTOR_H
#define LRHOST_DESCRIPTOR_H

#include <lrhost/lrhost.h>

#define LRH_MAX_PLUGINS 64u
#define LRH_MAX_OPTIONS 4096u
#define LRH_MAX_SETTINGS (1u << 20) /* bytes */

/* Room for the ops of any kind. */
union lrh_ops {
    uint32_t size;
    struct lr_source source;
    struct lr_codec codec;
    struct lr_engine engine;
    struct lr_model model;
    struct lr_sink sink;
    struct lr_monitor monitor;
};

/* Bytes of today's ops; 0 for a number that is no kind. */
uint32_t lrh_ops_size(uint32_t kind);

/* Copies a struct that begins with its size: the smaller of both sizes, the rest zero, and `size`
 * becomes `to_size`. */
static inline void lrh_adopt(void *to, uint32_t to_size, const void *from, uint32_t from_size)
{
    memset(to, 0, to_size);
    memcpy(to, from, from_size < to_size ? from_size : to_size);
    memcpy(to, &to_size, sizeof to_size);
}

#endif
