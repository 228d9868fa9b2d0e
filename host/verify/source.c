/* SPDX-License-Identifier: MIT
 *
 * Tests of sources. Every poll goes through read_some, which looks at what a poll may return:
 * events, spans, order, limits, the time it took. The tests add what several polls have to do with
 * each other: values that are held, positions, commits, lanes.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "verify.h"

#define MS INT64_C(1000000)
#define PATIENCE_NS (3000 * MS) /* for the first record */
#define SLOW_NS (1000 * MS)     /* more than its timeout a poll may not take */
#define STREAMS 64u
#define NOTES 1024u
#define CAPACITY 64u

/* What was read, record by record. */
struct note {
    uint64_t hash;
    int64_t offset, next; /* `next`: where its stream stands behind it, at the latest */
    uint32_t stream;
};

struct reader {
    struct lrh_subject subject;
    struct lr_fake_batch *batch;
    int assigned[STREAMS];
    int64_t position[STREAMS]; /* -1: unknown */
    const struct lr_stream *streams[STREAMS];
    const int64_t *until;
    struct note notes[NOTES];
    uint32_t n_notes;
    int32_t ended, gave_end;
};

static struct reader one, two;

/* FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint64_t hash_of(const struct lr_record *r)
{
    const unsigned char *at = r->value;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (uint32_t i = 0; at && i < r->value_len; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static const struct lr_source *ops_of(const struct reader *r)
{
    return lrh_source_of(&r->subject);
}

static struct lr_fake_batch *new_batch(struct lrh_kit *kit, const struct reader *r)
{
    return lrh_batch(kit, &r->subject, (struct lr_fake_shape){.capacity = CAPACITY}, 1);
}

static void forget(struct reader *r)
{
    memset(r->assigned, 0, sizeof r->assigned);
    r->n_notes = 0;
    r->ended = 0;
    for (uint32_t i = 0; i < STREAMS; i++)
        r->position[i] = -1;
}

static void open_reader(struct lrh_kit *kit, struct reader *r, uint32_t lane, uint32_t lanes)
{
    lrh_subject_init(kit, &r->subject, lane, lanes);
    lrh_subject_create(kit, &r->subject);
    lrh_subject_start(kit, &r->subject);
    forget(r);
    r->until = NULL;
    r->batch = new_batch(kit, r);
}

/* ---- one poll ------------------------------------------------------------------------------- */

static void take_event(struct lrh_kit *kit, struct reader *r, const struct lr_event *event)
{
    const struct lr_event *again = NULL;
    struct lr_fake *fake = &r->subject.fake;
    lr_status status;

    if (!event || r->batch->batch.count || r->batch->batch.n_spans) {
        lrh_finding(kit, "source.event",
                    event ? "LR_REBALANCE came with records in the batch"
                          : "LR_REBALANCE came without an event");
        lrh_done(kit);
    }
    lrh_doing(kit, "source.event", "poll again before rebalanced()");
    status =
        ops_of(r)->poll(fake->self, &r->batch->batch, CAPACITY, NULL, 0, 0, &again, &fake->err);
    if (status != LR_REBALANCE || again != event) {
        lrh_finding(kit, "source.event",
                    "before rebalanced() a second poll returned %d instead of the same event",
                    status);
        lrh_done(kit);
    }
    for (uint32_t i = 0; i < event->n_streams; i++) {
        const struct lr_stream *stream = event->streams[i];

        if (stream->id >= STREAMS)
            lrh_skip(kit, "this test knows up to %u streams", STREAMS);
        r->assigned[stream->id] = event->kind == LR_EVENT_ASSIGN;
        r->streams[stream->id] = stream;
        r->position[stream->id] = stream->next;
    }
    lrh_doing(kit, "source.event", "rebalanced()");
    status = ops_of(r)->rebalanced(fake->self, &fake->err);
    if (status < 0)
        lrh_subject_failed(kit, &r->subject, status, "rebalanced", "source.event");
}

static void take_record(struct lrh_kit *kit, struct reader *r, const struct lr_span *span,
                        const struct lr_record *record)
{
    uint32_t id = span->stream;

    if (record->stream != id)
        lrh_finding(kit, "source.spans", "a record of stream %u lies in a span of stream %u",
                    record->stream, id);
    if (record->offset < r->position[id])
        lrh_finding(kit, "source.order", "offset %lld of stream %u came when it stood at %lld",
                    (long long)record->offset, id, (long long)r->position[id]);
    if (kit->verdict->n_findings)
        lrh_done(kit);
    if (record->offset >= span->next)
        lrh_finding(kit, "source.spans", "a span that holds offset %lld says that %lld comes next",
                    (long long)record->offset, (long long)span->next);
    if (r->until && record->offset >= r->until[id])
        lrh_finding(kit, "source.until", "offset %lld came though until is %lld",
                    (long long)record->offset, (long long)r->until[id]);
    r->position[id] = record->offset + 1;
    if (r->n_notes < NOTES)
        r->notes[r->n_notes++] =
            (struct note){hash_of(record), record->offset, record->offset + 1, id};
}

