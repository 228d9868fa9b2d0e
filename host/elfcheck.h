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

#define LRH_ELF_NEEDED 64u

/* What a file wants to be found with it. */
struct lrh_elf_needs {
    char run_path[4096]; /* DT_RUNPATH, or DT_RPATH without one; "": none */
    uint32_t hands_on;   /* it is DT_RPATH, which holds for what it needs, too */
    uint32_t overflow;   /* there was more than there is room for */
    uint32_t n;
    char needed[LRH_ELF_NEEDED][256];
};

/* LR_ECONFIG with one sentence about what is wrong: not ELF, 32-bit, another machine,
 * truncated, no note ("not an lrhost module"), needs a newer lrhost. The sentence is meant to
 * follow the file's name and a colon. *ret_facts is untouched on failure. */
lr_status lrh_elf_check(int fd, struct lrh_elf_facts *ret_facts, struct lr_error *err);

/* The same, and what it needs; `is_module` 0: for a library that a module brings along, which has
 * neither note nor entry point (then ret_facts may be NULL). */
lr_status lrh_elf_look(int fd, int is_module, struct lrh_elf_facts *ret_facts,
                       struct lrh_elf_needs *ret_needs, struct lr_error *err);

/* lrh_elf_check on bytes in memory, for fuzzing. */
lr_status lrh_elf_check_bytes(const void *data, size_t size, struct lrh_elf_facts *ret_facts,
                              struct lr_error *err);

#endif
