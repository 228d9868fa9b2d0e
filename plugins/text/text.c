/* SPDX-License-Identifier: MIT
 *
 * The text codec's options and descriptor, and what it can give (bind). See text.h for the rest.
 *
 * Numbers are decimal and read exactly. Left out on purpose: quoting, comments, header lines,
 * hexadecimal and locale-dependent numbers; a topic with those needs another codec.
 */
#include "text.h"

#include <stdlib.h>
#include <string.h>

#define OPTION(member) (uint32_t) offsetof(struct text_settings, member)

static const struct lr_option options[] = {
    {"columns",
     "What a record holds, in order: features, label, prediction, t0, t1, t2. The label may be "
     "absent in a record",
     "features, label", NULL, NULL, LR_OPT_LIST, 0, OPTION(columns), 0},
    {"append",
     "What is added behind the input's bytes: prediction, t0, t1, t2, or none. t1 is put last. "
     "Unset: prediction and t1 with a model, nothing without one",
     NULL, NULL, NULL, LR_OPT_LIST, 0, OPTION(append), 0},
    {"features",
     "How many features a record has. Unset: as many as the model takes; needed where features "
     "are read without a model",
     NULL, "1..65536", NULL, LR_OPT_INT, 0, OPTION(features), 0},
    {"feature_separator",
     "The character between features: itself, or comma, semicolon, tab, space, colon, pipe", ",",
     NULL, NULL, LR_OPT_STRING, 0, OPTION(feature_separator), 0},
    {"separator", "The character between columns: itself, or one of the same names", "semicolon",
     NULL, NULL, LR_OPT_STRING, 0, OPTION(separator), 0},
    {"t1",
     "The unit of all time columns, read and written: whole milliseconds or nanoseconds since the "
     "epoch",
     "ms", NULL, "ms|ns", LR_OPT_ENUM, 0, OPTION(time_unit), 0},
    {"max_record_bytes", "A longer value is a bad record", "1MiB", "1..", NULL, LR_OPT_SIZE, 0,
     OPTION(max_record_bytes), 0},
    {"allow_non_finite",
     "Whether nan, inf, infinity and numbers too large for a double are taken; else they are bad "
     "records",
     "no", NULL, NULL, LR_OPT_BOOL, 0, OPTION(allow_non_finite), 0},
    {"outputs",
     "How many numbers the prediction column holds, with feature_separator between them, where "
     "predictions are read and not made",
     "1", "1..65536", NULL, LR_OPT_INT, LR_OPT_ADVANCED, OPTION(outputs), 0},
};

static void check(const void *settings, uint32_t lanes, const struct lr_report *report)
{
    struct text_layout layout;

    (void)lanes;
    (void)text_layout_init(&layout, settings, report->problem, report->ctx);
}

/* Keeps the first mistake. */
static void note_mistake(void *ctx, const char *option, const char *message)
{
    struct lr_error *err = ctx;

    if (err && !err->text[0])
        (void)lr_fail(err, LR_ECONFIG, "%s: %s", option, message);
}

static lr_status create(const struct lr_host *host, const void *settings, void **ret_self,
                        struct lr_error *err)
{
    struct text *text = calloc(1, sizeof *text);
    struct row_way way;

    if (!text)
        return lr_fail(err, LR_ENOMEM, "no memory for a text codec");
    if (err)
        err->text[0] = '\0';
    if (text_layout_init(&text->layout, settings, note_mistake, err) > 0) {
        free(text);
        return LR_ECONFIG;
    }
    text->host = host;
    text->settings = settings;
    way = row_best(getenv(ROW_WAY_VARIABLE));
    text->read_row = way.read;
    text->print_rows = way.print;
    *ret_self = text;
    return LR_OK;
}

static void destroy(void *self)
{
    free(self);
}

/* Sets what is appended, and refuses what this pipeline does not have. */
static lr_status bind_append(struct text *text, struct lr_error *err)
{
    struct text_layout *layout = &text->layout;

    if (layout->append_unset) {
        layout->n_append = 0;
        if (text->scored) {
            layout->append[layout->n_append++] = COLUMN_PREDICTION;
            layout->append[layout->n_append++] = COLUMN_T1;
        }
    }
    for (uint32_t i = 0; i < layout->n_append && !text->scored; i++)
        if (layout->append[i] == COLUMN_PREDICTION || layout->append[i] == COLUMN_T2)
            return lr_fail(err, LR_ECONFIG,
                           "append names %s, but without a model nothing is scored; take it out, "
                           "or add a [model] section",
                           column_name(layout->append[i]));
    return LR_OK;
}

