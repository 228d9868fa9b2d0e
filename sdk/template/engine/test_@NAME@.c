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

static struct lr_fake_lane lane;

/* A hundred records of a source that ends: all are written and committed, at most ten at a time. */
static void test_all(struct lr_fake *fake)
{
    const struct lr_engine *engine = fake->plugin->ops;

    lr_fake_lane_init(&lane);
    lane.there = lane.total = 100;
    lane.ends = 1;
    lane.stop_ns = INT64_MAX;
    CHECK(engine->run(fake->self, &lane.lane, &fake->err) == LR_OK);
    CHECK(lane.committed == 100);
    CHECK(lr_fake_called(&lane, LR_FAKE_WRITE, 9) && !lr_fake_called(&lane, LR_FAKE_WRITE, 10));
    CHECK(lane.breaches == 0);
}

/* A lane that goes back: what is held is void, and everything is written again. */
static void test_reset(struct lr_fake *fake)
{
    const struct lr_engine *engine = fake->plugin->ops;

    lr_fake_lane_init(&lane);
    lane.there = lane.total = 100;
    lane.ends = 1;
    lane.stop_ns = INT64_MAX;
    lane.script.verb = LR_FAKE_SCORE;
    lane.script.call = 3;
    lane.script.status = LR_RESET;
    CHECK(engine->run(fake->self, &lane.lane, &fake->err) == LR_OK);
    CHECK(lane.committed == 100);
    CHECK(lr_fake_called(&lane, LR_FAKE_SCORE, 10) != NULL); /* ten batches, one of them twice */
    CHECK(lane.breaches == 0);
}

/* An error of a verb ends it. */
static void test_error(struct lr_fake *fake)
{
    const struct lr_engine *engine = fake->plugin->ops;

    lr_fake_lane_init(&lane);
    lane.there = lane.total = 100;
    lane.script.verb = LR_FAKE_WRITE;
    lane.script.call = 2;
    lane.script.status = LR_EUNAVAILABLE;
    CHECK(engine->run(fake->self, &lane.lane, &fake->err) == LR_EUNAVAILABLE);
    CHECK(lane.breaches == 0);
}

int main(void)
{
    struct lr_fake fake;

    lr_fake_init(&fake);
    if (lr_fake_load(&fake, "./@NAME@.so", LR_ENGINE, NULL) != LR_OK ||
        lr_fake_create(&fake, "max_batch = 10") != LR_OK || lr_fake_start(&fake) != LR_OK) {
        (void)fprintf(stderr, "%s\n", fake.err.text);
        return 1;
    }
    test_all(&fake);
    test_reset(&fake);
    test_error(&fake);
    lr_fake_stop(&fake);
    lr_fake_destroy(&fake);
    CHECK(fake.memory == 0);
    CHECK(fake.n_breaches == 0);
    (void)printf("%s\n", failures ? "test_@NAME@: not good" : "test_@NAME@: good");
    return failures != 0;
}
