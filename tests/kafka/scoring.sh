#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The main job on a real broker: 60,000 records over ten partitions, two lanes. Complete, in order
# per partition, every prediction bit-equal to a plain loop in Python; again while it is stopped by
# SIGTERM half-way (nothing lost, nothing twice), and killed (nothing lost).
. "$(dirname "$0")/lib.sh"
records=60000
# shellcheck disable=SC2119 # no properties of its own
start_broker

idle='stop_when_idle = 2s'
write_generate "$work/generate.ini" topic1 100000
write_job "$work/job.ini" topic1 topic2 streaming "$idle"
write_job "$work/micro.ini" topic1 topic3 microbatch "$idle"
for ini in job micro; do
    run_for 60 "$lrhost" topics create "$work/$ini.ini" >"$work/topics" 2>&1
    expect_code 0 $? "topics create" "$work/topics"
done
expect_text "topic 'topic1' exists, 10 partitions" "$work/topics" "topics create of one that is there"

run_for 60 "$lrhost" -q "$work/generate.ini" >"$work/log" 2>&1
expect_code 0 $? "generate" "$work/log"
expect_equal $records "$(topic_count topic1)" "records of the generator"
read_topic topic1 "$work/in"

for engine in job micro; do
    out=topic2
    [ $engine = job ] || out=topic3
    run_for 120 "$lrhost" -q "$work/$engine.ini" >"$work/log" 2>&1
    expect_code 0 $? "$engine" "$work/log"
    read_topic $out "$work/out"
    told=$(python3 "$here/compare.py" "$work/model.json" "$work/in" "$work/out" once 2>&1) ||
        fail "$engine: $told"
    echo "$engine: $told"
done
[ -s "$work/out" ] || fail "nothing was written"

# Both engines read from a topic that is being written, and are ended half-way, over and over.
interrupt() # SIGNAL ENGINE TIMES HOW
{
    local in=in-$1-$2 out=out-$1-$2 generator pid code
    write_generate "$work/slow.ini" "$in" 10000
    write_job "$work/job.ini" "$in" "$out" "$2" ''
    run_for 60 "$lrhost" topics create "$work/job.ini" >"$work/topics" 2>&1
    expect_code 0 $? "topics create" "$work/topics"
    run_for 120 "$lrhost" -q "$work/slow.ini" >"$work/generate.log" 2>&1 &
    generator=$!
    for turn in $(seq "$3"); do
        "$lrhost" -q "$work/job.ini" >>"$work/log" 2>&1 &
        pid=$!
        wait_until 30 has_records $((records * turn / ($3 + 1))) "$out" ||
            fail "$1 $2: no progress in turn $turn: $(tail -n 3 "$work/log")"
        kill -"$1" $pid
        wait $pid
        code=$?
        [ "$1" = KILL ] || expect_code 0 $code "$2 after SIG$1" "$work/log"
    done
    wait $generator
    expect_code 0 $? "generate" "$work/generate.log"
    write_job "$work/job.ini" "$in" "$out" "$2" "$idle"
    run_for 120 "$lrhost" -q "$work/job.ini" >>"$work/log" 2>&1
    expect_code 0 $? "$2 after SIG$1" "$work/log"
    read_topic "$in" "$work/in"
    read_topic "$out" "$work/out"
    expect_equal $records "$(wc -l <"$work/in")" "records of the generator"
    told=$(python3 "$here/compare.py" "$work/model.json" "$work/in" "$work/out" "$4" 2>&1) ||
        fail "$2 after SIG$1: $told"
    echo "SIG$1 x $3, $2: $told"
}

: >"$work/log"
interrupt TERM streaming 2 once
interrupt TERM microbatch 2 once
interrupt KILL streaming 2 at_least_once
