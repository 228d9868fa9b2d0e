#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The demo as `make demo` shows it: both engines, one table, every record that went in came out,
# within the time that the README's reader is promised.
. "$(dirname "$0")/lib.sh"

began=$SECONDS
run_for 60 packaging/demo.sh >"$work/out" 2>&1
expect_code 0 $? demo "$work/out"
took=$((SECONDS - began))

columns() # LABEL: its row's two figures
{
    sed -n "s/^$1 *\([0-9.e-]*\)  *\([0-9.e-]*\)$/\1 \2/p" "$work/out"
}
expect_equal "$(columns 'records in (1)')" "$(columns 'records out')" "records in and out"
expect_equal '0 0' "$(columns 'bad records')" "bad records"
for label in 'records in (1)' 'throughput, records\/s (2)' 'latency, ms (3)   mean' \
    '                  p50' '                  p99' '                  max' \
    'model error       MSE' '                  R2'; do
    read -r streaming microbatch <<<"$(columns "$label")"
    awk -v a="${streaming:-}" -v b="${microbatch:-}" 'BEGIN { exit !(a > 0 && b > 0) }' || {
        cat "$work/out"
        fail "the row '$label' has no two figures above 0"
    }
done
expect_text 'no claim about the latency of Apache Kafka' "$work/out" footnote
if grep -q $'\033' "$work/out"; then
    fail "terminal control codes in a pipe"
fi
[ -n "$slow" ] || [ "$took" -le 30 ] || fail "it took $took s, more than 30"
echo "$took s"
