# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the end-to-end scripts share: a work folder that goes away, bounded waits, and the checks.
# A script ends with 0 (passed), 77 (skipped, its last line says why) or anything else. Only bash
# and coreutils, grep, sed, awk are used: a package builder's machine has no more.
set -u
# Two libraries of one script may want this one: a second work folder would hide the first.
declare -F clean_up >/dev/null && return 0
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 70
root=$PWD
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$root/$BUILD ;; esac
lrhost=$BUILD/lrhost
# shellcheck disable=SC2034 # for the scripts
slow=${SLOW:+yes} # a sanitizer build

# Nothing of the caller's may change a result.
unset KAFKA LRHOST_PLUGIN_PATH NOTIFY_SOCKET WATCHDOG_USEC WATCHDOG_PID RUNTIME_DIRECTORY
unset JOURNAL_STREAM INVOCATION_ID
export LC_ALL=C

work=$(mktemp -d "${TMPDIR:-/tmp}/lrhost-e2e.XXXXXX") || exit 70
clean_up()
{
    local pid
    for pid in $(jobs -pr); do # a number in `pids` may be another process's by now
        kill -KILL "$pid" 2>/dev/null
    done
    rm -rf "$work"
}
trap clean_up EXIT
export XDG_RUNTIME_DIR=$work # state files

fail()
{
    echo "FAIL: $*"
    exit 1
}

skip()
{
    echo "$*"
    exit 77
}

# run_for SECONDS COMMAND...: its exit code, 124 when it had to be stopped
run_for()
{
    local seconds=$1
    shift
    [ -z "$slow" ] || seconds=$((seconds * 5))
    timeout -k 10 "$seconds" "$@"
}

# expect_code WANTED GOT WHAT [FILE]: FILE is shown when they differ
expect_code()
{
    [ "$1" -eq "$2" ] && return
    [ $# -lt 4 ] || cat "$4"
    fail "$3: exit $2 instead of $1"
}

expect_equal() # WANTED GOT WHAT
{
    [ "$1" = "$2" ] || fail "$3: expected '$1', got '$2'"
}

expect_same_file() # WANTED GOT WHAT
{
    cmp -s "$1" "$2" && return
    diff "$1" "$2" | head -n 10
    fail "$3: $1 and $2 differ"
}

expect_text() # FIXED_TEXT FILE WHAT
{
    grep -qF -- "$1" "$2" && return
    cat "$2"
    fail "$3: no '$1' in the above"
}

# wait_until SECONDS COMMAND...: tries it every 50 ms
wait_until()
{
    local tries=$(($1 * 20))
    [ -z "$slow" ] || tries=$((tries * 5))
    shift
    while [ "$tries" -gt 0 ]; do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.05
        tries=$((tries - 1))
    done
    return 1
}

# block_of DOCUMENT NAME: the fenced block after the line <!-- NAME -->
block_of()
{
    awk -v line="<!-- $2 -->" '
        $0 == line { wanted = 1; next }
        wanted && /^```/ { if (inside) exit; inside = 1; next }
        inside { print; n++ }
        END { exit n == 0 }' "$root/$1" || fail "$1 has no block '$2'"
}

has_lines() # COUNT FILE
{
    [ -f "$2" ] && [ "$(wc -l <"$2")" -ge "$1" ]
}

without_last_column() # FILE
{
    sed 's/;[^;]*$//' "$1"
}

# json_value KEY FILE: from a flat JSON file with one key per line
json_value()
{
    sed -n 's/^ *"'"$1"'": *\(.*[^,]\),\{0,1\}$/\1/p' "$2" | tr -d '"'
}

[ -x "$lrhost" ] || fail "$lrhost is not built"
