/* SPDX-License-Identifier: MIT
 *
 * Does every partition belong to somebody? A static member that restarts gets its old assignment
 * back without a rebalance. Where all members did (a deployment), a partition that was added
 * meanwhile belongs to nobody: the leader, which would notice a change, only ever saw the new
 * number (KIP-814 tells of it for the Java client). So a while after its first assignment a static
 * member looks at the group once, and joins again when something is left over. From the leader,
 * that makes the group deal partitions out anew; from any other member it changes nothing.
 */
#include <stdlib.h>

#include "source.h"

#define LOOK_NS (2 * SECOND) /* after an assignment */
#define LOOKS 3              /* at most, for each client */

void cover_schedule(struct source *s)
{
    if (s->settings->membership == MEMBER_STATIC && !embedded_is(s->wire.settings) &&
        s->cover_looks < LOOKS)
        s->cover_due_ns = wire_now(&s->wire) + LOOK_NS;
}

void cover_finish(struct source *s)
{
    if (s->cover)
        rd_kafka_queue_destroy(s->cover);
    s->cover = NULL;
    s->cover_due_ns = 0;
    s->cover_looks = 0;
}

static void ask(struct source *s)
{
    const char *group = property_value(s->wire.settings, "group.id");
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(s->rk, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS);

    s->cover_due_ns = 0;
    s->cover_looks++;
    s->cover = rd_kafka_queue_new(s->rk);
    rd_kafka_DescribeConsumerGroups(s->rk, &group, 1, options, s->cover);
    if (options)
        rd_kafka_AdminOptions_destroy(options);
}

static int32_t owned_by_all(const rd_kafka_ConsumerGroupDescription_t *group, const char *topic)
{
    int32_t n = 0;

    for (size_t m = 0; m < rd_kafka_ConsumerGroupDescription_member_count(group); m++) {
        const rd_kafka_MemberAssignment_t *assignment = rd_kafka_MemberDescription_assignment(
            rd_kafka_ConsumerGroupDescription_member(group, m));
        const rd_kafka_topic_partition_list_t *list =
            assignment ? rd_kafka_MemberAssignment_partitions(assignment) : NULL;

        for (int i = 0; list && i < list->cnt; i++)
            n += strcmp(list->elems[i].topic, topic) == 0;
    }
    return n;
}

/* A topic with partitions of nobody, or NULL. */
static const char *find_orphans(struct source *s, const rd_kafka_ConsumerGroupDescription_t *group,
                                int32_t *ret_n)
{
    for (const char *const *t = s->settings->topics; *t; t++) {
        int32_t count = **t == '^' ? 0 : begin_count_partitions(s, *t);

        *ret_n = count - owned_by_all(group, *t);
        if (*ret_n > 0)
            return *t;
    }
    return NULL;
}

static void judge(struct source *s, rd_kafka_event_t *event)
{
    const rd_kafka_DescribeConsumerGroups_result_t *result =
        rd_kafka_event_DescribeConsumerGroups_result(event);
    size_t n = 0;
    const rd_kafka_ConsumerGroupDescription_t **groups =
        result ? rd_kafka_DescribeConsumerGroups_result_groups(result, &n) : NULL;
    const char *topic;
    int32_t orphans;

    if (n != 1 || rd_kafka_ConsumerGroupDescription_error(groups[0]) ||
        rd_kafka_ConsumerGroupDescription_state(groups[0]) != RD_KAFKA_CONSUMER_GROUP_STATE_STABLE)
        return; /* a rebalance is under way: the next assignment schedules another look */
    topic = find_orphans(s, groups[0], &orphans);
    if (!topic)
        return;
    wire_log(&s->wire, LR_LOG_NOTICE,
             "%d partitions of '%s' belong to nobody in the group (they were added while its "
             "members restarted); joining again",
             orphans, topic);
    (void)member_subscribe(s, NULL);
}

void cover_look(struct source *s)
{
    rd_kafka_event_t *event;

    if (!s->cover) {
        if (s->cover_due_ns && wire_now(&s->wire) >= s->cover_due_ns)
            ask(s);
        return;
    }
    event = rd_kafka_queue_poll(s->cover, 0);
    if (!event)
        return;
    rd_kafka_queue_destroy(s->cover);
    s->cover = NULL;
    judge(s, event);
    rd_kafka_event_destroy(event);
}
