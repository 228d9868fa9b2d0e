/* SPDX-License-Identifier: MIT
 *
 * The dynamic section of a module and everything that glibc will follow from it: strings, symbols,
 * hash tables, relocations, versions, initialisers.
 *
 * glibc's dl_open takes each of these on faith (it asserts, or reads and writes where it is told),
 * so each is followed here first. Tables must be where the section of their kind is: that catches
 * an address which is wrong and yet inside the module. Chains are walked forwards only, so every
 * walk ends. References: System V gABI, chapter 5 (dynamic linking); the GNU hash section as laid
 * out in Drepper, "How To Write Shared Libraries"; LSB, "Symbol Versioning".
 */
#include <lrhost/error.h>
#include <string.h>

#include "elfdynamic.h"

#define MAX_ENTRIES 4096u

/* From glibc 2.36 on in <elf.h>; the numbers are the gABI's. */
#define TAG_RELRSZ 35
#define TAG_RELR 36
#define TAG_RELRENT 37

static const struct known {
    int64_t tag;
    uint32_t section; /* the type of the section that it points to; 0: not an address */
    uint8_t entry;
    uint8_t needs; /* an entry that must be there too; E_COUNT: none */
} known[] = {
    {DT_STRTAB, SHT_STRTAB, E_STRTAB, E_STRSZ},
    {DT_STRSZ, 0, E_STRSZ, E_COUNT},
    {DT_SYMTAB, SHT_DYNSYM, E_SYMTAB, E_SYMENT},
    {DT_SYMENT, 0, E_SYMENT, E_COUNT},
    {DT_HASH, SHT_HASH, E_HASH, E_COUNT},
    {DT_GNU_HASH, SHT_GNU_HASH, E_GNU_HASH, E_COUNT},
    {DT_RELA, SHT_RELA, E_RELA, E_RELASZ},
    {DT_RELASZ, 0, E_RELASZ, E_RELAENT},
    {DT_RELAENT, 0, E_RELAENT, E_RELA},
    {DT_RELACOUNT, 0, E_RELACOUNT, E_RELA},
    {DT_REL, SHT_REL, E_REL, E_RELSZ},
    {DT_RELSZ, 0, E_RELSZ, E_RELENT},
    {DT_RELENT, 0, E_RELENT, E_REL},
    {DT_RELCOUNT, 0, E_RELCOUNT, E_REL},
    {TAG_RELR, LRH_ELF_RELR, E_RELR, E_RELRSZ},
    {TAG_RELRSZ, 0, E_RELRSZ, E_RELRENT},
    {TAG_RELRENT, 0, E_RELRENT, E_RELR},
    {DT_JMPREL, 0, E_JMPREL, E_PLTRELSZ}, /* SHT_REL or SHT_RELA, see check_relocations */
    {DT_PLTRELSZ, 0, E_PLTRELSZ, E_PLTREL},
    {DT_PLTREL, 0, E_PLTREL, E_JMPREL},
    {DT_INIT, LRH_ELF_CODE, E_INIT, E_COUNT},
    {DT_FINI, LRH_ELF_CODE, E_FINI, E_COUNT},
    {DT_INIT_ARRAY, SHT_INIT_ARRAY, E_INIT_ARRAY, E_INIT_ARRAYSZ},
    {DT_INIT_ARRAYSZ, 0, E_INIT_ARRAYSZ, E_COUNT},
    {DT_FINI_ARRAY, SHT_FINI_ARRAY, E_FINI_ARRAY, E_FINI_ARRAYSZ},
    {DT_FINI_ARRAYSZ, 0, E_FINI_ARRAYSZ, E_COUNT},
    {DT_VERSYM, SHT_GNU_versym, E_VERSYM, E_COUNT},
    {DT_VERNEED, SHT_GNU_verneed, E_VERNEED, E_VERSYM},
    {DT_VERDEF, SHT_GNU_verdef, E_VERDEF, E_VERSYM},
    {DT_FLAGS, 0, E_FLAGS, E_COUNT},
};

static int is_string_tag(int64_t tag)
{
    return tag == DT_NEEDED || tag == DT_SONAME || tag == DT_RPATH || tag == DT_RUNPATH ||
           tag == DT_AUXILIARY || tag == DT_FILTER || tag == DT_AUDIT || tag == DT_DEPAUDIT ||
           tag == DT_CONFIG;
}

static ElfW(Dyn) entry_at(const unsigned char *at, uint64_t i)
{
    ElfW(Dyn) entry;

    memcpy(&entry, at + i * sizeof entry, sizeof entry);
    return entry;
}

/* Reads the entries up to DT_NULL, which must be there: glibc has no other end. */
static lr_status collect(struct lrh_dynamic *d, const unsigned char *at, uint64_t size,
                         uint64_t *ret_n, struct lr_error *err)
{
    uint64_t n = 0;

    for (;; n++) {
        ElfW(Dyn) entry;

        if (n >= size / sizeof entry || n >= MAX_ENTRIES)
            return lrh_elf_damaged(err, "its dynamic section does not end");
        entry = entry_at(at, n);
        if (entry.d_tag == DT_NULL)
            break;
        if (entry.d_tag == DT_TEXTREL || (entry.d_tag == DT_FLAGS && entry.d_un.d_val & DF_TEXTREL))
            return lr_fail(err, LR_ECONFIG, "has relocations in its code; build it with -fPIC");
        if (entry.d_tag == DT_PREINIT_ARRAY)
            return lrh_elf_damaged(err, "a shared object cannot have a pre-initialiser");
        for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
            if (known[k].tag == entry.d_tag) {
                d->value[known[k].entry] = entry.d_un.d_val;
                d->has[known[k].entry] = 1;
            }
    }
    *ret_n = n;
    return LR_OK;
}

