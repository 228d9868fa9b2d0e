/* SPDX-License-Identifier: MIT
 *
 * Tests of codecs: what bind promises, records one by one and together, hostile bytes, and that
 * encode keeps to what encode_bound said.
 *
 * In the test of hostile records values are read-only and lie before a guard, so that a codec which
 * reads on behind value_len is seen, or writes there; the memory of encode has just as many bytes
 * as asked for.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "verify.h"

#define COUNT 33u
#define GAP 64u /* bytes behind a value, where a test is not about them */
#define BOUND_MAX ((size_t)1 << 30)

static struct lrh_subject a;

static void decode(struct lrh_kit *kit, struct lr_fake_batch *b, const char *rule)
{
    lr_status status;

    lrh_doing(kit, rule, "decode %u records", b->batch.count);
    status = lr_fake_decode(&a.fake, &b->batch);
    if (status != LR_OK)
        lrh_finding(kit, "codec.errors",
                    "decode returned %d (%s); a record that cannot be read is for "
                    "host->bad_record",
                    status, a.fake.err.text);
    if (status != LR_OK)
        lrh_done(kit);
}

static void unset_features(struct lr_fake_batch *b)
{
    for (uint32_t i = 0; i < b->batch.count; i++)
        for (uint32_t j = 0; j < b->batch.n_features; j++)
            lr_fake_x(b, i)[j] = lr_fake_unset();
}

/* A batch of records that the codec can read; without any the test is skipped. */
static struct lr_fake_batch *readable(struct lrh_kit *kit, struct lr_fake_shape shape,
                                      const char *rule)
{
    struct lr_fake_batch *b;

    shape.value_gap = GAP;
    b = lrh_batch(kit, &a, shape, 5);
    lrh_fill_records(kit, &a, b);
    unset_features(b); /* decode has to fill them */
    decode(kit, b, rule);
    if (a.fake.n_bad >= shape.count)
        lrh_skip(kit,
                 "it reads none of the records that this test has (%s); name a file with one "
                 "record a line: --records FILE",
                 a.fake.bad[0].message);
    return b;
}

static int is_usable(const struct lr_fake_batch *b, uint32_t i)
{
    return !(lr_batch_record(&b->batch, i)->flags & (LR_RECORD_BAD | LR_RECORD_NULL));
}

void lrh_test_codec_bind(struct lrh_kit *kit)
{
    static const uint32_t wanted[] = {0, LR_COLUMN_FEATURES, LR_COLUMN_LABEL,
                                      LR_COLUMN_FEATURES | LR_COLUMN_LABEL,
                                      LR_COLUMN_FEATURES | LR_COLUMN_T0 | LR_COLUMN_T1};
    struct lr_schema schema;

    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        uint32_t given = 0;
        lr_status status;

        lrh_subject_init(kit, &a, 0, 1);
        lrh_subject_create(kit, &a);
        schema = a.schema;
        lr_fake_destroy(&a.fake);
        lrh_subject_init(kit, &a, 0, 1);
        lrh_doing(kit, "life.create", "create");
        if (lr_fake_create_only(&a.fake) != LR_OK)
            break;
        lrh_doing(kit, "codec.bind", "bind for the columns %u", wanted[i]);
        a.fake.err.text[0] = '\0';
        status = lrh_codec_of(&a)->bind(a.fake.self, &schema, wanted[i], 1, &given, &a.fake.err);
        if (status < 0 && !a.fake.err.text[0])
            lrh_finding(kit, "error.sentence", "bind returned %d without a sentence", status);
        if (status == LR_OK && (given & ~(LR_COLUMN_ENCODED * 2 - 1)))
            lrh_finding(kit, "codec.bind", "bind gives the columns %#x, which there are not",
                        given & ~(LR_COLUMN_ENCODED * 2 - 1));
        lr_fake_destroy(&a.fake);
    }
}

