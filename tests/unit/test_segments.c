/* SPDX-License-Identifier: MIT
 *
 * The file sink's mode segments, with dead letters attached: names, positions, and what a crash
 * or a failure at each single system call leaves. "A record" of these tests is its offset as text;
 * the records of a stream up to its position, each once and in order, is what must be there.
 */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults.h"
#include "plug.h"

#define ROWS 64
#define STREAMS 2
#define NAMES 64

static struct plug sinks[4]; /* lane 0: main, dead; lane 1: main, dead */
static char folder[256], results[300], letters[300], text[1 << 20];
static struct lr_stream streams[STREAMS] = {
    {.size = sizeof(struct lr_stream), .id = 0, .topic = "orders", .partition = 3, .end = -1},
    {.size = sizeof(struct lr_stream), .id = 1, .topic = "/in/a b.txt", .partition = -1}};
static const struct lr_stream *const infos[STREAMS] = {&streams[0], &streams[1]};
static const char *const keys[STREAMS] = {"orders-3", "%2Fin%2Fa%20b.txt"};

static const struct lr_sink *ops(void)
{
    static const struct lr_sink *sink; /* of any instance */

    if (!sink)
        sink = sinks[0].plugin->ops;
    return sink;
}

static lr_status open_lane(uint32_t lane)
{
    struct plug *main = &sinks[2 * lane], *dead = main + 1;
    char settings[700];
    lr_status status;

    (void)snprintf(settings, sizeof settings, "mode=segments\npath=%s", results);
    CU_ASSERT_EQUAL_FATAL(plug_create(main, "file", LR_SINK, settings, lane, 2), LR_OK);
    (void)snprintf(settings, sizeof settings, "mode=segments\npath=%s", letters);
    CU_ASSERT_EQUAL_FATAL(plug_create(dead, "file", LR_SINK, settings, lane, 2), LR_OK);
    dead->host.section = "dead_letter";
    CU_ASSERT_EQUAL(ops()->attach(dead->self, main->self, &dead->err), LR_OK);
    status = plug_start(main);
    return status == LR_OK ? plug_start(dead) : status;
}

static void close_lane(uint32_t lane)
{
    for (uint32_t i = 2 * lane + 2; i-- > 2 * lane;) {
        plug_stop(&sinks[i]);
        plug_destroy(&sinks[i]);
    }
}

/* Records first..first+n-1 of a stream: every fifth one is a dead letter. */
static lr_status give(uint32_t lane, uint32_t stream, int64_t first, uint32_t n)
{
    lr_status status = LR_OK;

    for (uint32_t i = 0; i < n && status == LR_OK; i++) {
        int64_t offset = first + i;
        struct plug *sink = &sinks[2 * lane + (offset % 5 == 4)];
        struct lr_record record = {.stream = stream, .offset = offset};
        char value[24];
        struct lr_bytes bytes = {
            value, (uint32_t)snprintf(value, sizeof value, "%lld", (long long)offset), 0};
        struct lr_batch batch = {.size = sizeof batch,
                                 .record_size = sizeof record,
                                 .count = 1,
                                 .capacity = 1,
                                 .records = &record,
                                 .encoded = &bytes,
                                 .streams = infos};
        uint32_t taken = 0;

        do
            status = ops()->write(sink->self, &batch, 0, 1, &taken, &sink->err);
        while (status == LR_AGAIN);
        CU_ASSERT(status != LR_OK || taken == 1);
    }
    return status;
}

static lr_status recover(uint32_t lane, int64_t next[STREAMS])
{
    struct lr_position at[STREAMS] = {{0, 0, 0}, {1, 0, 0}};
    lr_status status =
        ops()->recover(sinks[2 * lane].self, infos, at, STREAMS, &sinks[2 * lane].err);

    for (uint32_t i = 0; i < STREAMS; i++)
        next[i] = at[i].next;
    return status;
}

static lr_status commit(uint32_t lane, int64_t first, int64_t second)
{
    struct lr_position at[STREAMS] = {{0, 0, first}, {1, 0, second}};
    lr_status status;

    do
        status = ops()->commit(sinks[2 * lane].self, at, STREAMS, NULL, &sinks[2 * lane].err);
    while (status == LR_AGAIN);
    return status;
}

