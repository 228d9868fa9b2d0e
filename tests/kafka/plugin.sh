#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tests/unit/test_kafka_*, which drive the plugin's objects, once more against a real broker, and
# transactions.c, which needs one.
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2119 # no properties of its own
start_broker
for program in "$BUILD"/tests/unit/test_kafka_{source,record,ahead,sink,gather,settings} "$BUILD/tests/kafka/transactions"; do
    name=$(basename "$program")
    [ -x "$program" ] || fail "$program is not built"
    run_for 100 "$program" >"$work/log" 2>&1
    expect_code 0 $? "$name on a real broker" "$work/log"
    echo "$name: $(grep '^ *tests ' "$work/log")"
done
