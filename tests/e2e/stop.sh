#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# How a run ends: SIGTERM and SIGINT settle what was read and exit 0; a reader of the output that
# goes away is a sentence and an exit code, not a death by SIGPIPE.
. "$(dirname "$0")/lib.sh"

cat >"$work/endless.ini" <<INI
[pipeline]
name = endless
on_bad_record = skip
[source]
plugin = generator
features = 3
rate = 2000
[codec]
plugin = text
[engine]
plugin = streaming
[model]
plugin = linreg
features = 3
train_records = 1000
[sink]
plugin = file
path = out.txt
INI

for signal in TERM INT; do
    rm -f "$work/out.txt"
    "$lrhost" "$work/endless.ini" 2>"$work/err" &
    pid=$!
    wait_until 10 has_lines 500 "$work/out.txt" || { cat "$work/err"; fail "it writes nothing"; }
    kill -"$signal" "$pid"
    wait "$pid"
    expect_code 0 $? "SIG$signal" "$work/err"
    # A drained file ends with a whole line.
    [ -z "$(tail -c 1 "$work/out.txt")" ] || fail "SIG$signal: the last line is cut"
    bad=$(awk -F';' 'NF != 4' "$work/out.txt" | wc -l)
    expect_equal 0 "$bad" "SIG$signal: lines that are not whole"
done

# Both of two pipelines in one process.
sed 's/out.txt/other.txt/; s/= endless/= other/' "$work/endless.ini" >"$work/other.ini"
rm -f "$work/out.txt"
"$lrhost" "$work/endless.ini" "$work/other.ini" 2>"$work/err" &
pid=$!
wait_until 10 has_lines 100 "$work/out.txt" || fail "the first of two writes nothing"
wait_until 10 has_lines 100 "$work/other.txt" || fail "the second of two writes nothing"
kill -TERM "$pid"
wait "$pid"
expect_code 0 $? "two pipelines" "$work/err"

# SIGPIPE: head closes the pipe after one line.
sed -e '/^\[sink\]/,$d' "$work/endless.ini" >"$work/pipe.ini"
printf '[sink]\nplugin = stdio\n' >>"$work/pipe.ini"
{
    run_for 20 "$lrhost" "$work/pipe.ini" 2>"$work/err"
    echo $? >"$work/code"
} | head -n 1 >"$work/head"
expect_equal 1 "$(wc -l <"$work/head")" "lines that head took"
code=$(cat "$work/code")
[ "$code" -ne 141 ] && [ "$code" -ne 124 ] ||
    fail "with nobody reading, it ended by $code (141: SIGPIPE, 124: never)"
[ -s "$work/err" ] || fail "with nobody reading, it says nothing"
