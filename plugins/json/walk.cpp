/* SPDX-License-Identifier: MIT
 *
 * Bytes -> tokens of the fields that are wanted, by simdjson's On-Demand API; behind a C interface.
 *
 * Every record is read wholly, unknown fields too: what is written on is the input with fields
 * added, and half of a valid record must not pass. simdjson finds where tokens begin, checks UTF-8
 * and control characters, and matches brackets; On-Demand leaves the rest of a value that nobody
 * asks for unchecked, so numbers, literals and escapes are checked here (token.h). Strings are not
 * unescaped in a record without a backslash.
 *
 * simdjson reads up to SIMDJSON_PADDING bytes beyond the end, and a record is in memory of the
 * source that may end with it: so records are copied to memory that goes on.
 *
 * An exception ends in the function that C calls. Only memory could throw, and the parser and all
 * buffers are made at the start.
 */
#define SIMDJSON_DEVELOPMENT_CHECKS 0
#include <simdjson.h>

#include <cstdlib>
#include <cstring>
#include <new>

#include "json.h"
#include "token.h"

namespace od = simdjson::ondemand;

struct json_walker {
    od::parser parser;
    size_t capacity; /* bytes of a record */
    char *copy;      /* of the record, and padding */
    char *key;       /* one that has escapes */
};

