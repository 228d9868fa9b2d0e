/* SPDX-License-Identifier: MIT
 *
 * The ELF check on bytes in memory: a good module passes, and every prefix and every spoilt field
 * gives a sentence. The bytes are in a block of exactly their size, so that a sanitizer sees a
 * look beyond the end. What spoilt files do when they are loaded: test_elfmutate.c.
 */
#include "host/elfcheck.h"

#include <link.h>
#include <lrhost/error.h>

#include "unit/folder.h"
#include "unit/unit.h"

static unsigned char *good;
static size_t good_size;
static struct lr_error err;
static struct lrh_elf_facts facts;

static int load_good(void)
{
    good = file_read(built("good.so"), &good_size);
    return good ? 0 : -1;
}

static int free_good(void)
{
    free(good);
    return 0;
}

static lr_status check(const void *bytes, size_t size)
{
    lr_status status;

    err = (struct lr_error)LR_ERROR_INIT;
    facts = (struct lrh_elf_facts){77, 77, 77};
    status = lrh_elf_check_bytes(bytes, size, &facts, &err);
    CU_ASSERT((status == LR_OK) == (err.text[0] == '\0'));
    CU_ASSERT((status == LR_OK) == (facts.abi_min != 77)); /* untouched on failure */
    return status;
}

static int says(const char *text)
{
    if (strstr(err.text, text))
        return 1;
    (void)printf("\nexpected \"%s\" in \"%s\"\n", text, err.text);
    return 0;
}

static void test_good(void)
{
    CU_ASSERT_EQUAL(check(good, good_size), LR_OK);
    CU_ASSERT_EQUAL(facts.abi_min, 1);
    CU_ASSERT_EQUAL(facts.abi_built, LRHOST_ABI);
    CU_ASSERT_EQUAL(facts.uses_origin, 0);
}

static void test_descriptor(void)
{
    int fd = open(built("origin.so"), O_RDONLY | O_CLOEXEC);

    CU_ASSERT_EQUAL(lrh_elf_check(fd, &facts, NULL), LR_OK);
    CU_ASSERT_EQUAL(facts.uses_origin, 1);
    (void)close(fd);
    fd = open("/tmp", O_RDONLY | O_CLOEXEC);
    CU_ASSERT_EQUAL(lrh_elf_check(fd, &facts, NULL), LR_ECONFIG);
    (void)close(fd);
    CU_ASSERT_EQUAL(lrh_elf_check(-1, &facts, NULL), LR_ECONFIG);
}

static void test_every_prefix(void)
{
    size_t passed = 0;

    for (size_t n = 0; n < good_size; n++) {
        unsigned char *prefix = malloc(n ? n : 1);

        memcpy(prefix, good, n);
        passed += check(n ? prefix : NULL, n) == LR_OK;
        free(prefix);
    }
    CU_ASSERT_EQUAL(passed, 0);
}

struct patch {
    size_t offset, size;
    uint64_t value;
    const char *text;
};

#define HEADER(member, value, text)                                                                \
    {                                                                                              \
        offsetof(ElfW(Ehdr), member), sizeof(((ElfW(Ehdr) *)NULL)->member), value, text            \
    }

static void test_header(void)
{
    static const struct patch patches[] = {
        {0, 1, 'X', "is not an ELF file"},
        {EI_CLASS, 1, sizeof(void *) == 8 ? ELFCLASS32 : ELFCLASS64, "bits; this lrhost has"},
        HEADER(e_machine, EM_68K, "is built for machine 4; this lrhost runs on"),
        HEADER(e_type, ET_EXEC, "is not a shared object"),
        HEADER(e_type, ET_REL, "is not a shared object"),
        HEADER(e_phoff, UINT64_MAX - 3, "is cut off after"),
        HEADER(e_phoff, 1u << 30, "is cut off after"),
        HEADER(e_phnum, 0, "program header table"),
        HEADER(e_phnum, 0xffff, "program header table"),
        HEADER(e_phentsize, 8, "program header table"),
        HEADER(e_shoff, 0, "section table"),
        HEADER(e_shoff, UINT64_MAX - 7, "is cut off after"),
        HEADER(e_shnum, 0, "section table"),
        HEADER(e_shentsize, 1, "section table"),
    };

    for (size_t i = 0; i < sizeof patches / sizeof patches[0]; i++) {
        const struct patch *p = &patches[i];
        unsigned char *bytes = malloc(good_size);

        memcpy(bytes, good, good_size);
        memcpy(bytes + p->offset, &p->value, p->size);
        CU_ASSERT_EQUAL(check(bytes, good_size), LR_ECONFIG);
        CU_ASSERT(says(p->text));
        free(bytes);
    }
}

