/* SPDX-License-Identifier: MIT
 *
 * The notes of a module: the ABI range that LRHOST_MODULE wrote (<lrhost/abi.h>), and the shape of
 * all others, because glibc reads those of x86 (control-flow protection) with little doubt.
 */
#include <lrhost/error.h>
#include <string.h>

#include "elfimage.h"

#define MAX_NOTE_ALIGN 8u

static int inside(uint64_t offset, uint64_t size, uint64_t limit)
{
    return offset <= limit && size <= limit - offset;
}

/* One note segment. Every note is measured, because glibc reads x86's property notes with
 * little doubt; ours is kept. */
static lr_status check_notes(const struct lrh_elf *elf, const ElfW(Phdr) * segment, int *found,
                             struct lrh_elf_facts *facts, struct lr_error *err)
{
    const unsigned char *at = elf->bytes + segment->p_offset;
    const uint64_t size = segment->p_filesz, align = segment->p_align == 8 ? 8 : 4;
    struct lr_abi_note ours;
    ElfW(Nhdr) note;

    if (segment->p_align > MAX_NOTE_ALIGN || segment->p_vaddr % align != 0)
        return lrh_elf_damaged(err, "its notes are not aligned");
    for (uint64_t i = 0; i < size;) {
        uint64_t value, next;

        if (!inside(i, sizeof note, size))
            return lrh_elf_damaged(err, "a note is cut off");
        memcpy(&note, at + i, sizeof note);
        value = i + ((sizeof note + note.n_namesz + align - 1) & ~(align - 1));
        next = value + ((note.n_descsz + align - 1) & ~(align - 1));
        if (value > size || !inside(value, note.n_descsz, size))
            return lrh_elf_damaged(err, "a note is cut off");
        if (note.n_namesz == 7 && note.n_descsz == 8 && note.n_type == LRHOST_NOTE_TYPE &&
            inside(i, sizeof ours, size) && memcmp(at + i + sizeof note, "lrhost", 7) == 0) {
            memcpy(&ours, at + i, sizeof ours);
            facts->abi_min = ours.abi_min;
            facts->abi_built = ours.abi_built;
            *found += 1;
        }
        i = next;
    }
    return LR_OK;
}

lr_status lrh_elf_check_notes(const struct lrh_elf *elf, struct lrh_elf_facts *facts,
                              struct lr_error *err)
{
    int found = 0;

    for (uint32_t i = 0; i < elf->n_segments; i++) {
        const ElfW(Phdr) *s = &elf->segments[i];

        if ((s->p_type == PT_NOTE || s->p_type == PT_GNU_PROPERTY) &&
            check_notes(elf, s, &found, facts, err) != LR_OK)
            return LR_ECONFIG;
    }
    if (!elf->is_module)
        return LR_OK;
    if (found == 0)
        return lr_fail(err, LR_ECONFIG,
                       "is not an lrhost module: it carries no ABI note; build it with "
                       "LRHOST_MODULE of <lrhost/abi.h>");
    if (facts->abi_min > LRHOST_ABI)
        return lr_fail(err, LR_ECONFIG,
                       "needs lrhost ABI %u or newer; this lrhost offers %u (upgrade lrhost)",
                       facts->abi_min, LRHOST_ABI);
    if (found > 1 || facts->abi_min == 0 || facts->abi_min > facts->abi_built)
        return lrh_elf_damaged(err, "its ABI note contradicts itself");
    return LR_OK;
}
