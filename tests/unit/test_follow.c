/* SPDX-License-Identifier: MIT
 *
 * The file source with follow: growth, rotation by renaming and by truncation, new files, and all
 * of it across restarts. What was read is compared as one string, "value|"; the clock is a fake.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "faults.h"
#include "plug.h"

#define ROWS 64
#define TEXT (1u << 16)
#define STREAMS 32
#define SECOND 1000000000LL

static struct plug plug;
static struct lr_record records[ROWS];
static struct lr_span spans[4];
static int64_t t0[ROWS], read_to[STREAMS];
static uint32_t n_assigned, n_revoked;
static char folder[256], text[TEXT], more[400];

static const char *in(const char *name)
{
    static char paths[8][300];
    static unsigned next;
    char *path = paths[next++ % 8];

    (void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void append(const char *name, const char *what)
{
    FILE *file = fopen(in(name), "ae");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    (void)fputs(what, file);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

static void name(const char *from, const char *to)
{
    CU_ASSERT_EQUAL(rename(in(from), in(to)), 0);
}

static const struct lr_source *ops(void)
{
    return plug.plugin->ops;
}

static lr_status begin(const char *pattern)
{
    char settings[1000];

    n_assigned = n_revoked = 0;
    (void)snprintf(settings, sizeof settings, "path=%s\nfollow=yes\nposition_file=%s\n%s",
                   in(pattern), in("positions"), more);
    CU_ASSERT_EQUAL_FATAL(plug_create(&plug, "file", LR_SOURCE, settings, 0, 1), LR_OK);
    return plug_start(&plug);
}

static void finish(void)
{
    plug_stop(&plug);
    plug_destroy(&plug);
}

static void answer(const struct lr_event *event)
{
    for (uint32_t i = 0; i < event->n_streams; i++) {
        CU_ASSERT_FATAL(event->streams[i]->id < STREAMS);
        if (event->kind == LR_EVENT_ASSIGN)
            read_to[event->streams[i]->id] = event->streams[i]->next;
        else
            read_to[event->streams[i]->id] = -1;
    }
    *(event->kind == LR_EVENT_ASSIGN ? &n_assigned : &n_revoked) += event->n_streams;
    CU_ASSERT_EQUAL(ops()->rebalanced(plug.self, &plug.err), LR_OK);
}

/* Everything there is now; a second passes before, so that names are looked at. */
static const char *take(void)
{
    lr_status status = LR_OK;

    text[0] = '\0';
    plug.monotonic_ns += SECOND;
    while (status != LR_AGAIN) {
        struct lr_batch batch = {.size = sizeof batch,
                                 .record_size = sizeof records[0],
                                 .capacity = ROWS,
                                 .records = records,
                                 .spans = spans,
                                 .span_capacity = 4,
                                 .t0 = t0};
        const struct lr_event *event = NULL;

        status = ops()->poll(plug.self, &batch, 2, NULL, 0, 0, &event, &plug.err);
        CU_ASSERT_FATAL(status >= 0);
        if (status == LR_REBALANCE)
            answer(event);
        if (status != LR_OK)
            continue;
        CU_ASSERT_EQUAL(lr_batch_record(&batch, 0)->offset, read_to[spans[0].stream]);
        CU_ASSERT(spans[0].next > read_to[spans[0].stream]);
        read_to[spans[0].stream] = spans[0].next;
        for (uint32_t i = 0; i < batch.count; i++)
            (void)snprintf(text + strlen(text), TEXT - strlen(text), "%.*s|",
                           (int)records[i].value_len, (const char *)records[i].value);
        ops()->release(plug.self, &batch);
    }
    return text;
}

static lr_status commit(void)
{
    struct lr_position to[STREAMS];
    uint32_t n = 0;

    for (uint32_t i = 0; i < STREAMS; i++)
        if (read_to[i] >= 0)
            to[n++] = (struct lr_position){i, 0, read_to[i]};
    return ops()->commit(plug.self, to, n, 1, &plug.err);
}

static int stored_lines(void)
{
    int n = 0;

    for (const char *at = plug_file(in("positions")); *at; at++)
        n += *at == '\n';
    return n;
}

static int before(void)
{
    char command[400];

    (void)snprintf(command, sizeof command, "rm -rf '%s'/*", folder);
    more[0] = '\0';
    for (uint32_t i = 0; i < STREAMS; i++)
        read_to[i] = -1;
    return system(command);
}

