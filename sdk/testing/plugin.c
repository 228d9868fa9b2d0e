/* SPDX-License-Identifier: MIT
 *
 * A plugin under test: from its file to an instance. Settings are made by the very code that
 * lrhost uses, so that a test meets the same defaults, ranges and messages.
 */
#include <dlfcn.h>
#include <lrhost/testing.h>
#include <stdlib.h>

#include "host/descriptor.h"
#include "host/loader.h"
#include "host/options.h"

#define STOP_NS (10 * INT64_C(1000000000))

/* Modules are never unloaded, and neither are the copies of their descriptors. */
static struct known {
    struct known *next;
    const struct lr_module *given;
    struct lr_module *module;
} *all_known;

static const struct lr_module *adopted(const struct lr_module *given)
{
    struct known *k = all_known;

    while (k && k->given != given)
        k = k->next;
    if (k)
        return k->module;
    k = malloc(sizeof *k);
    if (!k)
        return NULL;
    *k = (struct known){all_known, given, lrh_module_adopt(given)};
    if (!k->module) {
        free(k);
        return NULL;
    }
    all_known = k;
    return k->module;
}

/* Opens a module and copies its descriptor into today's sizes. Loads it as it is: whether lrhost
 * would trust and accept it is what `lrhost verify` asks. */
lr_status lr_fake_load(struct lr_fake *fake, const char *path, uint32_t kind, const char *name)
{
    const struct lr_module *given, *module;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *symbol = library ? dlsym(library, LRHOST_MODULE_SYMBOL) : NULL;
    lr_module_fn entry;

    if (!library)
        return lr_fail(&fake->err, LR_ECONFIG, "%s: cannot be loaded: %s", path, dlerror());
    if (!symbol)
        return lr_fail(&fake->err, LR_ECONFIG, "%s: does not export %s", path,
                       LRHOST_MODULE_SYMBOL);
    memcpy(&entry, &symbol, sizeof entry);
    given = entry(LRHOST_ABI);
    if (lrh_module_judge(given, path, &fake->err) != LR_OK) {
        lr_context(&fake->err, "%s", path);
        return LR_ECONFIG;
    }
    module = adopted(given);
    if (!module)
        return lr_fail(&fake->err, LR_ENOMEM, "out of memory");
    for (uint32_t i = 0; i < module->n_plugins; i++) {
        const struct lr_plugin *plugin = module->plugins[i];

        if (plugin->kind == kind && (!name || strcmp(plugin->name, name) == 0)) {
            fake->plugin = plugin;
            return LR_OK;
        }
    }
    return lr_fail(&fake->err, LR_ECONFIG, "%s: has no %s%s%s", path, lrh_kind_name(kind),
                   name ? " " : "", name ? name : "");
}

/* ---- settings ----------------------------------------------------------------------------- */

static char *trim(char *text)
{
    char *end;

    text += strspn(text, " \t");
    end = text + strlen(text);
    while (end > text && strchr(" \t\r", end[-1]))
        *--end = '\0';
    return text;
}

/* Cuts "key = value" lines into entries; how many, or UINT32_MAX when a line is none. */
static uint32_t cut(char *lines, struct lrh_entry *entries)
{
    char *save = NULL;
    uint32_t n = 0;

    for (char *line = strtok_r(lines, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *value = strchr(line, '=');

        line = trim(line);
        if (!*line)
            continue;
        if (!value)
            return UINT32_MAX;
        *value = '\0';
        entries[n] = (struct lrh_entry){
            .key = trim(line), .value = trim(value + 1), .file = "settings", .line = n + 1};
        n++;
    }
    return n;
}

static lr_status say_problem(struct lr_fake *fake, const struct lrh_problems *problems)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return LR_ENOMEM;
    lrh_problems_print(problems, out);
    (void)fclose(out);
    if (text)
        text[strcspn(text, "\n")] = '\0';
    (void)lr_fail(&fake->err, LR_ECONFIG, "%s", text ? text : "");
    free(text);
    return LR_ECONFIG;
}

/* Settings and the text that they were made from, which they may point to. */
struct made {
    struct lrh_settings *settings;
    struct lrh_section section;
    char *lines;
};

static void forget(struct lr_fake *fake)
{
    struct made *made = fake->settings;

    fake->settings = NULL;
    if (!made)
        return;
    lrh_settings_destroy(made->settings);
    free(made->section.entries);
    free(made->lines);
    free(made);
}

static const void *values_of(const struct lr_fake *fake)
{
    const struct made *made = fake->settings;

    return made ? lrh_settings_values(made->settings) : NULL;
}

