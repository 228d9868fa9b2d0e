/* SPDX-License-Identifier: MIT
 *
 * The text codec: f0,f1,...,fn;label in, the input's bytes;prediction;t1 out.
 *
 *   text.c    options, descriptor, what can be given (bind)
 *   layout.c  settings -> which columns stand where
 *   decode.c  bytes -> columns: a fast way for the ordinary record, a patient one for all others
 *   fault.c   what is wrong with a record, for people
 *   encode.c  the input's bytes and the appended columns
 *
 * One instance belongs to one lane; nothing here is shared and nothing allocates after create.
 */
#ifndef TEXT_H
#define TEXT_H

#include <lrhost/lrhost.h>

#include "plugins/common/columns.h"
#include "plugins/common/row.h"

struct text_settings {
    const char *const *columns;
    const char *const *append;
    const char *feature_separator;
    const char *separator;
    int64_t features;
    int64_t outputs;
    int64_t max_record_bytes;
    int32_t time_unit; /* index into ms|ns */
    int32_t allow_non_finite;
};

struct text_layout {
    uint32_t n_columns;
    uint32_t n_append;
    uint8_t columns[COLUMNS]; /* COLUMN_*, in the record's order */
    uint8_t append[COLUMNS];
    uint32_t has; /* bit 1 << COLUMN_* for each of columns */
    int32_t append_unset;
    int64_t unit_ns; /* of the time columns */
    char separator;
    char feature_separator;
};

/* Columns of this process's time, as text with its separator; most records of a batch share it. */
struct text_stamp {
    int64_t ns;
    uint32_t len;
    char text[32];
};

struct text {
    const struct lr_host *host;
    const struct text_settings *settings;
    struct text_layout layout;
    uint32_t n_features;
    uint32_t n_outputs;
    const char *const *feature_names; /* the model's, or NULL */
    int32_t scored;
    int32_t read_features; /* somebody wants them */
    int32_t ordinary;      /* the record is features, or features and label: */
    struct row_format format;
    row_read_fn *read_row;    /* the fastest way that this processor has */
    row_print_fn *print_rows; /* or NULL */
    struct text_stamp t0, t1, t2;
};

/* Why a record is bad: a reason of the host's fixed set and a sentence. */
#define FAULT_PARSE "parse"
#define FAULT_FEATURES "features"
#define FAULT_NOT_FINITE "not_finite"
#define FAULT_SIZE "size"

struct text_fault {
    const char *reason;
    char message[256];
};

/* Reads the settings; every mistake is told to `problem`. Returns how many there were. */
uint32_t text_layout_init(struct text_layout *layout, const struct text_settings *settings,
                          mistake_fn *problem, void *ctx);

/* The end of a value without the line end (\n, \r or \r\n) that a producer left on it. */
static inline const char *text_line_end(const char *begin, const char *end)
{
    if (end != begin && end[-1] == '\n')
        end--;
    if (end != begin && end[-1] == '\r')
        end--;
    return end;
}

/* All return 0, so that a reader can return them. */
__attribute__((format(printf, 3, 4))) int text_fault(struct text_fault *fault, const char *reason,
                                                     const char *format, ...);
/* "NAME: 'TEXT' is not a decimal number". `begin` .. `end` is quoted, shortened and escaped. */
int text_fault_value(struct text_fault *fault, const char *reason, const char *name,
                     const char *begin, const char *end, const char *what);
/* "3 columns (a;b;c expected)" */
int text_fault_columns(struct text_fault *fault, const struct text_layout *layout, uint32_t found);

lr_status text_decode(void *self, struct lr_batch *batch, struct lr_error *err);
size_t text_encode_bound(void *self, const struct lr_batch *batch);
lr_status text_encode(void *self, struct lr_batch *batch, void *memory, size_t size,
                      struct lr_error *err);

#endif
