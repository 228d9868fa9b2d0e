#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# JSON from file to file: the same records as JSON and as text get the same predictions, bit for bit,
# under both engines; the input's bytes are kept; results can be scored again and reported.
. "$(dirname "$0")/lib.sh"
records=20000

# score NAME SOURCE CODEC_LINES ENGINE [CODE]: the codec's lines are separated by &
score()
{
    cat >"$work/$1.ini" <<INI
[pipeline]
name = $1
[source]
plugin = file
path = $2
[codec]
$(echo "$3" | tr '&' '\n')
[engine]
plugin = $4
[model]
plugin = linreg
features = 12
train_records = 20000
seed = 42
[sink]
plugin = file
path = $1.out
[dead_letter]
plugin = file
path = $1.rejected
INI
    run_for 30 "$lrhost" "$work/$1.ini" 2>"$work/err"
    expect_code "${5:-0}" $? "$1" "$work/err"
}

without_t1() # FILE
{
    sed 's/,"t1":[0-9]*}$/}/' "$1"
}

cat >"$work/generate.ini" <<INI
[pipeline]
name = generate
[source]
plugin = generator
features = 12
seed = 7
count = $records
[codec]
plugin = text
[engine]
plugin = streaming
[sink]
plugin = file
path = input.txt
INI
run_for 30 "$lrhost" "$work/generate.ini" 2>"$work/err"
expect_code 0 $? generate "$work/err"

# Two kinds of records, and some that are wrong. The spelling of numbers stays.
awk -F'[,;]' '{
    printf "{\"id\":\"r%d\",", NR >"'"$work"'/names.txt"
    printf "{ \"label\" : %s, \"v\" : [", $13 >"'"$work"'/array.txt"
    for (i = 12; i >= 1; i--) printf "\"f%d\":%s,", i - 1, $i >"'"$work"'/names.txt"
    for (i = 1; i <= 12; i++) printf "%s%s", $i, i < 12 ? ", " : "" >"'"$work"'/array.txt"
    printf "\"label\":%s}\n", $13 >"'"$work"'/names.txt"
    printf "] }\n" >"'"$work"'/array.txt"
}' "$work/input.txt"
for wrong in '{"f0":' 'no JSON' '{"f0":"1"}' '{"v":[1,2]}' '[1]'; do
    echo "$wrong" | tee -a "$work/names.txt" >>"$work/array.txt"
done

score text input.txt 'plugin = text' streaming
score names names.txt 'plugin = json' streaming
score array array.txt 'plugin = json&features = v[*]' streaming
score names-microbatch names.txt 'plugin = json' microbatch
cut -d';' -f3 "$work/text.out" >"$work/wanted"
expect_equal "$records" "$(wc -l <"$work/wanted")" "predictions from text"
for run in names array names-microbatch; do
    sed -n 's/^.*,"prediction":\([^,]*\),"t1":[0-9]*}$/\1/p' "$work/$run.out" >"$work/got"
    expect_same_file "$work/wanted" "$work/got" "predictions from text and $run"
    expect_equal 5 "$(wc -l <"$work/$run.rejected")" "records that $run rejects"
done
# Nothing but the two fields is added, and nothing else is changed.
for input in names array; do
    sed 's/,"prediction":[^,]*,"t1":[0-9]*}$/}/' "$work/$input.out" >"$work/got"
    head -n "$records" "$work/$input.txt" >"$work/wanted"
    expect_same_file "$work/wanted" "$work/got" "the bytes of the input in $input.out"
done

# Results are scored again: refused unless the fields may be replaced.
score refused names.out 'plugin = json' streaming 65
expect_text "the record has a field 'prediction' already" "$work/err" 'results as input'
score replaced names.out 'plugin = json&existing = replace' streaming
without_t1 "$work/names.out" >"$work/wanted"
without_t1 "$work/replaced.out" >"$work/got"
expect_same_file "$work/wanted" "$work/got" "results that were scored again"

cat >"$work/report.ini" <<INI
[pipeline]
name = report
on_bad_record = fail
[source]
plugin = file
path = names.out
[codec]
plugin = json
columns = prediction, label, t1
[engine]
plugin = streaming
[sink]
plugin = report
output = report.json
INI
run_for 30 "$lrhost" "$work/report.ini" 2>"$work/err"
expect_code 0 $? report "$work/err"
for figure in records fit_records latency_t1_count; do
    expect_equal "$records" "$(json_value $figure "$work/report.json")" "$figure in the report"
done

# What is wrong is said before anything runs.
sed 's/^plugin = json$/plugin = json\nfeatures = a..b\nexisting = keep/' "$work/names.ini" >"$work/wrong.ini"
run_for 10 "$lrhost" check "$work/wrong.ini" 2>"$work/err"
expect_code 78 $? 'check of wrong options' "$work/err"
expect_text "'a..b' has a name that is empty" "$work/err" 'a wrong path'
expect_text 'bad, replace' "$work/err" 'a wrong choice'
