/* SPDX-License-Identifier: MIT
 *
 * Tests of the life that instances of every kind lead: create, start, stop, destroy, in every order
 * that the headers allow, a thousand times, on the threads they name, with memory that runs out
 * and under a host that is older than the plugin.
 */
#include <lrhost/error.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "verify.h"

#define SECOND INT64_C(1000000000)
#define LIVES 1000u
#define QUICK_LIVES 50u
#define LIVES_NS (3 * SECOND)
#define WARM 3          /* lives after which whatever is kept once is there */
#define ALLOCATIONS 300 /* that are made to fail, one after the other */
#define FIRST_HOST (offsetof(struct lr_host, bad_record) + sizeof(void *)) /* of ABI 1 */

static struct lrh_subject a, b;

/* ---- create -------------------------------------------------------------------------------- */

void lrh_test_create(struct lrh_kit *kit)
{
    uint32_t threads = lrh_count_threads(), files = lrh_count_open();
    struct lrh_hooked before = lrh_hooks_state(), after;

    lrh_subject_init(kit, &a, 0, 1);
    lrh_doing(kit, "check.quiet", "check() a second time");
    lr_fake_check(&a.fake);
    after = lrh_hooks_state();
    if (after.threads != before.threads || lrh_count_threads() != threads)
        lrh_finding(kit, "check.quiet", "check() starts a thread");
    if (a.fake.n_problems)
        lrh_finding(kit, "check.quiet", "check() finds nothing the first time, and then: %s",
                    a.fake.problem);
    lrh_subject_create(kit, &a);
    after = lrh_hooks_state();
    if (after.threads != before.threads || lrh_count_threads() != threads)
        lrh_finding(kit, "create.threads", "create starts a thread; start is the place for it");
    if (after.files != before.files)
        lrh_finding(kit, "create.io", "create opens %s; start is the place for it",
                    after.last_file);
    else if (lrh_count_open() != files)
        lrh_finding(kit, "create.io", "create leaves a descriptor open; start is the place for it");
    lrh_doing(kit, "life.destroy", "destroy without a start");
    lr_fake_destroy(&a.fake);
    lrh_doing(kit, "destroy.null", "destroy(NULL)");
    kit->plugin->destroy(NULL);
}

/* ---- orders -------------------------------------------------------------------------------- */

void lrh_test_life(struct lrh_kit *kit)
{
    lrh_subject_open(kit, &a);
    lrh_doing(kit, "life.stop", "stop right after start");
    lr_fake_stop(&a.fake);
    lrh_doing(kit, "life.destroy", "destroy after stop");
    lr_fake_destroy(&a.fake);

    lrh_subject_open(kit, &a);
    lrh_use(kit, &a, "life.use");
    lrh_subject_close(kit, &a);

    if (kit->plugin->kind != LR_SINK || !(lrh_sink_of(&a)->caps & LR_SINK_TRANSACTIONS))
        return;
    lrh_subject_open(kit, &a);
    lrh_use(kit, &a, "life.use");
    lrh_doing(kit, "life.restart", "stop, to start again");
    lr_fake_stop(&a.fake);
    lrh_doing(kit, "life.restart", "start a second time");
    if (lr_fake_start(&a.fake) != LR_OK) {
        lrh_finding(kit, "life.restart", "a second start failed: %s", a.fake.err.text);
    } else {
        lrh_subject_assign(kit, &a);
        lrh_use(kit, &a, "life.restart");
    }
    lrh_subject_close(kit, &a);
}

void lrh_test_instances(struct lrh_kit *kit)
{
    int lanes = kit->plugin->kind != LR_MODEL && kit->plugin->kind != LR_MONITOR;

    kit->crash_rule = "life.instances";
    if (kit->plugin->kind == LR_SOURCE &&
        !(((const struct lr_source *)kit->plugin->ops)->caps & LR_SOURCE_SPLIT))
        lrh_skip(kit, "it says that it cannot run in several lanes");
    lrh_subject_init(kit, &a, 0, lanes ? 2 : 1);
    lrh_subject_init(kit, &b, lanes ? 1 : 0, lanes ? 2 : 1);
    b.next_token = 500000;
    lrh_subject_create(kit, &a);
    lrh_subject_create(kit, &b);
    if (a.fake.self && a.fake.self == b.fake.self && kit->plugin->start)
        lrh_finding(kit, "life.instances", "create gave the same instance twice");
    kit->idle = &b.fake;
    lrh_subject_start(kit, &a);
    kit->idle = &a.fake;
    lrh_subject_start(kit, &b);
    for (int round = 0; round < 2; round++) {
        kit->idle = &b.fake;
        lrh_use(kit, &a, "life.instances");
        kit->idle = &a.fake;
        lrh_use(kit, &b, "life.instances");
    }
    lrh_doing(kit, "life.instances", "stop and destroy one of two");
    lr_fake_stop(&a.fake);
    lr_fake_destroy(&a.fake);
    lrh_use(kit, &b, "life.instances");
    lrh_doing(kit, "life.instances", "stop and destroy the other one");
    lr_fake_stop(&b.fake);
    lr_fake_destroy(&b.fake);
}

