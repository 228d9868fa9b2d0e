/* SPDX-License-Identifier: MIT
 *
 * The keys of the driver's records. Either a partition takes, in turn, those keys that the Java
 * client would put into it, or (scatter) any keys, as if the topic had been filled by a program
 * that knows no keys: a system that writes by key then has to spread each burst over all
 * partitions.
 */
#include <stdlib.h>

#include "driver.h"
#include "plugins/common/random.h"

static size_t name_key(uint32_t number, char *key)
{
    return (size_t)snprintf(key, KEY_ROOM, "key-%u", number);
}

void keys_deal(struct keys *k, const struct plan *plan)
{
    uint32_t partitions = (uint32_t)plan->partitions, *at;
    char key[KEY_ROOM];

    k->n = plan->keys;
    k->scatter = plan->scatter;
    k->first = calloc(partitions + 2, sizeof *k->first);
    k->next = calloc(partitions + 1, sizeof *k->next);
    k->numbers = calloc(k->n + 1, sizeof *k->numbers);
    if (!k->first || !k->next || !k->numbers)
        die("out of memory");
    at = k->first + 1;
    for (int pass = 0; pass < 2; pass++) { /* count, then place */
        for (uint32_t i = 0; i < k->n; i++) {
            int32_t p = rd_kafka_msg_partitioner_murmur2(NULL, key, name_key(i, key),
                                                         plan->partitions, NULL, NULL);

            if (pass == 0)
                at[p + 1]++;
            else
                k->numbers[at[p]++] = i;
        }
        for (uint32_t p = 0; pass == 0 && p < partitions; p++)
            at[p + 1] += at[p];
    }
    for (uint32_t p = 0; k->n && p < partitions; p++)
        if (k->first[p] == k->first[p + 1])
            die("no key of %u falls into partition %u; use more keys", k->n, p);
}

size_t keys_take(struct keys *k, int32_t partition, uint64_t seq, char *key)
{
    uint32_t n = k->first[partition + 1] - k->first[partition];

    if (k->scatter)
        return name_key((uint32_t)(random_mix(seq) % k->n), key);
    k->next[partition] = (k->next[partition] + 1) % n;
    return name_key(k->numbers[k->first[partition] + k->next[partition]], key);
}
