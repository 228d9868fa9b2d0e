#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# File to file: both engines give the same bytes for the same input, apart from t1; predictions are
# those of a plain loop over the saved model, bit for bit; bad lines arrive in the dead letters.
. "$(dirname "$0")/lib.sh"
records=20000

write_inis()
{
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
    local engine
    for engine in streaming microbatch; do
        cat >"$work/$engine.ini" <<INI
[pipeline]
name = score-$engine
[source]
plugin = file
path = input.txt
[codec]
plugin = text
[engine]
plugin = $engine
[model]
plugin = linreg
features = 12
train_records = 20000
seed = 42
save = model-$engine.json
[sink]
plugin = file
path = $engine.txt
[dead_letter]
plugin = file
path = $engine.rejected.txt
INI
    done
}

write_inis
run_for 30 "$lrhost" "$work/generate.ini" 2>"$work/err"
expect_code 0 $? generate "$work/err"
expect_equal "$records" "$(wc -l <"$work/input.txt")" "records generated"

# A second run gives the same records.
cp "$work/input.txt" "$work/first.txt" && rm "$work/input.txt"
run_for 30 "$lrhost" "$work/generate.ini" 2>"$work/err"
expect_code 0 $? "generate again" "$work/err"
expect_same_file "$work/first.txt" "$work/input.txt" "the same seed"

# Every 1000th line is made bad: a word, too few features, nothing at all.
awk 'NR % 3000 == 0 { print "not,a,number"; next }
     NR % 3000 == 1000 { print "1,2,3;2"; next }
     NR % 3000 == 2000 { print ""; next }
     { print }' "$work/first.txt" >"$work/input.txt"
bad=$((records / 1000))

for engine in streaming microbatch; do
    run_for 30 "$lrhost" "$work/$engine.ini" 2>"$work/err"
    expect_code 0 $? "$engine" "$work/err"
    expect_equal $((records - bad)) "$(wc -l <"$work/$engine.txt")" "$engine: records out"
    expect_equal "$bad" "$(wc -l <"$work/$engine.rejected.txt")" "$engine: dead letters"
    without_last_column "$work/$engine.txt" >"$work/$engine.cut"
done
expect_same_file "$work/streaming.cut" "$work/microbatch.cut" "two engines"
expect_same_file "$work/streaming.rejected.txt" "$work/microbatch.rejected.txt" "their dead letters"
expect_same_file "$work/model-streaming.json" "$work/model-microbatch.json" "their models"

# The input's bytes come first, unchanged.
awk -F';' 'NR % 1000 != 0' "$work/input.txt" >"$work/good.txt"
sed 's/;[^;]*$//' "$work/streaming.cut" | cmp -s - "$work/good.txt" ||
    fail "the output does not begin with the input's bytes"

# An independent loop in awk: bias, then + w[i] * x[i] in feature order, in doubles.
bias=$(json_value bias "$work/model-streaming.json")
weights=$(tr -d ' \n' <"$work/model-streaming.json" | sed 's/.*"weights":\[\([^]]*\)\].*/\1/')
awk -F';' -v bias="$bias" -v weights="$weights" '
    BEGIN { n = split(weights, w, ",") }
    {
        split($1, x, ",")
        y = bias + 0
        for (i = 1; i <= n; i++) { term = w[i] * x[i]; y = y + term }
        if (n != 12 || y != $3 + 0) {
            printf "line %d: %.17g instead of %s\n", NR, y, $3
            exit 1
        }
    }' "$work/streaming.cut" || fail "predictions are not those of a plain loop"
