/* SPDX-License-Identifier: MIT
 *
 * Tests of models: sizes of batches, strides, memory, odd numbers, batch by batch against record by
 * record, two of the same settings, several lanes at once, learning.
 */
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "verify.h"

#define TOLERANCE 1e-9 /* of a model that is not EXACT, relative */
#define LANES 4
#define LANES_NS (150 * INT64_C(1000000)) /* of each lane */

static struct lrh_subject a, b;
static const uint32_t sizes[] = {0, 1, 2, 3, 7, 64, 127, 1024, 4097};
#define N_SIZES (sizeof sizes / sizeof *sizes)

static lr_status predict(struct lrh_kit *kit, struct lrh_subject *s, struct lr_batch *batch,
                         const char *rule)
{
    lr_status status;

    s->fake.err.text[0] = '\0';
    status = lrh_model_of(s)->predict(s->fake.self, batch, &s->fake.err);
    if (status != LR_OK)
        lrh_finding(kit, status < 0 && !s->fake.err.text[0] ? "error.sentence" : rule,
                    "predict for %u records returned %d: %s", batch->count, status,
                    s->fake.err.text);
    return status;
}

/* Bit for bit, or close enough where it is not EXACT. */
static int equal(const struct lrh_subject *s, double x, double y)
{
    if (lrh_model_of(s)->caps & LR_MODEL_EXACT)
        return lrh_same_bits(x, y);
    return x == y || (isnan(x) && isnan(y)) ||
           fabs(x - y) <= TOLERANCE * fmax(1.0, fmax(fabs(x), fabs(y)));
}

/* The first record of which two batches say different things, or UINT32_MAX. One without an output
 * is for test `sizes`. */
static uint32_t differ(const struct lrh_subject *s, struct lr_fake_batch *x,
                       struct lr_fake_batch *y)
{
    for (uint32_t i = 0; i < x->batch.count; i++)
        for (uint32_t k = 0; k < x->batch.n_outputs; k++)
            if (!lr_fake_is_unset(lr_fake_out(x, i)[k]) &&
                !lr_fake_is_unset(lr_fake_out(y, i)[k]) &&
                !equal(s, lr_fake_out(x, i)[k], lr_fake_out(y, i)[k]))
                return i;
    return UINT32_MAX;
}

static struct lr_fake_batch *predicted(struct lrh_kit *kit, struct lrh_subject *s,
                                       struct lr_fake_shape shape, const char *rule)
{
    struct lr_fake_batch *batch = lrh_batch(kit, s, shape, 7);

    lrh_doing(kit, rule, "predict for %u records", shape.count);
    if (predict(kit, s, &batch->batch, rule) != LR_OK)
        lrh_done(kit);
    return batch;
}

void lrh_test_model_describe(struct lrh_kit *kit)
{
    struct lr_schema second = {.size = sizeof second};

    lrh_subject_init(kit, &a, 0, 1);
    lrh_subject_create(kit, &a);
    lrh_doing(kit, "model.describe", "describe a second time");
    if (lrh_model_of(&a)->describe(a.fake.self, &second, &a.fake.err) != LR_OK ||
        second.n_outputs != a.schema.n_outputs ||
        (second.n_features && second.n_features != a.schema.n_features))
        lrh_finding(kit, "model.describe", "describe says something else the second time");
    for (uint32_t i = 0; second.feature_names && i < second.n_features; i++)
        if (!second.feature_names[i] || !*second.feature_names[i])
            lrh_finding(kit, "model.describe", "feature %u has no name", i);
    for (uint32_t i = 0; second.output_names && i < second.n_outputs; i++)
        if (!second.output_names[i] || !*second.output_names[i])
            lrh_finding(kit, "model.describe", "output %u has no name", i);
    lr_fake_destroy(&a.fake);
}

