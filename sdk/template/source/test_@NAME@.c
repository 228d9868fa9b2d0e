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

/* A batch of at most three records; the text of the first one into `text`. */
static lr_status poll_three(struct lr_fake *fake, const int64_t *until, char text[80])
{
    const struct lr_source *source = fake->plugin->ops;
    const struct lr_fake_shape shape = {.capacity = 3};
    const struct lr_event *event = NULL;
    struct lr_fake_batch *batch = NULL;
    const struct lr_record *record;
    lr_status status;

    CHECK(lr_fake_batch_create(&shape, 1, &batch) == LR_OK);
    status =
        source->poll(fake->self, &batch->batch, 100, until, until ? 1 : 0, 0, &event, &fake->err);
    if (status == LR_REBALANCE) {
        CHECK(event->kind == LR_EVENT_ASSIGN && event->n_streams == 1);
        CHECK(source->rebalanced(fake->self, &fake->err) == LR_OK);
    }
    text[0] = '\0';
    if (status == LR_OK) {
        record = lr_batch_record(&batch->batch, 0);
        (void)snprintf(text, 80, "%.*s, %u", (int)record->value_len, (const char *)record->value,
                       batch->batch.count);
        CHECK(batch->batch.n_spans == 1 && batch->batch.spans[0].count == batch->batch.count);
        source->release(fake->self, &batch->batch);
    }
    lr_fake_batch_destroy(batch);
    return status;
}

static void test_records(struct lr_fake *fake)
{
    char text[80];

    CHECK(poll_three(fake, NULL, text) == LR_REBALANCE); /* before its first record */
    CHECK(poll_three(fake, NULL, text) == LR_OK);
    CHECK(strcmp(text, "0,1,2, 3") == 0);
    CHECK(poll_three(fake, NULL, text) == LR_OK);
    CHECK(strcmp(text, "3,4,5, 2") == 0); /* there are five */
    CHECK(poll_three(fake, NULL, text) == LR_END);
}

static void test_positions(struct lr_fake *fake)
{
    const struct lr_source *source = fake->plugin->ops;
    struct lr_position position = {.stream = 0, .next = 1};
    const int64_t until = 2;
    char text[80];

    CHECK(source->seek(fake->self, &position, 1, &fake->err) == LR_OK);
    CHECK(poll_three(fake, &until, text) == LR_OK);
    CHECK(strcmp(text, "1,2,3, 1") == 0); /* up to the plan's end */
    CHECK(poll_three(fake, &until, text) == LR_AGAIN);
    CHECK(source->committed(fake->self, &position, 1, &fake->err) == LR_OK);
    CHECK(position.next == 0); /* nothing is stored */
    CHECK(source->ends(fake->self, &position, 1, &fake->err) == LR_OK);
    CHECK(position.next == 5);
}

int main(void)
{
    struct lr_fake fake;

    lr_fake_init(&fake);
    if (lr_fake_load(&fake, "./@NAME@.so", LR_SOURCE, NULL) != LR_OK ||
        lr_fake_create(&fake, "count = 5") != LR_OK || lr_fake_start(&fake) != LR_OK) {
        (void)fprintf(stderr, "%s\n", fake.err.text);
        return 1;
    }
    test_records(&fake);
    test_positions(&fake);
    lr_fake_stop(&fake);
    lr_fake_destroy(&fake);
    CHECK(fake.memory == 0);
    CHECK(fake.n_breaches == 0);
    (void)printf("%s\n", failures ? "test_@NAME@: not good" : "test_@NAME@: good");
    return failures != 0;
}
