/* SPDX-License-Identifier: MIT
 *
 * Transactions of the Kafka sink: results, dead letters and the group's positions in one.
 *
 * What to do about an error is decided by librdkafka's flags alone. Retriable: the same call again,
 * until transaction.timeout.ms has passed (the coordinator has then aborted it anyway). Abortable:
 * abort. Fatal, or none of the three: the client is replaced by one with the same
 * transactional.id. A transaction that timed out looks exactly like a second process of
 * our name (_FENCED), so both are treated alike.
 *
 * However a transaction ended, the host asks the group's store afterwards, so a commit in doubt
 * needs no word of its own here: the new client's init_transactions makes the coordinator finish or
 * abort what the old one left before the store can answer (the consumer reads stable offsets only).
 *
 * A request whose fate is unknown (a record "possibly persisted") may reach the broker after the
 * abort, and would become part of the next transaction of the same producer epoch (KIP-890
 * describes it as a hanging transaction). So such a client is replaced, too, which raises the
 * epoch and fences the request.
 */
#include "sink.h"

#define SLICE_MS 500   /* longest wait in one call; the host looks at its deadline in between */
#define ABORT_MS 20    /* while there are reports to serve, which it waits for */
#define TOO_LONG_MAX 3 /* transactions in a row that outlive transaction.timeout.ms */

/* Takes the error. LR_AGAIN, LR_ABORT. */
static lr_status judge(struct producer *p, rd_kafka_error_t *error, const char *what)
{
    /* The first phase of an abort that took too long is answered with its state. */
    int again = (rd_kafka_error_is_retriable(error) ||
                 (p->transaction == TXN_ABORTING &&
                  rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR__STATE)) &&
                wire_now(&p->wire) < p->txn_deadline_ns;
    int abort = rd_kafka_error_txn_requires_abort(error);

    if (again) {
        wire_log(&p->wire, LR_LOG_DEBUG, "%s: %s; trying again", what,
                 rd_kafka_error_string(error));
    } else if (abort) {
        wire_log(&p->wire, LR_LOG_WARNING, "the transaction is aborted and done again: %s: %s",
                 what, rd_kafka_error_string(error));
    } else {
        char why[400];

        (void)snprintf(why, sizeof why, "%s: %s", what, rd_kafka_error_string(error));
        producer_break(p, why);
    }
    rd_kafka_error_destroy(error);
    return again ? LR_AGAIN : LR_ABORT;
}

/* ---- init ------------------------------------------------------------------------------- */

static lr_status refused(const struct producer *p, rd_kafka_resp_err_t code, struct lr_error *err)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        return lr_fail(err, LR_EUNAVAILABLE,
                       "the broker at %s does not let this user write transactions of '%s'",
                       p->wire.servers, p->id);
    case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
        return lr_fail(err, LR_ECONFIG,
                       "the broker at %s does not allow kafka.transaction.timeout.ms to be so long "
                       "(its transaction.max.timeout.ms)",
                       p->wire.servers);
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
        return lr_fail(err, LR_ECONFIG, "the broker at %s knows no transactions", p->wire.servers);
    default:
        return LR_OK;
    }
}

lr_status transaction_init(struct producer *p, struct lr_error *err)
{
    rd_kafka_error_t *error = rd_kafka_init_transactions(p->rk, SLICE_MS);
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    lr_status status;

    (void)report_serve(p, NULL);
    if (!error) {
        p->initialized = 1;
        p->transaction = TXN_NONE;
        return LR_OK;
    }
    status = refused(p, code, err);
    if (status == LR_OK && !rd_kafka_error_is_retriable(error)) {
        /* Somebody else's init came between, or the predecessor's own arrived late. */
        producer_break(p, rd_kafka_error_string(error));
    } else if (status == LR_OK) {
        wire_log(&p->wire, LR_LOG_DEBUG, "transactions of '%s' are not ready yet: %s", p->id,
                 rd_kafka_error_string(error));
    }
    if (status == LR_OK)
        status = LR_AGAIN;
    rd_kafka_error_destroy(error);
    return status;
}

/* ---- begin, commit, abort --------------------------------------------------------------- */

lr_status transaction_begin(void *self, struct lr_error *err)
{
    struct producer *p = ((struct sink *)self)->producer;
    rd_kafka_error_t *error;

    (void)err;
    p->txn_deadline_ns = p->txn_commit_ns = 0;
    p->txn_begun_ns = wire_now(&p->wire);
    p->transactions++;
    p->transaction = TXN_OPEN;
    if (p->broken || !p->initialized)
        return LR_OK; /* what is written comes back, and abort replaces the client */
    error = rd_kafka_begin_transaction(p->rk);
    if (error)
        (void)judge(p, error, "begin");
    return LR_OK;
}

