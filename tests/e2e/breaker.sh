#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The breaker: too many bad records among the last ones stop a pipeline with a code that no
# supervisor restarts, whatever becomes of bad records; few bad ones, however many in all, do not.
. "$(dirname "$0")/lib.sh"

cat >"$work/job.ini" <<INI
[pipeline]
name = job
on_bad_record = skip
[source]
plugin = file
path = in.txt
[model]
plugin = linreg
features = 3
[sink]
plugin = file
path = out.txt
mode = truncate
INI
run()
{
    run_for 30 "$lrhost" "$@" "$work/job.ini" >"$work/log" 2>&1
}

awk 'BEGIN { for (i = 0; i < 20000; i++) print i % 10 < 4 ? "this is no record" : "1,2,3;2" }' >"$work/in.txt"
run
expect_code 0 $? "four of ten are bad" "$work/log"
expect_equal 12000 "$(wc -l <"$work/out.txt")" "results beside four of ten"
run --set pipeline.max_bad_ratio=0.3
expect_code 65 $? "four of ten are bad, three are allowed" "$work/log"
expect_text "more than max_bad_ratio = 0.3 allows" "$work/log" "four of ten"

# The wrong file: all of it is bad.
yes '{"customer": 17}' | head -n 50000 >"$work/in.txt"
run
expect_code 65 $? "the wrong input" "$work/log"
expect_text "is this the right input, and does [codec] describe it?" "$work/log" "the wrong input"
cat >>"$work/job.ini" <<INI
[dead_letter]
plugin = file
path = dead.txt
INI
run --set pipeline.on_bad_record=dead_letter
expect_code 65 $? "the wrong input with dead letters" "$work/log"
[ "$(wc -l <"$work/dead.txt")" -lt 5000 ] || fail "the whole input became dead letters"
run --set pipeline.on_bad_record=dead_letter --set pipeline.max_bad_ratio=1
expect_code 0 $? "without the breaker" "$work/log"
# A short input ends before there is a window to judge.
head -n 500 "$work/in.txt" >"$work/few" && mv "$work/few" "$work/in.txt"
run --set pipeline.on_bad_record=dead_letter
expect_code 0 $? "fewer than a window" "$work/log"
echo "stops at the wrong input, and only there"
