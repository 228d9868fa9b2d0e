/* SPDX-License-Identifier: MIT
 *
 * Lines out: the sinks of the stdio, file and null modules, through the public ABI, on real pipes,
 * files and devices; what becomes of a reader that is slow or gone and of a disk that is full.
 */
#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plug.h"

#define ROWS 256

static struct plug plug;
static struct lr_record records[ROWS];
static struct lr_bytes encoded[ROWS];
static char folder[256], path[300];

static struct lr_batch results(const char *const *values, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        encoded[i] = (struct lr_bytes){values[i], values[i] ? (uint32_t)strlen(values[i]) : 0, 0};
    return (struct lr_batch){.size = sizeof(struct lr_batch),
                             .record_size = sizeof records[0],
                             .count = n,
                             .capacity = ROWS,
                             .records = records,
                             .encoded = encoded,
                             .token = 500};
}

static void create(const char *module, uint32_t kind, const char *settings)
{
    lr_status status = plug_create(&plug, module, kind, settings, 0, 1);

    CU_ASSERT_EQUAL_FATAL(status, LR_OK);
}

static void finish(void)
{
    plug_stop(&plug);
    plug_destroy(&plug);
}

static lr_status give(const struct lr_batch *batch, uint32_t first, uint32_t n, uint32_t *ret_taken)
{
    return ((const struct lr_sink *)plug.plugin->ops)
        ->write(plug.self, batch, first, n, ret_taken, &plug.err);
}

static const char *const words[] = {"one", "", "two;2", NULL, "three"};

static void open_sink(const char *more)
{
    char settings[700];

    (void)snprintf(settings, sizeof settings, "path=%s\n%s", path, more);
    create("file", LR_SINK, settings);
    CU_ASSERT_EQUAL(plug_start(&plug), LR_OK);
}

static void test_file_sink(void)
{
    static const char *const modes[] = {"mode=truncate", "mode=append", "sync=none"};
    static const char *const before[] = {"old\n", "old\n", "torn"};
    static const char *const after[] = {"one\n\ntwo;2\n\nthree\n", "old\none\n\ntwo;2\n\nthree\n",
                                        "torn\none\n\ntwo;2\n\nthree\n"};

    for (size_t i = 0; i < 3; i++) {
        struct lr_batch batch = results(words, 5);
        uint32_t taken = 0;

        plug_save(path, before[i], strlen(before[i]));
        open_sink(modes[i]);
        CU_ASSERT_EQUAL(give(&batch, 0, 2, &taken), LR_OK);
        CU_ASSERT_EQUAL(taken, 2);
        CU_ASSERT_EQUAL(plug.delivered, 2); /* settled when it is in the file */
        CU_ASSERT_EQUAL(give(&batch, 2, 3, &taken), LR_OK);
        CU_ASSERT(plug.settles[1].token == 502 && plug.settles[1].count == 3);
        CU_ASSERT_STRING_EQUAL(plug_file(path), after[i]);
        finish();
    }
}

static void test_file_sink_lanes(void)
{
    char settings[700], made[700];

    (void)snprintf(settings, sizeof settings, "path=%s", path);
    CU_ASSERT_EQUAL(plug_create(&plug, "file", LR_SINK, settings, 0, 2), LR_OK);
    CU_ASSERT_EQUAL(plug.n_problems, 1); /* two lanes, one file */
    plug_destroy(&plug);
    (void)snprintf(settings, sizeof settings, "path=%s/out-{lane}.log", folder);
    (void)snprintf(made, sizeof made, "%s/out-1.log", folder);
    CU_ASSERT_EQUAL(plug_create(&plug, "file", LR_SINK, settings, 1, 2), LR_OK);
    CU_ASSERT_EQUAL(plug.n_problems, 0);
    CU_ASSERT_EQUAL(plug_start(&plug), LR_OK);
    CU_ASSERT_EQUAL(access(made, F_OK), 0);
    finish();
    (void)unlink(made);
}

