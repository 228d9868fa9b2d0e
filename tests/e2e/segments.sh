#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Exactly once from files to segments: a run that is killed (SIGKILL) at random moments and started
# again until it ends leaves segments that together are the output of an undisturbed run, byte
# for byte, and so do its dead letters. Readers may take finished segments away meanwhile.
# Then the check itself is tried: it must find a segment that is missing, doubled or torn.
. "$(dirname "$0")/lib.sh"
records=${RECORDS:-3000} # RECORDS=40000 KILLS=25: about three minutes
kills_wanted=${KILLS:-6}
files=3

make_input()
{
    cat >"$work/generate.ini" <<INI
[pipeline]
name = generate
[source]
plugin = generator
features = 3
seed = 11
count = $records
[codec]
plugin = text
[engine]
plugin = streaming
[sink]
plugin = file
path = in-0.txt
INI
    run_for 30 "$lrhost" "$work/generate.ini" 2>"$work/err"
    expect_code 0 $? generate "$work/err"
    sed '7~97s/.*/not a record/' "$work/in-0.txt" >"$work/in-1.txt"
    head -n $((records / 3)) "$work/in-1.txt" | tac >"$work/in-2.txt"
}

write_ini() # NAME SOURCE GUARANTEE LANES ENGINE SINK... (lines)
{
    cat >"$work/$1.ini" <<INI
[pipeline]
name = $1
guarantee = $3
lanes = $4
[source]
plugin = file
path = $2
[codec]
plugin = text
append = prediction
[engine]
$5
[model]
plugin = linreg
features = 3
train_records = 1000
seed = 42
[sink]
plugin = file
$6
[dead_letter]
plugin = file
$7
INI
}

# What an undisturbed run writes, file by file.
make_expected()
{
    local i
    for i in $(seq 0 $((files - 1))); do
        write_ini "plain$i" "in-$i.txt" at_least_once 1 'plugin = streaming' \
            "path = expected-$i.txt" "path = expected-dead-$i.txt"
        run_for 60 "$lrhost" "$work/plain$i.ini" 2>"$work/err"
        expect_code 0 $? "plain run $i" "$work/err"
    done
}

