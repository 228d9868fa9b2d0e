/* SPDX-License-Identifier: MIT
 *
 * The Kafka module's settings and what goes wrong at the start: each mistake has its sentence, and
 * a broker that is not there ends the wait in time.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#include "kafka_rig.h"
#include "plugins/kafka/kafka.h"

/* ---- settings and errors ---------------------------------------------------------------- */

static char report_text[4096];

static void on_problem(void *ctx, const char *option, const char *message)
{
    size_t n = strlen(report_text);

    (void)snprintf(report_text + n, sizeof report_text - n, "%s %s: %s\n", (const char *)ctx,
                   option, message);
}

static void on_warning(void *ctx, const char *option, const char *message)
{
    (void)ctx;
    on_problem("warning", option, message);
}

static void on_touches(void *ctx, int32_t direction, const char *resource, uint32_t flags)
{
    size_t n = strlen(report_text);

    (void)ctx;
    (void)snprintf(report_text + n, sizeof report_text - n, "touches %d %s %u\n", direction,
                   resource, flags);
}

static const char *check(const struct lr_plugin *plugin, const char *text)
{
    static struct rig rig;
    static char problem[] = "problem";
    struct lr_report report = {.size = sizeof report,
                               .ctx = problem,
                               .problem = on_problem,
                               .warning = on_warning,
                               .touches = on_touches};

    report_text[0] = '\0';
    memset(&rig, 0, sizeof rig);
    rig_settings(&rig, plugin, text);
    plugin->check(rig.settings, 1, &report);
    return report_text;
}

#define GOOD "topic=t&kafka.group.id=g&kafka.bootstrap.servers=b:9092"