#define TAKES(wanted) CU_ASSERT_STRING_EQUAL(take(), wanted)

/* ---- tests ------------------------------------------------------------------------------ */

static void test_growth(void)
{
    struct pollfd fd = {.events = POLLIN};

    (void)before();
    append("a", "1\n2\nhal");
    CU_ASSERT_EQUAL(begin("a"), LR_OK);
    TAKES("1|2|"); /* half a line is none */
    TAKES("");
    fd.fd = ops()->fd(plug.self);
    CU_ASSERT_EQUAL(poll(&fd, 1, 0), 0);
    append("a", "f\n3\n");
    CU_ASSERT_EQUAL(poll(&fd, 1, 500), 1); /* sooner than the regular look */
    TAKES("half|3|");
    CU_ASSERT_EQUAL(poll(&fd, 1, 0), 0); /* and not busy after it */
    CU_ASSERT_EQUAL(poll(&fd, 1, 1500), 1);
    finish();
}

static void test_restart(void)
{
    (void)before();
    append("a", "1\n2\n3\n");
    CU_ASSERT_EQUAL(begin("a"), LR_OK);
    TAKES("1|2|3|");
    read_to[0] = 4;
    CU_ASSERT_EQUAL(commit(), LR_OK);
    finish();
    append("a", "4\n");
    CU_ASSERT_EQUAL(begin("a"), LR_OK);
    TAKES("3|4|");
    finish();

    /* A line as it was written without follow. */
    (void)snprintf(text, TEXT, "2 %s\n", in("a"));
    plug_save(in("positions"), text, strlen(text));
    CU_ASSERT_EQUAL(begin("a"), LR_OK);
    TAKES("2|3|4|");
    finish();
}

/* A position file that cannot be read; one that names a file with a newline in its name. */
static void test_position_lines(void)
{
    (void)before();
    append("a\nb%", "1\n2\n");
    plug_save(in("positions"), "1 /x\nnonsense\n", 14);
    CU_ASSERT_EQUAL(begin("a*"), LR_EDATA);
    CU_ASSERT_PTR_NOT_NULL(strstr(plug.err.text, "positions:2"));
    finish();
    CU_ASSERT_EQUAL(unlink(in("positions")), 0);
    CU_ASSERT_EQUAL(begin("a*"), LR_OK);
    TAKES("1|2|");
    CU_ASSERT_EQUAL(commit(), LR_OK);
    finish();
    append("a\nb%", "3\n");
    CU_ASSERT_EQUAL(begin("a*"), LR_OK);
    TAKES("3|");
    finish();
}

static void test_missing_at_first(void)
{
    (void)before();
    CU_ASSERT_EQUAL(begin("a"), LR_OK);
    TAKES("");
    CU_ASSERT_PTR_NOT_NULL(plug_logged(&plug, "waiting for one"));
    append("a", "1\n");
    TAKES("1|");
    finish();
}

/* logrotate's create: the rest of the old file, then the new one; late lines of the old one. */
static void test_rename(void)
{
    (void)before();
    append("a", "1\n");
    CU_ASSERT_EQUAL(begin("a"), LR_OK);
    TAKES("1|");
    append("a", "2\n");
    name("a", "a.1");
    append("a", "n1\n");
    append("a.1", "3\nlate");
    TAKES("2|3|n1|");
    append("a.1", "r\n");
    append("a", "n2\n");
    TAKES("later|n2|");
    CU_ASSERT_EQUAL(n_assigned, 2);
    append("a.1", "end"); /* without an end: when it is quiet */
    TAKES("");
    plug.monotonic_ns += 61 * SECOND;
    TAKES("end|");
    CU_ASSERT_EQUAL(n_revoked, 0); /* not committed yet */
    CU_ASSERT_EQUAL(commit(), LR_OK);
    TAKES("");
    CU_ASSERT_EQUAL(n_revoked, 1);
    TAKES("");
    CU_ASSERT_EQUAL(stored_lines(), 1); /* it left the position file */
    name("a", "a.2");
    append("a", "m1\n");
    TAKES("m1|");
    finish();
}

/* What is written into a rotated file while nobody reads (a drain, a trigger that is far away) is
 * not given back unread: what the last read saw says nothing about it. */
