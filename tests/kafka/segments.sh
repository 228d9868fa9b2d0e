#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Exactly once from Kafka to segments: three lanes whose partitions move between them, killed and
# started again. Each partition's segments together are the partition, byte for byte, in order,
# without a gap in their names; dead letters lie in segments of their own.
. "$(dirname "$0")/lib.sh"
records=60000
kills=6
start_broker group.initial.rebalance.delay.ms=0

write_generate "$work/generate.ini" in 1000000
cat >"$work/job.ini" <<INI
[pipeline]
name = job
lanes = 3
guarantee = exactly_once
stop_when_idle = 2s
[kafka]
kafka.bootstrap.servers = \${KAFKA}
partitions = 10
[source]
plugin = kafka
topic = in
start = earliest
kafka.group.id = job
kafka.session.timeout.ms = 6000
[codec]
plugin = text
append = none
[engine]
plugin = streaming
max_batch = 10
commit_interval = 0
[model]
plugin = linreg
features = 12
[sink]
plugin = file
mode = segments
path = out
[dead_letter]
plugin = file
mode = segments
path = dead
INI
run_for 60 "$lrhost" topics create "$work/job.ini" >"$work/topics" 2>&1
expect_code 0 $? "topics create" "$work/topics"
run_for 60 "$lrhost" -q "$work/generate.ini" >"$work/log" 2>&1
expect_code 0 $? "generate" "$work/log"
for n in $(seq 40); do echo "no record $n"; done | kcat -q -b "$KAFKA" -P -t in -p 3 || fail "kcat -P"
read_topic in "$work/all"

segments() # how many there are
{
    find "$work/out" -name '*.txt' 2>/dev/null | wc -l
}
has_more()
{
    [ "$(segments)" -gt "$1" ]
}
for kill in $(seq "$kills"); do
    before=$(segments)
    "$lrhost" "$work/job.ini" >"$work/log" 2>&1 &
    pid=$!
    # Not before it has moved, and then at once or while lanes still join.
    wait_until 40 has_more $((before + RANDOM % 200)) || { cat "$work/log"; fail "run $kill does not move"; }
    sleep "0.$((RANDOM % 3))"
    kill -KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
done
killed=$(segments)
run_for 120 "$lrhost" "$work/job.ini" >"$work/log" 2>&1
expect_code 0 $? "the last run" "$work/log"

# Offsets of a partition without transactions have no gaps, so neither have names and lines.
join() # FOLDER PARTITION
{
    local name range at=0
    for name in "$work/$1/in-$2".*.txt; do
        [ -e "$name" ] || continue
        range=${name%.txt} range=${range##*.}
        [ $((10#${range%-*})) -eq "$at" ] || [ "$1" = dead ] || fail "$name does not begin at $at"
        at=$((10#${range#*-}))
        cat "$name"
    done
}
for p in 0 1 2 3 4 5 6 7 8 9; do
    join out $p >"$work/joined" || exit 1
    sed -n "s/^$p [0-9]* //p" "$work/all" | grep -v 'no record' >"$work/expected"
    expect_same_file "$work/expected" "$work/joined" "partition $p"
done
join dead 3 >"$work/joined"
seq -f 'no record %.0f' 40 >"$work/expected"
expect_same_file "$work/expected" "$work/joined" "dead letters"
[ "$(segments)" -gt "$killed" ] || echo "(all was done before the last run)"
echo "$kills kills, $(segments) segments of 10 partitions in 3 lanes: each record once"
