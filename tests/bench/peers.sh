#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# lrhost, the hand-fused reference, Flink, Spark and Kafka Streams at the same job on one real
# broker, in turn. Not a test: it fetches several hundred MB from Maven Central once, takes minutes,
# and machines are shared. docs/benchmarks.md tells what is measured and how.
#
#   peers.sh throughput [ROUNDS] [RECORDS]   CPU, memory, records/s from a filled topic
#   peers.sh latency [ROUNDS] [SECONDS]      from due time to a reader, at RATES="10000 1000"
#   peers.sh steady [ROUNDS] [SECONDS]       CPU and memory at 10,000 records/s, and idle
#
# CONTESTANTS="streaming flink" takes only those, JVM="-Xmx1g" gives options to all JVMs, WARMUP
# is that of a first load in seconds. Every run is a line of $BUILD/bench-peers.jsonl.
. "$(dirname "$0")/lib.sh"
mode=${1:-throughput}
peers=()
for name in ${CONTESTANTS:-flink spark kstreams}; do
    case $name in flink* | spark* | kstreams) peers+=("${name%%-*}") ;; esac
done
"$root/tests/bench/peers/build.sh" "$BUILD/peers" "${peers[@]}" || exit
start_broker log.segment.delete.delay.ms=1000
case $mode in
throughput) set -- "${2:-5}" "${3:-4000000}" ;;
latency)
    # shellcheck disable=SC2086 # several rates
    set -- "${2:-5}" "${WARMUP:-10}" "${3:-10}" ${RATES:-10000 1000}
    ;;
steady) set -- "${2:-1}" "${WARMUP:-10}" "${3:-30}" 10000 ;;
*) fail "no mode '$mode'" ;;
esac
export BUILD KAFKA_PID
python3 "$root/tests/bench/peers/peers.py" "$mode" "$work" "$@"