void lrh_test_codec_records(struct lrh_kit *kit)
{
    struct lr_fake_batch *b;
    const char *wrong;

    lrh_subject_open(kit, &a);
    b = readable(kit, (struct lr_fake_shape){.count = COUNT, .capacity = COUNT + 5},
                 "codec.decode");
    for (uint32_t i = 0; i < COUNT; i++) {
        if (!is_usable(b, i))
            continue;
        for (uint32_t j = 0; (a.given & LR_COLUMN_FEATURES) && j < b->batch.n_features; j++)
            if (lr_fake_is_unset(lr_fake_x(b, i)[j]))
                lrh_finding(kit, "codec.fills", "record %u got no feature %u", i, j);
    }
    wrong = lr_fake_batch_judge(b, 1);
    if (wrong)
        lrh_finding(kit, "codec.bounds", "decode of %u records: %s", COUNT, wrong);
    lr_fake_batch_destroy(b);
    lrh_doing(kit, "batch.sizes", "decode no record");
    b = lrh_batch(kit, &a, (struct lr_fake_shape){.count = 0, .capacity = 3}, 5);
    (void)lr_fake_decode(&a.fake, &b->batch);
    lr_fake_batch_destroy(b);
    lrh_subject_close(kit, &a);
}

/* ---- one by one --------------------------------------------------------------------------- */

struct output {
    struct lr_fake_pages memory;
    size_t size;
};

static void encode(struct lrh_kit *kit, struct lr_batch *batch, struct output *out,
                   const char *rule)
{
    const char *low, *high;
    lr_status status;

    lrh_doing(kit, rule, "encode_bound for %u records", batch->count);
    out->size = lrh_codec_of(&a)->encode_bound(a.fake.self, batch);
    if (out->size > BOUND_MAX) {
        lrh_finding(kit, "codec.bound", "encode_bound says %zu bytes for %u records", out->size,
                    batch->count);
        lrh_done(kit);
    }
    if (lr_fake_pages_init(&out->memory, out->size, 1) != LR_OK)
        lrh_skip(kit, "no memory for %zu bytes", out->size);
    lrh_doing(kit, "codec.bound",
              "encode %u records into the %zu bytes that encode_bound asked for", batch->count,
              out->size);
    a.fake.err.text[0] = '\0';
    status = lrh_codec_of(&a)->encode(a.fake.self, batch, out->memory.at, out->size, &a.fake.err);
    if (status != LR_OK) {
        lrh_finding(kit, "codec.errors", "encode returned %d: %s", status, a.fake.err.text);
        lrh_done(kit);
    }
    low = out->memory.at;
    high = low + out->size;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct lr_bytes *e = &batch->encoded[i];
        const char *at = e->data;

        if (lr_batch_record(batch, i)->flags & (LR_RECORD_NULL | LR_RECORD_BAD)) {
            if (e->data || e->len)
                lrh_finding(kit, "codec.null",
                            "encode set encoded[%u] of a record that is empty or set aside", i);
            continue;
        }
        if (!at || at < low || at > high || e->len > (size_t)(high - at)) {
            lrh_finding(kit, "codec.encoded",
                        "encoded[%u] does not lie in the memory that encode was given", i);
            lrh_done(kit);
        }
    }
}

static void drop(struct output *out)
{
    lr_fake_pages_finish(&out->memory);
}

static void set_outputs(struct lr_fake_batch *b)
{
    for (uint32_t i = 0; i < b->batch.count; i++) {
        for (uint32_t k = 0; k < b->batch.n_outputs; k++)
            lr_fake_out(b, i)[k] = 1.0 / (1.0 + i);
        b->batch.t1[i] = 1000000000 + i;
    }
    b->batch.t2_ns = b->batch.read_ns;
}

static int same_columns(struct lr_fake_batch *whole, struct lr_fake_batch *single, uint32_t i)
{
    return memcmp(lr_fake_x(whole, i), lr_fake_x(single, i),
                  whole->batch.n_features * sizeof(double)) == 0 &&
           lrh_same_bits(whole->batch.y[i], single->batch.y[i]);
}

static struct lr_batch only_one(struct lr_fake_batch *b, uint32_t i)
{
    struct lr_batch one = b->batch;

