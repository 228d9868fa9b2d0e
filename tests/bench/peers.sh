#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# lrhost, the hand-fused reference, Flink, Spark and Kafka Streams at the same job on one real
# broker, in turn. Not a test: it fetches several hundred MB from Maven Central once, takes minutes,
# and machines are shared. docs/benchmarks.md tells what is measured and how.
#
#   peers.sh throughput [ROUNDS] [RECORDS]     CPU, memory, records/s from a filled topic
#
# CONTESTANTS="streaming flink" takes only those. Every run is a line of $BUILD/bench-peers.jsonl.
. "$(dirname "$0")/../kafka/lib.sh"
mode=${1:-throughput} rounds=${2:-5} more=${3:-}
"$root/tests/bench/peers/build.sh" "$BUILD/peers" || exit
start_broker log.segment.delete.delay.ms=1000
case $mode in
throughput) set -- "$rounds" "${more:-3000000}" ;;
*) fail "no mode '$mode'" ;;
esac
export BUILD KAFKA_PID
python3 "$root/tests/bench/peers/peers.py" "$mode" "$work" "$@"
