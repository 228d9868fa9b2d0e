/* SPDX-License-Identifier: MIT
 *
 * ABI v1 as it was frozen: the place and size of every member of every struct of the SDK, and every
 * number that a module and a host say to each other, for machines with 64-bit pointers.
 *
 * A line that does not compile any more is a broken promise: modules that are out there were built
 * with these numbers. Lines are never changed and never removed. A member that is appended gets a
 * line of its own. The size of a struct may become more, not less (LEAST); those whose size is
 * never told (SIZE) may not even grow. What this cannot see, a member that became another type of
 * the same size, is seen by layout.sh.
 */
#include <lrhost/lrhost.h>
#include <stdio.h>

#define SIZE(type, size) _Static_assert(sizeof(struct type) == (size), "sizeof struct " #type)
#define LEAST(type, size) _Static_assert(sizeof(struct type) >= (size), "sizeof struct " #type)
#define AT(type, member, place, size)                                                              \
    _Static_assert(offsetof(struct type, member) == (place) &&                                     \
                       sizeof(((struct type *)NULL)->member) == (size),                            \
                   #type "." #member)
#define NUMBER(name, value) _Static_assert((name) == (value), #name)

_Static_assert(sizeof(void *) == 8 && sizeof(long) == 8, "the layout of LP64");

LEAST(lr_error, 1024);
AT(lr_error, size, 0, 4);
AT(lr_error, reserved, 4, 4);
AT(lr_error, text, 8, 1016);

LEAST(lr_option, 56);
AT(lr_option, name, 0, 8);
AT(lr_option, doc, 8, 8);
AT(lr_option, initial, 16, 8);
AT(lr_option, range, 24, 8);
AT(lr_option, choices, 32, 8);
AT(lr_option, type, 40, 4);
AT(lr_option, flags, 44, 4);
AT(lr_option, offset, 48, 4);
AT(lr_option, reserved, 52, 4);

SIZE(lr_pair, 16);
AT(lr_pair, name, 0, 8);
AT(lr_pair, value, 8, 8);

LEAST(lr_report, 40);
AT(lr_report, size, 0, 4);
AT(lr_report, reserved, 4, 4);
AT(lr_report, ctx, 8, 8);
AT(lr_report, problem, 16, 8);
AT(lr_report, warning, 24, 8);
AT(lr_report, touches, 32, 8);
AT(lr_report, guarantee, 40, 4);
AT(lr_report, reserved2, 44, 4);

LEAST(lr_plugin, 104);
AT(lr_plugin, size, 0, 4);
AT(lr_plugin, kind, 4, 4);
AT(lr_plugin, name, 8, 8);
AT(lr_plugin, summary, 16, 8);
AT(lr_plugin, options, 24, 8);
AT(lr_plugin, option_size, 32, 4);
AT(lr_plugin, n_options, 36, 4);
AT(lr_plugin, settings_size, 40, 4);
AT(lr_plugin, reserved, 44, 4);
AT(lr_plugin, ops, 48, 8);
AT(lr_plugin, check, 56, 8);
AT(lr_plugin, create, 64, 8);
AT(lr_plugin, start, 72, 8);
AT(lr_plugin, stop, 80, 8);
AT(lr_plugin, destroy, 88, 8);
AT(lr_plugin, topics, 96, 8);

LEAST(lr_module, 48);
AT(lr_module, size, 0, 4);
AT(lr_module, abi_min, 4, 4);
AT(lr_module, abi_built, 8, 4);
AT(lr_module, n_plugins, 12, 4);
AT(lr_module, name, 16, 8);
AT(lr_module, version, 24, 8);
AT(lr_module, license, 32, 8);
AT(lr_module, plugins, 40, 8);

SIZE(lr_abi_note, 28);
AT(lr_abi_note, namesz, 0, 4);
AT(lr_abi_note, descsz, 4, 4);
AT(lr_abi_note, type, 8, 4);
AT(lr_abi_note, name, 12, 8);
AT(lr_abi_note, abi_min, 20, 4);
AT(lr_abi_note, abi_built, 24, 4);

SIZE(lr_bytes, 16);
AT(lr_bytes, data, 0, 8);
AT(lr_bytes, len, 8, 4);
AT(lr_bytes, reserved, 12, 4);

SIZE(lr_header, 24);
AT(lr_header, name, 0, 8);
AT(lr_header, value, 8, 8);
AT(lr_header, len, 16, 4);
AT(lr_header, reserved, 20, 4);

SIZE(lr_position, 16);
AT(lr_position, stream, 0, 4);
AT(lr_position, reserved, 4, 4);
AT(lr_position, next, 8, 8);

SIZE(lr_span, 16);
AT(lr_span, stream, 0, 4);
AT(lr_span, count, 4, 4);
AT(lr_span, next, 8, 8);

LEAST(lr_record, 56);
AT(lr_record, value, 0, 8);
AT(lr_record, key, 8, 8);
AT(lr_record, headers, 16, 8);
AT(lr_record, offset, 24, 8);
AT(lr_record, timestamp_ns, 32, 8);
AT(lr_record, value_len, 40, 4);
AT(lr_record, key_len, 44, 4);
AT(lr_record, stream, 48, 4);
AT(lr_record, flags, 52, 4);

LEAST(lr_batch, 176);
AT(lr_batch, size, 0, 4);
AT(lr_batch, record_size, 4, 4);
AT(lr_batch, count, 8, 4);
AT(lr_batch, capacity, 12, 4);
AT(lr_batch, records, 16, 8);
AT(lr_batch, spans, 24, 8);
AT(lr_batch, n_spans, 32, 4);
AT(lr_batch, span_capacity, 36, 4);
AT(lr_batch, token, 40, 8);
AT(lr_batch, hold, 48, 8);
AT(lr_batch, x, 56, 8);
AT(lr_batch, n_features, 64, 4);
AT(lr_batch, x_stride, 68, 4);
AT(lr_batch, out, 72, 8);
AT(lr_batch, n_outputs, 80, 4);
AT(lr_batch, out_stride, 84, 4);
AT(lr_batch, y, 88, 8);
AT(lr_batch, t0, 96, 8);
AT(lr_batch, t1, 104, 8);
AT(lr_batch, read_ns, 112, 8);
AT(lr_batch, t2_ns, 120, 8);
AT(lr_batch, encoded, 128, 8);
AT(lr_batch, added, 136, 8);
AT(lr_batch, n_added, 144, 4);
AT(lr_batch, lane, 148, 4);
AT(lr_batch, header, 152, 8);
AT(lr_batch, header_domain, 160, 8);
AT(lr_batch, streams, 168, 8);

LEAST(lr_stream, 40);
AT(lr_stream, size, 0, 4);
AT(lr_stream, id, 4, 4);
AT(lr_stream, topic, 8, 8);
AT(lr_stream, partition, 16, 4);
AT(lr_stream, reserved, 20, 4);
AT(lr_stream, next, 24, 8);
AT(lr_stream, end, 32, 8);

LEAST(lr_host, 112);
AT(lr_host, size, 0, 4);
AT(lr_host, abi, 4, 4);
AT(lr_host, ctx, 8, 8);
AT(lr_host, pipeline, 16, 8);
AT(lr_host, instance, 24, 8);
AT(lr_host, section, 32, 8);
AT(lr_host, lane, 40, 4);
AT(lr_host, lanes, 44, 4);
AT(lr_host, log, 48, 8);
AT(lr_host, wall_ns, 56, 8);
AT(lr_host, monotonic_ns, 64, 8);
AT(lr_host, stopping, 72, 8);
AT(lr_host, memory, 80, 8);
AT(lr_host, metric, 88, 8);
AT(lr_host, settle, 96, 8);
AT(lr_host, bad_record, 104, 8);
AT(lr_host, guarantee, 112, 4);
AT(lr_host, reserved, 116, 4);
AT(lr_host, budget, 120, 8);

LEAST(lr_schema, 32);
AT(lr_schema, size, 0, 4);
AT(lr_schema, n_features, 4, 4);
AT(lr_schema, n_outputs, 8, 4);
AT(lr_schema, reserved, 12, 4);
AT(lr_schema, feature_names, 16, 8);
AT(lr_schema, output_names, 24, 8);

LEAST(lr_codec, 40);
AT(lr_codec, size, 0, 4);
AT(lr_codec, reserved, 4, 4);
AT(lr_codec, bind, 8, 8);
AT(lr_codec, decode, 16, 8);
AT(lr_codec, encode_bound, 24, 8);
AT(lr_codec, encode, 32, 8);

LEAST(lr_figure, 24);
AT(lr_figure, size, 0, 4);
AT(lr_figure, reserved, 4, 4);
AT(lr_figure, name, 8, 8);
AT(lr_figure, value, 16, 8);

LEAST(lr_lane, 104);
AT(lr_lane, size, 0, 4);
AT(lr_lane, max_batch, 4, 4);
AT(lr_lane, ctx, 8, 8);
AT(lr_lane, plan, 16, 8);
AT(lr_lane, read, 24, 8);
AT(lr_lane, score, 32, 8);
AT(lr_lane, write, 40, 8);
AT(lr_lane, discard, 48, 8);
AT(lr_lane, drain, 56, 8);
AT(lr_lane, commit, 64, 8);
AT(lr_lane, wait, 72, 8);
AT(lr_lane, progress, 80, 8);
AT(lr_lane, now, 88, 8);
AT(lr_lane, stop_requested, 96, 8);

LEAST(lr_engine, 16);
AT(lr_engine, size, 0, 4);
AT(lr_engine, reserved, 4, 4);
AT(lr_engine, run, 8, 8);

LEAST(lr_model, 48);
AT(lr_model, size, 0, 4);
AT(lr_model, caps, 4, 4);
AT(lr_model, describe, 8, 8);
AT(lr_model, predict, 16, 8);
AT(lr_model, learn, 24, 8);
AT(lr_model, snapshot, 32, 8);
AT(lr_model, restore, 40, 8);

LEAST(lr_metric, 48);
AT(lr_metric, size, 0, 4);
AT(lr_metric, kind, 4, 4);
AT(lr_metric, name, 8, 8);
AT(lr_metric, help, 16, 8);
AT(lr_metric, section, 24, 8);
AT(lr_metric, lane, 32, 4);
AT(lr_metric, reserved, 36, 4);
AT(lr_metric, value, 40, 8);

LEAST(lr_snapshot, 168);
AT(lr_snapshot, size, 0, 4);
AT(lr_snapshot, state, 4, 4);
AT(lr_snapshot, pipeline, 8, 8);
AT(lr_snapshot, instance, 16, 8);
AT(lr_snapshot, wall_ns, 24, 8);
AT(lr_snapshot, elapsed_ns, 32, 8);
AT(lr_snapshot, lanes, 40, 4);
AT(lr_snapshot, streams, 44, 4);
AT(lr_snapshot, records_read, 48, 8);
AT(lr_snapshot, records_scored, 56, 8);
AT(lr_snapshot, records_written, 64, 8);
AT(lr_snapshot, records_delivered, 72, 8);
AT(lr_snapshot, records_bad, 80, 8);
AT(lr_snapshot, dead_letters, 88, 8);
AT(lr_snapshot, bytes_read, 96, 8);
AT(lr_snapshot, batches, 104, 8);
AT(lr_snapshot, commits, 112, 8);
AT(lr_snapshot, rewinds, 120, 8);
AT(lr_snapshot, rebalances, 128, 8);
AT(lr_snapshot, in_flight, 136, 8);
AT(lr_snapshot, lag, 144, 8);
AT(lr_snapshot, metrics, 152, 8);
AT(lr_snapshot, metric_size, 160, 4);
AT(lr_snapshot, n_metrics, 164, 4);

LEAST(lr_progress, 32);
AT(lr_progress, size, 0, 4);
AT(lr_progress, lane, 4, 4);
AT(lr_progress, wall_ns, 8, 8);
AT(lr_progress, figures, 16, 8);
AT(lr_progress, figure_size, 24, 4);
AT(lr_progress, n_figures, 28, 4);

LEAST(lr_monitor, 32);
AT(lr_monitor, size, 0, 4);
AT(lr_monitor, reserved, 4, 4);
AT(lr_monitor, snapshot, 8, 8);
AT(lr_monitor, progress, 16, 8);
AT(lr_monitor, interval_ns, 24, 8);

LEAST(lr_event, 24);
AT(lr_event, size, 0, 4);
AT(lr_event, kind, 4, 4);
AT(lr_event, n_streams, 8, 4);
AT(lr_event, reserved, 12, 4);
AT(lr_event, streams, 16, 8);

LEAST(lr_group_token, 16);
AT(lr_group_token, size, 0, 4);
AT(lr_group_token, len, 4, 4);
AT(lr_group_token, data, 8, 8);

LEAST(lr_source, 88);
AT(lr_source, size, 0, 4);
AT(lr_source, caps, 4, 4);
AT(lr_source, transaction_domain, 8, 8);
AT(lr_source, fd, 16, 8);
AT(lr_source, poll, 24, 8);
AT(lr_source, rebalanced, 32, 8);
AT(lr_source, release, 40, 8);
AT(lr_source, commit, 48, 8);
AT(lr_source, committed, 56, 8);
AT(lr_source, seek, 64, 8);
AT(lr_source, ends, 72, 8);
AT(lr_source, group_token, 80, 8);

LEAST(lr_sink, 104);
AT(lr_sink, size, 0, 4);
AT(lr_sink, caps, 4, 4);
AT(lr_sink, wants, 8, 4);
AT(lr_sink, may_want, 12, 4);
AT(lr_sink, transaction_domain, 16, 8);
AT(lr_sink, fd, 24, 8);
AT(lr_sink, max_record_bytes, 32, 8);
AT(lr_sink, attach, 40, 8);
AT(lr_sink, write, 48, 8);
AT(lr_sink, poll, 56, 8);
AT(lr_sink, flush, 64, 8);
AT(lr_sink, begin, 72, 8);
AT(lr_sink, commit, 80, 8);
AT(lr_sink, abort, 88, 8);
AT(lr_sink, recover, 96, 8);

NUMBER(LRHOST_ABI, 1);
NUMBER(LRHOST_NOTE_TYPE, 1);
NUMBER(LR_OK, 0);
NUMBER(LR_AGAIN, 1);
NUMBER(LR_END, 2);
NUMBER(LR_FULL, 3);
NUMBER(LR_RESET, 4);
NUMBER(LR_REBALANCE, 5);
NUMBER(LR_ABORT, 6);
NUMBER(LR_IN_DOUBT, 7);
NUMBER(LR_OPT_BOOL, 1);
NUMBER(LR_OPT_INT, 2);
NUMBER(LR_OPT_FLOAT, 3);
NUMBER(LR_OPT_SIZE, 4);
NUMBER(LR_OPT_DURATION, 5);
NUMBER(LR_OPT_STRING, 6);
NUMBER(LR_OPT_ENUM, 7);
NUMBER(LR_OPT_PATH, 8);
NUMBER(LR_OPT_LIST, 9);
NUMBER(LR_OPT_SECRET, 10);
NUMBER(LR_OPT_PREFIX, 11);
NUMBER(LR_OPT_REQUIRED, 1u);
NUMBER(LR_OPT_ADVANCED, 2u);
NUMBER(LR_OPT_RELOAD, 4u);
NUMBER(LR_UNSET, INT64_MIN);
NUMBER(LR_READS, 1);
NUMBER(LR_WRITES, 2);
NUMBER(LR_PROCESS_ONLY, 1u);
NUMBER(LR_BY_NAME, 2u);
NUMBER(LR_AT_MOST_ONCE, 1);
NUMBER(LR_AT_LEAST_ONCE, 2);
NUMBER(LR_EXACTLY_ONCE, 3);
NUMBER(LR_SOURCE, 1);
NUMBER(LR_CODEC, 2);
NUMBER(LR_ENGINE, 3);
NUMBER(LR_MODEL, 4);
NUMBER(LR_SINK, 5);
NUMBER(LR_MONITOR, 6);
NUMBER(LR_TOPICS_CREATE, 1);
NUMBER(LR_TOPICS_LIST, 2);
NUMBER(LR_TOPICS_DELETE, 3);
NUMBER(LR_RECORD_NULL, 1u);
NUMBER(LR_RECORD_BAD, 2u);
NUMBER(LR_LOG_ERROR, 3);
NUMBER(LR_LOG_WARNING, 4);
NUMBER(LR_LOG_NOTICE, 5);
NUMBER(LR_LOG_INFO, 6);
NUMBER(LR_LOG_DEBUG, 7);
NUMBER(LR_DELIVERED, 0);
NUMBER(LR_RETRY, 1);
NUMBER(LR_RETRY_SINGLY, 2);
NUMBER(LR_REJECTED, 3);
NUMBER(LR_ABANDONED, 4);
NUMBER(LR_COUNTER, 1);
NUMBER(LR_GAUGE, 2);
NUMBER(LR_COLUMN_FEATURES, 1u);
NUMBER(LR_COLUMN_LABEL, 2u);
NUMBER(LR_COLUMN_OUTPUTS, 4u);
NUMBER(LR_COLUMN_T0, 8u);
NUMBER(LR_COLUMN_T1, 16u);
NUMBER(LR_COLUMN_T2, 32u);
NUMBER(LR_COLUMN_ENCODED, 64u);
NUMBER(LR_MODEL_EXACT, 1u);
NUMBER(LR_STATE_STARTING, 1);
NUMBER(LR_STATE_RUNNING, 2);
NUMBER(LR_STATE_STOPPING, 3);
NUMBER(LR_STATE_STOPPED, 4);
NUMBER(LR_STATE_FAILED, 5);
NUMBER(LR_SOURCE_REPLAY, 1u);
NUMBER(LR_SOURCE_SPLIT, 2u);
NUMBER(LR_SOURCE_ENDS, 4u);
NUMBER(LR_EVENT_ASSIGN, 1);
NUMBER(LR_EVENT_REVOKE, 2);
NUMBER(LR_EVENT_LOST, 3);
NUMBER(LR_SINK_BYTES, 1u);
NUMBER(LR_SINK_COLUMNS, 2u);
NUMBER(LR_SINK_TRANSACTIONS, 4u);
NUMBER(LR_SINK_DURABLE, 8u);
NUMBER(LR_SINK_POSITIONS, 16u);

_Static_assert(sizeof(LRHOST_MODULE_SYMBOL) == sizeof("lrhost_module_v1"), "entry point");

int main(void)
{
    (void)puts("ok");
    return 0;
}
