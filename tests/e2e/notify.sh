#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What a service manager and `lrhost status` are told: READY, STATUS, STOPPING; a watchdog that is
# fed as long as every lane turns, sleeping ones included, and not when one is stuck.
. "$(dirname "$0")/lib.sh"
module=$BUILD/tests/plugins/trouble.so
watchdog=400000 # us

# listen SOCKET: sets ear and $said, the file of what was heard
listen()
{
    said=$work/said.$((n = ${n:-0} + 1))
    "$BUILD/tests/e2e/listener" "$1" >"$said" &
    ear=$!
    wait_until 5 grep -q listening "$said" || fail "nobody listens at $1"
}

heard() # TEXT: so often
{
    grep -cF -- "$1" "$said"
}

heard_more() # TEXT COUNT
{
    [ "$(heard "$1")" -gt "$2" ]
}

# pipeline NAME SOURCE_COUNT STUCK: a sink that gets stuck, or none
pipeline()
{
    cat >"$work/$1.ini" <<INI
[pipeline]
name = $1
instance = here
shutdown_timeout = 1s
on_bad_record = skip
[source]
plugin = $module
count = $2
[engine]
plugin = streaming
[sink]
plugin = $module
stuck = $3
INI
}

# ---- in order, by a path and by an abstract name; the source has no records and does not end
pipeline idle -1 never
for socket in "$work/notify" "@lrhost-test-$$"; do
    listen "$socket"
    NOTIFY_SOCKET=$socket WATCHDOG_USEC=$watchdog "$lrhost" "$work/idle.ini" 2>"$work/err" &
    pid=$!
    wait_until 5 grep -q READY=1 "$said" || fail "$socket: no READY"
    wait_until 5 heard_more WATCHDOG=1 5 || fail "$socket: an idle pipeline does not feed the watchdog"
    expect_equal 1 "$(heard READY=1)" "READY is said once"
    kill -HUP "$pid"
    wait_until 5 grep -q 'RELOADING=1|MONOTONIC_USEC=' "$said" || fail "$socket: no RELOADING"
    wait_until 5 heard_more READY=1 1 || fail "$socket: no READY after a reload"
    kill -TERM "$pid"
    wait "$pid"
    expect_code 0 $? "$socket: a stop" "$work/err"
    wait_until 5 grep -q STOPPING=1 "$said" || fail "$socket: no STOPPING"
    expect_text "STATUS=running: 0 records/s, lag " "$said" "$socket: status"
    expect_equal "READY=1 STOPPING=1" \
        "$(sed -n 's/^[0-9]* \(READY=1\|STOPPING=1\)$/\1/p' "$said" | uniq | paste -sd' ')" "$socket: order"
    kill "$ear"
done

# A watchdog that is another process's, and a socket that nobody has: no harm.
listen "$work/other"
NOTIFY_SOCKET=$work/other WATCHDOG_USEC=$watchdog WATCHDOG_PID=1 run_for 10 \
    "$lrhost" --set source.count=10 "$work/idle.ini" 2>"$work/err"
expect_code 0 $? "a short run" "$work/err"
wait_until 5 grep -q READY=1 "$said" || fail "a short run: no READY"
expect_equal "1 0" "$(heard READY=1) $(heard WATCHDOG=1)" "a short run says READY, and feeds not another's"
kill "$ear"
NOTIFY_SOCKET=$work/nobody run_for 10 "$lrhost" --set source.count=10 "$work/idle.ini" 2>"$work/err"
expect_code 0 $? "no one listens" "$work/err"

# A watchdog that nobody can please is no reason to spin.
listen "$work/hasty"
NOTIFY_SOCKET=$work/hasty WATCHDOG_USEC=1 "$lrhost" "$work/idle.ini" 2>"$work/err" &
pid=$!
wait_until 5 heard_more WATCHDOG=1 20 || fail "a hasty watchdog is not fed"
fed=$(heard WATCHDOG=1)
sleep 1
[ "$(heard WATCHDOG=1)" -lt $((fed + 150)) ] || fail "a hasty watchdog is fed $(heard WATCHDOG=1) times a second"
kill -TERM "$pid"
wait "$pid"
kill "$ear"

# ---- ready is who knows what to read, and not who may begin to ask
listen "$work/joining"
NOTIFY_SOCKET=$work/joining "$lrhost" --set source.join=3s "$work/idle.ini" 2>"$work/err" &
pid=$!
wait_until 5 heard_more STATUS=starting 5 || fail "a source that joins: no STATUS"
expect_equal 0 "$(heard READY=1)" "READY while a source joins"
wait_until 5 grep -q READY=1 "$said" || fail "a source that has joined: no READY"
kill -TERM "$pid"
wait "$pid"
kill "$ear"