/* Applies `spoil` to each segment of a type and checks. */
static unsigned spoil_segments(uint32_t type, void (*spoil)(ElfW(Phdr) *))
{
    ElfW(Ehdr) header;
    unsigned n = 0;

    memcpy(&header, good, sizeof header);
    for (unsigned i = 0; i < header.e_phnum; i++) {
        unsigned char *bytes = malloc(good_size);
        size_t at = header.e_phoff + i * sizeof(ElfW(Phdr));
        ElfW(Phdr) segment;

        memcpy(bytes, good, good_size);
        memcpy(&segment, bytes + at, sizeof segment);
        if (segment.p_type == type) {
            n++;
            spoil(&segment);
            memcpy(bytes + at, &segment, sizeof segment);
            CU_ASSERT_EQUAL(check(bytes, good_size), LR_ECONFIG);
        }
        free(bytes);
    }
    return n;
}

/* The first one into the next, which linkers place up to 64 KiB further on, others beyond the end
 * of the file. */
static void longer(ElfW(Phdr) * s)
{
    s->p_memsz = good_size + 0x10000;
    if (s->p_offset > 0)
        s->p_filesz = s->p_memsz;
}

static void wrapping(ElfW(Phdr) * s)
{
    s->p_memsz = UINTPTR_MAX - s->p_vaddr + 1;
}

static void moved(ElfW(Phdr) * s)
{
    s->p_vaddr += 0x10000;
}

static void beyond(ElfW(Phdr) * s)
{
    s->p_offset = UINT64_MAX - 15;
}

static void crooked(ElfW(Phdr) * s)
{
    s->p_align = 3;
}

static void untyped(ElfW(Phdr) * s)
{
    s->p_type = PT_NULL;
}

static void loaded_again(ElfW(Phdr) * s)
{
    s->p_type = PT_LOAD;
}

static void powerless(ElfW(Phdr) * s)
{
    s->p_flags = 0;
}

static void test_segments(void)
{
    CU_ASSERT(spoil_segments(PT_LOAD, longer) > 1);
    CU_ASSERT(spoil_segments(PT_LOAD, wrapping) > 1);
    CU_ASSERT(spoil_segments(PT_LOAD, moved) > 1);
    CU_ASSERT(spoil_segments(PT_LOAD, beyond) > 1);
    CU_ASSERT(spoil_segments(PT_LOAD, crooked) > 1);
    CU_ASSERT(spoil_segments(PT_LOAD, untyped) > 1);
    CU_ASSERT(spoil_segments(PT_LOAD, powerless) > 1);
    CU_ASSERT(spoil_segments(PT_DYNAMIC, longer) == 1);
    CU_ASSERT(spoil_segments(PT_DYNAMIC, moved) == 1);
    CU_ASSERT(spoil_segments(PT_DYNAMIC, beyond) == 1);
    CU_ASSERT(spoil_segments(PT_DYNAMIC, untyped) == 1);
    CU_ASSERT(spoil_segments(PT_NOTE, longer) > 0);
    CU_ASSERT(spoil_segments(PT_NOTE, moved) > 0);
    CU_ASSERT(spoil_segments(PT_NOTE, loaded_again) > 0);
    CU_ASSERT(spoil_segments(PT_TLS, untyped) == 1);
    CU_ASSERT(spoil_segments(PT_TLS, crooked) == 1);
    CU_ASSERT(spoil_segments(PT_GNU_RELRO, moved) == 1);
}