/* ---- a thousand lives ----------------------------------------------------------------------- */

static void one_life(struct lrh_kit *kit)
{
    lrh_subject_open(kit, &a);
    lrh_use(kit, &a, "life.thousand");
    lrh_doing(kit, "life.thousand", "stop");
    lr_fake_stop(&a.fake);
    lrh_doing(kit, "life.thousand", "destroy");
    lr_fake_destroy(&a.fake);
    if (a.fake.memory)
        lrh_finding(kit, "leak.memory", "after destroy, %lld bytes of host->memory are not freed",
                    (long long)a.fake.memory);
}

/* Neighbours in the process, such as an embedded broker, may need a moment to see the last client
 * go; what is left after that is left for good. */
static void settle_down(uint32_t files, uint32_t threads)
{
    const int64_t end = lrh_real_ns() + 3 * SECOND;

    while ((lrh_count_files() > files || lrh_count_threads() > threads) && lrh_real_ns() < end)
        (void)nanosleep(&(struct timespec){0, 20000000}, NULL);
}

void lrh_test_thousand(struct lrh_kit *kit)
{
    const int64_t end = lrh_real_ns() + LIVES_NS;
    struct lrh_hooked warm = {0}, last;
    const uint32_t lives = kit->args->quick || kit->args->leaks ? QUICK_LIVES : LIVES;
    uint32_t files = 0, threads = 0, n = 0;

    while (n < lives && (n < 2 * WARM || lrh_real_ns() < end) && !kit->verdict->n_findings) {
        if (n == WARM) {
            warm = lrh_hooks_state();
            files = lrh_count_files();
            threads = lrh_count_threads();
        }
        one_life(kit);
        n++;
    }
    settle_down(files + (n - WARM) / 2, threads + (n - WARM) / 2);
    last = lrh_hooks_state();
    if (last.blocks - warm.blocks >= (int64_t)(n - WARM))
        lrh_finding(kit, "leak.memory", "each life leaves %.1f blocks of memory behind (%u lives)",
                    (double)(last.blocks - warm.blocks) / (n - WARM), n);
    if (lrh_count_files() > files + (n - WARM) / 2)
        lrh_finding(kit, "leak.files", "%u lives leave %u descriptors open", n,
                    lrh_count_files() - files);
    if (lrh_count_threads() > threads + (n - WARM) / 2)
        lrh_finding(kit, "leak.threads", "%u lives leave %u threads running", n,
                    lrh_count_threads() - threads);
    lrh_note(kit, "%u lives", n);
}

/* ---- memory that runs out ------------------------------------------------------------------- */

/* One life with a failing allocation; what fails must say so and leave nothing. */
static void poor_life(struct lrh_kit *kit, uint64_t nth, int of_host)
{
    struct lrh_hooked before = lrh_hooks_state();
    const char *whose = of_host ? "host->memory" : "the module";
    lr_status status;

    lrh_doing(kit, "create.memory", "create while allocation %llu of %s fails",
              (unsigned long long)nth, whose);
    if (of_host)
        a.fake.fail_memory = (int64_t)nth;
    else
        lrh_hooks_fail(nth);
    status = lr_fake_create_only(&a.fake);
    if (status == LR_OK) {
        lrh_doing(kit, "start.memory", "start while allocation %llu of %s fails",
                  (unsigned long long)nth, whose);
        if (kit->plugin->kind != LR_CODEC && kit->plugin->kind != LR_MODEL)
            (void)lr_fake_start(&a.fake);
        lrh_hooks_fail(0);
        a.fake.fail_memory = 0;
        lrh_doing(kit, "start.memory", "stop after a start without memory");
        if (kit->plugin->kind != LR_CODEC && kit->plugin->kind != LR_MODEL)
            lr_fake_stop(&a.fake);
        lrh_doing(kit, "start.memory", "destroy after a start without memory");
        kit->plugin->destroy(a.fake.self);
        a.fake.self = NULL;
        return;
    }
    lrh_hooks_fail(0);
    a.fake.fail_memory = 0;
    if (lrh_hooks_state().blocks > before.blocks || a.fake.memory)
        lrh_finding(kit, "create.leak",
                    "create fails when allocation %llu of %s does, and leaves %lld blocks behind",
                    (unsigned long long)nth, whose,
                    a.fake.memory ? 1LL : (long long)(lrh_hooks_state().blocks - before.blocks));
}

