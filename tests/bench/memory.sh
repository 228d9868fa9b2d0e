#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Peak memory while lrhost catches up a backlog at full speed: 1, 4 and 8 lanes on 10 partitions, and
# 1 lane on 50. One option bounds them all, [pipeline] memory; the default, unless MEMORY says more.
# A queue that is full makes librdkafka's fetcher sleep, so the rate is shown beside it.
#
#   [MEMORY=256MiB] tests/bench/memory.sh [RECORDS]
. "$(dirname "$0")/lib.sh"
records=${1:-2000000}
bench=$root/tests/bench

fill() # TOPIC PARTITIONS
{
    TO=$1 run_for 60 "$lrhost" topics create --set "sink.partitions=$2" "$bench/kafka-fill.ini" \
        >"$work/log" 2>&1
    expect_code 0 $? "creating $1" "$work/log"
    [ $# -gt 2 ] || return 0
    TO=$1 COUNT=$records run_for 600 "$lrhost" -q "$bench/kafka-fill.ini" >"$work/log" 2>&1
    expect_code 0 $? "writing $1" "$work/log"
}

catch_up() # FROM LANES ENGINE WHAT
{
    local to=results-$1-$2-$3 took
    fill "$to" 10
    export FROM=$1 TO=$to GROUP=$to ENGINE=$3
    took=$(run_for 600 python3 "$bench/kafka.py" measure "${KAFKA_PID:-0}" "$lrhost" -q \
        --set "pipeline.lanes=$2" ${MEMORY:+--set "pipeline.memory=$MEMORY"} "$bench/kafka.ini" \
        2>"$work/log") || {
        cat "$work/log"
        fail "$4"
    }
    kcat -q -b "$KAFKA" -C -t "$to" -o beginning -e -f '%T\n' 2>/dev/null |
        awk -v took="$took" -v what="$4" -v records="$records" '
            NR == 1 { low = high = $1 } $1 < low { low = $1 } $1 > high { high = $1 }
            END { split(took, t, " ")
                  if (NR != records) { printf "%s: %d records, not %d\n", what, NR, records; exit 1 }
                  printf "%-44s peak %4.0f MiB, %.2f CPU s per million, %.2f M records/s\n",
                         what, t[3] / 1024, t[1] / NR * 1e6, NR / (high - low + 1) / 1000 }' ||
        exit 1
}

# shellcheck disable=SC2119 # no properties of its own
start_broker
fill ten 10 full
fill fifty 50 full
catch_up ten 1 streaming "1 lane, 10 partitions"
catch_up ten 4 streaming "4 lanes, 10 partitions"
catch_up ten 8 streaming "8 lanes, 10 partitions"
catch_up fifty 1 streaming "1 lane, 50 partitions"
catch_up fifty 4 streaming "4 lanes, 50 partitions"
catch_up ten 1 microbatch "1 lane, 10 partitions, microbatch"
catch_up fifty 1 microbatch "1 lane, 50 partitions, microbatch"
