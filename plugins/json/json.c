/* SPDX-License-Identifier: MIT
 *
 * The JSON codec's options and descriptor, and what it can give (bind). See json.h for the rest.
 *
 * Left out on purpose: anything but one object per record, numbers in strings, and fields added
 * elsewhere than at the end of the record's own object.
 */
#include "json.h"

#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>

#define OPTION(member) (uint32_t) offsetof(struct json_settings, member)
#define NAME(column) (uint32_t)(offsetof(struct json_settings, names) + (column) * sizeof(char *))

static const struct lr_option options[] = {
    {"columns",
     "What is read from a record, in any order: features, label, prediction, t0, t1. The label may "
     "be missing or null in a record",
     "features, label", NULL, NULL, LR_OPT_LIST, 0, OPTION(columns), 0},
    {"append",
     "What is added to the record's object: prediction, t0, t1, t2, or none. Unset: prediction and "
     "t1 with a model, nothing without one",
     NULL, NULL, NULL, LR_OPT_LIST, 0, OPTION(append), 0},
    {"features",
     "The paths of the features, in the model's order: sensor.temp, values[3], /json/pointer; or "
     "one array for all of them, values[*]. Unset: fields of the names that the model has for its "
     "features (linreg: f0, f1, ...)",
     NULL, NULL, NULL, LR_OPT_LIST, 0, OPTION(features), 0},
    {"label", "The path of the label", "label", NULL, NULL, LR_OPT_STRING, 0, OPTION(label), 0},
    {"on_missing",
     "What a feature is that is missing or null: bad (the record is), or a number to take instead. "
     "One for all features, or one for each",
     "bad", NULL, NULL, LR_OPT_LIST, 0, OPTION(on_missing), 0},
    {"on_mistyped", "The same for a feature that is a string, true, false, an object or an array",
     "bad", NULL, NULL, LR_OPT_LIST, 0, OPTION(on_mistyped), 0},
    {"existing",
     "What happens to a record that has a field of the name of an added one: bad (a bad record), "
     "or replace (that field is left out of the output)",
     "bad", NULL, "bad|replace", LR_OPT_ENUM, 0, OPTION(existing), 0},
    {"t1",
     "The unit of all times, read and written: whole milliseconds or nanoseconds since the epoch",
     "ms", NULL, "ms|ns", LR_OPT_ENUM, 0, OPTION(time_unit), 0},
    {"max_record_bytes", "A longer value is a bad record", "1MiB", "1..1GiB", NULL, LR_OPT_SIZE, 0,
     OPTION(max_record_bytes), 0},
    {"prediction_name", "The name of the prediction's field, read and written", "prediction", NULL,
     NULL, LR_OPT_STRING, LR_OPT_ADVANCED, NAME(COLUMN_PREDICTION), 0},
    {"t0_name", "The same for the time when a record was due to be sent", "t0", NULL, NULL,
     LR_OPT_STRING, LR_OPT_ADVANCED, NAME(COLUMN_T0), 0},
    {"t1_name", "The same for the time when it was read", "t1", NULL, NULL, LR_OPT_STRING,
     LR_OPT_ADVANCED, NAME(COLUMN_T1), 0},
    {"t2_name", "The same for the time when it was scored", "t2", NULL, NULL, LR_OPT_STRING,
     LR_OPT_ADVANCED, NAME(COLUMN_T2), 0},
    {"outputs",
     "How many numbers the prediction holds, an array where it is more than one, where predictions "
     "are read and not made",
     "1", "1..65536", NULL, LR_OPT_INT, LR_OPT_ADVANCED, OPTION(outputs), 0},
};

static void check(const void *settings, uint32_t lanes, const struct lr_report *report)
{
    struct json_rules missing, mistyped;
    struct json_layout layout;

    (void)lanes;
    (void)json_layout_init(&layout, settings, &missing, &mistyped, report->problem, report->ctx);
    free(missing.list);
    free(mistyped.list);
}

/* Keeps the first mistake. */
static void note_mistake(void *ctx, const char *option, const char *message)
{
    struct lr_error *err = ctx;

    if (err && !err->text[0])
        (void)lr_fail(err, LR_ECONFIG, "%s: %s", option, message);
}

static void destroy(void *self)
{
    struct json *json = self;

    if (!json)
        return;
    json_walker_destroy(json->walker);
    json_tree_finish(&json->tree);
    free(json->slots);
    free(json->missing.list);
    free(json->mistyped.list);
    free(json);
}