/* ---- looking ---------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What the segments of a key hold together, in the order of their names. */
static const char *joined(const char *path, const char *key, uint32_t *ret_n)
{
    DIR *open = opendir(path);
    const struct dirent *entry;
    char *names[NAMES];
    uint32_t n = 0;

    text[0] = '\0';
    while (open && (entry = readdir(open)) != NULL)
        if (strncmp(entry->d_name, key, strlen(key)) == 0 && n < NAMES)
            names[n++] = strdup(entry->d_name);
    if (open)
        (void)closedir(open);
    qsort(names, n, sizeof *names, by_name);
    for (uint32_t i = 0; i < n; i++) {
        char name[600];

        (void)snprintf(name, sizeof name, "%s/%s", path, names[i]);
        (void)strncat(text, plug_file(name), sizeof text - strlen(text) - 1);
        free(names[i]);
    }
    *ret_n = n;
    return text;
}

/* All records before `next` are there once, results and letters, and no other. */
static int holds(uint32_t stream, int64_t next)
{
    for (int dead = 0; dead < 2; dead++) {
        char wanted[8192] = "";
        size_t used = 0;
        uint32_t n;

        for (int64_t i = 0; i < next; i++)
            if ((i % 5 == 4) == dead)
                used +=
                    (size_t)snprintf(wanted + used, sizeof wanted - used, "%lld\n", (long long)i);
        if (strcmp(joined(dead ? letters : results, keys[stream], &n), wanted) != 0) {
            (void)printf("\n  %s of %s, before %lld: %s\n", dead ? "letters" : "results",
                         keys[stream], (long long)next, text);
            return 0;
        }
    }
    return 1;
}

static uint32_t count_parts(const char *path)
{
    uint32_t n;

    (void)joined(path, ".part-", &n);
    return n;
}

static void wipe(void)
{
    char command[700];

    (void)snprintf(command, sizeof command, "rm -rf '%s' '%s'", results, letters);
    CU_ASSERT_EQUAL(system(command), 0);
}

/* ---- tests ------------------------------------------------------------------------------ */

static void test_names(void)
{
    int64_t next[STREAMS];
    char path[700];
    uint32_t n;

    CU_ASSERT_EQUAL(open_lane(0), LR_OK);
    CU_ASSERT_EQUAL(recover(0, next), LR_OK);
    CU_ASSERT(next[0] == 0 && next[1] == 0);
    CU_ASSERT_EQUAL(ops()->begin(sinks[0].self, &sinks[0].err), LR_OK);
    CU_ASSERT_EQUAL(give(0, 0, 0, 4), LR_OK);
    CU_ASSERT_EQUAL(sinks[0].delivered, 4);
    CU_ASSERT_STRING_EQUAL(joined(results, keys[0], &n), ""); /* not before the commit */
    CU_ASSERT_EQUAL(commit(0, 7, 0), LR_OK);                  /* positions may leap */
    (void)snprintf(path, sizeof path, "%s/orders-3.00000000000000000000-00000000000000000007.txt",
                   results);
    CU_ASSERT_STRING_EQUAL(plug_file(path), "0\n1\n2\n3\n");
    CU_ASSERT_EQUAL(give(0, 0, 7, 1), LR_OK);
    CU_ASSERT_EQUAL(give(0, 1, 0, 1), LR_OK);
    CU_ASSERT_EQUAL(commit(0, 9, 5), LR_OK);
    (void)snprintf(path, sizeof path, "%s/orders-3.00000000000000000007-00000000000000000009.txt",
                   results);
    CU_ASSERT_STRING_EQUAL(plug_file(path), "7\n");
    (void)snprintf(path, sizeof path,
                   "%s/%%2Fin%%2Fa%%20b.txt.00000000000000000000-00000000000000000005.txt",
                   results);
    CU_ASSERT_STRING_EQUAL(plug_file(path), "0\n");
    close_lane(0);
    wipe();
}

static void test_abort(void)
{
    int64_t next[STREAMS];
    uint32_t n;

    CU_ASSERT_EQUAL(open_lane(0), LR_OK);
    CU_ASSERT_EQUAL(recover(0, next), LR_OK);
    CU_ASSERT_EQUAL(give(0, 0, 0, 10), LR_OK);
    CU_ASSERT_EQUAL(ops()->abort(sinks[0].self, &sinks[0].err), LR_OK);
    CU_ASSERT_EQUAL(give(0, 0, 0, 5), LR_OK);
    CU_ASSERT_EQUAL(commit(0, 5, 0), LR_OK);
    CU_ASSERT(holds(0, 5));
    CU_ASSERT_STRING_EQUAL(joined(results, ".part-", &n), "");
    close_lane(0);
    wipe();
}

