#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Calls of a plugin that do not come back hold up no stop: when all work is done the process ends
# well without them, else it ends by force with a code that a supervisor restarts.
. "$(dirname "$0")/lib.sh"
module=$BUILD/tests/plugins/trouble.so

# begin NAME PART WHERE: sets pid; its parts are trouble, one of them stuck
begin()
{
    cat >"$work/$1.ini" <<INI
[pipeline]
name = $1
shutdown_timeout = 1s
on_bad_record = skip
[source]
plugin = $module
[engine]
plugin = $module
[sink]
plugin = $module
[monitor]
plugin = $module
INI
    "$lrhost" --set "$2.stuck=$3" "$work/$1.ini" >"$work/$1.log" 2>&1 &
    pid=$!
    wait_until 10 grep -q 'state running' "$work/$1.log" || { cat "$work/$1.log"; fail "$1 does not run"; }
    kill -TERM "$pid"
}
begin clients sink stop
clients=$pid
begin work source poll
sed 's/^name = .*/name = fails/' "$work/clients.ini" >"$work/fails.ini"
"$lrhost" --set sink.stuck=stop --set engine.fail=run "$work/fails.ini" >"$work/fails.log" 2>&1 &
fails=$!
wait "$clients"
expect_code 0 $? "a client that does not end" "$work/clients.log"
expect_text "all is settled and committed, but a client library does not end" "$work/clients.log" "clients"
expect_text "state stopped" "$work/clients.log" "what the monitor is told"
wait "$pid"
expect_code 75 $? "a lane that does not end" "$work/work.log"
expect_text "ending at once; what is not committed is read again" "$work/work.log" "a lane that does not end"

# Why it had to stop is said, though nobody comes back to tell.
wait "$fails"
expect_code 75 $? "a failure and a client that does not end" "$work/fails.log"
expect_text "engine 'trouble': trouble as ordered" "$work/fails.log" "a failure and a client that does not end"
echo "a stop ends, whatever is stuck"
