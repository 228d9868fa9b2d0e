#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The hot path does not allocate, lock, print or enter the kernel per record: calls are counted by
# a preloaded library for two lengths of the same run, and the difference must be less than one call
# in 100 records. The control is the same run in batches of one, where calls per batch are
# calls per record: it must be seen to poll the source's neighbours more often.
. "$(dirname "$0")/lib.sh"
[ -z "$slow" ] || skip "a sanitizer build brings its own allocator"
counter=$BUILD/tests/bench/calls.so
[ -f "$counter" ] || skip "$counter is not built"

calls() # calls COUNT ENGINE [OPTION...] -> "name count" lines, sorted
{
    local count=$1 engine=$2
    shift 2
    run_for 60 env CALLS_FILE="$work/calls" LD_PRELOAD="$counter" COUNT="$count" ENGINE="$engine" \
        "$lrhost" -q "$@" tests/bench/inprocess.ini 2>"$work/err" >/dev/null
    expect_code 0 $? "run of $count records" "$work/err"
    sort "$work/calls"
}

per_record() # per_record ENGINE [OPTION...]: most calls of a function per 1000 records, its name
{
    calls 100000 "$@" >"$work/few"
    calls 600000 "$@" >"$work/many"
    join "$work/few" "$work/many" | awk '{ d = ($3 - $2) / 500; if (d < 0) d = 0; print d, $1 }' | sort -rg | head -n 1
}

for engine in streaming microbatch; do
    read -r most name <<<"$(per_record $engine)"
    echo "$engine: $most calls of $name per 1000 records, and fewer of all others"
    awk -v m="$most" 'BEGIN { exit !(m < 10) }' || fail "$engine calls $name $most times per 1000 records"
done

read -r most name <<<"$(per_record streaming --set sink.plugin=stdio --set pipeline.max_batch=1)"
echo "control: $most calls of $name per 1000 records"
awk -v m="$most" 'BEGIN { exit !(m > 900) }' || fail "the control, a write per record, is not caught"