static lr_status send_positions(struct producer *p, const struct lr_position *positions, uint32_t n,
                                const struct lr_group_token *token, struct lr_error *err)
{
    const struct group_proof *proof = token ? token->data : NULL;
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_error_t *error;
    lr_status status;

    if (n == 0)
        return LR_OK;
    if (!proof)
        return lr_fail(err, LR_EINTERNAL, "a commit of positions without a group");
    if (!p->offer.under_way) {
        status = stream_list(proof->source, positions, n, &list, err);
        if (status == LR_OK)
            status = offer_begin(&p->offer, p->rk, list, proof->metadata, err);
        if (status != LR_OK)
            return status;
    }
    if (!offer_is_back(&p->offer, SLICE_MS))
        return LR_AGAIN;
    error = offer_end(&p->offer);
    return error ? judge(p, error, "its positions") : LR_OK;
}

static void note_commit(struct producer *p)
{
    int64_t us = (wire_now(&p->wire) - p->txn_commit_ns) / 1000;

    lr_metric_add(p->commits, 1);
    lr_metric_add(p->commit_us, us);
    if (us > *p->commit_us_max)
        lr_metric_set(p->commit_us_max, us);
}

lr_status transaction_commit(void *self, const struct lr_position *positions, uint32_t n,
                             const struct lr_group_token *token, struct lr_error *err)
{
    struct producer *p = ((struct sink *)self)->producer;
    rd_kafka_error_t *error;
    lr_status status;

    (void)report_serve(p, NULL);
    if (p->broken || !p->initialized)
        return LR_ABORT;
    if (p->txn_deadline_ns == 0) {
        p->txn_commit_ns = wire_now(&p->wire);
        p->txn_deadline_ns = p->txn_commit_ns + p->timeout_ns;
    }
    if (p->transaction == TXN_OPEN) {
        status = send_positions(p, positions, n, token, err);
        if (status != LR_OK)
            return status;
        p->transaction = TXN_OFFSETS;
    }
    p->transaction = TXN_ENDING;
    error = rd_kafka_commit_transaction(p->rk, SLICE_MS);
    (void)report_serve(p, NULL);
    if (error)
        return judge(p, error, "its commit");
    note_commit(p);
    p->transaction = TXN_NONE;
    p->txn_deadline_ns = 0;
    p->too_long = 0;
    return LR_OK;
}

/* The broker aborts what is open for too long, again and again: no restart mends that. */
static void note_age(struct producer *p)
{
    int64_t age_ns = wire_now(&p->wire) - p->txn_begun_ns;

    if (age_ns < p->timeout_ns)
        p->too_long = 0;
    else if (++p->too_long >= TOO_LONG_MAX && p->failed == LR_OK)
        p->failed = lr_fail(&p->failure, LR_ECONFIG,
                            "transactions stay open longer than kafka.transaction.timeout.ms (%lld "
                            "ms; the last one %lld ms), and the broker aborts them; commit more "
                            "often (commit_interval, or smaller micro-batches), or raise it",
                            (long long)(p->timeout_ns / MS), (long long)(age_ns / MS));
}

/* A right that is missing looks to librdkafka like anything else that aborts, but no other try
 * mends it. What made a transaction fail is said by every call that is out of place, and to begin
 * another one is. */
static void note_refusal(struct producer *p)
{
    rd_kafka_error_t *error = rd_kafka_begin_transaction(p->rk);
    const struct sink *results = p->sinks[0], *dead = p->sinks[1];

    switch (rd_kafka_error_code(error)) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
        p->failed = lr_fail(&p->failure, LR_EUNAVAILABLE,
                            "the broker at %s does not let this user write transactions of '%s', "
                            "which go to topic '%s'%s%s%s and hold the group's positions: %s",
                            p->wire.servers, p->id, results ? results->settings->topic : "",
                            dead ? " and '" : "", dead ? dead->settings->topic : "",
                            dead ? "'" : "", rd_kafka_error_string(error));
        break;
    default:
        break;
    }
    if (error)
        rd_kafka_error_destroy(error);
}

lr_status transaction_abort(void *self, struct lr_error *err)
{
    struct producer *p = ((struct sink *)self)->producer;
    rd_kafka_error_t *error = NULL;

    if (p->txn_begun_ns) { /* the first call for this one */
        note_age(p);
        p->txn_begun_ns = 0;
        p->transaction = TXN_ABORTING;
        p->txn_deadline_ns = wire_now(&p->wire) + p->timeout_ns;
        lr_metric_add(p->aborts, 1);
        if (!p->broken && p->initialized && p->failed == LR_OK)
            note_refusal(p);
    }
    if (p->failed != LR_OK)
        return lr_fail(err, p->failed, "%s", p->failure.text);
    if (p->offer.under_way && !offer_is_back(&p->offer, SLICE_MS))
        return LR_AGAIN;
    offer_void(&p->offer);
    p->purging = 1;
    if (!p->broken && p->initialized) {
        error = rd_kafka_abort_transaction(p->rk, p->messages > 0 ? ABORT_MS : SLICE_MS);
        (void)report_serve(p, NULL);
        if (error && judge(p, error, "its abort") == LR_AGAIN)
            return LR_AGAIN;
        if (error && !p->broken)
            producer_break(p, "an abort that wants an abort");
    }
    if (p->broken || !p->initialized) {
        lr_status status = producer_replace(p, err);

        if (status != LR_OK)
            return status;
    }
    p->purging = 0;
    p->transaction = TXN_NONE;
    p->txn_deadline_ns = 0;
    return LR_OK;
}
