/* SPDX-License-Identifier: MIT
 *
 * Tokens -> columns.
 *
 * A number is what strtod makes of its digits, bit for bit, whatever its size; one too large for a
 * double is bad whatever on_mistyped says, since it is a number. What is wrong is said with the
 * field's path, and nothing of a bad record is kept.
 */
#include <lrhost/error.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "plugins/common/number.h"
#include "plugins/common/quote.h"
#include "token.h"

/* Reasons of the host's fixed set. */
#define FAULT_PARSE "parse"
#define FAULT_FEATURES "features"
#define FAULT_NOT_FINITE "not_finite"
#define FAULT_SIZE "size"

#define NAME_ROOM (80 + 4 * QUOTE_BYTES)

struct fault {
    const char *reason;
    char message[256];
};

/* Returns 0, so that a reader can return it. Paths and names may hold anything: what is not
 * printable ASCII is written as '?'. */
__attribute__((format(printf, 3, 4))) static int say(struct fault *fault, const char *reason,
                                                     const char *format, ...)
{
    va_list args;

    fault->reason = reason;
    va_start(args, format);
    (void)vsnprintf(fault->message, sizeof fault->message, format, args);
    va_end(args);
    for (char *p = fault->message; *p; p++)
        if (*p < ' ' || *p > '~')
            *p = '?';
    return 0;
}

static const char *kind_name(uint32_t kind)
{
    static const char *const names[] = {"missing",   "null",      "a number", "a string",
                                        "a boolean", "an object", "an array"};

    return names[kind];
}

static const char *feature_name(const struct json *json, uint32_t i, char buffer[NAME_ROOM])
{
    if (!json->all)
        return json->feature_names[i];
    (void)snprintf(buffer, NAME_ROOM, "%.*s[%u]", (int)(strlen(json->all) - 3), json->all, i);
    return buffer;
}

static int say_kind(const struct json_slot *slot, const char *name, const char *reason,
                    const char *expected, struct fault *fault)
{
    char quoted[QUOTE_ROOM];

    if (slot->kind != JSON_STRING)
        return say(fault, reason, "%.80s is %s, but expected: %s", name, kind_name(slot->kind),
                   expected);
    quote_bytes(slot->at + 1, slot->at + slot->len - 1, quoted);
    return say(fault, reason, "%.80s is the string %s, but expected: %s", name, quoted, expected);
}

static int read_finite(const struct json_slot *slot, const char *name, double *ret,
                       struct fault *fault)
{
    char quoted[QUOTE_ROOM];

    (void)number_parse(slot->at, slot->at + slot->len, ret);
    if (isfinite(*ret))
        return 1;
    quote_bytes(slot->at, slot->at + slot->len, quoted);
    return say(fault, FAULT_NOT_FINITE, "%.80s is %s, too large for a double", name, quoted);
}

static int read_feature(const struct json *json, uint32_t i, double *ret, struct fault *fault)
{
    const struct json_slot *slot = &json->slots[i];
    const struct json_rules *rules = slot->kind <= JSON_NULL ? &json->missing : &json->mistyped;
    const struct json_rule *rule = &rules->list[rules->n == 1 ? 0 : i];
    char buffer[NAME_ROOM];

    if (slot->kind == JSON_NUMBER) {
        (void)number_parse(slot->at, slot->at + slot->len, ret);
        return isfinite(*ret) || read_finite(slot, feature_name(json, i, buffer), ret, fault);
    }
    *ret = rule->value;
    if (!rule->bad)
        return 1;
    return say_kind(slot, feature_name(json, i, buffer),
                    slot->kind <= JSON_NULL ? FAULT_FEATURES : FAULT_PARSE, "a number", fault);
}

