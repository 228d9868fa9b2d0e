/* SPDX-License-Identifier: MIT
 *
 * Tests of sinks: each record is settled once and in the right place, nothing is used longer than
 * it is lent, back-pressure ends, transactions and positions hold, also when the process is killed
 * between write and settle.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "verify.h"

#define SECOND INT64_C(1000000000)
#define SETTLE_NS (5 * SECOND)
#define PRESSURE 20000u /* records written without a look at settles */
#define COLUMNS 127u    /* every LR_COLUMN_* */

static struct lrh_subject a;

static void judge_status(struct lrh_kit *kit, lr_status status, const char *what)
{
    if (status < 0)
        lrh_subject_failed(kit, &a, status, what, "sink.write");
}

static void begin_if(struct lrh_kit *kit)
{
    if (!a.transactional)
        return;
    lrh_doing(kit, "sink.transactions", "begin");
    judge_status(kit, lr_fake_begin(&a.fake), "begin");
}

static void commit_if(struct lrh_kit *kit)
{
    const struct lr_position position = {.stream = 0, .next = a.position};

    if (!a.transactional)
        return;
    lrh_doing(kit, "sink.transactions", "commit");
    judge_status(kit, lr_fake_commit(&a.fake, &position, 1), "commit");
}

/* Writes all of it; waits under back-pressure. */
static void write_all(struct lrh_kit *kit, const struct lr_batch *batch, const char *rule)
{
    const int64_t end = lrh_real_ns() + SETTLE_NS;
    uint32_t first = 0;

    while (first < batch->count) {
        uint32_t taken = 0;
        lr_status status;

        lrh_doing(kit, rule, "write records %u to %u", first, batch->count - 1);
        status = lr_fake_write(&a.fake, batch, first, batch->count - first, &taken);
        judge_status(kit, status, "write");
        if (kit->verdict->n_findings)
            lrh_done(kit);
        first += taken;
        if (status != LR_AGAIN)
            continue;
        lrh_doing(kit, rule, "poll under back-pressure");
        judge_status(kit, lr_fake_flush(&a.fake), "flush");
        judge_status(kit, lr_fake_poll(&a.fake, 10000000), "poll");
        lr_fake_sleep(&a.fake, 10000000);
        (void)nanosleep(&(struct timespec){0, 1000000}, NULL); /* its poll may not have waited */
        if (lrh_real_ns() > end) {
            lrh_finding(kit, "sink.again", "write says LR_AGAIN for %lld s, whatever is polled",
                        (long long)(SETTLE_NS / SECOND));
            lrh_done(kit);
        }
    }
}

static void drain(struct lrh_kit *kit, const char *rule)
{
    lr_status status;

    lrh_doing(kit, rule, "flush and poll until all is settled");
    status = lr_fake_drain(&a.fake, SETTLE_NS);
    judge_status(kit, status, "poll");
    if (status != LR_AGAIN)
        return;
    lrh_finding(kit, "sink.settle-missing", "%llu of %llu records are not settled after %lld s",
                (unsigned long long)lr_fake_unsettled(&a.fake),
                (unsigned long long)(a.next_token - 1000), (long long)(SETTLE_NS / SECOND));
    lrh_done(kit);
}

static void judge_caps(struct lrh_kit *kit)
{
    const struct lr_sink *sink = lrh_sink_of(&a);

    if (!(sink->caps & (LR_SINK_BYTES | LR_SINK_COLUMNS)))
        lrh_finding(kit, "sink.caps", "it declares neither LR_SINK_BYTES nor LR_SINK_COLUMNS");
    if ((sink->wants | sink->may_want) & ~COLUMNS)
        lrh_finding(kit, "sink.caps", "it wants columns that there are not: %#x",
                    (sink->wants | sink->may_want) & ~COLUMNS);
    if (sink->fd) {
        int fd;

        lrh_doing(kit, "sink.fd", "fd");
        fd = sink->fd(a.fake.self);
        if (fd != -1 && fcntl(fd, F_GETFD) < 0)
            lrh_finding(kit, "sink.fd", "fd gives %d, which is no open descriptor", fd);
    }
}

