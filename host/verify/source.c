/* SPDX-License-Identifier: MIT
 *
 * Tests of sources: what several polls have to do with each other. Values that are held, limits,
 * positions, commits, lanes. What a single poll may return: reader.c.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reader.h"

static struct lrh_reader one, two;

void lrh_test_source_polls(struct lrh_kit *kit)
{
    lrh_reader_open(kit, &one, 0, 1);
    if (lrh_reader_ops(&one)->fd) {
        int fd = lrh_reader_ops(&one)->fd(one.subject.fake.self);

        if (fd != -1 && fcntl(fd, F_GETFD) < 0)
            lrh_finding(kit, "source.fd", "fd gives %d, which is no open descriptor", fd);
    }
    lrh_reader_read(kit, &one, NOTES, 16);
    if (one.ended && !(lrh_reader_ops(&one)->caps & LR_SOURCE_ENDS))
        lrh_finding(kit, "source.end", "poll says LR_END, but caps do not say LR_SOURCE_ENDS");
    for (int i = 0; one.ended && i < 3; i++)
        if (lrh_reader_poll(kit, &one, i ? 16 : 0, 0) != LR_END)
            lrh_finding(kit, "source.end", "after LR_END a poll returns something else");
    lrh_note(kit, "%u records%s", one.n_notes, one.ended ? ", then the end" : "");
    lrh_subject_close(kit, &one.subject);
}

/* No stream goes on where ends says that there is nothing. */
static void judge_ends(struct lrh_kit *kit)
{
    struct lr_fake *fake = &one.subject.fake;
    struct lr_position position = {.stream = one.notes[0].stream, .next = -1};
    lr_status status;

    if (!lrh_reader_ops(&one)->ends)
        return;
    lrh_doing(kit, "source.ends", "ends");
    for (int tries = 0; tries < 200; tries++) {
        status = lrh_reader_ops(&one)->ends(fake->self, &position, 1, &fake->err);
        if (status != LR_AGAIN)
            break;
        (void)lrh_reader_poll(kit, &one, 0, 0);
    }
    if (status < 0)
        lrh_subject_failed(kit, &one.subject, status, "ends", "source.ends");
    if (status == LR_OK && position.next < one.position[position.stream])
        lrh_finding(kit, "source.ends", "ends gives %lld for a stream that stands at %lld",
                    (long long)position.next, (long long)one.position[position.stream]);
}

void lrh_test_source_limits(struct lrh_kit *kit)
{
    static const uint32_t sizes[] = {1, 3, 7, 1, CAPACITY};
    int64_t until[STREAMS];

    lrh_reader_open(kit, &one, 0, 1);
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
        lrh_reader_read(kit, &one, one.n_notes + sizes[k], sizes[k]);
    for (int i = 0; i < 5; i++) {
        uint32_t before = one.n_notes;

        (void)lrh_reader_poll(kit, &one, 0, 0);
        if (one.n_notes != before)
            lrh_finding(kit, "source.max", "asked for no record, poll gave some");
    }
    judge_ends(kit);
    for (uint32_t i = 0; i < STREAMS; i++)
        until[i] = one.position[i] < 0 ? INT64_MAX : one.position[i] + 5;
    one.until = until;
    for (int i = 0; i < 10 && !one.ended; i++)
        (void)lrh_reader_poll(kit, &one, 16, 0);
    one.until = NULL;
    lrh_subject_close(kit, &one.subject);
}

#define HELD 4

void lrh_test_source_borrow(struct lrh_kit *kit)
{
    struct lr_fake_batch *held[HELD];
    uint64_t hashes[HELD][CAPACITY];
    uint32_t n = 0;

    lrh_reader_open(kit, &one, 0, 1);
    lrh_reader_read(kit, &one, 1, 1);
    for (int tries = 0; n < HELD && tries < 50 && !one.ended; tries++) {
        if (lrh_reader_poll(kit, &one, 16, 1) != LR_OK)
            continue;
        held[n] = one.batch;
        for (uint32_t i = 0; i < held[n]->batch.count; i++)
            hashes[n][i] = lrh_reader_hash(lr_batch_record(&held[n]->batch, i));
        n++;
        one.batch = lrh_reader_batch(kit, &one);
    }
    while (n-- > 0) {
        lrh_doing(kit, "source.borrow", "look at values that were not released");
        for (uint32_t i = 0; i < held[n]->batch.count; i++)
            if (lrh_reader_hash(lr_batch_record(&held[n]->batch, i)) != hashes[n][i])
                lrh_finding(kit, "source.borrow",
                            "record %u of a batch changed before the batch was released", i);
        lrh_doing(kit, "source.release", "release the newest batch first");
        if (lrh_reader_ops(&one)->release)
            lrh_reader_ops(&one)->release(one.subject.fake.self, &held[n]->batch);
    }
    lrh_subject_close(kit, &one.subject);
}

