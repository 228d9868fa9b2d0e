/* SPDX-License-Identifier: MIT
 *
 * Membership: making the consumer, joining the group, leaving it.
 *
 * Joining goes on in the background while start waits for the topics (and the pipeline for its
 * model). Leaving is said to the group, so that the others take over at once instead of
 * after the session's timeout; but never beyond the deadline.
 */
#include <stdlib.h>

#include "source.h"

#define LEAVE_NS (5 * SECOND)
#define REPLACE_PAUSE_NS (100 * MS) /* doubled with each more */

/* ---- in and out ------------------------------------------------------------------------- */

/* A static member comes back to its partitions after a restart, and nobody else moves. The mock
 * cluster knows no such members. */
static lr_status set_membership(const struct source *s, rd_kafka_conf_t *conf, struct lr_error *err)
{
    char name[256], text[256];

    if (s->settings->membership != MEMBER_STATIC || embedded_is(s->wire.settings))
        return LR_OK;
    member_name(s->host, name, sizeof name);
    if (rd_kafka_conf_set(conf, "group.instance.id", name, text, sizeof text) == RD_KAFKA_CONF_OK)
        return LR_OK;
    return lr_fail(err, LR_ECONFIG, "group.instance.id '%s': %s", name, text);
}

static lr_status open_consumer(struct source *s, struct lr_error *err)
{
    rd_kafka_conf_t *conf;
    lr_status status = conf_create(&s->wire, ROLE_CONSUMER, &conf, err);

    if (status != LR_OK)
        return status;
    status = set_membership(s, conf, err);
    if (status == LR_OK)
        status = ahead_configure(s, conf, err);
    if (status != LR_OK) {
        rd_kafka_conf_destroy(conf);
        return status;
    }
    rd_kafka_conf_set_rebalance_cb(conf, rebalance_note);
    rd_kafka_conf_set_offset_commit_cb(conf, positions_on_commit);
    status = wire_client(&s->wire, RD_KAFKA_CONSUMER, conf, &s->rk, err);
    if (status != LR_OK)
        return status;
    (void)rd_kafka_poll_set_consumer(s->rk);
    s->events = rd_kafka_queue_get_consumer(s->rk);
    s->replies = rd_kafka_queue_new(s->rk);
    s->records = rd_kafka_queue_new(s->rk);
    rd_kafka_queue_cb_event_enable(s->events, bell_queue_cb, &s->bell);
    rd_kafka_queue_cb_event_enable(s->records, bell_queue_cb, &s->bell);
    return LR_OK;
}

