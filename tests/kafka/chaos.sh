#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Half a minute of trouble: two processes of two lanes each share a topic that is being written,
# while one of them comes and goes, the other is killed once and frozen once, and the broker is
# killed and comes back. At the end nothing is missing. KEEP=1 keeps the broker's folder.
. "$(dirname "$0")/lib.sh"
records=200000
# shellcheck disable=SC2119 # no properties of its own
start_broker
[ -z "$given" ] || skip "skipped: this needs a broker of its own, to kill it"

write_generate "$work/generate.ini" in 8000
write_job "$work/job.ini" in out streaming ''
run_for 60 "$lrhost" topics create "$work/job.ini" >"$work/topics" 2>&1
expect_code 0 $? "topics create" "$work/topics"
: >"$work/log"

start_job() # NAME: sets pid
{
    "$lrhost" -q --set pipeline.instance="$1" "$work/job.ini" >>"$work/log" 2>&1 &
    pid=$!
    pids+=("$pid")
}

run_for 200 "$lrhost" -q "$work/generate.ini" >"$work/generate.log" 2>&1 &
generator=$!
start_job first
first=$pid
for round in 1 2 3 4; do
    start_job second
    second=$pid
    sleep 2
    case $round in
    2)
        "$here/broker.sh" kill "$broker_dir"
        sleep 1
        "$here/broker.sh" again "$broker_dir" >/dev/null || fail "the broker did not come back"
        ;;
    3)
        kill -KILL "$first"
        start_job third
        first=$pid
        sleep 1
        ;;
    4) # longer than a session: its partitions go to the others, and it hears of that afterwards
        kill -STOP "$first"
        sleep 9
        kill -CONT "$first"
        ;;
    esac
    kill -$((round % 2 ? 15 : 9)) "$second" 2>/dev/null
    sleep 2
done
wait $generator
expect_code 0 $? "generate" "$work/generate.log"
wait_until 30 has_records $records in ||
    fail "the generator lost records: $(topic_count in) of $records, $(cat "$work/kcat.err")"
for job in "${pids[@]}"; do
    kill -TERM "$job" 2>/dev/null
done
for job in "${pids[@]}"; do
    wait "$job" 2>/dev/null
done
# Dead members' sessions end, what is left is read; there may be nothing left.
"$lrhost" -q "$work/job.ini" >>"$work/log" 2>&1 &
pid=$!
pids+=("$pid")
sleep 12
kill -TERM "$pid"
wait "$pid"
expect_code 0 $? "the last run" "$work/log"
read_topic in "$work/in"
read_topic out "$work/out"
told=$(python3 "$here/compare.py" "$work/model.json" "$work/in" "$work/out" complete 2>&1) ||
    fail "$told"
echo "$told"
