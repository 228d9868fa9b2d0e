/* SPDX-License-Identifier: MIT
 *
 * Every test, in the order in which they run. A test has the seconds that are given here, then its
 * child is ended and that is a finding.
 */
#include "verify.h"

#define ANY LRH_ANY_KIND
#define MODEL LRH_KIND(LR_MODEL)
#define SOURCE LRH_KIND(LR_SOURCE)
#define SINK LRH_KIND(LR_SINK)
#define ENGINE LRH_KIND(LR_ENGINE)
#define CODEC LRH_KIND(LR_CODEC)

const struct lrh_test lrh_tests[] = {
    {"load", LRH_OF_MODULE, 10, lrh_test_load,
     "file, exports, note, versions, descriptor, options"},
    {"create", ANY, 10, lrh_test_create, "create alone: no threads, no files; destroy(NULL)"},
    {"life", ANY, 20, lrh_test_life, "every legal order of create, start, stop, destroy"},
    {"instances", ANY, 20, lrh_test_instances, "two instances side by side"},
    {"threads", ANY & ~(MODEL | LRH_KIND(LR_MONITOR)), 20, lrh_test_threads,
     "create and destroy on one thread, the rest on another"},
    {"stop", ANY, 20, lrh_test_stop, "a start that is told to stop, a stop in a hurry"},
    {"old-host", ANY, 20, lrh_test_old_host, "under the first host of this ABI"},
    {"allocations", ANY, 30, lrh_test_allocations, "every n-th allocation fails"},
    {"thousand", ANY, 30, lrh_test_thousand, "1,000 lives, or three seconds of them; leaks"},
    {"describe", MODEL, 10, lrh_test_model_describe, "names and numbers"},
    {"sizes", MODEL, 20, lrh_test_model_sizes, "batches of 0 to 4097 records"},
    {"strides", MODEL, 20, lrh_test_model_strides, "gaps between rows"},
    {"memory", MODEL, 20, lrh_test_model_memory, "aligned and unaligned memory"},
    {"values", MODEL, 20, lrh_test_model_values, "NaN, infinities, extremes, rows set aside"},
    {"exact", MODEL, 30, lrh_test_model_exact, "record by record against batch by batch"},
    {"same", MODEL, 30, lrh_test_model_same, "two instances of the same settings"},
    {"lanes", MODEL, 20, lrh_test_model_lanes, "predict from four lanes at once"},
    {"learn", MODEL, 20, lrh_test_model_learn, "learn, snapshot, restore"},
    {"bind", CODEC, 10, lrh_test_codec_bind, "columns that are wanted and given"},
    {"records", CODEC, 20, lrh_test_codec_records, "records that can be read"},
    {"batches", CODEC, 20, lrh_test_codec_batches, "record by record against batch by batch"},
    {"strides", CODEC, 20, lrh_test_codec_strides, "gaps between rows and records"},
    {"hostile", CODEC, 20, lrh_test_codec_hostile, "broken records between good ones"},
    {"bound", CODEC, 20, lrh_test_codec_bound, "extreme outputs and times against encode_bound"},
    {"settles", SINK, 30, lrh_test_sink_settles,
     "batches of 1 to 1,024 records, each settled once"},
    {"borrow", SINK, 20, lrh_test_sink_borrow, "what is lent is taken away: batch, then bytes"},
    {"pressure", SINK, 30, lrh_test_sink_pressure, "20,000 records without a look at settles"},
    {"stops", SINK, 30, lrh_test_sink_stops, "stop at any moment"},
    {"transactions", SINK, 30, lrh_test_sink_transactions, "begin, commit, abort, recover"},
    {"kill", SINK, 30, lrh_test_sink_kill, "SIGKILL between write and settle, then a new start"},
    {"polls", SOURCE, 20, lrh_test_source_polls, "events, spans, order, ends, timeouts"},
    {"limits", SOURCE, 20, lrh_test_source_limits, "max_records 0, 1 and odd, until"},
    {"borrow", SOURCE, 20, lrh_test_source_borrow, "batches that are held, released in any order"},
    {"replay", SOURCE, 20, lrh_test_source_replay, "the records after seek"},
    {"commit", SOURCE, 30, lrh_test_source_commit, "commit and committed, also of a new process"},
    {"lanes", SOURCE, 20, lrh_test_source_lanes, "two lanes side by side"},
    {"flow", ENGINE, 20, lrh_test_engine_flow,
     "sources that end, trickle and are silent; slow sinks"},
    {"verbs", ENGINE, 20, lrh_test_engine_verbs, "each verb resets, is full, has nothing, fails"},
    {"stop-run", ENGINE, 20, lrh_test_engine_stop, "a stop at any moment of run"},
    {"snapshots", LRH_KIND(LR_MONITOR), 20, lrh_test_monitor_snapshots,
     "every state, metrics and progress records"},
    {NULL, 0, 0, NULL, NULL},
};
