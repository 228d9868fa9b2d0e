/* SPDX-License-Identifier: MIT
 *
 * Watches what a loaded module takes from the C library, by putting functions of this file into
 * the module's own table of imported addresses. Only the module itself is watched: not this
 * program, and not the libraries that the module brings along, so what is counted here is the
 * plugin author's. A C++ module's `new` goes through its library and is not seen; valgrind sees
 * it (`lrhost verify --leaks`).
 *
 * The loader has resolved every address (RTLD_NOW). A relocation that names `malloc` and whose
 * word holds malloc's address is such an import, on every machine; pages that were made read-only
 * after that are made writable for it.
 */
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "verify.h"

#define SLOTS (1u << 16) /* live blocks that can be told apart; a power of two */

static struct {
    pthread_mutex_t mutex;
    struct lrh_hooked counts;
    uint64_t fail_in; /* 0: never */
    void *blocks[SLOTS];
    uint32_t n_blocks;
    char last_file[128];
} state = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* ---- blocks ------------------------------------------------------------------------------ */

static uint32_t slot_of(const void *block)
{
    return (uint32_t)(((uintptr_t)block >> 4) * 2654435761u) & (SLOTS - 1);
}

/* Under the mutex. A full table counts no more, which makes no finding. */
static void *taken(void *block)
{
    uint32_t i = slot_of(block);

    if (!block || state.n_blocks >= SLOTS / 2)
        return block;
    while (state.blocks[i])
        i = (i + 1) & (SLOTS - 1);
    state.blocks[i] = block;
    state.n_blocks++;
    state.counts.blocks++;
    return block;
}

/* Open addressing: whatever stands behind the hole is put in anew. */
static void given_back(const void *block)
{
    uint32_t i = slot_of(block), j;

    while (state.blocks[i] && state.blocks[i] != block)
        i = (i + 1) & (SLOTS - 1);
    if (!state.blocks[i])
        return; /* taken by somebody else, or before the hooks */
    state.blocks[i] = NULL;
    state.n_blocks--;
    state.counts.blocks--;
    for (j = (i + 1) & (SLOTS - 1); state.blocks[j]; j = (j + 1) & (SLOTS - 1)) {
        void *moved = state.blocks[j];

        state.blocks[j] = NULL;
        i = slot_of(moved);
        while (state.blocks[i])
            i = (i + 1) & (SLOTS - 1);
        state.blocks[i] = moved;
    }
}

/* Counts a call; not 0: it has to fail. Leaves the mutex locked. */
static int begin(void)
{
    (void)pthread_mutex_lock(&state.mutex);
    state.counts.allocations++;
    return state.fail_in > 0 && --state.fail_in == 0;
}

static void *end(void *block)
{
    (void)taken(block);
    (void)pthread_mutex_unlock(&state.mutex);
    return block;
}

static void *hooked_malloc(size_t size)
{
    return end(begin() ? NULL : malloc(size));
}

static void *hooked_calloc(size_t n, size_t size)
{
    return end(begin() ? NULL : calloc(n, size));
}

/* Not in the table while it is with realloc, which may fail and leave it as it is. */
static void *hooked_realloc(void *block, size_t size)
{
    void *grown;

    if (begin())
        return end(NULL);
    if (block)
        given_back(block);
    grown = realloc(block, size);
    if (!grown && size)
        (void)taken(block);
    return end(grown);
}

static void *hooked_reallocarray(void *block, size_t n, size_t size)
{
    size_t bytes;

    return __builtin_mul_overflow(n, size, &bytes) ? NULL : hooked_realloc(block, bytes);
}

/* The line is a block of the module's that the library may replace by another one. */
static ssize_t hooked_getdelim(char **line, size_t *room, int delimiter, FILE *in)
{
    ssize_t n;

    (void)pthread_mutex_lock(&state.mutex);
    if (*line)
        given_back(*line);
    (void)pthread_mutex_unlock(&state.mutex);
    n = getdelim(line, room, delimiter, in); /* not under the mutex: it may wait */
    (void)pthread_mutex_lock(&state.mutex);
    (void)end(*line);
    return n;
}

