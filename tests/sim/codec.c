/* SPDX-License-Identifier: MIT
 *
 * The simulated codec. Values are "stream:offset"; a question mark behind it makes a record that
 * cannot be read. What it is given must still be the source's, unreleased.
 */
#include <stdio.h>
#include <string.h>

#include "life.h"
#include "mutants.h"

static lr_status decode(void *self, struct lr_batch *batch, struct lr_error *err)
{
    struct life *life = self;
    struct world *world = life->world;

    (void)err;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct lr_record *record = lr_batch_record(batch, i);
        char text[24];
        int n = snprintf(text, sizeof text, "%u:%lld", record->stream, (long long)record->offset);

        if (record->flags & LR_RECORD_NULL)
            continue;
        if ((int)record->value_len < n || memcmp(record->value, text, (size_t)n) != 0)
            world_fail(world, "decode: %s is not what the source gave", text);
        if (world->kind[record->stream][record->offset] != BROKEN)
            continue;
        mutant_sees_broken(life, record);
        lrh_lane_bad_record(life->lane, i, "parse", "column 1 is not a number");
    }
    return LR_OK;
}

static size_t encode_bound(void *self, const struct lr_batch *batch)
{
    (void)self;
    return (size_t)batch->count * (VALUE_MAX + 2);
}

static lr_status encode(void *self, struct lr_batch *batch, void *memory, size_t size,
                        struct lr_error *err)
{
    char *p = memory, *end = p + size;

    (void)self;
    (void)err;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct lr_record *record = lr_batch_record(batch, i);
        int n;

        if (record->flags & (LR_RECORD_NULL | LR_RECORD_BAD))
            continue;
        n = snprintf(p, (size_t)(end - p), "%.*s;1", (int)record->value_len,
                     (const char *)record->value);
        batch->encoded[i] = (struct lr_bytes){p, (uint32_t)n, 0};
        p += n;
    }
    return LR_OK;
}

void sim_codec_init(struct lr_codec *ret_ops)
{
    *ret_ops = (struct lr_codec){
        .size = sizeof *ret_ops, .decode = decode, .encode_bound = encode_bound, .encode = encode};
}