namespace
{

struct walk {
    json_walker *walker;
    json_tree *tree;
    json_slot *slots;
    json_seen *seen;
    json_trouble *trouble;
    const char *end; /* of the copy */
    uint64_t number; /* of this record */
    bool escapes;    /* there is a backslash */
};

bool wrong(walk &w, const char *what, const char *at)
{
    w.trouble->what = what;
    w.trouble->at = at ? static_cast<size_t>(at - w.walker->copy) : SIZE_MAX;
    return false;
}

const char not_json[] = "is not valid JSON";

/* What simdjson says, for people. */
bool wrong(walk &w, simdjson::error_code error)
{
    switch (error) {
    case simdjson::UTF8_ERROR:
        return wrong(w, "is not valid UTF-8", nullptr);
    case simdjson::UNESCAPED_CHARS:
        return wrong(w, "has a control character in a string", nullptr);
    case simdjson::UNCLOSED_STRING:
        return wrong(w, "ends within a string", nullptr);
    case simdjson::EMPTY:
        return wrong(w, "is empty, but expected: a JSON object", nullptr);
    case simdjson::INCORRECT_TYPE:
        return wrong(w, "is not a JSON object", nullptr);
    case simdjson::MEMALLOC:
        return wrong(w, "cannot be read: no memory", nullptr);
    default:
        return wrong(w, not_json, nullptr);
    }
}

/* By halves, among the sorted names. */
json_child *search_name(const json_node &node, const char *name, size_t len)
{
    uint32_t lo = 0, hi = node.n_by_name;

    while (lo < hi) {
        uint32_t at = lo + (hi - lo) / 2;
        json_child &child = node.by_name[at];
        int order = std::memcmp(child.name, name, child.len < len ? child.len : len);

        if (order == 0 && child.len == len)
            return &child;
        if (order < 0 || (order == 0 && child.len < len))
            lo = at + 1;
        else
            hi = at;
    }
    return nullptr;
}

bool rest_is_blank(const char *p, const char *end)
{
    return p && json_skip_blanks(p, end) == end;
}

bool is_literal(std::string_view token, const char *literal)
{
    size_t len = std::strlen(literal);

    return token.size() >= len && std::memcmp(token.data(), literal, len) == 0 &&
           rest_is_blank(token.data() + len, token.data() + token.size());
}

bool walk_object(walk &w, od::object &object, json_node *node, int depth);
bool walk_array(walk &w, od::array &array, json_node *node, int depth);

/* `wanted`: where the token goes, or NULL. */
bool walk_scalar(walk &w, od::value &value, std::string_view token, json_slot *wanted)
{
    const char *begin = token.data(), *end = begin + token.size();
    uint32_t kind;

    switch (*begin) {
    case '"': {
        od::raw_json_string string;
        size_t len;
        auto error = value.get_raw_json_string().get(string);

        if (error)
            return wrong(w, error);
        if (w.escapes && !json_unescape(begin + 1, end, w.walker->key, &len))
            return wrong(w, "has a wrong escape in a string", begin);
        kind = JSON_STRING;
        while (wanted && json_is_blank(end[-1]))
            end--;
        break;
    }
    case 'n':
        if (!is_literal(token, "null"))
            return wrong(w, not_json, begin);
        kind = JSON_NULL;
        break;
    case 't':
    case 'f':
        if (!is_literal(token, *begin == 't' ? "true" : "false"))
            return wrong(w, not_json, begin);
        kind = JSON_BOOLEAN;
        break;
    default: {
        const char *number_end = json_number_end(begin, end);

        if (!rest_is_blank(number_end, end))
            return wrong(w, not_json, begin);
        end = number_end;
        kind = JSON_NUMBER;
        break;
    }
    }
    if (wanted)
        *wanted = json_slot{begin, static_cast<uint32_t>(end - begin), kind};
    return true;
}

/* `node` NULL: nobody wants the value or anything in it. `slot` NULL: nor itself. */
bool walk_value(walk &w, od::value &value, json_node *node, json_slot *slot, int depth)
{
    std::string_view token = value.raw_json_token();

    if (node && node->slot != JSON_NO_SLOT)
        slot = &w.slots[node->slot];
    if (token[0] != '{' && token[0] != '[')
        return walk_scalar(w, value, token, slot);
    if (depth == JSON_DEEPEST)
        return wrong(w, "is nested too deep", token.data());
    if (slot)
        *slot = json_slot{token.data(), static_cast<uint32_t>(w.end - token.data()),
                          token[0] == '{' ? JSON_OBJECT : JSON_ARRAY};
    if (token[0] == '{') {
        od::object object;
        auto error = value.get_object().get(object);

        return error ? wrong(w, error) : walk_object(w, object, node, depth + 1);
    }
    od::array array;
    auto error = value.get_array().get(array);

    return error ? wrong(w, error) : walk_array(w, array, node, depth + 1);
}

/* Whether the key at `raw`, in a record without escapes, is the child's. */
bool is_key(const walk &w, const json_child &child, const char *raw)
{
    return child.in_place && static_cast<size_t>(w.end - raw) > child.len &&
           std::memcmp(child.name, raw, child.len) == 0 && raw[child.len] == '"';
}

/* Looks up the child of `node` that has the field's name. Fields come in the same order most of the
 * time: the one that followed last time, whose number is at *expected, is tried first. */
bool find_field(walk &w, od::field &field, const json_node *node, const uint32_t *expected,
                json_child **ret_child)
{
    const char *raw = field.key().raw();
    size_t len;

    *ret_child = nullptr;
    if (w.escapes) {
        if (!json_unescape(raw, w.end, w.walker->key, &len))
            return wrong(w, "has a wrong escape in a string", raw);
        if (node)
            *ret_child = search_name(*node, w.walker->key, len);
        return true;
    }
    if (!node || node->n_by_name == 0)
        return true;
    if (is_key(w, node->by_name[*expected], raw)) {
        *ret_child = &node->by_name[*expected];
        return true;
    }
    /* simdjson has seen to it that there is a closing mark. */
    const void *mark = std::memchr(raw, '"', static_cast<size_t>(w.end - raw));

    if (!mark)
        return wrong(w, not_json, raw);
    *ret_child =
        search_name(*node, raw, static_cast<size_t>(static_cast<const char *>(mark) - raw));
    return true;
}

/* A field that somebody wants: the second of its name makes the record bad. */
bool note_field(walk &w, json_node &node)
{
    if (node.seen == w.number) {
        bool itself = node.slot != JSON_NO_SLOT || node.added || node.all;

        w.trouble->path = node.path;
        return wrong(w,
                     itself ? "stands twice in the record"
                            : "has a field on its path that stands twice in the record",
                     nullptr);
    }
    node.seen = w.number;
    if (node.added && !w.seen->added)
        w.seen->added = node.path;
    return true;
}

bool walk_object(walk &w, od::object &object, json_node *node, int depth)
{
    uint32_t *expected = node ? &node->first : nullptr;

    for (auto result : object) {
        od::field field;
        auto error = std::move(result).get(field);
        json_node *inner = nullptr;
        json_child *child;

        if (error)
            return wrong(w, error);
        if (!find_field(w, field, node, expected, &child))
            return false;
        if (child) {
            inner = &w.tree->nodes[child->node];
            *expected = static_cast<uint32_t>(child - node->by_name);
            expected = &child->next;
            if (!note_field(w, *inner))
                return false;
        }
        od::value value = field.value();

        if (!walk_value(w, value, inner, nullptr, depth))
            return false;
    }
    return true;
}

bool walk_array(walk &w, od::array &array, json_node *node, int depth)
{
    const json_child *child = node ? node->by_index : nullptr;
    const json_child *last = node ? child + node->n_by_index : nullptr;
    uint32_t index = 0;

    for (auto result : array) {
        od::value value;
        auto error = std::move(result).get(value);
        json_node *inner = nullptr;
        json_slot *slot = nullptr;

        if (error)
            return wrong(w, error);
        if (node && node->all && index < w.tree->n_features)
            slot = &w.slots[index];
        if (child != last && child->index == index)
            inner = &w.tree->nodes[child++->node];
        if (!walk_value(w, value, inner, slot, depth))
            return false;
        index++;
    }
    if (node && node->all)
        w.seen->elements = index;
    return true;
}

bool walk_record(walk &w, size_t len)
{
    od::document document;
    od::object object;
    auto error = w.walker->parser
                     .iterate(w.walker->copy, len, w.walker->capacity + simdjson::SIMDJSON_PADDING)
                     .get(document);

    if (!error)
        error = document.get_object().get(object);
    if (error)
        return wrong(w, error);
    if (!walk_object(w, object, w.tree->nodes, 1))
        return false;
    /* There is no place behind the last token. */
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS)
        return wrong(w, "goes on behind its object", nullptr);
    return true;
}

} /* namespace */

