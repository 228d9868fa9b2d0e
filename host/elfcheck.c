/* SPDX-License-Identifier: MIT
 *
 * Header, segments and sections of an ELF file, before the C library sees it.
 *
 * glibc believes what an ELF file says about itself: a segment beyond the end of the file is a
 * SIGBUS, an overlapping one overwrites the process. So the file is judged here as glibc will read
 * it, from memory of our own (a mapping could be cut off while we look at it). Segments say what
 * is mapped, sections say it once more; linkers write both, so they must agree. The section table
 * stands at the end of a file, so it is also what shows that the end is missing.
 *
 * Left out: relocations are checked for where they write, not for what; and what code does is its
 * author's affair. Who may write the file is trust.c's question.
 */
#include "elfcheck.h"

#include <errno.h>
#include <lrhost/error.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elfimage.h"

#define MAX_SEGMENTS 128u
#define MAX_SECTIONS 65279u /* SHN_LORESERVE - 1: more need another encoding */
#define MAX_LOADED ((uint64_t)1 << 30)

/* This program's own header, put there by the linker: what a module must be like. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

struct input {
    const unsigned char *data; /* NULL: read from fd */
    int fd;
    uint64_t size;
    int is_module;
    struct lrh_elf_needs *needs;
};

static lr_status take(const struct input *in, void *to, uint64_t offset, uint64_t size,
                      struct lr_error *err)
{
    unsigned char *out = to;

    if (in->data) {
        memcpy(to, in->data + offset, size);
        return LR_OK;
    }
    while (size > 0) {
        ssize_t n = pread(in->fd, out, size, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return lr_fail(err, LR_ECONFIG, "cannot be read: %s",
                           n < 0 ? strerror(errno) : "it became shorter meanwhile");
        out += n;
        offset += (uint64_t)n;
        size -= (uint64_t)n;
    }
    return LR_OK;
}

static int inside(uint64_t offset, uint64_t size, uint64_t limit)
{
    return offset <= limit && size <= limit - offset;
}

static lr_status cut_off(const struct input *in, struct lr_error *err)
{
    return lr_fail(err, LR_ECONFIG,
                   "is cut off after %llu bytes (truncated, or still being copied); copy it again",
                   (unsigned long long)in->size);
}

lr_status lrh_elf_damaged(struct lr_error *err, const char *what)
{
    return lr_fail(err, LR_ECONFIG, "is damaged: %s; build or copy it again", what);
}

static const char *machine_name(unsigned machine, char buffer[24])
{
    switch (machine) {
    case EM_X86_64:
        return "x86-64";
    case EM_386:
        return "i386";
    case EM_AARCH64:
        return "AArch64";
    case EM_ARM:
        return "ARM";
    case EM_RISCV:
        return "RISC-V";
    case EM_PPC64:
        return "PowerPC64";
    case EM_S390:
        return "s390";
    default:
        (void)snprintf(buffer, 24, "machine %u", machine);
        return buffer;
    }
}

static lr_status check_header(const struct input *in, const ElfW(Ehdr) * header,
                              struct lr_error *err)
{
    const ElfW(Ehdr) *own = &__ehdr_start;
    char here[24], there[24];

    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return lr_fail(err, LR_ECONFIG, "is not an ELF file, so it is no lrhost module");
    if (header->e_ident[EI_CLASS] != own->e_ident[EI_CLASS])
        return lr_fail(err, LR_ECONFIG, "is built for %s bits; this lrhost has %d",
                       header->e_ident[EI_CLASS] == ELFCLASS32 ? "32" : "another number of",
                       (int)sizeof(void *) * 8);
    if (header->e_ident[EI_DATA] != own->e_ident[EI_DATA] || header->e_machine != own->e_machine)
        return lr_fail(err, LR_ECONFIG, "is built for %s; this lrhost runs on %s",
                       machine_name(header->e_machine, there), machine_name(own->e_machine, here));
    if (header->e_type != ET_DYN)
        return lr_fail(err, LR_ECONFIG, "is not a shared object; link it with -shared");
    if (header->e_phentsize != sizeof(ElfW(Phdr)) || header->e_phnum == 0 ||
        header->e_phnum > MAX_SEGMENTS)
        return lrh_elf_damaged(err, "its program header table has an impossible size");
    if (header->e_shoff == 0 || header->e_shnum == 0 || header->e_shentsize != sizeof(ElfW(Shdr)) ||
        header->e_shnum > MAX_SECTIONS)
        return lrh_elf_damaged(err, "it has no usable section table (stripped too far?)");
    if (!inside(header->e_phoff, (uint64_t)header->e_phnum * sizeof(ElfW(Phdr)), in->size) ||
        !inside(header->e_shoff, (uint64_t)header->e_shnum * sizeof(ElfW(Shdr)), in->size))
        return cut_off(in, err);
    return LR_OK;
}

/* What is mapped: inside the file, in ascending order, no page twice (glibc maps each at a
 * fixed place within one reservation that reaches from the first to the last). */
static lr_status check_loads(const struct input *in, const ElfW(Phdr) * segments, uint32_t n,
                             uint64_t *ret_end, struct lr_error *err)
{
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), top = UINTPTR_MAX / 4;
    uint64_t next = 0, end = 0;
    int any = 0;

