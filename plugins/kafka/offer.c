/* SPDX-License-Identifier: MIT
 *
 * See offer.h.
 */
#include "offer.h"

#include <time.h>

#define OFFER_MS 2000 /* what the call keeps of it, see offer.h */
#define S_NS 1000000000

int offer_init(struct offer *offer)
{
    pthread_condattr_t attr;
    int made = pthread_condattr_init(&attr) == 0;

    if (made) {
        made = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
               pthread_cond_init(&offer->back, &attr) == 0;
        (void)pthread_condattr_destroy(&attr);
    }
    if (made && pthread_mutex_init(&offer->lock, NULL) != 0) {
        (void)pthread_cond_destroy(&offer->back);
        made = 0;
    }
    return made;
}

void offer_finish(struct offer *offer)
{
    (void)pthread_cond_destroy(&offer->back);
    (void)pthread_mutex_destroy(&offer->lock);
}

static void *call(void *ctx)
{
    struct offer *offer = ctx;
    rd_kafka_error_t *error =
        rd_kafka_send_offsets_to_transaction(offer->rk, offer->list, offer->group, OFFER_MS);

    (void)pthread_mutex_lock(&offer->lock);
    offer->error = error;
    offer->done = 1;
    (void)pthread_cond_signal(&offer->back);
    (void)pthread_mutex_unlock(&offer->lock);
    return NULL;
}

/* The library has no other way to copy it. NULL: no memory. */
static rd_kafka_consumer_group_metadata_t *copy(const rd_kafka_consumer_group_metadata_t *group)
{
    rd_kafka_consumer_group_metadata_t *twin = NULL;
    void *text = NULL;
    size_t size = 0;
    rd_kafka_error_t *error = rd_kafka_consumer_group_metadata_write(group, &text, &size);

    if (!error)
        error = rd_kafka_consumer_group_metadata_read(&twin, text, size);
    if (error)
        rd_kafka_error_destroy(error);
    if (text)
        rd_kafka_mem_free(NULL, text);
    return twin;
}

static void drop(struct offer *offer)
{
    rd_kafka_topic_partition_list_destroy(offer->list);
    if (offer->group)
        rd_kafka_consumer_group_metadata_destroy(offer->group);
}

lr_status offer_begin(struct offer *offer, rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list,
                      const rd_kafka_consumer_group_metadata_t *group, struct lr_error *err)
{
    offer->rk = rk;
    offer->list = list;
    offer->group = copy(group);
    offer->done = 0;
    if (!offer->group || pthread_create(&offer->thread, NULL, call, offer) != 0) {
        drop(offer);
        return lr_fail(err, LR_ENOMEM, "no thread or no memory to store positions with");
    }
    offer->under_way = 1;
    return LR_OK;
}

int offer_is_back(struct offer *offer, int64_t ms)
{
    struct timespec until;
    int failed = 0, done;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000 * 1000000);
    if (until.tv_nsec >= S_NS) {
        until.tv_sec++;
        until.tv_nsec -= S_NS;
    }
    (void)pthread_mutex_lock(&offer->lock);
    while (!offer->done && !failed)
        failed = pthread_cond_timedwait(&offer->back, &offer->lock, &until);
    done = offer->done;
    (void)pthread_mutex_unlock(&offer->lock);
    return done;
}

rd_kafka_error_t *offer_end(struct offer *offer)
{
    (void)pthread_join(offer->thread, NULL);
    offer->under_way = 0;
    drop(offer);
    return offer->error;
}

void offer_void(struct offer *offer)
{
    rd_kafka_error_t *error = offer->under_way ? offer_end(offer) : NULL;

    if (error)
        rd_kafka_error_destroy(error);
}
