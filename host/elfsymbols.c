/* SPDX-License-Identifier: MIT
 *
 * Hash tables, symbols and symbol versions of a module. The hash tables say how many symbols
 * there are; nothing else does. References: System V gABI, chapter 5 (hash table); Drepper, "How
 * To Write Shared Libraries" (GNU hash); Linux Standard Base, "Symbol Versioning".
 */
#include <lrhost/error.h>
#include <string.h>

#include "elfdynamic.h"

#define MAX_VERSIONS 4096u

static uint32_t word_at(const unsigned char *at, uint64_t i)
{
    uint32_t word;

    memcpy(&word, at + i * sizeof word, sizeof word);
    return word;
}

/* Number of symbols: nothing else says it. */
static lr_status count_by_gnu_hash(struct lrh_dynamic *d, struct lr_error *err)
{
    const uint64_t base = d->value[E_GNU_HASH];
    const unsigned char *head = lrh_elf_at(d->elf, base, 16), *buckets, *chain;
    uint64_t n_buckets, first, n_bloom, chains, last = 0;

    if (!head)
        return lrh_elf_damaged(err, "its hash table is cut off");
    n_buckets = word_at(head, 0);
    first = word_at(head, 1);
    n_bloom = word_at(head, 2);
    chains = base + 16 + n_bloom * sizeof(ElfW(Addr)) + n_buckets * 4;
    if (n_bloom == 0 || (n_bloom & (n_bloom - 1)) != 0 || word_at(head, 3) > 31 ||
        !lrh_elf_at(d->elf, base, chains - base))
        return lrh_elf_damaged(err, "its hash table has an impossible size");
    buckets = head + 16 + n_bloom * sizeof(ElfW(Addr));
    for (uint64_t i = 0; i < n_buckets; i++) {
        uint64_t bucket = word_at(buckets, i);

        if (bucket != 0 && bucket < first)
            return lrh_elf_damaged(err, "its hash table contradicts itself");
        last = bucket > last ? bucket : last;
    }
    if (last == 0) {
        /* Nothing is exported, so nothing is hashed; what is imported is counted by the section. */
        const ElfW(Shdr) *section = lrh_elf_section_at(d->elf, d->value[E_SYMTAB], SHT_DYNSYM);
        uint64_t n = section ? section->sh_size / sizeof(ElfW(Sym)) : first;

        d->n_symbols = (uint32_t)(n > UINT32_MAX ? UINT32_MAX : n);
        return LR_OK;
    }
    do { /* a chain ends with a word whose lowest bit is set; all others end before the last */
        chain = lrh_elf_at(d->elf, chains + (last - first) * 4, 4);
        if (!chain)
            return lrh_elf_damaged(err, "its hash table does not end");
        last++;
    } while (!(word_at(chain, 0) & 1) && last < UINT32_MAX);
    d->n_symbols = (uint32_t)last;
    return LR_OK;
}

static lr_status count_by_hash(struct lrh_dynamic *d, struct lr_error *err)
{
    const unsigned char *head = lrh_elf_at(d->elf, d->value[E_HASH], 8);
    uint64_t n_buckets, n_chain;

    if (!head)
        return lrh_elf_damaged(err, "its hash table is cut off");
    n_buckets = word_at(head, 0);
    n_chain = word_at(head, 1);
    if (n_buckets == 0 || !lrh_elf_at(d->elf, d->value[E_HASH], 8 + (n_buckets + n_chain) * 4))
        return lrh_elf_damaged(err, "its hash table has an impossible size");
    for (uint64_t i = 0; i < n_buckets + n_chain; i++)
        if (word_at(head, 2 + i) >= n_chain)
            return lrh_elf_damaged(err, "its hash table contradicts itself");
    d->n_symbols = (uint32_t)n_chain;
    return LR_OK;
}

lr_status lrh_elf_check_symbols(struct lrh_dynamic *d, struct lr_error *err)
{
    lr_status status;
    int found = 0;

    if (!d->has[E_HASH] && !d->has[E_GNU_HASH])
        return lrh_elf_damaged(err, "it has no hash table of its symbols");
    status = d->has[E_HASH] ? count_by_hash(d, err) : LR_OK;
    if (status == LR_OK && d->has[E_GNU_HASH])
        status = count_by_gnu_hash(d, err);
    if (status != LR_OK)
        return status;
    d->symbols = lrh_elf_at(d->elf, d->value[E_SYMTAB], (uint64_t)d->n_symbols * sizeof(ElfW(Sym)));
    if (!d->symbols)
        return lrh_elf_damaged(err, "its symbol table is cut off");
    for (uint32_t i = 0; i < d->n_symbols; i++) {
        ElfW(Sym) symbol;
        const char *name;

        memcpy(&symbol, d->symbols + (uint64_t)i * sizeof symbol, sizeof symbol);
        name = lrh_elf_string_at(d, symbol.st_name);
        if (!name)
            return lrh_elf_damaged(err, "a symbol has no name");
        if (!d->elf->is_module || symbol.st_shndx == SHN_UNDEF ||
            strcmp(name, LRHOST_MODULE_SYMBOL) != 0)
            continue;
        if ((symbol.st_info & 0xf) != STT_FUNC || symbol.st_info >> 4 == STB_LOCAL ||
            !lrh_elf_segment(d->elf, symbol.st_value, 1, PF_X))
            return lrh_elf_damaged(err, "its " LRHOST_MODULE_SYMBOL " is not a function");
        found = 1;
    }
    if (d->elf->is_module && !found)
        return lr_fail(err, LR_ECONFIG,
                       "does not export " LRHOST_MODULE_SYMBOL
                       "; write LRHOST_MODULE(...) once and do not hide the symbol");
    return LR_OK;
}

