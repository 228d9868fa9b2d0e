/* SPDX-License-Identifier: MIT
 *
 * What the generator's files share: the settings as the option table fills them, and the pool of
 * text buffers.
 */
#ifndef PLUGINS_GENERATOR_GENERATOR_H
#define PLUGINS_GENERATOR_GENERATOR_H

#include <lrhost/lrhost.h>

#include "plugins/common/draw.h"

struct generator_settings {
    int64_t features;
    int64_t seed;
    int64_t count; /* LR_UNSET: endless */
    int64_t burst;
    int64_t decimals;
    double rate; /* NaN: as fast as the pipeline takes them */
    double noise;
    double bias; /* NaN: not given */
    const char *const *weights;
    int32_t distribution;
    int32_t arrival;
    int32_t label;
};

#define GENERATOR_OPTIONS 12
extern const struct lr_option generator_options[GENERATOR_OPTIONS];

void generator_check(const void *settings, uint32_t lanes, const struct lr_report *report);
lr_status generator_init_draw(struct draw *draw, const struct generator_settings *s,
                              struct lr_error *err);

/* The text of one batch. It belongs to the batch (batch->hold) until release. */
struct text_buffer {
    struct text_buffer *next; /* while it is free */
    size_t size;
    char text[];
};

/* Last in, first out, so that the text being written is still in the cache. How many batches
 * are out at once is the host's choice; the pool grows to that number in the first moments and
 * never again. */
struct text_pool {
    struct text_buffer *free;
};

/* NULL: out of memory. */
struct text_buffer *text_pool_take(struct text_pool *pool, size_t size);
void text_pool_give(struct text_pool *pool, struct text_buffer *buffer);
void text_pool_finish(struct text_pool *pool);

#endif
