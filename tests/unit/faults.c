/* SPDX-License-Identifier: MIT
 *
 * System calls that fail when told to; see faults.h.
 */
#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static uint32_t kinds_armed, calls, first_bad, bad_calls, failed;
static int error_armed, dies, dies_after;

void faults_arm(uint32_t kinds, uint32_t nth, uint32_t more, int error)
{
    kinds_armed = kinds;
    calls = failed = 0;
    first_bad = nth;
    bad_calls = 1 + more;
    error_armed = error;
    dies = 0;
}

void faults_die(uint32_t kinds, uint32_t nth, int after)
{
    faults_arm(kinds, nth, 0, 0);
    dies = 1;
    dies_after = after;
}

uint32_t faults_disarm(void)
{
    kinds_armed = 0;
    return failed;
}

uint32_t faults_calls(void)
{
    return calls;
}

static int fails(uint32_t kind)
{
    uint32_t call;

    if (!(kinds_armed & kind))
        return 0;
    call = calls++;
    if (call < first_bad || call - first_bad >= bad_calls)
        return 0;
    failed++;
    if (dies && !dies_after)
        _exit(FAULT_EXIT);
    errno = error_armed;
    return !dies;
}

/* What a call returned, unless it was the last one. */
static long done(uint32_t kind, long result)
{
    if (dies && dies_after && failed > 0 && (kinds_armed & kind))
        _exit(FAULT_EXIT);
    return result;
}

#define EXPORTED __attribute__((visibility("default")))

static size_t shortened(size_t n)
{
    return (kinds_armed & FAULT_SHORT) && calls + 1 == first_bad && n > 1 ? n / 2 : n;
}

EXPORTED ssize_t write(int fd, const void *data, size_t n)
{
    n = shortened(n);
    return fails(FAULT_WRITE) ? -1 : (ssize_t)done(FAULT_WRITE, syscall(SYS_write, fd, data, n));
}

EXPORTED ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
    n = shortened(n);
    return fails(FAULT_WRITE) ? -1
                              : (ssize_t)done(FAULT_WRITE, syscall(SYS_pwrite64, fd, data, n, at));
}

EXPORTED int fdatasync(int fd)
{
    return fails(FAULT_SYNC) ? -1 : (int)done(FAULT_SYNC, syscall(SYS_fdatasync, fd));
}

EXPORTED int fsync(int fd)
{
    return fails(FAULT_SYNC) ? -1 : (int)done(FAULT_SYNC, syscall(SYS_fsync, fd));
}

EXPORTED int ftruncate(int fd, off_t size)
{
    return fails(FAULT_CUT) ? -1 : (int)done(FAULT_CUT, syscall(SYS_ftruncate, fd, size));
}

EXPORTED int rename(const char *from, const char *to)
{
    return fails(FAULT_NAME)
               ? -1
               : (int)done(FAULT_NAME, syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

EXPORTED int unlink(const char *name)
{
    return fails(FAULT_NAME) ? -1 : (int)done(FAULT_NAME, syscall(SYS_unlinkat, AT_FDCWD, name, 0));
}

EXPORTED int open(const char *name, int flags, ...)
{
    unsigned mode = 0;
    long fd;

    if (flags & O_CREAT) {
        va_list args;

        va_start(args, flags);
        mode = va_arg(args, unsigned);
        va_end(args);
        if (fails(FAULT_OPEN))
            return -1;
    }
    fd = syscall(SYS_openat, AT_FDCWD, name, flags, mode);
    return (int)(flags & O_CREAT ? done(FAULT_OPEN, fd) : fd);
}
