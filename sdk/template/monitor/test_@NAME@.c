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

static void test_snapshots(struct lr_fake *fake)
{
    const struct lr_monitor *monitor = fake->plugin->ops;
    struct lr_snapshot snapshot = {.size = sizeof snapshot, .state = LR_STATE_STARTING, .lag = -1};
    const struct lr_progress progress = {.size = sizeof progress};

    monitor->snapshot(fake->self, &snapshot);
    CHECK(fake->n_logs == 0); /* nothing to tell yet */
    monitor->progress(fake->self, &progress);
    snapshot.state = LR_STATE_STOPPED;
    snapshot.records_read = 12;
    snapshot.records_delivered = 11;
    monitor->snapshot(fake->self, &snapshot);
    CHECK(lr_fake_logged(fake, "done: 12 records read, 11 delivered, 1 batches") != NULL);
    CHECK(monitor->interval_ns(fake->self) == 2000000000);
}

int main(void)
{
    struct lr_fake fake;

    lr_fake_init(&fake);
    if (lr_fake_load(&fake, "./@NAME@.so", LR_MONITOR, NULL) != LR_OK ||
        lr_fake_create(&fake, "every = 2s") != LR_OK || lr_fake_start(&fake) != LR_OK) {
        (void)fprintf(stderr, "%s\n", fake.err.text);
        return 1;
    }
    test_snapshots(&fake);
    lr_fake_stop(&fake);
    lr_fake_destroy(&fake);
    CHECK(fake.memory == 0);
    CHECK(fake.n_breaches == 0);
    (void)printf("%s\n", failures ? "test_@NAME@: not good" : "test_@NAME@: good");
    return failures != 0;
}