static void test_check(void)
{
    static const struct {
        const char *settings;
        const char *expect; /* in the report; NULL: nothing but touches */
    } rows[] = {
        {GOOD, NULL},
        {"topic=t&kafka.group.id=g", "problem kafka.bootstrap.servers: is missing"},
        {"topic=t&kafka.bootstrap.servers=b:1", "problem kafka.group.id: is missing"},
        {GOOD "&kafka.lingr.ms=5", "does not know 'lingr.ms'; did you mean 'kafka.linger.ms'?"},
        {GOOD "&kafka.lingr.ms=5", "problem kafka.lingr.ms: librdkafka "},
        {GOOD "&kafka.linger.ms=5", NULL}, /* the producer's; silently */
        {GOOD "&kafka.linger.ms=soon", "problem kafka.linger.ms: "},
        {GOOD "&kafka.zzzzzzzzzzzz=5", "does not know 'zzzzzzzzzzzz'\n"},
        {GOOD "&kafka.enable.auto.commit=true", "problem kafka.enable.auto.commit: must not be"},
        {GOOD "&kafka.auto.offset.reset=earliest", "say start = earliest"},
        {GOOD "&kafka.plugin.library.paths=x", "it loads code that lrhost has not checked"},
        {GOOD "&kafka.isolation.level=read_uncommitted", "warning kafka.isolation.level: "},
        {GOOD "&kafka.acks=1", "warning kafka.acks: "},
        {GOOD "&kafka.sasl.mechanisms=PLAIN", NULL},
        {GOOD "&kafka.sasl.password=hunter2", "warning kafka.sasl.password: "},
        {GOOD "&kafka.sasl.password=file:/does/not/exist", "problem kafka.sasl.password: "},
        {GOOD "&kafka.sasl.password=env:LRHOST_NO_SUCH", "no variable 'LRHOST_NO_SUCH'"},
        {GOOD "&kafka.sasl.password=env:PATH", NULL},
        {GOOD "&rewind=yesterday", "problem rewind: 'yesterday' is no place to begin"},
        {GOOD "&rewind=2025-13-01T00:00:00Z", "problem rewind: "},
        {GOOD "&rewind=2025-01-31T08:00:00.5+02:00", NULL},
        {GOOD "&rewind=1700000000000", NULL},
        {GOOD "&topic=a b", "touches 1 topic:a 0\ntouches 1 topic:b 0"},
        {GOOD "&topic=a/b", "problem topic: 'a/b' cannot be a topic's name"},
        {GOOD "&topic=^a(", "problem topic: '^a(' is not a regular expression"},
        {GOOD "&topic=^a.*", ""},
        {"topic=t&kafka.group.id=g&kafka.bootstrap.servers=embedded",
         "touches 1 topic 't' of the embedded broker 1\n"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *report = check(&kafka_source_plugin, rows[i].settings);
        int good =
            rows[i].expect
                ? strstr(report, rows[i].expect) != NULL
                : strcmp(report, "touches 1 topic:t 0\ntouches 1 group:g at b:9092 2\n") == 0;

        CU_ASSERT(good);
        if (!good)
            (void)printf("\n    %s\n    gave: %s\n", rows[i].settings, report);
        CU_ASSERT(strstr(report, "hunter2") == NULL);
    }
    CU_ASSERT(strcmp(check(&kafka_sink_plugin, "topic=t&kafka.bootstrap.servers=b:1"),
                     "touches 2 topic:t 0\n") == 0);
}

static void test_scram(void)
{
    const char *says = check(&kafka_source_plugin, GOOD "&kafka.sasl.mechanisms=SCRAM-SHA-256");

    CU_ASSERT_EQUAL(strstr(says, "cannot log in by SCRAM to Kafka 4.0 or newer") != NULL,
                    rd_kafka_version() < 0x020601ff);
}

static void test_secret_file(void)
{
    char path[] = "/tmp/lrhost-secret-XXXXXX", settings[256];
    int fd = mkstemp(path);

    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(write(fd, "hunter2\n", 8), 8);
    (void)snprintf(settings, sizeof settings, GOOD "&kafka.sasl.password=file:%s", path);
    CU_ASSERT_EQUAL(prctl(PR_SET_DUMPABLE, 1), 0);
    CU_ASSERT_PTR_NULL(strstr(check(&kafka_source_plugin, settings), "warning"));
    CU_ASSERT_EQUAL(prctl(PR_GET_DUMPABLE), 0);
    CU_ASSERT_EQUAL(fchmod(fd, 0644), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(check(&kafka_source_plugin, settings),
                                  "warning kafka.sasl.password: the mode of '/tmp/"));
    CU_ASSERT_EQUAL(prctl(PR_SET_DUMPABLE, 1), 0);
    (void)check(&kafka_source_plugin, GOOD "&kafka.ssl.ca.location=/ca.pem");
    CU_ASSERT_EQUAL(prctl(PR_GET_DUMPABLE), 1);
    (void)check(&kafka_source_plugin, GOOD "&kafka.ssl.key.location=/key.pem");
    CU_ASSERT_EQUAL(prctl(PR_GET_DUMPABLE), 0);
    CU_ASSERT_EQUAL(ftruncate(fd, 0), 0);
    CU_ASSERT_EQUAL(pwrite(fd, "\r\n", 2, 0), 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(check(&kafka_source_plugin, settings), "' is empty"));
    (void)close(fd);
    (void)unlink(path);
}

static void test_service_manager(void)
{
    struct rig sink;

    (void)setenv("INVOCATION_ID", "1", 1);
    CU_ASSERT(rig_open(&sink, &kafka_sink_plugin, "sink", 0, 1,
                       "topic=service&kafka.bootstrap.servers=embedded") == 0);
    CU_ASSERT(rig_start(&sink) == LR_ECONFIG);
    CU_ASSERT(strstr(sink.err.text, "service manager") != NULL);
    rig_close(&sink);
    (void)setenv("LRHOST_ALLOW_EMBEDDED", "1", 1);
    CU_ASSERT(rig_open(&sink, &kafka_sink_plugin, "sink", 0, 1,
                       "topic=service&kafka.bootstrap.servers=embedded") == 0);
    CU_ASSERT(rig_start(&sink) == LR_OK);
    rig_close(&sink);
    (void)unsetenv("LRHOST_ALLOW_EMBEDDED");
    (void)unsetenv("INVOCATION_ID");
}

static void test_unreachable(void)
{
    struct rig rig;
    int64_t begun = rig_now();

    CU_ASSERT(rig_open(&rig, &kafka_sink_plugin, "sink", 0, 1,
                       "topic=t&connect_timeout=500ms&kafka.bootstrap.servers=127.0.0.1:1") == 0);
    CU_ASSERT(rig_start(&rig) == LR_EUNAVAILABLE);
    CU_ASSERT(strstr(rig.err.text, "no broker of '127.0.0.1:1' answered within 0.5 s") != NULL);
    rig_close(&rig);
    CU_ASSERT(rig_open(&rig, &kafka_source_plugin, "source", 0, 1,
                       "topic=t&connect_timeout=500ms&kafka.group.id=g&"
                       "kafka.bootstrap.servers=127.0.0.1:1") == 0);
    CU_ASSERT(rig_start(&rig) == LR_EUNAVAILABLE);
    rig_close(&rig);
    CU_ASSERT(rig_now() - begun < 8000 * MS);
}

static void test_quoted_secret(void)
{
    struct rig rig;

    CU_ASSERT(rig_open(&rig, &kafka_source_plugin, "source", 0, 1,
                       "topic=t&connect_timeout=3s&kafka.group.id=g&"
                       "kafka.bootstrap.servers=127.0.0.1:1&kafka.security.protocol=sasl_plaintext&"
                       "kafka.sasl.mechanisms=OAUTHBEARER&"
                       "kafka.enable.sasl.oauthbearer.unsecure.jwt=true&"
                       "kafka.sasl.oauthbearer.config=principal=me hunter2") == 0);
    CU_ASSERT(rig_start(&rig) == LR_EUNAVAILABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.err.text, "refused the login"));
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.err.text, "sasl.oauthbearer.config"));
    CU_ASSERT_PTR_NULL(strstr(rig.err.text, "hunter2"));
    CU_ASSERT_PTR_NULL(strstr(rig.host.log, "hunter2"));
    rig_close(&rig);
}

