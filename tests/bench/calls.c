/* SPDX-License-Identifier: MIT
 *
 * A preloaded library that counts calls of what a hot path must not do per record: allocate,
 * lock, print, enter the kernel. At exit it writes "name count" lines to $CALLS_FILE. Counts
 * are what the program and its plugins call; what the C library does inside is its own.
 */
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define NAMES 10
static const char *const names[NAMES] = {
    "malloc",    "calloc", "realloc", "free",  "pthread_mutex_lock",
    "vsnprintf", "read",   "write",   "ppoll", "snprintf"};
static long counts[NAMES];

static void count(int which)
{
    __atomic_add_fetch(&counts[which], 1, __ATOMIC_RELAXED);
}

/* The next definition of a function, as a pointer of the caller's type. */
#define NEXT(name)                                                                                 \
    static __typeof__(&name) next;                                                                 \
    if (!next)                                                                                     \
    *(void **)&next = dlsym(RTLD_NEXT, #name)

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void __libc_free(void *p);

EXPORT void *malloc(size_t size)
{
    count(0);
    return __libc_malloc(size);
}

EXPORT void *calloc(size_t n, size_t size)
{
    count(1);
    return __libc_calloc(n, size);
}

EXPORT void *realloc(void *p, size_t size)
{
    count(2);
    return __libc_realloc(p, size);
}

EXPORT void free(void *p)
{
    count(3);
    __libc_free(p);
}

EXPORT int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    NEXT(pthread_mutex_lock);
    count(4);
    return next(mutex);
}

EXPORT int vsnprintf(char *s, size_t n, const char *format, va_list args)
{
    NEXT(vsnprintf);
    count(5);
    return next(s, n, format, args);
}

EXPORT int snprintf(char *s, size_t n, const char *format, ...)
{
    va_list args;
    int len;

    count(9);
    va_start(args, format);
    len = vsnprintf(s, n, format, args);
    va_end(args);
    return len;
}

/* What the two above are called in a program whose functions are fortified. */
EXPORT int __vsnprintf_chk(char *s, size_t n, int flag, size_t room, const char *format,
                           va_list args)
{
    (void)flag, (void)room;
    return vsnprintf(s, n, format, args);
}

EXPORT int __snprintf_chk(char *s, size_t n, int flag, size_t room, const char *format, ...)
{
    va_list args;
    int len;

    (void)flag, (void)room;
    count(9);
    va_start(args, format);
    len = vsnprintf(s, n, format, args);
    va_end(args);
    return len;
}

EXPORT ssize_t read(int fd, void *p, size_t n)
{
    NEXT(read);
    count(6);
    return next(fd, p, n);
}

EXPORT ssize_t write(int fd, const void *p, size_t n)
{
    NEXT(write);
    count(7);
    return next(fd, p, n);
}

EXPORT int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *t, const sigset_t *set)
{
    NEXT(ppoll);
    count(8);
    return next(fds, n, t, set);
}

__attribute__((destructor)) static void report(void)
{
    const char *path = getenv("CALLS_FILE");
    FILE *out = path ? fopen(path, "w") : NULL;

    for (int i = 0; out && i < NAMES; i++)
        (void)fprintf(out, "%s %ld\n", names[i], counts[i]);
    if (out)
        (void)fclose(out);
}
