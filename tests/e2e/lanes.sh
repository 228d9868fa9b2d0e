#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Lanes: the union of what n lanes write is what one lane writes, whatever n and the engine.
. "$(dirname "$0")/lib.sh"

run_lanes() # run_lanes LANES ENGINE: sorted results without t1
{
    rm -f "$work"/out*
    cat >"$work/lanes.ini" <<INI
[pipeline]
name = lanes
lanes = $1
on_bad_record = fail
max_batch = 100
[source]
plugin = generator
count = 20000
[engine]
plugin = $2
[model]
plugin = linreg
train_records = 1000
[sink]
plugin = file
path = out.{lane}
INI
    run_for 60 "$lrhost" -q "$work/lanes.ini" 2>"$work/err"
    expect_code 0 $? "$1 lanes, $2" "$work/err"
    cat "$work"/out* >"$work/all"
    sed 's/;[0-9]*$//' "$work/all" | sort | cksum
}

one=$(run_lanes 1 streaming)
expect_equal 20000 "$(wc -l <"$work/all")" "results of one lane"
for lanes in 2 3 8; do
    expect_equal "$one" "$(run_lanes "$lanes" streaming)" "$lanes lanes, streaming"
done
expect_equal "$one" "$(run_lanes 4 microbatch)" "4 lanes, microbatch"
echo "lanes: 1, 2, 3, 4 and 8 lanes write the same 20000 results"
