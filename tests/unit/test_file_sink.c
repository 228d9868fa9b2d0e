/* SPDX-License-Identifier: MIT
 *
 * The file sink's modes append and truncate: when records are settled, what a sync that fails
 * does, and what becomes of a line that a crash tore.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults.h"
#include "plug.h"

#define ROWS 8
#define MS 1000000

static struct plug plug;
static struct lr_record records[ROWS];
static struct lr_bytes encoded[ROWS];
static char folder[256], path[300], mark[300];

static struct lr_batch results(uint32_t n, uint64_t token)
{
    static const char *const words[ROWS] = {"one", "two", "three", "four", "5", "6", "7", "8"};

    for (uint32_t i = 0; i < n; i++)
        encoded[i] = (struct lr_bytes){words[i], (uint32_t)strlen(words[i]), 0};
    return (struct lr_batch){.size = sizeof(struct lr_batch),
                             .record_size = sizeof records[0],
                             .count = n,
                             .capacity = ROWS,
                             .records = records,
                             .encoded = encoded,
                             .token = token};
}

static lr_status begin(const char *more)
{
    char settings[700];

    (void)snprintf(settings, sizeof settings, "path=%s\n%s", path, more);
    CU_ASSERT_EQUAL_FATAL(plug_create(&plug, "file", LR_SINK, settings, 0, 1), LR_OK);
    return plug_start(&plug);
}

static void finish(void)
{
    plug_stop(&plug);
    plug_destroy(&plug);
}

static const struct lr_sink *ops(void)
{
    return plug.plugin->ops;
}

static void give(uint32_t first, uint32_t n, uint64_t token)
{
    struct lr_batch batch = results(ROWS, token);
    uint32_t taken = 0;

    CU_ASSERT_EQUAL(ops()->write(plug.self, &batch, first, n, &taken, &plug.err), LR_OK);
    CU_ASSERT_EQUAL(taken, n);
}

/* Guarantee and setting -> does a write settle, or the sync? */
static void test_sync_choice(void)
{
    static const struct {
        int32_t guarantee;
        const char *more;
        int synced;
    } cases[] = {{0, "", 0},
                 {LR_AT_MOST_ONCE, "", 0},
                 {LR_AT_LEAST_ONCE, "", 1},
                 {LR_AT_LEAST_ONCE, "sync=none", 0},
                 {LR_AT_MOST_ONCE, "sync=batch", 1},
                 {LR_AT_LEAST_ONCE, "mode=truncate", 1}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        plug_guarantee = cases[i].guarantee;
        CU_ASSERT_EQUAL(begin(cases[i].more), LR_OK);
        faults_arm(FAULT_SYNC, UINT32_MAX, 0, EIO); /* counts */
        give(0, 2, 100);
        CU_ASSERT_EQUAL(plug.delivered, cases[i].synced ? 0 : 2);
        CU_ASSERT_EQUAL(ops()->flush(plug.self, &plug.err), LR_OK);
        CU_ASSERT_EQUAL(plug.delivered, 2);
        CU_ASSERT_EQUAL(faults_calls(), (uint32_t)cases[i].synced);
        (void)faults_disarm();
        finish();
        (void)unlink(path);
    }
    plug_guarantee = 0;
}

/* Many writes, one sync; runs of neighbouring tokens are settled as one. */
static void test_sync_once_for_many(void)
{
    CU_ASSERT_EQUAL(begin("sync=batch"), LR_OK);
    faults_arm(FAULT_SYNC, UINT32_MAX, 0, EIO);
    give(0, 2, 100);
    give(2, 2, 100);
    give(0, 1, 500);
    CU_ASSERT_EQUAL(ops()->poll(plug.self, 0, &plug.err), LR_OK);
    CU_ASSERT(plug.n_settles == 0 && faults_calls() == 0); /* it is not time yet */
    plug.monotonic_ns += 50 * MS;
    CU_ASSERT_EQUAL(ops()->poll(plug.self, 0, &plug.err), LR_OK);
    CU_ASSERT_EQUAL(faults_calls(), 1);
    CU_ASSERT_EQUAL_FATAL(plug.n_settles, 2);
    CU_ASSERT(plug.settles[0].token == 100 && plug.settles[0].count == 4);
    CU_ASSERT(plug.settles[1].token == 500 && plug.settles[1].count == 1);
    CU_ASSERT_EQUAL(ops()->flush(plug.self, &plug.err), LR_OK);
    CU_ASSERT_EQUAL(faults_calls(), 1); /* nothing is left to sync */
    (void)faults_disarm();
    CU_ASSERT_STRING_EQUAL(plug_file(path), "one\ntwo\nthree\nfour\none\n");
    finish();
    (void)unlink(path);
}

