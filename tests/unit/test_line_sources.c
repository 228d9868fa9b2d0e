/* SPDX-License-Identifier: MIT
 *
 * Lines in: the sources of the stdio and file modules, through the public ABI, on real pipes and
 * files. What was read is compared as one string, "offset:value|".
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "faults.h"
#include "plug.h"

#define ROWS 256
#define TEXT (1u << 16)

static struct plug plug;
static struct lr_record records[ROWS];
static struct lr_span spans[4];
static int64_t t0[ROWS];
static char folder[256], path[300], other[300], text[TEXT];

static struct lr_batch new_batch(uint32_t capacity)
{
    return (struct lr_batch){.size = sizeof(struct lr_batch),
                             .record_size = sizeof records[0],
                             .capacity = capacity,
                             .records = records,
                             .spans = spans,
                             .span_capacity = 4,
                             .t0 = t0};
}

static lr_status take(struct lr_batch *batch, uint32_t max)
{
    const struct lr_source *source = plug.plugin->ops;
    const struct lr_event *event = NULL;
    lr_status status;

    batch->count = batch->n_spans = 0;
    status = source->poll(plug.self, batch, max, NULL, 0, 0, &event, &plug.err);
    if (status == LR_REBALANCE) {
        CU_ASSERT_EQUAL(event->kind, LR_EVENT_ASSIGN);
        CU_ASSERT_EQUAL(source->rebalanced(plug.self, &plug.err), LR_OK);
        status = source->poll(plug.self, batch, max, NULL, 0, 0, &event, &plug.err);
    }
    return status;
}

static void note(const struct lr_batch *batch)
{
    size_t used = strlen(text);
    int64_t next = 0;

    CU_ASSERT_EQUAL(batch->n_spans, 1);
    CU_ASSERT_EQUAL(batch->spans[0].count, batch->count);
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct lr_record *record = lr_batch_record(batch, i);

        CU_ASSERT_EQUAL(record->stream, batch->spans[0].stream);
        CU_ASSERT_EQUAL(batch->t0[i], -1);
        used += (size_t)snprintf(text + used, TEXT - used, "%lld:%.*s|", (long long)record->offset,
                                 (int)record->value_len, (const char *)record->value);
        next = record->offset + record->value_len;
    }
    CU_ASSERT(batch->spans[0].next == next || batch->spans[0].next == next + 1);
}

/* Everything until END, `most` at a time. */
static const char *read_all(uint32_t most)
{
    const struct lr_source *source = plug.plugin->ops;
    lr_status status = LR_OK;

    text[0] = '\0';
    while (status == LR_OK || status == LR_AGAIN) {
        struct lr_batch batch = new_batch(ROWS);

        status = take(&batch, most);
        if (status == LR_OK) {
            note(&batch);
            source->release(plug.self, &batch);
        }
    }
    CU_ASSERT_EQUAL(status, LR_END);
    return text;
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

static void open_file(const char *content, size_t len, const char *more)
{
    char settings[700];

    plug_save(path, content, len);
    (void)snprintf(settings, sizeof settings, "path=%s\n%s", path, more);
    create("file", LR_SOURCE, settings);
    CU_ASSERT_EQUAL_FATAL(plug_start(&plug), LR_OK);
}

static const struct {
    const char *content, *lines;
} line_cases[] = {{"", ""},
                  {"\n", "0:|"},
                  {"a", "0:a|"},
                  {"a\n", "0:a|"},
                  {"a\nb", "0:a|2:b|"},
                  {"a\n\n\nb\n", "0:a|2:|3:|4:b|"},
                  {"a\r\nb\r\n", "0:a\r|3:b\r|"},
                  {"1.0,2.0;3\n4,5;6\n", "0:1.0,2.0;3|10:4,5;6|"}};
#define N_CASES (sizeof line_cases / sizeof line_cases[0])

static void test_file_lines(void)
{
    for (size_t i = 0; i < N_CASES; i++) {
        for (uint32_t most = 1; most <= 3; most++) {
            open_file(line_cases[i].content, strlen(line_cases[i].content), "");
            CU_ASSERT_STRING_EQUAL(read_all(most), line_cases[i].lines);
            finish();
        }
    }
}

/* Lines that cross blocks and lines longer than a block; several batches are held at once, as
 * the host may, and must not change below it. */
static void test_file_blocks(void)
{
    static const size_t lens[] = {1, 100000, 0, 300000, 262143, 262144, 1000000, 5, 700000};
    struct lr_batch held[9];
    const struct lr_source *source;
    static char content[3000000];
    size_t used = 0;

    for (size_t i = 0; i < 9; i++) {
        memset(content + used, (int)('a' + i), lens[i]);
        used += lens[i];
        content[used++] = '\n';
    }
    open_file(content, used, "");
    source = plug.plugin->ops;
    for (size_t i = 0; i < 9; i++) {
        static struct lr_record rows[9][2];

        held[i] = new_batch(2);
        held[i].records = rows[i];
        CU_ASSERT_EQUAL_FATAL(take(&held[i], 1), LR_OK);
    }
    for (size_t i = 0; i < 9; i++) {
        const struct lr_record *record = lr_batch_record(&held[i], 0);
        const char *value = record->value;
        size_t wrong = 0;

        CU_ASSERT_EQUAL(record->value_len, lens[i]);
        for (size_t k = 0; k < record->value_len; k++)
            wrong += value[k] != (char)('a' + i);
        CU_ASSERT_EQUAL(wrong, 0);
    }
    for (size_t i = 0; i < 9; i++)
        source->release(plug.self, &held[(i * 4) % 9]); /* in any order */
    finish();
}

static void test_file_too_long(void)
{
    struct lr_batch batch = new_batch(ROWS);

    open_file("ok\n123456\n", 10, "max_record_bytes=5");
    CU_ASSERT_EQUAL(take(&batch, ROWS), LR_OK); /* what stands before it comes first */
    CU_ASSERT_EQUAL(batch.count, 1);
    ((const struct lr_source *)plug.plugin->ops)->release(plug.self, &batch);
    CU_ASSERT_EQUAL(take(&batch, ROWS), LR_EDATA);
    CU_ASSERT_PTR_NOT_NULL(strstr(plug.err.text, "byte 3"));
    CU_ASSERT_PTR_NOT_NULL(strstr(plug.err.text, path));
    finish();
}

/* A rewind while lines are held, and across the files of a pattern. */
static void test_file_seek(void)
{
    struct lr_position to[2] = {{0, 0, 2}, {1, 0, 0}}, stored[2] = {{0, 0, -1}, {1, 0, -1}};
    const struct lr_source *source;
    char settings[700];

    plug_save(path, "a\nb\nc\n", 6);
    plug_save(other, "x\ny\n", 4);
    (void)snprintf(settings, sizeof settings, "path=%s/*.txt", folder);
    create("file", LR_SOURCE, settings);
    CU_ASSERT_EQUAL_FATAL(plug_start(&plug), LR_OK);
    source = plug.plugin->ops;
    CU_ASSERT_STRING_EQUAL(read_all(2), "0:a|2:b|4:c|0:x|2:y|");
    CU_ASSERT_EQUAL(source->seek(plug.self, to, 2, &plug.err), LR_OK);
    CU_ASSERT_STRING_EQUAL(read_all(2), "2:b|4:c|0:x|2:y|");
    CU_ASSERT_EQUAL(source->seek(plug.self, to + 1, 1, &plug.err), LR_OK);
    CU_ASSERT_STRING_EQUAL(read_all(9), "0:x|2:y|");
    CU_ASSERT_EQUAL(source->commit(plug.self, to, 1, 1, &plug.err), LR_OK);
    CU_ASSERT_EQUAL(source->committed(plug.self, stored, 2, &plug.err), LR_OK);
    CU_ASSERT(stored[0].next == 2 && stored[1].next == 0);
    finish();
    (void)unlink(other);
}

static void test_file_until(void)
{
    const int64_t until[1] = {3};
    struct lr_batch batch = new_batch(ROWS);
    const struct lr_source *source;
    const struct lr_event *event;

    open_file("a\nb\nc\n", 6, "");
    source = plug.plugin->ops;
    CU_ASSERT_EQUAL(take(&batch, 0), LR_AGAIN); /* only announced */
    CU_ASSERT_EQUAL(source->poll(plug.self, &batch, ROWS, until, 1, 0, &event, &plug.err), LR_OK);
    CU_ASSERT(batch.count == 2 && batch.spans[0].next == 4);
    source->release(plug.self, &batch);
    batch = new_batch(ROWS);
    CU_ASSERT_EQUAL(source->poll(plug.self, &batch, ROWS, until, 1, 0, &event, &plug.err),
                    LR_AGAIN);
    CU_ASSERT_STRING_EQUAL(read_all(1), "4:c|");
    finish();
}

static void test_position_file(void)
{
    struct lr_position done = {0, 0, 4};
    const struct lr_source *source;
    char more[400], stored[300];

    (void)snprintf(stored, sizeof stored, "%s/positions", folder);
    (void)snprintf(more, sizeof more, "position_file=%s", stored);
    open_file("a\nb\nc\n", 6, more);
    source = plug.plugin->ops;
    CU_ASSERT_STRING_EQUAL(read_all(9), "0:a|2:b|4:c|");
    CU_ASSERT_EQUAL(source->commit(plug.self, &done, 1, 0, &plug.err), LR_OK);
    finish();
    open_file("a\nb\nc\n", 6, more); /* the next run */
    CU_ASSERT_STRING_EQUAL(read_all(9), "4:c|");
    finish();
    plug_guarantee = LR_EXACTLY_ONCE; /* the sink knows better */
    open_file("a\nb\nc\n", 6, more);
    CU_ASSERT_STRING_EQUAL(read_all(9), "0:a|2:b|4:c|");
    finish();
    plug_guarantee = 0;
    plug_save(path, "a\n", 2);
    (void)snprintf(text, TEXT, "path=%s\n%s", path, more);
    create("file", LR_SOURCE, text);
    CU_ASSERT_EQUAL(plug_start(&plug), LR_EDATA); /* shorter than what was read */
    finish();
    plug_save(stored, "nonsense\n", 9);
    create("file", LR_SOURCE, text);
    CU_ASSERT_EQUAL(plug_start(&plug), LR_EDATA);
    CU_ASSERT_PTR_NOT_NULL(strstr(plug.err.text, "positions:1"));
    finish();
    (void)unlink(stored);
}

/* A last line without an end is a record; that it went on is not taken for another one. */
static void test_position_inside_a_line(void)
{
    struct lr_position done = {0, 0, 3};
    struct lr_batch batch = new_batch(ROWS);
    const struct lr_source *source;
    char more[400], stored[300];

    (void)snprintf(stored, sizeof stored, "%s/positions", folder);
    (void)snprintf(more, sizeof more, "position_file=%s", stored);
    open_file("a\nb", 3, more);
    source = plug.plugin->ops;
    CU_ASSERT_STRING_EQUAL(read_all(9), "0:a|2:b|");
    CU_ASSERT_EQUAL(source->commit(plug.self, &done, 1, 0, &plug.err), LR_OK);
    finish();
    open_file("a\nb", 3, more);
    CU_ASSERT_STRING_EQUAL(read_all(9), "");
    finish();
    open_file("a\nbc\n", 5, more);
    CU_ASSERT_EQUAL(take(&batch, ROWS), LR_EDATA);
    CU_ASSERT_PTR_NOT_NULL(strstr(plug.err.text, "up to byte 3"));
    finish();
    (void)unlink(stored);
}

/* No space for the positions: it comes again, and is said once a minute. */
static void test_position_file_full(void)
{
    struct lr_position done = {0, 0, 4};
    const struct lr_source *source;
    char more[400], stored[300];

    (void)snprintf(stored, sizeof stored, "%s/positions", folder);
    (void)snprintf(more, sizeof more, "position_file=%s", stored);
    open_file("a\nb\nc\n", 6, more);
    source = plug.plugin->ops;
    CU_ASSERT_STRING_EQUAL(read_all(9), "0:a|2:b|4:c|");
    faults_arm(FAULT_SYNC, 0, UINT32_MAX - 1, ENOSPC);
    for (int i = 0; i < 61; i++) {
        CU_ASSERT_EQUAL(source->commit(plug.self, &done, 1, 0, &plug.err), LR_AGAIN);
        plug.monotonic_ns += 1000000000;
    }
    CU_ASSERT_EQUAL(plug.n_logs, 2);
    CU_ASSERT(faults_disarm() > 0);
    CU_ASSERT_EQUAL(source->commit(plug.self, &done, 1, 0, &plug.err), LR_OK);
    CU_ASSERT_PTR_NOT_NULL(plug_logged(&plug, "after 61 s"));
    faults_arm(FAULT_SYNC, UINT32_MAX, 0, EIO);
    CU_ASSERT_EQUAL(source->commit(plug.self, &done, 1, 0, &plug.err), LR_OK);
    CU_ASSERT_EQUAL(faults_calls(), 2); /* the file and its name */
    faults_arm(FAULT_SYNC, 0, 0, EIO);
    CU_ASSERT_EQUAL(source->commit(plug.self, &done, 1, 0, &plug.err), LR_EUNAVAILABLE);
    (void)faults_disarm();
    finish();
    (void)unlink(stored);
}

static void test_file_lanes(void)
{
    char settings[700];

    plug_save(path, "a\n", 2);
    plug_save(other, "b\n", 2);
    (void)snprintf(settings, sizeof settings, "path=%s/*.txt", folder);
    for (uint32_t lane = 0; lane < 3; lane++) {
        static const char *const expected[] = {"0:a|", "0:b|", ""};

        CU_ASSERT_EQUAL(plug_create(&plug, "file", LR_SOURCE, settings, lane, 3), LR_OK);
        CU_ASSERT_EQUAL_FATAL(plug_start(&plug), LR_OK);
        CU_ASSERT_STRING_EQUAL(read_all(9), expected[lane]);
        finish();
    }
    (void)unlink(other);
}

/* A lane without files says so by an empty event; one that has read all of its files says so also
 * where it is only kept alive. */
static void test_file_idle_lane(void)
{
    struct lr_batch batch = new_batch(ROWS);
    const struct lr_source *source;
    const struct lr_event *event = NULL;
    char settings[700];

    plug_save(path, "a\n", 2);
    (void)snprintf(settings, sizeof settings, "path=%s", path);
    for (uint32_t lane = 0; lane < 2; lane++) {
        CU_ASSERT_EQUAL(plug_create(&plug, "file", LR_SOURCE, settings, lane, 2), LR_OK);
        CU_ASSERT_EQUAL_FATAL(plug_start(&plug), LR_OK);
        source = plug.plugin->ops;
        CU_ASSERT_EQUAL_FATAL(source->poll(plug.self, &batch, 0, NULL, 0, 0, &event, &plug.err),
                              LR_REBALANCE);
        CU_ASSERT(event->kind == LR_EVENT_ASSIGN && event->n_streams == 1 - lane);
        CU_ASSERT_STRING_EQUAL(read_all(9), lane ? "" : "0:a|");
        CU_ASSERT_EQUAL(take(&batch, 0), LR_END);
        finish();
    }
}

static void test_file_missing(void)
{
    static const char *const wrong[] = {"path=/nonexistent/in.txt", "path=/nonexistent/*.txt",
                                        "path=/tmp"};

    for (size_t i = 0; i < 3; i++) {
        create("file", LR_SOURCE, wrong[i]);
        CU_ASSERT_EQUAL(plug_start(&plug), i < 2 ? LR_EUNAVAILABLE : LR_ECONFIG);
        CU_ASSERT(strlen(plug.err.text) > 10);
        finish();
    }
}

static void test_stdin(void)
{
    const struct lr_source *source;
    struct lr_batch batch = new_batch(ROWS);
    const char *held;
    int ends[2], kept;

    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    kept = plug_place(ends[0], STDIN_FILENO);
    create("stdio", LR_SOURCE, "");
    source = plug.plugin->ops;
    CU_ASSERT_EQUAL(source->fd(plug.self), STDIN_FILENO);
    CU_ASSERT_EQUAL(take(&batch, ROWS), LR_AGAIN); /* and does not wait */
    CU_ASSERT_EQUAL(write(ends[1], "one\ntw", 6), 6);
    CU_ASSERT_EQUAL(take(&batch, ROWS), LR_OK);
    CU_ASSERT(batch.count == 1 && lr_batch_record(&batch, 0)->value_len == 3);
    held = lr_batch_record(&batch, 0)->value;
    CU_ASSERT_EQUAL(write(ends[1], "o\r\n\nend", 7), 7);
    (void)close(ends[1]);
    CU_ASSERT_STRING_EQUAL(read_all(9), "4:two\r|9:|10:end|");
    CU_ASSERT_EQUAL(memcmp(held, "one", 3), 0); /* not released yet */
    source->release(plug.self, &batch);
    finish();
    plug_put_back(kept, STDIN_FILENO);
    (void)close(ends[0]);
}

static void test_stdin_file(void)
{
    for (size_t i = 0; i < N_CASES; i++) {
        int fd, kept;

        plug_save(path, line_cases[i].content, strlen(line_cases[i].content));
        fd = open(path, O_RDONLY);
        CU_ASSERT_FATAL(fd >= 0);
        kept = plug_place(fd, STDIN_FILENO);
        create("stdio", LR_SOURCE, "");
        CU_ASSERT_STRING_EQUAL(read_all(2), line_cases[i].lines);
        finish();
        plug_put_back(kept, STDIN_FILENO);
        (void)close(fd);
    }
}

static void test_stdin_broken(void)
{
    struct lr_batch batch = new_batch(ROWS);
    int fd = open("/tmp", O_RDONLY | O_DIRECTORY), kept = plug_place(fd, STDIN_FILENO);

    create("stdio", LR_SOURCE, "");
    CU_ASSERT_EQUAL(take(&batch, ROWS), LR_EUNAVAILABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(plug.err.text, "standard input"));
    finish();
    plug_put_back(kept, STDIN_FILENO);
    (void)close(fd);
}

static int make_folder(void)
{
    (void)snprintf(folder, sizeof folder, "%s", plug_folder());
    (void)snprintf(path, sizeof path, "%s/a.txt", folder);
    (void)snprintf(other, sizeof other, "%s/b.txt", folder);
    return 0;
}

static int remove_folder(void)
{
    (void)unlink(path);
    return rmdir(folder);
}

static CU_TestInfo source_tests[] = {{"file: lines", test_file_lines},
                                     {"file: blocks", test_file_blocks},
                                     {"file: a line too long", test_file_too_long},
                                     {"file: seek", test_file_seek},
                                     {"file: until", test_file_until},
                                     {"file: positions are kept", test_position_file},
                                     {"file: inside a line", test_position_inside_a_line},
                                     {"file: no space for positions", test_position_file_full},
                                     {"file: lanes", test_file_lanes},
                                     {"file: a lane without files", test_file_idle_lane},
                                     {"file: cannot be read", test_file_missing},
                                     {"stdin: a pipe", test_stdin},
                                     {"stdin: a file", test_stdin_file},
                                     {"stdin: cannot be read", test_stdin_broken},
                                     CU_TEST_INFO_NULL};

static CU_SuiteInfo suites[] = {{"sources", make_folder, remove_folder, NULL, NULL, source_tests},
                                CU_SUITE_INFO_NULL};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