static int read_features(const struct json *json, const struct json_seen *seen, double *row,
                         struct fault *fault)
{
    /* An array of another length is another record, not one in which something is missing. */
    if (json->all && seen->elements && seen->elements != json->n_features)
        return say(fault, FAULT_FEATURES, "%.80s: %u features, but expected: %u", json->all,
                   seen->elements, json->n_features);
    for (uint32_t i = 0; i < json->n_features; i++)
        if (!read_feature(json, i, &row[i], fault))
            return 0;
    return 1;
}

/* A field that has to be a finite number. */
static int read_number(const struct json_slot *slot, const char *name, double *ret,
                       struct fault *fault)
{
    if (slot->kind != JSON_NUMBER)
        return say_kind(slot, name, FAULT_PARSE, "a number", fault);
    return read_finite(slot, name, ret, fault);
}

/* The array at slot->at is valid JSON up to its bracket, which is before `end`. */
static int read_array(const struct json_slot *slot, const char *name, uint32_t n, double *out,
                      struct fault *fault)
{
    const char *p = slot->at + 1, *end = slot->at + slot->len;
    double value = 0;

    for (uint32_t i = 0; i < n; i++) {
        struct json_slot number = {json_skip_blanks(p, end), 0, JSON_NUMBER};

        p = json_number_end(number.at, end);
        if (!p)
            return say(fault, FAULT_PARSE, "%.80s holds something else than %u numbers", name, n);
        number.len = (uint32_t)(p - number.at);
        if (!read_finite(&number, name, &value, fault))
            return 0;
        if (out)
            out[i] = value;
        p = json_skip_blanks(p, end);
        if (p == end || *p != (i + 1 == n ? ']' : ','))
            return say(fault, FAULT_PARSE, "%.80s holds something else than %u numbers", name, n);
        p++;
    }
    return 1;
}

static int read_predictions(const struct json *json, struct lr_batch *batch, uint32_t i,
                            struct fault *fault)
{
    const struct json_slot *slot = &json->slots[json->n_features + COLUMN_PREDICTION];
    const char *name = json->settings->names[COLUMN_PREDICTION];
    double *out = batch->out ? batch->out + (size_t)i * batch->out_stride : NULL, value;

    if (json->n_outputs == 1) {
        if (!read_number(slot, name, &value, fault))
            return 0;
        if (out)
            *out = value;
        return 1;
    }
    if (slot->kind != JSON_ARRAY)
        return say_kind(slot, name, FAULT_PARSE, "an array of numbers", fault);
    return read_array(slot, name, json->n_outputs, out, fault);
}

/* Whole units since the epoch; anything negative means unknown. */
static int read_time(const struct json *json, uint32_t column, int64_t *ret_ns, struct fault *fault)
{
    const struct json_slot *slot = &json->slots[json->n_features + column];
    const char *name = json->settings->names[column];
    const char *expected =
        json->layout.unit_ns == 1 ? "a time in whole nanoseconds" : "a time in whole milliseconds";
    char quoted[QUOTE_ROOM];
    int64_t time = 0, ns;

    if (slot->kind != JSON_NUMBER)
        return say_kind(slot, name, FAULT_PARSE, expected, fault);
    if (number_parse_i64(slot->at, slot->at + slot->len, &time) != slot->at + slot->len ||
        __builtin_mul_overflow(time, json->layout.unit_ns, &ns)) {
        quote_bytes(slot->at, slot->at + slot->len, quoted);
        return say(fault, FAULT_PARSE, "%.80s is %s, but expected: %s", name, quoted, expected);
    }
    *ret_ns = time < 0 ? -1 : ns;
    return 1;
}

static int read_label(const struct json *json, double *y, struct fault *fault)
{
    const struct json_slot *slot = &json->slots[json->n_features + COLUMN_LABEL];
    double value;

    if (slot->kind <= JSON_NULL)
        return 1; /* none: y is NaN already */
    if (!read_number(slot, json->settings->label, &value, fault))
        return 0;
    if (y)
        *y = value;
    return 1;
}