void lrh_test_sink_settles(struct lrh_kit *kit)
{
    static const uint32_t sizes[] = {1, 2, 3, 7, 64, 1024};

    lrh_subject_open(kit, &a);
    judge_caps(kit);
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        struct lr_fake_pages bytes = {0};
        struct lr_fake_batch *b = lrh_sink_batch(kit, &a, sizes[k], &bytes);

        for (uint32_t i = 2; i < sizes[k]; i += 5) { /* records without a value */
            lr_batch_record(&b->batch, i)->flags = LR_RECORD_NULL;
            lr_batch_record(&b->batch, i)->value = NULL;
            lr_batch_record(&b->batch, i)->value_len = 0;
            b->batch.encoded[i] = (struct lr_bytes){NULL, 0, 0};
        }
        begin_if(kit);
        write_all(kit, &b->batch, "sink.write");
        drain(kit, "sink.write");
        commit_if(kit);
        lr_fake_batch_destroy(b); /* its bytes stay: see lrh_sink_batch */
    }
    lrh_note(kit, "%llu records", (unsigned long long)(a.next_token - 1000));
    lrh_subject_close(kit, &a);
}

/* Takes away what was lent: first all but the encoded bytes, then those. */
void lrh_test_sink_borrow(struct lrh_kit *kit)
{
    struct lr_fake_pages bytes = {0}, batch = {0};
    struct lr_fake_batch *b;

    lrh_subject_open(kit, &a);
    b = lrh_sink_batch(kit, &a, 16, &bytes);
    if (lr_fake_pages_init(&batch, sizeof b->batch, 8) != LR_OK)
        lrh_skip(kit, "no memory");
    memcpy(batch.at, &b->batch, sizeof b->batch);
    begin_if(kit);
    write_all(kit, batch.at, "sink.write");
    lr_fake_batch_protect(b, LR_FAKE_NO_ACCESS);
    lr_fake_pages_protect(&batch, LR_FAKE_NO_ACCESS);
    drain(kit, "sink.borrow");
    lr_fake_pages_protect(&b->encoded, LR_FAKE_NO_ACCESS);
    lr_fake_pages_protect(&bytes, LR_FAKE_NO_ACCESS);
    kit->crash_rule = "sink.encoded";
    lrh_doing(kit, "sink.encoded", "flush and poll after all was settled");
    judge_status(kit, lr_fake_flush(&a.fake), "flush");
    judge_status(kit, lr_fake_poll(&a.fake, 0), "poll");
    commit_if(kit);
    lrh_subject_close(kit, &a);
}

/* The same bytes over and over, until it says LR_AGAIN or enough is written. */
void lrh_test_sink_pressure(struct lrh_kit *kit)
{
    struct lr_fake_pages bytes = {0};
    struct lr_fake_batch *b;
    uint32_t written = 0;
    lr_status status = LR_OK;

    lrh_subject_open(kit, &a);
    b = lrh_sink_batch(kit, &a, 64, &bytes);
    begin_if(kit);
    while (status != LR_AGAIN && written < PRESSURE) {
        uint32_t taken = 0;

        lrh_doing(kit, "sink.write", "write without a poll, %u records so far", written);
        status = lr_fake_write(&a.fake, &b->batch, 0, 64, &taken);
        judge_status(kit, status, "write");
        written += taken;
        b->batch.token = a.next_token;
        a.next_token += 64;
    }
    if (status == LR_AGAIN)
        write_all(kit, &b->batch, "sink.again");
    drain(kit, "sink.write");
    commit_if(kit);
    lrh_note(kit, status == LR_AGAIN ? "LR_AGAIN after %u records" : "%u records and no LR_AGAIN",
             written);
    lrh_subject_close(kit, &a);
}

/* Stops with records in flight. */
void lrh_test_sink_stops(struct lrh_kit *kit)
{
    struct lr_fake_pages bytes = {0};
    struct lr_fake_batch *b;

    for (uint32_t moment = 0; moment < 6; moment++) {
        lrh_subject_open(kit, &a);
        begin_if(kit);
        b = lrh_sink_batch(kit, &a, 16, &bytes);
        if (moment > 0)
            write_all(kit, &b->batch, "sink.write");
        if (moment > 2)
            judge_status(kit, lr_fake_flush(&a.fake), "flush");
        if (moment > 4)
            judge_status(kit, lr_fake_poll(&a.fake, 0), "poll");
        lrh_doing(kit, "sink.stop", "stop with %llu records unsettled",
                  (unsigned long long)lr_fake_unsettled(&a.fake));
        lr_fake_stop_by(&a.fake, lrh_real_ns() + (moment % 2 ? SECOND / 10 : 0));
        lrh_doing(kit, "sink.stop", "destroy with records unsettled");
        lr_fake_destroy(&a.fake);
        lr_fake_batch_destroy(b); /* its bytes stay: see lrh_sink_batch */
    }
}

/* ---- transactions --------------------------------------------------------------------------- */

static void need_transactions(struct lrh_kit *kit)
{
    const struct lr_sink *sink = kit->plugin->ops;

    if (!(sink->caps & LR_SINK_TRANSACTIONS))
        lrh_skip(kit, "it has no transactions");
    kit->guarantee = LR_EXACTLY_ONCE;
}