/* A full device: nothing is lost or settled, it is said once, and tried again after a while. */
static void test_disk_full(void)
{
    const struct lr_sink *sink;
    struct lr_batch batch = results(words, 5);
    uint32_t taken = 0;

    create("file", LR_SINK, "path=/dev/full");
    CU_ASSERT_EQUAL(plug_start(&plug), LR_OK);
    sink = plug.plugin->ops;
    CU_ASSERT_EQUAL(give(&batch, 0, 3, &taken), LR_OK);
    CU_ASSERT_EQUAL(taken, 3);
    CU_ASSERT_EQUAL(give(&batch, 3, 2, &taken), LR_AGAIN);
    CU_ASSERT_EQUAL(taken, 0);
    plug.monotonic_ns += 1000000000;
    CU_ASSERT_EQUAL(sink->poll(plug.self, 0, &plug.err), LR_OK);
    CU_ASSERT_EQUAL(plug.n_settles, 0);
    CU_ASSERT_EQUAL(plug.n_logs, 1);
    for (int s = 0; s < 125; s++) { /* once a minute while it lasts */
        plug.monotonic_ns += 1000000000;
        CU_ASSERT_EQUAL(sink->poll(plug.self, 0, &plug.err), LR_OK);
    }
    CU_ASSERT_EQUAL(plug.n_logs, 3);
    CU_ASSERT_STRING_EQUAL(plug.logs[0], "no space left for /dev/full; waiting");
    CU_ASSERT_STRING_EQUAL(plug.logs[2], "still no space for /dev/full after 120 s");
    finish();
}

/* The file size limit stands in for a disk that fills up in the middle of a line. (The write
 * that crosses it is short, the next one fails; here with EFBIG, an error.) */