static lr_status check_places(const struct lrh_dynamic *d, struct lr_error *err)
{
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
        const struct known *e = &known[k];
        const ElfW(Shdr) * s;

        if (!d->has[e->entry])
            continue;
        if (e->needs != E_COUNT && !d->has[e->needs])
            return lrh_elf_damaged(err, "an entry of its dynamic section is missing");
        if (e->section == 0)
            continue;
        s = lrh_elf_section_at(d->elf, d->value[e->entry], e->section);
        /* An empty array has an address and no section. */
        if (!s && e->needs == E_INIT_ARRAYSZ && d->value[E_INIT_ARRAYSZ] == 0)
            continue;
        if (!s && e->needs == E_FINI_ARRAYSZ && d->value[E_FINI_ARRAYSZ] == 0)
            continue;
        if (!s)
            return lrh_elf_damaged(err, "its dynamic section does not point to its tables");
        if ((e->entry == E_INIT_ARRAY || e->entry == E_FINI_ARRAY) &&
            d->value[e->needs] != s->sh_size)
            return lrh_elf_damaged(err,
                                   "its list of initialisers has another length than its section");
    }
    if (!d->has[E_STRTAB] || !d->has[E_SYMTAB] || d->value[E_SYMENT] != sizeof(ElfW(Sym)))
        return lrh_elf_damaged(err, "it has no usable symbol table");
    if (d->has[E_VERSYM] && !d->has[E_VERNEED] && !d->has[E_VERDEF])
        return lrh_elf_damaged(err, "an entry of its dynamic section is missing");
    return LR_OK;
}

/* One name or path, which is there and ends. */
static void note_need(struct lrh_elf_needs *needs, int64_t tag, const char *text)
{
    size_t n = strlen(text);

    if (tag == DT_NEEDED) {
        if (needs->n < LRH_ELF_NEEDED && n < sizeof needs->needed[0])
            (void)strcpy(needs->needed[needs->n++], text);
        else
            needs->overflow = 1;
    } else if (tag == DT_RUNPATH || (tag == DT_RPATH && !needs->run_path[0])) {
        if (n < sizeof needs->run_path)
            (void)strcpy(needs->run_path, text);
        else
            needs->overflow = 1;
        needs->hands_on = tag == DT_RPATH;
    }
}

static lr_status check_strings(struct lrh_dynamic *d, const unsigned char *at, uint64_t n,
                               struct lrh_elf_facts *facts, struct lr_error *err)
{
    d->strings = (const char *)lrh_elf_at(d->elf, d->value[E_STRTAB], d->value[E_STRSZ]);
    if (!d->strings || d->value[E_STRSZ] == 0 || d->strings[d->value[E_STRSZ] - 1] != '\0')
        return lrh_elf_damaged(err, "its table of names does not end");
    for (uint64_t i = 0; i < n; i++) {
        ElfW(Dyn) entry = entry_at(at, i);
        const char *text;

        if ((entry.d_tag == DT_FLAGS && entry.d_un.d_val & DF_ORIGIN) ||
            (entry.d_tag == DT_FLAGS_1 && entry.d_un.d_val & DF_1_ORIGIN))
            facts->uses_origin = 1;
        if (!is_string_tag(entry.d_tag))
            continue;
        text = lrh_elf_string_at(d, entry.d_un.d_val);
        if (!text || (text[0] == '\0' && entry.d_tag != DT_SONAME && entry.d_tag != DT_RPATH &&
                      entry.d_tag != DT_RUNPATH))
            return lrh_elf_damaged(err, "its dynamic section names what is not there");
        if (entry.d_tag != DT_SONAME && strchr(text, '$'))
            facts->uses_origin = 1;
        if (d->elf->needs)
            note_need(d->elf->needs, entry.d_tag, text);
    }
    return LR_OK;
}

const ElfW(Shdr) * lrh_elf_section_at(const struct lrh_elf *elf, uint64_t address, uint32_t type)
{
    for (uint32_t i = 1; i < elf->n_sections; i++) {
        const ElfW(Shdr) *s = &elf->sections[i];

        if ((s->sh_flags & SHF_ALLOC) && s->sh_addr == address && s->sh_size > 0 &&
            (type == LRH_ELF_CODE ? (s->sh_flags & SHF_EXECINSTR) && s->sh_entsize == 0
                                  : s->sh_type == type))
            return s;
    }
    return NULL;
}

const char *lrh_elf_string_at(const struct lrh_dynamic *d, uint64_t offset)
{
    return offset < d->value[E_STRSZ] ? d->strings + offset : NULL;
}

lr_status lrh_elf_check_dynamic(const struct lrh_elf *elf, const ElfW(Phdr) * dynamic,
                                struct lrh_elf_facts *facts, struct lr_error *err)
{
    struct lrh_dynamic d = {.elf = elf};
    const unsigned char *at = lrh_elf_at(elf, dynamic->p_vaddr, dynamic->p_filesz);
    uint64_t n = 0;
    lr_status status;

    if (!at)
        return lrh_elf_damaged(err, "its dynamic section cannot be used");
    status = collect(&d, at, dynamic->p_filesz, &n, err);
    if (status == LR_OK)
        status = check_places(&d, err);
    if (status == LR_OK)
        status = check_strings(&d, at, n, facts, err);
    if (status == LR_OK)
        status = lrh_elf_check_symbols(&d, err);
    if (status == LR_OK)
        status = lrh_elf_check_versions(&d, err);
    if (status == LR_OK)
        status = lrh_elf_check_relocations(&d, err);
    return status;
}
