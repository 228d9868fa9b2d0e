/* SPDX-License-Identifier: MIT
 *
 * One function judges a descriptor, so that a wrong one gives one sentence at load time and nobody
 * else asks whether a required function is there.
 *
 * What is required is a table, taken from the [required] tags of the SDK headers. A struct may
 * be shorter than today's (the module is older) but not shorter than its last required member;
 * "required with" a capability holds even then: a function that is cut off is not offered.
 * Pointers are followed once; that they point to memory at all is the compiler's work in the
 * module.
 */
#include <lrhost/error.h>
#include <string.h>

#include "descriptor.h"
#include "loader.h"
#include "options.h"

#define MAX_NAME 63u

struct need {
    uint32_t offset;
    uint32_t caps; /* needed when one of these is set; 0: always */
    const char *name;
};

#define NEED(type, member, caps)                                                                   \
    {                                                                                              \
        offsetof(struct type, member), caps, #member                                               \
    }

static const struct need plugin_needs[] = {
    NEED(lr_plugin, create, 0),
    NEED(lr_plugin, destroy, 0),
    {0},
};
static const struct need source_needs[] = {
    NEED(lr_source, poll, 0),
    NEED(lr_source, committed, LR_SOURCE_REPLAY),
    NEED(lr_source, seek, LR_SOURCE_REPLAY),
    {0},
};
static const struct need codec_needs[] = {
    NEED(lr_codec, bind, 0),
    NEED(lr_codec, decode, 0),
    NEED(lr_codec, encode_bound, 0),
    NEED(lr_codec, encode, 0),
    {0},
};
static const struct need engine_needs[] = {
    NEED(lr_engine, run, 0),
    {0},
};
static const struct need model_needs[] = {
    NEED(lr_model, describe, 0),
    NEED(lr_model, predict, 0),
    {0},
};
static const struct need sink_needs[] = {
    NEED(lr_sink, write, 0),
    NEED(lr_sink, begin, LR_SINK_TRANSACTIONS),
    NEED(lr_sink, commit, LR_SINK_TRANSACTIONS),
    NEED(lr_sink, abort, LR_SINK_TRANSACTIONS),
    NEED(lr_sink, recover, LR_SINK_POSITIONS),
    {0},
};
static const struct need monitor_needs[] = {
    NEED(lr_monitor, snapshot, 0),
    {0},
};

static const struct kind {
    const char *name;
    uint32_t size;
    uint32_t has_caps; /* its second member is `caps` */
    const struct need *needs;
} kinds[] = {
    [LR_SOURCE] = {"source", sizeof(struct lr_source), 1, source_needs},
    [LR_CODEC] = {"codec", sizeof(struct lr_codec), 0, codec_needs},
    [LR_ENGINE] = {"engine", sizeof(struct lr_engine), 0, engine_needs},
    [LR_MODEL] = {"model", sizeof(struct lr_model), 1, model_needs},
    [LR_SINK] = {"sink", sizeof(struct lr_sink), 1, sink_needs},
    [LR_MONITOR] = {"monitor", sizeof(struct lr_monitor), 0, monitor_needs},
};

_Static_assert(offsetof(struct lr_source, caps) == 4 && offsetof(struct lr_model, caps) == 4 &&
                   offsetof(struct lr_sink, caps) == 4,
               "caps follow size");

static const struct kind *find_kind(uint32_t kind)
{
    return kind < sizeof kinds / sizeof kinds[0] && kinds[kind].name ? &kinds[kind] : NULL;
}

const char *lrh_kind_name(uint32_t kind)
{
    const struct kind *k = find_kind(kind);

    return k ? k->name : NULL;
}

uint32_t lrh_ops_size(uint32_t kind)
{
    const struct kind *k = find_kind(kind);

    return k ? k->size : 0;
}

int lrh_is_plugin_name(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");

    return n > 0 && n <= MAX_NAME && name[n] == '\0' && name[0] != '-' && name[0] != '_';
}

