#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Generator, job and listener over the embedded broker, under each engine: what went in comes
# out, once each, and the listener's report is made of what it saw. One lane: the test broker stores
# no positions while a group deals its partitions out (Apache Kafka does), so a second member that
# joins late would double records; several lanes are tested on a real broker.
. "$(dirname "$0")/lib.sh"
records=30000

run_under() # ENGINE, in a folder of its own
{
    local engine=$1 folder=$work/$1 report
    mkdir "$folder"
    cat >"$folder/generate.ini" <<INI
[pipeline]
name = generate
[kafka]
kafka.bootstrap.servers = embedded
[source]
plugin = generator
features = 12
seed = 3
count = $records
rate = 10000
[codec]
plugin = text
[engine]
plugin = streaming
[sink]
plugin = kafka
topic = topic1
partitions = 10
INI
    cat >"$folder/job.ini" <<INI
[pipeline]
name = job
stop_when_idle = 1s
[kafka]
kafka.bootstrap.servers = embedded
partitions = 10
[source]
plugin = kafka
topic = topic1
start = earliest
kafka.group.id = job-$engine
[codec]
plugin = text
[engine]
plugin = $engine
[model]
plugin = linreg
features = 12
train_records = 20000
seed = 42
[sink]
plugin = kafka
topic = topic2
[dead_letter]
plugin = kafka
topic = topic1.dlq
INI
    cat >"$folder/listen.ini" <<INI
[pipeline]
name = listen
on_bad_record = fail
stop_when_idle = 6s
[kafka]
kafka.bootstrap.servers = embedded
partitions = 10
[source]
plugin = kafka
topic = topic2
start = earliest
kafka.group.id = listen-$engine
[codec]
plugin = text
columns = features, label, prediction, t1
[engine]
plugin = streaming
[sink]
plugin = report
output = $folder/report-$engine.json
INI
    run_for 60 "$lrhost" "$folder/generate.ini" "$folder/job.ini" "$folder/listen.ini" \
        >"$folder/out" 2>"$folder/err"
    expect_code 0 $? "$engine" "$folder/err"
    report=$folder/report-$engine.json
    [ -f "$report" ] || fail "no report"
    expect_equal "$records" "$(json_value records "$report")" "$engine: records"
    awk -v r2="$(json_value r2 "$report")" 'BEGIN { exit !(r2 > 0.99 && r2 <= 1) }' ||
        fail "$engine: R2 is $(json_value r2 "$report")"
}

# Both at once: each spends most of its time in waiting for its groups.
run_under streaming >"$work/streaming.log" 2>&1 &
first=$!
run_under microbatch
wait "$first" || { cat "$work/streaming.log"; exit 1; }
