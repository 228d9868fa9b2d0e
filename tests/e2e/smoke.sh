#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The smoke test as a person types it: a line in, the same line with prediction and t1 out.
. "$(dirname "$0")/lib.sh"

before=$(date +%s%3N)
printf '1.0,2.0,3.0;2.0\n' | run_for 10 "$lrhost" configs/smoke.ini >"$work/out" 2>"$work/err"
expect_code 0 $? smoke "$work/err"
after=$(date +%s%3N)
expect_equal 1 "$(wc -l <"$work/out")" "lines of output"
awk -F';' -v before="$before" -v after="$after" '
    { ok = NF == 4 && $1 == "1.0,2.0,3.0" && $2 == "2.0" && $3 > 1.95 && $3 < 2.05 &&
           $4 ~ /^[0-9]+$/ && $4 >= before && $4 <= after }
    END { exit !ok }' "$work/out" || fail "not a prediction near 2 with its t1 in ms: $(cat "$work/out")"

# Nothing on standard error but notices: no warning, no error.
if grep -iE 'warning|error' "$work/err"; then
    fail "the above on standard error"
fi

# No input, no output; a last line without its newline is a line; CRLF stays a person's line.
: | run_for 10 "$lrhost" configs/smoke.ini >"$work/out" 2>"$work/err"
expect_code 0 $? "empty input" "$work/err"
expect_equal 0 "$(wc -c <"$work/out")" "bytes of output for no input"

printf '1,2,3' | run_for 10 "$lrhost" configs/smoke.ini >"$work/out" 2>"$work/err"
expect_code 0 $? "no final newline, no label" "$work/err"
expect_equal '1,2,3' "$(sed 's/;.*//' "$work/out")" "a line without label or newline"

# What cannot be read is skipped (as the file says), counted, and does not stop the rest.
printf '1,2,3;2\n1,2\nx,2,3;2\n\n1,2,nan;1\n4,5,6;5\n' |
    run_for 10 "$lrhost" configs/smoke.ini >"$work/out" 2>"$work/err"
expect_code 0 $? "bad records" "$work/err"
expect_equal '1,2,3;2 4,5,6;5' "$(cut -d';' -f1,2 "$work/out" | tr '\n' ' ' | sed 's/ $//')" \
    "records that can be read"

# Without a model bytes go through as they are, unless append asks for more.
cat >"$work/pass.ini" <<INI
[source]
plugin = stdio
[codec]
plugin = text
[sink]
plugin = stdio
INI
printf '1,2;3\nnot a number\n' | run_for 10 "$lrhost" -q "$work/pass.ini" >"$work/out" 2>"$work/err"
expect_code 0 $? "no model" "$work/err"
expect_equal '1,2;3|not a number|' "$(tr '\n' '|' <"$work/out")" "bytes that pass through"
printf '1,2;3\n' | run_for 10 "$lrhost" -q --set codec.append=t1 "$work/pass.ini" >"$work/out" 2>"$work/err"
expect_code 0 $? "append without a model" "$work/err"
grep -qE '^1,2;3;[0-9]{13}$' "$work/out" || fail "append = t1 without a model: $(cat "$work/out")"
