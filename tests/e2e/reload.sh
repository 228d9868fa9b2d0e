#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# SIGHUP takes over a changed model file under both engines without losing or doubling a record;
# a broken file keeps the old model; log_level follows the file; a second SIGHUP works too.
. "$(dirname "$0")/lib.sh"

model() # model WEIGHT
{
    printf '{"bias": 0.0, "weights": [%s, 0.0, 0.0], "features": 3}\n' "$1" >"$work/model.new"
    mv "$work/model.new" "$work/model.json"
}

predictions_now() # the prediction over the first feature, in the last line
{
    tail -n 1 "$work/out.txt" | awk -F'[,;]' '{ printf "%.0f", $5 / $1 }'
}

uses()
{
    [ "$(predictions_now 2>/dev/null)" = "$1" ]
}

for engine in streaming microbatch; do
    rm -f "$work/out.txt"
    model 2.0
    cat >"$work/reload.ini" <<INI
[pipeline]
name = reload
on_bad_record = fail
[source]
plugin = generator
features = 3
rate = 1000
[engine]
plugin = $engine
[model]
plugin = linreg
load = model.json
[sink]
plugin = file
path = out.txt
INI
    "$lrhost" "$work/reload.ini" 2>"$work/err" &
    pid=$!
    wait_until 10 uses 2 || { cat "$work/err"; fail "$engine: the first model is not used"; }
    model 3.0
    kill -HUP "$pid"
    wait_until 10 uses 3 || { cat "$work/err"; fail "$engine: the second model is not used"; }
    echo '{"bias": 0.0, "weights": [4.0' >"$work/model.json"
    kill -HUP "$pid"
    wait_until 10 grep -q "the old model stays" "$work/err" || fail "$engine: no word of the broken file"
    sleep 0.2
    uses 3 || fail "$engine: a broken file took the model away"
    printf '{"bias": 0.0, "weights": [5.0, 0.0], "features": 2}\n' >"$work/model.json"
    kill -HUP "$pid"
    wait_until 10 grep -q "2 features" "$work/err" || fail "$engine: a model of another shape is not refused"
    model 5.0
    kill -HUP "$pid"
    wait_until 10 uses 5 || { cat "$work/err"; fail "$engine: a good file after a broken one is not used"; }
    kill -TERM "$pid"
    wait "$pid"
    expect_code 0 $? "$engine" "$work/err"
    # One model each, in this order, and never a mixture.
    seen=$(awk -F'[,;]' '$1 > 0.01 { w = sprintf("%.0f", $5 / $1); if (w != last) printf "%s ", w; last = w }' "$work/out.txt")
    expect_equal "2 3 5 " "$seen" "$engine: the models used"
done
echo "reload: both engines switch between batches and keep the old model on a failure"
