/* SPDX-License-Identifier: MIT
 *
 * Batches for tests. Every column has pages of its own and ends before a guard, so that a row too
 * many is a SIGSEGV; what lies between rows holds a pattern and is looked at afterwards.
 */
#include <lrhost/testing.h>
#include <math.h>
#include <stdlib.h>

#define UNSET UINT64_C(0x7ff86c72756e7365) /* a NaN that no arithmetic gives */

double lr_fake_unset(void)
{
    const uint64_t bits = UNSET;
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

int lr_fake_is_unset(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits == UNSET;
}

/* splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014. */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static double draw_feature(uint64_t *state)
{
    return (double)(draw(state) >> 11) / 9007199254740992.0 * 10.0;
}

double *lr_fake_x(struct lr_fake_batch *batch, uint32_t row)
{
    return batch->batch.x + (size_t)row * batch->batch.x_stride;
}

double *lr_fake_out(struct lr_fake_batch *batch, uint32_t row)
{
    return batch->batch.out + (size_t)row * batch->batch.out_stride;
}

/* A matrix without its last gap, so that it ends at the guard. `odd`: at 8 modulo 16. */
static lr_status make_matrix(struct lr_fake_pages *pages, uint32_t rows, uint32_t n, uint32_t gap,
                             uint32_t odd)
{
    size_t doubles = rows ? (size_t)(rows - 1) * (n + gap) + n : 0;
    size_t size = doubles * sizeof(double);
    lr_status status =
        odd ? lr_fake_pages_init(pages, size + 8, 16) : lr_fake_pages_init(pages, size, 64);

    if (status == LR_OK && odd)
        pages->at = (char *)pages->at + 8;
    for (size_t i = 0; status == LR_OK && i < doubles; i++)
        ((double *)pages->at)[i] = lr_fake_unset();
    return status;
}

static lr_status make_columns(struct lr_fake_batch *b)
{
    const struct lr_fake_shape *s = &b->shape;
    const size_t n = s->capacity;
    lr_status status = lr_fake_pages_init(
        &b->records, n * (sizeof(struct lr_record) + s->record_gap), _Alignof(struct lr_record));

    if (status == LR_OK)
        status = lr_fake_pages_init(&b->spans, 16 * sizeof(struct lr_span), 8);
    if (status == LR_OK)
        status = make_matrix(&b->x, s->capacity, s->n_features, s->x_gap, s->odd);
    if (status == LR_OK)
        status = make_matrix(&b->out, s->capacity, s->n_outputs, s->out_gap, s->odd);
    if (status == LR_OK)
        status = lr_fake_pages_init(&b->y, n * sizeof(double), 8);
    if (status == LR_OK)
        status = lr_fake_pages_init(&b->t0, n * sizeof(int64_t), 8);
    if (status == LR_OK)
        status = lr_fake_pages_init(&b->t1, n * sizeof(int64_t), 8);
    if (status == LR_OK)
        status = lr_fake_pages_init(&b->encoded, n * sizeof(struct lr_bytes), 8);
    return status;
}

static void fill(struct lr_fake_batch *b, uint64_t seed)
{
    const struct lr_fake_shape *s = &b->shape;

    for (uint32_t i = 0; i < s->capacity; i++) {
        *lr_batch_record(&b->batch, i) =
            (struct lr_record){.offset = i, .timestamp_ns = -1, .flags = 0};
        b->batch.y[i] = lr_fake_unset();
        b->batch.t0[i] = -1;
        b->batch.t1[i] = b->batch.read_ns;
        for (uint32_t j = 0; i < s->count && j < s->n_features; j++)
            lr_fake_x(b, i)[j] = draw_feature(&seed);
    }
    if (s->count) {
        b->batch.spans[0] = (struct lr_span){0, s->count, s->count};
        b->batch.n_spans = 1;
    }
}

lr_status lr_fake_batch_create(const struct lr_fake_shape *shape, uint64_t seed,
                               struct lr_fake_batch **ret_batch)
{
    struct lr_fake_batch *b = calloc(1, sizeof *b);
    lr_status status;

    if (!b)
        return LR_ENOMEM;
    b->shape = *shape;
    if (b->shape.capacity < shape->count)
        b->shape.capacity = shape->count;
    status = make_columns(b);
    if (status != LR_OK) {
        lr_fake_batch_destroy(b);
        return status;
    }
    b->stream = (struct lr_stream){
        .size = sizeof b->stream, .topic = "fake", .partition = 0, .next = 0, .end = -1};
    b->streams[0] = &b->stream;
    b->batch = (struct lr_batch){
        .size = sizeof b->batch,
        .record_size = (uint32_t)sizeof(struct lr_record) + shape->record_gap,
        .count = shape->count,
        .capacity = b->shape.capacity,
        .records = (struct lr_record *)b->records.at,
        .spans = (struct lr_span *)b->spans.at,
        .span_capacity = 16,
        .token = shape->token,
        .x = shape->n_features ? (double *)b->x.at : NULL,
        .n_features = shape->n_features,
        .x_stride = shape->n_features + shape->x_gap,
        .out = shape->n_outputs ? (double *)b->out.at : NULL,
        .n_outputs = shape->n_outputs,
        .out_stride = shape->n_outputs + shape->out_gap,
        .y = (double *)b->y.at,
        .t0 = (int64_t *)b->t0.at,
        .t1 = (int64_t *)b->t1.at,
        .read_ns = 1000000000,
        .encoded = (struct lr_bytes *)b->encoded.at,
        .streams = b->streams,
    };
    fill(b, seed);
    *ret_batch = b;
    return LR_OK;
}

void lr_fake_batch_destroy(struct lr_fake_batch *b)
{
    if (!b)
        return;
    for (uint32_t i = 0; b->values && i < b->shape.capacity; i++)
        lr_fake_pages_finish(&b->values[i]);
    free(b->values);
    lr_fake_pages_finish(&b->records);
    lr_fake_pages_finish(&b->spans);
    lr_fake_pages_finish(&b->x);
    lr_fake_pages_finish(&b->out);
    lr_fake_pages_finish(&b->y);
    lr_fake_pages_finish(&b->t0);
    lr_fake_pages_finish(&b->t1);
    lr_fake_pages_finish(&b->encoded);
    free(b);
}

lr_status lr_fake_batch_value(struct lr_fake_batch *b, uint32_t i, const void *data, uint32_t len)
{
    struct lr_record *record = lr_batch_record(&b->batch, i);
    struct lr_fake_pages value;

    if (!b->values)
        b->values = calloc(b->shape.capacity, sizeof *b->values);
    if (!b->values || lr_fake_pages_init(&value, (size_t)len + b->shape.value_gap, 1) != LR_OK)
        return LR_ENOMEM;
    if (len)
        memcpy(value.at, data, len);
    lr_fake_pages_finish(&b->values[i]); /* which `data` may be a part of */
    b->values[i] = value;
    if (!b->shape.value_gap)
        lr_fake_pages_protect(&b->values[i], LR_FAKE_READ_ONLY);
    record->value = b->values[i].at;
    record->value_len = len;
    record->flags &= ~LR_RECORD_NULL;
    return LR_OK;
}

/* Where a matrix of `rows` rows in use was written though it must not be. */
static const char *judge_matrix(const double *at, uint32_t stride, uint32_t n, uint32_t rows,
                                uint32_t capacity, const char *name)
{
    static char text[160];

    for (uint32_t i = 0; i < capacity; i++)
        for (uint32_t j = i < rows ? n : 0; j < stride; j++) {
            if (i + 1 == capacity && j >= n)
                break;
            if (lr_fake_is_unset(at[(size_t)i * stride + j]))
                continue;
            if (i >= rows)
                (void)snprintf(text, sizeof text,
                               "it wrote to row %u of %s though the batch has %u records", i, name,
                               rows);
            else
                (void)snprintf(text, sizeof text,
                               "it wrote behind the %u numbers of row %u of %s (the stride is %u)",
                               n, i, name, stride);
            return text;
        }
    return NULL;
}

const char *lr_fake_batch_judge(const struct lr_fake_batch *b, int inputs)
{
    const struct lr_batch *batch = &b->batch;
    const char *found = NULL;

    if (batch->out)
        found = judge_matrix(batch->out, batch->out_stride, batch->n_outputs, b->shape.count,
                             b->shape.capacity, "out");
    if (!found && batch->x && inputs)
        found = judge_matrix(batch->x, batch->x_stride, batch->n_features, b->shape.count,
                             b->shape.capacity, "x");
    return found;
}

void lr_fake_batch_protect(struct lr_fake_batch *b, int access)
{
    for (uint32_t i = 0; b->values && i < b->shape.capacity; i++)
        lr_fake_pages_protect(&b->values[i], access ? LR_FAKE_READ_ONLY : LR_FAKE_NO_ACCESS);
    lr_fake_pages_protect(&b->records, access);
    lr_fake_pages_protect(&b->spans, access);
    lr_fake_pages_protect(&b->x, access);
    lr_fake_pages_protect(&b->out, access);
    lr_fake_pages_protect(&b->y, access);
    lr_fake_pages_protect(&b->t0, access);
    lr_fake_pages_protect(&b->t1, access);
}
