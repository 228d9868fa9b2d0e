/* SPDX-License-Identifier: MIT
 *
 * A model of the zoo: predicts a bias that it learns, plus the sum of the features.
 */
#include "life.h"

#include <math.h>

struct zoo {
    struct life life;
    double bias, kept;
    int64_t n_learnt;
    double scratch[8];
    int32_t toggle, started;
};

static size_t zoo_size(void)
{
    return sizeof(struct zoo);
}

static void *zoo_of(struct life *life)
{
    return life;
}

static lr_status describe(const void *self, struct lr_schema *ret_schema, struct lr_error *err)
{
    const struct zoo *zoo = self;

    (void)err;
#if WRONG_describe
    if (!zoo->life.cell)
        return lr_fail(err, LR_EINTERNAL, "not started yet");
#endif
    ret_schema->n_features = (uint32_t)zoo->life.settings->size;
    ret_schema->n_outputs = 1;
    return LR_OK;
}

/* The prediction for one row. */
static double one(const struct zoo *zoo, const double *x, uint32_t n, uint32_t count)
{
    double sum = zoo->bias;

#if WRONG_exact
    if (count > 1)
        for (uint32_t j = n; j-- > 0;)
            sum += x[j];
    else
#endif
        for (uint32_t j = 0; j < n; j++)
            sum += x[j];
#if WRONG_tolerance
    sum += 1e-6 * count;
#endif
    (void)count;
    return sum;
}

static lr_status predict(const void *self, struct lr_batch *batch, struct lr_error *err)
{
    struct zoo *zoo = (struct zoo *)(uintptr_t)self;
    uint32_t count = batch->count, stride = batch->x_stride;

    (void)err;
    used(&zoo->life);
#if WRONG_empty
    if (count == 0)
        abort();
#endif
#if WRONG_hang
    while (count == 0)
        nap(1000000);
#endif
#if WRONG_silent
    if (count == 127)
        return LR_EINTERNAL;
#endif
#if WRONG_fills
    count -= count % 2;
#endif
#if WRONG_stride
    stride = batch->n_features;
#endif
#if WRONG_alignment
    if (count > 3 && (uintptr_t)batch->x % 16)
        abort();
#endif
    for (uint32_t i = 0; i < count; i++) {
        double *x = batch->x + (size_t)i * stride;
        double *out = batch->out + (size_t)i * batch->out_stride;

#if WRONG_inputs
        x[0] = (double)(float)x[0];
#endif
#if WRONG_values
        if (isnan(x[0]))
            return lr_fail(err, LR_EDATA, "not a number");
#endif
        out[0] = one(zoo, x, batch->n_features, count);
#if WRONG_lanes
        zoo->scratch[0] = out[0];
        if (i % 16 == 0)
            (void)sched_yield();
        out[0] = zoo->scratch[0];
#endif
#if WRONG_gap
        if (batch->out_stride > 1)
            out[1] = 0;
#endif
    }
#if WRONG_row
    if (batch->capacity > count)
        batch->out[(size_t)count * batch->out_stride] = 0;
#endif
#if WRONG_rows
    double all = 0;
    for (uint32_t i = 0; i < count; i++)
        all += 0 * batch->x[(size_t)i * stride];
    for (uint32_t i = 0; i < count; i++)
        batch->out[(size_t)i * batch->out_stride] += all;
#endif
#if WRONG_const
    if (count == 64 && (zoo->toggle ^= 1) == 0)
        batch->out[0] += 1;
#endif
#if WRONG_same
    static int made;
    if (!zoo->started)
        zoo->started = ++made;
    for (uint32_t i = 0; i < count; i++)
        batch->out[(size_t)i * batch->out_stride] += zoo->started;
#endif
    return LR_OK;
}

static lr_status learn(void *self, const struct lr_batch *batch, struct lr_error *err)
{
    struct zoo *zoo = self;

    (void)err;
    for (uint32_t i = 0; i < batch->count; i++) {
#if WRONG_learn
        if (isnan(batch->y[i]))
            continue;
#else
        if (lr_batch_record(batch, i)->flags & (LR_RECORD_NULL | LR_RECORD_BAD) ||
            isnan(batch->y[i]))
            continue;
#endif
        zoo->n_learnt++;
        zoo->bias += (batch->y[i] - zoo->bias) / (double)zoo->n_learnt;
        zoo->bias += 0.5;
    }
    return LR_OK;
}

static lr_status snapshot(void *self, struct lr_bytes *ret_bytes, struct lr_error *err)
{
    struct zoo *zoo = self;

    (void)err;
    zoo->kept = zoo->bias;
    *ret_bytes = (struct lr_bytes){&zoo->kept, sizeof zoo->kept, 0};
    return LR_OK;
}

static lr_status restore(void *self, const struct lr_bytes *bytes, struct lr_error *err)
{
    struct zoo *zoo = self;

    (void)err;
    if (bytes->len != sizeof zoo->bias)
        return lr_fail(err, LR_EDATA, "not a snapshot of this model");
#if !WRONG_restore
    memcpy(&zoo->bias, bytes->data, sizeof zoo->bias);
#endif
    return LR_OK;
}

static const struct lr_model ops = {.size = sizeof ops,
#if WRONG_tolerance
                                    .caps = 0,
#else
                                    .caps = LR_MODEL_EXACT,
#endif
                                    .describe = describe,
                                    .predict = predict,
                                    .learn = learn,
                                    .snapshot = snapshot,
                                    .restore = restore};

ZOO_MODULE(LR_MODEL, ops)
