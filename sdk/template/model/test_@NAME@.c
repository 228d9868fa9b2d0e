/* SPDX-License-Identifier: MIT
 *
 * Tests of @NAME@ on the fake host of lrhost/testing.h: no lrhost, no broker, no waiting. `make
 * test` runs them, then the rules of the headers (lrhost verify) and @NAME@.ini.
 */
#include <lrhost/testing.h>

static int failures;

#define CHECK(what)                                                                                \
    do                                                                                             \
        if (!(what)) {                                                                             \
            failures++;                                                                            \
            (void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);               \
        }                                                                                          \
    while (0)

/* Rows are farther apart than they are long, and what lies between is not touched. */
static void test_predict(struct lr_fake *fake)
{
    const struct lr_model *model = fake->plugin->ops;
    const struct lr_fake_shape shape = {
        .count = 2, .n_features = 3, .n_outputs = 1, .x_gap = 2, .out_gap = 1};
    const double rows[2][3] = {{1, 2, 6}, {-1, 0, 1}};
    struct lr_fake_batch *batch = NULL;

    CHECK(lr_fake_batch_create(&shape, 1, &batch) == LR_OK);
    for (uint32_t i = 0; i < 2; i++)
        memcpy(lr_fake_x(batch, i), rows[i], sizeof rows[i]);
    CHECK(model->predict(fake->self, &batch->batch, &fake->err) == LR_OK);
    CHECK(*lr_fake_out(batch, 0) == 6);
    CHECK(*lr_fake_out(batch, 1) == 0);
    CHECK(lr_fake_batch_judge(batch, 0) == NULL);
    lr_fake_batch_destroy(batch);
}

static void test_describe(struct lr_fake *fake)
{
    const struct lr_model *model = fake->plugin->ops;
    struct lr_schema schema = {.size = sizeof schema};

    CHECK(model->describe(fake->self, &schema, &fake->err) == LR_OK);
    CHECK(schema.n_features == 3 && schema.n_outputs == 1);
}

int main(void)
{
    struct lr_fake fake;

    lr_fake_init(&fake);
    if (lr_fake_load(&fake, "./@NAME@.so", LR_MODEL, NULL) != LR_OK ||
        lr_fake_create(&fake, "features = 3\nscale = 2") != LR_OK ||
        lr_fake_start(&fake) != LR_OK) {
        (void)fprintf(stderr, "%s\n", fake.err.text);
        return 1;
    }
    test_describe(&fake);
    test_predict(&fake);
    lr_fake_stop(&fake);
    lr_fake_destroy(&fake);
    CHECK(fake.memory == 0);
    CHECK(fake.n_breaches == 0);
    (void)printf("%s\n", failures ? "test_@NAME@: not good" : "test_@NAME@: good");
    return failures != 0;
}