extern "C" struct json_walker *json_walker_create(size_t max_record_bytes)
try {
    auto *walker = new (std::nothrow)
        json_walker{od::parser(max_record_bytes), max_record_bytes, nullptr, nullptr};

    if (!walker)
        return nullptr;
    walker->copy = static_cast<char *>(std::malloc(max_record_bytes + simdjson::SIMDJSON_PADDING));
    walker->key = static_cast<char *>(std::malloc(max_record_bytes + 1));
    if (!walker->copy || !walker->key ||
        walker->parser.allocate(max_record_bytes, JSON_DEEPEST + 1) != simdjson::SUCCESS) {
        json_walker_destroy(walker);
        return nullptr;
    }
    return walker;
} catch (...) {
    return nullptr;
}

extern "C" void json_walker_destroy(struct json_walker *walker)
{
    if (!walker)
        return;
    std::free(walker->copy);
    std::free(walker->key);
    delete walker;
}

extern "C" int json_walk(struct json_walker *walker, struct json_tree *tree, const char *value,
                         size_t len, struct json_slot *slots, uint32_t n_slots,
                         struct json_seen *ret_seen, struct json_trouble *ret_trouble)
try {
    walk w{walker, tree, slots, ret_seen, ret_trouble, walker->copy + len, ++tree->record, false};

    *ret_trouble = json_trouble{not_json, nullptr, SIZE_MAX};
    *ret_seen = json_seen{0, nullptr};
    for (uint32_t i = 0; i < n_slots; i++)
        slots[i].kind = JSON_MISSING;
    if (len)
        std::memcpy(walker->copy, value, len);
    std::memset(walker->copy + len, 0, simdjson::SIMDJSON_PADDING);
    w.escapes = std::memchr(walker->copy, '\\', len) != nullptr;
    return walk_record(w, len);
} catch (...) {
    *ret_trouble = json_trouble{"cannot be read: no memory", nullptr, SIZE_MAX};
    return 0;
}

extern "C" int json_is_utf8(const char *text, size_t len)
{
    return simdjson::validate_utf8(text, len);
}