/* Finished segments may go; .positions remembers. Where that went, the newest segment stands in. */
static void test_memory(void)
{
    int64_t next[STREAMS];
    char path[700];

    CU_ASSERT_EQUAL(open_lane(0), LR_OK);
    CU_ASSERT_EQUAL(recover(0, next), LR_OK);
    CU_ASSERT_EQUAL(give(0, 0, 0, 3), LR_OK);
    CU_ASSERT_EQUAL(commit(0, 3, 20), LR_OK); /* the second stream moved without a result */
    CU_ASSERT_EQUAL(give(0, 0, 3, 1), LR_OK);
    CU_ASSERT_EQUAL(commit(0, 4, 20), LR_OK);
    close_lane(0);
    (void)snprintf(path, sizeof path, "%s/orders-3.00000000000000000000-00000000000000000003.txt",
                   results);
    CU_ASSERT_EQUAL(unlink(path), 0);
    CU_ASSERT_EQUAL(open_lane(0), LR_OK);
    CU_ASSERT_EQUAL(recover(0, next), LR_OK);
    CU_ASSERT(next[0] == 4 && next[1] == 20);
    CU_ASSERT_EQUAL(sinks[0].n_logs, 0);
    (void)snprintf(path, sizeof path, "%s/.positions", results);
    CU_ASSERT_EQUAL(unlink(path), 0);
    CU_ASSERT_EQUAL(recover(0, next), LR_OK);
    CU_ASSERT(next[0] == 4 && next[1] == 0);
    CU_ASSERT_PTR_NOT_NULL(plug_logged(&sinks[0], "older than the segments"));
    plug_save(path, "what\n", 5);
    CU_ASSERT_EQUAL(recover(0, next), LR_EDATA);
    CU_ASSERT_PTR_NOT_NULL(strstr(sinks[0].err.text, ".positions:1: not a line"));
    close_lane(0);
    wipe();
}

/* A stream moves to another lane: it goes on where the first one committed, and the first one, if
 * it does not know yet, can commit nothing more. */
static void test_lanes(void)
{
    int64_t next[STREAMS];

    CU_ASSERT_EQUAL(open_lane(0), LR_OK);
    CU_ASSERT_EQUAL(open_lane(1), LR_OK);
    CU_ASSERT_EQUAL(recover(0, next), LR_OK);
    CU_ASSERT_EQUAL(give(0, 0, 0, 6), LR_OK);
    CU_ASSERT_EQUAL(commit(0, 6, 0), LR_OK);
    CU_ASSERT_EQUAL(give(0, 0, 6, 4), LR_OK); /* written, and lost */
    CU_ASSERT_EQUAL(recover(1, next), LR_OK);
    CU_ASSERT_EQUAL(next[0], 6);
    CU_ASSERT_EQUAL(give(1, 0, 6, 5), LR_OK);
    CU_ASSERT_EQUAL(commit(1, 11, 0), LR_OK);
    CU_ASSERT_EQUAL(commit(0, 10, 0), LR_ABORT);
    CU_ASSERT_EQUAL(ops()->abort(sinks[0].self, &sinks[0].err), LR_OK);
    CU_ASSERT_EQUAL(recover(0, next), LR_OK);
    CU_ASSERT_EQUAL(next[0], 11);
    CU_ASSERT(holds(0, 11));
    close_lane(0); /* the other one keeps the folder */
    CU_ASSERT_EQUAL(recover(1, next), LR_OK);
    CU_ASSERT_EQUAL(next[0], 11);
    close_lane(1);
    CU_ASSERT(count_parts(results) == 0 && count_parts(letters) == 0);
    wipe();
}