static void test_torn_line(void)
{
    static char line[5000];
    static const char *const long_words[] = {line, line};
    struct lr_batch batch;
    uint32_t taken = 0;
    int status = -1;
    pid_t pid;

    memset(line, 'x', sizeof line - 1);
    batch = results(long_words, 2);
    pid = fork();
    CU_ASSERT_FATAL(pid >= 0);
    if (pid == 0) { /* the limit cannot be raised again by everyone */
        struct rlimit limit = {7000, 7000};
        lr_status got;

        (void)signal(SIGXFSZ, SIG_IGN);
        open_sink("mode=truncate");
        (void)give(&batch, 0, 1, &taken);
        got = setrlimit(RLIMIT_FSIZE, &limit) == 0 ? give(&batch, 1, 1, &taken) : LR_OK;
        _exit(got == LR_EUNAVAILABLE && plug.delivered == 1 ? 0 : 1);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_EQUAL(strlen(plug_file(path)), 5000); /* one line, and no part of another */
}

/* A reader that does not read: the sink says so, keeps what it took, and goes on with it later;
 * not a byte is lost or doubled. */
static void test_stdout_pipe(void)
{
    static char word[1000], seen[1u << 21];
    static const char *words_of[ROWS];
    const struct lr_sink *sink;
    size_t given = 0, got = 0;
    int ends[2], kept, full = 0;
    struct lr_batch batch;

    memset(word, 'w', sizeof word - 1);
    for (uint32_t i = 0; i < ROWS; i++)
        words_of[i] = word;
    batch = results(words_of, ROWS);
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    CU_ASSERT_EQUAL(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    create("stdio", LR_SINK, "");
    kept = plug_place(ends[1], STDOUT_FILENO);
    CU_ASSERT_EQUAL(plug_start(&plug), LR_OK);
    sink = plug.plugin->ops;
    CU_ASSERT(sink->fd(plug.self) >= 0);
    for (int round = 0; round < 20 && !full; round++) {
        uint32_t taken = 0;
        lr_status status = give(&batch, 0, ROWS, &taken);

        given += taken * sizeof word;
        full = status == LR_AGAIN;
        CU_ASSERT(full ? taken == 0 : status == LR_OK && taken > 0);
    }
    CU_ASSERT(full && plug.delivered * sizeof word < given);
    CU_ASSERT_EQUAL(plug.n_logs, 0);
    for (int s = 0; s < 75; s++) { /* a pause is no news, ten seconds are, then every minute */
        plug.monotonic_ns += 1000000000;
        CU_ASSERT_EQUAL(sink->poll(plug.self, 0, &plug.err), LR_OK);
    }
    CU_ASSERT_EQUAL_FATAL(plug.n_logs, 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(plug.logs[1], "still no room in standard output"));
    while (got < given) {
        struct pollfd room = {sink->fd(plug.self), POLLIN, 0};
        ssize_t n = read(ends[0], seen + got, sizeof seen - got);

        if (n > 0)
            got += (size_t)n;
        if (plug.delivered * sizeof word < given)
            CU_ASSERT_EQUAL(poll(&room, 1, 1000), 1); /* the descriptor says that there is room */
        CU_ASSERT_EQUAL_FATAL(sink->poll(plug.self, 0, &plug.err), LR_OK);
    }
    plug_put_back(kept, STDOUT_FILENO);
    CU_ASSERT_EQUAL(got, given);
    CU_ASSERT_EQUAL(plug.delivered * sizeof word, given);
    CU_ASSERT_EQUAL(plug.n_logs, 3);
    CU_ASSERT_PTR_NOT_NULL(plug_logged(&plug, "room again in"));
    for (size_t i = 0; i < got; i++)
        full += seen[i] != (i % sizeof word == sizeof word - 1 ? '\n' : 'w');
    CU_ASSERT_EQUAL(full, 1);
    finish();
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void test_stdout_prompt(void)
{
    struct lr_batch batch = results(words, 5);
    char seen[100];
    int ends[2], kept;
    uint32_t taken;

    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    create("stdio", LR_SINK, "");
    kept = plug_place(ends[1], STDOUT_FILENO);
    CU_ASSERT_EQUAL(plug_start(&plug), LR_OK);
    CU_ASSERT_EQUAL(give(&batch, 0, 1, &taken), LR_OK);
    CU_ASSERT_EQUAL(read(ends[0], seen, sizeof seen), 4); /* there when write returned */
    CU_ASSERT_EQUAL(plug.delivered, 1);
    plug_put_back(kept, STDOUT_FILENO);
    finish();
    (void)close(ends[0]);
    (void)close(ends[1]);
}

/* An error and not a signal, for the lane's thread alone. */
static void test_stdout_gone(void)
{
    struct lr_batch batch = results(words, 5);
    int ends[2], kept;
    uint32_t taken = 9;
    lr_status status;

    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    (void)close(ends[0]);
    create("stdio", LR_SINK, "");
    kept = plug_place(ends[1], STDOUT_FILENO);
    CU_ASSERT_EQUAL(plug_start(&plug), LR_OK);
    status = give(&batch, 0, 5, &taken);
    plug_put_back(kept, STDOUT_FILENO);
    CU_ASSERT_EQUAL(status, LR_EUNAVAILABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(plug.err.text, "gone"));
    CU_ASSERT_EQUAL(plug.n_settles, 0);
    finish();
    (void)close(ends[1]);
}

static void test_stdout_full(void)
{
    struct lr_batch batch = results(words, 5);
    int fd = open("/dev/full", O_WRONLY), kept;
    uint32_t taken;
    lr_status status;

    create("stdio", LR_SINK, "");
    kept = plug_place(fd, STDOUT_FILENO);
    CU_ASSERT_EQUAL(plug_start(&plug), LR_OK);
    status = give(&batch, 0, 5, &taken);
    plug_put_back(kept, STDOUT_FILENO);
    CU_ASSERT_EQUAL(status, LR_EUNAVAILABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(plug.err.text, "No space"));
    finish();
    (void)close(fd);
}

static void test_null(void)
{
    struct lr_batch batch = results(words, 5);
    uint32_t taken = 0;

    create("null", LR_SINK, "");
    CU_ASSERT_EQUAL(give(&batch, 1, 4, &taken), LR_OK);
    CU_ASSERT_EQUAL(taken, 4);
    CU_ASSERT(plug.n_settles == 1 && plug.settles[0].token == 501 && plug.delivered == 4);
    finish();
}

static int make_folder(void)
{
    (void)snprintf(folder, sizeof folder, "%s", plug_folder());
    (void)snprintf(path, sizeof path, "%s/a.txt", folder);
    return 0;
}

static int remove_folder(void)
{
    char mark[300];

    (void)snprintf(mark, sizeof mark, "%s/.a.txt.lrhost", folder); /* of the child that died */
    (void)unlink(mark);
    (void)unlink(path);
    return rmdir(folder);
}

static CU_TestInfo sink_tests[] = {{"file: modes", test_file_sink},
                                   {"file: lanes", test_file_sink_lanes},
                                   {"file: no space", test_disk_full},
                                   {"file: no torn line", test_torn_line},
                                   {"stdout: a slow reader", test_stdout_pipe},
                                   {"stdout: promptly", test_stdout_prompt},
                                   {"stdout: nobody reads", test_stdout_gone},
                                   {"stdout: no space", test_stdout_full},
                                   {"null", test_null},
                                   CU_TEST_INFO_NULL};

static CU_SuiteInfo suites[] = {{"sinks", make_folder, remove_folder, NULL, NULL, sink_tests},
                                CU_SUITE_INFO_NULL};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
