/* SPDX-License-Identifier: MIT
 *
 * Paths -> a tree.
 *
 *   sensor.temp   the field temp of the field sensor
 *   values[3]     the fourth element of the array values
 *   values[*]     all elements: the features in order
 *   /a.b/0        a JSON pointer (RFC 6901), for names with a dot or a bracket: ~1 is a slash, ~0 a
 *                 tilde; a segment of digits is an element of an array or a field, as it turns out
 *
 * Paths are sorted by their segments, so that those with a common beginning are neighbours and
 * each group becomes a node: no search while building, however many features there are.
 */
#include "json.h"

#include <limits.h>
#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>

#define FIELD 1 /* of an object */
#define ELEMENT 2
#define EITHER 3
#define ALL 4

#define INDEX_MOST 999999

struct json_segment {
    const char *text;
    uint32_t len;
    uint32_t index;
    int32_t kind;
};

/* ---- one path ----------------------------------------------------------------------------- */

/* A number without a leading zero, or -1. */
static int64_t read_index(const char *text, size_t len)
{
    int64_t index = 0;

    if (len == 0 || len > 6 || (text[0] == '0' && len > 1))
        return -1;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        index = index * 10 + (text[i] - '0');
    }
    return index;
}

/* "/a/b". The text of segments goes to *texts, with its escapes replaced. NULL: in order. */
static const char *cut_pointer(const char *path, struct json_segment *segments, uint32_t *n,
                               char **texts)
{
    while (*path) {
        char *begin = *texts;
        int64_t index;

        if (*n == JSON_SEGMENTS)
            return "is too deep";
        for (path++; *path && *path != '/'; path++) {
            if (*path == '~' && path[1] != '0' && path[1] != '1')
                return "has a ~ that is neither ~0 nor ~1";
            *(*texts)++ = *path != '~' ? *path : path[1] == '0' ? '~' : '/';
            path += *path == '~';
        }
        index = read_index(begin, (size_t)(*texts - begin));
        segments[(*n)++] =
            (struct json_segment){begin, (uint32_t)(*texts - begin),
                                  index < 0 ? 0 : (uint32_t)index, index < 0 ? FIELD : EITHER};
    }
    return NULL;
}

/* "[3]" or "[*]" at *path. */
static const char *cut_bracket(const char **path, struct json_segment *segment)
{
    const char *begin = *path + 1, *close = strchr(begin, ']');
    int64_t index = close ? read_index(begin, (size_t)(close - begin)) : -1;

    if (close == begin + 1 && *begin == '*') {
        if (close[1])
            return "goes on behind [*]";
        *segment = (struct json_segment){begin, 1, 0, ALL};
    } else if (index >= 0) {
        *segment =
            (struct json_segment){begin, (uint32_t)(close - begin), (uint32_t)index, ELEMENT};
    } else {
        return "has a bracket that is neither [0], [1], ... nor [*]";
    }
    *path = close + 1;
    return NULL;
}

static const char *cut_dotted(const char *path, struct json_segment *segments, uint32_t *n)
{
    for (;;) {
        size_t len = strcspn(path, ".[]");

        if (len == 0)
            return "has a name that is empty (a name with a dot or bracket is written as /a.b)";
        if (*n == JSON_SEGMENTS)
            return "is too deep";
        segments[(*n)++] = (struct json_segment){path, (uint32_t)len, 0, FIELD};
        for (path += len; *path == '[';) {
            const char *wrong;

            if (*n == JSON_SEGMENTS)
                return "is too deep";
            wrong = cut_bracket(&path, &segments[*n]);
            if (wrong)
                return wrong;
            ++*n;
        }
        if (*path == '\0')
            return NULL;
        if (*path++ != '.')
            return "has a bracket out of place";
    }
}

/* `texts` has room for the path's bytes. */
static const char *cut(const struct json_wish *wish, struct json_segment *segments, uint32_t *n,
                       char **texts)
{
    *n = 0;
    if (wish->plain) {
        segments[(*n)++] =
            (struct json_segment){wish->path, (uint32_t)strlen(wish->path), 0, FIELD};
        return NULL;
    }
    if (wish->path[0] == '/')
        return cut_pointer(wish->path, segments, n, texts);
    return cut_dotted(wish->path, segments, n);
}

#define PATH_MOST 500

