#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Generator, job and listener over the embedded broker, under each engine: what went in comes
# out, once each, and the listener's report is made of what it saw.
. "$(dirname "$0")/lib.sh"
records=30000

for engine in streaming microbatch; do
    cat >"$work/generate.ini" <<INI
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
    cat >"$work/job.ini" <<INI
[pipeline]
name = job
lanes = 2
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
    cat >"$work/listen.ini" <<INI
[pipeline]
name = listen
on_bad_record = fail
stop_when_idle = 2s
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
output = $work/report-$engine.json
INI
    run_for 60 "$lrhost" "$work/generate.ini" "$work/job.ini" "$work/listen.ini" \
        >"$work/out" 2>"$work/err"
    expect_code 0 $? "$engine" "$work/err"
    report=$work/report-$engine.json
    [ -f "$report" ] || fail "no report"
    expect_equal "$records" "$(json_value records "$report")" "$engine: records"
    awk -v r2="$(json_value r2 "$report")" 'BEGIN { exit !(r2 > 0.99 && r2 <= 1) }' ||
        fail "$engine: R2 is $(json_value r2 "$report")"
done
