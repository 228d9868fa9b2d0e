/* SPDX-License-Identifier: MIT
 *
 * A codec of the zoo: reads "1.5,2.5;2.0" and appends ";prediction".
 */
#include "life.h"

#define ROOM 40 /* bytes of ";prediction" */

struct zoo {
    struct life life;
    uint32_t n_features, scored;
    char text[512], kept[65536];
};

static size_t zoo_size(void)
{
    return sizeof(struct zoo);
}

static void *zoo_of(struct life *life)
{
    return life;
}

static lr_status bind(void *self, struct lr_schema *schema, uint32_t wanted, int32_t scored,
                      uint32_t *ret_given, struct lr_error *err)
{
    struct zoo *zoo = self;

    (void)err;
    if (!schema->n_features)
        schema->n_features = (uint32_t)zoo->life.settings->size;
    zoo->n_features = schema->n_features;
    zoo->scored = scored != 0;
    *ret_given = wanted & (LR_COLUMN_FEATURES | LR_COLUMN_LABEL);
#if WRONG_bind
    *ret_given |= 1u << 20;
#endif
    return LR_OK;
}

/* Reads one record; 0: cannot. */
static int read_record(struct zoo *zoo, const struct lr_record *r, struct lr_batch *batch,
                       uint32_t i)
{
    double *x = batch->x + (size_t)i * batch->x_stride;
#if WRONG_overread
    const char *at = r->value;
#else
    const char *at = zoo->text;
#endif
    char *end;

    if (!r->value_len || r->value_len >= sizeof zoo->text)
        return 0;
    memcpy(zoo->text, r->value, r->value_len);
    zoo->text[r->value_len] = '\0';
#if WRONG_in_place
    ((char *)(uintptr_t)r->value)[r->value_len - 1] = zoo->text[r->value_len - 1];
#endif
    for (uint32_t j = 0; j < zoo->n_features; j++) {
        double value = strtod(at, &end);

        if (end == at || (j + 1 < zoo->n_features && *end != ','))
            return 0;
#if WRONG_fills
        if (j + 1 < zoo->n_features)
#endif
            x[j] = value;
        at = end + (*end == ',');
    }
    if (*at == ';')
        batch->y[i] = strtod(at + 1, &end);
    return *at == ';' || *at == '\0';
}

static lr_status decode(void *self, struct lr_batch *batch, struct lr_error *err)
{
    struct zoo *zoo = self;
    const struct lr_host *host = zoo->life.host;

    (void)err;
    used(&zoo->life);
    for (uint32_t i = 0; i < batch->count; i++) {
#if WRONG_record_size
        const struct lr_record *r = &batch->records[i];
#else
        const struct lr_record *r = lr_batch_record(batch, i);
#endif

#if !WRONG_null
        if (r->flags & LR_RECORD_NULL)
            continue;
#endif
        if (read_record(zoo, r, batch, i))
            continue;
#if WRONG_errors
        return lr_fail(err, LR_EDATA, "record %u cannot be read", i);
#endif
#if WRONG_index
        host->bad_record(host->ctx, batch->count, "parse", "no number");
#elif WRONG_reason
        host->bad_record(host->ctx, i, "not a number", "no number");
#elif WRONG_twice
        host->bad_record(host->ctx, i, "parse", "no number");
        host->bad_record(host->ctx, i, "parse", "still no number");
#else
        host->bad_record(host->ctx, i, "parse", "no number");
#endif
#if WRONG_rows
        return LR_OK;
#endif
    }
#if WRONG_row
    if (batch->capacity > batch->count)
        batch->x[(size_t)batch->count * batch->x_stride] = 0;
#endif
    return LR_OK;
}

static size_t encode_bound(void *self, const struct lr_batch *batch)
{
    size_t size = 0;

    (void)self;
    for (uint32_t i = 0; i < batch->count; i++)
        size += lr_batch_record(batch, i)->value_len + ROOM;
#if WRONG_bound
    size -= batch->count * (ROOM - 10);
#endif
    return size;
}

static lr_status encode(void *self, struct lr_batch *batch, void *memory, size_t size,
                        struct lr_error *err)
{
    struct zoo *zoo = self;
    char *at = memory;

    (void)size;
    (void)err;
#if WRONG_encoded
    if (batch->count < 64)
        at = zoo->kept;
#endif
#if WRONG_late
    zoo->life.host->bad_record(zoo->life.host->ctx, 0, "parse", "too late");
#endif
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct lr_record *r = lr_batch_record(batch, i);
        char text[ROOM];
        int n;

        if (r->flags & (LR_RECORD_NULL | LR_RECORD_BAD))
            continue;
#if WRONG_stride
        n = snprintf(text, sizeof text, ";%.17g", batch->out[i * batch->n_outputs]);
#elif WRONG_batch
        n = snprintf(text, sizeof text, ";%.17g", batch->out[i * batch->out_stride] + i);
#else
        n = snprintf(text, sizeof text, ";%.17g", batch->out[(size_t)i * batch->out_stride]);
#endif
        memcpy(at, r->value, r->value_len);
        memcpy(at + r->value_len, text, (size_t)n);
        batch->encoded[i] = (struct lr_bytes){at, r->value_len + (uint32_t)n, 0};
        at += r->value_len + (uint32_t)n;
    }
    (void)zoo;
    return LR_OK;
}

static const struct lr_codec ops = {.size = sizeof ops,
                                    .bind = bind,
                                    .decode = decode,
                                    .encode_bound = encode_bound,
                                    .encode = encode};

ZOO_MODULE(LR_CODEC, ops)
