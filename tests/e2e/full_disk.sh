#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A full disk: the pipeline waits, says so once, and goes on when there is room; nothing is torn or
# lost, and in segments nothing doubled. The disk is a small tmpfs, so this needs root (or a
# machine that lets its user mount one).
. "$(dirname "$0")/lib.sh"
disk=$work/disk
records=20000

mkdir "$disk"
mount -t tmpfs -o size=256k none "$disk" 2>/dev/null || skip "no tmpfs can be mounted here"
leave()
{
    umount -l "$disk" 2>/dev/null
    clean_up
}
trap leave EXIT

seq -f 'record %.0f of a file that is larger than the disk' "$records" >"$work/in.txt"

run_full() # NAME GUARANTEE SINK_LINES SOURCE_LINES: until it stands still
{
    cat >"$work/$1.ini" <<INI
[pipeline]
name = $1
guarantee = $2
[source]
plugin = file
path = in.txt
$4
[engine]
plugin = streaming
commit_interval = 10ms
[sink]
plugin = file
$3
INI
    "$lrhost" "$work/$1.ini" 2>"$work/err" &
    pid=$!
    wait_until 20 grep -q 'no space left for' "$work/err" || { cat "$work/err"; fail "$1: not full"; }
    sleep 1 # it tries again and again
    kill -0 "$pid" || { cat "$work/err"; fail "$1: a full disk ended it"; }
    [ "$(grep -c 'no space left for' "$work/err")" -eq 1 ] || fail "$1: said more than once"
}

more_room() # SIZE
{
    mount -o "remount,size=$1" "$disk" || fail "no more room can be given"
}

ends_well() # NAME
{
    wait_until 30 sh -c "! kill -0 $pid" || { cat "$work/err"; fail "$1: it does not go on"; }
    wait "$pid"
    expect_code 0 $? "$1" "$work/err"
    expect_text "space again for" "$work/err" "$1"
}

run_full append at_least_once 'path = disk/out.txt' ''
[ -z "$(tail -c 1 "$disk/out.txt")" ] || fail "append: a torn line while the disk is full"
more_room 512k
sleep 0.5
more_room 8m
ends_well append
expect_same_file "$work/in.txt" "$disk/out.txt" append

# Killed while it waits, and started again where it had come to.
more_room 8m
rm "$disk"/*
more_room 256k
run_full killed at_least_once 'path = disk/out.txt' 'position_file = positions'
kill -KILL "$pid"
wait "$pid" 2>/dev/null
more_room 8m
run_for 30 "$lrhost" "$work/killed.ini" 2>"$work/err"
expect_code 0 $? "killed on a full disk" "$work/err"
grep -vxE 'record [0-9]+ of a file that is larger than the disk' "$disk/out.txt" && fail "torn lines"
sort -u -t ' ' -k 2,2n "$disk/out.txt" >"$work/unique"
expect_same_file "$work/in.txt" "$work/unique" "killed on a full disk"

# Positions have no room, results do: at most they are read again.
rm "$disk"/*
more_room 64k
head -c 100000 /dev/zero >"$disk/filler" 2>/dev/null
cat >"$work/positions.ini" <<INI
[pipeline]
name = positions
shutdown_timeout = 1s
[source]
plugin = file
path = in.txt
position_file = disk/positions
[engine]
plugin = streaming
commit_interval = 1ms
[sink]
plugin = file
path = out.txt
mode = truncate
INI
run_for 60 "$lrhost" "$work/positions.ini" 2>"$work/err"
expect_code 0 $? "no space for positions" "$work/err"
expect_text "no space left for $disk/positions" "$work/err" "no space for positions"
expect_same_file "$work/in.txt" "$work/out.txt" "no space for positions"

# Segments.
rm "$disk"/*
more_room 256k
run_full segments exactly_once $'mode = segments\npath = disk/out' ''
more_room 512k
sleep 0.5
more_room 16m
ends_well segments
cat "$disk/out"/*.txt >"$work/joined"
expect_same_file "$work/in.txt" "$work/joined" segments

rm -r "$disk/out"
more_room 256k
run_full segments exactly_once $'mode = segments\npath = disk/out' ''
kill -KILL "$pid"
wait "$pid" 2>/dev/null
more_room 16m
run_for 30 "$lrhost" "$work/segments.ini" 2>"$work/err"
expect_code 0 $? "segments, killed on a full disk" "$work/err"
cat "$disk/out"/*.txt >"$work/joined"
expect_same_file "$work/in.txt" "$work/joined" "segments, killed on a full disk"
echo "full disk: waits, goes on, nothing torn, lost or doubled"
