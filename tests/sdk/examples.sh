#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The examples in C that need nothing else: each is built with warnings as errors, its INI file is
# run as it stands, and what comes out is looked at.
. "$(dirname "$0")/lib.sh"
build model_mean sink_csv source_counter
for so in *.so; do
    symbols=$(nm -D --defined-only "$so" 2>/dev/null | awk '$2 == "T" { print $3 }')
    expect_equal lrhost_module_v1 "${symbols%%@*}" "exported by $so"
done

run model_mean
awk -F '[,;]' '{ e = ($1 + $2 + $3) / 3 - $5; if (e > 1e-9 || e < -1e-9) bad = 1 }
    END { exit NR != 5 || bad }' "$work/out" || fail "model_mean: not the mean"

# Two runs into one file: one header, and numbers that are those of the input.
run sink_csv
run sink_csv
expect_equal 11 "$(wc -l <scores.csv)" "lines of scores.csv"
expect_equal 'topic,partition,offset,f0,f1,f2,label,prediction0' "$(head -n 1 scores.csv)" header
lrhost --quiet model_mean.ini | tr ';' ',' | cut -d, -f1-4 >wanted
sed -n '2,6p' scores.csv | cut -d, -f4-7 >got
# The input has six decimals, the CSV file as many as are needed: compare as numbers.
paste -d, wanted got | awk -F, '{ for (i = 1; i <= 4; i++) if ($i + 0 != $(i + 4) + 0) exit 1 }' ||
    fail "sink_csv: other numbers than were read: $(paste -d' ' wanted got)"

run source_counter
expect_equal "$(seq 0 19)" "$(cut -d, -f1 "$work/out")" "source_counter"
expect_equal 20 "$(cat counter.position)" "its position"
run source_counter
[ ! -s "$work/out" ] || fail "source_counter read again what was committed"
run source_counter --set source.count=23
expect_equal "$(seq 20 22)" "$(cut -d, -f1 "$work/out")" "source_counter, going on"
echo nonsense >counter.position
run_for 20 lrhost --quiet source_counter.ini >"$work/out" 2>&1
expect_code 65 $? "source_counter with a broken position file" "$work/out"
expect_text 'holds no position' "$work/out" "source_counter with a broken position file"
rm counter.position
# Under micro-batches a plan ends in the middle of what there is.
run source_counter --set engine.plugin=microbatch --set engine.trigger=available_now \
    --set engine.max_records_per_trigger=7
expect_equal "$(seq 0 19)" "$(cut -d, -f1 "$work/out")" "source_counter, micro-batches"