/* Names and numbers of the versions that other libraries must have: an entry for each library,
 * and a chain of versions under it. Offsets lead forwards only. */
static lr_status check_needs(struct lrh_dynamic *d, struct lr_error *err)
{
    uint64_t at = d->value[E_VERNEED];
    uint32_t steps = 0;

    for (;;) {
        const unsigned char *bytes = lrh_elf_at(d->elf, at, sizeof(ElfW(Verneed)));
        ElfW(Verneed) need;
        uint64_t aux_at;

        if (!bytes)
            return lrh_elf_damaged(err, "its versions are cut off");
        memcpy(&need, bytes, sizeof need);
        if (need.vn_version != VER_NEED_CURRENT || need.vn_cnt == 0 ||
            !lrh_elf_string_at(d, need.vn_file))
            return lrh_elf_damaged(err, "its versions contradict themselves");
        aux_at = at + need.vn_aux;
        for (uint32_t i = 1;; i++) {
            ElfW(Vernaux) aux;

            bytes = lrh_elf_at(d->elf, aux_at, sizeof aux);
            if (!bytes)
                return lrh_elf_damaged(err, "its versions are cut off");
            memcpy(&aux, bytes, sizeof aux);
            if (!lrh_elf_string_at(d, aux.vna_name) || ++steps > MAX_VERSIONS ||
                (aux.vna_next == 0) != (i == need.vn_cnt))
                return lrh_elf_damaged(err, "its versions contradict themselves");
            if ((aux.vna_other & 0x7fffu) > d->max_version)
                d->max_version = aux.vna_other & 0x7fffu;
            if (aux.vna_next == 0)
                break;
            aux_at += aux.vna_next;
        }
        if (need.vn_next == 0)
            return LR_OK;
        at += need.vn_next;
    }
}

/* The versions that the module itself defines (a version script makes one). */
static lr_status check_definitions(struct lrh_dynamic *d, struct lr_error *err)
{
    uint64_t at = d->value[E_VERDEF];

    for (uint32_t steps = 0;; steps++) {
        const unsigned char *bytes = lrh_elf_at(d->elf, at, sizeof(ElfW(Verdef)));
        ElfW(Verdef) def;
        ElfW(Verdaux) aux;

        if (!bytes)
            return lrh_elf_damaged(err, "its versions are cut off");
        memcpy(&def, bytes, sizeof def);
        bytes = lrh_elf_at(d->elf, at + def.vd_aux, sizeof aux);
        if (!bytes || def.vd_version != VER_DEF_CURRENT || steps >= MAX_VERSIONS)
            return lrh_elf_damaged(err, "its versions contradict themselves");
        memcpy(&aux, bytes, sizeof aux);
        if (!lrh_elf_string_at(d, aux.vda_name))
            return lrh_elf_damaged(err, "its versions contradict themselves");
        if ((def.vd_ndx & 0x7fffu) > d->max_version)
            d->max_version = def.vd_ndx & 0x7fffu;
        if (def.vd_next == 0)
            return LR_OK;
        at += def.vd_next;
    }
}

lr_status lrh_elf_check_versions(struct lrh_dynamic *d, struct lr_error *err)
{
    const unsigned char *bytes;
    lr_status status = LR_OK;

    if (!d->has[E_VERSYM])
        return LR_OK;
    if (d->has[E_VERNEED])
        status = check_needs(d, err);
    if (status == LR_OK && d->has[E_VERDEF])
        status = check_definitions(d, err);
    if (status != LR_OK)
        return status;
    bytes = lrh_elf_at(d->elf, d->value[E_VERSYM], (uint64_t)d->n_symbols * 2);
    if (!bytes)
        return lrh_elf_damaged(err, "its versions are cut off");
    for (uint32_t i = 0; i < d->n_symbols; i++) {
        uint16_t version;

        memcpy(&version, bytes + (uint64_t)i * 2, 2);
        /* 0 and 1 stand for "local" and "global" and need no entry */
        if ((version & 0x7fffu) > 1 && (version & 0x7fffu) > d->max_version)
            return lrh_elf_damaged(err, "a symbol has a version that does not exist");
    }
    return LR_OK;
}