static lr_status create(const struct lr_host *host, const void *settings, void **ret_self,
                        struct lr_error *err)
{
    struct json *json = calloc(1, sizeof *json);

    if (!json)
        return lr_fail(err, LR_ENOMEM, "no memory for a JSON codec");
    if (err)
        err->text[0] = '\0';
    json->host = host;
    json->settings = settings;
    if (json_layout_init(&json->layout, settings, &json->missing, &json->mistyped, note_mistake,
                         err) > 0) {
        destroy(json);
        return LR_ECONFIG;
    }
    *ret_self = json;
    return LR_OK;
}

/* ---- bind ----------------------------------------------------------------------------------- */

/* Sets what is added, and refuses what this pipeline does not have. */
static lr_status bind_append(struct json *json, struct lr_error *err)
{
    struct json_layout *layout = &json->layout;

    if (layout->append_unset) {
        layout->n_append = 0;
        if (json->scored) {
            layout->append[layout->n_append++] = COLUMN_PREDICTION;
            layout->append[layout->n_append++] = COLUMN_T1;
        }
    }
    /* Without a model the record may not even be read, and fields can only be added to what is
     * known to be an object. */
    if (layout->n_append && !json->scored)
        return lr_fail(err, LR_ECONFIG,
                       "append names %s, but without a model records go through as they are; take "
                       "it out, or add a [model] section",
                       column_name(layout->append[0]));
    for (uint32_t i = 0; i < layout->n_append; i++) {
        uint32_t column = layout->append[i];
        struct json_prefix *prefix = &json->prefixes[column];

        prefix->len = (uint32_t)snprintf(prefix->text, sizeof prefix->text,
                                         ",\"%s\":", json->settings->names[column]);
    }
    return LR_OK;
}

static uint32_t count(const char *const *names)
{
    uint32_t n = 0;

    while (names && names[n])
        n++;
    return n;
}

static lr_status check_rules(const struct json *json, const char *option,
                             const struct json_rules *rules, struct lr_error *err)
{
    if (rules->n == 1 || rules->n == json->n_features)
        return LR_OK;
    return lr_fail(err, LR_ECONFIG,
                   "%s has %u entries, but there are %u features; give one for all, or one for "
                   "each",
                   option, rules->n, json->n_features);
}

static lr_status bind_features(struct json *json, const struct lr_schema *schema,
                               struct lr_error *err)
{
    const char *const *paths = json->settings->features;
    uint32_t n = count(paths);
    lr_status status;

    json->all = n == 1 && json_path_is_all(paths[0]) ? paths[0] : NULL;
    if (!(json->layout.has & 1U << COLUMN_FEATURES))
        return lr_fail(err, LR_ECONFIG,
                       "features are wanted, but columns does not name them; add features to "
                       "columns");
    if (!json->all && n && schema->n_features && n != schema->n_features)
        return lr_fail(err, LR_ECONFIG,
                       "features has %u path%s, but the model takes %u features; name one for each",
                       n, n == 1 ? "" : "s", schema->n_features);
    json->n_features = schema->n_features ? schema->n_features : json->all ? 0 : n;
    json->feature_names = n ? paths : schema->feature_names;
    if (json->n_features == 0)
        return lr_fail(err, LR_ECONFIG,
                       "features are wanted, and without a model nobody knows which; set features "
                       "to their paths");
    if (!json->feature_names)
        return lr_fail(err, LR_ECONFIG,
                       "the model has no names for its %u features; set features to their paths",
                       json->n_features);
    status = check_rules(json, "on_missing", &json->missing, err);
    return status == LR_OK ? check_rules(json, "on_mistyped", &json->mistyped, err) : status;
}

/* Everything that is looked for in a record. */
static uint32_t make_wishes(const struct json *json, struct json_wish *wishes)
{
    uint32_t n = 0, n_paths = json->all ? 1 : json->n_features;

    for (uint32_t i = 0; i < n_paths && json->read & 1U << COLUMN_FEATURES; i++)
        wishes[n++] = (struct json_wish){.path = json->feature_names[i],
                                         .slot = json->all ? JSON_NO_SLOT : i,
                                         .plain = !json->settings->features};
    if (json->read & 1U << COLUMN_LABEL)
        wishes[n++] = (struct json_wish){.path = json->settings->label,
                                         .slot = json->n_features + COLUMN_LABEL};
    for (uint32_t c = COLUMN_PREDICTION; c < COLUMNS; c++)
        if (json->read & 1U << c)
            wishes[n++] = (struct json_wish){
                .path = json->settings->names[c], .slot = json->n_features + c, .plain = 1};
    for (uint32_t i = 0; i < json->layout.n_append; i++)
        wishes[n++] = (struct json_wish){.path = json->settings->names[json->layout.append[i]],
                                         .slot = JSON_NO_SLOT,
                                         .plain = 1,
                                         .added = 1};
    return n;
}

