#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `lrhost verify` as a command: its options and their mistakes, its exit codes, --json, files that
# are no modules or must not be trusted, place holders, records of one's own, valgrind.
. tests/e2e/lib.sh
zoo=$BUILD/tests/zoo
[ -z "$slow" ] || skip "the zoo is left out under a sanitizer, which would answer first"
mkdir "$work/tmp"
export TMPDIR=$work/tmp

# says CODE SENTENCE ARGUMENT...
says()
{
    local code=$1 sentence=$2
    shift 2
    run_for 60 "$lrhost" verify "$@" >"$work/said" 2>&1 </dev/null
    expect_code "$code" $? "lrhost verify $*" "$work/said"
    expect_text "$sentence" "$work/said" "lrhost verify $*"
}

says 64 "usage: lrhost verify MODULE"
says 64 "usage: lrhost verify MODULE" null text
says 64 "verify --help" null --bogus
says 64 "write it as key=value" null --option x
says 64 "did you mean 'sizes'?" null --only size
says 64 "write seconds" null --timeout 0
says 64 "holds no plugin 'x'" null --plugin x
says 78 "no module 'nothing'" nothing
says 78 "No such file" ./nothing.so
TMPDIR=$work/missing says 69 "no folder '$work/missing/" "$zoo/model-exact.so"
says 0 "usage: lrhost verify" --help
says 0 "model.exact" --list
says 0 '"rule":"model.exact"' --list --json

# ---- what is found and what is not -------------------------------------------------------------
says 65 "[model.exact] record" "$zoo/model-exact.so" --only exact
expect_text "rule of lrhost/model.h: LR_MODEL_EXACT" "$work/said" "a finding"
expect_text "0 ok, 1 failed, 0 skipped" "$work/said" "a finding"
says 65 '"outcome":"failed"' "$zoo/model-exact.so" --only exact --json
expect_text '"rule":"model.exact"' "$work/said" "a finding as JSON"
if command -v python3 >/dev/null; then
    "$lrhost" verify "$zoo/model-exact.so" --json --quick |
        python3 -c 'import json, sys; v = json.load(sys.stdin); sys.exit(v["failed"] != 1)' ||
        fail "--json is no JSON"
fi
says 0 "1 ok, 0 failed, 0 skipped" "$zoo/model-good.so" --only exact
says 65 "SIGABRT in: predict for 0 records" "$zoo/model-empty.so" --only sizes
says 65 "it ended the process with code 3 in: start" "$zoo/model-exit.so" --only life
says 65 "did not come back within 1 s" "$zoo/model-hang.so" --only sizes --timeout 1

# ---- a plugin that hangs ends with the command
TMPDIR=$work "$lrhost" verify "$zoo/model-hang.so" --only sizes --timeout 60 >"$work/said" 2>&1 &
pid=$!
child=
has_child()
{
    child=$(sed -n 's/ .*//p' "/proc/$pid/task/$pid/children")
    [ -n "$child" ]
}
wait_until 10 has_child || fail "verify started no process"
kill -KILL "$pid"
wait "$pid" 2>/dev/null
is_gone()
{
    [ ! -e "/proc/$child" ] || grep -q '^State:.Z' "/proc/$child/status"
}
wait_until 5 is_gone || { kill -KILL "$child"; fail "a plugin's process outlives its verify"; }

# ---- options -----------------------------------------------------------------------------------
says 0 "skip  source file" "$BUILD/plugins/file.so" --only life
expect_text "needs 'path'" "$work/said" "a required option that is not given"
says 0 "unknown key 'sise'; did you mean 'size'?" "$zoo/model-good.so" --only life --option sise=3
says 0 "1,000 lives, or" --list
says 0 "1000 records, then the end" "$BUILD/plugins/file.so" --only polls -o 'source.path={sample}' \
    -o 'sink.path={scratch}/x'
says 0 "it reads none of the records" "$zoo/codec-good.so" --only records -o size=7 --records README.md
printf '1,2,3\n4,5,6;7\n' >"$work/records"
says 0 "1 ok" "$zoo/codec-good.so" --only records --records "$work/records"

# ---- files ------------------------------------------------------------------------------------
head -c 3000 "$zoo/model-good.so" >"$work/model-good.so"
says 65 "[module.elf]" "$work/model-good.so"
cp "$zoo/model-good.so" "$work/model-good.so"
chmod o+w "$work/model-good.so"
says 77 "[module.trusted]" "$work/model-good.so"
cp "$zoo/model-good.so" "$work/other.so"
says 65 "[module.descriptor]" "$work/other.so"
for name in nonote abirange nocreate badoptions; do
    [ ! -f "$BUILD/tests/plugins/$name.so" ] || says 65 "rule of lrhost/abi.h" "$BUILD/tests/plugins/$name.so"
done

# ---- valgrind -----------------------------------------------------------------------------------
if ! command -v valgrind >/dev/null; then
    says 69 "--leaks needs valgrind" "$zoo/model-good.so" --leaks
    echo "valgrind: left out, it is not here"
else
    says 0 "1 ok, 0 failed" "$zoo/model-good.so" --leaks --only life
    says 65 "[memory.valgrind]" "$zoo/model-leak.so" --leaks --only life
    expect_text "definitely lost" "$work/said" "what valgrind found"
fi
[ -z "$(ls "$work/tmp")" ] || fail "it leaves behind: $(ls "$work/tmp")"
echo "verify: a good command line"
