#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What goes wrong with brokers, topics and logins ends in a bounded time, with a sentence that a
# person understands and the exit code that tells a supervisor what to do.
. "$(dirname "$0")/lib.sh"
start_broker log.retention.check.interval.ms=500 log.initial.task.delay.ms=500

write_job() # FILE SERVERS [LINE...]: the lines go into [kafka]
{
    local file=$1 servers=$2
    shift 2
    {
        cat <<INI
[pipeline]
name = job
[kafka]
kafka.bootstrap.servers = $servers
connect_timeout = 6s
INI
        printf '%s\n' "$@"
        cat <<INI
[source]
plugin = kafka
topic = orders
kafka.group.id = group
[engine]
plugin = streaming
[sink]
plugin = kafka
topic = scored
INI
    } >"$file"
}

# refuses CODE TEXT WHAT: runs job.ini, which must end by itself
refuses()
{
    run_for 20 "$lrhost" -q "$work/job.ini" >"$work/log" 2>&1
    expect_code "$1" $? "$3" "$work/log"
    expect_text "$2" "$work/log" "$3"
    ! grep -q hunter2 "$work/log" || fail "$3: a password is in the log"
}

write_job "$work/job.ini" 127.0.0.1:1
refuses 69 "no broker of '127.0.0.1:1' answered within 6 s" "unreachable broker"

write_job "$work/job.ini" no-such-host.invalid:9092
refuses 69 "no broker of 'no-such-host.invalid:9092' answered within 6 s" "unknown host"

write_job "$work/job.ini" "$KAFKA"
refuses 69 "topic 'orders' does not exist" "missing topic"
expect_text 'lrhost topics create FILE' "$work/log" "missing topic"

if [ -n "$KAFKA_SASL" ]; then
    printf 'hunter2\n' >"$work/password"
    login=('kafka.security.protocol = sasl_plaintext' 'kafka.sasl.mechanisms = PLAIN'
        'kafka.sasl.username = lrhost')
    write_job "$work/job.ini" "$KAFKA_SASL" "${login[@]}" "kafka.sasl.password = file:$work/password"
    refuses 69 "refused the login" "wrong password"
    write_job "$work/job.ini" "$KAFKA_SASL"
    refuses 69 "no broker of '$KAFKA_SASL' answered" "no login where one is wanted"
    printf 'secret\n' >"$work/password"
    write_job "$work/job.ini" "$KAFKA_SASL" "${login[@]}" "kafka.sasl.password = file:$work/password"
    refuses 69 "topic 'orders' does not exist" "a login that is accepted"
    write_job "$work/job.ini" "$KAFKA_SASL" "${login[@]}" 'kafka.sasl.password = hunter2'
    run_for 20 "$lrhost" check "$work/job.ini" >"$work/log" 2>&1
    expect_code 0 $? "a secret in the file" "$work/log"
    expect_text 'write file:PATH or env:NAME' "$work/log" "a secret in the file"
fi

# Topics: created once, created again, listed, deleted, deleted again.
write_job "$work/job.ini" "$KAFKA" 'partitions = 3'
topics() # VERB TEXT
{
    run_for 20 "$lrhost" topics "$1" "$work/job.ini" >"$work/log" 2>&1
    expect_code 0 $? "topics $1" "$work/log"
    expect_text "$2" "$work/log" "topics $1"
}
topics list "topic 'orders' does not exist"
topics create "topic 'orders' made, 3 partitions"
topics create "topic 'orders' exists, 3 partitions"
topics list "topic 'scored' exists, 3 partitions"
topics delete "topic 'orders' deleted"
topics delete "topic 'orders' does not exist"
topics create "topic 'orders' made, 3 partitions"

# Records that are gone: the group stands where the topic no longer begins.
send() # COUNT
{
    seq "$1" | kcat -q -b "$KAFKA" -P -t orders -p 0 || fail "kcat -P"
}
send 100
cat >>"$work/job.ini" <<INI
[monitor]
plugin = console
INI
sed -i 's/^name = job/name = job\nstop_when_idle = 1s/' "$work/job.ini"
run_for 30 "$lrhost" -q "$work/job.ini" >"$work/log" 2>&1
expect_code 0 $? "a first run" "$work/log"
expect_equal 100 "$(topic_count scored)" "results of the first run"
send 50
python3 "$here/admin.py" "$KAFKA" delete-records orders 0 130 || fail "records could not be deleted"
refuses 65 "orders[0]: 30 records are missing: the group stands at offset 100" "records are gone"
expect_text "on_lost_offsets = earliest" "$work/log" "records are gone"
run_for 30 "$lrhost" -q --set source.rewind=earliest "$work/job.ini" >"$work/log" 2>&1
expect_code 0 $? "after a rewind" "$work/log"
expect_equal 120 "$(topic_count scored)" "results after the rewind"

# The topic of results goes away under a running pipeline.
sed -i '/^stop_when_idle/d' "$work/job.ini"
run_for 120 "$lrhost" -q "$work/job.ini" >"$work/log" 2>&1 &
pid=$!
send 10
wait_until 20 has_records 130 scored || fail "no results before the topic went away"
sed 's/^topic = orders/topic = scored/' "$work/job.ini" >"$work/only.ini"
run_for 20 "$lrhost" topics delete "$work/only.ini" >"$work/topics" 2>&1
expect_code 0 $? "topics delete" "$work/topics"
for _ in $(seq 150); do
    send 1
    kill -0 $pid 2>/dev/null || break
    sleep 0.2
done
wait $pid
expect_code 69 $? "the topic of results is gone" "$work/log"
expect_text "topic 'scored' does not exist" "$work/log" "the topic of results is gone"
echo "unreachable, unknown host, missing topic, logins, topics, retention, a topic that goes: all said"
