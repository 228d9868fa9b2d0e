/* SPDX-License-Identifier: MIT
 *
 * Looks into an ELF file through a descriptor before any of its code can run: right class and
 * machine, shared object, segments and dynamic section inside the file (a truncated .so must give a
 * sentence, not SIGBUS), the lrhost ABI note, the one exported symbol.
 */
#ifndef LRHOST_ELFCHECK_H
#define LRHOST_ELFCHECK_H

#include <lrhost/abi.h>

struct lrh_elf_facts {
    uint32_t abi_min;   /* from the note */
    uint32_t abi_built;
};

/* LR_ECONFIG with one sentence about what is wrong: not ELF, 32-bit, another machine,
 * truncated, no note ("not an lrhost module"), needs a newer lrhost. */
lr_status lrh_elf_check(int fd, struct lrh_elf_facts *ret_facts, struct lr_error *err);

/* The same on bytes in memory, for fuzzing. */
lr_status lrh_elf_check_bytes(const void *data, size_t size, struct lrh_elf_facts *ret_facts,
                              struct lr_error *err);

#endif
