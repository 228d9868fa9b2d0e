/* SPDX-License-Identifier: MIT
 *
 * The ELF check never looks beyond its bytes, never fails without a sentence, and says the same
 * twice.
 *
 * Bytes at random hardly ever become an ELF file. So an input that does not begin like one is a
 * list of changes to a module that is in order (tests/plugins/good.so below $BUILD): four bytes
 * each, an offset, what to do, and a value. The changed module lies in a block of exactly its size.
 */
#include <lrhost/error.h>
#include <stdint.h>
#include <stdlib.h>

#include "host/elfcheck.h"
#include "tests/unit/folder.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned char *good; /* read once; the target keeps nothing else */
static size_t good_size;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    good = file_read(built("good.so"), &good_size);
    if (!good)
        (void)fprintf(stderr, "fuzz_elf: there is no %s\n", built("good.so"));
    return good ? 0 : 1;
}

static void judge(const void *bytes, size_t size)
{
    struct lrh_elf_facts facts = {0}, again = {0};
    struct lr_error err = LR_ERROR_INIT;
    lr_status status = lrh_elf_check_bytes(bytes, size, &facts, &err);

    if ((status == LR_OK) != (err.text[0] == '\0') || status > 0)
        abort();
    if (lrh_elf_check_bytes(bytes, size, &again, NULL) != status ||
        facts.abi_min != again.abi_min || facts.abi_built != again.abi_built ||
        facts.uses_origin != again.uses_origin)
        abort();
    if (status == LR_OK && (facts.abi_min == 0 || facts.abi_min > LRHOST_ABI))
        abort();
}

/* One change of four bytes; returns the length that is left. */
static size_t change(unsigned char *bytes, size_t size, const uint8_t change[4])
{
    size_t at = (size_t)(change[0] | change[1] << 8) % good_size;
    uint64_t word;

    switch (change[2] % 5) {
    case 0:
        bytes[at] = change[3];
        break;
    case 1:
        bytes[at] ^= change[3];
        break;
    case 2: /* a word goes a few entries up or down */
    case 3: /* or becomes another one of the file */
        at &= ~(size_t)7;
        if (at + 8 > good_size)
            break;
        memcpy(&word, bytes + at, 8);
        if (change[2] % 5 == 2)
            word += 8 * (uint64_t)(int64_t)(int8_t)change[3];
        else
            memcpy(&word, bytes + (at + 8 * (size_t)change[3]) % (good_size - 8), 8);
        memcpy(bytes + at, &word, 8);
        break;
    default:
        size = change[3] == 0 ? at : size;
    }
    return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char *bytes, *exact;
    size_t length = good_size;

    if (size >= 4 && memcmp(data, "\177ELF", 4) == 0) {
        judge(data, size);
        return 0;
    }
    bytes = malloc(good_size);
    if (!bytes)
        return 0;
    memcpy(bytes, good, good_size);
    for (size_t i = 0; i + 4 <= size; i += 4)
        length = change(bytes, length, data + i);
    exact = malloc(length ? length : 1);
    if (exact) {
        memcpy(exact, bytes, length);
        judge(exact, length);
    }
    free(exact);
    free(bytes);
    return 0;
}
