#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Instructions per record of the in-process job (inprocess.ini, 120,000 records minus 20,000, the
# scalar way), counted by callgrind, against the figures in instructions.txt: 3 per cent more is a
# failure. They do not depend on the machine's load, but on the compiler, so they are compared
# only where gcc's major version and the flags are the ones that the figures were taken with.
#
#   tests/bench/instructions.sh           compare
#   tests/bench/instructions.sh update    write today's figures; the commit says why they changed
. "$(dirname "$0")/../e2e/lib.sh"
figures=tests/bench/instructions.txt
[ -z "$slow" ] || skip "a sanitizer build has other instructions"
command -v valgrind >/dev/null || skip "no valgrind here to count instructions with"
# "gcc-12 x86_64-linux-gnu"; clang calls itself gcc 4, and has __clang__ besides.
compiler=$(echo __GNUC__ __clang__ | ${CC:-cc} -E -P - 2>/dev/null |
    sed -n 's/^\([0-9]*\) __clang__$/gcc-\1/p')
compiler="${compiler:-another} $(${CC:-cc} -dumpmachine 2>/dev/null)"
grep -q -- ' -O2 -g ' "$BUILD/flags" || skip "the flags are not the default ones (-O2 -g)"

count() # ENGINE RECORDS [OPTION...]
{
    local engine=$1 records=$2
    shift 2
    run_for 60 env LRHOST_SIMD=scalar COUNT="$records" ENGINE="$engine" valgrind --tool=callgrind \
        --callgrind-out-file=/dev/null "$lrhost" -q "$@" tests/bench/inprocess.ini >"$work/out" 2>&1
    expect_code 0 $? "run of $records records under callgrind" "$work/out"
    awk '/Collected/ { print $NF }' "$work/out"
}

per_record() # ENGINE FEW MANY [OPTION...]
{
    local engine=$1 few=$2 many=$3 a b
    shift 3
    a=$(count "$engine" "$few" "$@") && b=$(count "$engine" "$many" "$@") || exit 1
    awk -v a="$a" -v b="$b" -v n=$((many - few)) 'BEGIN { printf "%.1f\n", (b - a) / n }'
}

grown() # FOUND COMMITTED
{
    awk -v f="$1" -v c="$2" 'BEGIN { exit !(f > 1.03 * c) }'
}

if [ "${1:-}" = update ]; then
    {
        echo "# Instructions per record; tests/bench/instructions.sh update writes this."
        for engine in streaming microbatch; do
            echo "$compiler $engine $(per_record $engine 20000 120000)"
        done
    } >"$work/figures" && cp "$work/figures" "$figures" && cat "$figures"
    exit
fi

grep -q "^$compiler " "$figures" ||
    skip "the figures are not for $compiler: $(awk '!/^#/ { print $1, $2; exit }' "$figures")"
for engine in streaming microbatch; do
    committed=$(awk -v k="$compiler $engine" '$1 " " $2 " " $3 == k { print $4 }' "$figures")
    found=$(per_record "$engine" 20000 120000) || fail "$found"
    echo "$engine: $found instructions per record, committed: $committed"
    if grown "$found" "$committed"; then
        fail "$engine needs over 3 % more instructions per record than $figures says; find out why, or say
why in a commit that runs: tests/bench/instructions.sh update"
    fi
done

# The control grows for sure: one record at a time.
found=$(per_record streaming 2000 12000 --set pipeline.max_batch=1) || fail "$found"
echo "control: $found instructions per record in batches of one"
grown "$found" "$committed" || fail "the control, which grows, is not caught"