static void judge_position(struct lrh_kit *kit, int64_t wanted, const char *when)
{
    int64_t got;

    if (!(lrh_sink_of(&a)->caps & LR_SINK_POSITIONS))
        return;
    lrh_doing(kit, "sink.positions", "recover");
    got = lrh_recover(kit, &a, -77);
    if (got != wanted)
        lrh_finding(kit, "sink.positions", "%s, recover gives %lld instead of %lld", when,
                    (long long)got, (long long)wanted);
}

static void write_transaction(struct lrh_kit *kit, struct lr_fake_batch *b)
{
    lrh_doing(kit, "sink.transactions", "begin");
    judge_status(kit, lr_fake_begin(&a.fake), "begin");
    b->batch.token = a.next_token;
    a.next_token += b->batch.count;
    write_all(kit, &b->batch, "sink.transactions");
}

static void commit_at(struct lrh_kit *kit, int64_t next)
{
    lr_status status;

    drain(kit, "sink.transactions");
    a.position = next;
    lrh_doing(kit, "sink.transactions", "commit at %lld", (long long)next);
    status = lr_fake_commit(&a.fake, &(struct lr_position){.stream = 0, .next = next}, 1);
    judge_status(kit, status, "commit");
    if (status != LR_OK)
        lrh_finding(kit, "sink.transactions", "commit returned %d though all was delivered",
                    status);
}

void lrh_test_sink_transactions(struct lrh_kit *kit)
{
    struct lr_fake_pages bytes = {0};
    struct lr_fake_batch *b;

    need_transactions(kit);
    lrh_subject_open(kit, &a);
    b = lrh_sink_batch(kit, &a, 5, &bytes);
    judge_position(kit, -77, "before the first commit");
    write_transaction(kit, b);
    commit_at(kit, 5);
    judge_position(kit, 5, "after a commit at 5");
    write_transaction(kit, b);
    lrh_doing(kit, "sink.transactions", "abort with records unsettled");
    judge_status(kit, lr_fake_abort(&a.fake), "abort");
    judge_position(kit, 5, "after a commit at 5 and an abort");
    write_transaction(kit, b);
    commit_at(kit, 10);
    lrh_subject_close(kit, &a);
    lrh_subject_open(kit, &a);
    judge_position(kit, 10, "in a new instance after a commit at 10");
    lrh_subject_close(kit, &a);
}

/* ---- killed between write and settle ----------------------------------------------------------
 */

/* The process that will be killed: one commit, and then records on the way. */
__attribute__((noreturn)) static void die_writing(struct lrh_kit *kit)
{
    struct lr_fake_pages bytes = {0};
    struct lr_fake_batch *b;

    lrh_subject_open(kit, &a);
    b = lrh_sink_batch(kit, &a, 5, &bytes);
    begin_if(kit);
    write_all(kit, &b->batch, "sink.write");
    if (a.transactional) {
        commit_at(kit, 5);
        write_transaction(kit, b);
    }
    (void)raise(SIGKILL);
    _exit(1);
}

void lrh_test_sink_kill(struct lrh_kit *kit)
{
    const struct lr_sink *sink = kit->plugin->ops;
    struct lr_fake_pages bytes = {0};
    struct lr_fake_batch *b;
    int status = 0;
    pid_t child;

    if ((sink->caps & LR_SINK_POSITIONS) && lrh_can_promise(kit, LR_EXACTLY_ONCE))
        kit->guarantee = LR_EXACTLY_ONCE;
    child = fork();
    if (child == 0)
        die_writing(kit);
    if (child < 0 || waitpid(child, &status, 0) != child)
        lrh_skip(kit, "no process can be started");
    if (!WIFSIGNALED(status)) /* it said why */
        lrh_done(kit);
    kit->crash_rule = "sink.kill";
    lrh_subject_init(kit, &a, 0, 1);
    lrh_subject_create(kit, &a);
    lrh_doing(kit, "sink.kill", "start after the last process was killed between write and settle");
    if (lr_fake_start(&a.fake) != LR_OK) {
        lrh_finding(kit, "sink.kill", "after a kill between write and settle start fails: %s",
                    a.fake.err.text);
        lrh_done(kit);
    }
    a.position = a.transactional ? 5 : 0;
    if (a.transactional)
        judge_position(kit, 5, "after a kill in the transaction that followed a commit at 5");
    b = lrh_sink_batch(kit, &a, 5, &bytes);
    begin_if(kit);
    write_all(kit, &b->batch, "sink.kill");
    drain(kit, "sink.kill");
    commit_if(kit);
    lrh_subject_close(kit, &a);
}
