#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# configs/ is documentation that runs: every file begins with its purpose, passes `check`, and the
# first run line that works without a broker does what it says. A line that would
# run for ever is stopped by SIGTERM after a few seconds and must then have ended well.
. "$(dirname "$0")/lib.sh"
seconds=5

run_lines() # FILE: its run lines, "#   ... lrhost ..."
{
    sed -n '/^#/!q; s/^#   \(.*lrhost .*\)$/\1/p' "$1"
}

mkdir "$work/bin"
ln -s "$lrhost" "$work/bin/lrhost"
export PATH=$work/bin:$PATH OUTPUT=$work
export LRHOST_PLUGIN_PATH=$BUILD/plugins

# start LINE: in the background; its result goes to $work/N.code, .out
n=0
start()
{
    n=$((n + 1))
    (
        # --foreground: one SIGTERM to the child; else a second one goes to its whole group.
        timeout --foreground --preserve-status -s TERM -k 30 "$seconds" bash -c "$1" \
            >"$work/$n.out" 2>&1 </dev/null
        echo $? >"$work/$n.code"
    ) &
    lines+=("$1")
}

lines=()
for file in configs/*.ini configs/*/*.ini; do
    [ -f "$file" ] || continue
    case $(head -n 1 "$file") in
    '# '*) ;;
    *) fail "$file does not open with its purpose" ;;
    esac
    [ -n "$(run_lines "$file")" ] || fail "$file has no run line"
    run_lines "$file" | grep -qF "$file" || fail "$file: no run line names the file itself"

    # With a broker's name every file stands alone.
    KAFKA=localhost:9092 "$lrhost" check "$file" >"$work/out" 2>&1
    expect_code 0 $? "check $file" "$work/out"

    line=$(run_lines "$file" | grep -v 'KAFKA=' | head -n 1)
    [ -n "$line" ] || continue
    case " ${lines[*]-} " in *" $line "*) continue ;; esac
    start "$line"
done
wait
[ "$n" -ge 5 ] || fail "only $n run lines ran"
for i in $(seq "$n"); do
    expect_code 0 "$(cat "$work/$i.code")" "${lines[i - 1]}" "$work/$i.out"
done
echo "$n run lines"
