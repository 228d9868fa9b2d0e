/* SPDX-License-Identifier: MIT
 *
 * The input's bytes, verbatim, and behind them the appended columns.
 *
 * With columns to append, a line end on the input (\n, \r, \r\n) is left out, since it would stand
 * in the middle of the record; without any, the value goes through byte for byte.
 */
#include "text.h"

#include <string.h>

#include "plugins/common/number.h"

/* Room of one appended value with its separator; copies of a stamp are that long. */
#define COLUMN_ROOM (sizeof((struct text_stamp *)0)->text)

_Static_assert(sizeof((struct text_stamp *)0)->text >= NUMBER_LONGEST + 1,
               "a stamp holds a number");

/* Whole units, rounded down; a time that nobody knows is -1. */
static void set_stamp(struct text_stamp *stamp, const struct text_layout *layout, int64_t ns)
{
    stamp->ns = ns;
    stamp->text[0] = layout->separator;
    stamp->len =
        1 + (uint32_t)number_print_i64(ns < 0 ? -1 : ns / layout->unit_ns, stamp->text + 1);
}

static inline char *put_stamp(struct text_stamp *stamp, const struct text_layout *layout,
                              int64_t ns, char *out)
{
    if (stamp->len == 0 || stamp->ns != ns)
        set_stamp(stamp, layout, ns);
    memcpy(out, stamp->text, sizeof stamp->text);
    return out + stamp->len;
}

/* Predictions of some records, printed ahead. */
struct ahead {
    struct row_text texts[ROW_PRINT_MOST];
    uint32_t begin, end; /* records */
};

/* The prediction of record i. What is copied is always the same size, in the words in which it was
 * written: other loads would wait for the stores. */
static inline char *put_ahead(const struct text *text, const struct lr_batch *batch, uint32_t i,
                              struct ahead *ahead, char *out)
{
    const struct row_text *printed;

    if (i >= ahead->end) {
        uint32_t left = batch->count - i;

        ahead->begin = i;
        ahead->end = i + (left < ROW_PRINT_MOST ? left : ROW_PRINT_MOST);
        text->print_rows(batch->out + (size_t)i * batch->out_stride, batch->out_stride,
                         ahead->end - i, ahead->texts);
    }
    printed = &ahead->texts[i - ahead->begin];
    *out++ = text->layout.separator;
    for (uint32_t at = 0; at < NUMBER_ROOM; at += 8)
        memcpy(out + at, printed->text + at, 8);
    return out + printed->len;
}

static char *put_predictions(const struct text_layout *layout, const double *values, uint32_t n,
                             char *out)
{
    for (uint32_t i = 0; i < n; i++) {
        *out++ = i ? layout->feature_separator : layout->separator;
        out += number_print(values[i], out);
    }
    return out;
}

/* The most that the appended columns of one record take, with the slack that is written to. */
static size_t appended_room(const struct text *text, const struct lr_batch *batch)
{
    size_t room = 0;

    for (uint32_t i = 0; i < text->layout.n_append; i++)
        room += text->layout.append[i] == COLUMN_PREDICTION
                    ? (size_t)batch->n_outputs * (1 + NUMBER_ROOM)
                    : COLUMN_ROOM;
    return room;
}

size_t text_encode_bound(void *self, const struct lr_batch *batch)
{
    const struct text *text = self;
    size_t bound = batch->count * appended_room(text, batch);

    for (uint32_t i = 0; i < batch->count; i++)
        bound += lr_batch_record(batch, i)->value_len;
    return bound;
}

static char *put_record(struct text *text, const struct lr_batch *batch, uint32_t i,
                        struct ahead *ahead, char *out)
{
    const struct text_layout *layout = &text->layout;
    const struct lr_record *record = lr_batch_record(batch, i);
    const char *begin = record->value;
    size_t len = record->value_len;

    if (begin && layout->n_append)
        len = (size_t)(text_line_end(begin, begin + len) - begin);
    if (len)
        memcpy(out, begin, len);
    out += len;
    for (uint32_t c = 0; c < layout->n_append; c++) {
        switch (layout->append[c]) {
        case COLUMN_PREDICTION:
            if (batch->n_outputs != 1) {
                out = put_predictions(layout, batch->out + (size_t)i * batch->out_stride,
                                      batch->n_outputs, out);
            } else if (text->print_rows) {
                out = put_ahead(text, batch, i, ahead, out);
            } else {
                *out++ = layout->separator;
                out += number_print(batch->out[(size_t)i * batch->out_stride], out);
            }
            break;
        case COLUMN_T0:
            out = put_stamp(&text->t0, layout, batch->t0 ? batch->t0[i] : -1, out);
            break;
        case COLUMN_T2:
            out = put_stamp(&text->t2, layout, batch->t2_ns, out);
            break;
        default:
            out = put_stamp(&text->t1, layout, batch->t1 ? batch->t1[i] : batch->read_ns, out);
            break;
        }
    }
    return out;
}

lr_status text_encode(void *self, struct lr_batch *batch, void *memory, size_t size,
                      struct lr_error *err)
{
    struct text *text = self;
    size_t room = appended_room(text, batch);
    char *out = memory, *end = out + size;
    struct ahead ahead;

    ahead.begin = ahead.end = 0;
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
        out = put_record(text, batch, i, &ahead, out);
        batch->encoded[i] = (struct lr_bytes){begin, (uint32_t)(out - begin), 0};
    }
    return LR_OK;
}
