#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Two processes of one name on a host: the second is refused and told who the first is; another
# instance, another group and, after a kill, the same name again are not. No broker is needed: the
# name is taken before one is asked.
. "$(dirname "$0")/lib.sh"

cat >"$work/job.ini" <<INI
[pipeline]
name = identity-$$
instance = one
on_bad_record = skip
[kafka]
kafka.bootstrap.servers = 127.0.0.1:1
[source]
plugin = kafka
topic = in
kafka.group.id = g
[sink]
plugin = null
INI

start() # LOG [ARGUMENT...]: sets pid
{
    local log=$1
    shift
    "$lrhost" "$@" "$work/job.ini" >"$log" 2>&1 &
    pid=$!
    wait_until 5 grep -q 'source kafka' "$log" || fail "it did not start: $(cat "$log")"
    sleep 0.2
}

start "$work/first.log"
first=$pid
wait_until 5 grep -q "^pid=$first\$" "$work/lrhost/identity-$$.one.state" || fail "no state file of the first"
kill -STOP "$first"
run_for 20 "$lrhost" "$work/job.ini" >"$work/second.log" 2>&1
expect_code 75 $? "a second process of the same name" "$work/second.log"
expect_text "pid=$first" "$work/lrhost/identity-$$.one.state" "the first one's state file after that"
kill -CONT "$first"
expect_text "process $first on this host is instance 'one' of pipeline 'identity-$$' already" \
    "$work/second.log" "a second process of the same name"
start "$work/third.log" --set pipeline.instance=two
kill -0 "$pid" || fail "another instance was refused: $(cat "$work/third.log")"
start "$work/fourth.log" --set source.kafka.group.id=other
kill -0 "$pid" || fail "another group was refused: $(cat "$work/fourth.log")"
kill -KILL "$first"
wait "$first" 2>/dev/null
start "$work/fifth.log"
kill -0 "$pid" || fail "after a kill the name is still taken: $(cat "$work/fifth.log")"

# The longest name that a host can have is one.
longest=$(printf 'h%.0s' {1..64})
if unshare --uts true 2>/dev/null; then
    sed '/^instance/d' "$work/job.ini" >"$work/host.ini"
    unshare --uts sh -c "echo $longest >/proc/sys/kernel/hostname; '$lrhost' status '$work/host.ini'" >"$work/out" 2>&1
    expect_text "identity-$$ ($longest): not running" "$work/out" "a host's name of 64 bytes"
fi

# A process that dies of a defect says so (a sanitizer has its own way to).
if [ -z "$slow" ]; then
    kill -SEGV "$pid"
    wait "$pid" 2>/dev/null
    expect_code 139 $? "SIGSEGV" "$work/fifth.log"
    expect_text "ended by SIGSEGV, a defect of lrhost" "$work/fifth.log" "SIGSEGV"
fi
echo "refused by name, and only then; a crash is said"