static void take_batch(struct lrh_kit *kit, struct reader *r, uint32_t max)
{
    const struct lr_batch *batch = &r->batch->batch;
    uint32_t i = 0;

    if (batch->count > max || batch->count > CAPACITY)
        lrh_finding(kit, "source.max", "asked for %u records, poll gave %u", max, batch->count);
    for (uint32_t k = 0; k < batch->n_spans; k++) {
        const struct lr_span *span = &batch->spans[k];

        if (span->stream >= STREAMS || !r->assigned[span->stream]) {
            lrh_finding(kit, "source.assign", "stream %u gave records before it was assigned",
                        span->stream);
            lrh_done(kit);
        }
        for (uint32_t j = 0; j < span->count && i < batch->count; j++)
            take_record(kit, r, span, lr_batch_record(batch, i++));
        if (span->next < r->position[span->stream])
            lrh_finding(kit, "source.spans", "stream %u stood at %lld and goes back to %lld",
                        span->stream, (long long)r->position[span->stream], (long long)span->next);
        r->position[span->stream] = span->next;
    }
    if (i != batch->count || (batch->count == 0 && batch->n_spans == 0))
        lrh_finding(kit, "source.spans", "%u records came, and spans for %u", batch->count, i);
    if (kit->verdict->n_findings)
        lrh_done(kit);
}

/* One poll; what it gave is noted and, unless `keep`, released. Not for LR_REBALANCE. */
static lr_status read_some(struct lrh_kit *kit, struct reader *r, uint32_t max, int keep)
{
    struct lr_fake *fake = &r->subject.fake;
    const struct lr_event *event = NULL;
    const int64_t timeout = ops_of(r)->fd ? 0 : 20 * MS, began = lrh_real_ns();
    lr_status status;

    r->batch->batch.count = r->batch->batch.n_spans = 0;
    lrh_doing(kit, "source.poll", "poll for %u records", max);
    fake->err.text[0] = '\0';
    status = ops_of(r)->poll(fake->self, &r->batch->batch, max, r->until, r->until ? STREAMS : 0,
                             timeout, &event, &fake->err);
    if (lrh_real_ns() - began > timeout + SLOW_NS)
        lrh_finding(kit, "source.time", "a poll with a timeout of %lld ms took %lld ms",
                    (long long)(timeout / MS), (long long)((lrh_real_ns() - began) / MS));
    if (status < 0)
        lrh_subject_failed(kit, &r->subject, status, "poll", "source.poll");
    if (status == LR_REBALANCE)
        take_event(kit, r, event);
    else if (status == LR_OK)
        take_batch(kit, r, max);
    else if (status == LR_END)
        r->ended = 1;
    else
        (void)nanosleep(&(struct timespec){0, MS}, NULL);
    if (status == LR_OK && !keep && ops_of(r)->release) {
        lrh_doing(kit, "source.release", "release");
        ops_of(r)->release(fake->self, &r->batch->batch);
    }
    return status;
}

/* Reads until there are `n` notes, the end, or nothing for a while. */
static void read_notes(struct lrh_kit *kit, struct reader *r, uint32_t n, uint32_t max)
{
    int64_t end = lrh_real_ns() + PATIENCE_NS;

    while (r->n_notes < n && !r->ended && lrh_real_ns() < end)
        if (read_some(kit, r, max, 0) == LR_OK)
            end = lrh_real_ns() + PATIENCE_NS / 6;
    if (r->n_notes == 0 && r == &one)
        lrh_skip(kit, "it gave no record; let it have something to read ({sample} is a file of "
                      "1,000 lines, and so is standard input)");
}

/* ---- tests ---------------------------------------------------------------------------------- */

