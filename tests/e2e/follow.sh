#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A source that follows: a file grows and is rotated (renamed; copied and truncated) while the
# pipeline is killed and started again. Every line arrives, whole; none is missing. Lines of a
# file that is gone before it was read to its end stop the next start.
. "$(dirname "$0")/lib.sh"
rounds=${ROUNDS:-25}
RANDOM=7

write_ini() # PATTERN [MORE]
{
    rm -f "$work"/app* "$work/out.txt" "$work/positions" "$work/written"
    cat >"$work/follow.ini" <<INI
[pipeline]
name = follow
guarantee = at_least_once
[source]
plugin = file
path = $1
follow = yes
position_file = positions
${2-}
[engine]
plugin = streaming
commit_interval = 10ms
[sink]
plugin = file
path = out.txt
INI
    n=0
}

start()
{
    "$lrhost" "$work/follow.ini" 2>"$work/err" &
    pid=$!
}

again() # SIGNAL: the next life of the pipeline
{
    kill -"$1" "$pid"
    wait "$pid" 2>/dev/null
    # It may not even have begun to say something.
    [ "$1" = KILL ] || [ ! -s "$work/err" ] || grep -q 'stopped$' "$work/err" ||
        { cat "$work/err"; fail "SIG$1"; }
}

lines() # COUNT: written at once, the last one in two halves
{
    local i
    for i in $(seq "$1"); do
        n=$((n + 1))
        printf 'line %d of the log' "$n" >>"$work/app.log"
        [ "$i" -lt "$1" ] || sleep 0.01
        printf ', complete\n' >>"$work/app.log"
    done
}

arrived() # everything that was written
{
    grep -qx "line $n of the log, complete" "$work/out.txt"
}

judge() # WHAT
{
    wait_until 10 arrived || { cat "$work/err"; fail "$1: line $n does not arrive"; }
    sleep 0.4 # it may have arrived before the last kill
    again TERM
    cp "$work/out.txt" "$work/kept"
    [ -z "$(tail -c 1 "$work/out.txt")" ] || fail "$1: the last line is torn"
    grep -vxE 'line [0-9]+ of the log, complete' "$work/out.txt" && fail "$1: torn lines"
    seq -f 'line %.0f of the log, complete' "$n" >"$work/expected"
    sort -u -t ' ' -k 2,2n "$work/out.txt" >"$work/unique"
    expect_same_file "$work/expected" "$work/unique" "$1"
    start # a run that ended in order goes on where it ended
    sleep 0.3
    again TERM
    cmp "$work/out.txt" "$work/kept" || fail "$1: lines come again after a run that ended in order"
    echo "$1: $n lines, $(($(wc -l <"$work/out.txt") - n)) of them twice"
}

# Renamed, one name: a rotation when the last one was seen, at most one while nobody runs.
write_ini app.log
start
lines 1
wait_until 10 arrived || fail "renamed: the first line does not arrive" # now the file is known
for i in $(seq "$rounds"); do
    lines $((RANDOM % 40 + 1))
    case $((RANDOM % 4)) in
    0) again KILL && start ;;
    1) again TERM && lines 3 && start ;;
    2)
        again KILL
        mv "$work/app.log" "$work/app.log.$i"
        lines 5
        start
        wait_until 10 arrived || fail "renamed: line $n does not arrive"
        ;;
    3)
        wait_until 10 arrived || fail "renamed: line $n does not arrive"
        mv "$work/app.log" "$work/app.log.$i"
        lines 1
        wait_until 10 arrived || fail "renamed: line $n does not arrive"
        ;;
    esac
done
judge "renamed"

# Renamed as fast as one likes, with a pattern that matches what they are renamed to.
write_ini 'app*'
start
for i in $(seq "$rounds"); do
    lines $((RANDOM % 20 + 1))
    mv "$work/app.log" "$work/app.$i"
    lines 1
    [ $((RANDOM % 3)) -gt 0 ] || { again KILL && start; }
    [ $((RANDOM % 2)) -gt 0 ] || mv "$work/app.log" "$work/app.$i.b"
done
judge "renamed fast"

# Copied and truncated, once all that was written is committed.
write_ini app.log
start
for i in $(seq $((rounds / 3))); do
    lines $((RANDOM % 40 + 1))
    wait_until 10 arrived || fail "truncated: line $n does not arrive"
    sleep 0.4
    [ $((RANDOM % 2)) -gt 0 ] || again KILL
    cp "$work/app.log" "$work/copy.$i"
    : >"$work/app.log"
    kill -0 "$pid" 2>/dev/null || start
    sleep 0.1
done
lines 3
judge "truncated"

# Gone before it was read to its end.
lines 2
mv "$work/app.log" "$work/app.gone"
lines 2
rm "$work/app.gone"
touch "$work/app.other" # what may get its inode
run_for 20 "$lrhost" "$work/follow.ini" 2>"$work/err"
expect_code 65 $? "a file that is gone" "$work/err"
expect_text "on_lost_offsets = earliest" "$work/err" "a file that is gone"
