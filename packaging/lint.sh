#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What a reviewer should not have to look for: warnings as errors with gcc and with clang (each
# in a build folder of its own), clang-format, clang-tidy (.clang-tidy), cppcheck, shellcheck.
# A tool that is not there is named and left out. Exit 1 on any finding; all steps run.
#
#   packaging/lint.sh [STEP...]     steps: gcc clang format tidy cppcheck shell, and analyze, which
#                                   is to be read and not obeyed, so it must be asked for; LINT
#                                   names those of a run without arguments
set -u
cd "$(dirname "$0")/.." || exit 70
BUILD=${BUILD:-build}
MAKE=${MAKE:-make}
jobs=$(nproc 2>/dev/null || echo 2)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
bad=0

tool() # NAME...: the first that is here, or nothing
{
    local name
    for name in "$@"; do
        command -v "$name" >/dev/null 2>&1 && echo "$name" && return
    done
}

verdict() # STEP CODE: output is shown only where something was found
{
    if [ "$2" -eq 0 ]; then
        echo "ok    $1"
    else
        echo "FAIL  $1"
        cat "$log"
        bad=1
    fi
}

warnings() # NAME COMPILER LEVEL
{
    if [ -z "$2" ]; then
        echo "left out: no $1 here"
        return
    fi
    # make -k: every file's warnings in one go. MAKEFLAGS of a parent would carry its own CC.
    # The zoo is six files made over and over; `make test` builds them with warnings, too.
    MAKEFLAGS='' "$MAKE" -k -s -j"$jobs" BUILD="$BUILD/lint-$1" CC="$2" CFLAGS="$3" WERROR=1 \
        ZOO= test-build >"$log" 2>&1
    verdict "warnings of $2" $?
}

c_files()
{
    find host plugins sdk tests \( -name '*.[ch]' -o -name '*.cpp' \) -not -path '*/corpus/*' | sort
}

# Some of gcc's warnings come of optimizing, none of clang's.
step_gcc() { warnings gcc "$(tool gcc)" -O1; }
step_clang() { warnings clang "$(tool clang-16 clang)" -O0; }

step_format()
{
    # Other versions of clang-format lay out differently; only this one is authoritative.
    if [ -z "$(tool clang-format-16)" ]; then
        echo "left out: no clang-format-16 here"
        return
    fi
    # One line for each file; `clang-format-16 -i FILE` mends it.
    c_files | xargs clang-format-16 --dry-run -Werror 2>&1 |
        sed -n 's/^\([^:]*\):[0-9]*:[0-9]*: error:.*/\1/p' | sort | uniq -c >"$log"
    [ ! -s "$log" ]
    verdict format $?
}

step_tidy() { tidy tidy; }
step_analyze() { tidy analyze '--checks=-*,clang-analyzer-core*,clang-analyzer-deadcode*,clang-analyzer-unix*'; }

# C only: what .clang-tidy asks for is C's.
tidy() # NAME [OPTION]
{
    local tidy name=$1
    shift
    tidy=$(tool clang-tidy-16 clang-tidy)
    if [ -z "$tidy" ]; then
        echo "left out: no clang-tidy here"
        return
    fi
    find host plugins -name '*.c' | sort |
        xargs -P "$jobs" -n 4 sh -c '"$@" --' sh "$tidy" --quiet "$@" >"$log" 2>/dev/null
    verdict "$tidy ($name)" $?
}

step_cppcheck()
{
    if [ -z "$(tool cppcheck)" ]; then
        echo "left out: no cppcheck here"
        return
    fi
    cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
        --error-exitcode=1 --suppress=missingIncludeSystem -j "$jobs" -D_GNU_SOURCE -Isdk/include \
        -I. host plugins >"$log" 2>&1
    verdict cppcheck $?
}

step_shell()
{
    if [ -z "$(tool shellcheck)" ]; then
        echo "left out: no shellcheck here"
        return
    fi
    grep -rlE --exclude-dir=corpus '^#!.*[/ ](ba)?sh$' packaging tests .ci | sort |
        xargs -P "$jobs" -n 8 shellcheck -x >"$log" 2>&1
    verdict shellcheck $?
}

# shellcheck disable=SC2086 # a list
[ $# -gt 0 ] || set -- ${LINT:-gcc clang format tidy cppcheck shell}
for step in "$@"; do
    "step_$step" || exit 64
done
exit "$bad"