static void test_unread_for_long(void)
{
    struct lr_batch batch = {.size = sizeof batch};
    const struct lr_event *event = NULL;

    (void)before();
    append("a", "1\n");
    CU_ASSERT_EQUAL(begin("a"), LR_OK);
    TAKES("1|");
    CU_ASSERT_EQUAL(commit(), LR_OK);
    append("a", "2\n");
    name("a", "a.1");
    append("a", "n1\n");
    plug.monotonic_ns += SECOND;
    for (int i = 0; i < 3; i++) { /* the rotation is noticed; then only kept alive */
        lr_status status = ops()->poll(plug.self, &batch, 0, NULL, 0, 0, &event, &plug.err);

        if (status == LR_REBALANCE)
            answer(event);
        plug.monotonic_ns += 61 * SECOND;
    }
    CU_ASSERT_EQUAL(n_revoked, 0);
    CU_ASSERT_PTR_NULL(strstr(plug_file(in("positions")), ":over"));
    TAKES("2|n1|");
    CU_ASSERT_EQUAL(commit(), LR_OK);
    plug.monotonic_ns += 61 * SECOND;
    CU_ASSERT_EQUAL(ops()->poll(plug.self, &batch, 0, NULL, 0, 0, &event, &plug.err), LR_REBALANCE);
    CU_ASSERT_EQUAL(event->kind, LR_EVENT_REVOKE);
    append("a.1", "3\n"); /* while the lane drains */
    answer(event);
    TAKES("3|");
    finish();
}

static void test_many_rotations(void)
{
    char from[16], value[16];

    (void)before();
    append("a", "0\n");
    CU_ASSERT_EQUAL(begin("a"), LR_OK);
    TAKES("0|");
    for (int i = 1; i < 40; i++) {
        (void)snprintf(from, sizeof from, "a.%d", i);
        name("a", from);
        (void)snprintf(value, sizeof value, "%d\n", i);
        append("a", value);
        (void)snprintf(value, sizeof value, "%d|", i);
        TAKES(value);
        CU_ASSERT_EQUAL(commit(), LR_OK);
        plug.monotonic_ns += 61 * SECOND;
        TAKES("");
        CU_ASSERT(stored_lines() <= 2);
    }
    CU_ASSERT_EQUAL(n_revoked, 39);
    CU_ASSERT(plug.n_logs <= PLUG_LOGS);
    finish();
}

static void test_rename_between_runs(void)
{
    (void)before();
    append("a", "1\n2\n");
    CU_ASSERT_EQUAL(begin("a"), LR_OK);
    TAKES("1|2|");
    read_to[0] = 2;
    CU_ASSERT_EQUAL(commit(), LR_OK);
    finish();
    append("a", "3\n");
    name("a", "a.old");
    append("a", "n1\n");
    CU_ASSERT_EQUAL(begin("a"), LR_OK);
    TAKES("2|3|n1|");
    CU_ASSERT_PTR_NOT_NULL(plug_logged(&plug, "was rotated while nobody read it"));
    CU_ASSERT_EQUAL(commit(), LR_OK);
    finish();

    /* All of the old one was read and committed: it may go. */
    CU_ASSERT_EQUAL(unlink(in("a.old")), 0);
    append("a", "n2\n");
    CU_ASSERT_EQUAL(begin("a"), LR_OK);
    TAKES("n2|");
    finish();

    /* Not so here. */
    append("b", "o1\n");
    name("b", "a");
    CU_ASSERT_EQUAL(begin("a"), LR_EDATA);
    CU_ASSERT_PTR_NOT_NULL(strstr(plug.err.text, "on_lost_offsets = earliest"));
    finish();
    (void)snprintf(more, sizeof more, "on_lost_offsets=earliest");
    CU_ASSERT_EQUAL(begin("a"), LR_OK);
    CU_ASSERT_PTR_NOT_NULL(plug_logged(&plug, "is gone"));
    TAKES("o1|");
    finish();
}

/* A file that was found and rotated away before its first commit is missed when it is gone. */
static void test_found_is_noted(void)
{
    (void)before();
    append("a", "1\n");
    CU_ASSERT_EQUAL(begin("a"), LR_OK);
    finish();
    append("b", "2\n");
    name("b", "a");
    append("filler", "may take the inode\n");
    CU_ASSERT_EQUAL(begin("a"), LR_EDATA);
    finish();
}

