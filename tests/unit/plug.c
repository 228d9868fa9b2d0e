/* SPDX-License-Identifier: MIT
 *
 * A plugin under test; see plug.h.
 */
#include "plug.h"

#include <CUnit/CUnit.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/options.h"

#define KEYS 16
#define FILE_ROOM (1u << 20)

int32_t plug_guarantee;

/* ---- host table ------------------------------------------------------------------------- */

static void note_log(void *ctx, int32_t level, const char *message)
{
    struct plug *plug = ctx;

    (void)level;
    if (plug->n_logs < PLUG_LOGS)
        (void)snprintf(plug->logs[plug->n_logs++], sizeof plug->logs[0], "%s", message);
}

static int64_t tell_wall(void *ctx)
{
    return ((struct plug *)ctx)->wall_ns;
}

static int64_t tell_monotonic(void *ctx)
{
    return ((struct plug *)ctx)->monotonic_ns;
}

static int32_t tell_stopping(void *ctx)
{
    return ((struct plug *)ctx)->stopping;
}

static int64_t *give_cell(void *ctx, int32_t kind, const char *name, const char *help)
{
    struct plug *plug = ctx;

    (void)kind;
    (void)name;
    (void)help;
    CU_ASSERT_FATAL(plug->n_cells < PLUG_CELLS);
    return &plug->cells[plug->n_cells++];
}

static void note_settle(void *ctx, uint64_t token, uint32_t count, int32_t outcome)
{
    struct plug *plug = ctx;

    if (plug->n_settles < PLUG_SETTLES)
        plug->settles[plug->n_settles++] = (struct plug_settle){token, count, outcome};
    if (outcome == LR_DELIVERED)
        plug->delivered += count;
}

static void note_problem(void *ctx, const char *option, const char *message)
{
    struct plug *plug = ctx;

    plug->n_problems++;
    (void)snprintf(plug->problem, sizeof plug->problem, "%s: %s", option, message);
}

static void note_touch(void *ctx, int32_t direction, const char *resource, uint32_t flags)
{
    (void)ctx;
    (void)direction;
    (void)resource;
    (void)flags;
}

/* ---- life ------------------------------------------------------------------------------- */

const struct lr_plugin *plug_find(const char *name, uint32_t kind)
{
    const char *build = getenv("BUILD");
    const struct lr_module *module;
    lr_module_fn entry = NULL;
    char path[512];
    void *library, *symbol;

    (void)snprintf(path, sizeof path, "%s/plugins/%s.so", build ? build : "build", name);
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        CU_FAIL_FATAL("the module cannot be loaded: is BUILD set?");
        return NULL;
    }
    symbol = dlsym(library, LRHOST_MODULE_SYMBOL);
    memcpy(&entry, &symbol, sizeof entry);
    CU_ASSERT_PTR_NOT_NULL_FATAL(entry);
    module = entry(LRHOST_ABI);
    CU_ASSERT_PTR_NOT_NULL_FATAL(module);
    CU_ASSERT_STRING_EQUAL(module->name, name);
    for (uint32_t i = 0; i < module->n_plugins; i++)
        if (module->plugins[i]->kind == kind)
            return module->plugins[i];
    CU_FAIL_FATAL("no plugin of that kind");
    return NULL;
}