/* A lane that is committed and owes names, for want of space, while another lane commits. */
static void test_owed_names(void)
{
    struct lr_position at[STREAMS] = {{0, 0, 6}, {1, 0, 6}};
    int64_t next[STREAMS];
    uint32_t n;

    CU_ASSERT_EQUAL(open_lane(0), LR_OK);
    CU_ASSERT_EQUAL(open_lane(1), LR_OK);
    CU_ASSERT(recover(0, next) == LR_OK && recover(1, next) == LR_OK);
    CU_ASSERT(give(0, 0, 0, 6) == LR_OK && give(1, 1, 0, 6) == LR_OK);
    faults_arm(FAULT_NAME, 1, 0, ENOSPC); /* the first one replaces .positions */
    CU_ASSERT_EQUAL(ops()->commit(sinks[0].self, at, 1, NULL, &sinks[0].err), LR_AGAIN);
    CU_ASSERT_EQUAL(faults_disarm(), 1);
    CU_ASSERT_STRING_EQUAL(joined(results, keys[0], &n), "");
    faults_arm(FAULT_NAME, 1, 0, ENOSPC); /* nor can the other lane give it its name */
    CU_ASSERT_EQUAL(ops()->commit(sinks[2].self, at + 1, 1, NULL, &sinks[2].err), LR_AGAIN);
    CU_ASSERT_EQUAL(faults_disarm(), 1);
    CU_ASSERT_EQUAL(ops()->abort(sinks[0].self, &sinks[0].err), LR_EUNAVAILABLE);
    close_lane(0);
    CU_ASSERT_EQUAL(ops()->commit(sinks[2].self, at + 1, 1, NULL, &sinks[2].err), LR_OK);
    CU_ASSERT(holds(0, 6) && holds(1, 6));
    close_lane(1);
    wipe();
}

/* Dead letters that are committed wait for their folder; one that is not there owes nothing less.
 * What only looks like a part is somebody else's. */
static void test_moved_folder(void)
{
    struct lr_position at = {0, 0, 6};
    int64_t next[STREAMS];
    char other[400], note[400];

    (void)snprintf(other, sizeof other, "%s.moved", letters);
    (void)snprintf(note, sizeof note, "%s/.part-of-a-plan", results);
    CU_ASSERT_EQUAL(open_lane(0), LR_OK);
    plug_save(note, "x", 1);
    CU_ASSERT_EQUAL(recover(0, next), LR_OK);
    CU_ASSERT_EQUAL(give(0, 0, 0, 6), LR_OK);
    faults_arm(FAULT_NAME, 1, 1, ENOSPC); /* after .positions */
    CU_ASSERT_EQUAL(ops()->commit(sinks[0].self, &at, 1, NULL, &sinks[0].err), LR_AGAIN);
    (void)faults_disarm();
    close_lane(0);
    CU_ASSERT_EQUAL(rename(letters, other), 0);
    CU_ASSERT_EQUAL(open_lane(0), LR_EUNAVAILABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(sinks[0].err.text, letters));
    close_lane(0);
    CU_ASSERT_EQUAL(rename(other, letters), 0);
    CU_ASSERT_EQUAL(open_lane(0), LR_OK);
    CU_ASSERT_EQUAL(recover(0, next), LR_OK);
    CU_ASSERT(next[0] == 6 && holds(0, 6));
    close_lane(0);
    CU_ASSERT_EQUAL(unlink(note), 0);
    wipe();
}

/* A history with three commits, both streams, results and letters. */
static lr_status run_history(int64_t next[STREAMS])
{
    lr_status status = LR_OK;

    for (int64_t end = 7; end <= 21 && status == LR_OK; end += 7) {
        int64_t to[STREAMS] = {end, end < 14 ? 0 : end};

        for (uint32_t s = 0; s < STREAMS && status == LR_OK; s++)
            if (to[s] > next[s])
                status = give(0, s, next[s], (uint32_t)(to[s] - next[s]));
        if (status == LR_OK && (to[0] > next[0] || to[1] > next[1])) {
            status =
                commit(0, to[0] > next[0] ? to[0] : next[0], to[1] > next[1] ? to[1] : next[1]);
            for (uint32_t s = 0; s < STREAMS; s++)
                next[s] = to[s] > next[s] ? to[s] : next[s];
        }
    }
    return status;
}

