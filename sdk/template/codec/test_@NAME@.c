/* SPDX-License-Identifier: MIT
 *
 * Tests of @NAME@ on the fake host of lrhost/testing.h: no lrhost, no broker, no waiting. `make
 * test` runs them, then the rules of the headers (lrhost verify) and @NAME@.ini.
 */
#include <lrhost/testing.h>
#include <stdlib.h>

static int failures;

#define CHECK(what)                                                                                \
    do                                                                                             \
        if (!(what)) {                                                                             \
            failures++;                                                                            \
            (void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);               \
        }                                                                                          \
    while (0)

#define RECORDS 4

static const char *const values[RECORDS] = {"1,2.5,-3e2;9", "1,2", "1,x,3", "1,2,3,4"};

static void test_bind(struct lr_fake *fake)
{
    const struct lr_codec *codec = fake->plugin->ops;
    struct lr_schema schema = {.size = sizeof schema, .n_features = 3, .n_outputs = 1};
    uint32_t given = 0;

    CHECK(codec->bind(fake->self, &schema, LR_COLUMN_FEATURES, 1, &given, &fake->err) == LR_OK);
    CHECK(given == LR_COLUMN_FEATURES);
}

static void test_decode(struct lr_fake *fake, struct lr_fake_batch *batch)
{
    const double *x = lr_fake_x(batch, 0);

    CHECK(lr_fake_decode(fake, &batch->batch) == LR_OK);
    CHECK(x[0] == 1 && x[1] == 2.5 && x[2] == -300);
    CHECK(fake->n_bad == 3);
    CHECK(strcmp(fake->bad[0].message, "it has fewer than 3 features") == 0);
    CHECK(strcmp(fake->bad[1].message, "feature 1 is no finite number") == 0);
    CHECK(strcmp(fake->bad[2].message, "it has more than 3 features") == 0);
}

static void test_encode(struct lr_fake *fake, struct lr_fake_batch *batch)
{
    const struct lr_codec *codec = fake->plugin->ops;
    size_t size = codec->encode_bound(fake->self, &batch->batch);
    void *memory = malloc(size);
    const struct lr_bytes *out = &batch->batch.encoded[0];

    *lr_fake_out(batch, 0) = 0.5;
    CHECK(memory && codec->encode(fake->self, &batch->batch, memory, size, &fake->err) == LR_OK);
    CHECK(out->len == 16 && memcmp(out->data, "1,2.5,-3e2;9;0.5", 16) == 0);
    CHECK(batch->batch.encoded[1].data == NULL); /* a bad record has no output */
    free(memory);
}

static void test_records(struct lr_fake *fake)
{
    const struct lr_fake_shape shape = {.count = RECORDS, .n_features = 3, .n_outputs = 1};
    struct lr_fake_batch *batch = NULL;

    CHECK(lr_fake_batch_create(&shape, 1, &batch) == LR_OK);
    for (uint32_t i = 0; i < RECORDS; i++)
        CHECK(lr_fake_batch_value(batch, i, values[i], (uint32_t)strlen(values[i])) == LR_OK);
    test_decode(fake, batch);
    test_encode(fake, batch);
    lr_fake_batch_destroy(batch);
}

int main(void)
{
    struct lr_fake fake;

    lr_fake_init(&fake);
    if (lr_fake_load(&fake, "./@NAME@.so", LR_CODEC, NULL) != LR_OK ||
        lr_fake_create(&fake, NULL) != LR_OK || lr_fake_start(&fake) != LR_OK) {
        (void)fprintf(stderr, "%s\n", fake.err.text);
        return 1;
    }
    test_bind(&fake);
    test_records(&fake);
    lr_fake_stop(&fake);
    lr_fake_destroy(&fake);
    CHECK(fake.memory == 0);
    CHECK(fake.n_breaches == 0);
    (void)printf("%s\n", failures ? "test_@NAME@: not good" : "test_@NAME@: good");
    return failures != 0;
}
