#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# At least once from file to file: killed (SIGKILL) at random moments and started again, a run that
# appends leaves every line, each of them whole. Lines are long, so that some kills tear one.
. "$(dirname "$0")/lib.sh"
kills=${KILLS:-20}
records=3000

awk -v n="$records" 'BEGIN {
    for (i = 0; i < 3000; i++) tail = tail "x"
    for (i = 1; i <= n; i++) print i, tail, "end"
}' >"$work/in.txt"
cat >"$work/append.ini" <<INI
[pipeline]
name = append
max_in_flight = 200
[source]
plugin = file
path = in.txt
position_file = positions
[engine]
plugin = streaming
max_batch = 20
commit_interval = 1ms
[sink]
plugin = file
path = out.txt
INI

torn=0
for _ in $(seq "$kills"); do
    "$lrhost" "$work/append.ini" 2>"$work/err" &
    pid=$!
    sleep "0.0$((RANDOM % 8))$((RANDOM % 10))"
    kill -KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    [ -s "$work/out.txt" ] && [ -n "$(tail -c 1 "$work/out.txt")" ] && torn=$((torn + 1))
    # Half of what a kill leaves is made worse: a tail that a slower disk would have left.
    # (An empty mark is of a run that had not begun: a tail would be another's.)
    if [ $((RANDOM % 2)) = 0 ] && [ -s "$work/.out.txt.lrhost" ]; then
        printf '17 xxx' >>"$work/out.txt"
        torn=$((torn + 1))
    fi
done
run_for 30 "$lrhost" "$work/append.ini" 2>"$work/err"
expect_code 0 $? "the last run" "$work/err"
[ -e "$work/.out.txt.lrhost" ] && fail "the mark stays after a run that ended in order"
awk 'NF != 3 || length($2) != 3000 || $3 != "end" { print substr($0, 1, 60); bad = 1 }
    END { exit bad }' "$work/out.txt" || fail "the lines above are torn"
sort -u -n "$work/out.txt" >"$work/unique"
expect_same_file "$work/in.txt" "$work/unique" "what was written"
echo "$kills kills, $torn torn lines mended, $(($(wc -l <"$work/out.txt") - records)) lines twice"
[ "$torn" -gt 0 ] || fail "no line was torn, so nothing was shown"

# A limit on the size of files is an error, not a signal.
rm "$work/out.txt" "$work/positions"
(ulimit -f 1000 && run_for 30 "$lrhost" "$work/append.ini") 2>"$work/err"
expect_code 69 $? "ulimit -f" "$work/err"
expect_text "cannot write $work/out.txt: File too large" "$work/err" "ulimit -f"
[ -z "$(tail -c 1 "$work/out.txt")" ] || fail "ulimit -f: a torn line"