# Segments of input $2 in folder $1: no gap, no overlap, and together what $3 holds. With $4 = gaps
# segments may be missing between two others, as they are where there was no result to write.
judge() # FOLDER INDEX EXPECTED [gaps]
{
    local at=0 name range start end
    : >"$work/joined"
    for name in "$1"/*in-"$2".txt.*.txt; do
        [ -e "$name" ] || continue
        range=${name%.txt}
        range=${range##*.}
        start=$((10#${range%-*})) end=$((10#${range#*-}))
        if [ "$start" -lt "$at" ] || { [ "$start" -gt "$at" ] && [ -z "${4-}" ]; }; then
            echo "$name begins at $start, the one before it ended at $at"
            return 1
        fi
        [ "$end" -gt "$start" ] || return 1
        at=$end
        cat "$name" >>"$work/joined"
    done
    cmp "$work/joined" "$3"
}

judge_all() # MAIN DEAD
{
    local i
    for i in $(seq 0 $((files - 1))); do
        judge "$1" "$i" "$work/expected-$i.txt" || return 1
        judge "$2" "$i" "$work/expected-dead-$i.txt" gaps || return 1
    done
}

take_away() # a reader that moves finished segments
{
    local name
    for name in "$work/out"/*.txt; do
        [ -e "$name" ] && [ $((RANDOM % 2)) = 0 ] && mv "$name" "$work/taken/"
    done
}

# one_history LANES ENGINE: kills until the run ends by itself; a fast disk may leave no time for all
one_history()
{
    local code pid
    rm -rf "$work/out" "$work/dead" "$work/taken"
    mkdir "$work/taken"
    while :; do
        "$lrhost" "$work/segments.ini" 2>"$work/err" &
        pid=$!
        if [ "$kills" -lt "$kills_wanted" ]; then
            sleep "0.0$((RANDOM % 6))$((RANDOM % 10))"
            kill -KILL "$pid" 2>/dev/null && kills=$((kills + 1))
        fi
        wait "$pid" 2>/dev/null
        code=$?
        take_away
        [ "$code" -eq 137 ] || break
    done
    expect_code 0 "$code" "the last run ($1 lanes)" "$work/err"
    find "$work/out" "$work/dead" -name '.part-*' | grep -q . && fail "parts are left"
    mv "$work/out"/*.txt "$work/taken/" 2>/dev/null
    judge_all "$work/taken" "$work/dead" || fail "$1 lanes, $2: the output is not what it must be"
}

run_killed() # LANES ENGINE
{
    local kills=0 histories=0
    write_ini segments 'in-*.txt' exactly_once "$1" "$2" \
        $'mode = segments\npath = out' $'mode = segments\npath = dead'
    while [ "$kills" -lt "$kills_wanted" ] && [ "$histories" -lt 100 ]; do
        one_history "$1" "$2"
        histories=$((histories + 1))
    done
    echo "$1 lanes, $(head -n 1 <<<"$2"): $kills kills in $histories runs to the end," \
        "$(find "$work/taken" -type f | wc -l) segments in the last one"
    [ "$kills" -ge "$kills_wanted" ] || [ -n "$slow" ] || fail "only $kills kills"
}

expect_found() # WHAT
{
    judge_all "$work/taken" "$work/dead" >/dev/null 2>&1 && fail "the check does not see $1"
    rm -rf "$work/taken" "$work/dead"
    cp -r "$work/kept" "$work/taken"
    cp -r "$work/kept-dead" "$work/dead"
}

make_input
make_expected
slow_engine=$'plugin = streaming\nmax_batch = 16\ncommit_interval = 0'
run_killed 1 "$slow_engine"
run_killed 2 $'plugin = microbatch\nmax_records_per_trigger = 200'
run_killed 3 "$slow_engine"

# Control.
cp -r "$work/taken" "$work/kept"
cp -r "$work/dead" "$work/kept-dead"
mapfile -t some < <(find "$work/taken" -name '*in-1.txt.*.txt' | sort | sed -n '2,4p')
mapfile -t letters < <(find "$work/dead" -name '*in-1.txt.*.txt' | sort | sed -n '2,3p')
[ ${#some[@]} -eq 3 ] && [ ${#letters[@]} -eq 2 ] || fail "too few segments for the control"
rm "${some[1]}"
expect_found "a segment that is missing"
cat "${some[0]}" >>"${some[1]}"
expect_found "results that are doubled"
truncate -s -1 "${some[1]}"
expect_found "a torn line"
rm "${letters[0]}"
expect_found "a dead letter that is missing"
cat "${letters[1]}" >>"${letters[0]}"
expect_found "a dead letter that is doubled"

# A run that reads again from the beginning because its memory was tampered with is seen too.
rm "$work/out/.positions"
run_for 60 "$lrhost" "$work/segments.ini" 2>"$work/err"
expect_code 0 $? "a run without its positions" "$work/err"
for name in "$work/out"/*.txt; do
    cat "$name" >>"$work/taken/${name##*/}"
done
expect_found "what was written twice"

# While one process writes there, a second one is refused and told who it is.
write_ini second in-0.txt exactly_once 1 'plugin = streaming' $'mode = segments\npath = out' \
    $'mode = segments\npath = dead'
exec 9>>"$work/out/.lock"
flock -n 9 || fail "the lock is held though nobody runs"
run_for 20 "$lrhost" "$work/second.ini" 2>"$work/err"
expect_code 69 $? "a second writer" "$work/err"
expect_text "another process writes into $work/out: pid " "$work/err" "a second writer"
exec 9>&-

for mode in append truncate; do
    sed "s/mode = segments/mode = $mode/" "$work/second.ini" >"$work/wrong.ini"
    run_for 20 "$lrhost" check "$work/wrong.ini" >"$work/said" 2>&1
    expect_code 78 $? "exactly_once with mode = $mode" "$work/said"
    expect_text "[sink] 'mode': exactly_once needs mode = segments" "$work/said" "mode = $mode"
done
sed 's/exactly_once/at_least_once/' "$work/second.ini" >"$work/wrong.ini"
run_for 20 "$lrhost" check "$work/wrong.ini" >"$work/said" 2>&1
expect_code 78 $? "segments without exactly_once" "$work/said"
expect_text "segments need guarantee = exactly_once" "$work/said" "segments without exactly_once"
