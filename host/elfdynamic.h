/* SPDX-License-Identifier: MIT
 *
 * The dynamic section of a module, while it is checked: shared by elfdynamic.c (entries and where
 * they point), elfsymbols.c (hash tables, symbols, versions) and elfreloc.c (relocations).
 */
#ifndef LRHOST_ELFDYNAMIC_H
#define LRHOST_ELFDYNAMIC_H

#include "elfimage.h"

/* The entries that matter, by a small index of our own. */
enum lrh_elf_entry {
    E_STRTAB,
    E_STRSZ,
    E_SYMTAB,
    E_SYMENT,
    E_HASH,
    E_GNU_HASH,
    E_RELA,
    E_RELASZ,
    E_RELAENT,
    E_RELACOUNT,
    E_REL,
    E_RELSZ,
    E_RELENT,
    E_RELCOUNT,
    E_RELR,
    E_RELRSZ,
    E_RELRENT,
    E_JMPREL,
    E_PLTRELSZ,
    E_PLTREL,
    E_INIT,
    E_FINI,
    E_INIT_ARRAY,
    E_INIT_ARRAYSZ,
    E_FINI_ARRAY,
    E_FINI_ARRAYSZ,
    E_VERSYM,
    E_VERNEED,
    E_VERDEF,
    E_FLAGS,
    E_COUNT
};

#define LRH_ELF_RELR 19u        /* SHT_RELR; in <elf.h> from glibc 2.36 on */
#define LRH_ELF_CODE UINT32_MAX /* in place of a section type: any, but executable */

struct lrh_dynamic {
    const struct lrh_elf *elf;
    uint64_t value[E_COUNT];
    uint8_t has[E_COUNT];
    const char *strings; /* [value[E_STRSZ]], the last byte is 0 */
    const unsigned char *symbols;
    uint32_t n_symbols;
    uint32_t max_version;
};

/* The section of that type which begins at `address`, or NULL. */
const ElfW(Shdr) * lrh_elf_section_at(const struct lrh_elf *elf, uint64_t address, uint32_t type);

/* A name of the string table; NULL: beyond its end. */
const char *lrh_elf_string_at(const struct lrh_dynamic *d, uint64_t offset);

lr_status lrh_elf_check_symbols(struct lrh_dynamic *d, struct lr_error *err);
lr_status lrh_elf_check_versions(struct lrh_dynamic *d, struct lr_error *err);
lr_status lrh_elf_check_relocations(const struct lrh_dynamic *d, struct lr_error *err);

#endif
