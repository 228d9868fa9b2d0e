#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Starting: a part that fails, at every moment, in one lane of several, beside a second pipeline,
# while the model trains; signals that come before the first record; what the first log line says;
# the exit codes of `lrhost --help`, each once.
. "$(dirname "$0")/lib.sh"
module=$BUILD/tests/plugins/trouble.so
[ -f "$module" ] || skip "$module is not built"

ini() # ini NAME LANES: everything is trouble
{
    cat >"$work/$1.ini" <<INI
[pipeline]
name = $1
lanes = $2
on_bad_record = skip
[source]
plugin = $module
[engine]
plugin = $module
[model]
plugin = $module
[sink]
plugin = $module
[monitor]
plugin = $module
INI
}
ini one 1
ini three 3

# run WHAT CODE SENTENCE FILE... [OPTION...]: ends by itself within 10 s, by CODE, saying SENTENCE
run()
{
    local what=$1 code=$2 sentence=$3
    shift 3
    run_for 10 "$lrhost" "$@" >"$work/out" 2>&1
    expect_code "$code" $? "$what" "$work/out"
    [ -z "$sentence" ] || expect_text "$sentence" "$work/out" "$what"
    grep -q 'used without a start' "$work/out" && { cat "$work/out"; fail "$what: used without a start"; }
    return 0
}

run "nothing fails" 0 "stopped" "$work/one.ini" --set source.count=5 --set source.pause=200ms
for state in starting running stopped; do
    expect_text "state $state" "$work/out" "what the monitor is told"
done
head -n 1 "$work/out" | grep -q 'at_most_once' || { cat "$work/out"; fail "the first line does not say the guarantee"; }

# ---- each part, at each moment, in the second of three lanes ---------------------------------
for moment in create start; do
    for part in source engine sink model monitor; do
        lane=1
        case $part in model | monitor) lane=0 ;; esac
        run "$part fails in $moment" 70 "three.ini: $part 'trouble': trouble as ordered" \
            "$work/three.ini" --set "$part.fail=$moment" --set "$part.lane=$lane" \
            --set pipeline.stop_when_idle=1s
        grep -q 'state stopped' "$work/out" && fail "$part fails in $moment: the monitor hears 'stopped'"
    done
done
run "a model that cannot say its shape" 70 "model 'trouble': trouble" "$work/three.ini" --set model.fail=describe
run "an engine that fails" 70 "engine 'trouble': trouble" "$work/three.ini" --set engine.fail=run --set engine.lane=2
run "a failure without words" 70 "source 'trouble': failed and gave no reason" "$work/one.ini" \
    --set source.fail=start --set source.mute=yes
run "a start that says AGAIN" 70 "source 'trouble': trouble" "$work/one.ini" \
    --set source.fail=start --set source.status=positive

# ---- a lane fails while the model trains, and the other way round ----------------------------
began=$SECONDS
run "a source fails while the model trains" 69 "source 'trouble': trouble as ordered" "$work/three.ini" \
    --set source.fail=start --set source.status=unavailable --set source.lane=2 --set model.pause=60s
run "the model fails while a source connects" 65 "model 'trouble': trouble as ordered" "$work/three.ini" \
    --set model.fail=start --set model.status=data --set source.pause=60s
run "a failed lane ends the others" 70 "engine 'trouble': trouble" "$work/three.ini" --set engine.fail=run \
    --set engine.lane=0
[ $((SECONDS - began)) -lt 30 ] || fail "failures are noticed late"

# begin FILE... [OPTION...]: in the background
begin()
{
    rm -f "$work/out" # or its end would be taken for this one's
    "$lrhost" "$@" >"$work/out" 2>&1 &
    pid=$!
}

# ---- two pipelines -----------------------------------------------------------------------------
cat >"$work/two.ini" <<INI
[pipeline]
name = two
[source]
plugin = $module
fail = \${SECOND:-never}
count = \${COUNT:--1}
[engine]
plugin = $module
[sink]
plugin = $module
INI
for moment in create start; do
    SECOND=$moment run "the second of two fails in $moment" 70 "two.ini: source 'trouble': trouble" "$work/one.ini" "$work/two.ini"
    SECOND=$moment run "the first of two fails in $moment" 70 "two.ini: source 'trouble': trouble" "$work/two.ini" "$work/one.ini"