/* Our note in the file, wherever the linker put it. */
static size_t find_note(void)
{
    struct lr_abi_note note = {7, 8, LRHOST_NOTE_TYPE, "lrhost", 1, LRHOST_ABI};

    for (size_t i = 0; i + sizeof note <= good_size; i += 4)
        if (memcmp(good + i, &note, sizeof note) == 0)
            return i;
    return 0;
}

static void test_note(void)
{
    const size_t at = find_note();
    const struct patch patches[] = {
        {offsetof(struct lr_abi_note, abi_min), 4, 2, "needs lrhost ABI 2 or newer; this lrhost "},
        {offsetof(struct lr_abi_note, abi_min), 4, UINT32_MAX, "needs lrhost ABI 4294967295 or"},
        {offsetof(struct lr_abi_note, abi_min), 4, 0, "contradicts itself"},
        {offsetof(struct lr_abi_note, abi_built), 4, 0, "contradicts itself"},
        {offsetof(struct lr_abi_note, type), 4, 2, "carries no ABI note"},
        {offsetof(struct lr_abi_note, name), 1, 'x', "carries no ABI note"},
        {offsetof(struct lr_abi_note, namesz), 4, UINT32_MAX, "a note is cut off"},
        {offsetof(struct lr_abi_note, descsz), 4, UINT32_MAX, "a note is cut off"},
    };

    CU_ASSERT_FATAL(at != 0);
    for (size_t i = 0; i < sizeof patches / sizeof patches[0]; i++) {
        unsigned char *bytes = malloc(good_size);

        memcpy(bytes, good, good_size);
        memcpy(bytes + at + patches[i].offset, &patches[i].value, patches[i].size);
        CU_ASSERT_EQUAL(check(bytes, good_size), LR_ECONFIG);
        CU_ASSERT(says(patches[i].text));
        free(bytes);
    }
    /* A newer module that can live with this host is welcome. */
    {
        unsigned char *bytes = malloc(good_size);
        const uint32_t built_with = 9;

        memcpy(bytes, good, good_size);
        memcpy(bytes + at + offsetof(struct lr_abi_note, abi_built), &built_with, 4);
        CU_ASSERT_EQUAL(check(bytes, good_size), LR_OK);
        CU_ASSERT_EQUAL(facts.abi_built, 9);
        free(bytes);
    }
}

/* Each entry of the dynamic section in turn gets another tag, and another value. An unknown tag
 * may be harmless; an entry that glibc needs must be missed. */
static void test_dynamic(void)
{
    static const ElfW(Sxword)
        needed[] = {DT_STRTAB,  DT_SYMTAB,     DT_STRSZ,  DT_SYMENT,       DT_RELA,    DT_RELASZ,
                    DT_RELAENT, DT_INIT_ARRAY, DT_VERSYM, DT_INIT_ARRAYSZ, DT_GNU_HASH};
    ElfW(Ehdr) header;
    ElfW(Phdr) segment = {0};
    unsigned seen = 0;

    memcpy(&header, good, sizeof header);
    for (unsigned i = 0; i < header.e_phnum && segment.p_type != PT_DYNAMIC; i++)
        memcpy(&segment, good + header.e_phoff + i * sizeof segment, sizeof segment);
    CU_ASSERT_FATAL(segment.p_type == PT_DYNAMIC);
    for (size_t at = segment.p_offset; at < segment.p_offset + segment.p_filesz;
         at += sizeof(ElfW(Dyn))) {
        unsigned char *bytes = malloc(good_size);
        ElfW(Dyn) entry, spoilt;

        memcpy(bytes, good, good_size);
        memcpy(&entry, good + at, sizeof entry);
        for (size_t k = 0; k < sizeof needed / sizeof needed[0]; k++) {
            if (entry.d_tag != needed[k])
                continue;
            seen++;
            spoilt = entry;
            /* INIT_ARRAY and INIT_ARRAYSZ: without either glibc would do nothing, or read NULL */
            if (entry.d_tag != DT_INIT_ARRAY) {
                spoilt.d_tag = 0x6eeeeeee;
                memcpy(bytes + at, &spoilt, sizeof spoilt);
                CU_ASSERT_EQUAL(check(bytes, good_size), LR_ECONFIG);
            }
            spoilt = entry;
            spoilt.d_un.d_val += UINT64_C(1) << 40;
            memcpy(bytes + at, &spoilt, sizeof spoilt);
            CU_ASSERT_EQUAL(check(bytes, good_size), LR_ECONFIG);
        }
        free(bytes);
        if (entry.d_tag == DT_NULL)
            break;
    }
    CU_ASSERT(seen >= 8);
}

