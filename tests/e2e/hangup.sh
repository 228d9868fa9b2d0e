#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# SIGHUP: a terminal that goes away drains, anything else reloads; under nohup the terminal may go.
# What a reload does with a broken file, a file from standard input, a changed shape, a pipeline
# without a model, and one that is about to stop.
. "$(dirname "$0")/lib.sh"

cat >"$work/job.ini" <<INI
[pipeline]
name = job
on_bad_record = skip
[source]
plugin = generator
features = 3
rate = 500
[model]
plugin = linreg
features = 3
train_records = 1000
[sink]
plugin = file
path = out.txt
INI
sed -e '/^\[model\]/,/^train/d' "$work/job.ini" >"$work/bare.ini"

no_process()
{
    ! kill -0 "$1" 2>/dev/null
}
said()
{
    wait_until 10 grep -qF -- "$1" "$work/err" && return
    cat "$work/err"
    fail "$2: no '$1' in the above"
}
begin() # begin COMMAND...: in the background, and running
{
    rm -f "$work/out.txt" "$work/err"
    "$@" 2>"$work/err" &
    pid=$!
    wait_until 10 has_lines 10 "$work/out.txt" || { cat "$work/err"; fail "$1 writes nothing"; }
}
end() # end WHAT: by SIGTERM
{
    kill -TERM "$pid"
    wait "$pid"
    expect_code 0 $? "$1" "$work/err"
}

# ---- reload without a terminal -----------------------------------------------------------------
begin setsid "$lrhost" "$work/job.ini"
kill -HUP "$pid"
said "reloaded: " "a reload"
sed -i.good 's/^plugin = linreg/plugin = linrge/' "$work/job.ini"
kill -HUP "$pid"
said "job.ini:9: [model] no module 'linrge'" "a broken file"
said "what runs stays as it is" "a broken file"
sed '/^\[model\]/,/^train/d' "$work/job.ini.good" >"$work/job.ini"
kill -HUP "$pid"
said "a model cannot be added or removed" "a file without its model"
rm "$work/job.ini"
kill -HUP "$pid"
wait_until 10 eval '[ "$(grep -c "what runs stays" "$work/err")" -eq 2 ]' || fail "a file that is gone"
mv "$work/job.ini.good" "$work/job.ini"
lines=$(wc -l <"$work/out.txt")
wait_until 10 has_lines $((lines + 50)) "$work/out.txt" || fail "after all this, it does not go on"
end "after reloads"

begin setsid "$lrhost" "$work/bare.ini"
kill -HUP "$pid"
said "reloaded: " "a pipeline without a model"
end "a pipeline without a model"

begin setsid bash -c 'cd "$2" && exec "$1" - <job.ini' sh "$lrhost" "$work"
kill -HUP "$pid"
said "from standard input cannot be read again" "a configuration from standard input"
end "a configuration from standard input"

# Many in a row: no model is lost or used after its end (the sanitizers look).
begin setsid "$lrhost" "$work/job.ini" --set pipeline.max_batch=1
for _ in $(seq 40); do kill -HUP "$pid"; sleep 0.01; done
said "reloaded: " "many reloads"
end "many reloads"

# ---- a terminal ------------------------------------------------------------------------------------
command -v script >/dev/null || skip "the terminal's part: script(1) is not there"
# terminal COMMAND: begins it as what a terminal of its own runs; $job is its process
terminal()
{
    rm -f "$work/out.txt" "$work/err" "$work/pid"
    script -qec "echo \$\$ >$work/pid; exec $1 </dev/null >/dev/null 2>$work/err" /dev/null </dev/null >/dev/null 2>&1 &
    pid=$!
    wait_until 10 has_lines 10 "$work/out.txt" || { cat "$work/err"; fail "$1 writes nothing"; }
    job=$(cat "$work/pid")
}

terminal "$lrhost $work/job.ini"
kill -HUP "$job"
said "reloaded: " "SIGHUP with the terminal still there"
kill -KILL "$pid"
said "the terminal hung up; stopping" "a terminal that goes"
wait_until 10 no_process "$job" || fail "a terminal that goes: it does not end"
said "job/pipeline: stopped" "a terminal that goes"
[ -z "$(tail -c 1 "$work/out.txt")" ] || fail "a terminal that goes: the last line is cut"

terminal "nohup $lrhost $work/job.ini"
kill -KILL "$pid"
sleep 0.3
no_process "$job" && { cat "$work/err"; fail "nohup: it went with the terminal"; }
kill -HUP "$job"
said "reloaded: " "nohup, and a reload without the terminal"
kill -TERM "$job"
wait_until 10 no_process "$job" || fail "nohup: it does not end"
echo "hangup: reload or drain, as asked"
