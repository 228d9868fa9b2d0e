/* SPDX-License-Identifier: MIT
 *
 * Bytes -> columns.
 *
 * A record of finite numbers with single separators, "f0,...,fn" or "f0,...,fn;label", is read in
 * one pass (plugins/common/row.h). Whatever stops that pass (blanks, a missing column, another
 * layout, a mistake) goes through the patient reader, from its begin: it splits columns first,
 * allows blanks around numbers, and can say what is wrong and where. So the fast way never judges,
 * and both agree.
 *
 * Features are not even looked at when nobody wants them; neither is a prediction where a model
 * makes a new one, nor t2, for which a batch has no column. Every other column is always checked.
 */
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugins/common/number.h"

#define COLUMN_NAME 96

struct field {
    const char *begin, *end;
};

/* ---- the ordinary record ------------------------------------------------------------- */

/* Returns 0 for everything that is not plainly good. */
static inline int read_ordinary(const struct text *text, struct field value, double *row, double *y)
{
    const char *end = text_line_end(value.begin, value.end);
    double label;

    return text->read_row(&text->format, value.begin, end, row, y ? y : &label);
}

/* ---- any record ---------------------------------------------------------------------- */

static int is_blank(const struct text_layout *layout, char c)
{
    return (c == ' ' || c == '\t') && c != layout->separator && c != layout->feature_separator;
}

/* Blanks around a number mean nothing, unless they separate. */
static struct field trim(const struct text_layout *layout, struct field field)
{
    while (field.begin != field.end && is_blank(layout, *field.begin))
        field.begin++;
    while (field.begin != field.end && is_blank(layout, field.end[-1]))
        field.end--;
    return field;
}

/* nan, inf or infinity in any case, with a sign or without. */
static int is_word(struct field field, double *ret)
{
    static const struct {
        const char *word;
        double value;
    } words[] = {{"nan", NAN}, {"inf", INFINITY}, {"infinity", INFINITY}};
    int negative = 0;
    size_t len;

    if (field.begin != field.end && (*field.begin == '-' || *field.begin == '+'))
        negative = *field.begin++ == '-';
    len = (size_t)(field.end - field.begin);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (len == strlen(words[i].word) && strncasecmp(field.begin, words[i].word, len) == 0) {
            *ret = negative ? -words[i].value : words[i].value;
            return 1;
        }
    }
    return 0;
}

static int read_number(const struct text *text, struct field field, const char *name, double *ret,
                       struct text_fault *fault)
{
    double value = 0;

    field = trim(&text->layout, field);
    if (field.begin == field.end ||
        (number_parse(field.begin, field.end, &value) != field.end && !is_word(field, &value)))
        return text_fault_value(fault, FAULT_PARSE, name, field.begin, field.end,
                                "is not a decimal number");
    if (!isfinite(value) && !text->settings->allow_non_finite)
        return text_fault_value(fault, FAULT_NOT_FINITE, name, field.begin, field.end,
                                "is not a finite number");
    *ret = value;
    return 1;
}

static const char *feature_name(const struct text *text, uint32_t i, char *buffer)
{
    if (text->feature_names && text->feature_names[i])
        return text->feature_names[i];
    (void)snprintf(buffer, COLUMN_NAME, "f%u", i);
    return buffer;
}

/* Fields up to `end`, whatever they hold. */
static uint64_t count_fields(struct field field, char separator)
{
    uint64_t n = 1;

    for (const char *p = field.begin; p != field.end; p++)
        n += *p == separator;
    return n;
}

static int read_features(const struct text *text, struct field field, double *row,
                         struct text_fault *fault)
{
    char separator = text->layout.feature_separator, buffer[COLUMN_NAME];
    const char *p = field.begin;
    uint32_t i;

    for (i = 0; i < text->n_features && p; i++) {
        const char *next = memchr(p, separator, (size_t)(field.end - p));
        struct field number = {p, next ? next : field.end};

        if (!read_number(text, number, "", &row[i], fault)) /* again: a name only if it is read */
            return read_number(text, number, feature_name(text, i, buffer), &row[i], fault);
        p = next ? next + 1 : NULL;
    }
    if (i != text->n_features || p) {
        unsigned long long found = count_fields(field, separator);

        return text_fault(fault, FAULT_FEATURES, "%llu feature%s, but expected: %u", found,
                          found == 1 ? "" : "s", text->n_features);
    }
    return 1;
}

/* One number, or as many as there are outputs. `out` NULL: only checked. */
static int read_predictions(const struct text *text, struct field field, double *out,
                            struct text_fault *fault)
{
    double value = 0;

    for (uint32_t i = 0; i < text->n_outputs; i++) {
        const char *next = NULL;
        int last = i + 1 == text->n_outputs;

        if (!last) {
            next = memchr(field.begin, text->layout.feature_separator,
                          (size_t)(field.end - field.begin));
            if (!next)
                return text_fault(fault, FAULT_PARSE, "prediction: %u value%s, but expected: %u",
                                  i + 1, i ? "s" : "", text->n_outputs);
        }
        if (!read_number(text, (struct field){field.begin, last ? field.end : next}, "prediction",
                         &value, fault))
            return 0;
        if (out)
            out[i] = value;
        if (!last)
            field.begin = next + 1;
    }
    return 1;
}

