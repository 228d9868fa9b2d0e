/* SPDX-License-Identifier: MIT
 *
 * An ELF file as the C library's loader will see it: what lies where once it is mapped. Shared by
 * elfcheck.c (header, segments, sections), elfnotes.c and elfdynamic.c (the dynamic section and all
 * it points to). Nothing here is trusted before it is checked; every look goes through lrh_elf_at
 * and lrh_elf_segment, which know the bounds.
 */
#ifndef LRHOST_ELFIMAGE_H
#define LRHOST_ELFIMAGE_H

#include <link.h>

#include "elfcheck.h"

struct lrh_elf {
    const unsigned char *bytes; /* the file from its beginning to the end of its last segment */
    uint64_t n_bytes;
    const ElfW(Phdr) * segments;
    uint32_t n_segments;
    uint32_t n_sections;
    const ElfW(Shdr) * sections;
    int is_module;               /* it must carry our note and entry point */
    struct lrh_elf_needs *needs; /* to be filled; may be NULL */
};

/* The PT_LOAD that holds `size` bytes of memory at `address` and has all of `flags` (PF_*), or
 * NULL. */
const ElfW(Phdr) *
    lrh_elf_segment(const struct lrh_elf *elf, uint64_t address, uint64_t size, uint32_t flags);

/* The bytes of the file that will be mapped at `address`, or NULL when not all of them come from
 * the file. Not aligned: copy them out. */
const unsigned char *lrh_elf_at(const struct lrh_elf *elf, uint64_t address, uint64_t size);

/* "is damaged: WHAT; ..." */
lr_status lrh_elf_damaged(struct lr_error *err, const char *what);

/* Every note, and the ABI range of ours. */
lr_status lrh_elf_check_notes(const struct lrh_elf *elf, struct lrh_elf_facts *facts,
                              struct lr_error *err);

/* Everything that PT_DYNAMIC `dynamic` points to, and the exported symbol. */
lr_status lrh_elf_check_dynamic(const struct lrh_elf *elf, const ElfW(Phdr) * dynamic,
                                struct lrh_elf_facts *facts, struct lr_error *err);

#endif