static ssize_t hooked_getline(char **line, size_t *room, FILE *in)
{
    return hooked_getdelim(line, room, '\n', in);
}

static void *hooked_aligned_alloc(size_t align, size_t size)
{
    return end(begin() ? NULL : aligned_alloc(align, size));
}

static int hooked_posix_memalign(void **ret_block, size_t align, size_t size)
{
    void *block = NULL;
    int code = begin() ? 12 /* ENOMEM */ : posix_memalign(&block, align, size);

    (void)end(block);
    if (code == 0)
        *ret_block = block;
    return code;
}

static char *hooked_strdup(const char *text)
{
    return end(begin() ? NULL : strdup(text));
}

static char *hooked_strndup(const char *text, size_t n)
{
    return end(begin() ? NULL : strndup(text, n));
}

static void hooked_free(void *block)
{
    (void)pthread_mutex_lock(&state.mutex);
    if (block)
        given_back(block);
    (void)pthread_mutex_unlock(&state.mutex);
    free(block);
}

/* ---- threads and files --------------------------------------------------------------------- */

static int hooked_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
                                 void *(*run)(void *), void *ctx)
{
    (void)pthread_mutex_lock(&state.mutex);
    state.counts.threads++;
    (void)pthread_mutex_unlock(&state.mutex);
    return pthread_create(thread, attr, run, ctx);
}

static void opens(const char *name)
{
    (void)pthread_mutex_lock(&state.mutex);
    state.counts.files++;
    (void)snprintf(state.last_file, sizeof state.last_file, "%s", name);
    state.counts.last_file = state.last_file;
    (void)pthread_mutex_unlock(&state.mutex);
}

/* The third argument of open is passed on whether it was given or not. */
static int hooked_open(const char *name, int flags, mode_t mode)
{
    opens(name);
    return open(name, flags, mode);
}

static int hooked_openat(int folder, const char *name, int flags, mode_t mode)
{
    opens(name);
    return openat(folder, name, flags, mode);
}

static FILE *hooked_fopen(const char *name, const char *mode)
{
    opens(name);
    return fopen(name, mode);
}

static int hooked_socket(int domain, int type, int protocol)
{
    opens("a socket");
    return socket(domain, type, protocol);
}

/* What a module that was built with _FORTIFY_SOURCE calls where the flags are no constant. The
 * headers declare these for such callers only. */
int __open_2(const char *, int);
int __open64_2(const char *, int);
int __openat_2(int, const char *, int);
int __openat64_2(int, const char *, int);

static int hooked_open_2(const char *name, int flags)
{
    opens(name);
    return open(name, flags, 0);
}

static int hooked_openat_2(int folder, const char *name, int flags)
{
    opens(name);
    return openat(folder, name, flags, 0);
}

/* ---- putting them in ------------------------------------------------------------------------ */

typedef void (*any_fn)(void);

#define HOOK(name)                                                                                 \
    {                                                                                              \
        #name, (any_fn)name, (any_fn)hooked_##name                                                 \
    }
static const struct hook {
    const char *name;
    any_fn real, hooked;
} hooks[] = {
    HOOK(malloc),
    HOOK(calloc),
    HOOK(realloc),
    HOOK(reallocarray),
    HOOK(getdelim),
    HOOK(getline),
    HOOK(aligned_alloc),
    HOOK(posix_memalign),
    HOOK(strdup),
    HOOK(strndup),
    HOOK(free),
    HOOK(pthread_create),
    HOOK(open),
    HOOK(openat),
    HOOK(fopen),
    HOOK(socket),
    {"__getdelim", (any_fn)__getdelim, (any_fn)hooked_getdelim}, /* so getline is inlined */
    {"open64", (any_fn)open64, (any_fn)hooked_open},
    {"openat64", (any_fn)openat64, (any_fn)hooked_openat},
    {"fopen64", (any_fn)fopen64, (any_fn)hooked_fopen},
    {"__open_2", (any_fn)__open_2, (any_fn)hooked_open_2},
    {"__open64_2", (any_fn)__open64_2, (any_fn)hooked_open_2},
    {"__openat_2", (any_fn)__openat_2, (any_fn)hooked_openat_2},
    {"__openat64_2", (any_fn)__openat64_2, (any_fn)hooked_openat_2},
};