static void test_truncate(void)
{
    (void)before();
    append("a", "1\n2\n3\n");
    CU_ASSERT_EQUAL(begin("a"), LR_OK);
    TAKES("1|2|3|");
    plug_save(in("a"), "x\n", 2);
    TAKES("x|");
    CU_ASSERT_PTR_NOT_NULL(plug_logged(&plug, "was truncated after 6 bytes"));
    CU_ASSERT_EQUAL(commit(), LR_OK);
    append("a", "y\n");
    TAKES("y|");
    CU_ASSERT_EQUAL(n_revoked, 1); /* the first life */
    CU_ASSERT_EQUAL(commit(), LR_OK);
    CU_ASSERT_EQUAL(stored_lines(), 1);
    finish();

    append("a", "z\n");
    CU_ASSERT_EQUAL(begin("a"), LR_OK);
    TAKES("z|");
    CU_ASSERT_EQUAL(commit(), LR_OK);
    finish();
    plug_save(in("a"), "0123456789\n", 11); /* truncated, and longer again than before */
    CU_ASSERT_EQUAL(begin("a"), LR_OK);
    CU_ASSERT_PTR_NOT_NULL(plug_logged(&plug, "truncated or replaced"));
    TAKES("0123456789|");
    finish();
}

/* Truncated, and grown beyond what was read, before anybody looks. */
static void test_truncate_regrown(void)
{
    (void)before();
    append("a", "first\n2\n");
    CU_ASSERT_EQUAL(begin("a"), LR_OK);
    TAKES("first|2|");
    CU_ASSERT_EQUAL(commit(), LR_OK);
    plug_save(in("a"), "second\n2\n3\n", 11);
    TAKES("second|2|3|");
    CU_ASSERT_PTR_NOT_NULL(plug_logged(&plug, "was truncated after 8 bytes"));
    plug_save(in("a"), "third life\n2\n", 13);
    CU_ASSERT_EQUAL(commit(), LR_OK); /* does not take the new beginning for the old one's */
    TAKES("third life|2|");
    finish();
}

/* What is to be read again and was truncated away is an error, not a silence. */
static void test_seek(void)
{
    struct lr_position back = {0, 0, 2};

    (void)before();
    append("a", "1\n2\n3\n");
    CU_ASSERT_EQUAL(begin("a"), LR_OK);
    TAKES("1|2|3|");
    CU_ASSERT_EQUAL(ops()->seek(plug.self, &back, 1, &plug.err), LR_OK);
    read_to[0] = 2;
    TAKES("2|3|");
    plug_save(in("a"), "x\n", 2);
    TAKES("x|");
    CU_ASSERT_EQUAL(ops()->seek(plug.self, &back, 1, &plug.err), LR_EDATA);
    finish();
}

static void test_pattern(void)
{
    (void)before();
    append("a.log", "1\n");
    append("b.log", "2\n");
    CU_ASSERT_EQUAL(begin("*"), LR_OK);
    TAKES("1|2|");
    append("c.log", "3\n");
    append("a.log", "4\n");
    TAKES("4|3|");
    name("a.log", "z.log"); /* a name that matches too: the same file */
    append("z.log", "5\n");
    TAKES("5|");
    CU_ASSERT_EQUAL(n_assigned, 3);
    finish();
}

/* Neither what the pipeline writes is followed, by whatever name, nor its positions. */
static void test_own_output(void)
{
    static struct plug sink;
    char settings[400];

    (void)before();
    append("a", "1\n");
    append("out", "not this\n");
    append("positions", "");
    CU_ASSERT_EQUAL(link(in("out"), in("b")), 0);
    CU_ASSERT_EQUAL(symlink(in("positions"), in("c")), 0);
    (void)snprintf(settings, sizeof settings, "path=%s", in("out"));
    CU_ASSERT_EQUAL(plug_create(&sink, "file", LR_SINK, settings, 0, 1), LR_OK);
    CU_ASSERT_EQUAL(begin("*"), LR_OK);
    CU_ASSERT_EQUAL(plug_start(&sink), LR_OK);
    TAKES("1|");
    name("out", "d");
    TAKES("");
    CU_ASSERT_EQUAL(n_assigned, 1);
    finish();
    plug_stop(&sink);

    (void)snprintf(settings, sizeof settings, "path=%s\nposition_file=%s", in("a"), in("out"));
    append("out", "");
    CU_ASSERT_EQUAL(plug_create(&plug, "file", LR_SOURCE, settings, 0, 1), LR_OK);
    CU_ASSERT_EQUAL(plug_start(&plug), LR_ECONFIG);
    finish();
    (void)snprintf(settings, sizeof settings, "path=%s", in("[bo]*"));
    CU_ASSERT_EQUAL(plug_create(&plug, "file", LR_SOURCE, settings, 0, 1), LR_OK);
    CU_ASSERT_EQUAL(plug_start(&plug), LR_ECONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(plug.err.text, "is what this pipeline writes"));
    finish();
    plug_destroy(&sink);
}

