/* SPDX-License-Identifier: MIT
 *
 * Is a table of options itself in order? Asked once for each plugin that is loaded, so that a
 * mistake of its author is one sentence at the first try and not a wild write later.
 */
#include <lrhost/error.h>

#include "arena.h"
#include "option_value.h"
#include "options.h"

/* The oldest form of struct lr_option that can be read. */
#define OLDEST offsetof(struct lr_option, reserved)

static int is_number(uint32_t type)
{
    return type == LR_OPT_INT || type == LR_OPT_FLOAT || type == LR_OPT_SIZE ||
           type == LR_OPT_DURATION;
}

static lr_status judge_name(const struct lr_option *option, uint32_t i, struct lr_error *err)
{
    size_t n = option->name ? strlen(option->name) : 0;

    if (n == 0)
        return lr_fail(err, LR_ECONFIG, "option %u has no name", i);
    if (n > LRH_CONFIG_KEY || strcspn(option->name, " \t=:") != n || strchr(";#[", *option->name))
        return lr_fail(err, LR_ECONFIG,
                       "option '%s': no key of an INI file can be called like that", option->name);
    if (!option->doc || !*option->doc)
        return lr_fail(err, LR_ECONFIG, "option '%s' is not documented", option->name);
    if (!lrh_option_size(option->type))
        return lr_fail(err, LR_ECONFIG, "option '%s' has the unknown type %u", option->name,
                       option->type);
    if (option->type == LR_OPT_PREFIX && option->name[n - 1] != '.')
        return lr_fail(err, LR_ECONFIG, "option '%s' is a prefix and must end in a dot",
                       option->name);
    return LR_OK;
}

static lr_status judge_choices(const struct lr_option *option, struct lr_error *err)
{
    const char *a, *b;
    size_t n, m;

    if (option->type != LR_OPT_ENUM)
        return option->choices ? lr_fail(err, LR_ECONFIG, "option '%s' has choices but is no enum",
                                         option->name)
                               : LR_OK;
    if (!option->choices)
        return lr_fail(err, LR_ECONFIG, "option '%s' is an enum without choices", option->name);
    for (int32_t i = 0; (a = lrh_option_choice(option->choices, i, &n)); i++) {
        if (n == 0)
            return lr_fail(err, LR_ECONFIG, "option '%s' has an empty choice", option->name);
        for (int32_t j = 0; j < i; j++) {
            b = lrh_option_choice(option->choices, j, &m);
            if (m == n && memcmp(a, b, n) == 0)
                return lr_fail(err, LR_ECONFIG, "option '%s' has the choice '%.*s' twice",
                               option->name, (int)n, a);
        }
    }
    return LR_OK;
}

static lr_status judge_range(const struct lr_option *option, struct lr_error *err)
{
    lr_status status;

    if (!option->range)
        return LR_OK;
    if (!is_number(option->type))
        return lr_fail(err, LR_ECONFIG, "option '%s' has a range but is no number", option->name);
    status = lrh_option_judge_range(option, err);
    if (status != LR_OK)
        lr_context(err, "option '%s'", option->name);
    return status;
}

static lr_status judge_default(const struct lr_option *option, struct lr_error *err)
{
    struct lrh_arena arena = {NULL};
    union lrh_option_value value;
    lr_status status;

    if (!option->initial)
        return LR_OK;
    if (option->flags & LR_OPT_REQUIRED)
        return lr_fail(err, LR_ECONFIG, "option '%s' is required and has a default", option->name);
    if (option->type == LR_OPT_PREFIX || option->type == LR_OPT_SECRET)
        return lr_fail(err, LR_ECONFIG, "option '%s' is a %s and cannot have a default",
                       option->name, lrh_option_type(option->type));
    status = lrh_option_parse(option, option->initial, "/", &arena, &value, err);
    if (status != LR_OK)
        lr_context(err, "option '%s': its default", option->name);
    lrh_arena_finish(&arena);
    return status;
}

static lr_status judge_place(const struct lrh_options *table, uint32_t i, struct lr_error *err)
{
    const struct lr_option *option = lrh_option_at(table, i);
    size_t size = lrh_option_size(option->type);

    if (option->offset % size != 0 || option->offset > table->settings_size ||
        table->settings_size - option->offset < size)
        return lr_fail(err, LR_ECONFIG,
                       "option '%s' lies outside of the settings or across a boundary (offset %u, "
                       "%zu bytes, of %u)",
                       option->name, option->offset, size, table->settings_size);
    for (uint32_t j = 0; j < i; j++) {
        const struct lr_option *other = lrh_option_at(table, j);

        if (strcmp(option->name, other->name) == 0)
            return lr_fail(err, LR_ECONFIG, "option '%s' occurs twice", option->name);
        if (option->offset < other->offset + lrh_option_size(other->type) &&
            other->offset < option->offset + size)
            return lr_fail(err, LR_ECONFIG, "options '%s' and '%s' share an offset", other->name,
                           option->name);
    }
    return LR_OK;
}

lr_status lrh_options_judge(const struct lrh_options *table, struct lr_error *err)
{
    lr_status status = LR_OK;

    if (table->n_options == 0)
        return LR_OK;
    if (!table->options || table->option_size < OLDEST ||
        table->option_size % _Alignof(struct lr_option) != 0)
        return lr_fail(err, LR_ECONFIG,
                       "the table of options is missing, or its elements of %u "
                       "bytes are too small (%zu)",
                       table->option_size, (size_t)OLDEST);
    for (uint32_t i = 0; status == LR_OK && i < table->n_options; i++) {
        const struct lr_option *option = lrh_option_at(table, i);

        status = judge_name(option, i, err);
        if (status == LR_OK)
            status = judge_choices(option, err);
        if (status == LR_OK)
            status = judge_range(option, err);
        if (status == LR_OK)
            status = judge_default(option, err);
        if (status == LR_OK)
            status = judge_place(table, i, err);
    }
    return status;
}
