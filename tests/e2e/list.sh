#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `lrhost list` and `describe` load each module in a process of its own: one that crashes, aborts,
# exits, hangs or prints gets its sentence, leaves no process behind, and the others are shown.
# (A hanging one costs ten seconds for each command: it is asked in the background.)
. "$(dirname "$0")/lib.sh"
from=$BUILD/tests/plugins
[ -f "$from/hanging.so" ] || skip "the modules of tests/plugins are not built"

mkdir "$work/some" "$work/hang" "$work/none"
for name in crashing aborting exiting printing good; do
    cp "$from/$name.so" "$work/some/"
done
cp "$from/hanging.so" "$from/good.so" "$work/hang/"
chmod go-w "$work" "$work"/* "$work"/*/*.so

LRHOST_PLUGIN_PATH=$work/hang run_for 60 "$lrhost" list >"$work/hang.out" 2>&1 &
hanging=$!

ask() # CODE ARGUMENT...: into $work/out and $work/err
{
    local code=$1
    shift
    LRHOST_PLUGIN_PATH=$work/some run_for 20 "$lrhost" "$@" >"$work/out" 2>"$work/err" </dev/null
    expect_code "$code" $? "lrhost $*" "$work/err"
}

ask 0 list
for name in crashing aborting exiting; do
    grep -q "some/$name.so cannot be loaded: .*$name.so: ends its process" "$work/out" || {
        cat "$work/out"
        fail "list has no sentence about $name.so"
    }
done
if [ -z "$slow" ]; then # a sanitizer handles signals itself
    expect_text "crashing.so: ends its process by SIGSEGV while it is loaded" "$work/out" list
    expect_text "by SIGABRT while it is loaded, a defect of the module; it said: aborting: no licence" \
        "$work/out" list
fi
expect_text "exiting.so: ends its process with exit code 0" "$work/out" list
grep -q '^monitor  good ' "$work/out" || fail "list does not show good.so"
grep -q '^monitor  printing ' "$work/out" || fail "list does not show printing.so"
grep -q 'proud author' "$work/out" && fail "what a module prints got into the list"
expect_text 'printing.so prints while it is loaded' "$work/err" list
expect_text 'printing 1.0 \u001b[2J by a proud author...' "$work/err" "what it printed"

ask 0 list --names
expect_equal "good good/second printing" \
    "$(grep -E '^(good|print|crash|abort|exit)' "$work/out" | tr '\n' ' ' | sed 's/ $//')" names
grep -qx kafka "$work/out" || fail "list --names does not name kafka"
[ "$(wc -l <"$work/err")" -le 1 ] || fail "list --names says more than what was printed"

ask 70 describe crashing
expect_text 'crashing.so: ends its process' "$work/err" "describe crashing"
[ ! -s "$work/out" ] || fail "describe crashing prints half of something"
ask 70 describe "$work/some/exiting.so"
expect_text 'with exit code 0' "$work/err" "describe exiting.so"
ask 0 describe printing
expect_equal "monitor printing: shows nothing" "$(head -n 1 "$work/out")" "describe printing"
ask 0 describe good/second
expect_equal "monitor second: shows nothing" "$(head -n 1 "$work/out")" "describe good/second"
grep -q '^monitor good' "$work/out" && fail "describe good/second shows more"
ask 78 describe good/third
expect_text "has no plugin 'third'" "$work/err" "describe good/third"
ask 0 describe
expect_text 'monitor good: shows nothing' "$work/out" "describe of everything"
expect_equal 3 "$(grep -c '^left out: ' "$work/err")" "modules left out of describe"
ask 0 describe --json
if command -v python3 >/dev/null; then
    python3 -m json.tool "$work/out" >/dev/null || fail "describe --json is no JSON"
fi

# An untrusted one keeps its own exit code through the other process.
cp "$from/good.so" "$work/none/"
chmod 0666 "$work/none/good.so"
ask 77 describe "$work/none/good.so"
expect_text 'chmod' "$work/err" "describe of a file that everyone may write"

wait "$hanging"
expect_code 0 $? "list with a module that hangs" "$work/hang.out"
expect_text "hanging.so: is not done with being loaded after 10 s" "$work/hang.out" "list"
grep -q '^monitor  good ' "$work/hang.out" || fail "list ends with the module that hangs"
# What it left behind holds the file mapped; nobody else does.
if grep -ls "$work/hang/hanging.so" /proc/[0-9]*/maps 2>/dev/null | grep -q .; then
    fail "a process of hanging.so is left"
fi
echo "list: foreign modules cost a sentence"
