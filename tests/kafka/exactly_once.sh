#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# exactly_once on a real broker, both engines: complete, in order, bit-equal to Python, dead letters
# in the same transactions; stopped half-way and killed, nothing is lost and nothing twice for a
# reader of committed records. Records that the broker refuses, and positions that are gone.
# The hard attacks are in tests/chaos.
. "$(dirname "$0")/lib.sh"
records=100000
start_broker log.retention.check.interval.ms=500 log.initial.task.delay.ms=500

write_generate "$work/generate.ini" in 100000
for engine in streaming microbatch; do
    write_job "$work/$engine.ini" in "out-$engine" $engine 'guarantee = exactly_once
stop_when_idle = 2s'
    # Small pieces, so that there is something to interrupt.
    [ $engine = streaming ] ||
        sed -i 's/^plugin = microbatch/&\nmax_records_per_trigger = 2000/' "$work/$engine.ini"
    run_for 60 "$lrhost" topics create "$work/$engine.ini" >"$work/topics" 2>&1
    expect_code 0 $? "topics create" "$work/topics"
done
run_for 60 "$lrhost" -q "$work/generate.ini" >"$work/log" 2>&1
expect_code 0 $? "generate" "$work/log"
for n in 1 2 3; do echo "no record $n"; done | kcat -q -b "$KAFKA" -P -t in -p $((RANDOM % 10)) || fail "kcat -P"
read_topic in "$work/all"
grep -v 'no record' "$work/all" >"$work/in"

committed() # TOPIC: how many records a reader of committed records sees
{
    kcat -q -b "$KAFKA" -C -t "$1" -X isolation.level=read_committed -o beginning -e -f '%o\n' \
        2>"$work/kcat.err" | wc -l
}
read_committed() # TOPIC FILE
{
    kcat -q -b "$KAFKA" -C -t "$1" -X isolation.level=read_committed -o beginning -e \
        -f '%p %o %s\n' 2>"$work/kcat.err" | sort -s -n -k1,1 -k2,2 >"$2"
}

for engine in streaming microbatch; do
    # Killed twice at different places of the work, stopped once, then to the end.
    for how in KILL KILL TERM; do
        "$lrhost" -q "$work/$engine.ini" >"$work/log" 2>&1 &
        pid=$!
        before=$(topic_count "out-$engine")
        wait_until 20 has_records $((before + 5000)) "out-$engine" ||
            fail "$engine does not move: $(cat "$work/log")"
        kill -$how "$pid"
        wait "$pid" 2>/dev/null
        code=$?
        [ $how = KILL ] || expect_code 0 $code "SIGTERM" "$work/log"
    done
    run_for 60 "$lrhost" -q "$work/$engine.ini" >"$work/log" 2>&1
    expect_code 0 $? "$engine to the end" "$work/log"
    read_committed "out-$engine" "$work/out"
    told=$(python3 "$here/compare.py" "$work/model.json" "$work/in" "$work/out" complete 2>&1) ||
        fail "$engine: $told"
    expect_equal $records "$(wc -l <"$work/out")" "$engine: committed results"
    echo "$engine: $told; $(topic_count "out-$engine") offsets with aborted copies and marks"
done
expect_equal 6 "$(committed in.dlq)" "committed dead letters, three of each engine"
"$lrhost" -q --set pipeline.stop_when_idle=60s "$work/streaming.ini" >"$work/log" 2>&1 &
pid=$!
sleep 3
kill -TERM "$pid"
wait "$pid"
expect_code 0 $? "SIGTERM while there is nothing to do" "$work/log"
expect_equal $records "$(committed out-streaming)" "results after a run with nothing to do"

# The positions of a group are gone: a sentence, or on with what is left.
python3 "$here/admin.py" "$KAFKA" delete-records in 0 150 || fail "records could not be deleted"
sed -e 's/job-in-streaming/late/' -e 's/lanes = 2/lanes = 1/' "$work/streaming.ini" >"$work/late.ini"
python3 "$here/admin.py" "$KAFKA" store-offset late in 0 100 || fail "the offset could not be stored"
run_for 60 "$lrhost" -q "$work/late.ini" >"$work/log" 2>&1
expect_code 65 $? "positions that are gone" "$work/log"
expect_text "in[0]: 50 records are missing: the group stands at offset 100" "$work/log" "positions that are gone"
run_for 60 "$lrhost" -q --set source.on_lost_offsets=earliest --set sink.topic=out-late "$work/late.ini" >"$work/log" 2>&1
expect_code 69 $? "a topic that is missing" "$work/log"
run_for 60 "$lrhost" topics create --set sink.topic=out-late "$work/late.ini" >"$work/topics" 2>&1
run_for 60 "$lrhost" -q --set source.on_lost_offsets=earliest --set sink.topic=out-late "$work/late.ini" >"$work/log" 2>&1
expect_code 0 $? "on_lost_offsets = earliest" "$work/log"
expect_text "going on at 150 (on_lost_offsets)" "$work/log" "on_lost_offsets = earliest"
# The first of these runs may have written a batch of other partitions before it found the gap.
before=$(($(committed out-streaming) - records))
gone=$(awk '$1 == 0 && $2 < 150 && !/no record/' "$work/all" | wc -l)
expect_equal $((records - gone - before)) "$(committed out-late)" "results of what is left"
echo "exactly once through kills and a stop; dead letters too; lost positions are said or crossed"
