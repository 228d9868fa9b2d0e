/* SPDX-License-Identifier: MIT
 *
 * Any bytes as a record of the JSON codec, through its public descriptor. The first byte chooses
 * settings.
 *
 * What is checked besides the sanitizers:
 *  - jansson agrees which records are valid objects, and finds the same numbers in them;
 *  - a record is bad exactly when it is reported, once, with a known reason and a short printable
 *    sentence; then its row is zero. Else its numbers are finite;
 *  - the output is within the bound and is, to jansson, the input with the added fields; a listener
 *    reads prediction and time back from it, bit for bit.
 */
#include <lrhost/lrhost.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_settings.h"
#include "tests/unit/json_peer.h"

#define FEATURES 3
#define TIME_NS INT64_C(1700000000123000000)

struct lane {
    struct lr_host host;
    struct fake_settings settings;
    struct lr_schema schema;
    struct lr_batch batch;
    struct lr_record record;
    struct lr_bytes encoded;
    void *self;
    int bad, strict; /* what is said is more than "no valid object" */
    double x[FEATURES], out[2], y;
    int64_t t0, t1;
};

static const struct lr_plugin *plugin;
static const struct lr_codec *codec;

static void require(int holds)
{
    if (!holds)
        abort();
}

static void bad_record(void *ctx, uint32_t index, const char *reason, const char *message)
{
    struct lane *lane = ctx;

    require(index == 0 && lane->bad++ == 0 && strlen(message) < 256);
    require(strcmp(reason, "parse") == 0 || strcmp(reason, "features") == 0 ||
            strcmp(reason, "not_finite") == 0 || strcmp(reason, "size") == 0);
    lane->strict = strcmp(reason, "parse") != 0 || strstr(message, "twice") ||
                   strstr(message, "already") || strstr(message, "nested") ||
                   strstr(message, "expected: a number");
    for (; *message; message++)
        require(*message >= ' ' && *message <= '~');
}

static void lane_init(struct lane *lane, const char *settings, uint32_t features, uint32_t wanted)
{
    struct lr_error err = LR_ERROR_INIT;
    uint32_t given;

    memset(lane, 0, sizeof *lane);
    lane->host = (struct lr_host){
        .size = sizeof lane->host, .abi = 1, .ctx = lane, .bad_record = bad_record};
    lane->schema = (struct lr_schema){
        .size = sizeof lane->schema, .n_features = features, .n_outputs = features > 0};
    fake_settings(&lane->settings, plugin, settings);
    require(plugin->create(&lane->host, lane->settings.values, &lane->self, &err) == LR_OK);
    require(codec->bind(lane->self, &lane->schema, wanted, features > 0, &given, &err) == LR_OK);
    lane->batch = (struct lr_batch){.size = sizeof lane->batch,
                                    .record_size = sizeof lane->record,
                                    .count = 1,
                                    .capacity = 1,
                                    .records = &lane->record,
                                    .x = lane->x,
                                    .n_features = features,
                                    .x_stride = features,
                                    .out = lane->out,
                                    .n_outputs = lane->schema.n_outputs,
                                    .out_stride = 2,
                                    .y = &lane->y,
                                    .t0 = &lane->t0,
                                    .t1 = &lane->t1,
                                    .read_ns = TIME_NS,
                                    .encoded = &lane->encoded};
}

/* `value` is copied to memory that ends with it, which the caller frees. */
static void *decode(struct lane *lane, const void *value, size_t size)
{
    struct lr_error err = LR_ERROR_INIT;
    char *copy = malloc(size ? size : 1);

    require(copy != NULL);
    if (size)
        memcpy(copy, value, size);
    lane->record = (struct lr_record){.value = copy, .value_len = (uint32_t)size};
    lane->bad = 0;
    lane->t0 = -1;
    lane->t1 = TIME_NS;
    for (uint32_t j = 0; j < FEATURES; j++)
        lane->x[j] = 77;
    require(codec->decode(lane->self, &lane->batch, &err) == LR_OK);
    return copy;
}

static void check_row(const struct lane *lane)
{
    for (uint32_t j = 0; j < FEATURES; j++) {
        if (j >= lane->schema.n_features)
            require(lane->x[j] == 77);
        else
            require(lane->bad ? lane->x[j] == 0 : isfinite(lane->x[j]));
    }
    require(!isinf(lane->y));
}

