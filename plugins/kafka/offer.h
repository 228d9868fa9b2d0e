/* SPDX-License-Identifier: MIT
 *
 * The group's positions are offered to a transaction, by a thread made for the call.
 *
 * librdkafka 2.0.2 keeps no time in rd_kafka_send_offsets_to_transaction while it looks for the
 * group's coordinator: where the broker goes away meanwhile, the call comes back when the broker
 * does, however long that is. A lane that sat in it would leave its group, hear no stop and be
 * taken for dead. So a thread sits there and the lane looks in. Nobody can end such a call, and its
 * client must not be destroyed under it: whoever closes the client waits.
 */
#ifndef KAFKA_OFFER_H
#define KAFKA_OFFER_H

#include <librdkafka/rdkafka.h>
#include <lrhost/error.h>
#include <pthread.h>

struct offer {
    int32_t under_way; /* the lane's: begun and not ended */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t back;
    int32_t done; /* under the lock */
    rd_kafka_t *rk;
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_consumer_group_metadata_t *group;
    rd_kafka_error_t *error;
};

int offer_init(struct offer *offer);
void offer_finish(struct offer *offer);
/* Takes the list, copies `group`. */
lr_status offer_begin(struct offer *offer, rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list,
                      const rd_kafka_consumer_group_metadata_t *group, struct lr_error *err);
/* Waits for at most so long; then 0: not back yet. */
int offer_is_back(struct offer *offer, int64_t ms);
/* However long it takes. NULL: the positions are in the transaction; else the caller's. */
rd_kafka_error_t *offer_end(struct offer *offer);
/* The same, if there is one, and what it says is of no interest. */
void offer_void(struct offer *offer);

#endif