/* Whole units since the epoch; anything negative means unknown. */
static int read_time(const struct text *text, struct field field, const char *name, int64_t *ret_ns,
                     struct text_fault *fault)
{
    int64_t time = 0, ns;

    field = trim(&text->layout, field);
    if (number_parse_i64(field.begin, field.end, &time) != field.end || field.begin == field.end ||
        __builtin_mul_overflow(time, text->layout.unit_ns, &ns))
        return text_fault_value(fault, FAULT_PARSE, name, field.begin, field.end,
                                text->layout.unit_ns == 1 ? "is not a time in whole nanoseconds"
                                                          : "is not a time in whole milliseconds");
    *ret_ns = time < 0 ? -1 : ns;
    return 1;
}

/* Column `column` of record i. */
static int read_column(const struct text *text, uint32_t column, struct field field,
                       struct lr_batch *batch, uint32_t i, struct text_fault *fault)
{
    const char *name = column_name(column);
    double label = NAN;
    int64_t time = 0;

    switch (column) {
    case COLUMN_FEATURES:
        return !text->read_features ||
               read_features(text, field, batch->x + (size_t)i * batch->x_stride, fault);
    case COLUMN_LABEL:
        field = trim(&text->layout, field);
        if (field.begin == field.end)
            return 1; /* absent: y is NaN already */
        if (!read_number(text, field, name, &label, fault))
            return 0;
        if (batch->y)
            batch->y[i] = label;
        return 1;
    case COLUMN_PREDICTION:
        return text->scored ||
               read_predictions(text, field,
                                batch->out ? batch->out + (size_t)i * batch->out_stride : NULL,
                                fault);
    case COLUMN_T0:
    case COLUMN_T1:
        if (!read_time(text, field, name, &time, fault))
            return 0;
        if (column == COLUMN_T0 && batch->t0)
            batch->t0[i] = time;
        if (column == COLUMN_T1 && batch->t1)
            batch->t1[i] = time;
        return 1;
    default:
        return 1; /* t2: one per batch, there is no place for it */
    }
}

static int read_any(const struct text *text, struct field value, struct lr_batch *batch, uint32_t i,
                    struct text_fault *fault)
{
    const struct text_layout *layout = &text->layout;
    struct field fields[COLUMNS];
    uint32_t found = 0, at = 0;
    const char *p = value.begin, *next;
    int has_label = (layout->has & 1U << COLUMN_LABEL) != 0;

    if (value.end - value.begin > text->settings->max_record_bytes)
        return text_fault(fault, FAULT_SIZE, "%lld bytes, but max_record_bytes is %lld",
                          (long long)(value.end - value.begin),
                          (long long)text->settings->max_record_bytes);
    value.end = text_line_end(value.begin, value.end);
    do {
        if (found == layout->n_columns)
            return text_fault_columns(fault, layout, found + 1);
        next = memchr(p, layout->separator, (size_t)(value.end - p));
        fields[found++] = (struct field){p, next ? next : value.end};
        p = next ? next + 1 : value.end;
    } while (next);
    /* One column less than expected: the label is the one that may be absent. */
    if (found != layout->n_columns && !(has_label && found + 1 == layout->n_columns))
        return text_fault_columns(fault, layout, found);
    for (uint32_t c = 0; c < layout->n_columns; c++) {
        uint32_t column = layout->columns[c];

        if (column == COLUMN_LABEL && found != layout->n_columns)
            continue;
        if (!read_column(text, column, fields[at++], batch, i, fault))
            return 0;
    }
    return 1;
}

/* ---- the batch ------------------------------------------------------------------------- */

/* Rows that no record fills hold harmless numbers. */
static void clear_row(const struct text *text, struct lr_batch *batch, uint32_t i)
{
    if (batch->x && text->read_features)
        memset(batch->x + (size_t)i * batch->x_stride, 0, text->n_features * sizeof *batch->x);
    if (batch->y)
        batch->y[i] = NAN;
    if (batch->out && !text->scored && text->layout.has & 1U << COLUMN_PREDICTION)
        memset(batch->out + (size_t)i * batch->out_stride, 0, text->n_outputs * sizeof *batch->out);
}

lr_status text_decode(void *self, struct lr_batch *batch, struct lr_error *err)
{
    const struct text *text = self;
    const int64_t limit = text->settings->max_record_bytes;

    if (text->read_features && (!batch->x || batch->x_stride < text->n_features))
        return lr_fail(err, LR_EINTERNAL, "the batch has no room for %u features",
                       text->n_features);
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct lr_record *record = lr_batch_record(batch, i);
        const char *begin = record->value ? record->value : "";
        struct field value = {begin, begin + (record->value ? record->value_len : 0)};
        struct text_fault fault;

        if (record->flags & (LR_RECORD_NULL | LR_RECORD_BAD)) {
            clear_row(text, batch, i);
            continue;
        }
        if (text->ordinary && record->value_len <= limit &&
            read_ordinary(text, value, batch->x + (size_t)i * batch->x_stride,
                          batch->y ? &batch->y[i] : NULL))
            continue;
        if (batch->y)
            batch->y[i] = NAN;
        if (!read_any(text, value, batch, i, &fault)) {
            clear_row(text, batch, i);
            text->host->bad_record(text->host->ctx, i, fault.reason, fault.message);
        }
    }
    return LR_OK;
}
