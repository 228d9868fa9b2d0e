/* SPDX-License-Identifier: MIT
 *
 * Any bytes as a record of the text codec, through its public descriptor. The first byte chooses
 * settings, the second how many features the model takes.
 *
 * What is checked besides the sanitizers:
 *  - a record is bad exactly when it is reported, once, with a known reason and a short printable
 *    sentence; then its row is zero. Else its numbers are finite, unless others are allowed;
 *  - every way to read a row (plugins/common/row.h) that this processor has finds the same;
 *  - a blank before the record, which leads past the fast way, changes nothing;
 *  - the output is the input and the appended columns, within the bound, and a listener reads
 *    prediction and time back from it, bit for bit.
 */
#include <lrhost/lrhost.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/common/row.h"
#include "tests/unit/fake_settings.h"

#define MAX_FEATURES 8
#define TIME_NS INT64_C(1700000000123000000)

struct lane {
    struct lr_host host;
    struct fake_settings settings;
    struct lr_schema schema;
    struct lr_batch batch;
    struct lr_record record;
    struct lr_bytes encoded;
    void *self;
    int bad;
    double x[MAX_FEATURES], out, y;
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
                                    .out = &lane->out,
                                    .n_outputs = 1,
                                    .out_stride = 1,
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
    for (uint32_t j = 0; j < MAX_FEATURES; j++)
        lane->x[j] = 77;
    require(codec->decode(lane->self, &lane->batch, &err) == LR_OK);
    return copy;
}

static int same_row(const struct lane *a, const struct lane *b)
{
    for (uint32_t j = 0; j < a->schema.n_features; j++)
        if (memcmp(&a->x[j], &b->x[j], sizeof a->x[j]) != 0)
            return 0;
    return memcmp(&a->y, &b->y, sizeof a->y) == 0;
}

static void check_row(const struct lane *lane, int any_value)
{
    for (uint32_t j = 0; j < MAX_FEATURES; j++) {
        if (j >= lane->schema.n_features)
            require(lane->x[j] == 77);
        else if (lane->bad)
            require(lane->x[j] == 0);
        else
            require(any_value || isfinite(lane->x[j]));
    }
    require(!isinf(lane->y) || any_value);
}

/* `listen`: the settings are those that a listener below knows. */
static void check_output(struct lane *lane, int listen, uint64_t bits)
{
    struct lr_error err = LR_ERROR_INIT;
    size_t bound = codec->encode_bound(lane->self, &lane->batch);
    void *memory = malloc(bound), *copy;
    size_t n = lane->record.value_len;
    struct lane listener;

    require(memory != NULL);
    memcpy(&lane->out, &bits, sizeof bits);
    require(codec->encode(lane->self, &lane->batch, memory, bound, &err) == LR_OK);
    require(lane->encoded.data == memory && lane->encoded.len <= bound);
    for (; n && strchr("\r\n", ((const char *)lane->record.value)[n - 1]); n--)
        ;
    require(lane->encoded.len > n && memcmp(memory, lane->record.value, n) == 0);
    if (!lane->bad && listen && isfinite(lane->out)) {
        lane_init(&listener, "columns=features,label,prediction,t1", 0,
                  LR_COLUMN_LABEL | LR_COLUMN_OUTPUTS | LR_COLUMN_T1);
        copy = decode(&listener, memory, lane->encoded.len);
        require(!listener.bad && listener.t1 == TIME_NS);
        require(memcmp(&listener.out, &lane->out, sizeof lane->out) == 0);
        require(memcmp(&listener.y, &lane->y, sizeof lane->y) == 0);
        free(copy);
        plugin->destroy(listener.self);
    }
    free(memory);
}

extern const struct lr_module *lrhost_module_v1(uint32_t host_abi);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const settings[] = {
        "",
        "allow_non_finite=yes",
        "columns=label,features",
        "columns=features",
        "columns=features,label,prediction,t0,t1&append=t0,prediction,t1",
        "separator=tab&feature_separator=space",
        "max_record_bytes=20",
    };
    const size_t n_settings = sizeof settings / sizeof *settings;
    struct lane lane, again;
    uint64_t bits = 0;
    size_t choice;
    void *copy, *other;
    char *blank;

    if (size < 2)
        return 0;
    plugin = lrhost_module_v1(LRHOST_ABI)->plugins[0];
    codec = plugin->ops;
    choice = data[0] % n_settings;
    lane_init(&lane, settings[choice], 1 + data[1] % MAX_FEATURES, LR_COLUMN_FEATURES);
    data += 2;
    size -= 2;
    copy = decode(&lane, data, size);
    check_row(&lane, choice == 1);

    for (uint32_t w = 0; w < ROW_WAYS; w++) {
        require(setenv(ROW_WAY_VARIABLE, row_way(w).name, 1) == 0);
        lane_init(&again, settings[choice], lane.schema.n_features, LR_COLUMN_FEATURES);
        other = decode(&again, data, size);
        require(again.bad == lane.bad && same_row(&again, &lane));
        free(other);
        plugin->destroy(again.self);
    }
    require(unsetenv(ROW_WAY_VARIABLE) == 0);

    blank = malloc(size + 1);
    require(blank != NULL);
    blank[0] = ' ';
    memcpy(blank + 1, data, size);
    if (choice < 5) { /* a space separates nothing, and there is no limit near */
        lane_init(&again, settings[choice], lane.schema.n_features, LR_COLUMN_FEATURES);
        other = decode(&again, blank, size + 1);
        require(again.bad == lane.bad && same_row(&again, &lane));
        free(other);
        plugin->destroy(again.self);
    }
    free(blank);

    memcpy(&bits, data, size < 8 ? size : 8);
    check_output(&lane, choice == 0, bits);
    free(copy);
    plugin->destroy(lane.self);
    return 0;
}
