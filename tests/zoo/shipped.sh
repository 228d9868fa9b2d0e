#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Every plugin that is shipped passes `lrhost verify`. What is skipped is printed, each with its
# reason; a test that finds nothing to do for all plugins of its kind would be no test.
. tests/e2e/lib.sh

verify() # MODULE ARGUMENT...
{
    local module=$1
    shift
    run_for 60 "$lrhost" verify "$BUILD/plugins/$module.so" "$@" >"$work/$module" 2>&1
    expect_code 0 $? "verify $module" "$work/$module"
    printf '%s: %s\n' "$module" "$(tail -n 1 "$work/$module")"
    sed -n 's/^skip/  skip/p' "$work/$module"
}

verify linreg --option train_records=1000
verify text
verify streaming
verify microbatch
verify null
verify console