lr_status json_path_check(const char *path, struct lr_error *err)
{
    const struct json_wish wish = {.path = path};
    struct json_segment segments[JSON_SEGMENTS];
    char room[PATH_MOST], *texts = room;
    uint32_t n;
    const char *wrong =
        strlen(path) >= sizeof room ? "is too long" : cut(&wish, segments, &n, &texts);

    if (!wrong)
        return LR_OK;
    return lr_fail(err, LR_ECONFIG, "'%.80s' %s", path, wrong);
}

int json_path_is_all(const char *path)
{
    size_t len = strlen(path);

    return path[0] != '/' && len > 3 && strcmp(path + len - 3, "[*]") == 0;
}

/* ---- the tree ----------------------------------------------------------------------------- */

struct build {
    struct json_tree *tree;
    struct json_wish **wishes;  /* sorted */
    struct json_child *by_name; /* the next one that is free */
    struct json_child *by_index;
    uint32_t n_nodes;
    struct lr_error *err;
};

static int compare_names(const struct json_segment *a, const struct json_segment *b)
{
    int order = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);

    return order ? order : (a->len > b->len) - (a->len < b->len);
}

static int compare_segments(const struct json_segment *a, const struct json_segment *b)
{
    int order = compare_names(a, b);

    return order ? order : a->kind - b->kind;
}

static int compare_wishes(const void *a, const void *b)
{
    const struct json_wish *left = *(struct json_wish *const *)a;
    const struct json_wish *right = *(struct json_wish *const *)b;

    for (uint32_t i = 0; i < left->n && i < right->n; i++) {
        int order = compare_segments(&left->segments[i], &right->segments[i]);

        if (order)
            return order;
    }
    return (left->n > right->n) - (left->n < right->n);
}

static int compare_indexes(const void *a, const void *b)
{
    const struct json_child *left = a, *right = b;

    return (left->index > right->index) - (left->index < right->index);
}

static lr_status both(const struct build *build, const char *a, const char *b)
{
    if (strcmp(a, b) == 0)
        return lr_fail(build->err, LR_ECONFIG, "'%.80s' is wanted twice", a);
    return lr_fail(build->err, LR_ECONFIG, "'%.80s' and '%.80s' cannot both be wanted", a, b);
}

/* The end of the group of wishes from lo on that have the same segment at `depth`. */
static uint32_t group_end(const struct build *build, uint32_t lo, uint32_t hi, uint32_t depth)
{
    uint32_t i = lo + 1;

    while (i < hi && compare_segments(&build->wishes[i]->segments[depth],
                                      &build->wishes[lo]->segments[depth]) == 0)
        i++;
    return i;
}

/* Wishes that end at this node. Returns the first one that does not. */
static lr_status take_wishes(const struct build *build, struct json_node *node, uint32_t *lo,
                             uint32_t hi, uint32_t depth)
{
    for (; *lo < hi && build->wishes[*lo]->n == depth; ++*lo) {
        const struct json_wish *wish = build->wishes[*lo];

        if (wish->added) {
            node->added = 1;
        } else if (node->slot != JSON_NO_SLOT) {
            return both(build, node->path, wish->path);
        } else {
            node->slot = wish->slot;
        }
        node->path = wish->path;
    }
    if (*lo < hi && node->slot != JSON_NO_SLOT)
        return both(build, node->path, build->wishes[*lo]->path);
    return LR_OK;
}

