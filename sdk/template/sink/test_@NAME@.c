/* SPDX-License-Identifier: MIT
 *
 * Tests of @NAME@ on the fake host of lrhost/testing.h: no lrhost, no broker, no waiting. `make
 * test` runs them, then the rules of the headers (lrhost verify) and @NAME@.ini.
 */
#include <lrhost/testing.h>
#include <unistd.h>

static int failures;

#define CHECK(what)                                                                                \
    do                                                                                             \
        if (!(what)) {                                                                             \
            failures++;                                                                            \
            (void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);               \
        }                                                                                          \
    while (0)

#define PATH "test_@NAME@.out"

static void write_batch(struct lr_fake *fake)
{
    const struct lr_fake_shape shape = {.count = 3, .token = 7};
    static const char *const values[] = {"one", "", "three"};
    struct lr_fake_batch *batch = NULL;
    uint32_t taken = 0;

    CHECK(lr_fake_batch_create(&shape, 1, &batch) == LR_OK);
    for (uint32_t i = 0; i < 3; i++)
        batch->batch.encoded[i] =
            (struct lr_bytes){.data = values[i], .len = (uint32_t)strlen(values[i])};
    CHECK(lr_fake_write(fake, &batch->batch, 0, 3, &taken) == LR_OK);
    CHECK(taken == 3);
    CHECK(lr_fake_drain(fake, 1000000000) == LR_OK);
    CHECK(fake->outcomes[LR_DELIVERED] == 3);
    lr_fake_batch_destroy(batch);
}

static void test_lines(void)
{
    char text[64] = "";
    FILE *file = fopen(PATH, "r");

    CHECK(file != NULL);
    if (file) {
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        (void)fclose(file);
    }
    CHECK(strcmp(text, "one\n\nthree\n") == 0);
}

int main(void)
{
    struct lr_fake fake;

    lr_fake_init(&fake);
    if (lr_fake_load(&fake, "./@NAME@.so", LR_SINK, NULL) != LR_OK ||
        lr_fake_create(&fake, "path = " PATH) != LR_OK || lr_fake_start(&fake) != LR_OK) {
        (void)fprintf(stderr, "%s\n", fake.err.text);
        return 1;
    }
    write_batch(&fake);
    test_lines();
    (void)unlink(PATH);
    lr_fake_stop(&fake);
    lr_fake_destroy(&fake);
    CHECK(fake.memory == 0);
    CHECK(fake.n_breaches == 0);
    (void)printf("%s\n", failures ? "test_@NAME@: not good" : "test_@NAME@: good");
    return failures != 0;
}
