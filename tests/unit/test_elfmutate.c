/* SPDX-License-Identifier: MIT
 *
 * 2,000 spoilt modules, each really loaded in a child process: it must load or give its sentence,
 * and never end the process by a signal (nor, as glibc's own asserts do, by an exit). Spoilt is
 * what the loader looks through: ELF header, program headers, dynamic section, notes, and the
 * length. A module cut off at every 64th byte must never load.
 *
 * MUTATIONS and MUTATION_SEED of the environment ask for more, or for others.
 */
#include <link.h>
#include <lrhost/error.h>

#include "host/loader.h"
#include "unit/folder.h"
#include "unit/unit.h"

#define LOADED 0
#define REFUSED 1
#define SILENT 2

static unsigned char *good;
static size_t good_size;
static uint64_t state; /* of the random numbers */

/* splitmix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014). */
static uint64_t draw(uint64_t below)
{
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % below;
}

static int prepare(void)
{
    if (folder_make() != 0)
        return -1;
    good = file_read(built("good.so"), &good_size);
    return good ? 0 : -1;
}

static int clean_up(void)
{
    free(good);
    return folder_remove();
}

/* Loads the file and makes an instance, as a host would. */
static int load(void *ctx)
{
    struct lr_error err = LR_ERROR_INIT;
    struct lrh_loader *loader = NULL;
    const struct lr_plugin *plugin = NULL;
    void *self = NULL;
    lr_status status = lrh_loader_create("", &loader, &err);

    if (status == LR_OK)
        status = lrh_loader_plugin(loader, LR_MONITOR, ctx, NULL, &plugin, &err);
    lrh_loader_destroy(loader);
    if (status != LR_OK)
        return status < 0 && err.text[0] ? REFUSED : SILENT;
    if (plugin->create(NULL, NULL, &self, &err) != LR_OK)
        return SILENT;
    if (plugin->start)
        (void)plugin->start(self, &err);
    plugin->destroy(self);
    return LOADED;
}

static int load_bytes(const void *bytes, size_t size)
{
    const char *path = in_folder("good.so");

    return file_write(path, bytes, size) == 0 ? in_child(load, (void *)(uintptr_t)path) : 3000;
}

static void test_truncated(void)
{
    size_t refused = 0, tried = 0;

    for (size_t n = 0; n < good_size; n += 64) {
        int result = load_bytes(good, n);

        tried++;
        refused += result == REFUSED;
        if (result != REFUSED)
            (void)printf("\n%zu bytes: %d\n", n, result);
    }
    CU_ASSERT_EQUAL(refused, tried);
    CU_ASSERT_EQUAL(load_bytes(good, good_size - 1), REFUSED);
    CU_ASSERT_EQUAL(load_bytes(good, good_size), LOADED);
}

struct area {
    size_t at, size;
};

static size_t find_areas(struct area *areas, size_t room)
{
    ElfW(Ehdr) header;
    size_t n = 0;

    memcpy(&header, good, sizeof header);
    areas[n++] = (struct area){0, sizeof header};
    areas[n++] = (struct area){header.e_phoff, header.e_phnum * sizeof(ElfW(Phdr))};
    for (unsigned i = 0; i < header.e_phnum && n < room; i++) {
        ElfW(Phdr) s;

        memcpy(&s, good + header.e_phoff + i * sizeof s, sizeof s);
        if (s.p_type == PT_DYNAMIC)
            areas[n++] = (struct area){s.p_offset, s.p_filesz};
        if (s.p_type == PT_NOTE)
            areas[n++] = (struct area){s.p_offset, s.p_filesz};
    }
    return n;
}

/* A byte, a bit, or a whole word: a small step, a page, a limit, or a word from nearby. */
static void spoil(unsigned char *bytes, const struct area *area)
{
    static const uint64_t words[] = {0,          1,         UINT64_MAX, UINT64_C(1) << 63,
                                     0x7fffffff, 0xfffffff, 0x1000,     UINT64_C(1) << 40};
    size_t at = area->at + draw(area->size), width = UINT64_C(1) << (2 + draw(2));
    uint64_t word = 0, other = 0;

    switch (draw(4)) {
    case 0:
        bytes[at] = (unsigned char)draw(256);
        return;
    case 1:
        bytes[at] = (unsigned char)(bytes[at] ^ 1u << draw(8));
        return;
    default:
        at -= (at - area->at) % width;
        memcpy(&word, bytes + at, width);
        memcpy(&other, bytes + area->at + draw(area->size / width) * width, width);
        switch (draw(5)) {
        case 0:
            word = words[draw(sizeof words / sizeof words[0])];
            break;
        case 1:
            word += 8 * (1 + draw(8));
            break;
        case 2:
            word -= 8 * (1 + draw(8));
            break;
        case 3:
            word += draw(2) ? 0x1000 : UINT64_MAX - 0xfff;
            break;
        default:
            word = other;
        }
        memcpy(bytes + at, &word, width);
    }
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 10) : otherwise;
}

static void print_difference(const unsigned char *bytes)
{
    for (size_t at = 0; at + 8 <= good_size; at += 8) {
        uint64_t was, is;

        memcpy(&was, good + at, 8);
        memcpy(&is, bytes + at, 8);
        if (was != is)
            (void)printf("\n  at %#zx: %#llx, was %#llx", at, (unsigned long long)is,
                         (unsigned long long)was);
    }
}

static void test_mutated(void)
{
    const uint64_t seed = from_environment("MUTATION_SEED", 1);
    const uint64_t n = from_environment("MUTATIONS", getenv("SLOW") ? 500 : 2000);
    unsigned char *bytes = malloc(good_size);
    uint64_t loaded = 0, refused = 0;
    struct area areas[8];
    size_t n_areas = find_areas(areas, 8);

    CU_ASSERT_FATAL(n_areas >= 4);
    for (uint64_t i = 0; i < n; i++) {
        size_t size = good_size;
        int result;

        state = seed << 32 | i; /* each case on its own, so that one can be repeated */
        memcpy(bytes, good, good_size);
        for (uint64_t k = 1 + draw(3); k > 0; k--)
            spoil(bytes, &areas[draw(n_areas)]);
        if (draw(10) == 0)
            size = draw(good_size);
        result = load_bytes(bytes, size);
        loaded += result == LOADED;
        refused += result == REFUSED;
        if (result != LOADED && result != REFUSED) {
            (void)printf("\nseed %llu case %llu: ended with %d, %zu of %zu bytes",
                         (unsigned long long)seed, (unsigned long long)i, result, size, good_size);
            print_difference(bytes);
        }
    }
    (void)printf("\n%llu loaded, %llu refused of %llu\n", (unsigned long long)loaded,
                 (unsigned long long)refused, (unsigned long long)n);
    CU_ASSERT_EQUAL(loaded + refused, n);
    CU_ASSERT(loaded > 0 && refused > 0);
    free(bytes);
}

static CU_TestInfo tests[] = {
    {"truncated", test_truncated},
    {"mutated", test_mutated},
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    CU_SuiteInfo suites[] = {
        {"elfmutate", prepare, clean_up, NULL, NULL, tests},
        CU_SUITE_INFO_NULL,
    };

    (void)umask(0022);
    return unit_main(suites, argc, argv);
}