/* The functions that `needs` lists. `size` is what the module says, `caps` what it declares. */
static lr_status judge_functions(const void *functions, uint32_t size, uint32_t caps,
                                 const struct need *needs, const char *what, struct lr_error *err)
{
    for (; needs->name; needs++) {
        void (*function)(void) = NULL;

        if (needs->offset + sizeof function <= size)
            memcpy(&function, (const char *)functions + needs->offset, sizeof function);
        else if (needs->caps == 0)
            return lr_fail(err, LR_ECONFIG,
                           "%s is a struct of %u bytes; it needs at least %zu, up to '%s' (set its "
                           "size with sizeof)",
                           what, size, needs->offset + sizeof function, needs->name);
        if (!function && (needs->caps == 0 || (needs->caps & caps)))
            return lr_fail(err, LR_ECONFIG, "%s does not offer '%s', which is required%s", what,
                           needs->name, needs->caps ? " by what it declares in caps" : "");
    }
    return LR_OK;
}

static lr_status judge_options(const struct lr_plugin *plugin, const char *what,
                               struct lr_error *err)
{
    const struct lrh_options table = lrh_plugin_options(plugin);
    lr_status status;

    if (plugin->settings_size > LRH_MAX_SETTINGS)
        return lr_fail(err, LR_ECONFIG, "%s wants %u bytes of settings; the limit is %u", what,
                       plugin->settings_size, LRH_MAX_SETTINGS);
    if (plugin->n_options == 0)
        return LR_OK;
    if (!plugin->options || plugin->n_options > LRH_MAX_OPTIONS ||
        plugin->option_size < sizeof(struct lr_option) || plugin->option_size % _Alignof(void *))
        return lr_fail(err, LR_ECONFIG,
                       "%s has no usable option table: %u options of %u bytes%s (option_size is "
                       "sizeof(struct lr_option))",
                       what, plugin->n_options, plugin->option_size,
                       plugin->options ? "" : " at NULL");
    status = lrh_options_judge(&table, err);
    if (status != LR_OK)
        lr_context(err, "%s", what);
    return status;
}

static lr_status judge_plugin(const struct lr_plugin *given, uint32_t index, struct lr_error *err)
{
    const uint32_t oldest = offsetof(struct lr_plugin, destroy) + sizeof given->destroy;
    struct lr_plugin plugin;
    const struct kind *kind;
    uint32_t ops_size, caps = 0;
    char what[MAX_NAME + 32];
    lr_status status;

    if (!given)
        return lr_fail(err, LR_ECONFIG, "plugin %u of the module is NULL", index + 1);
    if (given->size < oldest)
        return lr_fail(err, LR_ECONFIG,
                       "plugin %u of the module is a struct of %u bytes; it needs at least %u (set "
                       "its size with sizeof)",
                       index + 1, given->size, oldest);
    lrh_adopt(&plugin, sizeof plugin, given, given->size);
    if (!plugin.name || !lrh_is_plugin_name(plugin.name))
        return lr_fail(err, LR_ECONFIG,
                       "plugin %u of the module has no usable name; a name is made of a-z, 0-9, - "
                       "and _, at most %u of them",
                       index + 1, MAX_NAME);
    kind = find_kind(plugin.kind);
    if (!kind)
        return lr_fail(err, LR_ECONFIG,
                       "plugin '%s' is of kind %u, which this lrhost does not know", plugin.name,
                       plugin.kind);
    (void)snprintf(what, sizeof what, "%s '%s'", kind->name, plugin.name);
    if (!plugin.summary || plugin.summary[0] == '\0' || strchr(plugin.summary, '\n'))
        return lr_fail(err, LR_ECONFIG, "%s has no summary of one line", what);
    status = judge_functions(given, given->size, 0, plugin_needs, what, err);
    if (status != LR_OK)
        return status;
    if (!plugin.ops)
        return lr_fail(err, LR_ECONFIG, "%s has no ops: point them to a struct lr_%s", what,
                       kind->name);
    memcpy(&ops_size, plugin.ops, sizeof ops_size);
    if (kind->has_caps && ops_size >= 2 * sizeof caps)
        memcpy(&caps, (const char *)plugin.ops + sizeof ops_size, sizeof caps);
    (void)snprintf(what, sizeof what, "%s '%s' (its ops)", kind->name, plugin.name);
    status = judge_functions(plugin.ops, ops_size, caps, kind->needs, what, err);
    if (status != LR_OK)
        return status;
    (void)snprintf(what, sizeof what, "%s '%s'", kind->name, plugin.name);
    return judge_options(&plugin, what, err);
}