/* Neither runs nor bytes gather without bound. */
static void test_sync_bounds(void)
{
    static char large[1 << 20];
    struct lr_batch batch = results(1, 0);
    uint32_t taken;

    CU_ASSERT_EQUAL(begin("sync=batch"), LR_OK);
    for (uint64_t i = 0; i < 1024; i++)
        give(0, 1, 10 * i);
    CU_ASSERT_EQUAL(plug.delivered, 1024);
    memset(large, 'x', sizeof large);
    encoded[0] = (struct lr_bytes){large, sizeof large, 0};
    for (uint32_t i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(ops()->write(plug.self, &batch, 0, 1, &taken, &plug.err), LR_OK);
    CU_ASSERT_EQUAL(plug.delivered, 1028);
    finish();
    (void)unlink(path);
}

/* A sync that fails ends the run at once; it is not tried a second time, and what is drained
 * afterwards neither: the system reports a failure once, and the next sync would be good. */
static void test_sync_fails(void)
{
    CU_ASSERT_EQUAL(begin("sync=batch"), LR_OK);
    give(0, 3, 100);
    faults_arm(FAULT_SYNC, 0, 0, EIO);
    CU_ASSERT_EQUAL(ops()->flush(plug.self, &plug.err), LR_EUNAVAILABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(plug.err.text, "cannot sync"));
    CU_ASSERT_PTR_NOT_NULL(strstr(plug.err.text, path));
    CU_ASSERT_EQUAL(ops()->flush(plug.self, &plug.err), LR_EUNAVAILABLE);
    CU_ASSERT_EQUAL(plug.n_settles, 0);
    CU_ASSERT_EQUAL(faults_calls(), 1);
    CU_ASSERT_EQUAL(faults_disarm(), 1);
    finish();
    (void)unlink(path);
}

/* A piece of a run that can neither be completed nor cut off stays the last one. */
static void test_cut_fails(void)
{
    struct lr_batch batch = results(ROWS, 100);
    uint32_t taken;

    CU_ASSERT_EQUAL(begin(""), LR_OK);
    faults_arm(FAULT_WRITE | FAULT_CUT | FAULT_SHORT, 1, 1, ENOSPC);
    CU_ASSERT_EQUAL(ops()->write(plug.self, &batch, 0, 2, &taken, &plug.err), LR_EUNAVAILABLE);
    CU_ASSERT_EQUAL(faults_disarm(), 2);
    CU_ASSERT_EQUAL(ops()->flush(plug.self, &plug.err), LR_EUNAVAILABLE);
    CU_ASSERT_EQUAL(plug.n_settles, 0);
    CU_ASSERT_STRING_EQUAL(plug_file(path), "one\n");
    finish();
    (void)unlink(path);
    (void)unlink(mark);
}

/* What is in a file without a name is in none. */
static void test_removed(void)
{
    CU_ASSERT_EQUAL(begin("sync=batch"), LR_OK);
    give(0, 3, 100);
    CU_ASSERT_EQUAL(unlink(path), 0);
    CU_ASSERT_EQUAL(ops()->flush(plug.self, &plug.err), LR_EUNAVAILABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(plug.err.text, "was removed"));
    CU_ASSERT_EQUAL(plug.n_settles, 0);
    finish();
    (void)unlink(mark);
}

/* Every call of a run fails once, in turn: it is an error or a wait, never a torn or lost line. */
static void test_each_call_fails(void)
{
    static const int errors[] = {EIO, ENOSPC};
    uint32_t n = 0;

    for (size_t e = 0; e < 2; e++) {
        for (n = 0; n < 64; n++) {
            struct lr_batch batch = results(ROWS, 100);
            const char *text, *end;
            lr_status status;
            uint32_t taken = 0, lines = 0;

            faults_arm(FAULT_ALL, n, 0, errors[e]);
            status = begin("sync=batch");
            for (int i = 0; i < 3 && status == LR_OK; i++) {
                status = ops()->write(plug.self, &batch, 0, 2, &taken, &plug.err);
                plug.monotonic_ns += 1000 * (int64_t)MS;
                if (status == LR_OK)
                    status = ops()->flush(plug.self, &plug.err);
            }
            plug.monotonic_ns += 1000 * (int64_t)MS;
            if (status == LR_OK)
                status = ops()->flush(plug.self, &plug.err);
            finish();
            text = plug_file(path);
            for (end = text; *end; end++)
                lines += *end == '\n';
            CU_ASSERT(lines >= plug.delivered);
            CU_ASSERT(end == text || end[-1] == '\n');
            CU_ASSERT(status < 0 || plug.delivered == 6);
            CU_ASSERT(status >= 0 || plug.err.text[0]);
            (void)unlink(path);
            (void)unlink(mark);
            if (faults_disarm() == 0)
                break;
        }
        CU_ASSERT(n > 5 && n < 64);
    }
}

/* A disk that fills up in the middle of a run: what went out is taken back until there is room. */
static void test_short_write(void)
{
    CU_ASSERT_EQUAL(begin(""), LR_OK);
    give(0, 1, 50);
    faults_arm(FAULT_WRITE | FAULT_SHORT, 1, 0, ENOSPC);
    give(0, 2, 100);
    CU_ASSERT_EQUAL(faults_disarm(), 1);
    CU_ASSERT_STRING_EQUAL(plug_file(path), "one\n");
    CU_ASSERT_EQUAL(plug.delivered, 1);
    plug.monotonic_ns += 1000 * (int64_t)MS;
    CU_ASSERT_EQUAL(ops()->poll(plug.self, 0, &plug.err), LR_OK);
    CU_ASSERT_STRING_EQUAL(plug_file(path), "one\none\ntwo\n");
    CU_ASSERT_EQUAL(plug.delivered, 3);
    finish();
    (void)unlink(path);
}

/* What a crash leaves: the mark, and perhaps a piece of a line. */
static void die_writing(const char *before, const char *piece)
{
    int status = -1;
    pid_t pid;

    plug_save(path, before, strlen(before));
    pid = fork();
    CU_ASSERT_FATAL(pid >= 0);
    if (pid == 0) {
        int fd;

        if (begin("") != LR_OK)
            _exit(1);
        give(0, 2, 100);
        fd = open(path, O_WRONLY | O_APPEND);
        _exit(write(fd, piece, strlen(piece)) != (ssize_t)strlen(piece));
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_EQUAL(access(mark, F_OK), 0);
}

static void test_torn_by_a_crash(void)
{
    static char piece[150000];

    die_writing("old\n", "thr");
    CU_ASSERT_EQUAL(begin(""), LR_OK);
    CU_ASSERT_PTR_NOT_NULL(plug_logged(&plug, "its 3 bytes are cut off"));
    CU_ASSERT_STRING_EQUAL(plug_file(path), "old\none\ntwo\n");
    finish();
    CU_ASSERT_EQUAL(access(mark, F_OK), -1); /* ended in order */

    memset(piece, 'x', sizeof piece - 1); /* longer than one look back */
    die_writing("", piece);
    CU_ASSERT_EQUAL(begin(""), LR_OK);
    CU_ASSERT_STRING_EQUAL(plug_file(path), "one\ntwo\n");
    finish();

    die_writing("a longer line, cut off while it was written\n", "");
    plug_save(path, "tw", 2); /* emptied by others below the mark, and then torn */
    CU_ASSERT_EQUAL(begin(""), LR_OK);
    CU_ASSERT_STRING_EQUAL(plug_file(path), "");
    finish();

    die_writing("", ""); /* a whole last line stays */
    CU_ASSERT_EQUAL(begin(""), LR_OK);
    CU_ASSERT_EQUAL(plug.n_logs, 0);
    CU_ASSERT_STRING_EQUAL(plug_file(path), "one\ntwo\n");
    finish();
    (void)unlink(path);
}

/* What somebody else wrote without a final newline is never cut off. */
static void test_torn_by_others(void)
{
    char next[310];

    (void)snprintf(next, sizeof next, "%s.next", path);
    CU_ASSERT_EQUAL((plug_save(path, "note", 4), begin("")), LR_OK); /* no mark */
    CU_ASSERT_STRING_EQUAL(plug_file(path), "note\n");
    finish();

    die_writing("", "thr"); /* a mark, but of a file that was replaced */
    plug_save(next, "other", 5);
    CU_ASSERT_EQUAL(rename(next, path), 0);
    CU_ASSERT_EQUAL(begin(""), LR_OK);
    CU_ASSERT_STRING_EQUAL(plug_file(path), "other\n");
    CU_ASSERT_PTR_NOT_NULL(plug_logged(&plug, "it has one now"));
    finish();

    plug_save(mark, "nonsense", 8);
    plug_save(path, "a\nnote", 6);
    CU_ASSERT_EQUAL(begin(""), LR_OK);
    CU_ASSERT_STRING_EQUAL(plug_file(path), "a\nnote\n");
    finish();
    (void)unlink(path);
}

/* One process writes a file. */
static void test_one_writer(void)
{
    int ready[2], over[2], status = -1;
    char c = 0;
    pid_t pid;

    CU_ASSERT_FATAL(pipe(ready) == 0 && pipe(over) == 0);
    pid = fork();
    CU_ASSERT_FATAL(pid >= 0);
    if (pid == 0) {
        int bad = begin("") != LR_OK || write(ready[1], "x", 1) != 1;

        (void)close(over[1]);
        (void)!read(over[0], &c, 1);
        finish();
        _exit(bad);
    }
    CU_ASSERT_EQUAL(read(ready[0], &c, 1), 1);
    CU_ASSERT_EQUAL(begin(""), LR_EUNAVAILABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(plug.err.text, "another process (pid "));
    finish();
    (void)close(over[1]);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_EQUAL(begin(""), LR_OK);
    finish();
    (void)close(over[0]);
    (void)close(ready[0]);
    (void)close(ready[1]);
    (void)unlink(path);
}

/* By another name, and within one process. */
static void test_one_writer_by_any_name(void)
{
    static struct plug other;
    char link_path[310], settings[700];

    CU_ASSERT_EQUAL(begin(""), LR_OK);
    give(0, 1, 100);
    (void)snprintf(link_path, sizeof link_path, "%s.link", path);
    CU_ASSERT_EQUAL(link(path, link_path), 0);
    for (int same = 0; same < 2; same++) {
        (void)snprintf(settings, sizeof settings, "mode=truncate\npath=%s",
                       same ? path : link_path);
        CU_ASSERT_EQUAL(plug_create(&other, "file", LR_SINK, settings, 0, 1), LR_OK);
        CU_ASSERT_EQUAL(plug_start(&other), LR_EUNAVAILABLE);
        CU_ASSERT_PTR_NOT_NULL(
            strstr(other.err.text, same ? "part of this process" : "under another name"));
        plug_stop(&other);
        plug_destroy(&other);
    }
    CU_ASSERT_STRING_EQUAL(plug_file(path), "one\n");
    finish();
    (void)unlink(link_path);
    (void)unlink(path);
}

/* An output that cannot be made leaves no mark. */
static void test_no_output(void)
{
    faults_arm(FAULT_OPEN, 1, 0, EACCES);
    CU_ASSERT_EQUAL(begin(""), LR_EUNAVAILABLE);
    CU_ASSERT_EQUAL(faults_disarm(), 1);
    finish();
    CU_ASSERT_EQUAL(access(mark, F_OK), -1);
}

static void test_truncate_warns(void)
{
    for (int32_t g = LR_AT_MOST_ONCE; g <= LR_AT_LEAST_ONCE; g++) {
        plug_guarantee = g;
        CU_ASSERT_EQUAL(begin("mode=truncate"), LR_OK);
        CU_ASSERT_EQUAL(strstr(plug.problem, "each start empties") != NULL, g == LR_AT_LEAST_ONCE);
        finish();
    }
    plug_guarantee = 0;
    (void)unlink(path);
}

static int make_folder(void)
{
    (void)snprintf(folder, sizeof folder, "%s", plug_folder());
    (void)snprintf(path, sizeof path, "%s/a.txt", folder);
    (void)snprintf(mark, sizeof mark, "%s/.a.txt.lrhost", folder);
    return 0;
}

static int remove_folder(void)
{
    return rmdir(folder);
}

static CU_TestInfo tests[] = {{"sync: when", test_sync_choice},
                              {"sync: once for many", test_sync_once_for_many},
                              {"sync: bounds", test_sync_bounds},
                              {"sync: fails", test_sync_fails},
                              {"cutting fails", test_cut_fails},
                              {"removed while it is written", test_removed},
                              {"each call fails once", test_each_call_fails},
                              {"a short write", test_short_write},
                              {"a line torn by a crash", test_torn_by_a_crash},
                              {"a line that others did not end", test_torn_by_others},
                              {"one writer", test_one_writer},
                              {"one writer by any name", test_one_writer_by_any_name},
                              {"no output", test_no_output},
                              {"truncate warns", test_truncate_warns},
                              CU_TEST_INFO_NULL};

static CU_SuiteInfo suites[] = {{"file sink", make_folder, remove_folder, NULL, NULL, tests},
                                CU_SUITE_INFO_NULL};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