static void need_replay(struct lrh_kit *kit)
{
    if (!(((const struct lr_source *)kit->plugin->ops)->caps & LR_SOURCE_REPLAY))
        lrh_skip(kit, "it cannot be read again (no LR_SOURCE_REPLAY)");
}

/* The notes of one stream, put together at the front. */
static uint32_t only_stream(struct lrh_reader *r, uint32_t stream)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < r->n_notes; i++)
        if (r->notes[i].stream == stream)
            r->notes[n++] = r->notes[i];
    r->n_notes = n;
    return n;
}

static void seek_and_compare(struct lrh_kit *kit, const struct lrh_read *notes, uint32_t n,
                             uint32_t from)
{
    struct lr_position position = {.stream = notes[0].stream, .next = notes[from].offset};
    struct lr_fake *fake = &one.subject.fake;
    lr_status status;

    lrh_doing(kit, "source.position-after-seek", "seek to %lld", (long long)position.next);
    status = lrh_reader_ops(&one)->seek(fake->self, &position, 1, &fake->err);
    if (status < 0)
        lrh_subject_failed(kit, &one.subject, status, "seek", "source.position-after-seek");
    one.n_notes = 0;
    one.ended = 0;
    one.position[position.stream] = position.next;
    for (int tries = 0; tries < 200 && one.n_notes < n - from && !one.ended; tries++) {
        (void)lrh_reader_poll(kit, &one, 7, 0);
        (void)only_stream(&one, position.stream);
    }
    for (uint32_t i = 0; i < one.n_notes && from + i < n; i++)
        if (one.notes[i].offset != notes[from + i].offset ||
            one.notes[i].hash != notes[from + i].hash) {
            lrh_finding(kit, "source.position-after-seek",
                        "after seek to %lld, record %u is at %lld%s; before it was at %lld",
                        (long long)position.next, i, (long long)one.notes[i].offset,
                        one.notes[i].hash == notes[from + i].hash ? "" : " with another value",
                        (long long)notes[from + i].offset);
            lrh_done(kit);
        }
    if (one.n_notes == 0)
        lrh_finding(kit, "source.position-after-seek", "after seek to %lld no record came",
                    (long long)position.next);
}

void lrh_test_source_replay(struct lrh_kit *kit)
{
    static struct lrh_read notes[NOTES];
    uint32_t n;

    need_replay(kit);
    lrh_reader_open(kit, &one, 0, 1);
    lrh_reader_read(kit, &one, 60, 16);
    n = only_stream(&one, one.notes[0].stream);
    memcpy(notes, one.notes, n * sizeof *notes);
    if (n < 3)
        lrh_skip(kit, "it gave only %u records of a stream", n);
    seek_and_compare(kit, notes, n, n / 2);
    seek_and_compare(kit, notes, n, 0);
    seek_and_compare(kit, notes, n, n - 1);
    lrh_subject_close(kit, &one.subject);
}

/* ---- commit --------------------------------------------------------------------------------- */

static int64_t committed(struct lrh_kit *kit, uint32_t stream)
{
    struct lr_fake *fake = &one.subject.fake;
    struct lr_position position = {.stream = stream, .next = -1};
    lr_status status = LR_AGAIN;

    lrh_doing(kit, "source.commit", "committed");
    for (int tries = 0; tries < 50 && status == LR_AGAIN; tries++)
        status = lrh_reader_ops(&one)->committed(fake->self, &position, 1, &fake->err);
    if (status != LR_OK)
        lrh_subject_failed(kit, &one.subject, status, "committed", "source.commit");
    return position.next;
}

/* Reads ten records and stores where that is; the position. */
static int64_t commit_ten(struct lrh_kit *kit)
{
    struct lr_fake *fake = &one.subject.fake;
    struct lr_position position;
    lr_status status = LR_AGAIN;

    lrh_reader_read(kit, &one, 10, 5);
    position = (struct lr_position){.stream = one.notes[0].stream,
                                    .next = one.position[one.notes[0].stream]};
    lrh_doing(kit, "source.commit", "commit at %lld", (long long)position.next);
    for (int tries = 0; tries < 50 && status == LR_AGAIN; tries++)
        status = lrh_reader_ops(&one)->commit(fake->self, &position, 1, 1, &fake->err);
    if (status == LR_AGAIN)
        lrh_skip(kit, "commit says LR_AGAIN");
    if (status != LR_OK)
        lrh_subject_failed(kit, &one.subject, status, "commit", "source.commit");
    return position.next;
}

