/* SPDX-License-Identifier: MIT
 *
 * The input's bytes, verbatim, with the added fields before the closing brace.
 *
 * What follows the brace (a line end, blanks) is left out. Records here were decoded and are valid
 * objects: added fields need a model, and with one every record is decoded. JSON has no
 * NaN and no infinity: a prediction that is not finite is null.
 */
#include <lrhost/error.h>
#include <math.h>
#include <string.h>

#include "json.h"
#include "plugins/common/number.h"
#include "token.h"

_Static_assert(sizeof((struct json_stamp *)0)->text >= NUMBER_ROOM, "a stamp holds a number");

/* Whole units, rounded down; a time that nobody knows is -1. */
static char *put_time(struct json *json, uint32_t column, int64_t ns, char *out)
{
    struct json_stamp *stamp = &json->stamps[column];

    if (stamp->len == 0 || stamp->ns != ns) {
        stamp->ns = ns;
        stamp->len =
            (uint32_t)number_print_i64(ns < 0 ? -1 : ns / json->layout.unit_ns, stamp->text);
    }
    memcpy(out, stamp->text, sizeof stamp->text);
    return out + stamp->len;
}

static char *put_number(double value, char *out)
{
    if (isfinite(value))
        return out + number_print(value, out);
    memcpy(out, "null", 4);
    return out + 4;
}

static char *put_predictions(const double *values, uint32_t n, char *out)
{
    if (n == 1)
        return put_number(values[0], out);
    for (uint32_t i = 0; i < n; i++) {
        *out++ = i ? ',' : '[';
        out = put_number(values[i], out);
    }
    *out++ = ']';
    return out;
}

/* The most that the added fields of one record take, with the slack that is written to. */
static size_t added_room(const struct json *json, const struct lr_batch *batch)
{
    size_t room = 0;

    for (uint32_t i = 0; i < json->layout.n_append; i++) {
        uint32_t column = json->layout.append[i];

        room += json->prefixes[column].len;
        room += column == COLUMN_PREDICTION ? (size_t)batch->n_outputs * (1 + NUMBER_ROOM) + 1
                                            : sizeof json->stamps[column].text;
    }
    return room;
}

size_t json_encode_bound(void *self, const struct lr_batch *batch)
{
    size_t bound = batch->count * added_room(self, batch);

    for (uint32_t i = 0; i < batch->count; i++)
        bound += lr_batch_record(batch, i)->value_len;
    return bound;
}

/* The fields to add, each with a comma before it. */
static char *put_added(struct json *json, const struct lr_batch *batch, uint32_t i, char *out)
{
    for (uint32_t c = 0; c < json->layout.n_append; c++) {
        uint32_t column = json->layout.append[c];
        const struct json_prefix *prefix = &json->prefixes[column];

        memcpy(out, prefix->text, prefix->len);
        out += prefix->len;
        if (column == COLUMN_PREDICTION)
            out =
                put_predictions(batch->out + (size_t)i * batch->out_stride, batch->n_outputs, out);
        else if (column == COLUMN_T0)
            out = put_time(json, column, batch->t0 ? batch->t0[i] : -1, out);
        else if (column == COLUMN_T1)
            out = put_time(json, column, batch->t1 ? batch->t1[i] : batch->read_ns, out);
        else
            out = put_time(json, column, batch->t2_ns, out);
    }
    return out;
}

/* NULL: the record is no object, which only a host can have done that encodes what it did not
 * decode. */
static char *put_record(struct json *json, const struct lr_batch *batch, uint32_t i, char *out)
{
    const struct lr_record *record = lr_batch_record(batch, i);
    const char *begin = record->value, *end = begin + record->value_len, *inner;
    uint32_t members;
    char *members_end;

    if (json->layout.n_append == 0) {
        if (record->value_len)
            memcpy(out, begin, record->value_len);
        return out + record->value_len;
    }
    while (end != begin && json_is_blank(end[-1]))
        end--;
    inner = json_skip_blanks(begin, end);
    if (end - inner < 2 || *inner != '{' || *--end != '}')
        return NULL;
    if (json->strip) {
        memcpy(out, begin, (size_t)(inner + 1 - begin));
        members_end = json_strip(json, inner, end, out + (inner + 1 - begin), &members);
    } else {
        const char *last = end;

        memcpy(out, begin, (size_t)(end - begin));
        members_end = out + (end - begin);
        while (json_is_blank(last[-1]))
            last--;
        members = last - 1 != inner;
    }
    out = put_added(json, batch, i, members_end);
    if (!members) { /* no comma before the first one */
        memmove(members_end, members_end + 1, (size_t)(out - members_end) - 1);
        out--;
    }
    *out++ = '}';
    return out;
}

lr_status json_encode(void *self, struct lr_batch *batch, void *memory, size_t size,
                      struct lr_error *err)
{
    struct json *json = self;
    size_t room = added_room(json, batch);
    char *out = memory, *end = out + size;

    for (uint32_t i = 0; i < batch->count; i++) {
        const struct lr_record *record = lr_batch_record(batch, i);
        char *begin = out;

        if (record->flags & (LR_RECORD_NULL | LR_RECORD_BAD)) {
            batch->encoded[i] = (struct lr_bytes){NULL, 0, 0};
            continue;
        }
        if ((size_t)(end - out) < record->value_len + room)
            return lr_fail(err, LR_EINTERNAL,
                           "the memory to encode into is smaller than asked for");
        out = put_record(json, batch, i, out);
        if (!out)
            return lr_fail(err, LR_EINTERNAL, "record %u to encode is not a JSON object", i);
        batch->encoded[i] = (struct lr_bytes){begin, (uint32_t)(out - begin), 0};
    }
    return LR_OK;
}