static void test_full_disk(void)
{
    struct lr_position at = {0, 0, 0};

    (void)before();
    append("a", "1\n2\n");
    CU_ASSERT_EQUAL(begin("a"), LR_OK);
    TAKES("1|2|");
    faults_arm(FAULT_WRITE, 0, UINT32_MAX - 1, ENOSPC);
    for (int i = 0; i < 130; i++) {
        CU_ASSERT_EQUAL(commit(), LR_AGAIN);
        TAKES("");
    }
    CU_ASSERT_EQUAL(ops()->committed(plug.self, &at, 1, &plug.err), LR_OK);
    CU_ASSERT_EQUAL(at.next, 0); /* what is stored, not what was asked for */
    CU_ASSERT_EQUAL(plug.n_logs, 3);
    CU_ASSERT_PTR_NOT_NULL(plug_logged(&plug, "still no space for"));
    (void)faults_disarm();
    CU_ASSERT_EQUAL(commit(), LR_OK);
    CU_ASSERT_PTR_NOT_NULL(plug_logged(&plug, "space again for"));
    finish();
    CU_ASSERT_EQUAL(begin("a"), LR_OK);
    TAKES("");
    finish();
}

static void test_checks(void)
{
    static const struct {
        int32_t guarantee;
        uint32_t lanes;
        const char *settings, *problem;
    } cases[] = {
        {LR_AT_LEAST_ONCE, 1, "path=/x\nfollow=yes", ""},
        {LR_AT_LEAST_ONCE, 2, "path=/x\nfollow=yes",
         "follow: files that grow are read by one lane: set lanes = 1"},
        {LR_EXACTLY_ONCE, 1, "path=/x\nfollow=yes",
         "follow: exactly_once needs files that stay what they are; with follow the most is "
         "at_least_once"},
        {LR_EXACTLY_ONCE, 1, "path=/x\nposition_file=/y",
         "position_file: not used under exactly_once: the sink stores the positions"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        plug_guarantee = cases[i].guarantee;
        CU_ASSERT_EQUAL(plug_create(&plug, "file", LR_SOURCE, cases[i].settings, 0, cases[i].lanes),
                        LR_OK);
        CU_ASSERT_STRING_EQUAL(plug.problem, cases[i].problem);
        plug_destroy(&plug);
    }
    plug_guarantee = 0;
}

static int make_folder(void)
{
    (void)snprintf(folder, sizeof folder, "%s", plug_folder());
    return 0;
}

static int remove_folder(void)
{
    return before() != 0 || rmdir(folder) != 0;
}

static CU_TestInfo tests[] = {{"growth", test_growth},
                              {"restart", test_restart},
                              {"lines of positions", test_position_lines},
                              {"no file at first", test_missing_at_first},
                              {"renamed", test_rename},
                              {"renamed, unread for long", test_unread_for_long},
                              {"renamed often", test_many_rotations},
                              {"renamed between runs", test_rename_between_runs},
                              {"what is found is noted", test_found_is_noted},
                              {"truncated", test_truncate},
                              {"truncated and regrown", test_truncate_regrown},
                              {"seek", test_seek},
                              {"pattern", test_pattern},
                              {"what it writes itself", test_own_output},
                              {"a full disk", test_full_disk},
                              {"settings", test_checks},
                              CU_TEST_INFO_NULL};

static CU_SuiteInfo suites[] = {{"follow", make_folder, remove_folder, NULL, NULL, tests},
                                CU_SUITE_INFO_NULL};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
