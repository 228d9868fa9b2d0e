#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# start = latest is for what was there when the group began. Two members begin it together; later
# a partition is added while they run, another one while nobody does, and records lie in it before
# anybody comes: those are read from the first one. What lay there before the group is not.
. "$(dirname "$0")/lib.sh"
pids=()
records=0
# shellcheck disable=SC2119 # no properties of its own
start_broker

cat >"$work/job.ini" <<INI
[pipeline]
name = latest
[kafka]
kafka.bootstrap.servers = \${KAFKA}
partitions = 4
# New partitions are found by asking.
kafka.topic.metadata.refresh.interval.ms = 1000
[source]
plugin = kafka
topic = in
start = latest
kafka.group.id = latest
[engine]
plugin = streaming
[sink]
plugin = kafka
topic = out
partition = sticky
INI
run_for 60 "$lrhost" topics create "$work/job.ini" >"$work/topics" 2>&1
expect_code 0 $? "topics create" "$work/topics"

send() # PARTITION TEXT...
{
    local partition=$1
    shift
    printf '%s\n' "$@" | kcat -q -b "$KAFKA" -P -t in -p "$partition" || fail "kcat -P"
    records=$((records + $#))
}
members()
{
    for name in one two; do
        "$lrhost" --set pipeline.instance=$name "$work/job.ini" >>"$work/$name.log" 2>&1 &
        pids+=("$!")
    done
    for name in one two; do
        wait_until 30 grep -q "group 'latest' reads" "$work/$name.log" || fail "$(cat "$work/$name.log")"
    done
}
finish()
{
    local pid
    for pid in "${pids[@]}"; do
        kill -TERM "$pid" && wait "$pid"
        expect_code 0 $? "SIGTERM" "$work/one.log"
    done
    pids=()
}
arrived()
{
    [ "$(topic_count out)" -ge "$records" ]
}

for p in 0 1 2 3; do send $p "old $p"; done
records=0
members
sleep 3 # the second joins, partitions move
for p in 0 1 2 3; do send $p "a $p" "b $p"; done
wait_until 30 arrived || fail "$(topic_count out) of $records: $(cat "$work"/*.log)"

python3 "$here/admin.py" "$KAFKA" partitions in 5 || fail "no fifth partition"
wait_until 20 send 4 "first of five" || fail "no fifth partition"
send 4 "second of five"
wait_until 40 arrived || fail "a partition added under way: $(topic_count out) of $records: $(cat "$work"/*.log)"
finish

python3 "$here/admin.py" "$KAFKA" partitions in 6 || fail "no sixth partition"
sleep 1
send 5 "first of six" "second of six"
: >"$work/one.log" && : >"$work/two.log"
members
send 5 "third of six"
wait_until 40 arrived || fail "a partition added meanwhile: $(topic_count out) of $records: $(cat "$work"/*.log)"
finish
read_topic out "$work/out"
expect_equal "$records" "$(cut -d ' ' -f 3- "$work/out" | sort -u | wc -l)" "different results"
! grep -q ' old ' "$work/out" || fail "what lay there before the group was read"
echo "$records records after the group began, in 6 partitions of which 2 came later: all read"
