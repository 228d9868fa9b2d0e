#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The tests of `make check`, in stages that do not disturb each other, with one closing line.
#
#   packaging/check.sh PROGRAM... -- PROGRAM...
#
# First the programs of `make test`, several at a time; then what keeps the cores busy by itself for
# most of its time (lint, sanitizers, fuzzing), two at a time; then the programs after "--", which
# take long and mostly wait for a Kafka broker of their own, four at a time; last those among them
# that measure time (chaos), two at a time.
set -u
cd "$(dirname "$0")/.." || exit 70
log=$(mktemp) || exit 70
trap 'rm -f "$log"' EXIT
passed=0 failed=0 skipped=0

stage() # TITLE PROGRAM...
{
    local title=$1 p f s
    shift
    [ $# -gt 0 ] || return
    echo "---- $title"
    tests/run "$@" 2>&1 | tee "$log" | grep --line-buffered -v '^[0-9]* passed, .* skipped$'
    read -r p f s < <(tail -n 1 "$log" |
        sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p')
    # No closing line: the runner itself broke.
    [ -n "${s:-}" ] || p=0 f=1 s=0
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

quick=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    quick+=("$1")
    shift
done
[ $# -eq 0 ] || shift
# The broker is fetched meanwhile; that may take as long as the network likes.
tests/kafka/broker.sh prepare >/dev/null 2>&1 </dev/null &
stage 'tests' "${quick[@]}"
# Without its build by gcc, as the one for the sanitizers has warnings as errors, too.
export LINT='clang format tidy cppcheck shell'
JOBS=2 stage 'lint, sanitizers, fuzzing' packaging/lint.sh packaging/sanitize.sh \
    packaging/tsan.sh packaging/fuzz.sh
waiting=() timed=()
for program; do
    case $program in
    */chaos/*) timed+=("$program") ;;
    *) waiting+=("$program") ;;
    esac
done
JOBS=4 stage 'the demo, installations, packages, Apache Kafka' "${waiting[@]}"
JOBS=2 stage 'chaos' "${timed[@]}"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ $((passed + skipped)) -gt 0 ]