void lrh_test_source_polls(struct lrh_kit *kit)
{
    open_reader(kit, &one, 0, 1);
    if (ops_of(&one)->fd) {
        int fd = ops_of(&one)->fd(one.subject.fake.self);

        if (fd != -1 && fcntl(fd, F_GETFD) < 0)
            lrh_finding(kit, "source.fd", "fd gives %d, which is no open descriptor", fd);
    }
    read_notes(kit, &one, NOTES, 16);
    if (one.ended && !(ops_of(&one)->caps & LR_SOURCE_ENDS))
        lrh_finding(kit, "source.end", "poll says LR_END, but caps do not say LR_SOURCE_ENDS");
    for (int i = 0; one.ended && i < 3; i++)
        if (read_some(kit, &one, i ? 16 : 0, 0) != LR_END)
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

    if (!ops_of(&one)->ends)
        return;
    lrh_doing(kit, "source.ends", "ends");
    for (int tries = 0; tries < 200; tries++) {
        status = ops_of(&one)->ends(fake->self, &position, 1, &fake->err);
        if (status != LR_AGAIN)
            break;
        (void)read_some(kit, &one, 0, 0);
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

    open_reader(kit, &one, 0, 1);
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
        read_notes(kit, &one, one.n_notes + sizes[k], sizes[k]);
    for (int i = 0; i < 5; i++) {
        uint32_t before = one.n_notes;

        (void)read_some(kit, &one, 0, 0);
        if (one.n_notes != before)
            lrh_finding(kit, "source.max", "asked for no record, poll gave some");
    }
    judge_ends(kit);
    for (uint32_t i = 0; i < STREAMS; i++)
        until[i] = one.position[i] < 0 ? INT64_MAX : one.position[i] + 5;
    one.until = until;
    for (int i = 0; i < 10 && !one.ended; i++)
        (void)read_some(kit, &one, 16, 0);
    one.until = NULL;
    lrh_subject_close(kit, &one.subject);
}

#define HELD 4

void lrh_test_source_borrow(struct lrh_kit *kit)
{
    struct lr_fake_batch *held[HELD];
    uint64_t hashes[HELD][CAPACITY];
    uint32_t n = 0;

    open_reader(kit, &one, 0, 1);
    read_notes(kit, &one, 1, 1);
    for (int tries = 0; n < HELD && tries < 50 && !one.ended; tries++) {
        if (read_some(kit, &one, 16, 1) != LR_OK)
            continue;
        held[n] = one.batch;
        for (uint32_t i = 0; i < held[n]->batch.count; i++)
            hashes[n][i] = hash_of(lr_batch_record(&held[n]->batch, i));
        n++;
        one.batch = new_batch(kit, &one);
    }
    while (n-- > 0) {
        lrh_doing(kit, "source.borrow", "look at values that were not released");
        for (uint32_t i = 0; i < held[n]->batch.count; i++)
            if (hash_of(lr_batch_record(&held[n]->batch, i)) != hashes[n][i])
                lrh_finding(kit, "source.borrow",
                            "record %u of a batch changed before the batch was released", i);
        lrh_doing(kit, "source.release", "release the newest batch first");
        if (ops_of(&one)->release)
            ops_of(&one)->release(one.subject.fake.self, &held[n]->batch);
    }
    lrh_subject_close(kit, &one.subject);
}

static void need_replay(struct lrh_kit *kit)
{
    if (!(((const struct lr_source *)kit->plugin->ops)->caps & LR_SOURCE_REPLAY))
        lrh_skip(kit, "it cannot be read again (no LR_SOURCE_REPLAY)");
}

/* The notes of one stream, put together at the front. */
static uint32_t only_stream(struct reader *r, uint32_t stream)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < r->n_notes; i++)
        if (r->notes[i].stream == stream)
            r->notes[n++] = r->notes[i];
    r->n_notes = n;
    return n;
}

static void seek_and_compare(struct lrh_kit *kit, const struct note *notes, uint32_t n,
                             uint32_t from)
{
    struct lr_position position = {.stream = notes[0].stream, .next = notes[from].offset};
    struct lr_fake *fake = &one.subject.fake;
    lr_status status;

    lrh_doing(kit, "source.position-after-seek", "seek to %lld", (long long)position.next);
    status = ops_of(&one)->seek(fake->self, &position, 1, &fake->err);
    if (status < 0)
        lrh_subject_failed(kit, &one.subject, status, "seek", "source.position-after-seek");
    one.n_notes = 0;
    one.ended = 0;
    one.position[position.stream] = position.next;
    for (int tries = 0; tries < 200 && one.n_notes < n - from && !one.ended; tries++) {
        (void)read_some(kit, &one, 7, 0);
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
    static struct note notes[NOTES];
    uint32_t n;

    need_replay(kit);
    open_reader(kit, &one, 0, 1);
    read_notes(kit, &one, 60, 16);
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
        status = ops_of(&one)->committed(fake->self, &position, 1, &fake->err);
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

    read_notes(kit, &one, 10, 5);
    position = (struct lr_position){.stream = one.notes[0].stream,
                                    .next = one.position[one.notes[0].stream]};
    lrh_doing(kit, "source.commit", "commit at %lld", (long long)position.next);
    for (int tries = 0; tries < 50 && status == LR_AGAIN; tries++)
        status = ops_of(&one)->commit(fake->self, &position, 1, 1, &fake->err);
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
        open_reader(kit, &one, 0, 1);
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
    open_reader(kit, &one, 0, 1);
    for (int tries = 0; tries < 100 && !one.streams[0] && !one.n_notes; tries++)
        (void)read_some(kit, &one, 0, 0);
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

static int same_record(const struct note *x, const struct note *y)
{
    const struct lr_stream *s = one.streams[x->stream], *t = two.streams[y->stream];

    return x->offset == y->offset && x->hash == y->hash && s && t && s->partition == t->partition &&
           strcmp(s->topic, t->topic) == 0;
}

void lrh_test_source_lanes(struct lrh_kit *kit)
{
    if (!(((const struct lr_source *)kit->plugin->ops)->caps & LR_SOURCE_SPLIT))
        lrh_skip(kit, "it runs in one lane only (no LR_SOURCE_SPLIT)");
    open_reader(kit, &one, 0, 2);
    open_reader(kit, &two, 1, 2);
    for (int64_t end = lrh_real_ns() + PATIENCE_NS / 3;
         lrh_real_ns() < end && one.n_notes + two.n_notes < 400 && !(one.ended && two.ended);) {
        if (!one.ended)
            (void)read_some(kit, &one, 16, 0);
        if (!two.ended)
            (void)read_some(kit, &two, 16, 0);
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
