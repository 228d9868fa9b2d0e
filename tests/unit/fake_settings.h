/* SPDX-License-Identifier: MIT
 *
 * Settings for a plugin under test, made from its public option table as the host makes them, in
 * a few lines and without the host: defaults first, then "name=value&name=value". Knows the types
 * that small plugins use; an unknown name or type ends the program, since the test is wrong then.
 */
#ifndef TESTS_FAKE_SETTINGS_H
#define TESTS_FAKE_SETTINGS_H

#include <lrhost/lrhost.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_settings {
    _Alignas(16) unsigned char values[1024];
    char text[1024]; /* the settings' strings */
    const char *lists[32];
    size_t n_text, n_lists;
};

static inline char *fake_text(struct fake_settings *settings, const char *text, size_t len)
{
    char *copy = settings->text + settings->n_text;

    if (settings->n_text + len + 1 > sizeof settings->text)
        exit(70);
    memcpy(copy, text, len);
    copy[len] = '\0';
    settings->n_text += len + 1;
    return copy;
}

static inline const char *const *fake_list(struct fake_settings *settings, char *text)
{
    size_t first = settings->n_lists;

    for (char *item = strtok(text, ", "); item; item = strtok(NULL, ", "))
        settings->lists[settings->n_lists++] = item;
    settings->lists[settings->n_lists++] = NULL;
    return settings->lists + first;
}

static inline int32_t fake_choice(const char *choices, const char *text)
{
    int32_t index = 0;

    for (const char *at = choices; at; at = strchr(at, '|'), at = at ? at + 1 : NULL, index++)
        if (strncmp(at, text, strlen(text)) == 0 && strchr("|", at[strlen(text)]))
            return index;
    exit(70);
}

/* `text` NULL: no value and no default. */
static inline void fake_set(struct fake_settings *settings, const struct lr_option *option,
                            const char *text, size_t len)
{
    void *at = settings->values + option->offset;
    char *copy = text ? fake_text(settings, text, len) : NULL;
    char *unit = NULL;

    switch (option->type) {
    case LR_OPT_BOOL:
        *(int32_t *)at = copy && strcmp(copy, "yes") == 0;
        return;
    case LR_OPT_ENUM:
        *(int32_t *)at = copy ? fake_choice(option->choices, copy) : 0;
        return;
    case LR_OPT_INT:
    case LR_OPT_SIZE:
        *(int64_t *)at = copy ? strtoll(copy, &unit, 10) : LR_UNSET;
        if (unit && strcmp(unit, "MiB") == 0)
            *(int64_t *)at <<= 20;
        return;
    case LR_OPT_STRING:
        *(const char **)at = copy;
        return;
    case LR_OPT_LIST:
        *(const char *const **)at = copy ? fake_list(settings, copy) : NULL;
        return;
    default:
        exit(70);
    }
}

static inline void fake_settings(struct fake_settings *settings, const struct lr_plugin *plugin,
                                 const char *text)
{
    memset(settings, 0, sizeof *settings);
    if (plugin->settings_size > sizeof settings->values)
        exit(70);
    for (uint32_t i = 0; i < plugin->n_options; i++) {
        const char *initial = plugin->options[i].initial;

        fake_set(settings, &plugin->options[i], initial, initial ? strlen(initial) : 0);
    }
    while (text && *text) {
        size_t name = strcspn(text, "="), value = strcspn(text + name, "&");
        uint32_t i = 0;

        while (i < plugin->n_options && (strlen(plugin->options[i].name) != name ||
                                         memcmp(plugin->options[i].name, text, name) != 0))
            i++;
        if (i == plugin->n_options) {
            (void)fprintf(stderr, "no option '%.*s'\n", (int)name, text);
            exit(70);
        }
        fake_set(settings, &plugin->options[i], text + name + 1, value - 1);
        text += name + value;
        text += *text == '&';
    }
}

#endif