/* What json_walk said, for people. */
static int say_trouble(const struct json_trouble *trouble, struct fault *fault)
{
    const char *subject = trouble->path ? trouble->path : "the record";

    if (trouble->at == SIZE_MAX)
        return say(fault, FAULT_PARSE, "%.80s %s", subject, trouble->what);
    return say(fault, FAULT_PARSE, "%.80s %s, at byte %zu", subject, trouble->what, trouble->at);
}

static int read_columns(const struct json *json, const struct json_seen *seen,
                        struct lr_batch *batch, uint32_t i, struct fault *fault)
{
    int64_t time = 0;

    if (json->read & 1U << COLUMN_FEATURES &&
        !read_features(json, seen, batch->x + (size_t)i * batch->x_stride, fault))
        return 0;
    if (json->read & 1U << COLUMN_LABEL && !read_label(json, batch->y ? &batch->y[i] : NULL, fault))
        return 0;
    if (json->read & 1U << COLUMN_PREDICTION && !read_predictions(json, batch, i, fault))
        return 0;
    if (json->read & 1U << COLUMN_T0) {
        if (!read_time(json, COLUMN_T0, &time, fault))
            return 0;
        if (batch->t0)
            batch->t0[i] = time;
    }
    if (json->read & 1U << COLUMN_T1) {
        if (!read_time(json, COLUMN_T1, &time, fault))
            return 0;
        if (batch->t1)
            batch->t1[i] = time;
    }
    return 1;
}

static int read_record(struct json *json, struct lr_batch *batch, uint32_t i, struct fault *fault)
{
    const struct lr_record *record = lr_batch_record(batch, i);
    size_t len = record->value ? record->value_len : 0;
    uint32_t n_slots = json->n_features + COLUMNS;
    struct json_trouble trouble = {0};
    struct json_seen seen = {0};

    if ((int64_t)len > json->settings->max_record_bytes)
        return say(fault, FAULT_SIZE, "%zu bytes, but max_record_bytes is %lld", len,
                   (long long)json->settings->max_record_bytes);
    if (!json_walk(json->walker, &json->tree, record->value, len, json->slots, n_slots, &seen,
                   &trouble))
        return say_trouble(&trouble, fault);
    if (seen.added && !json->settings->existing)
        return say(fault, FAULT_PARSE,
                   "the record has a field '%.60s' already; choose another name (%s), or existing "
                   "= replace",
                   seen.added, "prediction_name, t1_name");
    json->strip |= seen.added != NULL;
    return read_columns(json, &seen, batch, i, fault);
}

/* Rows that no record fills hold harmless numbers. */
static void clear_row(const struct json *json, struct lr_batch *batch, uint32_t i)
{
    if (json->read & 1U << COLUMN_FEATURES)
        memset(batch->x + (size_t)i * batch->x_stride, 0, json->n_features * sizeof *batch->x);
    if (batch->y)
        batch->y[i] = NAN;
    if (batch->out && json->read & 1U << COLUMN_PREDICTION)
        memset(batch->out + (size_t)i * batch->out_stride, 0, json->n_outputs * sizeof *batch->out);
}

lr_status json_decode(void *self, struct lr_batch *batch, struct lr_error *err)
{
    struct json *json = self;

    if (json->read & 1U << COLUMN_FEATURES && (!batch->x || batch->x_stride < json->n_features))
        return lr_fail(err, LR_EINTERNAL, "the batch has no room for %u features",
                       json->n_features);
    for (uint32_t i = 0; i < batch->count; i++) {
        struct fault fault;

        if (lr_batch_record(batch, i)->flags & (LR_RECORD_NULL | LR_RECORD_BAD)) {
            clear_row(json, batch, i);
            continue;
        }
        if (batch->y)
            batch->y[i] = NAN;
        if (!read_record(json, batch, i, &fault)) {
            clear_row(json, batch, i);
            json->host->bad_record(json->host->ctx, i, fault.reason, fault.message);
        }
    }
    return LR_OK;
}
