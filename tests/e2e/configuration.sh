#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# docs/configuration.md is what the option tables say today.
. "$(dirname "$0")/lib.sh"

"$lrhost" describe --markdown >"$work/now.md" 2>"$work/err"
expect_code 0 $? "describe --markdown" "$work/err"
cmp -s docs/configuration.md "$work/now.md" || {
    diff docs/configuration.md "$work/now.md" | head -n 20
    fail "docs/configuration.md is not current: run make docs"
}
