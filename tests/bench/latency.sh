#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Latency through a real Apache Kafka broker, from the time at which a record was due until a reader
# has its result: driver and broker alone, the hand-fused reference (tests/bench/reference), and
# lrhost with the defaults of every plugin, in interleaved rounds. Not a test: machines are shared.
#
#   tests/bench/latency.sh [ROUNDS] [SECONDS] [CASE...]     cases: see latency.py
#
# Every record must come out; how many did not, or came twice, is in the table. The rows behind the
# table stay in $BUILD/bench-latency.rows, one JSON object a line.
. "$(dirname "$0")/lib.sh"
rounds=${1:-5} seconds=${2:-15}
shift $(($# < 2 ? $# : 2))
bench=$root/tests/bench
rows=$BUILD/bench-latency.rows
model=$work/model.json

[ -x "$BUILD/tests/bench/driver" ] || fail "$BUILD/tests/bench/driver is not built"
[ -x "$BUILD/tests/bench/reference/reference" ] || fail "the reference is not built"
# shellcheck disable=SC2119
start_broker
COUNT=1000 run_for 60 "$lrhost" -q --set "model.save=$model" "$bench/inprocess.ini" \
    >"$work/log" 2>&1
expect_code 0 $? "training" "$work/log"
python3 "$bench/latency.py" run "$KAFKA" "${KAFKA_PID:-0}" "$BUILD" "$model" "$rounds" "$seconds" \
    "$@" >"$rows.new" || fail "a run failed"
mv "$rows.new" "$rows"
python3 "$bench/latency.py" table <"$rows"
