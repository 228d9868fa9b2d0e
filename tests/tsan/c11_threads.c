/* SPDX-License-Identifier: MIT
 *
 * C11 threads on top of pthreads, for programs built with -fsanitize=thread.
 *
 * The thread sanitizer intercepts pthread functions; of <threads.h>, whose functions glibc
 * implements on internals, it knows nothing, and librdkafka uses exactly those: its threads would
 * be unknown to the runtime (a crash) and its locks invisible (false reports). Linked into the
 * executable, these definitions win over the C library's. Storage is the C11 objects' own, which
 * glibc makes as large as the pthread ones; the asserts below say so.
 *
 * Leaves out thrd_equal (inline in glibc's header) and thrd_sleep (harmless as it is).
 */
#include <errno.h>
#include <pthread.h>
#include <sanitizer/tsan_interface.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) >= sizeof(pthread_mutex_t), "a mutex fits");
_Static_assert(_Alignof(mtx_t) >= _Alignof(pthread_mutex_t), "a mutex is aligned");
_Static_assert(sizeof(cnd_t) >= sizeof(pthread_cond_t), "a condition fits");
_Static_assert(_Alignof(cnd_t) >= _Alignof(pthread_cond_t), "a condition is aligned");
_Static_assert(sizeof(thrd_t) == sizeof(pthread_t), "threads are the same");
_Static_assert(sizeof(tss_t) == sizeof(pthread_key_t), "keys are the same");
_Static_assert(sizeof(once_flag) == sizeof(pthread_once_t), "flags are the same");

#define PUBLIC __attribute__((visibility("default")))

static pthread_mutex_t *mutex_of(mtx_t *mutex)
{
    return (pthread_mutex_t *)(void *)mutex;
}

static pthread_cond_t *condition_of(cnd_t *condition)
{
    return (pthread_cond_t *)(void *)condition;
}

static int c11_code(int code)
{
    switch (code) {
    case 0:
        return thrd_success;
    case ENOMEM:
    case EAGAIN:
        return thrd_nomem;
    case ETIMEDOUT:
        return thrd_timedout;
    case EBUSY:
        return thrd_busy;
    default:
        return thrd_error;
    }
}

struct start {
    thrd_start_t function;
    void *argument;
};

static void *run_start(void *memory)
{
    struct start start = *(struct start *)memory;

    free(memory);
    return (void *)(intptr_t)start.function(start.argument);
}

PUBLIC int thrd_create(thrd_t *thread, thrd_start_t function, void *argument)
{
    struct start *start = malloc(sizeof(*start));
    int code;

    if (!start)
        return thrd_nomem;
    *start = (struct start){function, argument};
    code = pthread_create((pthread_t *)thread, NULL, run_start, start);
    if (code != 0)
        free(start);
    return c11_code(code);
}

PUBLIC int thrd_join(thrd_t thread, int *ret_result)
{
    void *result;
    int code = pthread_join(thread, &result);

    if (code == 0 && ret_result)
        *ret_result = (int)(intptr_t)result;
    return c11_code(code);
}

PUBLIC int thrd_detach(thrd_t thread)
{
    return c11_code(pthread_detach(thread));
}

PUBLIC thrd_t thrd_current(void)
{
    return pthread_self();
}

PUBLIC _Noreturn void thrd_exit(int result)
{
    pthread_exit((void *)(intptr_t)result);
}

PUBLIC void thrd_yield(void)
{
    (void)sched_yield();
}

PUBLIC int mtx_init(mtx_t *mutex, int type)
{
    pthread_mutexattr_t attributes;
    int code = pthread_mutexattr_init(&attributes);

    if (code != 0)
        return c11_code(code);
    if (type & mtx_recursive)
        (void)pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    code = pthread_mutex_init(mutex_of(mutex), &attributes);
    (void)pthread_mutexattr_destroy(&attributes);
    __tsan_release(mutex);
    return c11_code(code);
}

PUBLIC void mtx_destroy(mtx_t *mutex)
{
    (void)pthread_mutex_destroy(mutex_of(mutex));
}

/* librdkafka hands a new mutex to other threads by atomics, which the sanitizer does not see. */
PUBLIC int mtx_lock(mtx_t *mutex)
{
    __tsan_acquire(mutex);
    return c11_code(pthread_mutex_lock(mutex_of(mutex)));
}

PUBLIC int mtx_trylock(mtx_t *mutex)
{
    return c11_code(pthread_mutex_trylock(mutex_of(mutex)));
}

PUBLIC int mtx_timedlock(mtx_t *restrict mutex, const struct timespec *restrict until)
{
    return c11_code(pthread_mutex_timedlock(mutex_of(mutex), until));
}

PUBLIC int mtx_unlock(mtx_t *mutex)
{
    return c11_code(pthread_mutex_unlock(mutex_of(mutex)));
}

PUBLIC int cnd_init(cnd_t *condition)
{
    return c11_code(pthread_cond_init(condition_of(condition), NULL));
}

PUBLIC void cnd_destroy(cnd_t *condition)
{
    (void)pthread_cond_destroy(condition_of(condition));
}

PUBLIC int cnd_signal(cnd_t *condition)
{
    return c11_code(pthread_cond_signal(condition_of(condition)));
}

PUBLIC int cnd_broadcast(cnd_t *condition)
{
    return c11_code(pthread_cond_broadcast(condition_of(condition)));
}

PUBLIC int cnd_wait(cnd_t *condition, mtx_t *mutex)
{
    return c11_code(pthread_cond_wait(condition_of(condition), mutex_of(mutex)));
}

PUBLIC int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex,
                         const struct timespec *restrict until)
{
    return c11_code(pthread_cond_timedwait(condition_of(condition), mutex_of(mutex), until));
}

PUBLIC int tss_create(tss_t *key, tss_dtor_t destructor)
{
    return c11_code(pthread_key_create((pthread_key_t *)key, destructor));
}

PUBLIC void tss_delete(tss_t key)
{
    (void)pthread_key_delete(key);
}

PUBLIC void *tss_get(tss_t key)
{
    return pthread_getspecific(key);
}

PUBLIC int tss_set(tss_t key, void *value)
{
    return c11_code(pthread_setspecific(key, value));
}

PUBLIC void call_once(once_flag *flag, void (*function)(void))
{
    (void)pthread_once((pthread_once_t *)flag, function);
}
