#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tests/unit/test_kafka, which drives the plugin's objects, once more against a real broker.
. "$(dirname "$0")/lib.sh"
[ -x "$BUILD/tests/unit/test_kafka" ] || fail "tests/unit/test_kafka is not built"
# shellcheck disable=SC2119 # no properties of its own
start_broker
exec_test()
{
    run_for 200 "$BUILD/tests/unit/test_kafka" >"$work/log" 2>&1
}
exec_test
expect_code 0 $? "test_kafka on a real broker" "$work/log"
grep '^ *tests ' "$work/log"