void lrh_test_model_sizes(struct lrh_kit *kit)
{
    lrh_subject_open(kit, &a);
    for (size_t k = 0; k < N_SIZES; k++) {
        struct lr_fake_shape shape = {.count = sizes[k], .capacity = sizes[k] + 5};
        struct lr_fake_batch *batch = predicted(kit, &a, shape, "batch.sizes");
        const char *wrong = lr_fake_batch_judge(batch, 1);

        for (uint32_t i = 0; i < sizes[k]; i++)
            for (uint32_t j = 0; j < batch->batch.n_outputs; j++)
                if (lr_fake_is_unset(lr_fake_out(batch, i)[j]))
                    lrh_finding(kit, "model.fills", "of %u records, record %u got no output %u",
                                sizes[k], i, j);
        if (wrong)
            lrh_finding(kit, "model.bounds", "predict for %u records: %s", sizes[k], wrong);
        lr_fake_batch_destroy(batch);
        /* Without spare rows a row too many is a signal. */
        shape.capacity = 0;
        lr_fake_batch_destroy(predicted(kit, &a, shape, "model.bounds"));
    }
    lrh_subject_close(kit, &a);
}

void lrh_test_model_strides(struct lrh_kit *kit)
{
    struct lr_fake_batch *plain, *wide, *before;
    const char *wrong;

    lrh_subject_open(kit, &a);
    plain = predicted(kit, &a, (struct lr_fake_shape){.count = 65}, "batch.stride");
    before = lrh_batch(kit, &a, (struct lr_fake_shape){.count = 65}, 7);
    wide = predicted(
        kit, &a, (struct lr_fake_shape){.count = 65, .x_gap = 3, .out_gap = 2, .record_gap = 16},
        "batch.stride");
    wrong = lr_fake_batch_judge(wide, 1);
    if (wrong)
        lrh_finding(kit, "model.bounds", "predict with wide rows: %s", wrong);
    if (differ(&a, plain, wide) != UINT32_MAX)
        lrh_finding(kit, "batch.stride",
                    "record %u is predicted as %.17g in rows without gaps and as %.17g in rows "
                    "with gaps between them",
                    differ(&a, plain, wide), *lr_fake_out(plain, differ(&a, plain, wide)),
                    *lr_fake_out(wide, differ(&a, plain, wide)));
    for (uint32_t i = 0; i < 65; i++)
        if (memcmp(lr_fake_x(plain, i), lr_fake_x(before, i),
                   plain->batch.n_features * sizeof(double)) != 0)
            lrh_finding(kit, "model.inputs", "predict changed x of record %u", i);
    lrh_subject_close(kit, &a);
}

void lrh_test_model_memory(struct lrh_kit *kit)
{
    static const uint32_t counts[] = {1, 2, 3, 4, 5, 8, 16, 31, 63};
    struct lr_fake_batch *even = NULL, *odd = NULL;

    lrh_subject_open(kit, &a);
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
        even = predicted(kit, &a, (struct lr_fake_shape){.count = counts[k]}, "batch.sizes");
        odd = predicted(kit, &a, (struct lr_fake_shape){.count = counts[k], .odd = 1},
                        "batch.alignment");
        if (differ(&a, even, odd) != UINT32_MAX)
            lrh_finding(kit, "batch.alignment",
                        "record %u of %u is predicted differently where x is aligned to 8 bytes "
                        "only",
                        differ(&a, even, odd), counts[k]);
        lr_fake_batch_destroy(even);
        lr_fake_batch_destroy(odd);
    }
    lrh_subject_close(kit, &a);
}

void lrh_test_model_values(struct lrh_kit *kit)
{
    const double odd[] = {NAN, INFINITY, -INFINITY, DBL_MAX, -DBL_MAX, 5e-324, -0.0};
    const uint32_t n = 3 * sizeof odd / sizeof *odd;
    struct lr_fake_batch *plain, *mixed;

    lrh_subject_open(kit, &a);
    plain = predicted(kit, &a, (struct lr_fake_shape){.count = n}, "model.values");
    mixed = lrh_batch(kit, &a, (struct lr_fake_shape){.count = n}, 7);
    for (uint32_t i = 1; i < n; i += 3) {
        for (uint32_t j = 0; j < mixed->batch.n_features; j += 2)
            lr_fake_x(mixed, i)[j] = odd[i / 3];
        lr_batch_record(&mixed->batch, i)->flags = i % 2 ? LR_RECORD_BAD : LR_RECORD_NULL;
    }
    lrh_doing(kit, "model.values", "predict where some rows hold NaN, infinities and extremes");
    if (predict(kit, &a, &mixed->batch, "model.values") != LR_OK)
        lrh_done(kit);
    for (uint32_t i = 0; i < n; i++) {
        if (i % 3 == 1)
            continue;
        for (uint32_t k = 0; k < mixed->batch.n_outputs; k++)
            if (!equal(&a, lr_fake_out(plain, i)[k], lr_fake_out(mixed, i)[k]))
                lrh_finding(kit, "model.rows",
                            "record %u is predicted as %.17g, and as %.17g beside records that "
                            "hold NaN, infinities or are set aside",
                            i, lr_fake_out(plain, i)[k], lr_fake_out(mixed, i)[k]);
    }
    lrh_subject_close(kit, &a);
}