/* The module's name must be its file's: that is how it is found, named and listed. */
static lr_status judge_name(const struct lr_module *module, const char *file, struct lr_error *err)
{
    const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
    size_t n = strlen(base);

    if (n > 3 && strcmp(base + n - 3, ".so") == 0)
        n -= 3;
    if (!module->name || strlen(module->name) != n || strncmp(module->name, base, n) != 0)
        return lr_fail(err, LR_ECONFIG,
                       "calls itself '%.*s', which is not its file's name; name the file %.*s.so",
                       (int)MAX_NAME, module->name ? module->name : "", (int)MAX_NAME,
                       module->name ? module->name : "NAME");
    if (!lrh_is_plugin_name(module->name))
        return lr_fail(
            err, LR_ECONFIG,
            "has no usable name; a name is made of a-z, 0-9, - and _, at most %u of them",
            MAX_NAME);
    return LR_OK;
}

lr_status lrh_module_judge(const struct lr_module *module, const char *file, struct lr_error *err)
{
    const uint32_t oldest = offsetof(struct lr_module, plugins) + sizeof module->plugins;
    const struct lr_plugin *const *plugins;

    if (!module)
        return lr_fail(err, LR_ECONFIG, "declines to work with lrhost ABI %u", LRHOST_ABI);
    if (module->size < oldest)
        return lr_fail(err, LR_ECONFIG,
                       "describes itself in a struct of %u bytes; it needs at least %u (set its "
                       "size with sizeof)",
                       module->size, oldest);
    if (module->abi_min > LRHOST_ABI)
        return lr_fail(err, LR_ECONFIG,
                       "needs lrhost ABI %u or newer; this lrhost offers %u (upgrade lrhost)",
                       module->abi_min, LRHOST_ABI);
    if (module->abi_min == 0 || module->abi_min > module->abi_built)
        return lr_fail(err, LR_ECONFIG,
                       "says that it needs ABI %u and was built with %u, which cannot be; set "
                       "abi_built to LRHOST_ABI",
                       module->abi_min, module->abi_built);
    if (judge_name(module, file, err) != LR_OK)
        return LR_ECONFIG;
    plugins = module->plugins;
    if (!plugins || module->n_plugins == 0 || module->n_plugins > LRH_MAX_PLUGINS)
        return lr_fail(err, LR_ECONFIG, "holds %u plugins%s; a module has 1 to %u",
                       module->n_plugins, plugins ? "" : " at NULL", LRH_MAX_PLUGINS);
    for (uint32_t i = 0; i < module->n_plugins; i++) {
        lr_status status = judge_plugin(plugins[i], i, err);

        if (status != LR_OK)
            return status;
        for (uint32_t j = 0; j < i; j++)
            if (plugins[j]->kind == plugins[i]->kind &&
                strcmp(plugins[j]->name, plugins[i]->name) == 0)
                return lr_fail(err, LR_ECONFIG, "holds the %s '%s' twice",
                               lrh_kind_name(plugins[i]->kind), plugins[i]->name);
    }
    if (strcmp(plugins[0]->name, module->name) != 0)
        return lr_fail(err, LR_ECONFIG,
                       "is called '%s' but its first plugin '%s'; they must have one name",
                       module->name, plugins[0]->name);
    return LR_OK;
}
