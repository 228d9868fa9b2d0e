/* SPDX-License-Identifier: MIT
 *
 * Relocations of a module: glibc writes where they say, so each must write into writable data of
 * the module, and name a symbol that exists. What they write is not judged.
 * References: System V gABI, chapter 4 (relocation, RELR).
 */
#include <string.h>

#include "elfdynamic.h"

#if defined(__x86_64__)
#define RELATIVE R_X86_64_RELATIVE
#define DESCRIPTOR R_X86_64_TLSDESC
#elif defined(__aarch64__)
#define RELATIVE R_AARCH64_RELATIVE
#define DESCRIPTOR R_AARCH64_TLSDESC
#elif defined(__riscv)
#define RELATIVE R_RISCV_RELATIVE
#endif
#if __SIZEOF_POINTER__ == 8
#define INFO_TYPE(info) ELF64_R_TYPE(info)
#define INFO_SYMBOL(info) ELF64_R_SYM(info)
#else
#define INFO_TYPE(info) ELF32_R_TYPE(info)
#define INFO_SYMBOL(info) ELF32_R_SYM(info)
#endif

/* Bytes that a relocation fills in: a word, but two for a descriptor of thread-local data. */
static uint64_t room_of(uint64_t info)
{
#ifdef DESCRIPTOR
    if (INFO_TYPE(info) == DESCRIPTOR)
        return 2 * sizeof(ElfW(Addr));
#endif
    return INFO_TYPE(info) == 0 ? 0 : sizeof(ElfW(Addr));
}

/* Rel and Rela begin alike. `leading`: as many are said to be relative ones. */
static lr_status check_table(const struct lrh_dynamic *d, uint64_t at, uint64_t size, uint64_t step,
                             uint64_t leading, struct lr_error *err)
{
    const unsigned char *bytes = lrh_elf_at(d->elf, at, size);
    ElfW(Rel) r;

    if (size % step != 0 || (size > 0 && !bytes))
        return lrh_elf_damaged(err, "its relocations are cut off");
    if (leading > size / step)
        return lrh_elf_damaged(err, "it counts more relocations than it has");
    for (uint64_t i = 0; i < size / step; i++) {
        memcpy(&r, bytes + i * step, sizeof r);
        if (INFO_SYMBOL(r.r_info) >= d->n_symbols)
            return lrh_elf_damaged(err, "a relocation names no symbol");
#ifdef RELATIVE
        if (i < leading && INFO_TYPE(r.r_info) != RELATIVE)
            return lrh_elf_damaged(err, "it counts more relocations than it has");
#endif
        if (room_of(r.r_info) > 0 && !lrh_elf_segment(d->elf, r.r_offset, room_of(r.r_info), PF_W))
            return lrh_elf_damaged(err, "a relocation writes outside of its data");
    }
    return LR_OK;
}

/* RELR: an even word is an address, an odd one a bitmap of the 63 (31) words after the last. */
static lr_status check_relr(const struct lrh_dynamic *d, struct lr_error *err)
{
    const uint64_t word = sizeof(ElfW(Addr)), size = d->value[E_RELRSZ];
    const unsigned char *bytes = lrh_elf_at(d->elf, d->value[E_RELR], size);
    uint64_t next = 0;

    if (d->value[E_RELRENT] != word || size % word != 0 || (size > 0 && !bytes))
        return lrh_elf_damaged(err, "its relocations are cut off");
    for (uint64_t i = 0; i < size / word; i++) {
        ElfW(Addr) entry;
        uint64_t span = 1;

        memcpy(&entry, bytes + i * word, word);
        if (!(entry & 1))
            next = entry;
        else
            span = word * 8 - 1;
        if ((i == 0 && (entry & 1)) || !lrh_elf_segment(d->elf, next, word, PF_W))
            return lrh_elf_damaged(err, "a relocation writes outside of its data");
        for (uint64_t bit = 1; entry & 1 && bit < word * 8; bit++)
            if (entry >> bit & 1 && !lrh_elf_segment(d->elf, next + (bit - 1) * word, word, PF_W))
                return lrh_elf_damaged(err, "a relocation writes outside of its data");
        next += span * word;
    }
    return LR_OK;
}

static int lies_in(const ElfW(Shdr) * s, uint64_t at, uint64_t size)
{
    return s->sh_addr >= at && s->sh_addr - at <= size && s->sh_size <= size - (s->sh_addr - at);
}

/* A relocation that is left out is as bad as a wrong one: calls would go through addresses that
 * nobody filled in. */
static lr_status check_coverage(const struct lrh_dynamic *d, struct lr_error *err)
{
    for (uint32_t i = 1; i < d->elf->n_sections; i++) {
        const ElfW(Shdr) *s = &d->elf->sections[i];

        if (!(s->sh_flags & SHF_ALLOC) || s->sh_size == 0 ||
            (s->sh_type != SHT_RELA && s->sh_type != SHT_REL && s->sh_type != LRH_ELF_RELR))
            continue;
        if (!lies_in(s, d->value[E_RELA], d->value[E_RELASZ]) &&
            !lies_in(s, d->value[E_REL], d->value[E_RELSZ]) &&
            !lies_in(s, d->value[E_RELR], d->value[E_RELRSZ]) &&
            !lies_in(s, d->value[E_JMPREL], d->value[E_PLTRELSZ]))
            return lrh_elf_damaged(err, "its dynamic section leaves out relocations");
    }
    return LR_OK;
}

lr_status lrh_elf_check_relocations(const struct lrh_dynamic *d, struct lr_error *err)
{
    lr_status status = check_coverage(d, err);

    if (status == LR_OK && d->has[E_RELA]) {
        if (d->value[E_RELAENT] != sizeof(ElfW(Rela)))
            return lrh_elf_damaged(err, "its relocations have an impossible size");
        status = check_table(d, d->value[E_RELA], d->value[E_RELASZ], sizeof(ElfW(Rela)),
                             d->value[E_RELACOUNT], err);
    }
    if (status == LR_OK && d->has[E_REL]) {
        if (d->value[E_RELENT] != sizeof(ElfW(Rel)))
            return lrh_elf_damaged(err, "its relocations have an impossible size");
        status = check_table(d, d->value[E_REL], d->value[E_RELSZ], sizeof(ElfW(Rel)),
                             d->value[E_RELCOUNT], err);
    }
    if (status == LR_OK && d->has[E_RELR])
        status = check_relr(d, err);
    if (status == LR_OK && d->has[E_JMPREL]) {
        int rela = d->value[E_PLTREL] == DT_RELA;

        if ((!rela && d->value[E_PLTREL] != DT_REL) ||
            /* one machine knows one of the two; glibc asserts it */
            (rela ? d->has[E_REL] : d->has[E_RELA]) ||
            !lrh_elf_section_at(d->elf, d->value[E_JMPREL], rela ? SHT_RELA : SHT_REL))
            return lrh_elf_damaged(err, "its dynamic section does not point to its tables");
        status = check_table(d, d->value[E_JMPREL], d->value[E_PLTRELSZ],
                             rela ? sizeof(ElfW(Rela)) : sizeof(ElfW(Rel)), 0, err);
    }
    return status;
}