static lr_status make_settings(struct plug *plug, const char *text)
{
    struct lrh_options table = lrh_plugin_options(plug->plugin);
    char *lines = strdup(text ? text : ""), *save = NULL;
    struct lrh_entry *entries = calloc(KEYS, sizeof *entries);
    struct lrh_section *section = calloc(1, sizeof *section);
    struct lrh_layer layer = {.section = section};
    struct lrh_problems problems = {0};
    lr_status status;

    CU_ASSERT_FATAL(lines && entries && section);
    *section = (struct lrh_section){.name = "test", .file = "test", .entries = entries};
    for (char *line = strtok_r(lines, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *value = strchr(line, '=');

        CU_ASSERT_FATAL(value && section->n_entries < KEYS);
        *value = '\0';
        entries[section->n_entries++] =
            (struct lrh_entry){.key = line, .value = value + 1, .file = "test", .line = 1};
    }
    status =
        lrh_settings_create(&table, "test", &layer, 1, "/", "test", 1, &problems, &plug->settings);
    lrh_problems_print(&problems, stderr);
    lrh_problems_finish(&problems);
    free(section);
    free(entries);
    free(lines);
    return status;
}

lr_status plug_create(struct plug *plug, const char *module, uint32_t kind, const char *settings,
                      uint32_t lane, uint32_t lanes)
{
    struct lr_report report = {.size = sizeof report,
                               .ctx = plug,
                               .problem = note_problem,
                               .warning = note_problem,
                               .touches = note_touch,
                               .guarantee = plug_guarantee};
    const void *values;
    lr_status status;

    memset(plug, 0, sizeof *plug);
    plug->err.size = sizeof plug->err;
    plug->wall_ns = plug->monotonic_ns = 1000000000;
    plug->plugin = plug_find(module, kind);
    plug->host = (struct lr_host){.size = sizeof plug->host,
                                  .abi = LRHOST_ABI,
                                  .ctx = plug,
                                  .pipeline = "test",
                                  .instance = "here",
                                  .section = "section",
                                  .lane = lane,
                                  .lanes = lanes ? lanes : 1,
                                  .log = note_log,
                                  .wall_ns = tell_wall,
                                  .monotonic_ns = tell_monotonic,
                                  .stopping = tell_stopping,
                                  .metric = give_cell,
                                  .settle = note_settle,
                                  .guarantee = plug_guarantee};
    status = make_settings(plug, settings);
    if (status != LR_OK)
        return status;
    values = lrh_settings_values(plug->settings);
    if (plug->plugin->check)
        plug->plugin->check(values, plug->host.lanes, &report);
    return plug->plugin->create(&plug->host, values, &plug->self, &plug->err);
}

lr_status plug_start(struct plug *plug)
{
    return plug->plugin->start ? plug->plugin->start(plug->self, &plug->err) : LR_OK;
}

void plug_stop(struct plug *plug)
{
    if (plug->plugin->stop)
        plug->plugin->stop(plug->self, plug->monotonic_ns);
}

void plug_destroy(struct plug *plug)
{
    if (plug->plugin)
        plug->plugin->destroy(plug->self);
    lrh_settings_destroy(plug->settings);
    plug->plugin = NULL;
    plug->self = NULL;
    plug->settings = NULL;
}

/* ---- looking ---------------------------------------------------------------------------- */

const char *plug_logged(const struct plug *plug, const char *text)
{
    for (uint32_t i = 0; i < plug->n_logs; i++)
        if (strstr(plug->logs[i], text))
            return plug->logs[i];
    return NULL;
}

const char *plug_file(const char *path)
{
    static char text[FILE_ROOM];
    FILE *in = fopen(path, "re");
    size_t n = in ? fread(text, 1, sizeof text - 1, in) : 0;

    text[n] = '\0';
    if (in)
        (void)fclose(in);
    return text;
}

const char *plug_json(const char *path, const char *key)
{
    static char value[512];
    char wanted[128];
    const char *at;
    size_t len;

    (void)snprintf(wanted, sizeof wanted, "\"%s\": ", key);
    at = strstr(plug_file(path), wanted);
    if (!at)
        return "";
    at += strlen(wanted);
    len = strcspn(at, "\n");
    len -= len > 0 && at[len - 1] == ',';
    if (*at == '"') {
        at++;
        len -= 2;
    }
    (void)snprintf(value, sizeof value, "%.*s", (int)len, at);
    return value;
}

void plug_save(const char *name, const void *data, size_t len)
{
    FILE *file = fopen(name, "we");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite(data, 1, len, file), len);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

int plug_place(int fd, int place)
{
    int kept = dup(place);

    CU_ASSERT(kept >= 0 && dup2(fd, place) == place);
    return kept;
}

void plug_put_back(int kept, int place)
{
    CU_ASSERT_EQUAL(dup2(kept, place), place);
    (void)close(kept);
}

const char *plug_folder(void)
{
    static char path[256];
    const char *base = getenv("TMPDIR");

    (void)snprintf(path, sizeof path, "%s/lrhost-test-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(path)) /* may be called where no test is running */
        exit(70);
    return path;
}