struct image {
    uintptr_t inside; /* an address in the wanted one */
    uintptr_t base;
    const ElfW(Dyn) * dynamic;
};

static int find_image(struct dl_phdr_info *info, size_t size, void *ctx)
{
    struct image *image = ctx;
    const ElfW(Dyn) *dynamic = NULL;
    int found = 0;

    (void)size;
    for (uint16_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        uintptr_t begins = info->dlpi_addr + p->p_vaddr;

        if (p->p_type == PT_LOAD && image->inside >= begins && image->inside - begins < p->p_memsz)
            found = 1;
        if (p->p_type == PT_DYNAMIC)
            dynamic = (const void *)begins;
    }
    if (found) {
        image->base = info->dlpi_addr;
        image->dynamic = dynamic;
    }
    return found;
}

/* glibc puts addresses into the dynamic section, others leave offsets. */
static const void *address_of(const struct image *image, int64_t tag)
{
    for (const ElfW(Dyn) *d = image->dynamic; d && d->d_tag != DT_NULL; d++)
        if (d->d_tag == tag)
            return (const void *)(d->d_un.d_ptr < image->base ? image->base + d->d_un.d_ptr
                                                              : d->d_un.d_ptr);
    return NULL;
}

static size_t value_of(const struct image *image, int64_t tag)
{
    for (const ElfW(Dyn) *d = image->dynamic; d && d->d_tag != DT_NULL; d++)
        if (d->d_tag == tag)
            return (size_t)d->d_un.d_val;
    return 0;
}

static int replace(uintptr_t place, const struct hook *hook)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t begins = place & ~(page - 1);
    any_fn present;

    if (place % sizeof present)
        return 0;
    memcpy(&present, (const void *)place, sizeof present);
    if (present != hook->real)
        return 0;
    if (mprotect((void *)begins, page, PROT_READ | PROT_WRITE) != 0)
        return 0;
    memcpy((void *)place, &hook->hooked, sizeof hook->hooked);
    return 1;
}

static int replace_all(const struct image *image, const ElfW(Rela) * at, size_t size)
{
    const ElfW(Sym) *symbols = address_of(image, DT_SYMTAB);
    const char *strings = address_of(image, DT_STRTAB);
    int n = 0;

    for (const ElfW(Rela) *r = at; symbols && strings && r && size >= sizeof *r;
         r++, size -= sizeof *r) {
        size_t index = sizeof(void *) == 8 ? (size_t)(r->r_info >> 32) : (size_t)(r->r_info >> 8);
        const char *name = strings + symbols[index].st_name;

        if (index == 0 || symbols[index].st_shndx != SHN_UNDEF || r->r_addend != 0)
            continue;
        for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++)
            if (strcmp(name, hooks[i].name) == 0)
                n += replace(image->base + r->r_offset, &hooks[i]);
    }
    return n;
}

int lrh_hooks_install(const void *inside)
{
    struct image image = {.inside = (uintptr_t)inside};

    if (!dl_iterate_phdr(find_image, &image) || !image.dynamic)
        return 0;
    return replace_all(&image, address_of(&image, DT_RELA), value_of(&image, DT_RELASZ)) +
           replace_all(&image, address_of(&image, DT_JMPREL), value_of(&image, DT_PLTRELSZ));
}

struct lrh_hooked lrh_hooks_state(void)
{
    struct lrh_hooked counts;

    (void)pthread_mutex_lock(&state.mutex);
    counts = state.counts;
    (void)pthread_mutex_unlock(&state.mutex);
    return counts;
}

void lrh_hooks_fail(uint64_t nth)
{
    (void)pthread_mutex_lock(&state.mutex);
    state.fail_in = nth;
    (void)pthread_mutex_unlock(&state.mutex);
}

void (*lrh_hooks_free(void (*destroy)(void *)))(void *)
{
    return destroy == free ? hooked_free : destroy;
}