void lrh_test_allocations(struct lrh_kit *kit)
{
    uint64_t n, of_host;
    const int64_t end = lrh_real_ns() + 4 * SECOND;

    /* Once without failures: how many there are, and what is kept for good. */
    lrh_subject_init(kit, &a, 0, 1);
    n = lrh_hooks_state().allocations;
    a.fake.fail_memory = INT64_MAX;
    lrh_subject_create(kit, &a);
    of_host = (uint64_t)(INT64_MAX - a.fake.fail_memory);
    if (kit->plugin->kind != LR_CODEC && kit->plugin->kind != LR_MODEL)
        lrh_subject_start(kit, &a);
    n = lrh_hooks_state().allocations - n;
    if (kit->plugin->kind != LR_CODEC && kit->plugin->kind != LR_MODEL)
        lr_fake_stop(&a.fake);
    kit->plugin->destroy(a.fake.self);
    a.fake.self = NULL;
    a.fake.fail_memory = 0;
    if (n > ALLOCATIONS)
        n = ALLOCATIONS;
    for (uint64_t i = 1; i <= n && lrh_real_ns() < end && !kit->verdict->n_findings; i++)
        poor_life(kit, i, 0);
    for (uint64_t i = 1; i <= of_host && i <= ALLOCATIONS && lrh_real_ns() < end; i++)
        poor_life(kit, i, 1);
    lrh_note(kit, "%llu allocations", (unsigned long long)(n + of_host));
    if (n + of_host == 0)
        lrh_note(kit, "it allocates nothing that could be seen");
}

/* ---- stop ----------------------------------------------------------------------------------- */

static void *raise_stop(void *ctx)
{
    (void)nanosleep(&(struct timespec){0, 20000000}, NULL);
    __atomic_store_n(&((struct lr_fake *)ctx)->stopping, 1, __ATOMIC_RELEASE);
    return NULL;
}

void lrh_test_stop(struct lrh_kit *kit)
{
    pthread_t other;
    int64_t began, took;
    lr_status status;

    lrh_subject_init(kit, &a, 0, 1);
    lrh_subject_create(kit, &a);
    lrh_doing(kit, "start.stopping", "start while the pipeline is told to stop");
    if (pthread_create(&other, NULL, raise_stop, &a.fake) != 0)
        lrh_skip(kit, "no thread for this test");
    began = lrh_real_ns();
    status = lr_fake_start(&a.fake);
    took = lrh_real_ns() - began;
    (void)pthread_join(other, NULL);
    if (took > SECOND)
        lrh_finding(kit, "start.stopping",
                    "start returned %.1f s after host->stopping began to say 1; it should ask at "
                    "least every 100 ms",
                    (double)took / 1e9);
    lrh_doing(kit, "stop.deadline", "stop with a deadline that has passed");
    began = lrh_real_ns();
    lr_fake_stop_by(&a.fake, began);
    took = lrh_real_ns() - began;
    if (took > 2 * SECOND)
        lrh_finding(kit, "stop.deadline", "stop returned %.1f s behind its deadline",
                    (double)took / 1e9);
    lrh_doing(kit, "life.destroy", "destroy after a stop that was in a hurry");
    lr_fake_destroy(&a.fake);
    lrh_note(kit, "start %s", status == LR_OK ? "was done first" : "gave up");
}

/* ---- an older host -------------------------------------------------------------------------- */

void lrh_test_old_host(struct lrh_kit *kit)
{
    struct lr_fake_pages pages = {0};

    lrh_subject_init(kit, &a, 0, 1);
    if (lr_fake_pages_init(&pages, FIRST_HOST, 8) != LR_OK)
        lrh_skip(kit, "no memory");
    a.fake.host.size = (uint32_t)FIRST_HOST;
    memcpy(pages.at, &a.fake.host, FIRST_HOST);
    a.fake.host_at = pages.at;
    kit->crash_rule = "abi.host-size"; /* the host's struct ends after bad_record */
    lrh_subject_create(kit, &a);
    lrh_subject_start(kit, &a);
    if (!a.transactional)
        lrh_use(kit, &a, "abi.host-size");
    lrh_subject_close(kit, &a);
}

/* ---- threads -------------------------------------------------------------------------------- */

static void *on_lane(void *ctx)
{
    struct lrh_kit *kit = ctx;

    lrh_doing(kit, "life.threads", "start on the lane's thread");
    if (lr_fake_start(&a.fake) != LR_OK) {
        lrh_finding(kit, "life.threads", "start failed on the lane's thread: %s", a.fake.err.text);
    } else {
        lrh_subject_assign(kit, &a);
        lrh_use(kit, &a, "life.threads");
    }
    lrh_doing(kit, "life.threads", "stop on the lane's thread");
    lr_fake_stop(&a.fake);
    return NULL;
}

/* Made and destroyed here, used on another thread. */
void lrh_test_threads(struct lrh_kit *kit)
{
    pthread_t lane;

    lrh_subject_open(kit, &a); /* once here: whether it can run at all */
    lrh_subject_close(kit, &a);
    kit->crash_rule = "life.threads";
    lrh_subject_init(kit, &a, 0, 1);
    lrh_subject_create(kit, &a);
    if (pthread_create(&lane, NULL, on_lane, kit) != 0)
        lrh_skip(kit, "no thread for this test");
    (void)pthread_join(lane, NULL);
    lrh_doing(kit, "life.threads", "destroy on the main thread");
    lr_fake_destroy(&a.fake);
}
