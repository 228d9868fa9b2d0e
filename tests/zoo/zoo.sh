#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Every plugin of the zoo is found out by its own rule and by no other, and the right ones it was
# made from have no finding. Its list: tests/zoo/zoo.txt.
. tests/e2e/lib.sh

[ -z "$slow" ] || skip "the zoo is left out under a sanitizer, which would answer first"

judge() # KIND WRONG RULE [ARGUMENT...]: a line for what is not as it should be
{
    local name=$1-$2 rule=$3 code found wanted=65
    shift 3
    [ "$rule" != - ] || wanted=0 rule=
    case $name in sink-* | source-*) set -- --option 'path={scratch}/stored' "$@" ;; esac
    "$lrhost" verify --quick "$BUILD/tests/zoo/$name.so" "$@" >"$work/$name" 2>&1
    code=$?
    found=$(sed -n 's/^ *\[\([a-z.-]*\)\].*/\1/p' "$work/$name" | sort -u | tr '\n' ' ')
    [ "$code" -eq "$wanted" ] && [ "$found" = "$rule${rule:+ }" ] && return
    echo "$name: exit $code, found: ${found:-nothing}; wanted: ${rule:-nothing}"
    [ -z "$found" ] && grep -v '^ok' "$work/$name"
    grep -A1 '^ *\[' "$work/$name" | head -n 6
}

running=0 n=0
while read -r kind wrong rule arguments; do
    case $kind in '' | '#'*) continue ;; esac
    n=$((n + 1))
    # shellcheck disable=SC2086 # arguments are words
    judge "$kind" "$wrong" "$rule" $arguments >"$work/$n.bad" &
    running=$((running + 1))
    [ "$running" -lt 4 ] || wait -n
done <tests/zoo/zoo.txt
wait
cat "$work"/*.bad
[ -z "$(cat "$work"/*.bad)" ] || fail "the above are not found out as they should be"
[ "$n" -ge 30 ] || fail "a zoo of $n is too small"
echo "$n plugins of the zoo"