static void check_and_finish(int64_t least)
{
    int64_t next[STREAMS] = {-1, -1};

    CU_ASSERT_EQUAL_FATAL(open_lane(0), LR_OK);
    CU_ASSERT_EQUAL_FATAL(recover(0, next), LR_OK);
    CU_ASSERT(next[0] >= least);
    CU_ASSERT(next[0] == 0 || next[0] == 7 || next[0] == 14 || next[0] == 21);
    CU_ASSERT_EQUAL(next[1], next[0] < 14 ? 0 : next[0]); /* both streams, or none */
    CU_ASSERT(holds(0, next[0]) && holds(1, next[1]));
    CU_ASSERT(count_parts(results) == 0 && count_parts(letters) == 0);
    CU_ASSERT_EQUAL(run_history(next), LR_OK);
    CU_ASSERT(holds(0, 21) && holds(1, 21));
    close_lane(0);
    wipe();
}

/* The process dies before or behind each single call, the start's included. */
static void test_die_anywhere(void)
{
    int code = 0;

    for (int after = 0; after < 2; after++)
        for (uint32_t n = 0; n < 500; n++) {
            int status = -1;
            pid_t pid = fork();

            CU_ASSERT_FATAL(pid >= 0);
            if (pid == 0) {
                int64_t next[STREAMS];

                faults_die(FAULT_ALL, n, after);
                _exit(open_lane(0) != LR_OK || recover(0, next) != LR_OK ||
                      run_history(next) != LR_OK);
            }
            CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
            CU_ASSERT_FATAL(WIFEXITED(status));
            code = WEXITSTATUS(status);
            CU_ASSERT(code == 0 || code == FAULT_EXIT);
            check_and_finish(code == 0 ? 21 : 0);
            if (code == 0) { /* it ran to its end */
                CU_ASSERT(n > 40);
                break;
            }
        }
    CU_ASSERT_EQUAL(code, 0);
}

/* Each call fails once with an error that ends the run: as good as a crash, and no more. */
static void fail_anywhere(int error, uint32_t more)
{
    uint32_t n;

    for (n = 0; n < 500; n++) {
        int64_t next[STREAMS];
        lr_status status;

        faults_arm(FAULT_ALL, n, more, error);
        status = open_lane(0);
        if (status == LR_OK)
            status = recover(0, next);
        if (status == LR_OK)
            status = run_history(next);
        if (status < 0)
            CU_ASSERT(sinks[0].err.text[0] || sinks[1].err.text[0]);
        if (status < 0 && error != ENOSPC)
            (void)ops()->abort(sinks[0].self, &sinks[0].err);
        close_lane(0);
        if (faults_disarm() == 0) {
            CU_ASSERT_EQUAL(status, LR_OK);
            break;
        }
        CU_ASSERT(status <= 0);
        check_and_finish(status == LR_OK ? 21 : 0);
    }
    CU_ASSERT(n > 40 && n < 500);
    wipe();
}

static void test_fail_anywhere(void)
{
    fail_anywhere(EIO, 0);
    fail_anywhere(EIO, UINT32_MAX - 1000); /* and nothing works after it */
}

/* A full disk is waited for; nothing is lost, doubled or stopped by it once it runs. */
static void test_full_anywhere(void)
{
    fail_anywhere(ENOSPC, 2);
}

/* Records that are larger than the buffer, and a disk that is full in the middle of one. */
static void test_large(void)
{
    static char large[200000];
    static char wanted[600010];
    struct lr_bytes bytes[3] = {{large, sizeof large, 0}, {"x", 1, 0}, {large, sizeof large, 0}};
    struct lr_record rows[3] = {{.stream = 0}, {.stream = 0}, {.stream = 0}};
    struct lr_batch batch = {.size = sizeof batch,
                             .record_size = sizeof rows[0],
                             .count = 3,
                             .capacity = 3,
                             .records = rows,
                             .encoded = bytes,
                             .streams = infos};
    int64_t next[STREAMS];
    uint32_t taken = 0, n;

    memset(large, 'x', sizeof large);
    memset(wanted, 'x', 400004);
    wanted[200000] = wanted[200002] = wanted[400003] = '\n';
    CU_ASSERT_EQUAL(open_lane(0), LR_OK);
    CU_ASSERT_EQUAL(recover(0, next), LR_OK);
    faults_arm(FAULT_WRITE | FAULT_SHORT, 1, 0, ENOSPC);
    CU_ASSERT_EQUAL(ops()->write(sinks[0].self, &batch, 0, 3, &taken, &sinks[0].err), LR_OK);
    CU_ASSERT_EQUAL(taken, 1); /* the next one finds the disk full */
    CU_ASSERT_EQUAL(ops()->write(sinks[0].self, &batch, 1, 2, &taken, &sinks[0].err), LR_OK);
    CU_ASSERT_EQUAL(taken, 2);
    CU_ASSERT_EQUAL(faults_disarm(), 1);
    CU_ASSERT_EQUAL(commit(0, 3, 0), LR_OK);
    CU_ASSERT_STRING_EQUAL(joined(results, keys[0], &n), wanted);
    CU_ASSERT_EQUAL(sinks[0].delivered, 3);
    close_lane(0);
    wipe();
}