/* An option for a path that nobody set: perhaps that of the positions. */
static const char *unset_path(const struct lrh_kit *kit)
{
    for (uint32_t i = 0; i < kit->plugin->n_options; i++) {
        const struct lr_option *option = &kit->plugin->options[i];
        const char *at = strstr(kit->settings, option->name);

        if (option->type == LR_OPT_PATH && !option->initial && !at)
            return option->name;
    }
    return NULL;
}

/* What a new process finds: the last one was killed right after its commit. */
void lrh_test_source_commit(struct lrh_kit *kit)
{
    const struct lr_source *ops = kit->plugin->ops;
    int64_t *wanted = (int64_t *)(void *)kit->verdict->note; /* shared with the child */
    int64_t here, there;
    int status = 0;
    pid_t child;

    need_replay(kit);
    if (!ops->commit)
        lrh_skip(kit, "it stores nothing");
    child = fork();
    if (child == 0) {
        lrh_reader_open(kit, &one, 0, 1);
        here = commit_ten(kit);
        there = committed(kit, one.notes[0].stream);
        if (there != here)
            lrh_finding(kit, "source.commit", "after a commit at %lld, committed gives %lld",
                        (long long)here, (long long)there);
        if (kit->verdict->n_findings)
            lrh_done(kit);
        memcpy(wanted, &here, sizeof here);
        (void)raise(SIGKILL);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFSIGNALED(status))
        lrh_done(kit);
    memcpy(&here, wanted, sizeof here);
    memset(kit->verdict->note, 0, sizeof here);
    kit->crash_rule = "source.store";
    lrh_reader_open(kit, &one, 0, 1);
    for (int tries = 0; tries < 100 && !one.streams[0] && !one.n_notes; tries++)
        (void)lrh_reader_poll(kit, &one, 0, 0);
    there = committed(kit, 0);
    if (there != here && there <= 0 && unset_path(kit))
        lrh_skip(kit, "positions do not survive the process; is option '%s' for that?",
                 unset_path(kit));
    if (there != here)
        lrh_finding(kit, "source.store",
                    "a process committed at %lld and was killed; a new one is told %lld",
                    (long long)here, (long long)there);
    lrh_subject_close(kit, &one.subject);
}

/* ---- lanes ---------------------------------------------------------------------------------- */

static int same_record(const struct lrh_read *x, const struct lrh_read *y)
{
    const struct lr_stream *s = one.streams[x->stream], *t = two.streams[y->stream];

    return x->offset == y->offset && x->hash == y->hash && s && t && s->partition == t->partition &&
           strcmp(s->topic, t->topic) == 0;
}

void lrh_test_source_lanes(struct lrh_kit *kit)
{
    if (!(((const struct lr_source *)kit->plugin->ops)->caps & LR_SOURCE_SPLIT))
        lrh_skip(kit, "it runs in one lane only (no LR_SOURCE_SPLIT)");
    lrh_reader_open(kit, &one, 0, 2);
    lrh_reader_open(kit, &two, 1, 2);
    for (int64_t end = lrh_real_ns() + PATIENCE_NS / 3;
         lrh_real_ns() < end && one.n_notes + two.n_notes < 400 && !(one.ended && two.ended);) {
        if (!one.ended)
            (void)lrh_reader_poll(kit, &one, 16, 0);
        if (!two.ended)
            (void)lrh_reader_poll(kit, &two, 16, 0);
    }
    if (one.n_notes + two.n_notes == 0)
        lrh_skip(kit, "it gave no record");
    for (uint32_t i = 0; i < one.n_notes; i++)
        for (uint32_t k = 0; k < two.n_notes; k++)
            if (same_record(&one.notes[i], &two.notes[k])) {
                lrh_finding(kit, "source.lanes", "offset %lld of '%s' came to both of two lanes",
                            (long long)one.notes[i].offset,
                            one.streams[one.notes[i].stream]->topic);
                lrh_done(kit);
            }
    lrh_note(kit, "%u and %u records", one.n_notes, two.n_notes);
    lrh_subject_close(kit, &two.subject);
    lrh_subject_close(kit, &one.subject);
}