static lr_status bind_features(struct text *text, struct lr_schema *schema, struct lr_error *err)
{
    int64_t own = text->settings->features;

    if (own != LR_UNSET && schema->n_features && own != schema->n_features)
        return lr_fail(err, LR_ECONFIG,
                       "features = %lld, but the model takes %u; leave features out, or train the "
                       "model for %lld",
                       (long long)own, schema->n_features, (long long)own);
    text->n_features = schema->n_features ? schema->n_features : own > 0 ? (uint32_t)own : 0;
    text->feature_names = schema->n_features ? schema->feature_names : NULL;
    if (!text->read_features)
        return LR_OK;
    if (!(text->layout.has & 1U << COLUMN_FEATURES))
        return lr_fail(err, LR_ECONFIG,
                       "features are wanted, but columns does not name them; add features to "
                       "columns where they stand in a record");
    if (text->n_features == 0)
        return lr_fail(err, LR_ECONFIG,
                       "features are wanted, and without a model nobody knows how many there are; "
                       "set features to the number that a record has");
    return LR_OK;
}

/* What is wanted may be a wish (a sink's may_want), so a label or prediction that `columns` does
 * not name is just not given; the host knows who cannot do without. */
static lr_status bind(void *self, struct lr_schema *schema, uint32_t wanted, int32_t scored,
                      uint32_t *ret_given, struct lr_error *err)
{
    struct text *text = self;
    struct text_layout *layout = &text->layout;
    int reads_prediction = !scored && (layout->has & 1U << COLUMN_PREDICTION);
    uint32_t given = 0;
    lr_status status;

    text->scored = scored != 0;
    text->read_features = scored || wanted & LR_COLUMN_FEATURES;
    status = bind_features(text, schema, err);
    if (status == LR_OK)
        status = bind_append(text, err);
    if (status != LR_OK)
        return status;
    if (text->read_features)
        given |= LR_COLUMN_FEATURES;
    if (layout->has & 1U << COLUMN_LABEL)
        given |= LR_COLUMN_LABEL;
    if (reads_prediction)
        given |= LR_COLUMN_OUTPUTS;
    if (layout->has & 1U << COLUMN_T0)
        given |= LR_COLUMN_T0;
    if (layout->has & 1U << COLUMN_T1)
        given |= LR_COLUMN_T1;
    text->n_outputs = reads_prediction ? (uint32_t)text->settings->outputs : schema->n_outputs;
    text->ordinary =
        text->read_features && layout->columns[0] == COLUMN_FEATURES &&
        (layout->n_columns == 1 || (layout->n_columns == 2 && layout->columns[1] == COLUMN_LABEL));
    text->format =
        (struct row_format){.n = text->n_features,
                            .separator = layout->feature_separator,
                            .label_separator = layout->n_columns > 1 ? layout->separator : '\0'};
    if (!schema->n_features && layout->has & 1U << COLUMN_FEATURES)
        schema->n_features = text->n_features;
    if (reads_prediction)
        schema->n_outputs = text->n_outputs;
    if (layout->n_append > 0)
        given |= LR_COLUMN_ENCODED;
    *ret_given = given;
    return LR_OK;
}

static const struct lr_codec codec = {sizeof codec,      0,          bind, text_decode,
                                      text_encode_bound, text_encode};

static const struct lr_plugin plugin = {
    .size = sizeof plugin,
    .kind = LR_CODEC,
    .name = "text",
    .summary = "Numbers as text, f0,f1,...,fn;label, with the prediction and times appended",
    .options = options,
    .option_size = sizeof *options,
    .n_options = sizeof options / sizeof *options,
    .settings_size = sizeof(struct text_settings),
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
    .name = "text",
    .version = LRHOST_VERSION,
    .license = "MIT",
    .plugins = plugins,
};

LRHOST_MODULE(module, 1)