# ---- a run that fails to start is not ready
listen "$work/failing"
NOTIFY_SOCKET=$work/failing run_for 10 "$lrhost" --set sink.fail=start --set sink.status=unavailable \
    "$work/idle.ini" 2>"$work/err"
expect_code 69 $? "a start that fails" "$work/err"
expect_equal 0 "$(heard READY=1)" "READY of a start that fails"
kill "$ear"

# ---- one lane of two is stuck in its sink: the watchdog starves, and status says so in time
pipeline stuck 1000 write
listen "$work/stuck.socket"
NOTIFY_SOCKET=$work/stuck.socket WATCHDOG_USEC=$watchdog "$lrhost" "$work/stuck.ini" 2>"$work/err" &
pid=$!
wait_until 5 grep -q '^stalled_seconds=[1-9]' "$work/lrhost/stuck.here.state" ||
    fail "the state file does not know that the lane is stuck"
fed=$(heard WATCHDOG=1)
sleep 1
expect_equal "$fed" "$(heard WATCHDOG=1)" "meals of a watchdog while a lane is stuck"
kill -KILL "$pid"
wait "$pid" 2>/dev/null
kill "$ear"

# ---- status: running, silent for too long, gone
"$lrhost" status "$work/idle.ini" >"$work/out" 2>&1
expect_code 69 $? "status of what does not run" "$work/out"
expect_text "idle (here): not running: no state file in $work/lrhost" "$work/out" "status"
# A variable that only the service knows matters in a name, and nowhere else.
sed 's/^shutdown_timeout = .*/shutdown_timeout = ${UNKNOWN}/' "$work/idle.ini" >"$work/variable.ini"
"$lrhost" status "$work/variable.ini" >"$work/out" 2>&1
expect_code 69 $? "status without a variable that does not matter" "$work/out"
sed 's/^instance = .*/instance = ${UNKNOWN}/' "$work/idle.ini" >"$work/variable.ini"
"$lrhost" status "$work/variable.ini" >"$work/out" 2>&1
expect_code 78 $? "status without the variable of a name" "$work/out"
expect_text "variable.ini:3: [pipeline] 'instance': the environment variable UNKNOWN is not set" "$work/out" \
    "status without the variable of a name"
"$lrhost" status "$work/idle.ini" "$work/stuck.ini" "$work/idle.ini" >"$work/out" 2>&1
expect_equal 2 "$(grep -c '/idle.ini: idle (here): not running: no state file' "$work/out")" "lines on what does not run"
"$lrhost" "$work/idle.ini" 2>"$work/err" &
pid=$!
wait_until 5 "$lrhost" status "$work/idle.ini" || { cat "$work/err"; fail "status never says it runs"; }
"$lrhost" status "$work/idle.ini" >"$work/out"
expect_text "idle (here): running; 0 records/s, lag " "$work/out" "status"
"$lrhost" status --json "$work/idle.ini" >"$work/out"
expect_text '"state": "running", "pid": '"$pid," "$work/out" "status --json"
# Two files: the one that does not run decides.
sed "s/= idle/= other/" "$work/idle.ini" >"$work/other.ini"
"$lrhost" status "$work/idle.ini" "$work/other.ini" >"$work/out" 2>&1
expect_code 69 $? "status of two" "$work/out"
kill -STOP "$pid"
sed -i 's/^updated=.*/updated=1000000000.000/' "$work/lrhost/idle.here.state"
"$lrhost" status "$work/idle.ini" >"$work/out"
expect_code 69 $? "status of a process that stands still" "$work/out"
expect_text "not running: its last word is" "$work/out" "status of a process that stands still"
kill -CONT "$pid"
wait_until 5 "$lrhost" status "$work/idle.ini" || fail "status does not see that it goes on"
kill -TERM "$pid"
wait "$pid"
[ ! -e "$work/lrhost/idle.here.state" ] || fail "the state file stays after an orderly end"
# A stuck lane is no health either.
sed 's/^stalled_seconds=.*/stalled_seconds=31.0/; s/^pipeline=stuck/pipeline=idle/; s/^updated=.*/updated='"$(date +%s)"'.0/' \
    "$work/lrhost/stuck.here.state" >"$work/lrhost/idle.here.state"
"$lrhost" status "$work/idle.ini" >"$work/out"
expect_code 69 $? "status of a stuck lane" "$work/out"
expect_text "stuck: a lane has not turned for 31 s" "$work/out" "status of a stuck lane"
rm "$work/lrhost/"*