/* Each record once in its batch and once alone. */
void lrh_test_model_exact(struct lrh_kit *kit)
{
    struct lr_fake_batch *whole, *single;
    int exact;

    lrh_subject_open(kit, &a);
    exact = (lrh_model_of(&a)->caps & LR_MODEL_EXACT) != 0;
    for (size_t k = 2; k < N_SIZES; k++) {
        whole = predicted(kit, &a, (struct lr_fake_shape){.count = sizes[k]}, "model.exact");
        single = lrh_batch(kit, &a, (struct lr_fake_shape){.count = sizes[k]}, 7);
        lrh_doing(kit, "model.exact", "predict for %u records one by one", sizes[k]);
        for (uint32_t i = 0; i < sizes[k]; i++) {
            struct lr_batch one = single->batch;

            one.x += (size_t)i * one.x_stride;
            one.out += (size_t)i * one.out_stride;
            one.records = lr_batch_record(&one, i);
            one.y += i;
            one.count = one.capacity = 1;
            if (predict(kit, &a, &one, "model.exact") != LR_OK)
                break;
        }
        if (differ(&a, whole, single) != UINT32_MAX) {
            uint32_t i = differ(&a, whole, single);

            lrh_finding(kit, exact ? "model.exact" : "model.tolerance",
                        "record %u of %u is predicted as %.17g in its batch and as %.17g alone%s",
                        i, sizes[k], *lr_fake_out(whole, i), *lr_fake_out(single, i),
                        exact ? "; the model declares LR_MODEL_EXACT" : "");
        }
        lr_fake_batch_destroy(whole);
        lr_fake_batch_destroy(single);
    }
    lrh_note(kit, exact ? "bit for bit" : "within 1e-9, since it does not declare LR_MODEL_EXACT");
    lrh_subject_close(kit, &a);
}

/* One instance twice, and another one of the same settings. */
void lrh_test_model_same(struct lrh_kit *kit)
{
    struct lr_fake_batch *first, *again, *other;
    uint32_t i;

    lrh_subject_open(kit, &a);
    first = predicted(kit, &a, (struct lr_fake_shape){.count = 64}, "model.const");
    again = predicted(kit, &a, (struct lr_fake_shape){.count = 64}, "model.const");
    i = differ(&a, first, again);
    if (i != UINT32_MAX)
        lrh_finding(kit, "model.const", "record %u is predicted as %.17g, and then as %.17g", i,
                    *lr_fake_out(first, i), *lr_fake_out(again, i));
    lrh_subject_open(kit, &b);
    other = predicted(kit, &b, (struct lr_fake_shape){.count = 64}, "model.same");
    i = differ(&a, first, other);
    if (i != UINT32_MAX && !kit->verdict->n_findings)
        lrh_finding(kit, "model.same",
                    "two instances of the same settings predict record %u as %.17g and as %.17g", i,
                    *lr_fake_out(first, i), *lr_fake_out(other, i));
    lrh_subject_close(kit, &b);
    lrh_subject_close(kit, &a);
}

/* ---- several lanes at once ------------------------------------------------------------------- */

struct lane {
    struct lrh_kit *kit;
    pthread_t thread;
    struct lr_fake_batch *batch, *wanted;
    struct lr_error err;
    int32_t failed;
};

