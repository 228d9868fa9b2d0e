/* SPDX-License-Identifier: MIT
 *
 * Headers arrive exactly: with every length of value, null and empty ones, compressed, in
 * transactions, mixed with records that have none. And the look at a record's bytes that saves
 * asking for headers is right about every form that a value can be preceded by.
 * Against the embedded broker, or against a real one when KAFKA names it (tests/kafka/plugin.sh).
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "unit.h"

#include "kafka_rig.h"
#include "plugins/kafka/source.h"

static struct rig_batch batch;

/* ---- what bytes say --------------------------------------------------------------------- */

#define ROOM (UINT64_C(1) << 28)
#define BEFORE 16u

static size_t put_zigzag(unsigned char *at, uint64_t len)
{
    uint64_t rest = len << 1;
    size_t n = 0;

    do
        at[n++] = (unsigned char)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    while (rest >>= 7);
    return n;
}

/* Judges a value of this length in each format, after each kind of bytes. */
static int judge_length(unsigned char *value, uint64_t len)
{
    static const unsigned char fills[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    unsigned char form[10];
    size_t n = put_zigzag(form, len);
    int wrong = 0;

    for (size_t i = 0; i < sizeof fills; i++) {
        memset(value - BEFORE, fills[i], BEFORE);
        for (uint32_t k = 0; k < 4; k++) /* formats 0 and 1 */
            value[-1 - (int)k] = (unsigned char)(len >> (8 * k));
        wrong += record_is_bare(value, len) != 0;
        memset(value - BEFORE, fills[i], BEFORE);
        memcpy(value - n, form, n);
        wrong += record_is_bare(value, len) != 1; /* the map is all zeros behind */
        value[len] = 2;                           /* one header */
        wrong += record_is_bare(value, len) != 0;
        value[len] = 0x80; /* zero, in two bytes */
        wrong += record_is_bare(value, len) != 0;
        value[len] = 0;
    }
    return wrong;
}

static void test_bytes(void)
{
    unsigned char *map = mmap(NULL, ROOM + 4096, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    int wrong = 0;

    CU_ASSERT_FATAL(map != MAP_FAILED);
    for (uint64_t len = 1; len < 20000; len++)
        wrong += judge_length(map + BEFORE, len);
    for (uint64_t power = 14; power <= 28; power++)
        for (int64_t off = -3; off <= 3; off++)
            if ((UINT64_C(1) << power) + (uint64_t)off < ROOM)
                wrong += judge_length(map + BEFORE, (UINT64_C(1) << power) + (uint64_t)off);
    CU_ASSERT(wrong == 0);
    CU_ASSERT(record_is_bare(NULL, 0) == 0);
    CU_ASSERT(record_is_bare(map + BEFORE, 0) == 0);
    (void)munmap(map, ROOM + 4096);
}

/* The same for every length that an int32 can hold, by the two forms alone. */
static void test_forms_never_meet(void)
{
    uint32_t met = 0;

    for (uint64_t len = 1; len <= INT32_MAX; len += len < 1000000 ? 1 : 997) {
        unsigned char form[10];
        size_t n = put_zigzag(form, len), at = n > 4 ? n - 4 : 0;
        uint32_t same = 0;

        for (size_t k = at; k < n; k++) /* the last bytes before the value */
            same += form[k] == (unsigned char)(len >> (8 * (n - 1 - k)));
        met += same == n - at;
    }
    CU_ASSERT(met == 0);
}

/* ---- through a broker ------------------------------------------------------------------- */

#define RECORDS 1200u
static const size_t lengths[] = {0, 0, 1, 2, 63, 64, 65, 117, 118, 8191, 8192, 8193};
#define N_LENGTHS (sizeof lengths / sizeof lengths[0])

static uint32_t headers_of(uint32_t i) /* 0 for most */
{
    return i % 5 == 1 ? 1 : i % 5 == 3 ? 1 + i % 4 : 0;
}

static int write_one(rd_kafka_t *rk, const char *topic, uint32_t i)
{
    static char value[10000];
    size_t len = lengths[i % N_LENGTHS];
    rd_kafka_headers_t *headers = headers_of(i) ? rd_kafka_headers_new(4) : NULL;
    char key[16], text[16];
    int n = snprintf(key, sizeof key, "%u", i), got;
    rd_kafka_vu_t parts[5] = {{.vtype = RD_KAFKA_VTYPE_TOPIC},
                              {.vtype = RD_KAFKA_VTYPE_KEY},
                              {.vtype = RD_KAFKA_VTYPE_VALUE},
                              {.vtype = RD_KAFKA_VTYPE_MSGFLAGS},
                              {.vtype = RD_KAFKA_VTYPE_HEADERS}};
    rd_kafka_error_t *error;

    memset(value, i % 3 ? 0 : 'v', sizeof value); /* zeros look like "no headers" */
    for (uint32_t h = 0; h < headers_of(i); h++) {
        got = snprintf(text, sizeof text, "%u.%u", i, h);
        (void)rd_kafka_header_add(headers, h == 1 ? "" : "name", -1, h == 2 ? NULL : text, got);
    }
    parts[0].u.cstr = topic;
    parts[1].u.mem.ptr = key;
    parts[1].u.mem.size = (size_t)n;
    parts[2].u.mem.ptr = i % N_LENGTHS == 0 ? NULL : value;
    parts[2].u.mem.size = len;
    parts[3].u.i = RD_KAFKA_MSG_F_COPY;
    parts[4].u.headers = headers;
    error = rd_kafka_produceva(rk, parts, headers ? 5 : 4);
    if (!error)
        return 0;
    if (headers)
        rd_kafka_headers_destroy(headers);
    rd_kafka_error_destroy(error);
    return -1;
}

static rd_kafka_t *producer(const char *codec, const char *transaction)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    struct lr_error err = LR_ERROR_INIT;
    const char *servers = rig_servers();
    char text[256];

    if (rig_is_embedded() && embedded_servers(&servers, &err) != LR_OK)
        return NULL;
    if (rd_kafka_conf_set(conf, "bootstrap.servers", servers, text, sizeof text) ||
        rd_kafka_conf_set(conf, "linger.ms", "20", text, sizeof text) ||
        rd_kafka_conf_set(conf, "compression.codec", codec, text, sizeof text) ||
        (transaction &&
         rd_kafka_conf_set(conf, "transactional.id", transaction, text, sizeof text))) {
        printf("%s: %s\n", codec, text);
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    return rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
}

static int write_all(const char *topic, const char *codec, const char *transaction)
{
    rd_kafka_t *rk = producer(codec, transaction);
    int failed = !rk;

    if (rk && transaction)
        failed |= rd_kafka_init_transactions(rk, 10000) || rd_kafka_begin_transaction(rk);
    for (uint32_t i = 0; i < RECORDS && !failed; i++)
        failed |= write_one(rk, topic, i);
    if (rk)
        failed |= rd_kafka_flush(rk, 10000) != RD_KAFKA_RESP_ERR_NO_ERROR;
    if (rk && transaction)
        failed |= rd_kafka_commit_transaction(rk, 10000) != NULL;
    if (rk)
        rd_kafka_destroy(rk);
    return failed ? -1 : 0;
}

static int is_right(const struct lr_record *record, uint32_t i)
{
    size_t len = lengths[i % N_LENGTHS];
    struct lr_header header;
    char text[16];
    uint32_t h = 0;

    if (record->value_len != len || (record->value == NULL) != (i % N_LENGTHS == 0) ||
        (record->headers != NULL) != (headers_of(i) > 0))
        return 0;
    for (; batch.batch.header(record->headers, h, &header) == LR_OK; h++) {
        int n = snprintf(text, sizeof text, "%u.%u", i, h);

        if (strcmp(header.name, h == 1 ? "" : "name") != 0 ||
            (h == 2 ? header.value != NULL : header.len != (uint32_t)n) ||
            (h != 2 && memcmp(header.value, text, (size_t)n) != 0))
            return 0;
    }
    return h == headers_of(i);
}

static void read_all(const char *codec, const char *transaction)
{
    static uint8_t seen[RECORDS];
    const char *topic = rig_name("headers");
    int64_t began = rig_now(), give_up;
    const struct lr_event *event;
    uint32_t got = 0, wrong = 0;
    struct rig source;

    memset(seen, 0, sizeof seen);
    CU_ASSERT_FATAL(rig_open_source(&source, topic, rig_name("group"), "") == 0);
    CU_ASSERT(rig_now() - began < 10 * SECOND); /* the topic's leaders are not awaited for ever */
    CU_ASSERT_FATAL(rig_join(&source, RIG_PARTITIONS, RIG_JOIN_MS) == 0);
    CU_ASSERT_FATAL(write_all(topic, codec, transaction) == 0);
    give_up = rig_now() + 20 * SECOND;
    while (got < RECORDS && rig_now() < give_up) {
        if (rig_poll(&source, &batch, RIG_ROOM, NULL, 0, 500, &event) != LR_OK)
            continue;
        for (uint32_t r = 0; r < batch.batch.count; r++, got++) {
            const struct lr_record *record = lr_batch_record(&batch.batch, r);
            char key[16] = "";

            memcpy(key, record->key, record->key_len < 15 ? record->key_len : 15);
            wrong += !is_right(record, (uint32_t)strtoul(key, NULL, 10));
            seen[strtoul(key, NULL, 10) % RECORDS]++;
        }
        rig_source(&source)->release(source.self, &batch.batch);
    }
    if (got != RECORDS)
        printf("    %s: %u of %u read\n", codec, got, RECORDS);
    CU_ASSERT(got == RECORDS);
    CU_ASSERT(rig_count(seen, RECORDS, 1) == RECORDS);
    CU_ASSERT(wrong == 0);
    CU_ASSERT(strstr(source.host.log, "lost their headers") == NULL);
    rig_close(&source);
}

static void test_headers(void)
{
    static const char *const codecs[] = {"none", "gzip", "snappy", "lz4", "zstd"};

    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++)
        if (i < 2 || !rig_is_embedded()) /* a join takes 3 s there */
            read_all(codecs[i], NULL);
    if (!rig_is_embedded())
        read_all("lz4", rig_name("writer"));
}

static void set_up(void)
{
    rig_batch_init(&batch);
}

/* ---- suite ------------------------------------------------------------------------------ */

static CU_TestInfo tests[] = {
    {"bytes", test_bytes},
    {"forms never meet", test_forms_never_meet},
    {"headers", test_headers},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"record", NULL, NULL, set_up, NULL, tests},
    CU_SUITE_INFO_NULL,
};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
