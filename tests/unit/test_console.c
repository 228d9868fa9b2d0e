/* SPDX-License-Identifier: MIT
 *
 * The console monitor: what it prints into a pipe and onto a (pseudo) terminal, alone and with
 * others, and its summary. Standard error is replaced while a monitor speaks.
 */
#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "plug.h"
#include "plugins/console/status.h"

#define MS 1000000LL
#define SECOND_NS (1000 * MS)
#define START_NS (1700000000 * SECOND_NS)
#define SEEN 65536

static char seen[SEEN], folder[256], path[300];
static int reader = -1, kept = -1;

/* From here on standard error is a pipe, or a terminal of `columns`. */
static void capture(int terminal, unsigned short columns)
{
    int ends[2] = {-1, -1};

    if (terminal) {
        struct winsize size = {.ws_row = 24, .ws_col = columns};

        ends[0] = posix_openpt(O_RDWR | O_NOCTTY);
        CU_ASSERT_FATAL(ends[0] >= 0 && grantpt(ends[0]) == 0 && unlockpt(ends[0]) == 0);
        ends[1] = open(ptsname(ends[0]), O_RDWR | O_NOCTTY);
        CU_ASSERT_FATAL(ends[1] >= 0 && ioctl(ends[1], TIOCSWINSZ, &size) == 0);
        CU_ASSERT_EQUAL(setenv("TERM", "xterm", 1), 0);
    } else {
        CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    }
    CU_ASSERT_EQUAL(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    kept = plug_place(ends[1], STDERR_FILENO);
    (void)close(ends[1]);
    reader = ends[0];
}

/* What was printed since the last look. */
static const char *look(void)
{
    struct pollfd fd = {reader, POLLIN, 0};
    size_t used = 0;
    ssize_t n;

    /* A terminal hands over what was written in pieces, and a moment later. */
    while (used < sizeof seen - 1 && poll(&fd, 1, 50) == 1 &&
           (n = read(reader, seen + used, sizeof seen - 1 - used)) > 0)
        used += (size_t)n;
    seen[used] = '\0';
    return seen;
}

static void release(void)
{
    plug_put_back(kept, STDERR_FILENO);
    (void)close(reader);
}

static void create(struct plug *plug, const char *settings)
{
    CU_ASSERT_EQUAL_FATAL(plug_create(plug, "console", LR_MONITOR, settings, 0, 1), LR_OK);
}

static struct lr_snapshot snapshot_at(const char *name, int64_t after_ns, uint64_t records)
{
    return (struct lr_snapshot){.size = sizeof(struct lr_snapshot),
                                .state = LR_STATE_RUNNING,
                                .pipeline = name,
                                .instance = "here",
                                .wall_ns = START_NS + after_ns,
                                .elapsed_ns = after_ns,
                                .lanes = 2,
                                .records_read = records + 10,
                                .records_scored = records + 10,
                                .records_written = records + 5,
                                .records_delivered = records,
                                .in_flight = 5,
                                .lag = -1,
                                .metric_size = sizeof(struct lr_metric)};
}

static void show(struct plug *plug, const struct lr_snapshot *snapshot)
{
    ((const struct lr_monitor *)plug->plugin->ops)->snapshot(plug->self, snapshot);
}

static void show_at(struct plug *plug, const char *name, int64_t after_ns, uint64_t records)
{
    struct lr_snapshot snapshot = snapshot_at(name, after_ns, records);

    show(plug, &snapshot);
}

static void end_at(struct plug *plug, const char *name, int64_t after_ns, uint64_t records)
{
    struct lr_snapshot snapshot = snapshot_at(name, after_ns, records);

    snapshot.state = LR_STATE_STOPPED;
    show(plug, &snapshot);
}

static void test_counts(void)
{
    static const struct {
        double count;
        const char *text;
    } cases[] = {{0, "0"},           {7, "7"},
                 {999, "999"},       {1000, "1.00 k"},
                 {12345, "12.3 k"},  {99949, "99.9 k"},
                 {99951, "100 k"},   {999499, "999 k"},
                 {999500, "1.00 M"}, {4560000, "4.56 M"},
                 {2e12, "2.00 T"},   {5e15, "5000 T"}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[32];

        status_count(text, sizeof text, cases[i].count);
        CU_ASSERT_STRING_EQUAL(text, cases[i].text);
    }
}

static void test_plain(void)
{
    static struct plug plug;

    capture(0, 0);
    create(&plug, "every=2s");
    CU_ASSERT_EQUAL(((const struct lr_monitor *)plug.plugin->ops)->interval_ns(plug.self),
                    2 * SECOND_NS);
    show_at(&plug, "scoring", 0, 0);
    CU_ASSERT_STRING_EQUAL(look(), ""); /* no rate yet */
    show_at(&plug, "scoring", SECOND_NS, 1000);
    CU_ASSERT_STRING_EQUAL(look(), "");
    show_at(&plug, "scoring", 2 * SECOND_NS, 20000);
    CU_ASSERT_STRING_EQUAL(look(), "scoring: read 20.0 k (10.0 k/s), delivered 20.0 k (10.0 k/s), "
                                   "in flight 5\n");
    show_at(&plug, "scoring", 3 * SECOND_NS, 30000);
    CU_ASSERT_STRING_EQUAL(look(), "");
    end_at(&plug, "scoring", 4 * SECOND_NS, 50000);
    CU_ASSERT_STRING_EQUAL(look(), "scoring: stopped, read 50010, delivered 50000 in 4.0 s "
                                   "(12.5 k/s)\n");
    end_at(&plug, "scoring", 4 * SECOND_NS, 50000);
    CU_ASSERT_STRING_EQUAL(look(), "");
    plug_destroy(&plug);
    release();
}

static void test_trouble_and_batches(void)
{
    static const struct lr_figure figures[] = {
        {.size = sizeof figures[0], .name = "batchId", .value = 7},
        {.size = sizeof figures[0], .name = "numInputRows", .value = 1234},
        {.size = sizeof figures[0], .name = "durationMs.triggerExecution", .value = 12.34},
        {.size = sizeof figures[0], .name = "unheard.of", .value = 1}};
    struct lr_progress progress = {.size = sizeof progress,
                                   .figures = figures,
                                   .figure_size = sizeof figures[0],
                                   .n_figures = 4};
    struct lr_snapshot snapshot = snapshot_at("scoring", 2 * SECOND_NS, 0);
    static struct plug plug;

    capture(0, 0);
    create(&plug, "");
    show_at(&plug, "scoring", 0, 0);
    ((const struct lr_monitor *)plug.plugin->ops)->progress(plug.self, &progress);
    snapshot.lag = 12;
    snapshot.records_bad = 3;
    snapshot.dead_letters = 2;
    snapshot.rewinds = 1;
    show(&plug, &snapshot);
    CU_ASSERT_PTR_NOT_NULL(strstr(look(), ", in flight 5, lag 12, batch 7: 1.23 k rows in 12.3 ms, "
                                          "bad 3, dead letters 2, rewinds 1\n"));
    plug_destroy(&plug);
    release();
}

/* What is on the terminal's last line, by the few control codes that are used. */
static const char *screen(const char *bytes)
{
    static char line[1024];
    size_t at = 0;

    line[0] = '\0';
    for (const char *p = bytes; *p; p++) {
        if (*p == '\r') {
            at = 0;
        } else if (*p == '\n') {
            at = 0;
            line[0] = '\0';
        } else if (strncmp(p, "\x1b[K", 3) == 0) {
            line[at] = '\0';
            p += 2;
        } else if (*p == '\x1b') {
            p = strchr(p, 'm');
        } else {
            size_t len = strlen(line);

            line[at++] = *p;
            if (at > len)
                line[at] = '\0';
        }
    }
    return line;
}

static void test_terminal(void)
{
    static struct plug plug;

    capture(1, 200);
    create(&plug, "");
    CU_ASSERT(((const struct lr_monitor *)plug.plugin->ops)->interval_ns(plug.self) < SECOND_NS);
    show_at(&plug, "scoring", 0, 0);
    show_at(&plug, "scoring", SECOND_NS, 1000);
    CU_ASSERT_STRING_EQUAL(screen(look()), "scoring: read 1.01 k (1.00 k/s), delivered 1.00 k "
                                           "(1.00 k/s), in flight 5");
    CU_ASSERT_PTR_NULL(strchr(seen, '\n')); /* always the same line */
    end_at(&plug, "scoring", 2 * SECOND_NS, 2000);
    CU_ASSERT_PTR_NOT_NULL(strstr(look(), "scoring: stopped, read 2010"));
    CU_ASSERT_STRING_EQUAL(screen(seen), ""); /* nothing stays behind the last line */
    plug_destroy(&plug);
    release();
}

/* Two pipelines have one line together, and each its place in it. */
static void test_two_on_a_terminal(void)
{
    static struct plug one, two;

    capture(1, 200);
    create(&one, "");
    create(&two, "");
    show_at(&one, "generate", 0, 0);
    show_at(&two, "score", 0, 0);
    show_at(&one, "generate", SECOND_NS, 1000);
    show_at(&two, "score", SECOND_NS, 900);
    CU_ASSERT_STRING_EQUAL(screen(look()), "generate 1.00 k (1.00 k/s) | score 900 (900/s)");
    end_at(&one, "generate", 2 * SECOND_NS, 2000);
    CU_ASSERT_PTR_NOT_NULL(strstr(look(), "generate: stopped"));
    CU_ASSERT_PTR_NOT_NULL(strstr(screen(seen), "score: read 910"));
    plug_destroy(&one);
    end_at(&two, "score", 2 * SECOND_NS, 2000);
    CU_ASSERT_STRING_EQUAL(screen(look()), "");
    plug_destroy(&two);
    release();
}

static void width_case(unsigned short columns, size_t expected)
{
    static struct plug plug;

    capture(1, columns);
    create(&plug, "");
    show_at(&plug, "scoring", 0, 0);
    CU_ASSERT_EQUAL(strlen(screen(look())), expected);
    plug_destroy(&plug);
    release();
}

static void test_narrow(void)
{
    width_case(40, 39); /* one column is left free: the cursor must not wrap */
    width_case(20, 19);
    width_case(19, 0);
}

static void test_colour(void)
{
    struct lr_snapshot snapshot = snapshot_at("scoring", 0, 0);
    static struct plug plug;

    snapshot.records_bad = 1;
    for (int off = 0; off < 2; off++) {
        CU_ASSERT_EQUAL(off ? setenv("NO_COLOR", "1", 1) : unsetenv("NO_COLOR"), 0);
        capture(1, 200);
        create(&plug, "");
        show(&plug, &snapshot);
        CU_ASSERT_EQUAL(strstr(look(), "\x1b[31m") == NULL, off);
        plug_destroy(&plug);
        release();
    }
    (void)unsetenv("NO_COLOR");
}

static void test_dumb_terminal(void)
{
    static struct plug plug;

    capture(1, 200);
    CU_ASSERT_EQUAL(setenv("TERM", "dumb", 1), 0);
    create(&plug, "");
    show_at(&plug, "scoring", 0, 0);
    show_at(&plug, "scoring", 3 * SECOND_NS, 3000);
    CU_ASSERT_PTR_NULL(strchr(look(), '\x1b'));
    CU_ASSERT_PTR_NOT_NULL(strstr(seen, "scoring: read"));
    plug_destroy(&plug);
    release();
}

static void test_quiet_and_summary(void)
{
    static const struct lr_metric metrics[] = {{.size = sizeof metrics[0],
                                                .kind = LR_GAUGE,
                                                .name = "lrhost_slip_seconds",
                                                .section = "source",
                                                .lane = 1,
                                                .value = 0.25}};
    struct lr_snapshot snapshot = snapshot_at("scoring", 4 * SECOND_NS, 1000);
    static struct plug plug;
    char settings[400];

    snapshot.state = LR_STATE_FAILED;
    snapshot.metrics = metrics;
    snapshot.n_metrics = 1;
    (void)snprintf(settings, sizeof settings, "quiet=yes\nsummary=%s", path);
    capture(0, 0);
    create(&plug, settings);
    show_at(&plug, "scoring", 0, 0);
    show_at(&plug, "scoring", 3 * SECOND_NS, 500);
    CU_ASSERT_STRING_EQUAL(plug_file(path), "");
    show(&plug, &snapshot);
    CU_ASSERT_STRING_EQUAL(look(), "");
    CU_ASSERT_STRING_EQUAL(plug_json(path, "schema"), "lrhost-summary/1");
    CU_ASSERT_STRING_EQUAL(plug_json(path, "state"), "failed");
    CU_ASSERT_STRING_EQUAL(plug_json(path, "records_read"), "1010");
    CU_ASSERT_STRING_EQUAL(plug_json(path, "records_delivered"), "1000");
    CU_ASSERT_STRING_EQUAL(plug_json(path, "elapsed_seconds"), "4");
    CU_ASSERT_STRING_EQUAL(plug_json(path, "records_per_second"), "250");
    CU_ASSERT_STRING_EQUAL(plug_json(path, "source.1.lrhost_slip_seconds"), "0.25");
    plug_destroy(&plug);
    release();
}

static int make_folder(void)
{
    (void)snprintf(folder, sizeof folder, "%s", plug_folder());
    (void)snprintf(path, sizeof path, "%s/summary.json", folder);
    return 0;
}

static int remove_folder(void)
{
    (void)unlink(path);
    return rmdir(folder);
}

static CU_TestInfo tests[] = {{"counts", test_counts},
                              {"plain lines", test_plain},
                              {"trouble and micro-batches", test_trouble_and_batches},
                              {"a terminal", test_terminal},
                              {"two pipelines", test_two_on_a_terminal},
                              {"a narrow terminal", test_narrow},
                              {"colour", test_colour},
                              {"a dumb terminal", test_dumb_terminal},
                              {"quiet, with a summary", test_quiet_and_summary},
                              CU_TEST_INFO_NULL};

static CU_SuiteInfo suites[] = {{"console", make_folder, remove_folder, NULL, NULL, tests},
                                CU_SUITE_INFO_NULL};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