static void test_missing_topic(void)
{
    struct rig rig;
    char text[128];

    if (rig_is_embedded())
        return; /* there topics are made */
    (void)snprintf(text, sizeof text, "topic=%s&connect_timeout=1s&kafka.group.id=g",
                   rig_name("no-such"));
    CU_ASSERT(rig_open(&rig, &kafka_source_plugin, "source", 0, 1, text) == 0);
    CU_ASSERT(rig_start(&rig) == LR_EUNAVAILABLE);
    CU_ASSERT(strstr(rig.err.text, "does not exist") != NULL);
    CU_ASSERT(strstr(rig.err.text, "lrhost topics create FILE") != NULL);
    rig_close(&rig);
}

static void test_stopping_start(void)
{
    struct rig rig;
    int64_t begun = rig_now();

    CU_ASSERT(rig_open(&rig, &kafka_source_plugin, "source", 0, 1,
                       "topic=t&kafka.group.id=g&kafka.bootstrap.servers=127.0.0.1:1") == 0);
    rig.host.stopping = 1;
    CU_ASSERT(rig_start(&rig) == LR_OK);
    rig_close(&rig);
    CU_ASSERT(rig_now() - begun < 6000 * MS);
}

/* ---- suite ------------------------------------------------------------------------------ */

static CU_TestInfo tests[] = {
    {"check", test_check},
    {"SCRAM", test_scram},
    {"a secret's file", test_secret_file},
    {"service manager", test_service_manager},
    {"unreachable broker", test_unreachable},
    {"a secret that librdkafka quotes", test_quoted_secret},
    {"missing topic", test_missing_topic},
    {"stop during start", test_stopping_start},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"settings", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
