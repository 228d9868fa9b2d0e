#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Breaks the Kafka module on purpose: a filter over one file of plugins/kafka/, for a copy of the
# module that loses or doubles records when LRHOST_WRONG says so. The harness must catch each:
#
#   auto_commit    librdkafka commits what was read, whatever became of it
#   early_settle   a record counts as delivered when it is handed over
#   outside        positions are left out of the transaction; librdkafka commits what was read
#   no_rewind      every fifth transaction is aborted, and the work goes on where it was
#   aborts         every fifth transaction is aborted, and done again: nothing wrong with that
#   leak           of each record that was delivered, 256 bytes are never given back
#
#   tests/chaos/wrong.sh conf <plugins/kafka/conf.c >copy.c
set -eu
. "$(dirname "$0")/../change.sh"

change conf '        status = set_all(conf, role, forced, sizeof forced / sizeof forced[0], err);
' '        status = set_all(conf, role, forced, sizeof forced / sizeof forced[0], err);
    if (status == LR_OK && role == ROLE_CONSUMER && (wrong("auto_commit") || wrong("outside")))
        (void)(set(conf, "enable.auto.commit", "true", err),
               set(conf, "enable.auto.offset.store", "true", err),
               set(conf, "auto.commit.interval.ms", wrong("outside") ? "1000" : "100", err));
'
change positions '    if (n == 0)
        return LR_OK;
    status = stream_list(s, positions, n, &list, err);
    if (status != LR_OK)
        return status;
    if (wait)' '    if (n == 0 || wrong("auto_commit"))
        return LR_OK;
    status = stream_list(s, positions, n, &list, err);
    if (status != LR_OK)
        return status;
    if (wait)'

# librdkafka borrows the bytes until its report; a flight that is settled early is used again, so it
# is sent at once and copied: what is wrong is the position, not the bytes.
change gather 'taken = rd_kafka_produce_batch(sink->topic, partition, 0, messages, (int)n);' \
    'taken = rd_kafka_produce_batch(sink->topic, partition,
                                       wrong("early_settle") ? RD_KAFKA_MSG_F_COPY : 0, messages,
                                       (int)n);'
change gather 'RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_PARTITION,' 'RD_KAFKA_PARTITION_UA,
                                       RD_KAFKA_MSG_F_PARTITION |
                                           (wrong("early_settle") ? RD_KAFKA_MSG_F_COPY : 0),'
change gather 'rd_kafka_vu_t parts[6] =' 'rd_kafka_vu_t parts[7] ='
change gather '    parts[5].u.headers = headers;' '    parts[5].u.headers = headers;
    parts[6].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    parts[6].u.i = wrong("early_settle") ? RD_KAFKA_MSG_F_COPY : 0;'
change produce '    gather_end(sink);
    *ret_taken = taken;' '    if (wrong("early_settle"))
        gather_send(sink);
    else
        gather_end(sink);
    *ret_taken = taken;
    if (wrong("early_settle") && taken)
        sink->host->settle(sink->host->ctx, batch->token + first, taken, LR_DELIVERED);'

change transaction '    if (n == 0)
        return LR_OK;
    if (!proof)' '    if (n == 0 || wrong("outside"))
        return LR_OK;
    if (!proof)'

change transaction '    if (p->broken || !p->initialized)
        return LR_ABORT;' '    if (p->broken || !p->initialized)
        return LR_ABORT;
    if ((wrong("aborts") || wrong("no_rewind")) && wrong_fifth())
        return LR_ABORT;'
change positions '            rd_kafka_topic_partition_list_find(list, st->topic, st->info.partition)->offset;
    }' '            rd_kafka_topic_partition_list_find(list, st->topic, st->info.partition)->offset;
        if (wrong("no_rewind"))
            positions[i].next = st->position;
    }'
change report '        sink->host->settle(sink->host->ctx, run->token, run->count, run->outcome);
' '    {
        if (wrong("leak"))
            wrong_leak(run->count);
        sink->host->settle(sink->host->ctx, run->token, run->count, run->outcome);
    }
'

finish_changes
