#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What JSON costs: the same records (12 features and a label) as text, as JSON with a field for each
# feature, and as JSON with one array, from file to file. Instructions per record by callgrind, 25000
# records minus 5000, so without start and training. The text codec reads numbers the scalar way, as
# the JSON codec does; simdjson takes the best way that valgrind knows (AVX2).
. "$(dirname "$0")/../e2e/lib.sh"
command -v valgrind >/dev/null || skip "no valgrind here to count instructions with"

job() # KIND
{
    cat <<INI
[pipeline]
name = $1
on_bad_record = fail
[source]
plugin = file
path = input.txt
[codec]
$2
[engine]
plugin = streaming
[model]
plugin = linreg
features = 12
train_records = 1000
seed = 42
[sink]
plugin = file
path = output.txt
mode = truncate
sync = none
INI
}

cat >"$work/generate.ini" <<INI
[pipeline]
name = generate
[source]
plugin = generator
features = 12
seed = 7
count = 25000
[codec]
plugin = text
[engine]
plugin = streaming
[sink]
plugin = file
path = text
INI
run_for 30 "$lrhost" -q "$work/generate.ini"
expect_code 0 $? generate
awk -F'[,;]' '{
    printf "{\"id\":\"r%d\",", NR
    for (i = 1; i <= 12; i++) printf "\"f%d\":%s,", i - 1, $i
    printf "\"label\":%s}\n", $13
}' "$work/text" >"$work/fields"
sed 's/^\(.*\);\(.*\)$/{"label":\2,"v":[\1]}/' "$work/text" >"$work/array"
job text 'plugin = text' >"$work/text.ini"
job fields 'plugin = json' >"$work/fields.ini"
job array $'plugin = json\nfeatures = v[*]' >"$work/array.ini"

count() # KIND RECORDS
{
    head -n "$2" "$work/$1" >"$work/input.txt"
    run_for 60 env LRHOST_SIMD=scalar valgrind --tool=callgrind --callgrind-out-file=/dev/null \
        "$lrhost" -q "$work/$1.ini" >"$work/out" 2>&1
    expect_code 0 $? "$1 under callgrind" "$work/out"
    awk '/Collected/ { print $NF }' "$work/out"
}

for kind in text fields array; do
    few=$(count $kind 5000) && many=$(count $kind 25000) || fail "$kind: ${many:-$few}"
    printf '%-7s %3d bytes per record, %6d instructions\n' $kind \
        $(($(wc -c <"$work/$kind") / 25000)) $(((many - few) / 20000))
done
