/* SPDX-License-Identifier: MIT
 *
 * A codec as its tests hold it: through the public descriptor, settings made from the
 * option table, with a host that only notes bad records. Every record is in memory that ends
 * with it.
 */
#ifndef TESTS_CODEC_RIG_H
#define TESTS_CODEC_RIG_H

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "fake_settings.h"

#define RECORDS 8
#define FEATURES 3
#define STRIDE 5 /* wider than the row, on purpose */
#define LINE 600

extern const struct lr_module *lrhost_module_v1(uint32_t host_abi);

static const struct lr_plugin *plugin;
static const struct lr_codec *codec;

struct fixture {
    struct lr_host host;
    struct fake_settings settings;
    struct lr_error err;
    struct lr_schema schema;
    struct lr_batch batch;
    void *self;
    uint32_t given;
    uint32_t n_bad;
    char bad[RECORDS][LINE];
    char *values[RECORDS];
    struct lr_record records[RECORDS];
    struct lr_bytes encoded[RECORDS];
    double x[RECORDS * STRIDE], out[RECORDS * 2], y[RECORDS];
    int64_t t0[RECORDS], t1[RECORDS];
};

static struct fixture f;

static inline void note_bad(void *ctx, uint32_t index, const char *reason, const char *message)
{
    struct fixture *fixture = ctx;

    fixture->n_bad++;
    CU_ASSERT_FATAL(index < RECORDS);
    (void)snprintf(fixture->bad[index], LINE, "%s: %s", reason, message);
}

static inline void finish(void)
{
    for (int i = 0; i < RECORDS; i++) {
        free(f.values[i]);
        f.values[i] = NULL;
    }
    if (plugin)
        plugin->destroy(f.self);
    f.self = NULL;
}

/* check tells every mistake, where create tells one: the options it names, each with a blank
 * behind. */
struct told {
    char options[LINE];
    int count;
};

static inline void tell(void *ctx, const char *option, const char *message)
{
    struct told *told = ctx;
    size_t n = strlen(told->options);

    (void)message;
    (void)snprintf(told->options + n, LINE - n, "%s ", option);
    told->count++;
}

static inline struct told check(const char *text)
{
    struct told told = {.count = 0};
    struct lr_report report = {
        .size = sizeof report, .ctx = &told, .problem = tell, .warning = tell};
    struct fake_settings settings;

    fake_settings(&settings, plugin, text);
    plugin->check(settings.values, 1, &report);
    return told;
}

/* `features`: of the model; 0: no model. */
static inline lr_status start(const char *settings, uint32_t features, uint32_t outputs,
                              uint32_t wanted)
{
    static const char *const names[FEATURES] = {"width", "height", "depth"};
    lr_status status;

    finish();
    memset(&f, 0, sizeof f);
    f.host = (struct lr_host){.size = sizeof f.host, .abi = 1, .ctx = &f, .bad_record = note_bad};
    f.err.size = sizeof f.err;
    f.schema = (struct lr_schema){.size = sizeof f.schema,
                                  .n_features = features,
                                  .n_outputs = outputs,
                                  .feature_names = features == FEATURES ? names : NULL};
    fake_settings(&f.settings, plugin, settings);
    status = plugin->create(&f.host, f.settings.values, &f.self, &f.err);
    if (status == LR_OK)
        status = codec->bind(f.self, &f.schema, wanted, features != 0, &f.given, &f.err);
    f.batch = (struct lr_batch){.size = sizeof f.batch,
                                .record_size = sizeof *f.records,
                                .capacity = RECORDS,
                                .records = f.records,
                                .x = f.x,
                                .n_features = f.schema.n_features,
                                .x_stride = STRIDE,
                                .out = f.out,
                                .n_outputs = f.schema.n_outputs,
                                .out_stride = 2,
                                .y = f.y,
                                .t0 = f.t0,
                                .t1 = f.t1,
                                .read_ns = 1700000000123456789,
                                .t2_ns = 1700000000999999999,
                                .encoded = f.encoded};
    return status;
}

static inline void add_bytes(const char *value, size_t len, uint32_t flags)
{
    uint32_t i = f.batch.count++;

    CU_ASSERT_FATAL(i < RECORDS);
    f.values[i] = malloc(len ? len : 1);
    memcpy(f.values[i], value, len);
    f.records[i] = (struct lr_record){.value = flags & LR_RECORD_NULL ? NULL : f.values[i],
                                      .value_len = (uint32_t)len,
                                      .flags = flags};
    f.t0[i] = -1;
    f.t1[i] = f.batch.read_ns;
    for (int j = 0; j < STRIDE; j++)
        f.x[i * STRIDE + (uint32_t)j] = 77;
    f.y[i] = f.out[2 * i] = f.out[2 * i + 1] = 77;
}

static inline void add(const char *value)
{
    add_bytes(value, strlen(value), 0);
}

static inline void decode(void)
{
    f.n_bad = 0;
    CU_ASSERT_EQUAL(codec->decode(f.self, &f.batch, &f.err), LR_OK);
    for (uint32_t i = 0; i < f.batch.count; i++) /* nothing beyond the row is touched */
        for (uint32_t j = f.schema.n_features; j < STRIDE; j++)
            CU_ASSERT_EQUAL(f.x[i * STRIDE + j], 77);
}

static inline int same(const char *actual, const char *expected)
{
    if (strcmp(actual, expected) == 0)
        return 1;
    printf("\nis:     %s\nshould: %s\n", actual, expected);
    return 0;
}

/* Runs the suites of a test program. */
static inline int codec_main(CU_SuiteInfo *suites, int argc, char **argv)
{
    int code;

    plugin = lrhost_module_v1(LRHOST_ABI)->plugins[0];
    codec = plugin->ops;
    code = unit_main(suites, argc, argv);
    finish();
    return code;
}

#endif