#if defined(__x86_64__)
#define WORD R_X86_64_GLOB_DAT
#define DESCRIPTOR R_X86_64_TLSDESC
#elif defined(__aarch64__)
#define WORD R_AARCH64_GLOB_DAT
#define DESCRIPTOR R_AARCH64_TLSDESC
#endif

/* The last relocation table's first entry, of another type and place. */
static lr_status relocate(uint64_t type, uint64_t address)
{
    unsigned char *bytes = malloc(good_size);
    ElfW(Ehdr) header;
    ElfW(Shdr) section, table = {0};
    ElfW(Rela) entry;
    lr_status status;

    memcpy(&header, good, sizeof header);
    for (unsigned i = 0; i < header.e_shnum; i++) {
        memcpy(&section, good + header.e_shoff + i * sizeof section, sizeof section);
        if (section.sh_type == SHT_RELA)
            table = section;
    }
    CU_ASSERT_FATAL(table.sh_size > 0);
    memcpy(bytes, good, good_size);
    memcpy(&entry, good + table.sh_offset, sizeof entry);
    entry.r_offset = address;
    entry.r_info = (entry.r_info & ~UINT64_C(0xffffffff)) | type;
    memcpy(bytes + table.sh_offset, &entry, sizeof entry);
    status = check(bytes, good_size);
    free(bytes);
    return status;
}

/* What a relocation writes ends with the module's data: one word, or two. */
static void test_relocations(void)
{
#ifdef WORD
    ElfW(Ehdr) header;
    ElfW(Phdr) segment;
    uint64_t end = 0;

    memcpy(&header, good, sizeof header);
    for (unsigned i = 0; i < header.e_phnum; i++) {
        memcpy(&segment, good + header.e_phoff + i * sizeof segment, sizeof segment);
        if (segment.p_type == PT_LOAD && segment.p_flags & PF_W)
            end = segment.p_vaddr + segment.p_memsz;
    }
    CU_ASSERT_EQUAL(relocate(WORD, end - 8), LR_OK);
    CU_ASSERT_EQUAL(relocate(WORD, end - 7), LR_ECONFIG);
    CU_ASSERT_EQUAL(relocate(DESCRIPTOR, end - 16), LR_OK);
    CU_ASSERT_EQUAL(relocate(DESCRIPTOR, end - 8), LR_ECONFIG);
    CU_ASSERT(says("a relocation writes outside of its data"));
#endif
}

static void test_foreign(void)
{
    static const char script[] =
        "#!/bin/sh\nexit 0\n# a script that is as long as an ELF header....";

    CU_ASSERT_EQUAL(check(script, sizeof script), LR_ECONFIG);
    CU_ASSERT(says("is not an ELF file"));
    CU_ASSERT_EQUAL(check("x", 1), LR_ECONFIG);
    CU_ASSERT(says("is not an ELF file"));
    CU_ASSERT_EQUAL(check(NULL, 0), LR_ECONFIG);
    CU_ASSERT(says("is empty"));
    CU_ASSERT_EQUAL(check(good, 10), LR_ECONFIG);
    CU_ASSERT(says("is cut off after 10 bytes"));
}

static CU_TestInfo tests[] = {
    {"good", test_good},
    {"descriptor", test_descriptor},
    {"every prefix", test_every_prefix},
    {"header", test_header},
    {"segments", test_segments},
    {"note", test_note},
    {"dynamic", test_dynamic},
    {"relocations", test_relocations},
    {"foreign", test_foreign},
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    CU_SuiteInfo suites[] = {
        {"elfcheck", load_good, free_good, NULL, NULL, tests},
        CU_SUITE_INFO_NULL,
    };

    return unit_main(suites, argc, argv);
}
