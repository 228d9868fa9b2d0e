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
    uint32_t abi_min; /* from the note */
    uint32_t abi_built;
    uint32_t uses_origin; /* not 0: $ORIGIN in its run path, or linked with -z origin */
};

/* LR_ECONFIG with one sentence about what is wrong: not ELF, 32-bit, another machine,
 * truncated, no note ("not an lrhost module"), needs a newer lrhost. The sentence is meant to
 * follow the file's name and a colon. *ret_facts is untouched on failure. */
lr_status lrh_elf_check(int fd, struct lrh_elf_facts *ret_facts, struct lr_error *err);

/* The same on bytes in memory, for fuzzing. */
lr_status lrh_elf_check_bytes(const void *data, size_t size, struct lrh_elf_facts *ret_facts,
                              struct lr_error *err);

#endif