/* Children of `node`, one for each group of wishes; their own children later. */
static lr_status add_children(struct build *build, struct json_node *node, uint32_t lo, uint32_t hi,
                              uint32_t depth)
{
    struct json_child *by_name = build->by_name, *by_index = build->by_index;
    uint32_t next;

    for (uint32_t i = lo; i < hi; i = next) {
        const struct json_segment *segment = &build->wishes[i]->segments[depth];
        struct json_child child = {.name = segment->text,
                                   .len = segment->len,
                                   .index = segment->index,
                                   .in_place = !memchr(segment->text, '"', segment->len)};

        next = group_end(build, i, hi, depth);
        if (segment->kind == ALL) {
            if (hi - lo > 1)
                return both(build, build->wishes[lo]->path, build->wishes[hi - 1]->path);
            node->all = 1;
            node->path = build->wishes[i]->path;
            continue;
        }
        if (i > lo && segment->kind != ELEMENT &&
            build->wishes[i - 1]->segments[depth].kind != ELEMENT &&
            compare_names(segment, &build->wishes[i - 1]->segments[depth]) == 0)
            return both(build, build->wishes[i - 1]->path, build->wishes[i]->path);
        child.node = build->n_nodes++;
        child.next = (uint32_t)(build->by_name - by_name) + 1;
        if (segment->kind & FIELD)
            *build->by_name++ = child;
        if (segment->kind & ELEMENT)
            *build->by_index++ = child;
    }
    node->by_name = by_name;
    node->n_by_name = (uint32_t)(build->by_name - by_name);
    if (node->n_by_name)
        by_name[node->n_by_name - 1].next = 0;
    node->by_index = by_index;
    node->n_by_index = (uint32_t)(build->by_index - by_index);
    if (node->n_by_index)
        qsort(by_index, node->n_by_index, sizeof *by_index, compare_indexes);
    for (uint32_t i = 1; i < node->n_by_index; i++)
        if (by_index[i].index == by_index[i - 1].index)
            return lr_fail(build->err, LR_ECONFIG,
                           "element %u of an array is wanted by two ways to write its path",
                           by_index[i].index);
    return LR_OK;
}

/* Wishes lo .. hi-1 have their first `depth` segments in common, which lead to `node`. */
static lr_status build_node(struct build *build, uint32_t number, uint32_t lo, uint32_t hi,
                            uint32_t depth)
{
    struct json_node *node = &build->tree->nodes[number];
    uint32_t child = build->n_nodes, next;
    lr_status status;

    *node = (struct json_node){.slot = JSON_NO_SLOT};
    node->path = lo < hi ? build->wishes[lo]->path : NULL;
    status = take_wishes(build, node, &lo, hi, depth);
    if (status == LR_OK)
        status = add_children(build, node, lo, hi, depth);
    for (uint32_t i = lo; i < hi && status == LR_OK && !node->all; i = next) {
        next = group_end(build, i, hi, depth);
        status = build_node(build, child++, i, next, depth + 1);
    }
    return status;
}

static lr_status no_memory(struct lr_error *err)
{
    return lr_fail(err, LR_ENOMEM, "no memory for the paths of fields");
}

lr_status json_tree_init(struct json_tree *tree, struct json_wish *wishes, uint32_t n,
                         struct lr_error *err)
{
    struct build build = {.tree = tree, .n_nodes = 1, .err = err};
    struct json_segment *segments;
    size_t bytes = 1, n_segments = 1;
    char *texts;

    for (uint32_t i = 0; i < n; i++)
        bytes += strlen(wishes[i].path);
    tree->memory[0] = texts = malloc(bytes);
    build.wishes = calloc(n + 1, sizeof *build.wishes);
    tree->memory[1] = (void *)build.wishes;
    if (!texts || !build.wishes)
        return no_memory(err);
    for (uint32_t i = 0; i < n; i++) {
        struct json_segment counted[JSON_SEGMENTS];
        char *again = texts;
        const char *wrong = cut(&wishes[i], counted, &wishes[i].n, &again);

        if (wrong)
            return lr_fail(err, LR_ECONFIG, "'%.80s' %s", wishes[i].path, wrong);
        n_segments += wishes[i].n;
        build.wishes[i] = &wishes[i];
    }
    tree->memory[2] = segments = calloc(n_segments, sizeof *segments);
    tree->memory[3] = build.by_name = calloc(n_segments, sizeof *build.by_name);
    tree->memory[4] = build.by_index = calloc(n_segments, sizeof *build.by_index);
    tree->nodes = calloc(n_segments, sizeof *tree->nodes);
    if (!segments || !tree->nodes || !build.by_name || !build.by_index)
        return no_memory(err);
    for (uint32_t i = 0; i < n; i++) {
        (void)cut(&wishes[i], segments, &wishes[i].n, &texts);
        wishes[i].segments = segments;
        segments += wishes[i].n;
    }
    if (n)
        qsort((void *)build.wishes, n, sizeof *build.wishes, compare_wishes);
    return build_node(&build, 0, 0, n, 0);
}

void json_tree_finish(struct json_tree *tree)
{
    free(tree->nodes);
    for (size_t i = 0; i < sizeof tree->memory / sizeof *tree->memory; i++)
        free(tree->memory[i]);
    *tree = (struct json_tree){0};
}