    for (uint32_t i = 0; i < n; i++) {
        const ElfW(Phdr) *load = &segments[i];

        if (load->p_type != PT_LOAD)
            continue;
        if (!inside(load->p_offset, load->p_filesz, in->size))
            return cut_off(in, err);
        if (load->p_align < page || (load->p_align & (load->p_align - 1)) != 0 ||
            load->p_align > top || ((load->p_vaddr - load->p_offset) & (load->p_align - 1)) != 0)
            return lrh_elf_damaged(err, "a segment is not aligned to this machine's pages");
        if (load->p_filesz > load->p_memsz || !inside(load->p_vaddr, load->p_memsz, top))
            return lrh_elf_damaged(err, "a segment has an impossible size");
        if (any && (load->p_vaddr & ~(page - 1)) < next)
            return lrh_elf_damaged(err, "its segments overlap");
        any = 1;
        next = (load->p_vaddr + load->p_memsz + page - 1) & ~(page - 1);
        if (load->p_offset + load->p_filesz > end)
            end = load->p_offset + load->p_filesz;
    }
    if (!any || end > MAX_LOADED)
        return lrh_elf_damaged(err,
                               any ? "it loads more than a gigabyte" : "it has nothing to load");
    *ret_end = end;
    return LR_OK;
}

const ElfW(Phdr) *
    lrh_elf_segment(const struct lrh_elf *elf, uint64_t address, uint64_t size, uint32_t flags)
{
    for (uint32_t i = 0; i < elf->n_segments; i++) {
        const ElfW(Phdr) *load = &elf->segments[i];

        if (load->p_type == PT_LOAD && address >= load->p_vaddr &&
            inside(address - load->p_vaddr, size, load->p_memsz))
            return (load->p_flags & flags) == flags ? load : NULL;
    }
    return NULL;
}

const unsigned char *lrh_elf_at(const struct lrh_elf *elf, uint64_t address, uint64_t size)
{
    const ElfW(Phdr) *load = lrh_elf_segment(elf, address, size, 0);

    if (!load || !inside(address - load->p_vaddr, size, load->p_filesz))
        return NULL;
    return elf->bytes + load->p_offset + (address - load->p_vaddr);
}

/* Segments that the C library reads through their address: it must be where the file has them,
 * or what is checked here is not what is read there. */
static lr_status check_other_segments(const struct lrh_elf *elf, const ElfW(Phdr) * *ret_dynamic,
                                      struct lr_error *err)
{
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    const ElfW(Phdr) *dynamic = NULL;