static void test_checks(void)
{
    static const struct {
        int32_t guarantee;
        const char *settings, *problem;
    } cases[] = {
        {LR_EXACTLY_ONCE, "path=/x\nmode=segments", ""},
        {LR_EXACTLY_ONCE, "path=/x", "mode: exactly_once needs mode = segments"},
        {LR_EXACTLY_ONCE, "path=/x\nmode=truncate", "mode: exactly_once needs mode = segments"},
        {LR_AT_LEAST_ONCE, "path=/x\nmode=segments",
         "mode: segments need guarantee = exactly_once"},
        {LR_EXACTLY_ONCE, "path=/x{lane}\nmode=segments",
         "path: all lanes share one folder of segments: take {lane} out"},
        {LR_EXACTLY_ONCE, "path=/x\nmode=segments\nsync=none",
         "sync: segments are always synced: take it out"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        plug_guarantee = cases[i].guarantee;
        CU_ASSERT_EQUAL(plug_create(&sinks[0], "file", LR_SINK, cases[i].settings, 0, 1), LR_OK);
        CU_ASSERT_STRING_EQUAL(sinks[0].problem, cases[i].problem);
        plug_destroy(&sinks[0]);
    }
    plug_guarantee = LR_EXACTLY_ONCE;
}

/* Two parts of a pipeline cannot share a folder, by whatever name. */
static void test_one_owner(void)
{
    char other[400], settings[700];

    CU_ASSERT_EQUAL(open_lane(0), LR_OK);
    (void)snprintf(other, sizeof other, "%s/link", folder);
    CU_ASSERT_EQUAL(symlink(results, other), 0);
    (void)snprintf(settings, sizeof settings, "mode=segments\npath=%s", other);
    CU_ASSERT_EQUAL(plug_create(&sinks[2], "file", LR_SINK, settings, 0, 1), LR_OK);
    sinks[2].host.section = "dead_letter";
    CU_ASSERT_EQUAL(plug_start(&sinks[2]), LR_ECONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(sinks[2].err.text, "[section] of pipeline test writes into"));
    plug_stop(&sinks[2]);
    plug_destroy(&sinks[2]);
    close_lane(0);
    CU_ASSERT_EQUAL(unlink(other), 0);
    wipe();
    plug_save(results, "", 0);
    CU_ASSERT_EQUAL(open_lane(0), LR_ECONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(sinks[0].err.text, "is not a folder"));
    close_lane(0);
    wipe();
}

static int make_folder(void)
{
    plug_guarantee = LR_EXACTLY_ONCE;
    (void)snprintf(folder, sizeof folder, "%s", plug_folder());
    (void)snprintf(results, sizeof results, "%s/results", folder);
    (void)snprintf(letters, sizeof letters, "%s/letters", folder);
    return 0;
}

static int remove_folder(void)
{
    return rmdir(folder);
}

static CU_TestInfo tests[] = {{"names", test_names},
                              {"abort", test_abort},
                              {"memory", test_memory},
                              {"lanes", test_lanes},
                              {"names that are owed", test_owed_names},
                              {"a folder that was moved", test_moved_folder},
                              {"large records", test_large},
                              {"death at each call", test_die_anywhere},
                              {"a failure at each call", test_fail_anywhere},
                              {"a full disk at each call", test_full_anywhere},
                              {"settings", test_checks},
                              {"one owner", test_one_owner},
                              CU_TEST_INFO_NULL};

static CU_SuiteInfo suites[] = {{"segments", make_folder, remove_folder, NULL, NULL, tests},
                                CU_SUITE_INFO_NULL};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