# ---- a service's may be for root and itself
if [ "$(id -u)" -ne 0 ]; then
    printf 'state=running\nupdated=%s.0\n' "$(date +%s)" >"$work/lrhost/idle.here.state"
    chmod 000 "$work/lrhost/idle.here.state"
    "$lrhost" status "$work/idle.ini" >"$work/out" 2>&1
    expect_code 69 $? "status of what may not be read" "$work/out"
    expect_text "idle.here.state is not for this user to read" "$work/out" "status of what may not be read"
    rm "$work/lrhost/"*
fi

# ---- in the place of a state file: what would be waited for, or read, without an end
mkfifo "$work/lrhost/idle.here.state"
run_for 10 "$lrhost" status "$work/idle.ini" >"$work/out" 2>&1
expect_code 69 $? "status of a pipe" "$work/out"
rm "$work/lrhost/idle.here.state"
printf 'pipeline=idle\ninstance=\033[2Jhere\nstate=running\nupdated=%s.0\n' "$(date +%s)" >"$work/lrhost/idle.here.state"
"$lrhost" status "$work/idle.ini" >"$work/out"
expect_text 'idle (\u001b[2Jhere): running;' "$work/out" "what steers a terminal"
ln -sf /dev/zero "$work/lrhost/idle.here.state"
run_for 10 "$lrhost" status "$work/idle.ini" >"$work/out" 2>&1
expect_code 69 $? "status of a device" "$work/out"
rm "$work/lrhost/"*

# ---- of two pipelines in a process one comes to its end; the other one stays well
sed 's/= idle/= short/; s/^count = .*/count = 10/' "$work/idle.ini" >"$work/short.ini"
"$lrhost" "$work/idle.ini" "$work/short.ini" 2>"$work/err" &
pid=$!
wait_until 5 grep -q '^state=stopped' "$work/lrhost/short.here.state" ||
    { cat "$work/err"; fail "a pipeline at its end still says that it runs"; }
"$lrhost" status "$work/short.ini" >"$work/out"
expect_code 69 $? "status of a pipeline at its end" "$work/out"
expect_text "short (here): stopped;" "$work/out" "status of a pipeline at its end"
wait_until 5 "$lrhost" status "$work/idle.ini" ||
    fail "the one that goes on is not well: $("$lrhost" status "$work/idle.ini")"
kill -TERM "$pid"
wait "$pid"
expect_code 0 $? "a stop of the one that goes on" "$work/err"

# ---- what cannot be written for a while (a folder stands in its way) is written afterwards
"$lrhost" "$work/idle.ini" 2>"$work/err" &
pid=$!
wait_until 5 "$lrhost" status "$work/idle.ini" || fail "status never says it runs"
until mkdir "$work/lrhost/idle.here.state.new" 2>/dev/null; do :; done
wait_until 5 grep -q '`lrhost status` does not see this run for now' "$work/err" ||
    { cat "$work/err"; fail "a state file that cannot be written is no line in the log"; }
sed -i 's/^updated=.*/updated=1000000000.000/' "$work/lrhost/idle.here.state"
rmdir "$work/lrhost/idle.here.state.new"
wait_until 5 "$lrhost" status "$work/idle.ini" || { cat "$work/err"; fail "the state file is given up"; }
expect_text "the state file is written again" "$work/err" "a state file that can be written again"
kill -TERM "$pid"
wait "$pid"

# ---- names that a file cannot have, and long ones that begin alike, are told apart
long=$(printf '%0100d' 0)
i=0
for name in a/b a_b "${long}1" "${long}2"; do
    i=$((i + 1))
    sed "s|= idle|= $name|" "$work/idle.ini" >"$work/name.$i.ini"
done
"$lrhost" "$work"/name.[1-4].ini 2>"$work/err" &
pid=$!
wait_until 5 "$lrhost" status "$work"/name.[1-4].ini || { cat "$work/err"; fail "not all of them run"; }
"$lrhost" status "$work"/name.[1-4].ini | cut -d' ' -f1 >"$work/out"
expect_equal "a/b a_b ${long}1 ${long}2" "$(paste -sd' ' "$work/out")" "names that are much alike"
kill -TERM "$pid"
wait "$pid"

# ---- a folder that others can write to holds no state file; the run goes on without
chmod 777 "$work/lrhost"
run_for 10 "$lrhost" --set source.count=10 "$work/idle.ini" 2>"$work/err"
expect_code 0 $? "a folder that others can write to" "$work/err"
expect_text "is not a folder that only we can write to" "$work/err" "a folder that others can write to"
expect_equal "" "$(ls "$work/lrhost")" "files in it"
printf 'pipeline=idle\ninstance=here\nstate=running\nupdated=%s.0\n' "$(date +%s)" >"$work/lrhost/idle.here.state"
"$lrhost" status "$work/idle.ini" >"$work/out" 2>&1
expect_code 69 $? "status by a file that anybody may have written" "$work/out"
echo "a manager and status are told the truth"