lr_status member_subscribe(struct source *s, struct lr_error *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(4);
    rd_kafka_resp_err_t code;

    for (const char *const *t = s->settings->topics; *t; t++)
        rd_kafka_topic_partition_list_add(list, *t, RD_KAFKA_PARTITION_UA);
    code = rd_kafka_subscribe(s->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (code)
        return lr_fail(err, LR_ECONFIG, "the topics cannot be subscribed to: %s",
                       rd_kafka_err2str(code));
    return LR_OK;
}

lr_status member_start(void *self, struct lr_error *err)
{
    struct source *s = self;
    const char *const *topics = s->settings->topics;
    lr_status status = LR_OK;
    uint32_t n = 0;

    if (!property_value(s->wire.settings, "group.id"))
        return lr_fail(err, LR_ECONFIG,
                       "kafka.group.id is missing: the group that shares the work and remembers "
                       "how far it is");
    while (topics[n])
        n++;
    for (uint32_t i = 0; i < n && status == LR_OK && embedded_is(s->wire.settings); i++)
        status = embedded_topic(topics[i], s->settings->common.partitions, err);
    if (status == LR_OK)
        status = open_consumer(s, err);
    if (status == LR_OK) /* first, so that joining takes no time of its own */
        status = member_subscribe(s, err);
    for (uint32_t i = 0; i < n && status == LR_OK; i++)
        status = wire_await(&s->wire, s->rk, *topics[i] == '^' ? NULL : topics[i], source_serve, s,
                            NULL, err);
    if (status == LR_OK && s->failed != LR_OK)
        status = lr_fail(err, s->failed, "%s", s->failure.text);
    return status == LR_AGAIN ? LR_OK : status; /* stopping: nothing will be read */
}

/* Leaves the group, so that the others take over at once. A coordinator that does not answer
 * is no reason to keep a stopping process for longer. */
static void leave(struct source *s, int64_t deadline_ns)
{
    int64_t patience_ns = wire_now(&s->wire) + LEAVE_NS;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(s->rk);
    rd_kafka_error_t *error;

    if (patience_ns < deadline_ns)
        deadline_ns = patience_ns;
    s->closing = 1;
    rebalance_finish(s);
    error = rd_kafka_consumer_close_queue(s->rk, queue);
    if (error)
        rd_kafka_error_destroy(error); /* fatal before: the group knows */
    else
        while (!rd_kafka_consumer_closed(s->rk) && wire_now(&s->wire) < deadline_ns)
            rd_kafka_queue_poll_callback(queue, 20);
    rd_kafka_queue_destroy(queue);
}

/* Before 2.3.0 librdkafka aborts the process when a consumer goes that chose a sticky assignor and
 * was never given an assignment (rd_kafka_sticky_assignor_state_destroy). Such a client has left
 * its group and is left alone, silent, until the process ends. */
static int aborts_when_destroyed(const struct source *s)
{
    const char *strategy = property_value(s->wire.settings, "partition.assignment.strategy");

    return strategy && strstr(strategy, "sticky") && rd_kafka_version() < 0x020300ff;
}

/* Everything of this client is gone afterwards. Batches must have been released. */
static void close_consumer(struct source *s, int64_t deadline_ns)
{
    while (s->n_owned)
        stream_drop(s, s->owned[s->n_owned - 1]);
    holds_finish(s);
    if (s->rk) {
        rd_kafka_queue_cb_event_enable(s->events, NULL, NULL);
        rd_kafka_queue_cb_event_enable(s->records, NULL, NULL);
        rd_kafka_queue_destroy(s->events);
        rd_kafka_queue_destroy(s->records);
        rd_kafka_queue_destroy(s->replies);
        cover_finish(s);
        if (!s->fatal)
            leave(s, deadline_ns);
        rebalance_finish(s);
        if (s->proof.metadata)
            rd_kafka_consumer_group_metadata_destroy(s->proof.metadata);
        if (aborts_when_destroyed(s))
            rd_kafka_set_log_level(s->rk, 0);
        else
            rd_kafka_destroy_flags(s->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    }
    s->events = s->records = s->replies = NULL;
    s->proof.metadata = NULL;
    s->rk = NULL;
    s->closing = s->fatal = s->reopen = 0;
}

void member_stop(void *self, int64_t deadline_ns)
{
    struct source *s = self;

    if (s->query)
        rd_kafka_destroy(s->query);
    s->query = NULL;
    close_consumer(s, deadline_ns);
    s->announced = 0;
    s->failed = LR_OK;
}

/* ---- replacement ------------------------------------------------------------------------ */

void member_break(struct source *s, const char *why)
{
    if (s->fatal)
        return;
    s->fatal = 1;
    replaced_count(&s->replaced, wire_now(&s->wire));
    lr_metric_add(s->replacements, 1);
    wire_log(&s->wire, LR_LOG_WARNING, "the consumer is replaced: %s", why);
}

lr_status member_replace(struct source *s, struct lr_error *err)
{
    char name[256];
    lr_status status;

    if (s->used_holds ||
        wire_now(&s->wire) < s->replaced.last_ns + (REPLACE_PAUSE_NS << (s->replaced.n - 1)))
        return LR_AGAIN; /* a batch still points into the old client's messages; or too soon */
    member_name(s->host, name, sizeof name);
    if (s->replaced.n > CLIENTS_MAX)
        return lr_fail(err, LR_EFENCED,
                       "the consumer had to be replaced %u times in a short time; another process "
                       "is member '%s' of group '%s', too: give each one its own [pipeline] "
                       "instance",
                       s->replaced.n - 1, name, property_value(s->wire.settings, "group.id"));
    close_consumer(s, 0);
    status = open_consumer(s, err);
    return status == LR_OK ? member_subscribe(s, err) : status;
}