static void check_peer(const struct lane *lane)
{
    double x[FEATURES];
    int twice = 0;
    int verdict = peer_read(lane->record.value, lane->record.value_len, x, &twice);

    if (verdict == PEER_BAD)
        require(lane->bad);
    if (verdict != PEER_GOOD)
        return;
    require(!lane->bad || lane->strict);
    if (!lane->bad && lane->schema.n_features && !twice)
        require(memcmp(lane->x, x, sizeof x) == 0);
}

/* The input with the two fields set is the output. */
static void check_fields(const struct lane *lane)
{
    double x[FEATURES];
    int twice = 0;
    json_t *in, *out;

    if (peer_read(lane->record.value, lane->record.value_len, x, &twice) != PEER_GOOD || twice)
        return;
    in = json_loadb(lane->record.value, lane->record.value_len, PEER_FLAGS, NULL);
    out = json_loadb(lane->encoded.data, lane->encoded.len, PEER_FLAGS | JSON_REJECT_DUPLICATES,
                     NULL);
    require(in && out);
    require(json_object_set_new(in, "prediction", json_real(lane->out[0])) == 0);
    require(json_object_set_new(in, "t1", json_real((double)(TIME_NS / 1000000))) == 0);
    require(json_equal(in, out));
    json_decref(in);
    json_decref(out);
}

static void check_output(struct lane *lane, uint64_t bits)
{
    struct lr_error err = LR_ERROR_INIT;
    size_t bound = codec->encode_bound(lane->self, &lane->batch);
    void *memory = malloc(bound), *copy;
    struct lane listener;

    require(memory != NULL);
    memcpy(&lane->out[0], &bits, sizeof bits);
    require(codec->encode(lane->self, &lane->batch, memory, bound, &err) == LR_OK);
    require(lane->encoded.data == memory && lane->encoded.len <= bound);
    lane_init(&listener, "columns=prediction,t1&max_record_bytes=9000", 0,
              LR_COLUMN_OUTPUTS | LR_COLUMN_T1);
    copy = decode(&listener, memory, lane->encoded.len);
    if (isfinite(lane->out[0])) {
        require(!listener.bad && listener.t1 == TIME_NS);
        require(memcmp(&listener.out[0], &lane->out[0], sizeof lane->out[0]) == 0);
        check_fields(lane);
    } else {
        require(listener.bad);
    }
    free(copy);
    plugin->destroy(listener.self);
    free(memory);
}

extern const struct lr_module *lrhost_module_v1(uint32_t host_abi);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        const char *settings;
        uint32_t features, wanted;
    } cases[] = {
        {PEER_SETTINGS "&max_record_bytes=4096", FEATURES, LR_COLUMN_FEATURES},
        {PEER_SETTINGS "&existing=replace&max_record_bytes=4096", FEATURES, LR_COLUMN_FEATURES},
        {"features=v[*]&on_missing=0&on_mistyped=0&max_record_bytes=4096", FEATURES,
         LR_COLUMN_LABEL},
        {"columns=prediction,t0,t1,label&outputs=2&max_record_bytes=4096", 0,
         LR_COLUMN_OUTPUTS | LR_COLUMN_T0 | LR_COLUMN_T1 | LR_COLUMN_LABEL},
        {"features=/v/1,v[0],/b~1/2/c&on_missing=bad,1,2&max_record_bytes=400", FEATURES,
         LR_COLUMN_LABEL},
    };
    struct lane lane;
    uint64_t bits = 0;
    size_t choice;
    void *copy;

    if (size < 1)
        return 0;
    plugin = lrhost_module_v1(LRHOST_ABI)->plugins[0];
    codec = plugin->ops;
    choice = data[0] % (sizeof cases / sizeof *cases);
    lane_init(&lane, cases[choice].settings, cases[choice].features, cases[choice].wanted);
    data++;
    size--;
    copy = decode(&lane, data, size);
    check_row(&lane);
    if (choice < 2)
        check_peer(&lane);
    memcpy(&bits, data + size - (size < 8 ? size : 8), size < 8 ? size : 8);
    if (choice < 3 && !lane.bad)
        check_output(&lane, bits);
    free(copy);
    plugin->destroy(lane.self);
    return 0;
}
