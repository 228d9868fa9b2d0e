/* SPDX-License-Identifier: MIT
 *
 * kafka.bootstrap.servers = embedded: librdkafka's mock cluster, one per process, shared by all
 * pipelines of the process. For demos and quick tests; it keeps little and promises nothing.
 *
 * Global on purpose: a generator, the scoring pipeline and a listener meet in it without knowing
 * of each other. It is never torn down before the process ends, because nobody knows who uses it
 * last. Its topics are made by whoever needs one first.
 */
#include <pthread.h>
#include <stdlib.h>

#include "kafka.h"
#include <librdkafka/rdkafka_mock.h>

static struct {
    pthread_mutex_t mutex;
    rd_kafka_t *rk;
    rd_kafka_mock_cluster_t *cluster;
} broker = {.mutex = PTHREAD_MUTEX_INITIALIZER};

int embedded_is(const struct kafka_settings *settings)
{
    const char *servers = property_value(settings, "bootstrap.servers");

    return servers && strcmp(servers, "embedded") == 0;
}

/* A service that keeps its results in its own memory is a mistake, not a demo. */
static lr_status refuse_service(struct lr_error *err)
{
    const char *allowed = getenv("LRHOST_ALLOW_EMBEDDED");

    if ((!getenv("NOTIFY_SOCKET") && !getenv("INVOCATION_ID")) ||
        (allowed && strcmp(allowed, "1") == 0))
        return LR_OK;
    return lr_fail(err, LR_ECONFIG,
                   "the embedded broker keeps nothing and is not run under a service manager; set "
                   "kafka.bootstrap.servers to real brokers (LRHOST_ALLOW_EMBEDDED=1 in the "
                   "environment overrides this)");
}

static lr_status start_locked(struct lr_error *err)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char text[256];

    rd_kafka_conf_set_log_cb(conf, NULL); /* it has no instance whose log it could use */
    broker.rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    if (!broker.rk) {
        rd_kafka_conf_destroy(conf);
        return lr_fail(err, LR_EUNAVAILABLE, "the embedded broker did not start: %s", text);
    }
    broker.cluster = rd_kafka_mock_cluster_new(broker.rk, 1);
    if (!broker.cluster) {
        rd_kafka_destroy(broker.rk);
        broker.rk = NULL;
        return lr_fail(err, LR_EUNAVAILABLE, "the embedded broker could not open a port");
    }
#if RD_KAFKA_VERSION >= 0x020400ff
    rd_kafka_mock_group_initial_rebalance_delay_ms(broker.cluster, 0);
#endif
    return LR_OK;
}

lr_status embedded_servers(const char **ret_servers, struct lr_error *err)
{
    lr_status status = refuse_service(err);

    if (status != LR_OK)
        return status;
    (void)pthread_mutex_lock(&broker.mutex);
    if (!broker.cluster)
        status = start_locked(err);
    if (status == LR_OK)
        *ret_servers = rd_kafka_mock_cluster_bootstraps(broker.cluster);
    (void)pthread_mutex_unlock(&broker.mutex);
    return status;
}

lr_status embedded_topic(const char *topic, int64_t partitions, struct lr_error *err)
{
    rd_kafka_resp_err_t code;
    const char *servers;
    lr_status status;

    if (*topic == '^')
        return LR_OK;
    status = embedded_servers(&servers, err);
    if (status != LR_OK)
        return status;
    (void)pthread_mutex_lock(&broker.mutex);
    code = rd_kafka_mock_topic_create(broker.cluster, topic, (int)partitions, 1);
    (void)pthread_mutex_unlock(&broker.mutex);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        return LR_OK;
    return lr_fail(err, LR_EUNAVAILABLE, "the embedded broker did not make topic '%s': %s", topic,
                   rd_kafka_err2str(code));
}
