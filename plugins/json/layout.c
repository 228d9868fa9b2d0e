/* SPDX-License-Identifier: MIT
 *
 * Settings -> columns, names of added fields, and what stands in for a missing feature. Every
 * mistake is reported, so that `lrhost check` shows all at once; create goes through the same
 * function and refuses on the first. What needs the model's number of features is bind's.
 */
#include <lrhost/error.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "plugins/common/number.h"

static void check_paths(const struct json_settings *settings, struct mistakes *mistakes)
{
    const char *const *features = settings->features;
    struct lr_error err = LR_ERROR_INIT;
    uint32_t n = 0, all = 0;

    for (; features && features[n]; n++) {
        if (json_path_check(features[n], &err) != LR_OK)
            mistake(mistakes, "features", "%s", err.text);
        all += json_path_is_all(features[n]) != 0;
    }
    if (features && n == 0)
        mistake(mistakes, "features", "names no field; leave it out for the model's names");
    if (all && n > 1)
        mistake(mistakes, "features",
                "a path with [*] stands for all features, so there can be no other one");
    if (json_path_check(settings->label, &err) != LR_OK)
        mistake(mistakes, "label", "%s", err.text);
    else if (json_path_is_all(settings->label))
        mistake(mistakes, "label", "'%.80s' is an array; a label is one number", settings->label);
}

/* Written between quotation marks as it stands. */
static void check_name(const char *option, const char *name, struct mistakes *mistakes)
{
    size_t len = strlen(name);

    if (len == 0 || len > JSON_NAME_MOST)
        mistake(mistakes, option, "a field's name has 1 to %d bytes", JSON_NAME_MOST);
    for (const char *p = name; *p; p++) {
        if ((unsigned char)*p < ' ' || *p == '"' || *p == '\\') {
            mistake(mistakes, option,
                    "'%.40s' has a quotation mark, a backslash or a control character", name);
            return;
        }
    }
    if (!json_is_utf8(name, len))
        mistake(mistakes, option, "the name is not valid UTF-8");
}

static void check_names(const struct json_settings *settings, struct mistakes *mistakes)
{
    static const char *const options[COLUMNS] = {"",        "",        "prediction_name",
                                                 "t0_name", "t1_name", "t2_name"};

    for (uint32_t c = COLUMN_PREDICTION; c < COLUMNS; c++) {
        check_name(options[c], settings->names[c], mistakes);
        for (uint32_t other = COLUMN_PREDICTION; other < c; other++)
            if (strcmp(settings->names[c], settings->names[other]) == 0)
                mistake(mistakes, options[c], "'%.40s' is %s too", settings->names[c],
                        options[other]);
    }
}

/* "bad", or a finite number. */
static int read_rule(const char *text, struct json_rule *ret)
{
    const char *end = text + strlen(text);

    *ret = (struct json_rule){.bad = strcmp(text, "bad") == 0};
    return ret->bad || (number_parse(text, end, &ret->value) == end && isfinite(ret->value));
}

static void read_rules(const char *option, const char *const *texts, struct json_rules *ret,
                       struct mistakes *mistakes)
{
    uint32_t n = 0;

    while (texts && texts[n])
        n++;
    if (n == 0) {
        mistake(mistakes, option, "is empty; write bad, or the number to take");
        return;
    }
    ret->list = calloc(n, sizeof *ret->list);
    if (!ret->list) {
        mistake(mistakes, option, "no memory");
        return;
    }
    for (; ret->n < n; ret->n++)
        if (!read_rule(texts[ret->n], &ret->list[ret->n]))
            mistake(mistakes, option, "'%.40s' is neither bad nor a number", texts[ret->n]);
}

uint32_t json_layout_init(struct json_layout *layout, const struct json_settings *settings,
                          struct json_rules *ret_missing, struct json_rules *ret_mistyped,
                          mistake_fn *problem, void *ctx)
{
    struct mistakes mistakes = {problem, ctx, 0};

    memset(layout, 0, sizeof *layout);
    *ret_missing = *ret_mistyped = (struct json_rules){0};
    layout->unit_ns = settings->time_unit ? 1 : 1000000;
    layout->has = columns_read(settings->columns, layout->columns, &layout->n_columns, &mistakes);
    layout->append_unset = settings->append == NULL;
    columns_append(settings->append, layout->append, &layout->n_append, &mistakes);
    check_paths(settings, &mistakes);
    check_names(settings, &mistakes);
    read_rules("on_missing", settings->on_missing, ret_missing, &mistakes);
    read_rules("on_mistyped", settings->on_mistyped, ret_mistyped, &mistakes);
    if (mistakes.count) {
        free(ret_missing->list);
        free(ret_mistyped->list);
        *ret_missing = *ret_mistyped = (struct json_rules){0};
    }
    return mistakes.count;
}
