/* SPDX-License-Identifier: MIT
 *
 * What source and sink of the Kafka module share: settings, the wire (one librdkafka client seen
 * from our side: who logs, what went wrong last), configuration, the embedded broker.
 *
 * Only this folder includes librdkafka. A client is configured in one place (conf.c), its
 * errors become sentences in one place (wire.c).
 */
#ifndef KAFKA_H
#define KAFKA_H

#include <librdkafka/rdkafka.h>
#include <lrhost/error.h>
#include <lrhost/lrhost.h>

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)

/* Time of a record in nanoseconds since the epoch, in decimal: when it was due to be sent. */
#define T0_HEADER "lrhost.t0"

/* ---- settings --------------------------------------------------------------------------- */

struct kafka_settings {
    const struct lr_pair *properties; /* librdkafka's, without "kafka." */
    int64_t connect_timeout_ns;
    int64_t partitions; /* of topics that we make */
    int64_t replication;
};

#define START_EARLIEST 0
#define START_LATEST 1

#define LOST_FAIL 0
#define LOST_EARLIEST 1
#define LOST_LATEST 2

#define MEMBER_STATIC 0
#define MEMBER_DYNAMIC 1

struct source_settings {
    struct kafka_settings common; /* first */
    const char *const *topics;
    const char *rewind; /* NULL: go on where the group stands */
    int32_t start;      /* START_* */
    int32_t lost;       /* LOST_* */
    int32_t membership; /* MEMBER_* */
};

#define PARTITION_AUTO 0
#define PARTITION_KEY 1
#define PARTITION_INPUT 2
#define PARTITION_STICKY 3

#define LATENCY_LOW 0
#define LATENCY_BALANCED 1
#define LATENCY_THROUGHPUT 2

#define T0_AUTO 0
#define T0_YES 1
#define T0_NO 2

struct sink_settings {
    struct kafka_settings common; /* first */
    const char *topic;
    int32_t partition; /* PARTITION_* */
    int32_t t0_header; /* T0_* */
    int32_t latency;   /* LATENCY_* */
};

/* Its address says "the Kafka module of this process": headers may be used as they are, and
 * positions and records can be in one transaction. */
extern const char kafka_domain[1];

/* What the source's group token points to: membership, and a way to name positions. */
struct source;
struct group_proof {
    struct source *source;
    rd_kafka_consumer_group_metadata_t *metadata;
};
/* The positions as librdkafka's list; an unknown stream is a defect of the host. */
lr_status stream_list(struct source *s, const struct lr_position *positions, uint32_t n,
                      rd_kafka_topic_partition_list_t **ret_list, struct lr_error *err);

extern const struct lr_plugin kafka_source_plugin;
extern const struct lr_plugin kafka_sink_plugin;

/* The options that both have; offsets are those of struct kafka_settings, which comes first. */
#define KAFKA_COMMON_OPTIONS                                                                       \
    {.name = "kafka.",                                                                             \
     .doc = "Any property of librdkafka, as its CONFIGURATION.md names it, for example "           \
            "`kafka.bootstrap.servers` (required; `embedded`: a broker inside this process, for "  \
            "trying out) or `kafka.linger.ms`. A property that only consumers or only producers "  \
            "know goes to that role. Passwords may be written as `file:PATH` or `env:NAME`",       \
     .type = LR_OPT_PREFIX,                                                                        \
     .offset = offsetof(struct kafka_settings, properties)},                                       \
        {.name = "connect_timeout",                                                                \
         .doc = "How long to wait at the start for a broker, a login and the topic",               \
         .initial = "30s",                                                                         \
         .range = "100ms..1h",                                                                     \
         .type = LR_OPT_DURATION,                                                                  \
         .offset = offsetof(struct kafka_settings, connect_timeout_ns)},                           \
        {.name = "partitions",                                                                     \
         .doc = "Partitions of a topic that is made here: by `lrhost topics create`, and in the "  \
                "embedded broker",                                                                 \
         .initial = "10",                                                                          \
         .range = "1..10000",                                                                      \
         .type = LR_OPT_INT,                                                                       \
         .flags = LR_OPT_ADVANCED,                                                                 \
         .offset = offsetof(struct kafka_settings, partitions)},                                   \
    {                                                                                              \
        .name = "replication",                                                                     \
        .doc = "Copies of each partition of a topic that `lrhost topics create` makes",            \
        .initial = "1", .range = "1..32", .type = LR_OPT_INT, .flags = LR_OPT_ADVANCED,            \
        .offset = offsetof(struct kafka_settings, replication)                                     \
    }

/* ---- properties and configuration (properties.c, conf.c, secret.c) ------------------------ */

#define ROLE_CONSUMER 1u
#define ROLE_PRODUCER 2u
#define ROLE_TRANSACTIONS 6u /* a producer that writes transactions */

/* The last value given to a property, or NULL. */
const char *property_value(const struct kafka_settings *settings, const char *name);
/* Are all replicas in sync waited for, as they are unless either name of the property says less? */
int property_is_acks_all(const struct kafka_settings *settings);
/* Before 2.6.1 librdkafka repeats the nonce of a SCRAM login, which Kafka accepts up to 3.9 only.
 * Says so where these settings want one, else writes "". */
