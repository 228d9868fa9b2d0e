/* SPDX-License-Identifier: MIT
 *
 * The bell: one descriptor for any number of librdkafka queues.
 *
 * A queue calls bell_queue_cb on one of librdkafka's threads when it turns from empty to not
 * empty. The reader hushes the bell, then looks at every queue: whatever comes after its look
 * finds an armed bell and rings it. Under load nobody sleeps, the bell is rung once per look at
 * most, and librdkafka's own pipe events (which stay silent after a purge) are not needed.
 */
#ifndef KAFKA_BELL_H
#define KAFKA_BELL_H

#include <librdkafka/rdkafka.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define BELL_ARMED 1   /* the next event rings */
#define BELL_RINGING 2 /* somebody is writing to the descriptor */
#define BELL_RUNG 0    /* the descriptor is readable */

struct bell {
    int fd;
    int32_t state; /* atomic: BELL_* */
};

static inline int bell_init(struct bell *bell)
{
    bell->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bell->state = BELL_ARMED;
    return bell->fd >= 0;
}

static inline void bell_finish(struct bell *bell)
{
    if (bell->fd >= 0)
        (void)close(bell->fd);
    bell->fd = -1;
}

static inline void bell_ring(struct bell *bell)
{
    const uint64_t one = 1;
    int32_t armed = BELL_ARMED;

    if (!__atomic_compare_exchange_n(&bell->state, &armed, BELL_RINGING, 0, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST))
        return;
    if (write(bell->fd, &one, sizeof one) < 0)
        armed = BELL_ARMED; /* the counter is at its end, so it is readable anyway */
    __atomic_store_n(&bell->state, BELL_RUNG, __ATOMIC_SEQ_CST);
}

/* Silent and armed again, unless somebody is ringing this moment; then the descriptor stays
 * readable and the next call does it. Look at the queues after this. */
static inline void bell_hush(struct bell *bell)
{
    uint64_t counter;

    if (__atomic_load_n(&bell->state, __ATOMIC_SEQ_CST) != BELL_RUNG)
        return;
    if (read(bell->fd, &counter, sizeof counter) < 0)
        return;
    __atomic_store_n(&bell->state, BELL_ARMED, __ATOMIC_SEQ_CST);
}

static inline void bell_queue_cb(rd_kafka_t *rk, void *opaque)
{
    (void)rk;
    bell_ring(opaque);
}

#endif