    for (uint32_t i = 0; i < elf->n_segments; i++) {
        const ElfW(Phdr) *s = &elf->segments[i];
        int whole = s->p_type == PT_DYNAMIC || s->p_type == PT_NOTE ||
                    s->p_type == PT_GNU_PROPERTY || s->p_type == PT_PHDR;

        if (!whole && s->p_type != PT_TLS && s->p_type != PT_GNU_RELRO &&
            s->p_type != PT_GNU_EH_FRAME)
            continue;
        if (s->p_filesz > s->p_memsz || (whole && s->p_filesz != s->p_memsz))
            return lrh_elf_damaged(err, "a segment has an impossible size");
        /* lld rounds read-only data up to a page, into memory that no file holds */
        if (s->p_filesz > 0 && s->p_type != PT_GNU_RELRO &&
            (!inside(s->p_offset, s->p_filesz, elf->n_bytes) ||
             lrh_elf_at(elf, s->p_vaddr, s->p_filesz) != elf->bytes + s->p_offset))
            return lrh_elf_damaged(err, "a segment lies outside of what is loaded");
        if (s->p_type == PT_GNU_RELRO) {
            const ElfW(Phdr) *load = lrh_elf_segment(elf, s->p_vaddr, s->p_filesz, PF_W);

            /* linkers round the end up to a page; a page more would be somebody's data */
            if (!load ||
                s->p_memsz > ((s->p_vaddr + s->p_filesz + page - 1) & ~(page - 1)) - s->p_vaddr)
                return lrh_elf_damaged(err, "its read-only data is not where it can be protected");
        }
        if (s->p_type == PT_TLS &&
            (s->p_align == 0 || s->p_align > page || (s->p_align & (s->p_align - 1)) != 0 ||
             s->p_memsz > MAX_LOADED))
            return lrh_elf_damaged(err, "its thread-local data has an impossible size");
        if (s->p_type == PT_DYNAMIC) {
            if (dynamic || !lrh_elf_segment(elf, s->p_vaddr, s->p_memsz, s->p_flags & PF_W))
                return lrh_elf_damaged(err, "its dynamic section cannot be used");
            dynamic = s;
        }
    }
    if (!dynamic)
        return lr_fail(err, LR_ECONFIG, "has no dynamic section; link it with -shared");
    *ret_dynamic = dynamic;
    return LR_OK;
}

static int tls_holds(const struct lrh_elf *elf, const ElfW(Shdr) * section)
{
    for (uint32_t i = 0; i < elf->n_segments; i++) {
        const ElfW(Phdr) *s = &elf->segments[i];

        if (s->p_type == PT_TLS && section->sh_addr >= s->p_vaddr &&
            inside(section->sh_addr - s->p_vaddr, section->sh_size, s->p_memsz))
            return 1;
    }
    return 0;
}

/* Sections against segments: what the linker meant to be mapped is mapped, from the right place
 * and with the right permissions. */
static lr_status check_sections(const struct input *in, const struct lrh_elf *elf,
                                struct lr_error *err)
{
    for (uint32_t i = 1; i < elf->n_sections; i++) {
        const ElfW(Shdr) *s = &elf->sections[i];
        int empty = s->sh_type == SHT_NOBITS, tls = (s->sh_flags & SHF_TLS) != 0;
        uint32_t flags = s->sh_flags & SHF_WRITE ? PF_R | PF_W : 0;

        if (!empty && !inside(s->sh_offset, s->sh_size, in->size))
            return cut_off(in, err);
        if (!(s->sh_flags & SHF_ALLOC) || s->sh_size == 0)
            continue;
        if (tls && !tls_holds(elf, s))
            return lrh_elf_damaged(err, "its thread-local data is not where its sections say");
        if (tls && empty)
            continue; /* takes no room of the module's own */
        flags |= s->sh_flags & SHF_EXECINSTR ? PF_X : PF_R;
        if (!lrh_elf_segment(elf, s->sh_addr, s->sh_size, flags) ||
            (!empty && (!inside(s->sh_offset, s->sh_size, elf->n_bytes) ||
                        lrh_elf_at(elf, s->sh_addr, s->sh_size) != elf->bytes + s->sh_offset)))
            return lrh_elf_damaged(err, "its segments and its sections do not agree");
    }
    return LR_OK;
}