/* Work done, so that a busy machine looks as closely as an idle one. */
static int64_t own_cpu_ns(void)
{
    struct timespec t = {0};

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void *work(void *ctx)
{
    struct lane *lane = ctx;

    while (own_cpu_ns() < LANES_NS && !lane->failed) {
        if (lrh_model_of(&a)->predict(a.fake.self, &lane->batch->batch, &lane->err) != LR_OK ||
            differ(&a, lane->batch, lane->wanted) != UINT32_MAX)
            lane->failed = 1;
        (void)sched_yield();
    }
    return NULL;
}

void lrh_test_model_lanes(struct lrh_kit *kit)
{
    struct lane lanes[LANES] = {{0}};
    uint32_t n = 0;

    lrh_subject_open(kit, &a);
    for (uint32_t i = 0; i < LANES; i++) {
        const struct lr_fake_shape shape = {.count = 16 + 97 * i};

        lanes[i] = (struct lane){.kit = kit, .err = LR_ERROR_INIT};
        lanes[i].batch = lrh_batch(kit, &a, shape, i);
        lanes[i].wanted = lrh_batch(kit, &a, shape, i);
        (void)predict(kit, &a, &lanes[i].wanted->batch, "model.lanes");
    }
    lrh_doing(kit, "model.lanes", "predict on %u lanes at once", LANES);
    while (n < LANES && pthread_create(&lanes[n].thread, NULL, work, &lanes[n]) == 0)
        n++;
    for (uint32_t i = 0; i < n; i++) {
        (void)pthread_join(lanes[i].thread, NULL);
        if (lanes[i].failed)
            lrh_finding(kit, "model.lanes",
                        "predict gives other results while other lanes call it, too");
    }
    lrh_subject_close(kit, &a);
}

/* ---- learning ---------------------------------------------------------------------------------
 */

static void learn(struct lrh_kit *kit, int useful, const char *rule)
{
    struct lr_fake_batch *batch = lrh_batch(kit, &a, (struct lr_fake_shape){.count = 30}, 99);

    for (uint32_t i = 0; i < 30; i++) {
        batch->batch.y[i] = !useful && i % 3 == 2 ? NAN : 1000.0;
        if (!useful && i % 3 < 2)
            lr_batch_record(&batch->batch, i)->flags = i % 3 ? LR_RECORD_BAD : LR_RECORD_NULL;
    }
    lrh_doing(kit, rule, "learn from %s records", useful ? "good" : "useless");
    if (lrh_model_of(&a)->learn(a.fake.self, &batch->batch, &a.fake.err) != LR_OK)
        lrh_finding(kit, rule, "learn failed: %s", a.fake.err.text);
    lr_fake_batch_destroy(batch);
}

static void judge_learnt(struct lrh_kit *kit, struct lr_fake_batch *before, const char *rule,
                         const char *what)
{
    struct lr_fake_batch *after = predicted(kit, &a, (struct lr_fake_shape){.count = 50}, rule);

    if (differ(&a, before, after) != UINT32_MAX)
        lrh_finding(kit, rule, "%s", what);
    lr_fake_batch_destroy(after);
}

void lrh_test_model_learn(struct lrh_kit *kit)
{
    const struct lr_model *model = kit->plugin->ops;
    struct lr_fake_batch *before;
    struct lr_bytes kept = {0};
    void *copy;

    if (!model->learn)
        lrh_skip(kit, "it does not learn");
    lrh_subject_open(kit, &a);
    before = predicted(kit, &a, (struct lr_fake_shape){.count = 50}, "model.learn-skips");
    learn(kit, 0, "model.learn-skips");
    judge_learnt(kit, before, "model.learn-skips",
                 "it learnt from records that are set aside, empty or without a label");
    learn(kit, 1, "model.learn-skips");
    if (model->snapshot && model->restore) {
        before = predicted(kit, &a, (struct lr_fake_shape){.count = 50}, "model.restore");
        lrh_doing(kit, "model.restore", "snapshot");
        if (model->snapshot(a.fake.self, &kept, &a.fake.err) != LR_OK)
            lrh_finding(kit, "model.restore", "snapshot failed: %s", a.fake.err.text);
        copy = malloc(kept.len ? kept.len : 1);
        if (copy && kept.len)
            memcpy(copy, kept.data, kept.len);
        learn(kit, 1, "model.restore");
        kept.data = copy;
        lrh_doing(kit, "model.restore", "restore");
        if (model->restore(a.fake.self, &kept, &a.fake.err) != LR_OK)
            lrh_finding(kit, "model.restore", "restore failed: %s", a.fake.err.text);
        judge_learnt(kit, before, "model.restore",
                     "after restore it predicts otherwise than at the snapshot");
        free(copy);
    }
    lrh_subject_close(kit, &a);
}