    one.x += (size_t)i * one.x_stride;
    one.out += (size_t)i * one.out_stride;
    one.records = lr_batch_record(&one, i);
    one.y += i;
    one.t0 += i;
    one.t1 += i;
    one.encoded += i;
    one.token += i;
    one.count = one.capacity = 1;
    return one;
}

/* Decode and encode of a batch are those of its records. */
void lrh_test_codec_batches(struct lrh_kit *kit)
{
    struct lr_fake_batch *whole, *single;
    struct output together = {{0}, 0}, alone = {{0}, 0};

    lrh_subject_open(kit, &a);
    whole = readable(kit, (struct lr_fake_shape){.count = COUNT}, "codec.batch");
    single = lrh_batch(kit, &a, (struct lr_fake_shape){.count = COUNT, .value_gap = GAP}, 5);
    lrh_fill_records(kit, &a, single);
    set_outputs(whole);
    set_outputs(single);
    encode(kit, &whole->batch, &together, "codec.batch");
    for (uint32_t i = 0; i < COUNT && is_usable(whole, i); i++) {
        struct lr_batch one = only_one(single, i);

        for (uint32_t j = 0; j < one.n_features; j++)
            one.x[j] = lr_fake_unset();
        lrh_doing(kit, "codec.batch", "decode record %u alone", i);
        (void)lr_fake_decode(&a.fake, &one);
        if ((a.given & LR_COLUMN_FEATURES) && !same_columns(whole, single, i))
            lrh_finding(kit, "codec.batch", "record %u is read differently in its batch and alone",
                        i);
        one.t1[0] = 1000000000 + i;
        encode(kit, &one, &alone, "codec.batch");
        if (one.encoded[0].len != whole->batch.encoded[i].len ||
            memcmp(one.encoded[0].data, whole->batch.encoded[i].data, one.encoded[0].len) != 0)
            lrh_finding(kit, "codec.batch",
                        "record %u is encoded differently in its batch and alone", i);
        drop(&alone);
    }
    drop(&together);
    lr_fake_batch_destroy(whole);
    lr_fake_batch_destroy(single);
    lrh_subject_close(kit, &a);
}

void lrh_test_codec_strides(struct lrh_kit *kit)
{
    struct lr_fake_batch *plain, *wide;
    struct output x = {{0}, 0}, y = {{0}, 0};
    const char *wrong;

    lrh_subject_open(kit, &a);
    plain = readable(kit, (struct lr_fake_shape){.count = COUNT}, "batch.stride");
    wide = readable(kit,
                    (struct lr_fake_shape){
                        .count = COUNT, .x_gap = 3, .out_gap = 2, .record_gap = 24, .odd = 1},
                    "batch.stride");
    wrong = lr_fake_batch_judge(wide, 1);
    if (wrong)
        lrh_finding(kit, "codec.bounds", "decode into wide rows: %s", wrong);
    set_outputs(plain);
    set_outputs(wide);
    encode(kit, &plain->batch, &x, "batch.stride");
    encode(kit, &wide->batch, &y, "batch.stride");
    for (uint32_t i = 0; i < COUNT; i++) {
        const struct lr_bytes *e = &plain->batch.encoded[i], *f = &wide->batch.encoded[i];

        if (is_usable(plain, i) != is_usable(wide, i) ||
            ((a.given & LR_COLUMN_FEATURES) && is_usable(plain, i) &&
             !same_columns(plain, wide, i)))
            lrh_finding(kit, "batch.stride",
                        "record %u is read differently where rows have gaps between them", i);
        else if (e->len != f->len || (e->len && memcmp(e->data, f->data, e->len) != 0))
            lrh_finding(kit, "batch.stride",
                        "record %u is encoded differently where rows have gaps between them", i);
    }
    lrh_subject_close(kit, &a);
}

/* ---- hostile records ------------------------------------------------------------------------ */