done
begin "$work/one.ini" "$work/two.ini"
wait_until 10 grep -q "state running" "$work/out" || { cat "$work/out"; fail "two pipelines do not run"; }
kill -TERM "$pid"
wait "$pid"
expect_code 0 $? "two pipelines and SIGTERM" "$work/out"

# One ends by itself, the other goes on until it is told.
COUNT=5 begin "$work/one.ini" "$work/two.ini"
wait_until 10 grep -q "state running" "$work/out" || fail "two pipelines do not run"
sleep 0.3
kill -0 "$pid" || fail "the end of one pipeline ended the other"
kill -TERM "$pid"
wait "$pid"
expect_code 0 $? "one of two ended early" "$work/out"

# ---- signals before the word to go -------------------------------------------------------------
# early WHAT CODE SIGNALS OPTION...: sends them 600 ms apart while it starts
early()
{
    local what=$1 code=$2 signals=$3 signal
    shift 3
    begin "$work/three.ini" "$@"
    wait_until 10 grep -q "at_most_once" "$work/out" || fail "$what: it does not begin"
    sleep 0.2
    for signal in $signals; do
        kill -"$signal" "$pid" 2>/dev/null
        sleep 0.6
    done
    wait_until 5 no_process "$pid" || { cat "$work/out"; fail "$what: it does not end"; }
    wait "$pid" 2>/dev/null
    expect_code "$code" $? "$what" "$work/out"
}
no_process()
{
    ! kill -0 "$1"
}
early "SIGTERM while the model trains" 0 TERM --set model.pause=60s
early "SIGTERM while sources connect" 0 TERM --set source.pause=60s
early "SIGTERM while all start" 0 TERM --set source.pause=60s --set sink.pause=60s --set model.pause=60s
early "two signals while a model trains and looks for none" 137 "TERM INT KILL" --set model.pause=60s --set model.stubborn=yes
early "two signals while a source connects and looks for none" 130 "TERM INT" --set source.pause=60s --set source.stubborn=yes
early "SIGHUP, then SIGTERM, while a model trains" 0 "HUP TERM" --set model.pause=60s
early "SIGHUP, then SIGTERM, while sources connect" 0 "HUP TERM" --set source.pause=60s

# ---- a sink that settles nothing -----------------------------------------------------------------
for limit in 0 500ms; do
    begin "$work/one.ini" --set source.count=5 --set sink.hold=yes --set "pipeline.shutdown_timeout=$limit"
    wait_until 10 grep -q "state running" "$work/out" || fail "it does not run"
    sleep 1
    no_process "$pid" && fail "it ends though a record is not settled"
    kill -TERM "$pid"
    wait_until 5 no_process "$pid" || fail "shutdown_timeout = $limit is not kept"
    expect_text "5 records were not settled" "$work/out" "a sink that settles nothing"
done
run "the longest shutdown_timeout" 0 "" "$work/one.ini" --set source.count=5 --set pipeline.shutdown_timeout=9000000000s

# ---- many lanes, few descriptors and little memory -----------------------------------------------
(ulimit -Sn 64 && run "100 lanes under a low limit" 0 "stopped" "$work/one.ini" --set pipeline.lanes=100 --set source.count=5) || exit 1
(ulimit -n 64 && run "100 lanes under a hard limit" 70 "out of memory or descriptors" "$work/one.ini" \
    --set pipeline.lanes=100 --set pipeline.stop_when_idle=1s) || exit 1
[ -n "$slow" ] || (ulimit -v 600000 && run "large batches and little memory" 70 "out of memory" "$work/one.ini" \
    --set pipeline.max_batch=1048576 --set pipeline.stop_when_idle=1s) || exit 1

# ---- exit codes ------------------------------------------------------------------------------------
for row in config:78 data:65 unavailable:69 internal:70 memory:70 fenced:75 untrusted:77 usage:64; do
    run "exit code of ${row%:*}" "${row#*:}" "trouble as ordered" "$work/one.ini" \
        --set source.fail=start --set "source.status=${row%:*}"
done
cp "$module" "$work/trouble.so" && chmod o+w "$work/trouble.so"
sed "s|^plugin = .*|plugin = ./trouble.so|" "$work/one.ini" >"$work/untrusted.ini"
run "a module that anyone can write" 77 "chmod" "$work/untrusted.ini"
run "check of a module that anyone can write" 77 "chmod" check "$work/untrusted.ini"
echo "start: every failure is one sentence and its exit code"
