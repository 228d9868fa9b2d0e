/* SPDX-License-Identifier: MIT
 *
 * The JSON codec: an object in, its bytes with "prediction" and "t1" added out.
 *
 *   json.c     options, descriptor, what can be given (bind)
 *   layout.c   settings -> columns, names, what stands in for a missing feature
 *   path.c     paths ("sensor.temp") -> a tree that a record's fields are looked up in
 *   walk.cpp   bytes -> tokens of the fields that are wanted; the only file that knows simdjson
 *   token.h    one number, one string
 *   decode.c   tokens -> columns
 *   encode.c   the input's bytes and the added fields
 *   strip.c    the input's bytes without fields that are added anew
 *
 * One instance belongs to one lane; nothing here is shared and nothing allocates after bind.
 */
#ifndef JSON_H
#define JSON_H

#include <lrhost/lrhost.h>

#include "plugins/common/columns.h"

#ifdef __cplusplus
extern "C" {
#endif

#define JSON_DEEPEST 64    /* containers in each other, the record's own included */
#define JSON_SEGMENTS 16   /* of a path */
#define JSON_NAME_MOST 100 /* bytes of the name of an added field */

struct json_settings {
    const char *const *columns;
    const char *const *append;
    const char *const *features;
    const char *const *on_missing;
    const char *const *on_mistyped;
    const char *label;
    const char *names[COLUMNS]; /* of the fields for prediction, t0, t1, t2; [0], [1] unused */
    int64_t outputs;
    int64_t max_record_bytes;
    int32_t time_unit; /* index into ms|ns */
    int32_t existing;  /* index into bad|replace */
};

/* ---- the tree of wanted fields (path.c) ------------------------------------------------ */

#define JSON_NO_SLOT UINT32_MAX

/* A field of an object, or an element of an array. */
struct json_child {
    const char *name;
    uint32_t len;
    uint32_t index; /* of an element */
    uint32_t node;
    uint32_t next; /* the child that followed this one in the last record */
    /* The name holds no quotation mark, so that a key in a record can be compared where it is. */
    int32_t in_place;
};

struct json_node {
    const struct json_child *by_index; /* sorted */
    struct json_child *by_name;        /* sorted */
    uint32_t n_by_index;
    uint32_t n_by_name;
    uint32_t first;   /* of by_name in the last record */
    uint32_t slot;    /* what is wanted here, or JSON_NO_SLOT */
    int32_t all;      /* an array whose elements are slots 0, 1, ... */
    int32_t added;    /* encode adds a field of this name */
    const char *path; /* of what is wanted here, or of something below */
    uint64_t seen;    /* the last record that had it */
};

struct json_segment; /* path.c */

struct json_wish {
    const char *path;
    uint32_t slot; /* or JSON_NO_SLOT */
    int32_t plain; /* the name of a field as it stands, not a path */
    int32_t added; /* encode adds it */
    uint32_t n;    /* segments */
    const struct json_segment *segments;
};

struct json_tree {
    struct json_node *nodes; /* [0]: the record */
    uint32_t n_features;     /* of an array that holds all; set by the caller */
    uint32_t reserved;
    uint64_t record; /* how many were walked */
    void *memory[5]; /* what finish frees */
};

/* Checks the syntax of one path. LR_ECONFIG: the sentence in err begins with the path. */
lr_status json_path_check(const char *path, struct lr_error *err);
int json_path_is_all(const char *path);
/* Paths live as long as the tree. LR_ECONFIG: two that cannot be told apart; LR_ENOMEM. */
lr_status json_tree_init(struct json_tree *tree, struct json_wish *wishes, uint32_t n,
                         struct lr_error *err);
void json_tree_finish(struct json_tree *tree);

/* ---- a record's tokens (walk.cpp) -------------------------------------------------------- */

#define JSON_MISSING 0u
#define JSON_NULL 1u
#define JSON_NUMBER 2u
#define JSON_STRING 3u
#define JSON_BOOLEAN 4u
#define JSON_OBJECT 5u
#define JSON_ARRAY 6u

/* The value of a wanted field; `at` points into the walker's copy of the record and lives until
 * the next one. `len` of an object or array: up to the end of the record. */
struct json_slot {
    const char *at;
    uint32_t len;
    uint32_t kind;
};

/* What json_walk found wrong. */
struct json_trouble {
    const char *what; /* a sentence without its subject */
    const char *path; /* the field, or NULL: the record */
    size_t at;        /* byte, or SIZE_MAX */
};

struct json_seen {
    uint32_t elements; /* of the array that holds all features; 0 where it is missing */
    const char *added; /* a field of the name of an added one, or NULL */
};

struct json_walker;

/* NULL: no memory. */
struct json_walker *json_walker_create(size_t max_record_bytes);
void json_walker_destroy(struct json_walker *walker);
/* Reads a whole record of at most max_record_bytes, valid or not; fills slots[0 .. n_slots-1].
 * Returns 0 and sets *ret_trouble for what is not one valid JSON object. Does not allocate. */
int json_walk(struct json_walker *walker, struct json_tree *tree, const char *value, size_t len,
              struct json_slot *slots, uint32_t n_slots, struct json_seen *ret_seen,
              struct json_trouble *ret_trouble);
int json_is_utf8(const char *text, size_t len);

/* ---- the codec --------------------------------------------------------------------------- */

/* Instead of a feature that is missing or no number. */
struct json_rule {
    int32_t bad; /* nothing: the record is bad */
    double value;
};

struct json_rules {
    struct json_rule *list; /* one for all features, or one for each */
    uint32_t n;
};

struct json_layout {
    uint32_t n_columns;
    uint32_t n_append;
    uint8_t columns[COLUMNS];
    uint8_t append[COLUMNS];
    uint32_t has; /* bit 1 << COLUMN_* for each of columns */
    int32_t append_unset;
    int64_t unit_ns; /* of the time columns */
};

/* Times as text; most records of a batch share it. */
struct json_stamp {
    int64_t ns;
    uint32_t len;
    char text[32];
};

/* ,"NAME": */
struct json_prefix {
    uint32_t len;
    char text[JSON_NAME_MOST + 4];
};

struct json {
    const struct lr_host *host;
    const struct json_settings *settings;
    struct json_layout layout;
    struct json_rules missing, mistyped;
    struct json_tree tree;
    struct json_slot *slots; /* features, then one for each of COLUMNS */
    struct json_walker *walker;
    const char *const *feature_names; /* paths, or the model's names; [n_features] */
    const char *all;                  /* the path of an array with all features, or NULL */
    uint32_t n_features;
    uint32_t n_outputs;
    uint32_t read; /* bit 1 << COLUMN_* of what decode fills */
    int32_t scored;
    int32_t strip; /* a record had fields that are added anew */
    struct json_prefix prefixes[COLUMNS];
    struct json_stamp stamps[COLUMNS];
};

/* Reads the settings; every mistake is told. The rules are the caller's to free; where there were
 * mistakes there are none. Returns how many mistakes there were; no memory is one. */
uint32_t json_layout_init(struct json_layout *layout, const struct json_settings *settings,
                          struct json_rules *ret_missing, struct json_rules *ret_mistyped,
                          mistake_fn *problem, void *ctx);

lr_status json_decode(void *self, struct lr_batch *batch, struct lr_error *err);
size_t json_encode_bound(void *self, const struct lr_batch *batch);
lr_status json_encode(void *self, struct lr_batch *batch, void *memory, size_t size,
                      struct lr_error *err);

/* Copies the members of a valid object (begin: its brace, end: its last one) without those that
 * encode adds, from the byte after the first brace to the one before the last. Sets *ret_members
 * to how many it kept. */
char *json_strip(const struct json *json, const char *begin, const char *end, char *out,
                 uint32_t *ret_members);

#ifdef __cplusplus
}
#endif
#endif