static void hostile_value(struct lrh_kit *kit, struct lr_fake_batch *b, uint32_t i, uint32_t what)
{
    static char long_one[300000];
    static const char *const texts[] = {
        "",    ",", ";",  "\n", "nan,inf,-inf;nan", "1e999,1e-999,2;3", "{\"f0\":1", "\xff\xfe\xfd",
        "1,2", "[", "\"", "{}"};
    const uint32_t n = sizeof texts / sizeof *texts;
    const char *data = what < n ? texts[what] : long_one;
    uint32_t len = what < n ? (uint32_t)strlen(data) : (uint32_t)sizeof long_one;

    memset(long_one, what % 2 ? '1' : '\0', sizeof long_one);
    if (lr_fake_batch_value(b, i, data, len) != LR_OK)
        lrh_skip(kit, "no memory");
}

/* Between good records: cut ones, empty ones, none at all, random bytes. */
void lrh_test_codec_hostile(struct lrh_kit *kit)
{
    struct lr_fake_batch *good, *mixed;
    struct output out = {{0}, 0};

    lrh_subject_open(kit, &a);
    good = readable(kit, (struct lr_fake_shape){.count = COUNT}, "codec.decode");
    mixed = lrh_batch(kit, &a, (struct lr_fake_shape){.count = COUNT}, 5);
    lrh_fill_records(kit, &a, mixed);
    unset_features(mixed);
    for (uint32_t i = 1; i < COUNT; i += 2) {
        struct lr_record *r = lr_batch_record(&mixed->batch, i);

        if (i % 8 == 1) {
            r->value = NULL;
            r->value_len = 0;
            r->flags = LR_RECORD_NULL;
        } else if (i % 8 == 3 && lr_fake_batch_value(mixed, i, r->value, r->value_len / 2) != LR_OK)
            lrh_skip(kit, "no memory");
        else if (i % 8 > 3)
            hostile_value(kit, mixed, i, i / 2);
    }
    decode(kit, mixed, "codec.reads");
    for (uint32_t i = 0; i < a.fake.n_bad && i < LR_FAKE_NOTES; i++)
        if (lr_batch_record(&mixed->batch, a.fake.bad[i].index)->flags & LR_RECORD_NULL)
            lrh_finding(kit, "codec.null", "it reports record %u as bad, which has no value",
                        a.fake.bad[i].index);
    for (uint32_t i = 0; i < COUNT; i += 2)
        if (is_usable(good, i) && !is_usable(mixed, i))
            lrh_finding(kit, "codec.rows", "record %u is good, and bad beside broken ones", i);
        else if (is_usable(good, i) && (a.given & LR_COLUMN_FEATURES) &&
                 !same_columns(good, mixed, i))
            lrh_finding(kit, "codec.rows", "record %u is read differently beside broken ones", i);
    set_outputs(mixed);
    encode(kit, &mixed->batch, &out, "codec.encode");
    drop(&out);
    lr_fake_batch_destroy(good);
    lr_fake_batch_destroy(mixed);
    lrh_subject_close(kit, &a);
}

void lrh_test_codec_bound(struct lrh_kit *kit)
{
    static const double odd[] = {NAN,      INFINITY, -INFINITY, DBL_MAX,
                                 -DBL_MAX, DBL_MIN,  5e-324,    -2.2250738585072011e-308,
                                 0.1,      -0.0,     1.0 / 3.0, 123456789.123456789};
    struct output out = {{0}, 0};
    struct lr_fake_batch *b;

    lrh_subject_open(kit, &a);
    b = readable(kit, (struct lr_fake_shape){.count = COUNT}, "codec.decode");
    for (uint32_t i = 0; i < COUNT; i++) {
        for (uint32_t k = 0; k < b->batch.n_outputs; k++)
            lr_fake_out(b, i)[k] = odd[i % (sizeof odd / sizeof *odd)];
        b->batch.t0[i] = i % 3 ? INT64_MAX : -1;
        b->batch.t1[i] = i % 2 ? INT64_MAX : INT64_MIN + 1;
    }
    b->batch.t2_ns = INT64_MAX;
    encode(kit, &b->batch, &out, "codec.bound");
    drop(&out);
    lrh_doing(kit, "batch.sizes", "encode no record");
    b->batch.count = 0;
    encode(kit, &b->batch, &out, "batch.sizes");
    drop(&out);
    lr_fake_batch_destroy(b);
    lrh_subject_close(kit, &a);
}