static lr_status check_loaded(const struct input *in, const struct lrh_elf *elf,
                              struct lrh_elf_facts *ret_facts, struct lr_error *err)
{
    struct lrh_elf_facts facts = {0};
    const ElfW(Phdr) *dynamic = NULL;
    lr_status status = check_other_segments(elf, &dynamic, err);

    if (status == LR_OK)
        status = check_sections(in, elf, err);
    if (status == LR_OK)
        status = lrh_elf_check_notes(elf, &facts, err);
    if (status == LR_OK)
        status = lrh_elf_check_dynamic(elf, dynamic, &facts, err);
    if (status == LR_OK && ret_facts)
        *ret_facts = facts;
    return status;
}

static lr_status check(const struct input *in, struct lrh_elf_facts *ret_facts,
                       struct lr_error *err)
{
    ElfW(Phdr) segments[MAX_SEGMENTS] = {{0}};
    ElfW(Ehdr) header;
    ElfW(Shdr) *sections = NULL;
    unsigned char *copy = NULL;
    struct lrh_elf elf = {.segments = segments};
    uint64_t n_bytes = 0, n_table;
    lr_status status;

    if (in->size < sizeof header) {
        char magic[SELFMAG];

        if (in->size == 0)
            return lr_fail(err, LR_ECONFIG, "is empty");
        if (in->size >= SELFMAG && take(in, magic, 0, SELFMAG, err) == LR_OK &&
            memcmp(magic, ELFMAG, SELFMAG) == 0)
            return cut_off(in, err);
        return lr_fail(err, LR_ECONFIG, "is not an ELF file, so it is no lrhost module");
    }
    status = take(in, &header, 0, sizeof header, err);
    if (status == LR_OK)
        status = check_header(in, &header, err);
    if (status == LR_OK)
        status = take(in, segments, header.e_phoff, header.e_phnum * sizeof *segments, err);
    if (status == LR_OK)
        status = check_loads(in, segments, header.e_phnum, &n_bytes, err);
    if (status != LR_OK)
        return status;

    n_table = (uint64_t)header.e_shnum * sizeof *sections;
    sections = malloc(n_table);
    copy = in->data ? NULL : malloc(n_bytes);
    if (!sections || (!in->data && !copy)) {
        status = lr_fail(err, LR_ENOMEM, "out of memory");
        goto done;
    }
    status = take(in, sections, header.e_shoff, n_table, err);
    if (status == LR_OK && copy)
        status = take(in, copy, 0, n_bytes, err);
    if (status != LR_OK)
        goto done;
    elf.bytes = in->data ? in->data : copy;
    elf.n_bytes = n_bytes;
    elf.n_segments = header.e_phnum;
    elf.sections = sections;
    elf.n_sections = header.e_shnum;
    elf.is_module = in->is_module;
    elf.needs = in->needs;
    status = check_loaded(in, &elf, ret_facts, err);
done:
    free(copy);
    free(sections);
    return status;
}

lr_status lrh_elf_look(int fd, int is_module, struct lrh_elf_facts *ret_facts,
                       struct lrh_elf_needs *ret_needs, struct lr_error *err)
{
    struct input in = {.fd = fd, .is_module = is_module, .needs = ret_needs};
    struct stat st;

    if (ret_needs)
        *ret_needs = (struct lrh_elf_needs){0};
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 0)
        return lr_fail(err, LR_ECONFIG, "is not a regular file");
    in.size = (uint64_t)st.st_size;
    return check(&in, ret_facts, err);
}

lr_status lrh_elf_check(int fd, struct lrh_elf_facts *ret_facts, struct lr_error *err)
{
    return lrh_elf_look(fd, 1, ret_facts, NULL, err);
}

lr_status lrh_elf_check_bytes(const void *data, size_t size, struct lrh_elf_facts *ret_facts,
                              struct lr_error *err)
{
    struct input in = {.data = data, .fd = -1, .size = size, .is_module = 1};

    return check(&in, ret_facts, err);
}
