/* SPDX-License-Identifier: MIT
 *
 * Every test, in the order in which they run. A test has the seconds that are given here, then its
 * child is ended and that is a finding.
 */
#include "verify.h"

#define ANY LRH_ANY_KIND
#define MODEL LRH_KIND(LR_MODEL)
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
    {NULL, 0, 0, NULL, NULL},
};