const char *scram_hint(const struct kafka_settings *settings, char *text, size_t size);
/* What is wrong or unwise with the properties; the option named is "kafka.NAME". */
void properties_check(const struct kafka_settings *settings, const struct lr_report *report);
/* Roles (ROLE_* bits) of a property; 0: this librdkafka does not know it. Needs the list, which
 * is librdkafka's own documentation as text; free() it. */
char *property_list(void);
uint32_t property_roles(const char *list, const char *name);
/* Why the user must not set it, or NULL. */
const char *property_refusal(const char *name);

/* Properties whose values must not be seen. */
int secret_is(const char *property);
int secret_is_reference(const char *value);
/* Before a property is used: when a secret comes into memory by it, memory is not shown from now
 * on. */
void secret_guard(const char *property);
/* A file that every user can read. */
int secret_is_exposed(const char *value);
/* A credential of the service manager, in a process that it gives none to? */
int secret_is_withheld(const char *value);
/* The value behind file:PATH or env:NAME (or the value itself), malloc'ed. */
lr_status secret_resolve(const char *property, const char *value, char **ret_value,
                         struct lr_error *err);

/* "PIPELINE-INSTANCE-LANE": our name in the group and among the writers of transactions, the same
 * after each restart. */
void member_name(const struct lr_host *host, char *name, size_t size);

struct wire;
/* A configuration for one role, with everything a client here needs. */
lr_status conf_create(struct wire *wire, uint32_t role, rd_kafka_conf_t **ret_conf,
                      struct lr_error *err);

/* Clients of one part that were replaced, each soon after the last one: after CLIENTS_MAX the part
 * gives up. */
#define CLIENTS_MAX 8u
#define CLIENTS_SOON_NS (60 * SECOND)
struct replaced {
    uint32_t n;
    int64_t last_ns;
};

static inline void replaced_count(struct replaced *r, int64_t now_ns)
{
    r->n = now_ns - r->last_ns < CLIENTS_SOON_NS ? r->n + 1 : 1;
    r->last_ns = now_ns;
}

/* ---- the wire (wire.c) ------------------------------------------------------------------ */

/* The opaque of every client: first member of the source and of the producer. Written on the
 * thread that polls the client; log lines may come from librdkafka's threads. */
struct wire {
    const struct lr_host *host;
    const struct kafka_settings *settings;
    const char *servers; /* as written: for sentences */
    rd_kafka_resp_err_t last;
    char last_text[512];   /* why the last connection failed */
    int32_t login_refused; /* since the last success */
    int64_t down_ns;       /* since when no broker answers; 0: one does */
    int64_t say_down_ns, look_ns;
};

void wire_init(struct wire *wire, const struct lr_host *host,
               const struct kafka_settings *settings);
/* Sets the callbacks for log lines and errors, and the wire as opaque. */
void wire_attach(struct wire *wire, rd_kafka_conf_t *conf);
void wire_note_error(struct wire *wire, rd_kafka_resp_err_t code, const char *text);
/* While no broker answers: says so now and then, and when it is over. Call it now and then. */
void wire_watch(struct wire *wire, rd_kafka_t *rk);
__attribute__((format(printf, 3, 4))) void wire_log(const struct wire *wire, int32_t level,
                                                    const char *format, ...);
int64_t wire_now(const struct wire *wire);
/* A client; takes `conf`, also on failure. */
lr_status wire_client(struct wire *wire, rd_kafka_type_t type, rd_kafka_conf_t *conf,
                      rd_kafka_t **ret_rk, struct lr_error *err);
/* Waits until a topic can be used, at most connect_timeout; `topic` NULL: until a broker answers.
 * `serve` is called between looks. LR_AGAIN: the pipeline is stopping. */
lr_status wire_await(struct wire *wire, rd_kafka_t *rk, const char *topic, void (*serve)(void *ctx),
                     void *ctx, int32_t *ret_partitions, struct lr_error *err);
/* The sentence for a broker that cannot be used, and its class. */
lr_status wire_fail(const struct wire *wire, struct lr_error *err);
/* The sentence for a topic that cannot be used. */
lr_status wire_fail_topic(const struct wire *wire, const char *topic, rd_kafka_resp_err_t code,
                          struct lr_error *err);
/* The class of an error of librdkafka. */
lr_status wire_class(rd_kafka_resp_err_t code);

/* ---- embedded broker (embedded.c), topics (topics.c) -------------------------------------- */

int embedded_is(const struct kafka_settings *settings);
/* Starts it when it is not there. `*ret_servers` lives until the process ends. */
lr_status embedded_servers(const char **ret_servers, struct lr_error *err);
/* Makes a topic unless it is there, or is a regular expression. */
lr_status embedded_topic(const char *topic, int64_t partitions, struct lr_error *err);

/* `topics`: NULL-terminated. */
lr_status topics_run(const struct lr_host *host, const struct kafka_settings *settings,
                     const char *const *topics, int32_t verb, struct lr_error *err);
/* Reports a topic's name that Kafka would refuse, and what the instance touches. */
void topics_check(const struct kafka_settings *settings, const char *topic, int32_t direction,
                  const struct lr_report *report);

#endif
