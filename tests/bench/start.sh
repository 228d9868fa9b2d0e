#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Exec to the first scored record through a warm broker: from starting lrhost, with a group of its
# own and a model that trains on 100,000 records, until a consumer that is already there has the
# first result. The broker does not wait for more members (group.initial.rebalance.delay.ms=0), or
# for DELAY ms. Median and spread of ROUNDS runs.
#
#   [DELAY=0] tests/bench/start.sh [ROUNDS]
. "$(dirname "$0")/lib.sh"
rounds=${1:-11}
bench=$root/tests/bench
times=$work/times

one() # NUMBER: microseconds
{
    local began watcher job
    : >"$work/watch"
    mkfifo "$work/line"
    kcat -b "$KAFKA" -C -t results -o end -c 1 >"$work/line" 2>"$work/watch" &
    watcher=$!
    exec 3<"$work/line"
    wait_until 20 watching || fail "no consumer of the results"
    export FROM=lines TO=results GROUP="start-$1"
    began=$(date +%s%N)
    "$lrhost" -q --set pipeline.stop_when_idle=1h "$bench/kafka.ini" >"$work/log" 2>&1 &
    job=$!
    IFS= read -r -t 30 -u 3 _ || { cat "$work/log"; fail "no result in run $1"; }
    echo $((($(date +%s%N) - began) / 1000))
    exec 3<&-
    kill -TERM "$job"
    wait "$job" "$watcher"
    rm "$work/line"
}
watching() # kcat is at the end of all ten partitions
{
    [ "$(grep -c 'Reached end' "$work/watch")" -eq 10 ]
}
start_broker "group.initial.rebalance.delay.ms=${DELAY:-0}"
for topic in lines results; do
    TO=$topic run_for 60 "$lrhost" topics create "$bench/kafka-fill.ini" >"$work/log" 2>&1
    expect_code 0 $? "creating $topic" "$work/log"
done
TO=lines COUNT=100 run_for 60 "$lrhost" -q "$bench/kafka-fill.ini" >"$work/log" 2>&1
expect_code 0 $? "writing lines" "$work/log"
one 0 >/dev/null # the broker makes its topic of positions
for number in $(seq "$rounds"); do
    one "$number" || exit 1
done >"$times"
[ -z "${VERBOSE:-}" ] || cat "$times" >&2
sort -n "$times" | awk -v delay="${DELAY:-0}" '{ v[NR] = $1 / 1000 }
    END { printf "exec to first scored record, rebalance delay %d ms: median %.0f ms, %.0f to %.0f ms in %d runs\n",
                 delay, v[int((NR + 1) / 2)], v[1], v[NR], NR }'