const void *lr_fake_settings(struct lr_fake *fake, const char *settings, const char *folder)
{
    struct lrh_options table = lrh_plugin_options(fake->plugin);
    struct lrh_problems problems = {0};
    struct made *made = calloc(1, sizeof *made);
    struct lrh_layer layer = {.section = made ? &made->section : NULL};
    size_t most = 1;
    lr_status status = LR_ECONFIG;

    forget(fake);
    fake->settings = made;
    if (!made)
        return NULL;
    for (const char *at = settings; at && *at; at++)
        most += *at == '\n';
    made->section = (struct lrh_section){.name = "settings", .file = "settings"};
    made->section.entries = calloc(most, sizeof *made->section.entries);
    made->lines = strdup(settings ? settings : "");
    if (made->lines && made->section.entries)
        made->section.n_entries = cut(made->lines, made->section.entries);
    if (!made->lines || !made->section.entries)
        (void)lr_fail(&fake->err, LR_ENOMEM, "out of memory");
    else if (made->section.n_entries == UINT32_MAX)
        (void)lr_fail(&fake->err, LR_ECONFIG, "settings: write each line as key = value");
    else
        status = lrh_settings_create(&table, "settings", &layer, 1, folder, "settings", 0,
                                     &problems, &made->settings);
    if (problems.n)
        (void)say_problem(fake, &problems);
    lrh_problems_finish(&problems);
    if (status != LR_OK)
        forget(fake);
    return values_of(fake);
}

/* ---- check -------------------------------------------------------------------------------- */

static void note_problem(void *ctx, const char *option, const char *message)
{
    struct lr_fake *fake = ctx;

    if (fake->n_problems++ == 0)
        (void)snprintf(fake->problem, sizeof fake->problem, "%s: %s", option ? option : "",
                       message ? message : "");
}

static void note_warning(void *ctx, const char *option, const char *message)
{
    (void)ctx;
    (void)option;
    (void)message;
}

static void note_touch(void *ctx, int32_t direction, const char *resource, uint32_t flags)
{
    (void)ctx;
    (void)direction;
    (void)resource;
    (void)flags;
}

void lr_fake_check(struct lr_fake *fake)
{
    struct lr_report report = {.size = sizeof report,
                               .ctx = fake,
                               .problem = note_problem,
                               .warning = note_warning,
                               .touches = note_touch,
                               .guarantee = fake->host.guarantee};

    if (fake->plugin->check)
        fake->plugin->check(values_of(fake), fake->host.lanes, &report);
}

/* ---- life --------------------------------------------------------------------------------- */

static lr_status judge(struct lr_fake *fake, const char *what, lr_status status)
{
    if (status < LR_EUSAGE || status > LR_OK)
        lr_fake_breach(fake, "status.range",
                       "%s returned %d; it may return LR_OK or one of LR_E...", what, status);
    if (status < 0 && !fake->err.text[0])
        lr_fake_breach(fake, "error.sentence", "%s returned %d without a sentence", what, status);
    return status;
}

lr_status lr_fake_create_only(struct lr_fake *fake)
{
    static char untouched;
    void *self = &untouched;
    lr_status status;

    fake->err.text[0] = '\0';
    lr_fake_enter(fake, LR_FAKE_IN_LIFE);
    status = judge(fake, "create",
                   fake->plugin->create(fake->host_at ? fake->host_at : &fake->host,
                                        values_of(fake), &self, &fake->err));
    lr_fake_enter(fake, LR_FAKE_OUTSIDE);
    if (status == LR_OK && self == &untouched)
        lr_fake_breach(fake, "create.self", "create returned LR_OK and did not set *ret_self");
    else if (status != LR_OK && self != &untouched)
        lr_fake_breach(fake, "create.self", "create failed and changed *ret_self");
    if (status == LR_OK && self != &untouched)
        fake->self = self;
    return status;
}

lr_status lr_fake_create(struct lr_fake *fake, const char *settings)
{
    if (!lr_fake_settings(fake, settings, "."))
        return LR_ECONFIG;
    fake->n_problems = 0;
    lr_fake_check(fake);
    if (fake->n_problems)
        return lr_fail(&fake->err, LR_ECONFIG, "%s", fake->problem);
    return lr_fake_create_only(fake);
}

lr_status lr_fake_start(struct lr_fake *fake)
{
    lr_status status;

    if (!fake->plugin->start)
        return LR_OK;
    fake->err.text[0] = '\0';
    lr_fake_enter(fake, LR_FAKE_IN_LIFE);
    status = judge(fake, "start", fake->plugin->start(fake->self, &fake->err));
    lr_fake_enter(fake, LR_FAKE_OUTSIDE);
    return status;
}

void lr_fake_stop_by(struct lr_fake *fake, int64_t deadline_ns)
{
    if (!fake->plugin->stop)
        return;
    lr_fake_enter(fake, LR_FAKE_IN_STOP);
    fake->plugin->stop(fake->self, deadline_ns);
    lr_fake_enter(fake, LR_FAKE_OUTSIDE);
}

void lr_fake_stop(struct lr_fake *fake)
{
    lr_fake_stop_by(fake, fake->host.monotonic_ns(fake->host.ctx) + STOP_NS);
}

void lr_fake_destroy(struct lr_fake *fake)
{
    if (fake->plugin && fake->self)
        fake->plugin->destroy(fake->self);
    fake->self = NULL;
    forget(fake);
    free(fake->tokens);
    fake->tokens = NULL;
    fake->n_tokens = fake->room = 0;
}
