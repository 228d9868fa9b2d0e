#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Memory and CPU of lrhost between two Kafka topics, one lane: idle (joined, no records) for
# SECONDS, then at a steady RATE records/s for LOAD seconds. From /proc, of the process alone.
#
#   [RATE=10000] tests/bench/idle.sh [SECONDS] [LOAD]
. "$(dirname "$0")/lib.sh"
seconds=${1:-30} load=${2:-60} rate=${RATE:-10000}
bench=$root/tests/bench
tick=$(getconf CLK_TCK)

cpu_of() # PID: ticks
{
    sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'
}
memory_of() # PID FIELD: KiB
{
    awk -v field="$2:" '$1 == field { print $2 }' "/proc/$1/status"
}
# watch PID SECONDS WHAT: CPU, and memory at ten moments of the time
watch()
{
    local before all=''
    before=$(cpu_of "$1")
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        sleep "$(awk -v s="$2" 'BEGIN { print s / 10 }')"
        all="$all $(memory_of "$1" VmRSS)"
    done
    echo "$all" | awk -v ticks=$(($(cpu_of "$1") - before)) -v tick="$tick" -v s="$2" -v what="$3" '{
        low = high = $1
        for (i = 2; i <= NF; i++) { if ($i < low) low = $i; if ($i > high) high = $i }
        printf "%s, %d s: CPU %.2f %% of a core; RSS %.1f MiB at first, %.1f at last, %.1f to %.1f\n",
               what, s, 100 * ticks / tick / s, $1 / 1024, $NF / 1024, low / 1024, high / 1024 }'
}
joined()
{
    grep -q "group 'idle' reads" "$work/job"
}

# shellcheck disable=SC2119 # no properties of its own
start_broker
for topic in lines results; do
    TO=$topic run_for 60 "$lrhost" topics create "$bench/kafka-fill.ini" >"$work/log" 2>&1
    expect_code 0 $? "creating $topic" "$work/log"
done
FROM=lines TO=results GROUP=idle "$lrhost" --set pipeline.stop_when_idle=1h "$bench/kafka.ini" \
    >"$work/job" 2>&1 &
job=$!
wait_until 20 joined || {
    cat "$work/job"
    fail "it did not join its group"
}
sleep 2
watch "$job" "$seconds" "idle"
TO=lines COUNT=$((rate * (load + 5))) "$lrhost" -q --set "source.rate=$rate" \
    "$bench/kafka-fill.ini" >"$work/log" 2>&1 &
writer=$!
sleep 3
watch "$job" "$load" "$rate records/s"
echo "peak RSS $(($(memory_of "$job" VmHWM) / 1024)) MiB, of which anonymous now $(($(memory_of "$job" RssAnon) / 1024)) MiB"
wait "$writer"
expect_code 0 $? "the writer" "$work/log"
sleep 1
kill -TERM "$job"
wait "$job"
expect_code 0 $? "the job" "$work/job"
expect_equal yes "$([ "$(topic_count results)" -eq "$(topic_count lines)" ] && echo yes)" \
    "as many results as records"
