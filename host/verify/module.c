/* SPDX-License-Identifier: MIT
 *
 * The module as a file: may it be loaded, what does it export, is its descriptor in order?
 */
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <lrhost/error.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/elfcheck.h"
#include "host/trust.h"
#include "verify.h"

/* The loader's one sentence, under the rule that it is about. */
static void say_refusal(struct lrh_kit *kit, lr_status status, const char *sentence)
{
    const char *rule = "module.descriptor";

    if (status == LR_EUNTRUSTED)
        rule = "module.trusted";
    else if (strstr(sentence, "option"))
        rule = "options.table";
    else if (!kit->verdict->n_plugins && strstr(sentence, "cannot be loaded"))
        rule = "module.loads";
    lrh_finding(kit, rule, "%s", sentence);
}

/* Is the file an lrhost module at all, before its code runs? */
static int judge_file(struct lrh_kit *kit, const char *path)
{
    struct lrh_elf_facts facts;
    struct lr_error err = LR_ERROR_INIT;
    char *real = NULL;
    int fd = -1, good = 1;
    lr_status status = lrh_trust_open(path, &fd, &real, &err);

    if (status == LR_OK && lrh_elf_check(fd, &facts, &err) != LR_OK) {
        lrh_finding(kit, "module.elf", "%s: %s", real, err.text);
        good = 0;
    }
    if (fd >= 0)
        (void)close(fd);
    free(real);
    return good;
}

static int is_part(size_t size, size_t at, size_t n)
{
    return at <= size && n <= size - at;
}

/* Defined symbols that others can see; the first one beside the entry point goes to ret_name. */
static uint32_t count_exports(const char *map, size_t size, const char **ret_name)
{
    const ElfW(Ehdr) *head = (const void *)map;
    uint32_t n = 0;

    for (uint16_t i = 0;
         is_part(size, head->e_shoff, (i + 1u) * sizeof(ElfW(Shdr))) && i < head->e_shnum; i++) {
        const ElfW(Shdr) *s = (const ElfW(Shdr) *)(const void *)(map + head->e_shoff) + i, *names;
        const ElfW(Sym) * symbol;

        if (s->sh_type != SHT_DYNSYM || !is_part(size, s->sh_offset, s->sh_size) ||
            s->sh_link >= head->e_shnum)
            continue;
        names = (const ElfW(Shdr) *)(const void *)(map + head->e_shoff) + s->sh_link;
        symbol = (const void *)(map + s->sh_offset);
        for (size_t k = 0; k < s->sh_size / sizeof *symbol; k++, symbol++) {
            const char *name = map + names->sh_offset + symbol->st_name;
            unsigned type = symbol->st_info & 15u, bind = symbol->st_info >> 4;

            if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx == SHN_ABS || bind == STB_LOCAL ||
                (type != STT_FUNC && type != STT_OBJECT) || strcmp(name, LRHOST_MODULE_SYMBOL) == 0)
                continue;
            if (n++ == 0)
                *ret_name = name;
        }
    }
    return n;
}

static void judge_exports(struct lrh_kit *kit, const char *path)
{
    const char *name = NULL;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *map = MAP_FAILED;

    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > (off_t)sizeof(ElfW(Ehdr)))
        map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map != MAP_FAILED) {
        uint32_t n = count_exports(map, (size_t)st.st_size, &name);

        if (n)
            lrh_finding(kit, "module.exports",
                        "it exports %u symbols beside %s, the first is '%s'; compile with "
                        "-fvisibility=hidden",
                        n, LRHOST_MODULE_SYMBOL, name);
    }
    if (fd >= 0)
        (void)close(fd);
}

void lrh_test_load(struct lrh_kit *kit)
{
    const struct lr_module *module = NULL;
    struct lr_error err = LR_ERROR_INIT;
    const char *path = kit->args->module;
    lr_status status;

    if (strchr(path, '/') && !judge_file(kit, path))
        return;
    lrh_doing(kit, "module.loads", "load it");
    status = lrh_loader_module(kit->args->loader, path, ".", &module, &err);
    if (status != LR_OK) {
        say_refusal(kit, status, err.text);
        return;
    }
    for (uint32_t i = 0; i < module->n_plugins && i < LRH_VERIFY_PLUGINS; i++) {
        kit->verdict->plugins[i].kind = module->plugins[i]->kind;
        (void)snprintf(kit->verdict->plugins[i].name, sizeof kit->verdict->plugins[i].name, "%s",
                       module->plugins[i]->name);
        kit->verdict->n_plugins++;
    }
    if (strchr(path, '/'))
        judge_exports(kit, path);
    if (module->abi_min > module->abi_built)
        lrh_finding(kit, "module.descriptor", "abi_min is above abi_built");
    if (!module->version || !*module->version || !module->license || !*module->license)
        lrh_finding(kit, "module.descriptor", "it does not tell its version or its license");
}