static lr_status make_tree(struct json *json, struct lr_error *err)
{
    struct json_wish *wishes = calloc(json->n_features + 3 * COLUMNS, sizeof *wishes);
    lr_status status;

    json->slots = calloc(json->n_features + COLUMNS, sizeof *json->slots);
    json->walker = json_walker_create((size_t)json->settings->max_record_bytes);
    json->tree.n_features = json->n_features;
    if (wishes && json->slots && json->walker)
        status = json_tree_init(&json->tree, wishes, make_wishes(json, wishes), err);
    else
        status = lr_fail(err, LR_ENOMEM, "no memory to read records of max_record_bytes = %lld",
                         (long long)json->settings->max_record_bytes);
    free(wishes);
    return status;
}

/* What is wanted may be a wish (a sink's may_want), so what `columns` does not name is just not
 * given. What nobody wants is not read: a field called label may be anything then. */
static uint32_t bind_read(const struct json *json, uint32_t wanted)
{
    static const uint32_t of[COLUMNS] = {LR_COLUMN_FEATURES, LR_COLUMN_LABEL, LR_COLUMN_OUTPUTS,
                                         LR_COLUMN_T0,       LR_COLUMN_T1,    0};
    uint32_t read = 0;

    for (uint32_t c = 0; c < COLUMNS; c++)
        if (json->layout.has & 1U << c && wanted & of[c])
            read |= 1U << c;
    return read;
}

static lr_status bind(void *self, struct lr_schema *schema, uint32_t wanted, int32_t scored,
                      uint32_t *ret_given, struct lr_error *err)
{
    struct json *json = self;
    int reads_prediction = !scored && json->layout.has & 1U << COLUMN_PREDICTION;
    uint32_t given = 0;
    lr_status status;

    json->scored = scored != 0;
    if (scored)
        wanted = (wanted | LR_COLUMN_FEATURES) & ~LR_COLUMN_OUTPUTS;
    status = bind_append(json, err);
    if (status == LR_OK && wanted & LR_COLUMN_FEATURES)
        status = bind_features(json, schema, err);
    if (status != LR_OK)
        return status;
    json->read = bind_read(json, wanted);
    json->n_outputs = reads_prediction ? (uint32_t)json->settings->outputs : schema->n_outputs;
    status = make_tree(json, err);
    if (status != LR_OK)
        return status;
    if (json->read & 1U << COLUMN_FEATURES)
        given |= LR_COLUMN_FEATURES;
    if (json->read & 1U << COLUMN_LABEL)
        given |= LR_COLUMN_LABEL;
    if (json->read & 1U << COLUMN_PREDICTION)
        given |= LR_COLUMN_OUTPUTS;
    if (json->read & 1U << COLUMN_T0)
        given |= LR_COLUMN_T0;
    if (json->read & 1U << COLUMN_T1)
        given |= LR_COLUMN_T1;
    if (json->layout.n_append > 0)
        given |= LR_COLUMN_ENCODED;
    if (!schema->n_features)
        schema->n_features = json->n_features;
    if (reads_prediction)
        schema->n_outputs = json->n_outputs;
    *ret_given = given;
    return LR_OK;
}

static const struct lr_codec codec = {sizeof codec,      0,          bind, json_decode,
                                      json_encode_bound, json_encode};

static const struct lr_plugin plugin = {
    .size = sizeof plugin,
    .kind = LR_CODEC,
    .name = "json",
    .summary = "JSON objects: features by name or path, with the prediction and times added",
    .options = options,
    .option_size = sizeof *options,
    .n_options = sizeof options / sizeof *options,
    .settings_size = sizeof(struct json_settings),
    .ops = &codec,
    .check = check,
    .create = create,
    .destroy = destroy,
};

static const struct lr_plugin *const plugins[] = {&plugin};

static const struct lr_module module = {
    .size = sizeof module,
    .abi_min = 1,
    .abi_built = LRHOST_ABI,
    .n_plugins = 1,
    .name = "json",
    .version = LRHOST_VERSION,
    .license = "MIT",
    .plugins = plugins,
};

LRHOST_MODULE(module, 1)
